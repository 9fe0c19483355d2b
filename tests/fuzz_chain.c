/* The whole sensor, from frames to documents: every document is valid JSON, and when all flows are gone no memory of the
 * capture is lent any more.
 *
 * The input is a row of records: what it is (raw frame, TCP segment, UDP datagram, clock), who speaks to whom, the
 * length, the bytes. Segments and datagrams are put into packets here, with the sequence numbers that follow, so that a
 * change of the input reaches the dissectors and not only the checks on the way to them. */
#include "capture/cursor.h"
#include "tests/chain.h"
#include "tests/document.h"

enum { MEMORY = 2 << 20, TALKS = 8, ROOM = 2048, HEAD = 60 };

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

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    while (bytes-- > 0)
        *at++ = (uint8_t)(value >> 8 * bytes);
    return at;
}

/* The IP header around `len` bytes; who: 3 bits of the talk, then 3 of the server's port, 1 of the side. */
static uint8_t *put_ip(uint8_t *at, uint8_t what, uint8_t who, uint8_t proto, size_t len)
{
    uint8_t address[16] = {0x20, 0x01, 0x0d, 0xb8};
    unsigned side = who >> 6 & 1;
    if (what & V6) {
        at = put(put(put(put(put(at, 0x60, 1), 0, 3), len, 2), proto, 1), 64, 1);
        for (unsigned i = 0; i < 2; i++, at += 16) {
            address[15] = i == side ? 1 : 2;
            memcpy(at, address, 16);
        }
        return at;
    }
    at = put(put(put(put(at, 0x45, 1), 0, 1), len + 20, 2), 0x00014000, 4);
    at = put(put(put(at, 64, 1), proto, 1), 0, 2);
    return put(put(at, side ? 0x0a000002 : 0x0a000001, 4), side ? 0x0a000001 : 0x0a000002, 4);
}

static uint8_t *put_ports(uint8_t *at, uint8_t who)
{
    uint16_t client = (uint16_t)(50000 + (who & 7)), server = ports[who >> 3 & 7];
    bool answer = who >> 6 & 1;
    return put(put(at, answer ? server : client, 2), answer ? client : server, 2);
}

static void feed(struct world *w, int linktype, struct slice bytes)
{
    struct frame frame = {w->us, linktype, (uint32_t)bytes.len, bytes};
    chain_feed(&w->chain, &frame);
}

static void feed_segment(struct world *w, uint8_t what, uint8_t who, struct slice payload)
{
    uint8_t bytes[ROOM + HEAD], *at = bytes;
    unsigned side = who >> 6 & 1, len = (unsigned)payload.len;
    uint32_t *seq = w->talk[who & 7].seq, here = seq[side];
    if (what & LOST)
        here = seq[side] += len / 2 + 1;
    uint8_t flags = (uint8_t)((what & SYN ? TCP_SYN : 0) | (what & FIN ? TCP_FIN : 0) | (what & SYN && !side ? 0 : TCP_ACK));
    if (!(what & AGAIN))
        seq[side] += len + !!(what & SYN) + !!(what & FIN);
    at = put_ports(put_ip(at, what, who, 6, len + 20), who);
    at = put(put(at, here + (what & AHEAD ? 100 : 0), 4), seq[!side], 4);
    at = put(put(put(at, 0x50, 1), flags, 1), 0xffff0000, 4);
    at = put(at, 0, 2);
    if (len > 0)
        memcpy(at, payload.p, len);
    feed(w, 12, slice_of(bytes, (size_t)(at - bytes) + len));
}

static void feed_datagram(struct world *w, uint8_t what, uint8_t who, struct slice payload)
{
    uint8_t bytes[ROOM + HEAD], *at = put_ports(put_ip(bytes, what, who, 17, payload.len + 8), who);
    at = put(put(at, payload.len + 8, 2), 0, 2);
    if (payload.len > 0)
        memcpy(at, payload.p, payload.len);
    feed(w, 12, slice_of(bytes, (size_t)(at - bytes) + payload.len));
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
        chain_open(&w.chain, MEMORY);
    memset(w.talk, 0, sizeof w.talk);
    w.us = 1600000000000000;
    struct cursor c = cursor_of(slice_of(data, size));
    while (cursor_left(&c) >= 2)
        take_record(&w, &c);
    demand(chain_finish(&w.chain) == 0);
    return 0;
}
