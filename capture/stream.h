/* One direction of a TCP connection put in order (RFC 9293 section 3.10.7.4), bounded; zero-copy while nothing waits.
 * Of overlapping data the first copy counts. Feed a segment, then pull pieces until there are none. */
#pragma once

#include "capture/packet.h"
#include "capture/pool.h"

enum {
    STREAM_BLOCK = 2048,    /* bytes of one block in the pool that segments wait in */
    STREAM_WAITING = 128,   /* blocks of one stream at most */
    STREAM_WINDOW = 1 << 20 /* bytes around the next one in which a SYN or RST is this connection's */
};

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

struct stream {
    uint64_t now_us;        /* packet time of the newest packet in either direction */
    uint64_t end_us;        /* packet time of the FIN */
    uint32_t next;          /* sequence number of the next byte to hand out */
    uint32_t acked;         /* the highest the other side has acknowledged */
    uint32_t end;           /* sequence number after the last byte, once FIN was seen */
    uint32_t lost;          /* bytes from next on that are known not to come: the next piece is a gap */
    uint32_t fresh_lost;    /* the same, just behind the fresh bytes */
    uint16_t waiting;       /* blocks held */
    bool started, acknowledged, has_end, finishing, ended;
    bool moved;             /* payload was seen: a SYN does not begin it anew */
    struct slice fresh;     /* the newest segment's bytes in order, still in the frame */
    struct segment *first;  /* out of order, by sequence number, in blocks of the pool */
    struct segment *lent;   /* the block the last piece points into; given back at the next call */
};

struct stream_stats {
    uint64_t reordered, repeated, conflicting; /* segments: a hole before them; nothing new in them; other content */
    uint64_t gaps, gap_bytes;
    uint64_t blind, bogus;  /* found no block to wait in; too far from all others to be the connection's */
};

/* Takes the segment's payload; what cannot be handed out now is copied into blocks. After it, pull until false. A RST
 * ends this direction only. */
void stream_feed(struct stream *, const struct packet *, struct pool *, struct stream_stats *);
void stream_ack(struct stream *, uint32_t ack); /* what the other side has tells a lost segment from a late one */
bool stream_next(struct stream *, struct piece *, struct pool *, struct stream_stats *);

/* Keeps the fresh bytes that were not pulled: for one who wants to wait with pulling until he knows the protocol. */
void stream_hold(struct stream *, struct pool *, struct stream_stats *);
void stream_finish(struct stream *); /* no more segments will come: holes become gaps, then PIECE_END */
void stream_drop(struct stream *, struct pool *); /* gives all blocks back; the stream has ended */
bool stream_near(const struct stream *, uint32_t seq, uint32_t distance); /* of the next byte; true if none is known */
