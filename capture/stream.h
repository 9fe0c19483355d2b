/* One direction of a TCP connection put in order (RFC 9293 section 3.10.7.4), bounded; zero-copy while nothing waits.
 * Of overlapping data the first copy counts. Feed a segment, then pull pieces until there are none. */
#pragma once

#include "capture/packet.h"
#include "capture/pool.h"

enum { STREAM_BLOCK = 2048 }; /* bytes of one block in the pool that segments wait in */

enum piece_kind {
    PIECE_DATA, /* the next bytes in order */
    PIECE_GAP,  /* `gap` bytes were lost; the next piece follows them */
    PIECE_END   /* FIN, RST or given up: nothing more will come */
};

struct piece {
    enum piece_kind kind;
    struct slice data; /* PIECE_DATA: lives until the next call on this stream */
    uint64_t gap;      /* PIECE_GAP: bytes lost; 0 where that is not known */
};

struct segment; /* what waits, in blocks of the pool */

struct stream {
    uint32_t next;          /* sequence number of the next byte to hand out */
    uint32_t acked;         /* the highest the other side has acknowledged */
    uint32_t end;           /* sequence number after the last byte, once FIN was seen */
    bool started, acknowledged, has_end, ended;
    uint16_t waiting;       /* blocks held */
    uint64_t hole_us;       /* packet time when the present hole was first seen */
    struct slice fresh;     /* the newest segment's bytes in order, still in the frame */
    struct segment *first;  /* out of order, by sequence number */
    struct segment *lent;   /* the block the last piece points into; given back at the next call */
};

struct stream_stats {
    uint64_t reordered, repeated, conflicting, gaps, gap_bytes, blind;
};

/* Takes the segment's payload; what cannot be handed out now is copied into blocks. After it, pull until false. */
void stream_feed(struct stream *, const struct packet *, struct pool *, struct stream_stats *);

/* What the other side acknowledges tells a lost segment from one that is late. */
void stream_ack(struct stream *, uint32_t ack);

bool stream_next(struct stream *, struct piece *, struct pool *, struct stream_stats *);

/* Keeps the fresh bytes that were not pulled: for one who wants to wait with pulling until he knows the protocol. */
void stream_hold(struct stream *, struct pool *, struct stream_stats *);

/* No more segments will come: holes become gaps, then PIECE_END. */
void stream_finish(struct stream *);

/* Gives all blocks back. */
void stream_drop(struct stream *, struct pool *);
