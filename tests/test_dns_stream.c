#include "capture/dns_stream.h"
#include "tests/check.h"

#include <stdio.h>

static struct dns_stream stream;
static struct dns_stream_stats stats;

static const struct {
    struct slice wire;
    const char *messages; /* what comes out, each in brackets */
    uint64_t too_long;
    const char *reason;
} rows[] = {
    {S("\0\5first\0\6second"), "[first][second]", 0, "two messages"},
    {S("\0\5first\0\0\0\6second"), "[first][second]", 0, "an empty message between them"},
    {S("\0\5first\0\6sec"), "[first]", 0, "the second does not end"},
    {S("\0\5first\0"), "[first]", 0, "half a length"},
    {S("\0\0"), "", 0, "nothing"},
};

static void feed(struct slice piece, char *out)
{
    struct slice message;
    dns_stream_feed(&stream, &(struct piece){.kind = PIECE_DATA, .data = piece}, &stats);
    while (dns_stream_next(&stream, &message, &stats))
        sprintf(out + strlen(out), "[%.*s]", (int)message.len, message.p);
}

static void start(void)
{
    memset(&stream, 0xa5, sizeof stream);
    stats = (struct dns_stream_stats){0};
    dns_stream_start(&stream);
}

/* However a direction is cut into segments, the same messages come out. */
static void test_cuts(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t a = 0; a <= rows[i].wire.len; a++)
            for (size_t b = a; b <= rows[i].wire.len; b++) {
                char out[256] = "";
                struct slice rest = rows[i].wire;
                start();
                feed(guard_copy(slice_cut(&rest, a), 0), out);
                feed(guard_copy(slice_cut(&rest, b - a), 1), out);
                feed(guard_copy(rest, 2), out);
                CHECK(strcmp(out, rows[i].messages) == 0, "%s, cut at %zu and %zu: %s", rows[i].reason, a, b, out);
            }
}

static void test_zero_copy(void)
{
    struct slice message, wire = S("\0\5first\0\6second");
    start();
    dns_stream_feed(&stream, &(struct piece){.kind = PIECE_DATA, .data = wire}, &stats);
    CHECK(dns_stream_next(&stream, &message, &stats) && message.p == wire.p + 2,
          "a message that lies whole in its piece is not copied");
    CHECK(dns_stream_next(&stream, &message, &stats) && message.p == wire.p + 9, "nor is the next");
    CHECK(!dns_stream_next(&stream, &message, &stats), "no third");
}

static void test_long(void)
{
    static uint8_t wire[65537 + 7];
    static const struct {
        size_t message, piece;
        bool kept;
        const char *reason;
    } cases[] = {{65535, 65544, true, "whole in one piece: no limit"},
                 {DNS_STREAM_MESSAGE, 1000, true, "as long as the buffer"},
                 {DNS_STREAM_MESSAGE + 1, 1000, false, "longer than the buffer"},
                 {65535, 1, false, "longest, in single bytes"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = cases[i].message, got = 0;
        memset(wire, 'x', sizeof wire);
        wire[0] = (uint8_t)(len >> 8);
        wire[1] = (uint8_t)len;
        memcpy(wire + 2 + len, "\0\5after", 7);
        struct slice rest = slice_of(wire, len + 9), message;
        unsigned whole = 0, after = 0, cut = 0;
        start();
        while (rest.len > 0) {
            dns_stream_feed(&stream, &(struct piece){.kind = PIECE_DATA, .data = slice_cut(&rest, cases[i].piece)},
                            &stats);
            while (dns_stream_next(&stream, &message, &stats)) {
                whole += message.len == len && (cases[i].kept || len <= DNS_STREAM_MESSAGE);
                cut += !cases[i].kept && message.len == DNS_STREAM_MESSAGE && message.p[DNS_STREAM_MESSAGE - 1] == 'x';
                after += slice_eq(message, S("after"));
                got++;
            }
        }
        CHECK(whole == cases[i].kept && after == 1 && got == 2 && cut == !cases[i].kept, "%s: what follows is found again",
              cases[i].reason);
        CHECK(stats.too_long == !cases[i].kept, "%s: counted", cases[i].reason);
    }
}

static void test_gap(void)
{
    char out[64] = "";
    start();
    feed(S("\0\5fi"), out);
    dns_stream_feed(&stream, &(struct piece){.kind = PIECE_GAP, .gap = 3}, &stats);
    feed(S("\0\6second"), out);
    CHECK(out[0] == '\0' && stats.lost == 1, "after lost bytes nothing is guessed");
    start();
    feed(S("\0\5fi"), out);
    dns_stream_feed(&stream, &(struct piece){.kind = PIECE_END}, &stats);
    feed(S("rst"), out);
    CHECK(out[0] == '\0' && stats.lost == 0, "nothing comes after the end");
}

int main(void)
{
    test_cuts();
    test_zero_copy();
    test_long();
    test_gap();
    return check_report("dns_stream");
}
