/* A capture file walked through for an oracle: datagrams as they come and TCP in order, before anyone has decided what
 * is spoken there. Pull until WALK_END. Header only, shared by the oracles written in C. */
#pragma once

#include "capture/flow.h"
#include "capture/fragment.h"

enum walk_kind { WALK_DATAGRAM, WALK_PIECE, WALK_GONE, WALK_END };

struct walk {
    struct source *source;
    struct flows *flows;
    struct fragments *fragments;
    struct pool *pool;
    struct stream_stats stats;
    struct packet_stats packets;
    struct packet packet;   /* WALK_DATAGRAM */
    struct piece piece;     /* WALK_PIECE */
    struct flow *flow;      /* WALK_PIECE, and WALK_GONE: for the last time */
    int side;
    uint64_t us;
    bool waiting, leaving, gone, end;
    unsigned sides_done;
};

static inline bool walk_open(struct walk *w, const char *path, char err[static ERRLEN])
{
    const char *const paths[] = {path, NULL};
    bool usage;
    *w = (struct walk){.source = source_open(&(struct source_settings){.paths = paths}, &usage, err)};
    return w->source != NULL && (w->flows = flows_open(20000, 1, err)) != NULL &&
           (w->fragments = fragments_open(8 << 20, 1, err)) != NULL &&
           (w->pool = pool_open(STREAM_BLOCK, 64 << 20, err)) != NULL;
}

static inline void walk_close(struct walk *w)
{
    source_close(w->source);
    flows_close(w->flows);
    fragments_close(w->fragments);
    pool_close(w->pool);
}

/* The next TCP segment or UDP datagram into w->packet. */
static inline bool walk_packet(struct walk *w)
{
    char err[ERRLEN];
    struct frame frame;
    enum source_result result;
    while ((result = source_next(w->source, &frame, err)) == SOURCE_FRAME || result == SOURCE_WARNING) {
        struct slice datagram;
        if (result != SOURCE_FRAME || !packet_decode(&w->packet, &frame, &w->packets))
            continue;
        if (w->packet.kind == PACKET_FRAGMENT &&
            (!fragment_feed(w->fragments, &w->packet, &datagram) ||
             !packet_decode_ip(&w->packet, datagram, frame.us, w->packet.depth, &w->packets)))
            continue;
        w->us = frame.us;
        if (w->packet.kind == PACKET_TCP || w->packet.kind == PACKET_UDP)
            return true;
    }
    return false;
}

static inline void walk_segment(struct walk *w)
{
    w->flow = flow_of(w->flows, &w->packet, &w->side);
    w->waiting = w->flow == NULL;
    if (w->flow == NULL)
        return;
    w->sides_done = 0;
    stream_feed(&w->flow->side[w->side], &w->packet, w->pool, &w->stats);
    if (w->packet.tcp_flags & TCP_ACK)
        stream_ack(&w->flow->side[!w->side], w->packet.ack);
}

/* Pieces of the flow at hand, of both sides; false when there are no more. */
static inline bool walk_piece(struct walk *w)
{
    while (w->flow != NULL && w->sides_done < 2) {
        if (stream_next(&w->flow->side[w->side], &w->piece, w->pool, &w->stats))
            return true;
        w->sides_done++;
        w->side = !w->side;
    }
    return false;
}

static inline enum walk_kind walk_next(struct walk *w)
{
    for (;;) {
        if (walk_piece(w))
            return WALK_PIECE;
        if (w->leaving) {
            w->leaving = false;
            w->gone = true; /* the next call closes it */
            return WALK_GONE;
        }
        if (w->gone) {
            stream_drop(&w->flow->side[0], w->pool);
            stream_drop(&w->flow->side[1], w->pool);
            flow_close(w->flows, w->flow);
            w->gone = false;
        }
        w->flow = flow_expired(w->flows, w->end ? UINT64_MAX : w->us);
        if (w->flow != NULL) {
            stream_finish(&w->flow->side[0]);
            stream_finish(&w->flow->side[1]);
            w->side = 0;
            w->sides_done = 0;
            w->leaving = true;
        } else if (w->end) {
            return WALK_END;
        } else if (w->waiting) {
            walk_segment(w);
        } else if (!walk_packet(w)) {
            w->end = true;
        } else if (w->packet.kind == PACKET_UDP) {
            return WALK_DATAGRAM;
        } else {
            walk_segment(w);
        }
    }
}

/* Text for a difference: where it is. */
static inline const char *walk_ends(const struct tuple *t, char out[static 2 * ADDR_TEXT + 16])
{
    char src[ADDR_TEXT], dst[ADDR_TEXT];
    snprintf(out, 2 * ADDR_TEXT + 16, "%s %u > %s %u", addr_format(&t->src, src), t->sport, addr_format(&t->dst, dst),
             t->dport);
    return out;
}
