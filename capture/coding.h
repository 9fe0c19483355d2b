/* Content codings undone as the bytes come (RFC 9110 section 8.4.1): gzip, deflate, br. All memory is one block of the
 * caller's. The only file that names <zlib.h> and <brotli/decode.h> for bodies. */
#pragma once

#include "capture/slice.h"

enum coding { CODING_GZIP, CODING_DEFLATE, CODING_BROTLI };

enum {
    CODER_BYTES = 72 * 1024,            /* a block that gzip and deflate are at home in */
    CODER_BROTLI_BYTES = 8192 * 1024    /* one for br with windows of up to 4 MB: while it grows it is there twice */
};

struct coder; /* lives in the block; nothing to close */

/* NULL: the block is too small for this coding. */
struct coder *coder_open(enum coding, void *block, size_t bytes);

/* Takes from *in what gives the next decoded bytes, which live until the next call; empty: more input is needed. What
 * turns out not to be so coded comes out as it is. */
struct slice coder_run(struct coder *, struct slice *in);

/* True where coder_run has more to give without input. */
bool coder_full(const struct coder *);

/* No input will follow. What was swallowed without a single byte decoded (up to 512 bytes) comes out as it was. */
struct slice coder_finish(struct coder *);

/* The bytes were not, or not wholly, so coded. */
bool coder_bad(const struct coder *);
