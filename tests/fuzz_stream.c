/* Packets of a few connections through the flow table and their streams. The content of a byte follows from its
 * sequence number, so whatever comes out can be checked, however it was cut, doubled, lost or reordered. */
#include <assert.h>

#include "capture/cursor.h"
#include "capture/flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 3000 };

struct world {
    struct flows *flows;
    struct pool *pool;
    struct stream_stats stats;
    uint64_t us;
};

static uint8_t content(uint32_t seq)
{
    return (uint8_t)(seq * 2654435761u >> 24);
}

static void pull(struct world *w, struct stream *stream)
{
    struct piece piece;
    bool ended = stream->ended;
    for (uint32_t at = stream->next; stream_next(stream, &piece, w->pool, &w->stats); at = stream->next) {
        assert(!ended);
        ended = piece.kind == PIECE_END;
        assert(piece.kind != PIECE_DATA || (piece.data.len > 0 && stream->next - at == piece.data.len));
        assert(piece.kind != PIECE_GAP || stream->next - at == piece.gap);
        for (size_t i = 0; piece.kind == PIECE_DATA && i < piece.data.len; i++)
            assert(piece.data.p[i] == content(at + (uint32_t)i));
    }
    assert(stream->waiting <= STREAM_WAITING);
}

static void end(struct world *w, struct flow *flow)
{
    for (int side = 0; side < 2; side++) {
        stream_finish(&flow->side[side]);
        pull(w, &flow->side[side]);
        assert(flow->side[side].ended && flow->side[side].first == NULL);
        stream_drop(&flow->side[side], w->pool);
    }
    flow_close(w->flows, flow);
}

static void expire(struct world *w, uint64_t us)
{
    for (struct flow *flow; (flow = flow_expired(w->flows, us)) != NULL;)
        end(w, flow);
}

/* One packet from nine bytes: who, what, where it stands, how long it is. */
static struct packet packet_of(struct world *w, struct cursor *c, uint8_t *bytes, bool *hold)
{
    uint8_t who = cursor_u8(c), flags = cursor_u8(c), shape = cursor_u8(c);
    uint32_t seq = (uint32_t)(int16_t)cursor_u16(c), len = cursor_u16(c) % LONGEST;
    uint32_t ack = (uint32_t)(int16_t)cursor_u16(c);
    w->us += shape & 1 ? 60000 : 100;
    w->us += shape & 2 ? 5000000 : 0;
    w->us -= shape & 4 ? w->us / 4 : 0;
    *hold = shape & 8;
    seq += shape & 16 ? 1u << 30 : shape & 32 ? 1u << 20 : 0;
    struct packet p = {.us = w->us, .kind = who & 128 ? PACKET_UDP : PACKET_TCP, .seq = seq, .ack = ack};
    p.tcp_flags = flags & 31;
    p.tuple.src = p.tuple.dst = addr_v4((const uint8_t[]){10, 0, 0, 1});
    p.tuple.sport = 40000 + (who >> 1 & 7);
    p.tuple.dport = 80;
    if (who & 1)
        p.tuple = tuple_reverse(&p.tuple);
    p.missing = shape & 64 ? len / 3 : 0;
    uint32_t start = seq + !!(flags & TCP_SYN);
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = content(start + i);
    p.payload = slice_of(bytes, len - p.missing);
    return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char err[ERRLEN];
    struct cursor c = cursor_of(slice_of(data, size));
    struct world w = {flows_open(4, 7, err), NULL, {0}, 1000000000};
    w.pool = pool_open(STREAM_BLOCK, (size_t)(1 + cursor_u8(&c)) * STREAM_BLOCK, err);
    while (cursor_left(&c) >= 9) {
        uint8_t bytes[LONGEST];
        bool hold;
        int side;
        struct packet p = packet_of(&w, &c, bytes, &hold);
        expire(&w, p.us);
        struct flow *flow = flow_of(w.flows, &p, &side);
        if (flow == NULL) {
            expire(&w, p.us);
            flow = flow_of(w.flows, &p, &side);
        }
        assert(flow != NULL);
        if (p.kind != PACKET_TCP)
            continue;
        stream_feed(&flow->side[side], &p, w.pool, &w.stats);
        if (hold)
            stream_hold(&flow->side[side], w.pool, &w.stats);
        else
            pull(&w, &flow->side[side]);
        memset(bytes, 0, sizeof bytes);
        if (p.tcp_flags & TCP_ACK)
            stream_ack(&flow->side[!side], p.ack);
        if (!hold)
            pull(&w, &flow->side[!side]);
    }
    expire(&w, UINT64_MAX);
    struct pool_stats stats;
    pool_stats(w.pool, &stats);
    assert(stats.used == 0);
    flows_close(w.flows);
    pool_close(w.pool);
    return 0;
}
