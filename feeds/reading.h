/* What the two ways of reading share (stream_reader.c, list_reader.c), for consumer.c alone. */
#pragma once

#include "feeds/consumer.h"

enum { READING_WAIT_MS = 500 };

struct reading {
    struct consumer_settings settings;
    struct redis_session session;
    struct answer *answer;      /* what was taken; the entries point into it */
    struct {
        struct slice id, document; /* a list's have no id */
    } entry[CONSUMER_BATCH];
    size_t count;
    bool resumed;               /* what we had taken before the connection was made has been handed out again */
    bool grouped;               /* the stream's group exists */
    bool gone;                  /* the key holds something else than it did */
    bool no_autoclaim;          /* a Redis before 6.2 */
    char claim_from[48];
    uint64_t claim_at_ms;       /* when to look next for what dead consumers left, by the monotonic clock */
};

/* Both: entries taken into r, at most `most`; err says why not. */
enum redis_result stream_take(struct reading *r, size_t most, char err[static ERRLEN]);
enum redis_result stream_acknowledge(struct reading *r, char err[static ERRLEN]);
enum redis_result list_take(struct reading *r, size_t most, char err[static ERRLEN]);
enum redis_result list_acknowledge(struct reading *r, char err[static ERRLEN]);

/* True once in a while: it is time to look for what dead consumers left. */
bool reading_claims_now(struct reading *r);
