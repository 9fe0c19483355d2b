#include "capture/body.h"
#include "tests/check.h"

#include <stdlib.h>
#include <time.h>
#include <zlib.h>

enum { ROOM = 4 << 20 };

/* ---- what bodies are made of ---- */

static uint64_t random_state = 1;

static uint32_t random_next(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33);
}

/* Words, so that every coding has something to do. */
static struct slice content(size_t len)
{
    static uint8_t text[ROOM];
    static const char *const words[] = {"the ", "sensor ", "sees ", "bytes\n", "and ", "counts ", "what ", "it ",
        "\xff\x01 "};
    for (size_t n = 0; n < len;) {
        const char *word = random_next() % 7 == 0 ? "q\t" : words[random_next() % 9];
        while (*word != '\0' && n < len)
            text[n++] = (uint8_t)*word++;
    }
    return slice_of(text, len);
}

/* window_bits as zlib has it: 31 gzip, 15 zlib's own, -15 bare. */
static struct slice deflated(struct slice s, int window_bits)
{
    static uint8_t room[8][ROOM];
    static unsigned turn;
    uint8_t *out = room[turn++ % 8];
    z_stream z = {0};
    deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
    z.next_in = (Bytef *)(uintptr_t)s.p;
    z.avail_in = (uInt)s.len;
    z.next_out = out;
    z.avail_out = ROOM;
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END, "the test's own compression");
    deflateEnd(&z);
    return slice_of(out, ROOM - z.avail_out);
}

static struct slice chunked(struct slice s)
{
    static uint8_t out[ROOM * 2];
    size_t n = 0;
    while (s.len > 0) {
        struct slice chunk = slice_cut(&s, 1 + random_next() % 3000);
        n += (size_t)sprintf((char *)out + n, random_next() % 2 ? "%zx\r\n" : "%04zX;e=1\n", chunk.len);
        memcpy(out + n, chunk.p, chunk.len);
        n += chunk.len;
        out[n++] = '\n';
    }
    n += (size_t)sprintf((char *)out + n, "0\r\nT: 1\r\n\r\n");
    return slice_of(out, n);
}

/* ---- one body, run through ---- */

struct outcome {
    uint64_t wire, decoded;
    bool whole, bad, limited, hole;
    size_t len;
    uint8_t bytes[ROOM];
};

static struct body_memory memory;

static void drain(struct body *b, struct slice *in, struct outcome *o)
{
    for (struct slice out; (out = body_next(b, in)).len > 0;) {
        size_t room = ROOM - o->len;
        memcpy(o->bytes + o->len, out.p, out.len < room ? out.len : room);
        o->len += out.len < room ? out.len : room;
    }
}

static void finish(struct body *b, struct outcome *o)
{
    struct slice none = S("");
    body_end(b);
    drain(b, &none, o);
    CHECK(body_over(b), "a body is over when its connection is");
    o->wire = b->wire;
    o->decoded = b->decoded;
    o->whole = b->whole;
    o->bad = b->bad;
    o->limited = b->limited;
    o->hole = b->hole;
    body_close(b);
}

/* `first` bytes, then pieces of `rest`. */
static void run(struct outcome *o, const struct body_plan *plan, struct slice wire, size_t first, size_t rest)
{
    struct body b;
    body_open(&b, plan, &memory);
    o->len = 0;
    for (struct slice in = slice_cut(&wire, first);; in = slice_cut(&wire, rest)) {
        drain(&b, &in, o);
        CHECK(in.len == 0 || body_over(&b), "all input is taken until the body is over");
        if (wire.len == 0)
            break;
    }
    finish(&b, o);
}

static bool alike(const struct outcome *a, const struct outcome *b)
{
    return a->wire == b->wire && a->decoded == b->decoded && a->whole == b->whole && a->bad == b->bad &&
        a->len == b->len &&
           memcmp(a->bytes, b->bytes, a->len) == 0;
}

static struct outcome whole, cut;

static const struct {
    const char *reason;
    enum coding coding[BODY_CODINGS]; /* as undone */
    unsigned codings;
    int window_bits[BODY_CODINGS];    /* as done */
} stacks[] = {
    {"identity", {0}, 0, {0}},
    {"gzip", {CODING_GZIP}, 1, {31}},
    {"deflate in zlib's wrapping", {CODING_DEFLATE}, 1, {15}},
    {"deflate, bare", {CODING_DEFLATE}, 1, {-15}},
    {"gzip in gzip", {CODING_GZIP, CODING_GZIP}, 2, {31, 31}},
    {"bare deflate, in gzip, in deflate", {CODING_DEFLATE, CODING_GZIP, CODING_DEFLATE}, 3, {-15, 31, 15}},
};

static struct slice coded(size_t stack, struct slice s)
{
    for (unsigned i = 0; i < stacks[stack].codings; i++)
        s = deflated(s, stacks[stack].window_bits[i]);
    return s;
}

static struct body_plan plan_of(size_t stack, enum body_framing framing, uint64_t length)
{
    struct body_plan plan = {.framing = framing, .length = length, .codings = (uint8_t)stacks[stack].codings};
    memcpy(plan.coding, stacks[stack].coding, sizeof plan.coding);
    return plan;
}

static void test_stacks(void)
{
    static const size_t sizes[] = {0, 1, 2, 7, 300, 8191, 8192, 8193, 70000, 1000000};
    static const enum body_framing framings[] = {BODY_LENGTH, BODY_CHUNKED, BODY_TO_END};
    for (size_t k = 0; k < sizeof stacks / sizeof *stacks; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (size_t f = 0; f < 3; f++) {
                struct slice plain = content(sizes[i]), inner = coded(k, plain);
                struct slice wire = framings[f] == BODY_CHUNKED ? chunked(inner) : inner;
                struct body_plan plan = plan_of(k, framings[f], inner.len);
                run(&whole, &plan, wire, wire.len, 1);
                CHECK(whole.whole && !whole.bad && !whole.limited, "%s, %zu bytes, framing %zu", stacks[k].reason,
                    sizes[i], f);
                CHECK(slice_eq(slice_of(whole.bytes, whole.len), plain), "%s, %zu bytes, framing %zu",
                    stacks[k].reason, sizes[i], f);
                CHECK(whole.wire == inner.len && whole.decoded == plain.len, "%s: counted before and after",
                    stacks[k].reason);
                size_t step = wire.len < 1000 ? 1 : wire.len / 7;
                for (size_t n = 0; n <= wire.len; n += step) {
                    run(&cut, &plan, wire, n, wire.len);
                    CHECK(alike(&whole, &cut), "%s, %zu bytes, cut at %zu", stacks[k].reason, sizes[i], n);
                }
                run(&cut, &plan, wire, 0, sizes[i] > 100000 ? 1447 : 1);
                CHECK(alike(&whole, &cut), "%s, %zu bytes, byte by byte", stacks[k].reason, sizes[i]);
            }
}

/* Wherever a coded body goes wrong, the pieces it came in do not change what comes out, and nothing is lost that was
 * not decoded. */
static void test_damage(void)
{
    for (size_t k = 1; k < 4; k++)
        for (unsigned round = 0; round < 200; round++) {
            static uint8_t bytes[ROOM];
            struct slice inner = coded(k, content(50 + random_next() % 3000));
            memcpy(bytes, inner.p, inner.len);
            bytes[random_next() % inner.len] ^= (uint8_t)(1 + random_next() % 255);
            struct slice wire = guard_copy(slice_of(bytes, round % 3 == 0 ? random_next() % inner.len : inner.len), 0);
            struct body_plan plan = plan_of(k, BODY_LENGTH, wire.len);
            run(&whole, &plan, wire, wire.len, 1);
            run(&cut, &plan, wire, 0, 1);
            CHECK(alike(&whole, &cut), "%s, damaged, round %u: %zu and %zu bytes", stacks[k].reason, round, whole.len,
                cut.len);
        }
}

static void test_claims(void)
{
    static const struct {
        const char *reason;
        enum coding coding;
        const char *wire;
    } claims[] = {
        {"text that says it is gzip", CODING_GZIP, "hello"},
        {"one byte that says it is gzip", CODING_GZIP, "h"},
        {"gzip's magic and no more", CODING_GZIP, "\x1f\x8b"},
        {"gzip's magic and text", CODING_GZIP, "\x1f\x8bhello, this is not a deflate stream at all"},
        {"a program that says it is gzip", CODING_GZIP, "MZ\x90"},
        {"one byte that says it is deflate", CODING_DEFLATE, "x"},
        {"text that says it is deflate", CODING_DEFLATE, "what is this?"},
        {"a zlib header and text", CODING_DEFLATE, "\x78\x9c" "what is this?"},
        {"text that says it is br", CODING_BROTLI, "\xff\xff\xff\xff no brotli"},
    };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        struct slice wire = slice_str(claims[i].wire);
        struct body_plan plan = {.framing = BODY_LENGTH, .length = wire.len, .coding = {claims[i].coding},
            .codings = 1};
        for (size_t n = 0; n <= wire.len; n++) {
            run(&whole, &plan, wire, n, n == 0 ? 1 : wire.len);
            CHECK(whole.bad && whole.whole && slice_eq(slice_of(whole.bytes, whole.len), wire),
                  "%s: comes as it is, cut at %zu (%zu bytes)", claims[i].reason, n, whole.len);
        }
    }
}

static void test_members(void)
{
    static uint8_t wire[ROOM];
    struct slice a = deflated(S("first and "), 31), b = deflated(S("second"), 31);
    memcpy(wire, a.p, a.len);
    memcpy(wire + a.len, b.p, b.len);
    memcpy(wire + a.len + b.len, "\0\0\0padding", 10);
    struct body_plan plan = plan_of(1, BODY_LENGTH, a.len + b.len + 10);
    for (size_t n = 0; n <= a.len + b.len + 10; n++) {
        run(&whole, &plan, slice_of(wire, a.len + b.len + 10), n, n == 0 ? 1 : ROOM);
        CHECK(slice_eq(slice_of(whole.bytes, whole.len), S("first and second")) && !whole.bad,
              "two gzip members are one body, padding is dropped, cut at %zu", n);
    }
    plan.length = a.len - 4;
    run(&whole, &plan, a, a.len - 4, 1);
    CHECK(whole.bad && whole.whole && slice_eq(slice_of(whole.bytes, whole.len), S("first and ")),
        "a trailer cut off is told");
}

/* "brotli " a hundred times, by Google's own encoder (quality 5, window 16). */
static void test_brotli(void)
{
    static const uint8_t wire[] = {0x62, 0x57, 0x00, 0x80, 0x80, 0xe3, 0xf0, 0x7a, 0x77, 0xdf, 0x7d, 0x11, 0x91, 0xa2,
        0xb6, 0x48, 0xbe, 0xd1, 0xfa, 0x18};
    struct body_plan plan = {.framing = BODY_LENGTH, .length = sizeof wire, .coding = {CODING_BROTLI}, .codings = 1};
    for (size_t n = 0; n <= sizeof wire; n++) {
        run(&whole, &plan, slice_of(wire, sizeof wire), n, n == 0 ? 1 : sizeof wire);
        bool same = whole.len == 700;
        for (size_t i = 0; i < whole.len && same; i++)
            same = whole.bytes[i] == "brotli "[i % 7];
        CHECK(same && whole.whole && !whole.bad, "br, cut at %zu: %zu bytes", n, whole.len);
    }
}

/* A gzip stream of a gigabyte of zeros, put together from the same 16 MB sixty-four times. */
static struct slice bomb(void)
{
    static uint8_t part[1 << 16], out[ROOM];
    static const uint8_t zeros[1 << 20];
    z_stream z = {0};
    deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    z.next_out = part;
    z.avail_out = sizeof part;
    for (int i = 0; i < 16; i++) {
        z.next_in = (Bytef *)(uintptr_t)zeros;
        z.avail_in = sizeof zeros;
        deflate(&z, i == 15 ? Z_FULL_FLUSH : Z_NO_FLUSH);
    }
    size_t len = sizeof part - z.avail_out, n = 10;
    deflateEnd(&z);
    memcpy(out, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    for (int i = 0; i < 64; i++, n += len)
        memcpy(out + n, part, len);
    return slice_of(out, n);
}

static void test_bounds(void)
{
    struct slice wire = bomb(), nested = deflated(wire, 31);
    struct body_plan plan = plan_of(1, BODY_LENGTH, wire.len), twice = plan_of(4, BODY_LENGTH, nested.len);
    clock_t start = clock();
    run(&whole, &plan, wire, 1000, 1400);
    CHECK(whole.limited && whole.decoded < 2 << 20 && whole.wire == wire.len && whole.whole,
          "a bomb is followed for a megabyte or two (%llu), then only counted", (unsigned long long)whole.decoded);
    run(&whole, &twice, nested, nested.len, 1);
    CHECK(whole.limited && whole.decoded < 2 << 20 && whole.wire == nested.len,
          "a bomb in a bomb: %llu", (unsigned long long)whole.decoded);
    CHECK(clock() - start < 2 * CLOCKS_PER_SEC, "bombs cost no time");

    memory.limit = 100000;
    struct slice plain = content(1000000), small = deflated(plain, 31);
    for (size_t k = 0; k < 2; k++) {
        struct slice bytes = k == 0 ? plain : small;
        plan = plan_of(k, BODY_LENGTH, bytes.len);
        run(&whole, &plan, bytes, bytes.len, 1);
        run(&cut, &plan, bytes, 13, 1400);
        CHECK(whole.limited && whole.decoded == 100000 && whole.len == 100000 && whole.wire == bytes.len && whole.whole,
              "%s: followed up to the limit, counted to the end", stacks[k].reason);
        CHECK(alike(&whole, &cut), "%s: the limit is where it is", stacks[k].reason);
    }
    plan = plan_of(0, BODY_LENGTH, 100000);
    run(&whole, &plan, plain, 100000, 1);
    CHECK(!whole.limited && whole.decoded == 100000, "as long as the limit is not longer than the limit");
    memory.limit = 64 << 20;
}

static void test_gaps(void)
{
    struct slice plain = content(3000);
    static const struct {
        const char *reason;
        enum body_framing framing;
        uint64_t gap;
        bool known, whole;
        uint64_t decoded;
    } gaps[] = {
        {"inside a length", BODY_LENGTH, 500, true, true, 3000},
        {"to the end of a length", BODY_LENGTH, 2000, true, true, 3000},
        {"beyond a length", BODY_LENGTH, 2001, false, false, 1000},
        {"of a size nobody knows", BODY_LENGTH, 0, false, false, 1000},
        {"in a body up to the end", BODY_TO_END, 1000000, true, true, 1002500},
        {"in a body up to the end, size not known", BODY_TO_END, 0, true, true, 2500},
    };
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        struct body_plan plan = {.framing = gaps[i].framing, .length = 3000};
        struct body b;
        struct slice in = slice_head(plain, 1000);
        whole.len = 0;
        body_open(&b, &plan, &memory);
        drain(&b, &in, &whole);
        CHECK(body_gap(&b, gaps[i].gap) == gaps[i].known, "a gap %s", gaps[i].reason);
        in = slice_from(plain, 1500);
        drain(&b, &in, &whole);
        finish(&b, &whole);
        CHECK(whole.hole && whole.whole == gaps[i].whole && whole.decoded == gaps[i].decoded, "a gap %s: %llu",
              gaps[i].reason, (unsigned long long)whole.decoded);
    }
    struct body b;
    struct slice wire = S("a\r\n01234"), rest = S("89\r\n1\r\nx\r\n0\r\n\r\n");
    body_open(&b, &(struct body_plan){.framing = BODY_CHUNKED}, &memory);
    whole.len = 0;
    drain(&b, &wire, &whole);
    CHECK(body_gap(&b, 3), "a gap inside a chunk");
    drain(&b, &rest, &whole);
    finish(&b, &whole);
    CHECK(whole.whole && whole.hole && slice_eq(slice_of(whole.bytes, whole.len), S("0123489x")),
        "a gap inside a chunk");
}

static void check_returned(const struct pool *pool)
{
    struct pool_stats stats;
    pool_stats(pool, &stats);
    CHECK(stats.used == 0, "all blocks given back");
}

/* Framing that is none: from there on the bytes come as they are, those of the broken line too. */
static void test_chunk_claims(void)
{
    static const struct {
        const char *reason, *wire, *decoded;
        bool bad;
    } claims[] = {
        {"no digit at all", "xyz", "xyz", true},
        {"digits, then a letter", "12g\r\nabc", "12g\r\nabc", true},
        {"a blank inside a size", "1 2\r\nabc", "1 2\r\nabc", true},
        {"CR without LF after a size", "1\rabc", "1\rabc", true},
        {"more blanks than any size has", "1                                        \r\nabc",
         "1                                        \r\nabc", true},
        {"no line end after a chunk", "1\r\nabc\r\n0\r\n\r\n", "abc\r\n0\r\n\r\n", true},
        {"half a line end after a chunk", "1\r\na\rbc", "a\rbc", true},
        {"a second CR after a chunk", "1\r\na\r\r\n0\r\n\r\n", "a\r\r\n0\r\n\r\n", true},
        {"CR in a trailer line", "1\r\na\r\n0\r\n\rX\r\n\r\n", "a", false},
        {"an extension with anything in it", "1;\"x\r\"\na\r\n0;=\n\n", "a", false},
    };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
        for (size_t n = 0; n <= strlen(claims[i].wire); n++) {
            run(&whole, &(struct body_plan){.framing = BODY_CHUNKED}, slice_str(claims[i].wire), n, n == 0 ? 1 : 1000);
            CHECK(slice_eq(slice_of(whole.bytes, whole.len), slice_str(claims[i].decoded)) &&
                whole.bad == claims[i].bad &&
                  whole.whole == !claims[i].bad, "%s, cut at %zu: %.*s", claims[i].reason, n, (int)whole.len,
                      whole.bytes);
        }
}

/* Three codings and two blocks: the body comes as it is, and the blocks that were taken go back. */
static void test_no_room(void)
{
    char err[ERRLEN];
    struct pool *enough = memory.coders;
    memory.coders = pool_open(CODER_BYTES, 2 * CODER_BYTES, err);
    struct slice wire = coded(5, S("hello"));
    struct body_plan plan = plan_of(5, BODY_LENGTH, wire.len);
    run(&whole, &plan, wire, wire.len, 1);
    CHECK(whole.bad && whole.whole && slice_eq(slice_of(whole.bytes, whole.len), wire), "no room for a third coding");
    check_returned(memory.coders);
    pool_close(memory.coders);
    memory.coders = enough;

    static uint8_t block[CODER_BYTES];
    CHECK(coder_open(CODING_GZIP, block, 100) == NULL, "a block that is too small even for the coder");
    CHECK(coder_open(CODING_GZIP, block, 12000) == NULL, "one that is too small for zlib");
    CHECK(coder_open(CODING_BROTLI, block, 9800) == NULL, "one that is too small for brotli");
}

int main(void)
{
    char err[ERRLEN];
    memory = (struct body_memory){.limit = 64 << 20, .brotli_bytes = CODER_BROTLI_BYTES};
    memory.coders = pool_open(CODER_BYTES, 4 * CODER_BYTES, err);
    memory.brotli = pool_open(CODER_BROTLI_BYTES, CODER_BROTLI_BYTES, err);
    test_stacks();
    test_damage();
    test_claims();
    test_members();
    test_brotli();
    test_bounds();
    test_gaps();
    test_chunk_claims();
    test_no_room();
    check_returned(memory.coders);
    check_returned(memory.brotli);
    pool_close(memory.coders);
    pool_close(memory.brotli);
    return check_report("test_body");
}
