/* DNS over TCP (RFC 7766 section 8), one direction: pieces in, whole messages out. Feed a piece, then pull until there
 * are none. The struct is its own memory: it fits a pool block of its size. */
#pragma once

#include "capture/stream.h"

enum { DNS_STREAM_MESSAGE = 16384 }; /* bytes of the longest message that is put together */

struct dns_stream_stats {
    uint64_t too_long; /* messages over DNS_STREAM_MESSAGE that did not lie whole in one piece: their end is cut off */
    uint64_t lost;     /* directions given up at a gap */
};

struct dns_stream {
    struct slice in;      /* of the piece, what is not yet taken */
    uint32_t need;        /* bytes of the present message; valid once head is 2 */
    uint32_t have;        /* of them taken so far */
    uint8_t head;         /* bytes of the length taken so far */
    uint8_t length[2];
    bool lost;            /* where a message begins is no longer known */
    uint8_t buffer[DNS_STREAM_MESSAGE];
};

void dns_stream_start(struct dns_stream *);
void dns_stream_feed(struct dns_stream *, const struct piece *, struct dns_stream_stats *);

/* The next whole message; it lives until the next call. False: feed the next piece. */
bool dns_stream_next(struct dns_stream *, struct slice *message, struct dns_stream_stats *);
