/* MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4) of a stream; MD5 because lists of indicators name files by it. The only file that names OpenSSL's digests: they are fetched once, since a
 * fetch costs more than hashing a small file. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"

struct digest_value {
    bool has_md5;           /* some installations of OpenSSL refuse it */
    uint8_t md5[16];
    uint8_t sha1[20], sha256[32];
};

struct digests; /* the algorithms, and contexts for a number of streams at once */

struct digests *digests_open(unsigned streams, char err[static ERRLEN]);
void digests_close(struct digests *);

/* Stream 0 to streams-1: begin anew, take bytes, begin where another is, tell. False: the library failed, the stream has no value. */
bool digest_start(struct digests *, unsigned stream);
bool digest_feed(struct digests *, unsigned stream, struct slice);
bool digest_copy(struct digests *, unsigned to, unsigned from);
bool digest_end(struct digests *, unsigned stream, struct digest_value *);
