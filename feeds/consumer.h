/* Documents back out of Redis, each to be acknowledged once it is safe elsewhere: what is not is handed out again, to the
 * same consumer when it comes back or to another after a while. At least once, then. Reads a stream through a consumer
 * group, or a list through a list of its own (LMOVE, Redis 6.2). Belongs to one thread. */
#pragma once

#include "feeds/redis_session.h"

enum { CONSUMER_BATCH = 100 };

struct consumer_settings {
    struct redis_login login;
    const char *key;
    const char *group, *consumer; /* a list knows no groups */
    const char *from;             /* where a new group begins: first, new, or an entry's id */
    uint64_t claim_ms;            /* whose documents wait that long without a sign of life is dead */
};

struct consumer;

/* NULL: the URL or the password file is wrong; a sentence. */
struct consumer *consumer_open(const struct consumer_settings *, char err[static ERRLEN]);
void consumer_close(struct consumer *);

/* Takes up to `most` (CONSUMER_BATCH) documents; where there is none it waits half a second for one, and *count may be 0.
 * What was taken before must have been acknowledged. */
enum redis_result consumer_take(struct consumer *, size_t most, size_t *count, char err[static ERRLEN]);

/* Of those taken the i-th, borrowed until they are acknowledged; empty where the entry was deleted meanwhile. */
struct slice consumer_document(const struct consumer *, size_t i);

/* They are not handed out again. To be repeated until it is REDIS_SENT. */
enum redis_result consumer_acknowledge(struct consumer *, char err[static ERRLEN]);
