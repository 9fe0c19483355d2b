/* SHA-1 and SHA-256 (FIPS 180-4) of a stream. The only file that names OpenSSL's digests: they are fetched once, since a
 * fetch costs more than hashing a small file. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"

struct digest_value {
    uint8_t sha1[20], sha256[32];
};

struct digests; /* the algorithms, and contexts for a number of streams at once */

struct digests *digests_open(unsigned streams, char err[static ERRLEN]);
void digests_close(struct digests *);

/* Stream 0 to streams-1: begin anew, take bytes, tell. False: the library failed, the stream has no value. */
bool digest_start(struct digests *, unsigned stream);
bool digest_feed(struct digests *, unsigned stream, struct slice);
bool digest_end(struct digests *, unsigned stream, struct digest_value *);
