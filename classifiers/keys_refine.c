#include "classifiers/keys.h"
#include "classifiers/keys_expect.h"

#include <math.h>

/* A long key has few bytes of the head to each of its places. Each place is therefore judged by all that is known of the
 * bytes it applies to: what the headers must have there, and else how common a byte is between such neighbours in this
 * very program, as far as the other places have shown it. The likeliest key byte wins where it is likelier than any other
 * by enough bits; where one place remains a guess, the key is none. */

enum {
    CLASSES = 5, CONTEXTS = CLASSES * CLASSES,
    BACKOFF = 24,           /* one byte in so many has to be in a context for it to be trusted as much as all contexts together */
    ROUNDS = 10, LAST_ROUNDS = 3,
    ENOUGH = 64             /* bytes of one place: more of them say no more than these */
};

struct judge {
    struct slice body;
    uint8_t plain[KEYS_HEAD];
    uint8_t context[KEYS_HEAD];
    struct expected expected;
    uint16_t all[CIPHER_KEY], seen[CONTEXTS][CIPHER_KEY];
    uint32_t total, sum[CONTEXTS];
    float bits[CONTEXTS][CIPHER_KEY];
};

static uint8_t class_of(uint8_t c)
{
    return c == 0 ? 0 : c >= 0x20 && c < 0x7f ? 1 : c == 0xff || c == 0xcc || c == 0x90 ? 2 : c < 0x20 ? 3 : 4;
}

static float likely(const struct judge *j, unsigned context, uint8_t byte)
{
    float common = ((float)j->all[byte] + (byte == 0 ? 64 : 0.25f)) / ((float)j->total + 128);
    float backoff = (float)(j->body.len / BACKOFF);
    return log2f(((float)j->seen[context][byte] + backoff * common) / ((float)j->sum[context] + backoff));
}

static void count(struct judge *j, size_t i, int by)
{
    j->all[j->plain[i]] = (uint16_t)(j->all[j->plain[i]] + by);
    j->seen[j->context[i]][j->plain[i]] = (uint16_t)(j->seen[j->context[i]][j->plain[i]] + by);
    j->total += (uint32_t)by;
    j->sum[j->context[i]] += (uint32_t)by;
}

static void learn(struct judge *j, const struct cipher *c)
{
    struct cipher_stream s;
    cipher_start(&s, c);
    cipher_decode(&s, j->body.p, j->plain, j->body.len);
    keys_expect(&j->expected, slice_of(j->plain, j->body.len));
    memset(j->all, 0, sizeof j->all);
    memset(j->seen, 0, sizeof j->seen);
    memset(j->sum, 0, sizeof j->sum);
    j->total = 0;
    for (size_t i = 0; i < j->body.len; i++) {
        uint8_t before = i > 0 ? j->plain[i - 1] : 0, after = i + 1 < j->body.len ? j->plain[i + 1] : 0;
        j->context[i] = (uint8_t)(class_of(before) * CLASSES + class_of(after));
        count(j, i, 1);
    }
    for (unsigned context = 0; context < CONTEXTS; context++)
        for (unsigned byte = 0; byte < CIPHER_KEY; byte++)
            j->bits[context][byte] = likely(j, context, (uint8_t)byte);
}

static uint8_t undo(const struct cipher *c, uint8_t byte, uint8_t key)
{
    return c->kind == CIPHER_SKIP_ZERO && (byte == 0 || byte == key) ? byte : byte ^ key;
}

/* The key bytes worth a look: under which some byte of the place is zero, or what is expected there. All of them in the
 * end, since the right one may be none of these. */
static void choose(const struct judge *j, const struct cipher *c, unsigned place, bool all, bool chosen[static CIPHER_KEY])
{
    memset(chosen, all, CIPHER_KEY);
    chosen[c->key[place]] = true;
    for (size_t i = place; i < j->body.len; i += c->key_length)
        chosen[j->body.p[i] ^ j->expected.byte[i]] = true;
}

/* The keys under which this byte is the expected one cost nothing, all others its bits. Where zeros stay, no key makes a
 * zero of another byte, and two keep the byte that is expected: its own value and zero. */
static void add_expected(const struct judge *j, const struct cipher *c, size_t i, float now, float *score)
{
    uint8_t byte = j->body.p[i], expected = j->expected.byte[i], right = byte ^ expected, here = c->key[i % c->key_length];
    bool skip = c->kind == CIPHER_SKIP_ZERO;
    float gain = j->expected.bits[i] - j->bits[j->context[i]][expected];
    if (!skip || expected != 0)
        score[right] += gain - (right == here ? now : 0);
    if (skip && expected != 0 && byte == expected)
        score[byte] += gain - (byte == here ? now : 0);
}

/* What this byte says for each key: where something is expected it costs its bits not to be that. */
static void add_bits(const struct judge *j, const struct cipher *c, size_t i, float weight, const bool *chosen, float *score)
{
    uint8_t byte = j->body.p[i], here = c->key[i % c->key_length], bits = j->expected.bits[i];
    const float *common = j->bits[j->context[i]];
    if (c->kind == CIPHER_SKIP_ZERO && byte == 0)
        return;
    uint8_t plain = undo(c, byte, here);
    float now = likely(j, j->context[i], plain) - common[plain];
    weight = bits == 0 ? weight : 1;
    for (unsigned key = 0; key < CIPHER_KEY; key++)
        if (chosen[key])
            score[key] += weight * common[byte ^ key] - bits;
    if (c->kind == CIPHER_SKIP_ZERO)
        score[byte] += weight * (common[byte] - common[0]);
    score[here] += weight * now;
    if (bits > 0)
        add_expected(j, c, i, now, score);
}

/* What the place itself showed is taken out of the counts while it is judged. */
static void score_place(struct judge *j, const struct cipher *c, unsigned place, const bool *chosen, float *score)
{
    float weight = fminf(1, ENOUGH * (float)c->key_length / (float)j->body.len);
    memset(score, 0, CIPHER_KEY * sizeof *score);
    for (size_t i = place; i < j->body.len; i += c->key_length)
        count(j, i, -1);
    for (size_t i = place; i < j->body.len; i += c->key_length)
        add_bits(j, c, i, weight, chosen, score);
    for (size_t i = place; i < j->body.len; i += c->key_length)
        count(j, i, 1);
}

/* By how much this key is likelier than any other. */
static float ahead(const float *score, const bool *chosen, uint8_t best)
{
    float second = -INFINITY;
    for (unsigned key = 0; key < CIPHER_KEY; key++)
        if (chosen[key] && key != best && score[key] > second)
            second = score[key];
    return score[best] - second;
}

/* True where the place is certain. */
static bool judge_place(struct judge *j, struct cipher *c, unsigned place, bool all)
{
    float score[CIPHER_KEY];
    bool chosen[CIPHER_KEY];
    uint8_t best = c->key[place];
    choose(j, c, place, all, chosen);
    score_place(j, c, place, chosen, score);
    for (unsigned key = 0; key < CIPHER_KEY; key++)
        if (chosen[key] && score[key] > score[best])
            best = (uint8_t)key;
    c->key[place] = best;
    return ahead(score, chosen, best) >= KEYS_CERTAIN;
}

/* A key that was read off the stub's text fits that text, whether it is there or not: the rest of the header tells. */
static bool fits_header(const struct judge *j, const struct pe *pe)
{
    unsigned fits = 0, all = 0;
    for (size_t i = PE_DOS; i < j->body.len && i < pe->table_end; i++)
        if (j->expected.bits[i] > 0) {
            fits += j->plain[i] == j->expected.byte[i];
            all++;
        }
    return fits * 10 >= all * 7;
}

/* Judges all places anew; true where all are certain. */
static bool judge(struct judge *j, struct cipher *c, bool all)
{
    struct cipher next = *c;
    bool certain = true;
    learn(j, c);
    for (unsigned place = 0; place < c->key_length && (certain || !all); place++)
        certain = judge_place(j, &next, place, all) && certain;
    memcpy(c->key, next.key, sizeof c->key);
    return certain;
}

void keys_doubt(const struct cipher *c, struct slice head, float bits[static CIPHER_KEY])
{
    struct judge j = {.body = slice_head(slice_from(head, c->offset), KEYS_HEAD)};
    bool all[CIPHER_KEY];
    float score[CIPHER_KEY];
    memset(all, true, sizeof all);
    learn(&j, c);
    for (unsigned place = 0; place < c->key_length; place++) {
        score_place(&j, c, place, all, score);
        bits[place] = ahead(score, all, c->key[place]);
    }
}

bool keys_refine(struct cipher *c, struct slice head)
{
    struct judge j = {.body = slice_head(slice_from(head, c->offset), KEYS_HEAD)};
    struct cipher before;
    bool certain = false, all = false;
    for (int round = 0; round < ROUNDS; round++) {
        before = *c;
        certain = judge(&j, c, all);
        bool same = memcmp(before.key, c->key, sizeof c->key) == 0;
        if (same && all)
            break;
        all = all || same || round == ROUNDS - LAST_ROUNDS - 1;
    }
    return certain && memcmp(before.key, c->key, sizeof c->key) == 0 && cipher_confirm(c, head) && fits_header(&j, &c->pe);
}
