/* A fixed table of flows: find or make, expire by packet time, evict the longest idle when full (of a flood first).
 * Lookups are keyed with a random seed. The table owns the flows; what an upper room hangs on one it takes off before
 * flow_close. */
#pragma once

#include "capture/stream.h"

enum { FLOW_TCP_IDLE_S = 300, FLOW_UDP_IDLE_S = 60, FLOW_CLOSING_IDLE_S = 5 };

struct session; /* capture/session.h: what is spoken on the flow */

struct flow {
    /* A packet of a flow that nobody reads touches the first line of memory alone. */
    _Alignas(64) struct tuple tuple; /* client → server */
    uint8_t state;            /* for the owner of session */
    uint8_t asked;            /* packets with payload shown to nDPI so far */
    bool closing;             /* RST, or FIN both ways */
    bool light;               /* nothing hangs on it and nothing will: no memory is won if it goes */
    uint8_t fins, list;       /* the table's own: sides that sent FIN, where it is filed, */
    uint32_t chain, newer, older; /* and by their numbers the next in its bucket and its neighbours there */
    uint64_t last_us;

    uint64_t first_us;
    struct session *session;  /* NULL: not known yet, or nothing to dissect */
    struct stream side[2];    /* 0: from the client; TCP only; now_us is the owner's to keep */
};

struct flow_stats {
    uint64_t made, reused;            /* its ports began another */
    uint64_t expired, evicted, crowded; /* its time was up; the table was full; what hung on it was needed */
    size_t now, now_max, limit;
};

enum { FLOW_BYTES = sizeof(struct flow) + 2 * sizeof(uint32_t) }; /* that one costs the table: up to two buckets each */

struct flows;

struct flows *flows_open(size_t limit, uint64_t seed, char err[static ERRLEN]);
void flows_close(struct flows *);

/* The packet's flow, made where there is none; *side is 0 where the packet comes from the client. A SYN names the
 * client; without one the lower port is the server's. NULL for TCP and UDP means that a flow must go first, because the
 * table is full or a SYN uses the ports of a former connection again: drain flow_expired and ask once more. */
struct flow *flow_of(struct flows *, const struct packet *, int *side);

/* A flow that must go: its ports are used again, its time is up at `now_us`, or the table is full and it is the longest
 * idle; NULL: none. The caller ends its session and calls flow_close. With UINT64_MAX: every flow, oldest first. */
struct flow *flow_expired(struct flows *, uint64_t now_us);
void flow_close(struct flows *, struct flow *);

/* The one to go where memory that hangs on flows (TCP or UDP) is short: the longest idle that is not light, of those
 * that are over first; NULL: none. As with flow_expired, the caller closes it. */
struct flow *flow_crowding(struct flows *, bool udp);
void flows_stats(const struct flows *, struct flow_stats *);
void flows_memory(const struct flows *, struct pool_sum *); /* the buckets are in bytes alone */
