#include "capture/fragment.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/check.h"

static const uint64_t second = 1000000;
static const uint8_t ip4[1] = {0x45}, ip6[1] = {0x60};

struct piece_at {
    uint32_t off, len;
};

static struct packet fragment_at(uint32_t id, int version, uint32_t off, bool more, struct slice data, uint64_t us)
{
    struct packet p = {.us = us, .kind = PACKET_FRAGMENT, .fragment_id = id, .fragment_more = more, .payload = data};
    p.fragment_off = (uint16_t)off;
    p.tuple.proto = 17;
    p.ip = slice_of(version == 6 ? ip6 : ip4, 1);
    if (version == 6) {
        addr_parse(&p.tuple.src, S("2001:db8::1"));
        addr_parse(&p.tuple.dst, S("2001:db8::2"));
    } else {
        p.tuple.src = addr_v4((const uint8_t[]){10, 0, 0, 1});
        p.tuple.dst = addr_v4((const uint8_t[]){10, 0, 0, 2});
    }
    return p;
}

static struct fragments *opened(size_t bytes)
{
    char err[ERRLEN] = "";
    struct fragments *f = fragments_open(bytes, 99, err);
    CHECK(f != NULL && err[0] == '\0', "%s", err);
    return f;
}

/* A script of fragments: offset, '+' where more follow or '.', and text. What comes out is joined by '|'. */
static void play(struct fragments *f, int version, const char *script, char out[static 256])
{
    size_t n = 0;
    for (const char *p = script; *p != '\0';) {
        char text[64] = "", last = 0;
        unsigned off;
        int used = 0;
        if (sscanf(p, "%u%c%63s %n", &off, &last, text, &used) < 3)
            break;
        p += used;
        struct packet packet = fragment_at(5, version, off, last == '+', guard_copy(slice_str(text), 0), second);
        struct slice whole;
        if (fragment_feed(f, &packet, &whole)) {
            struct slice payload = slice_from(whole, version == 6 ? 40 : 20);
            n += (size_t)snprintf(out + n, 256 - n, "%s%.*s", n ? "|" : "", (int)payload.len, payload.p);
        }
    }
    out[n] = '\0';
}

static const struct {
    const char *script, *out, *reason;
    struct fragment_stats stats;
} rows[] = {
    {"0+aaaaaaaa 8.bbb", "aaaaaaaabbb", "in order", {.fragments = 2, .datagrams = 1}},
    {"8.bbb 0+aaaaaaaa", "aaaaaaaabbb", "the last first", {.fragments = 2, .datagrams = 1}},
    {"8+bbbbbbbb 16.c 0+aaaaaaaa", "aaaaaaaabbbbbbbbc", "any order", {.fragments = 3, .datagrams = 1}},
    {"0+aaaaaaaa 0+aaaaaaaa 8.b", "aaaaaaaab", "one twice", {.fragments = 3, .datagrams = 1, .repeated = 1}},
    {"0+aaaaaaaa 0+xxxxxxxx 8.b", "aaaaaaaab", "the first copy counts",
     {.fragments = 3, .datagrams = 1, .repeated = 1, .conflicting = 1}},
    {"8+bbbbbbbb 0+aaaaaaaaxxxxxxxx 16.c", "aaaaaaaabbbbbbbbc", "overlap from the left",
     {.fragments = 3, .datagrams = 1, .conflicting = 1}},
    {"0+aaaaaaaabbbbbbbb 8.xxxxxxxxc", "aaaaaaaabbbbbbbbc", "overlap from the right",
     {.fragments = 2, .datagrams = 1, .conflicting = 1}},
    {"8.b 8.x 0+aaaaaaaa", "aaaaaaaab", "two lasts of one length",
     {.fragments = 3, .datagrams = 1, .repeated = 1, .conflicting = 1}},
    {"8.b 8.bb 0+aaaaaaaa", "aaaaaaaab", "a last of another length", {.fragments = 3, .datagrams = 1, .malformed = 1}},
    {"8.b 8+bbbbbbbb 0+aaaaaaaa", "aaaaaaaab", "beyond the last", {.fragments = 3, .datagrams = 1, .malformed = 1}},
    {"16+cccccccc 8.b 0+aaaaaaaa 24.d 8+bbbbbbbb", "aaaaaaaabbbbbbbbccccccccd", "a last before what is there",
     {.fragments = 5, .datagrams = 1, .malformed = 1}},
    {"0+aaaaaaaaa 8.b", "", "not a multiple of eight", {.fragments = 2, .malformed = 1, .now = 1}},
    {"0+aaaaaaaa 16.c", "", "a hole", {.fragments = 2, .now = 1}},
    {"0.aaa", "aaa", "the first is the last", {.fragments = 1, .datagrams = 1}},
    {"65528+aaaaaaaa", "", "larger than a datagram can be", {.fragments = 1, .malformed = 1}},
    {"0+aaaaaaaa 8.b 0+cccccccc 8.d", "aaaaaaaab|ccccccccd", "the same id again", {.fragments = 4, .datagrams = 2}},
};

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int version = 4; version <= 6; version += 2) {
            struct fragments *f = opened(1 << 20);
            char out[256];
            play(f, version, rows[i].script, out);
            CHECK(strcmp(out, rows[i].out) == 0, "IPv%d: %s: \"%s\"", version, rows[i].reason, out);
            struct fragment_stats stats, expected = rows[i].stats;
            fragments_stats(f, &stats);
            expected.limit = stats.limit;
            CHECK(memcmp(&stats, &expected, sizeof stats) == 0, "counts of IPv%d: %s", version, rows[i].reason);
            fragments_close(f);
        }
}

/* The datagram goes where a captured one would: through packet_decode_ip. */
static void test_decode(void)
{
    struct fragments *f = opened(1 << 20);
    uint8_t udp[3000] = {0x9c, 0x40, 0, 53, 3000 >> 8, 3000 & 255};
    for (size_t i = 8; i < sizeof udp; i++)
        udp[i] = (uint8_t)i;
    for (int version = 4; version <= 6; version += 2) {
        struct packet a = fragment_at(1, version, 1480, false, slice_of(udp + 1480, 1520), second), p;
        struct packet b = fragment_at(1, version, 0, true, slice_of(udp, 1480), second);
        struct packet_stats stats = {0};
        struct slice whole;
        a.tuple.proto = version == 6 ? 44 : 17;
        CHECK(!fragment_feed(f, &a, &whole) && fragment_feed(f, &b, &whole), "IPv%d: complete with the second",
              version);
        CHECK(packet_decode_ip(&p, whole, 5, 1, &stats) && p.kind == PACKET_UDP && p.us == 5 && p.depth == 1,
              "UDP again");
        CHECK(slice_eq(p.payload, slice_of(udp + 8, 2992)) && p.missing == 0, "with all its bytes");
        CHECK(addr_eq(&p.tuple.src, &a.tuple.src) && addr_eq(&p.tuple.dst, &a.tuple.dst), "and its addresses");
        CHECK(p.tuple.sport == 40000 && p.tuple.dport == 53, "and its ports");
    }
    fragments_close(f);
}

static void other_id(struct packet *p) { p->fragment_id++; }
static void other_high_id(struct packet *p) { p->fragment_id += 1 << 16; }
static void other_src(struct packet *p) { p->tuple.src.b[15]++; }
static void other_dst(struct packet *p) { p->tuple.dst.b[15]++; }
static void other_way(struct packet *p) { p->tuple = tuple_reverse(&p->tuple); }
static void other_proto(struct packet *p) { p->tuple.proto = 6; }
static void same(struct packet *p) { p->us += 30 * second; }
static void late(struct packet *p) { p->us += 30 * second + 1; }
static void long_before(struct packet *p) { p->us -= 31 * second; }
static void shortly_before(struct packet *p) { p->us -= 10 * second; }
static void cut(struct packet *p) { p->missing = 1; }

static void test_keys(void)
{
    static const struct {
        void (*change)(struct packet *);
        bool together, together_6;
        const char *reason;
    } changes[] = {
        {same, true, true, "within 30 s"},
        {late, false, false, "later"},
        {shortly_before, true, true, "time stepped back a little"},
        {long_before, false, false, "time stepped back far"},
        {other_id, false, false, "another identification"},
        {other_high_id, false, false, "another in the upper half"},
        {other_src, false, false, "another source"},
        {other_dst, false, false, "another destination"},
        {other_way, false, false, "the other direction"},
        {other_proto, false, true, "another protocol"},
        {cut, false, false, "cut by the snaplen"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        for (int version = 4; version <= 6; version += 2) {
            struct fragments *f = opened(1 << 20);
            struct packet a = fragment_at(1, version, 0, true, S("aaaaaaaa"), 100 * second);
            struct packet b = fragment_at(1, version, 8, false, S("b"), 100 * second);
            struct slice whole;
            changes[i].change(&b);
            fragment_feed(f, &a, &whole);
            CHECK(fragment_feed(f, &b, &whole) == (version == 6 ? changes[i].together_6 : changes[i].together),
                  "IPv%d: %s",
                  version, changes[i].reason);
            fragments_close(f);
        }
}

static uint32_t random_next(uint64_t *state)
{
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    return (uint32_t)(*state >> 16);
}

/* Several datagrams at once, cut, overlapped, shuffled and doubled in any way, come out whole. */
static void test_property(void)
{
    enum { MOST = 65500, MOST_PIECES = 20000 };
    static uint8_t whole[4][MOST];
    static struct piece_at pieces[4][MOST_PIECES];
    uint64_t random = 0x1234567890abcdefu;
    struct fragments *f = opened(4 << 20);
    for (size_t i = 0; i < sizeof whole; i++)
        whole[i / MOST][i % MOST] = (uint8_t)random_next(&random);
    for (int round = 0; round < 300; round++) {
        uint32_t total[4], at[4] = {0};
        size_t count[4];
        for (int d = 0; d < 4; d++) {
            total[d] = 1 + random_next(&random) % (round % 10 ? 6000 : MOST);
            count[d] = 0;
            for (uint32_t off = 0; off < total[d];) {
                uint32_t len = 8 * (1 + random_next(&random) % 200);
                uint32_t back = round & 1 ? 8 * (random_next(&random) % 20) : 0;
                len = len < total[d] - off ? len : total[d] - off;
                back = back < off ? back : off;
                pieces[d][count[d]++] = (struct piece_at){off - back, len + back};
                off += len;
            }
            for (size_t i = 0; i < count[d]; i++) {
                size_t j = i + random_next(&random) % (count[d] - i);
                struct piece_at swap = pieces[d][i];
                pieces[d][i] = pieces[d][j], pieces[d][j] = swap;
            }
        }
        unsigned out = 0;
        for (int d = 0, left = 4; left > 0; d = (d + 1) % 4) {
            if (at[d] >= count[d])
                continue;
            struct piece_at piece = pieces[d][at[d]++];
            struct slice data = slice_of(whole[d] + piece.off, piece.len), result;
            struct packet p = fragment_at((uint32_t)d, d & 1 ? 6 : 4, piece.off, piece.off + piece.len < total[d],
                                          guard_copy(data, 0), second);
            if (fragment_feed(f, &p, &result)) {
                out++;
                CHECK(slice_eq(slice_from(result, d & 1 ? 40 : 20), slice_of(whole[d], total[d])),
                      "round %d: %u bytes", round,
                      total[d]);
            }
            left -= at[d] == count[d];
        }
        CHECK(out >= 4, "round %d: %u of 4 came out", round, out);
        struct packet later = fragment_at(77, 4, 0, true, S("x"), 1000 * second); /* what doubles began is forgotten */
        struct slice none;
        fragment_feed(f, &later, &none);
    }
    fragments_close(f);
}

static void test_flood(void)
{
    enum { BYTES = 256 << 10 };
    static uint8_t large[1480];
    struct fragments *f = opened(BYTES);
    struct slice whole;
    struct fragment_stats stats;
    unsigned complete = 0;
    for (uint32_t i = 0; i < 200000; i++) {
        struct packet p = fragment_at(i, 4, i % 40 * 1480, true, slice_of(large, sizeof large), i);
        p.tuple.src.b[12] = 99;
        fragment_feed(f, &p, &whole);
        struct packet a = fragment_at(i, 4, 0, true, S("aaaaaaaa"), i), b = fragment_at(i, 4, 8, false, S("b"), i);
        fragment_feed(f, &a, &whole);
        complete += fragment_feed(f, &b, &whole);
    }
    fragments_stats(f, &stats);
    CHECK(stats.now <= stats.limit && stats.limit * 2 * 2048 <= BYTES, "%zu of %zu at once", stats.now, stats.limit);
    CHECK(complete == 200000 && stats.evicted + stats.now == 200000, "whole ones pass through the flood: %u", complete);
    fragments_close(f);
    fragments_close(NULL);
}

/* Large ones crowd out each other long before there are too many of them. */
static void test_crowd(void)
{
    static uint8_t bytes[1480];
    struct fragments *f = opened(1 << 20);
    struct fragment_stats stats;
    struct slice whole;
    unsigned complete = 0;
    for (uint32_t off = 0; off < 40; off++)
        for (uint32_t id = 0; id < 100; id++) {
            struct packet p = fragment_at(id, 4, off * 1480, off < 39, slice_of(bytes, sizeof bytes), off);
            complete += fragment_feed(f, &p, &whole);
        }
    fragments_stats(f, &stats);
    CHECK(stats.limit > 100 && stats.evicted > 0 && stats.expired == 0, "%d evicted", (int)stats.evicted);
    for (uint32_t off = 0; off < 40; off++) {
        struct packet p = fragment_at(1000, 4, off * 1480, off < 39, slice_of(bytes, sizeof bytes), off);
        complete += fragment_feed(f, &p, &whole);
    }
    CHECK(complete >= 1, "the newest finds its room");
    fragments_close(f);
}

/* One datagram after the other of the largest size in the least memory: the oldest makes room for the newest. */
static void test_least(void)
{
    static uint8_t bytes[65504];
    struct fragments *f = opened(0);
    struct slice whole;
    unsigned complete = 0;
    for (uint32_t id = 0; id < 20; id++)
        for (uint32_t off = id & 1 ? 0 : 8; off < sizeof bytes; off += 2008) {
            uint32_t len = sizeof bytes - off < 2008 ? (uint32_t)sizeof bytes - off : 2008;
            struct packet p = fragment_at(id, 4, off, off + len < sizeof bytes, slice_of(bytes + off, len), id);
            complete += fragment_feed(f, &p, &whole);
        }
    CHECK(complete == 10, "%u of 10 complete ones", complete);
    fragments_close(f);
}

int main(void)
{
    test_rows();
    test_decode();
    test_keys();
    test_property();
    test_flood();
    test_crowd();
    test_least();
    return check_report("fragment");
}
