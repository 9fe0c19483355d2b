/* The whole sensor, from frames to documents: every document is valid JSON, and when all flows are gone no memory of the
 * capture is lent any more.
 *
 * The input is a row of records: what it is (raw frame, TCP segment, UDP datagram, clock), who speaks to whom, the
 * length, the bytes. Segments and datagrams are put into packets here, with the sequence numbers that follow, so that a
 * change of the input reaches the dissectors and not only the checks on the way to them. */
#include "capture/cursor.h"
#include "tests/chain.h"
#include "tests/document.h"
#include "tests/wire.h"

enum { MEMORY = 2 << 20, TALKS = 8, ROOM = 2048 };

enum what { RAW, SEGMENT, DATAGRAM, CLOCK };
enum { SYN = 4, FIN = 8, LOST = 16, AHEAD = 32, AGAIN = 64, V6 = 128 }; /* besides `what` in its byte */

struct talk {
    uint32_t seq[2];
};

struct world {
    struct chain chain;
    struct talk talk[TALKS];
    uint64_t us;
};

static const uint16_t ports[] = {80, 443, 53, 8080, 853, 4321, 5353, 25};
static const int links[] = {1, 12, 0, 113, 276, 105, 127, 9, 50, 51, 104, 108, 101, 228, 229, 14};
static const uint64_t steps[] = {0, 1, 1000, 1000000, 10000000, 61000000, 301000000, 86400000000};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static void chain_document(struct chain *c, const struct report *report, size_t len)
{
    (void)report;
    demand(len > 0 && len <= JSON_MAX && document_valid(c->out, len));
}

/* who: 3 bits of the talk, then 3 of the server's port, 1 of the side that speaks. */
static struct tuple tuple_of(uint8_t what, uint8_t who, uint8_t proto)
{
    struct tuple tuple = {addr_v4((const uint8_t[]){10, 0, 0, 1}), addr_v4((const uint8_t[]){10, 0, 0, 2}),
                          (uint16_t)(50000 + (who & 7)), ports[who >> 3 & 7], proto};
    if (what & V6)
        tuple.src.b[0] = tuple.dst.b[0] = 0x20;
    return who >> 6 & 1 ? tuple_reverse(&tuple) : tuple;
}

static void feed(struct world *w, int linktype, struct slice bytes)
{
    struct frame frame = {w->us, linktype, (uint32_t)bytes.len, bytes};
    chain_feed(&w->chain, &frame);
}

static void feed_segment(struct world *w, uint8_t what, uint8_t who, struct slice payload)
{
    uint8_t room[ROOM + WIRE_HEAD];
    unsigned side = who >> 6 & 1;
    uint32_t *seq = w->talk[who & 7].seq, len = (uint32_t)payload.len;
    if (what & LOST)
        seq[side] += len / 2 + 1;
    struct tuple tuple = tuple_of(what, who, WIRE_TCP);
    struct wire_segment segment = {seq[side] + (what & AHEAD ? 100 : 0), seq[!side], TCP_ACK};
    if (what & SYN)
        segment.flags = side == 0 ? TCP_SYN : TCP_SYN | TCP_ACK;
    if (what & FIN)
        segment.flags |= TCP_FIN;
    if (!(what & AGAIN))
        seq[side] += len + !!(what & SYN) + !!(what & FIN);
    feed(w, WIRE_RAW, wire_tcp(room, &tuple, &segment, payload));
}

static void feed_datagram(struct world *w, uint8_t what, uint8_t who, struct slice payload)
{
    uint8_t room[ROOM + WIRE_HEAD];
    struct tuple tuple = tuple_of(what, who, WIRE_UDP);
    feed(w, WIRE_RAW, wire_udp(room, &tuple, payload));
}

/* A step forth, a step back, or some odd time altogether. */
static void move_clock(struct world *w, uint8_t what, uint8_t who)
{
    uint64_t step = steps[who & 7];
    w->us = what & LOST ? step << (who >> 3) : what & AGAIN ? w->us - step : w->us + step;
}

static void take_record(struct world *w, struct cursor *c)
{
    uint8_t what = cursor_u8(c), who = cursor_u8(c);
    size_t len = (what & 3) == CLOCK ? 0 : cursor_u16(c) % ROOM;
    struct slice bytes = cursor_take(c, len < cursor_left(c) ? len : cursor_left(c));
    w->us += 100;
    switch ((enum what)(what & 3)) {
    case RAW: feed(w, links[who & 15], bytes); break;
    case SEGMENT: feed_segment(w, what, who, bytes); break;
    case DATAGRAM: feed_datagram(w, what, who, bytes); break;
    case CLOCK: move_clock(w, what, who); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w; /* opened once: nDPI takes a while to come up */
    if (w.chain.capture == NULL)
        chain_open(&w.chain, MEMORY, true);
    memset(w.talk, 0, sizeof w.talk);
    w.us = 1600000000000000;
    struct cursor c = cursor_of(slice_of(data, size));
    while (cursor_left(&c) >= 2)
        take_record(&w, &c);
    demand(chain_finish(&w.chain) == 0);
    return 0;
}
