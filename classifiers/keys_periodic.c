#include "classifiers/keys.h"
#include "classifiers/keys_expect.h"
#include "classifiers/stub.h"

/* A PE's first kilobytes are half zeros, so that under a repeating key bytes one period apart are equal far more often
 * than the one in 256 of noise. The period found, the commonest byte of each place of the key is nearly always the key's
 * own; the DOS stub and the header's rules put the rest right. What is reported was confirmed like any other key. */

enum {
    WINDOW = 32,           /* bytes compared with those one lag later */
    WINDOW_STEP = 384,     /* a header's dense kilobyte holds two windows, wherever it begins */
    WINDOW_FIRST = 0x100,
    LAG_LEAST = 129,       /* every key of up to 256 bytes has a multiple of its length from here to 256 */
    LAG_MOST = 256, LAGS = LAG_MOST - LAG_LEAST + 1,
    GLANCE = 3,            /* of half a WINDOW, or the other half is not looked at */
    MATCHES = 9,           /* of WINDOW: chance gives so many once in 10^15 */
    FLAT = 26,             /* equal neighbours in a window that say: constant bytes, not a key */
    LOOK_BACK = 0x200, LOOK_ON = 0x200, LOOK_ROUNDS = 5, /* what the first look counts: bytes, and rounds of the key */
    HEADERS = 1024,        /* a body that is shorter may be headers only */
    LETTERS = 12,          /* of the stub's 64 bytes that are not zero, a rough key has to show */
    STUB_CODE = 0x45, STUB_CODE_LEN = 9, /* both stubs call DOS alike, to print and to end */
    SIGNS = 2,             /* of M, Z and these, or nothing else is asked */
    TRIES = 3,             /* windows of one body that get that look: noise has none, ordinary files many */
    REACH_BACK = 0x400, REACH_ON = 0x40, /* where the program's first byte may be, seen from the window */
    ROUNDS = 3,            /* of voting */
    NEAR = 4               /* bytes on either side whose zeros make a byte's vote count more */
};

typedef uint8_t lanes __attribute__((vector_size(16)));

static lanes equal_at(const uint8_t *p, lanes byte)
{
    lanes later;
    memcpy(&later, p, sizeof later);
    return (lanes)(byte == later); /* -1 where equal */
}

/* Counts the equal bytes for 64 lags: sixteen lie in one vector, four vectors in registers, and no sum is taken across a
 * vector, which makes this the cheapest way through all of them. */
static void count_lags(const uint8_t *window, size_t n, const uint8_t *later, lanes count[static 4])
{
    lanes c0 = {0}, c1 = {0}, c2 = {0}, c3 = {0};
    for (size_t i = 0; i < n; i++) {
        lanes byte = (lanes){0} + window[i];
        c0 -= equal_at(later + i, byte);
        c1 -= equal_at(later + i + 16, byte);
        c2 -= equal_at(later + i + 32, byte);
        c3 -= equal_at(later + i + 48, byte);
    }
    count[0] = c0;
    count[1] = c1;
    count[2] = c2;
    count[3] = c3;
}

/* Counts for all lags over the window's first n bytes; true where one has at least so many equal ones. */
static bool any_lag(const uint8_t *window, size_t n, uint8_t least, lanes count[static LAGS / 16])
{
    lanes over = {0};
    count_lags(window, n, window + LAG_LEAST, count);
    count_lags(window, n, window + LAG_LEAST + LAGS / 2, count + 4);
    for (size_t group = 0; group < LAGS / 16; group++)
        over |= (lanes)(count[group] >= least);
    uint64_t any[2];
    memcpy(any, &over, sizeof any);
    return (any[0] | any[1]) != 0;
}

/* The lag with the most equal bytes, MATCHES at least; 0: none. Half of the window tells so of nearly all noise. */
static unsigned best_lag(const uint8_t *window)
{
    lanes count[LAGS / 16];
    if (!any_lag(window, WINDOW / 2, GLANCE, count) || !any_lag(window, WINDOW, MATCHES, count))
        return 0;
    unsigned best = 0;
    for (unsigned i = 0; i < LAGS; i++)
        if (count[i / 16][i % 16] > count[best / 16][best % 16])
            best = i;
    return LAG_LEAST + best;
}

/* Constant bytes are their own repetition under no key, and so are zeros, of which ordinary files are full: a key shows
 * in equal bytes that are something else. */
static bool ordinary(const uint8_t *window, unsigned lag)
{
    unsigned neighbours = 0, equal = 0, zeros = 0;
    for (size_t i = 0; i < WINDOW; i++) {
        bool same = window[i] == window[i + lag];
        neighbours += window[i] == window[i + 1];
        equal += same;
        zeros += same && window[i] == 0;
    }
    return neighbours >= FLAT || zeros * 4 >= equal * 3;
}

struct period {
    size_t window;
    unsigned length;
    uint8_t key[CIPHER_KEY]; /* by offset in the body modulo length */
    uint8_t plain[KEYS_HEAD];
};

/* The shortest divisor of the lag that shows nearly as many equal bytes over a longer stretch. */
static unsigned shortest(struct slice head, size_t window, unsigned lag)
{
    size_t from = window > LOOK_BACK / 2 ? window - LOOK_BACK / 2 : 0, to = window + LOOK_BACK / 2;
    for (unsigned length = 1; length <= lag; length++) {
        unsigned same = 0, all = 0;
        if (lag % length != 0)
            continue;
        for (size_t i = from; i < to && i + lag < head.len; i += 3) { /* of every place of a key, even or odd */
            all += head.p[i] == head.p[i + lag];
            same += head.p[i] == head.p[i + length];
        }
        if (same * 10 >= all * 7)
            return length;
    }
    return lag;
}

static void decode(struct period *v, struct slice head, size_t from, size_t to)
{
    size_t place = from % v->length;
    for (size_t i = from; i < to && i < head.len; i++) {
        v->plain[i] = head.p[i] ^ v->key[place];
        place = place + 1 < v->length ? place + 1 : 0;
    }
}

/* How much a byte's vote counts: by the zeros that the last round's key gives around it. Zeros come in runs, so that those
 * in the header outvote what code happens to repeat. */
static void weigh(const struct period *v, size_t len, uint16_t *weight)
{
    for (size_t i = 0; i < len; i++) {
        unsigned zeros = 0;
        for (size_t j = i > NEAR ? i - NEAR : 0; j <= i + NEAR && j < len; j++)
            zeros += j != i && v->plain[j] == 0;
        weight[i] = (uint16_t)(1 + zeros * zeros);
    }
}

/* The first offset from `from` on that this place of the key applies to. */
static size_t first_of(const struct period *v, unsigned place, size_t from)
{
    return from + (place + v->length - from % v->length) % v->length;
}

/* The commonest byte of each place of the key is the key's own, where zeros are the commonest plain bytes. */
static void vote(struct period *v, struct slice head, size_t from)
{
    uint16_t weight[KEYS_HEAD];
    for (size_t i = 0; i < head.len; i++)
        weight[i] = 1;
    for (int round = 0; round < ROUNDS; round++) {
        for (unsigned place = 0; place < v->length; place++) {
            uint16_t count[256] = {0};
            uint8_t best = 0;
            for (size_t i = first_of(v, place, from); i < head.len; i += v->length)
                if ((count[head.p[i]] += weight[i]) > count[best])
                    best = head.p[i];
            v->key[place] = best;
        }
        decode(v, head, 0, head.len);
        weigh(v, head.len, weight);
    }
}

static void turn(struct cipher *c, const struct period *v, size_t at)
{
    memset(c, 0, sizeof *c);
    c->kind = CIPHER_XOR;
    c->offset = (uint16_t)at;
    c->key_length = (uint16_t)v->length;
    for (unsigned i = 0; i < v->length; i++)
        c->key[i] = v->key[(at + i) % v->length];
}

/* How well a program fits that begins here: by its stub's text, or by M, Z and the header's zeros alone; 0: not at all. */
static unsigned fits_start(struct slice plain)
{
    unsigned letters, zeros = 0, signs = (plain.p[0] == 'M') + (plain.p[1] == 'Z');
    for (size_t i = STUB_CODE; i < STUB_CODE + STUB_CODE_LEN; i++)
        signs += plain.p[i] == stub_bytes[0][i];
    for (size_t i = 0; signs >= SIGNS && i < STUB_ZEROS; i++)
        zeros += plain.p[PE_ZEROS + i] == 0;
    if (zeros < STUB_ZEROS / 2)
        return 0;
    unsigned matches = keys_stub_matches(plain, &letters);
    bool both = plain.p[0] == 'M' && plain.p[1] == 'Z';
    return both || letters >= LETTERS ? zeros + matches : 0;
}

/* The offset where one fits best; false where none does. */
static bool best_start(const struct period *v, size_t from, size_t to, size_t *start)
{
    unsigned most = 0;
    for (size_t at = from; at <= KEYS_JUNK && at < v->window + REACH_ON && at + STUB_BYTES < to; at++) {
        unsigned fits = fits_start(slice_of(v->plain + at, STUB_BYTES));
        if (fits > most) {
            most = fits;
            *start = at;
        }
    }
    return most > 0;
}

/* A first look that costs a few microseconds: one round of voting around the window. */
static bool promising(struct period *v, struct slice head, size_t from)
{
    size_t on = v->window + LOOK_ON + LOOK_ROUNDS * v->length, to = on < head.len ? on : head.len, start;
    size_t counted = v->window > LOOK_BACK ? v->window - LOOK_BACK : 0;
    for (unsigned place = 0; place < v->length; place++) {
        uint8_t count[256] = {0}, best = 0;
        for (size_t i = first_of(v, place, counted); i < to; i += v->length)
            if (++count[head.p[i]] > count[best])
                best = head.p[i];
        v->key[place] = best;
    }
    decode(v, head, from, v->window + REACH_ON + STUB_BYTES);
    return best_start(v, from, to, &start);
}

/* Of a capture that holds no more than the headers too few bytes come to each place to be counted. But a key of up to
 * STUB_BYTES is wholly covered by a stub that stands at the very beginning; the PE header, which lies behind it, is the
 * proof. */
static bool try_stub(struct cipher *c, struct period *v, struct slice head)
{
    for (size_t s = 0; s < STUBS && head.len > STUB_BYTES; s++) {
        for (size_t i = 0; i < STUB_BYTES; i++)
            if (stub_fixed(i))
                v->key[i % v->length] = head.p[i] ^ stub_bytes[s][i];
        turn(c, v, 0);
        if (cipher_confirm(c, head))
            return true;
    }
    return false;
}

/* A key of 256 bytes that is a counter or the place itself is told as what it is. */
static void name_rolling(struct cipher *c)
{
    static const enum cipher_rule rules[] = {RULE_ADD, RULE_INDEX, RULE_INDEX_SUM, RULE_INDEX_SUM_1};
    if (c->key_length < 64)
        return;
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
        struct cipher rolling = {.kind = CIPHER_ROLLING, .rule = rules[r], .key = {c->key[0]}, .key_length = 1};
        struct cipher_stream s;
        rolling.step = rules[r] == RULE_ADD ? (int8_t)(c->key[1] - c->key[0]) : 0;
        cipher_start(&s, &rolling);
        if (memcmp(s.pad, c->key, c->key_length) != 0)
            continue;
        c->kind = CIPHER_ROLLING;
        c->rule = rules[r];
        c->step = rolling.step;
        c->key_length = 1;
        return;
    }
}

static bool try_period(struct cipher *c, struct slice head, size_t window, unsigned lag)
{
    struct period v;
    size_t from = window > REACH_BACK ? window - REACH_BACK : 0;
    v.window = window;
    v.length = shortest(head, window, lag);
    bool found = promising(&v, head, from);
    if (found) {
        size_t start;
        vote(&v, head, from);
        found = best_start(&v, from, head.len, &start);
        if (found)
            turn(c, &v, start);
    }
    if (!found && (head.len > HEADERS || v.length > STUB_BYTES || !try_stub(c, &v, head)))
        return false;
    if (!keys_refine(c, head))
        return false;
    cipher_shorten(c);
    name_rolling(c);
    return c->kind != CIPHER_XOR || c->key_length > 1 || c->key[0] != 0;
}

bool keys_periodic(struct cipher *c, struct slice head)
{
    unsigned tries = 0;
    for (size_t at = WINDOW_FIRST; at <= KEYS_JUNK + WINDOW_STEP && at + WINDOW + LAG_MOST <= head.len; at += WINDOW_STEP) {
        unsigned lag = best_lag(head.p + at);
        if (lag == 0 || ordinary(head.p + at, lag))
            continue;
        if (try_period(c, head, at, lag))
            return true;
        if (++tries == TRIES)
            break;
    }
    return false;
}
