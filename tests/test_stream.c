#include "capture/stream.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/check.h"

/* One stream and what came out of it: a gap of n bytes is written as n dots, the end as a dollar sign. */
struct run {
    struct stream stream;
    struct pool *pool;
    struct stream_stats stats;
    uint64_t us;
    char out[1 << 17];
    size_t len;
    bool after_end; /* a piece came after PIECE_END */
};

static struct run *run_open(size_t blocks)
{
    char err[ERRLEN];
    struct run *run = calloc(1, sizeof *run);
    run->pool = pool_open(STREAM_BLOCK, blocks * STREAM_BLOCK, err);
    return run;
}

static void run_reset(struct run *run)
{
    stream_drop(&run->stream, run->pool);
    struct pool *pool = run->pool;
    struct pool_stats stats;
    pool_stats(pool, &stats);
    CHECK(stats.used == 0, "every block is given back");
    memset(run, 0, offsetof(struct run, out));
    run->pool = pool;
    run->len = 0;
    run->after_end = false;
}

static void run_close(struct run *run)
{
    run_reset(run);
    pool_close(run->pool);
    free(run);
}

static void put(struct run *run, struct slice s, uint64_t dots)
{
    size_t room = sizeof run->out - run->len, n = s.len < room ? s.len : room;
    if (n > 0)
        memcpy(run->out + run->len, s.p, n);
    run->len += n;
    room -= n;
    n = dots < room ? (size_t)dots : room;
    memset(run->out + run->len, '.', n);
    run->len += n;
}

static void pull(struct run *run)
{
    for (struct piece piece; stream_next(&run->stream, &piece, run->pool, &run->stats);) {
        run->after_end |= run->len > 0 && run->out[run->len - 1] == '$';
        put(run, piece.kind == PIECE_DATA ? piece.data : piece.kind == PIECE_END ? S("$") : S(""), piece.gap);
    }
}

static void feed_only(struct run *run, uint32_t seq, uint8_t flags, struct slice data, uint32_t missing)
{
    struct packet p = {.us = run->us, .kind = PACKET_TCP, .seq = seq, .tcp_flags = flags, .missing = missing};
    p.payload = guard_copy(data, 0);
    stream_feed(&run->stream, &p, run->pool, &run->stats);
}

static void feed(struct run *run, uint32_t seq, uint8_t flags, struct slice data, uint32_t missing)
{
    feed_only(run, seq, flags, data, missing);
    pull(run);
}

/* A script of one character an operation and its arguments, with sequence numbers counted from the base:
 *   s N       SYN                     d N TEXT  data            f N TEXT  data and FIN      r N       RST
 *   m N K TEXT data, K more missing   a N       ack             t MS      time passes       e         finish
 *   h N TEXT  data, held instead of pulled                      p         pull */
static void play(struct run *run, uint32_t base, const char *script)
{
    char copy[1024], *save = NULL;
    snprintf(copy, sizeof copy, "%s", script);
    for (char *word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
        bool number = strchr("sdfrmath", *word) != NULL;
        uint32_t n = number ? (uint32_t)strtoll(strtok_r(NULL, " ", &save), NULL, 10) : 0;
        uint32_t missing = *word == 'm' ? (uint32_t)strtol(strtok_r(NULL, " ", &save), NULL, 10) : 0;
        struct slice text = strchr("dfmh", *word) != NULL ? slice_str(strtok_r(NULL, " ", &save)) : S("");
        if (text.len == 1 && text.p[0] == '-')
            text.len = 0;
        uint8_t flags = *word == 's' ? TCP_SYN : *word == 'f' ? TCP_FIN : *word == 'r' ? TCP_RST : 0;
        if (*word == 'h') {
            feed_only(run, base + n, flags, text, missing);
            stream_hold(&run->stream, run->pool, &run->stats);
            guard_copy(slice_of("\xff\xff\xff\xff\xff\xff\xff\xff", text.len < 8 ? text.len : 8), 0);
        } else if (*word == 'a') {
            stream_ack(&run->stream, base + n);
        } else if (*word == 't') {
            run->us += n * UINT64_C(1000);
            run->stream.now_us = run->us;
        } else if (*word == 'e') {
            stream_finish(&run->stream);
        } else if (*word != 'p') {
            feed(run, base + n, flags, text, missing);
        }
        if (*word != 'h')
            pull(run);
    }
}

static const struct {
    const char *script, *out, *reason;
} rows[] = {
    {"s 0 d 1 abc d 4 def f 7 -", "abcdef$", "in order"},
    {"s 0 f 1 abc", "abc$", "FIN with the last data"},
    {"d 0 abc d 3 def", "abcdef", "without a SYN the first segment begins"},
    {"d 3 def d 0 abc d 6 g", "defg", "what comes late before the beginning is dropped"},
    {"d 3 - d 0 abc d 3 def", "abcdef", "a bare acknowledgement begins nothing"},
    {"s 0 d 4 def d 1 abc", "abcdef", "two swapped"},
    {"s 0 d 1 abc d 1 abc d 4 def", "abcdef", "sent twice"},
    {"s 0 d 1 abc d 1 abcdef", "abcdef", "sent again with more behind it"},
    {"s 0 d 1 abc d 3 XXd d 6 e", "abcXde", "overlap: the first copy counts"},
    {"s 0 d 4 XYZ d 1 abcdef", "abcXYZ", "overlap with what waits: the first copy counts"},
    {"s 0 d 4 XYZ d 1 abcdefghi", "abcXYZghi", "and what goes beyond it is kept"},
    {"s 0 d 3 c d 5 e d 7 g d 1 ABCDEFGH", "ABcDeFgH", "holes between are filled"},
    {"s 0 d 3 cde d 2 BCDEF d 1 a", "aBcdeF", "overlap on both sides of what waits"},
    {"s 0 d 5 e d 4 d d 3 c d 2 b d 1 a", "abcde", "backwards"},
    {"s 0 d 1 abc d 3 c d 3 - d 4 d", "abcd", "keep-alives repeat the byte before the next"},
    {"s 0 d 1 abc d 4 d d 4 def", "abcdef", "a zero-window probe's byte counts once"},
    {"s 0 s 0 d 1 a s 0 d 2 b", "ab", "the SYN again"},
    {"s 0 s 500 d 501 abc", "abc", "another SYN before any data: the last one counts"},
    {"s 0 d 1 a s 500 d 2 b", "ab", "a SYN amid data is not this connection's"},
    {"s 0 d 4 d s 500 d 1 abc", "abcd", "nor amid waiting data"},
    {"d 1 ab s 0 d 3 c", "abc", "a SYN that comes late"},
    {"s 0 d 1 abc d 2000000000 X d 4 d", "abcd", "far outside any window"},
    {"s 0 d 1 abc d -2000000000 X d 4 d", "abcd", "far behind"},
    {"s 0 d 1 abc f 2000000000 - d 4 d", "abcd", "a FIN far away"},
    {"s 0 f 4 - d 1 abc", "abc$", "FIN first"},
    {"s 0 f 4 def d 1 abc", "abcdef$", "FIN with data first"},
    {"s 0 f 1 abc d 4 XYZ f 7 X", "abc$", "data beyond FIN"},
    {"s 0 d 4 XYZ f 1 ab d 3 c", "ab$", "beyond the FIN though it came before it"},
    {"s 0 d 2 bXYZ f 3 - d 1 a", "ab$", "across the FIN"},
    {"s 0 d 1 abc f 2 - d 4 d", "abcd", "a FIN inside what is known already"},
    {"s 0 d 1 abc r 4 d 4 d", "abc$", "RST ends"},
    {"s 0 d 1 abc r 2000000 d 4 d", "abcd", "but not from outside the window"},
    {"s 0 d 1 abc d 6 f r 4", "abc..f$", "RST: what waits comes out first"},
    {"r 5", "$", "RST alone"},
    {"s 0 r 0 d 1 x", "$", "RST by one who refuses"},
    {"e", "$", "finished before anything came"},
    {"s 0 d 1 abc e d 4 d", "abc$", "finished: nothing more is taken"},
    {"s 0 d 3 c d 5 e e", "..c.e$", "finished: holes become gaps"},
    {"s 0 d 1 a f 4 - e", "a..$", "finished: a hole before the FIN"},
    {"s 0 d 3 c", "", "a hole waits"},
    {"s 0 d 3 c t 49 a 4", "", "acknowledged, but perhaps only late"},
    {"s 0 d 3 c t 50 a 4", "..c", "acknowledged and old"},
    {"s 0 d 3 c a 4 t 50", "..c", "in the other order"},
    {"s 0 d 3 c a 2 t 50000", "", "old, but the receiver waits for it too"},
    {"s 0 d 3 c a 4 t 10 d 1 ab", "abc", "acknowledged before it was seen"},
    {"s 0 d 3 c t 50 a 4 d 1 ab d 4 d", "..cd", "later than can be"},
    {"s 0 d 3 c t 2999", "", "no acknowledgement is ever seen: it may be sent again"},
    {"s 0 d 3 c t 3000", "..c", "but not for ever"},
    {"s 0 d 1 ab a 100 t 90000 d 3 c", "abc", "acknowledged far ahead: no gap while nothing is behind it"},
    {"s 0 f 3 - t 50 a 4", "..$", "a hole before the FIN is acknowledged and old"},
    {"a -5 a 2000000000 s 0 d 3 c t 100 d 4 d", "", "an acknowledgement from elsewhere"},
    {"s 0 m 1 3 abc d 7 d", "abc...d", "the snaplen cut it"},
    {"s 0 m 1 3 - d 4 d", "...d", "the snaplen left nothing"},
    {"s 0 m 4 2 d d 1 abc d 7 e", "abcd..e", "cut while waiting"},
    {"s 0 m 1 3 abc d 4 DEF d 7 g", "abc...g", "what was cut counts as had"},
    {"s 0 d 5 e m 1 5 ab d 8 h", "ab..e..h", "what waits shows in a cut one"},
    {"s 0 m 1 2 a f 4 -", "a..$", "cut before the FIN"},
    {"s 0 m 5 1 ef d 3 c d 4 d d 9 i d 1 ab d 8 h", "abcdef.hi", "blocks joined: what was cut stays in its place"},
    {"s 0 d 1 abc f 2 - d 4 d f 5 -", "abcd$", "and leaves the true one its place"},
    {"s 0 d 9 X f 4 - a 5 t 50", "...$", "a hole before the FIN, and something beyond it"},
    {"s 0 d 3 c a 4 a 2 t 50", "..c", "acknowledgements in disorder: the highest counts"},
    {"h 0 abc h 3 def p d 6 g", "abcdefg", "held"},
    {"s 0 h 4 def h 1 abc h 1 abc d 7 g", "abcdefg", "held out of order"},
    {"s 0 h 1 abc f 4 def", "abcdef$", "held, then pulled by the next"},
    {"s 0 h 1 abc r 4", "abc$", "held, then reset"},
};

static void test_rows(void)
{
    struct run *run = run_open(64);
    static const uint32_t bases[] = {0, 1000, UINT32_MAX, UINT32_MAX - 1, UINT32_MAX - 3, 0x7ffffffe};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t b = 0; b < sizeof bases / sizeof bases[0]; b++) {
            play(run, bases[b], rows[i].script);
            CHECK(slice_eq(slice_of(run->out, run->len), slice_str(rows[i].out)) && !run->after_end,
                  "base %u: %s: \"%.*s\", not \"%s\"", bases[b], rows[i].reason, (int)run->len, run->out, rows[i].out);
            run_reset(run);
        }
    run_close(run);
}

static const struct {
    const char *script;
    struct stream_stats stats;
    const char *reason;
} counts[] = {
    {"s 0 d 1 a d 2 b", {0}, "in order: nothing to count"},
    {"s 0 d 2 b d 1 a", {.reordered = 1}, "one ahead"},
    {"s 0 d 1 a d 1 a d 1 -", {.repeated = 1}, "one again"},
    {"s 0 d 2 b d 2 b", {.reordered = 1, .repeated = 1}, "one again that waits"},
    {"s 0 d 2 b d 2 X d 1 aY", {.reordered = 1, .repeated = 1, .conflicting = 2}, "other content for the same bytes"},
    {"s 0 d 3 c e", {.reordered = 1, .gaps = 1, .gap_bytes = 2}, "a gap"},
    {"s 0 d 1 a d 2000000000 b", {.bogus = 1}, "not this connection's"},
    {"h 0 a h 1 b d 2 c", {0}, "held in order"},
};

static void test_counts(void)
{
    struct run *run = run_open(64);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        play(run, 7, counts[i].script);
        struct stream_stats a = run->stats, b = counts[i].stats;
        CHECK(memcmp(&a, &b, sizeof a) == 0,
              "%s: reordered %d repeated %d conflicting %d gaps %d/%d blind %d bogus %d", counts[i].reason,
              (int)a.reordered, (int)a.repeated, (int)a.conflicting, (int)a.gaps, (int)a.gap_bytes, (int)a.blind,
              (int)a.bogus);
        run_reset(run);
    }
    run_close(run);
}

static uint32_t random_next(uint64_t *state)
{
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    return (uint32_t)(*state >> 16);
}

struct cut {
    uint32_t at, len;
};

/* Pieces that cover the whole, each perhaps overlapping its neighbours and sent more than once. */
static size_t cut_up(struct cut *cuts, uint32_t total, uint32_t longest, bool overlap, uint64_t *random)
{
    size_t n = 0;
    for (uint32_t at = 0; at < total;) {
        uint32_t len = 1 + random_next(random) % longest;
        len = len < total - at ? len : total - at;
        uint32_t back = overlap ? random_next(random) % (longest + 1) : 0;
        back = back < at ? back : at;
        cuts[n++] = (struct cut){at - back, len + back};
        at += len;
        if (overlap && random_next(random) % 4 == 0)
            cuts[n] = cuts[random_next(random) % n], n++;
    }
    return n;
}

/* Every piece moves by up to `reach` places. */
static void shuffle(struct cut *cuts, size_t n, size_t reach, uint64_t *random)
{
    for (size_t i = 0; i + 1 < n; i++) {
        size_t left = n - i < reach ? n - i : reach, j = i + random_next(random) % left;
        struct cut swap = cuts[i];
        cuts[i] = cuts[j];
        cuts[j] = swap;
    }
}

static void reverse(struct cut *cuts, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        struct cut swap = cuts[i];
        cuts[i] = cuts[n - 1 - i];
        cuts[n - 1 - i] = swap;
    }
}

/* However a stream is cut, doubled, overlapped, turned round and shuffled, pulled at once or held for a while, and
 * wherever its numbers wrap: the same bytes come out. */
static void test_property(void)
{
    enum { MOST = 60000 };
    static uint8_t whole[MOST];
    static struct cut cuts[4 * MOST];
    uint64_t random = 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < sizeof whole; i++)
        whole[i] = (uint8_t)random_next(&random);
    struct run *run = run_open(256);
    for (int round = 0; round < 800; round++) {
        uint32_t longest = round % 4 == 0 ? 1 : round % 4 == 1 ? 40 : round % 4 == 2 ? 1460 : 9000;
        uint32_t most = longest == 1 ? 300 : longest == 40 ? 4000 : MOST, total = 1 + random_next(&random) % most;
        uint32_t base = 0u - random_next(&random) % (2 * total);
        size_t n = cut_up(cuts, total, longest, round & 4, &random);
        if (round % 3 == 0)
            reverse(cuts, n);
        else
            shuffle(cuts, n, round & 8 ? n : 5, &random);
        bool hold = round & 16;
        feed(run, base - 1, TCP_SYN, S(""), 0);
        for (size_t i = 0; i < n; i++) {
            struct slice part = slice_of(whole + cuts[i].at, cuts[i].len);
            feed_only(run, base + cuts[i].at, 0, part, 0);
            if (hold && i < n / 2 && total < 30000)
                stream_hold(&run->stream, run->pool, &run->stats);
            else
                pull(run);
        }
        feed(run, base + total, TCP_FIN, S(""), 0);
        CHECK(run->len == total + 1 && memcmp(run->out, whole, total) == 0 && run->out[total] == '$',
              "round %d: %zu pieces of %u bytes, up to %u each: %zu came out", round, n, total, longest, run->len - 1);
        CHECK(run->stats.conflicting + run->stats.gaps + run->stats.blind == 0, "round %d counts nothing", round);
        run_reset(run);
    }
    run_close(run);
}

/* With conflicting copies, an array filled byte by byte by who comes first is the truth. */
static void test_conflicts(void)
{
    enum { TOTAL = 2000 };
    static struct cut cuts[4 * TOTAL];
    uint64_t random = 4711;
    struct run *run = run_open(256);
    for (int round = 0; round < 300; round++) {
        uint8_t truth[TOTAL], part[TOTAL];
        bool have[TOTAL] = {false};
        size_t n = cut_up(cuts, TOTAL, 50, true, &random);
        shuffle(cuts, n, 30, &random);
        feed(run, UINT32_MAX - 999, TCP_SYN, S(""), 0);
        for (size_t i = 0; i < n; i++) {
            for (uint32_t k = 0; k < cuts[i].len; k++) {
                part[k] = (uint8_t)random_next(&random) | 1;
                if (!have[cuts[i].at + k])
                    truth[cuts[i].at + k] = part[k];
                have[cuts[i].at + k] = true;
            }
            feed(run, UINT32_MAX - 998 + cuts[i].at, 0, slice_of(part, cuts[i].len), 0);
        }
        CHECK(run->len == TOTAL && memcmp(run->out, truth, TOTAL) == 0, "round %d: the first copy of each byte", round);
        run_reset(run);
    }
    run_close(run);
}

/* Segments are lost, cut by the snaplen, or find no block: what comes out is in its place, and no byte is made up. */
static void test_losses(void)
{
    enum { TOTAL = 60000 };
    static uint8_t whole[TOTAL];
    static struct cut cuts[4 * TOTAL];
    uint64_t random = 1234567;
    for (size_t i = 0; i < TOTAL; i++)
        whole[i] = (uint8_t)(random_next(&random) % 26 + 'a');
    for (int round = 0; round < 400; round++) {
        struct run *run = run_open(round % 3 == 0 ? 1 : round % 3 == 1 ? 5 : 200);
        size_t n = cut_up(cuts, TOTAL, round & 1 ? 1460 : 200, round & 4, &random);
        shuffle(cuts, n, 6, &random);
        feed(run, 99, TCP_SYN, S(""), 0);
        for (size_t i = 0; i < n; i++) {
            run->us += 1000;
            if (random_next(&random) % 10 == 0)
                continue;
            uint32_t missing = random_next(&random) % 10 == 0 ? random_next(&random) % (cuts[i].len + 1) : 0;
            feed(run, 100 + cuts[i].at, 0, slice_of(whole + cuts[i].at, cuts[i].len - missing), missing);
            if (round & 8)
                stream_ack(&run->stream, 100 + cuts[i].at);
        }
        feed(run, 100 + TOTAL, TCP_FIN, S(""), 0);
        stream_finish(&run->stream);
        pull(run);
        bool same = run->len == TOTAL + 1;
        uint64_t dots = 0;
        for (size_t i = 0; same && i < TOTAL; i++) {
            same = run->out[i] == '.' || (uint8_t)run->out[i] == whole[i];
            dots += run->out[i] == '.';
        }
        CHECK(same, "round %d: each byte in its place or a gap (%zu came out)", round, run->len);
        CHECK(dots == run->stats.gap_bytes && (round % 3 == 0 || dots < TOTAL / 2), "round %d: %d bytes lost", round,
              (int)dots);
        run_close(run);
    }
}

static const struct {
    const char *script, *out, *reason;
} blind[] = {
    {"s 0 d 1 abc d 4 def", "abcdef", "in order nothing is needed"},
    {"s 0 d 1 abc d 7 ghi d 10 j", "abc...ghij", "what cannot wait comes out behind a gap"},
    {"s 0 d 4 def d 1 abc d 7 g", "...defg", "the late one is too late"},
    {"s 0 m 7 2 ghi d 12 l", "......ghi..l", "and with what the snaplen cut"},
    {"s 0 f 4 def", "...def$", "and with the FIN"},
    {"s 0 h 1 abc p d 4 def", "...def", "what cannot be held is lost"},
    {"s 0 h 1 abc h 4 def p d 7 g", "......g", "twice"},
    {"s 0 h 4 def h 1 abc e", "......$", "held out of order and finished"},
};

/* Other streams have all the blocks. */
static void test_blind(void)
{
    struct run *run = run_open(1);
    for (size_t i = 0; i < sizeof blind / sizeof blind[0]; i++) {
        void *taken = pool_take(run->pool);
        play(run, UINT32_MAX - 4, blind[i].script);
        CHECK(slice_eq(slice_of(run->out, run->len), slice_str(blind[i].out)), "%s: \"%.*s\"", blind[i].reason,
              (int)run->len,
              run->out);
        CHECK((run->stats.blind > 0) == (i > 0), "counted: %s", blind[i].reason);
        pool_give(run->pool, taken);
        run_reset(run);
    }
    run_close(run);
}

/* A hole that nobody acknowledges holds no more than its bound, and the stream goes on behind it. */
static void test_bound(void)
{
    static uint8_t segment[1460];
    struct run *run = run_open(1000);
    feed(run, 0, TCP_SYN, S(""), 0);
    stream_ack(&run->stream, 1);
    unsigned most = 0;
    for (uint32_t i = 1; i < 1000; i++) {
        feed(run, 1 + i * 1460, 0, slice_of(segment, sizeof segment), 0);
        most = run->stream.waiting > most ? run->stream.waiting : most;
    }
    CHECK(most <= STREAM_WAITING && run->stats.gaps == 1 && run->stats.gap_bytes == 1460, "%u blocks waited", most);
    run_reset(run);
    feed(run, 0, TCP_SYN, S(""), 0);
    stream_ack(&run->stream, 1000000);
    for (uint32_t i = 1; i < 40; i++)
        feed(run, 1 + i * 1460, 0, slice_of(segment, sizeof segment), 0);
    CHECK(run->stats.gaps == 1 && run->len == 40 * 1460, "acknowledged and far behind: no time need pass");
    run_reset(run);
    for (uint32_t i = 0; i < 1000; i++) {
        feed_only(run, i * 2920, 0, slice_of(segment, sizeof segment), 0);
        stream_hold(&run->stream, run->pool, &run->stats);
        CHECK(run->stream.waiting <= STREAM_WAITING, "held for ever: %u blocks", run->stream.waiting);
    }
    CHECK(run->stats.blind > 0, "what is not held is counted");
    run_close(run);
}

/* 5 GB in order: the numbers wrap, nothing is copied. */
static void test_long(void)
{
    static uint8_t segment[65000];
    struct run *run = run_open(1);
    uint64_t total = 0;
    for (uint32_t i = 0; i < 80000; i++) {
        struct packet p = {.kind = PACKET_TCP, .seq = (uint32_t)total, .payload = slice_of(segment, sizeof segment)};
        stream_feed(&run->stream, &p, run->pool, &run->stats);
        for (struct piece piece; stream_next(&run->stream, &piece, run->pool, &run->stats);)
            total += piece.kind == PIECE_DATA && piece.data.p == segment ? piece.data.len : 0;
    }
    struct pool_stats stats;
    pool_stats(run->pool, &stats);
    CHECK(total == 80000 * UINT64_C(65000) && stats.used_max == 0, "in the frame, all of it");
    run_close(run);
}

int main(void)
{
    test_rows();
    test_counts();
    test_property();
    test_conflicts();
    test_losses();
    test_blind();
    test_bound();
    test_long();
    return check_report("stream");
}
