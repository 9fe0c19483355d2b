/* IP fragments → datagrams (RFC 791 section 3.2, RFC 8200 section 4.5), bounded: so many datagrams at once, each for
 * 30 s of packet time. Of overlapping data the first copy counts. */
#pragma once

#include "capture/packet.h"
#include "capture/pool.h"

enum { FRAGMENT_IDLE_S = 30 };

struct fragment_stats {
    uint64_t fragments, datagrams;  /* taken; put together */
    uint64_t repeated, conflicting; /* that brought nothing new; that differed from what was there */
    uint64_t malformed;             /* not a multiple of eight, beyond the end or beyond 65535 bytes */
    uint64_t cut;                   /* by the snaplen: their datagram cannot become whole */
    uint64_t expired, evicted;      /* datagrams given up: too old; for want of room */
    size_t now, limit;              /* datagrams begun */
};

struct fragments;

/* Takes about `bytes` of memory, touched only as far as it is needed. */
struct fragments *fragments_open(size_t bytes, uint64_t seed, char err[static ERRLEN]);
void fragments_close(struct fragments *);

/* Takes a PACKET_FRAGMENT. True: with it a datagram is complete, for packet_decode_ip with the packet's time and depth;
 * it has a plain IP header of its own and lives until the next call. */
bool fragment_feed(struct fragments *, const struct packet *, struct slice *datagram);

/* No more fragments: all that is not whole is given up, as expired. */
void fragments_finish(struct fragments *);
void fragments_stats(const struct fragments *, struct fragment_stats *);
void fragments_memory(const struct fragments *, struct pool_sum *);
