#include "classifiers/cipher.h"

enum { HEAD = 8192, BLOCK = 64, ZEROS = 1024 };

static uint8_t skip_zero(uint8_t c, uint8_t k)
{
    return c == 0 || c == k ? c : c ^ k;
}

/* The keys that depend on the place alone come round after 256 bytes. */
static void index_pad(struct cipher_stream *s, uint8_t key)
{
    uint8_t sum = key;
    for (unsigned i = 0; i < CIPHER_KEY; i++) {
        if (s->rule == RULE_INDEX_SUM_1)
            sum ^= (uint8_t)i;
        s->pad[i] = s->rule == RULE_INDEX ? (uint8_t)(key ^ i) : sum;
        if (s->rule == RULE_INDEX_SUM)
            sum ^= (uint8_t)i;
    }
}

/* A rolling key that does not depend on the text is a long repeating one (256 bytes at most), and all repeating keys
 * become a pad of whole rounds: the loops over it have nothing but loads and stores and run at memory speed. */
void cipher_start(struct cipher_stream *s, const struct cipher *c)
{
    memset(s, 0, sizeof *s);
    s->kind = c->kind;
    s->rule = c->rule;
    s->k = c->key[0];
    size_t length = c->kind == CIPHER_ROLLING && c->rule != RULE_ADD ? CIPHER_KEY : c->key_length > 0 ? c->key_length : 1;
    size_t rounds = CIPHER_PAD / length;
    s->period = rounds * length;
    if (c->kind == CIPHER_ROLLING && c->rule != RULE_ADD)
        index_pad(s, c->key[0]);
    else
        memcpy(s->pad, c->key, length);
    for (size_t i = length; i < s->period; i++)
        s->pad[i] = (uint8_t)(s->pad[i - length] + c->step);
    s->wrap = (uint8_t)((int)rounds * c->step);
}

/* Undoes n bytes that one stretch of the pad covers. Blocks of a fixed length, which compilers turn into vectors. */
static void decode_pad(struct cipher_stream *s, const uint8_t *restrict in, uint8_t *restrict out, size_t n)
{
    const uint8_t *pad = s->pad + s->at;
    const bool skip = s->kind == CIPHER_SKIP_ZERO;
    size_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK)
        if (skip)
            for (size_t j = i; j < i + BLOCK; j++)
                out[j] = skip_zero(in[j], pad[j]);
        else
            for (size_t j = i; j < i + BLOCK; j++)
                out[j] = in[j] ^ pad[j];
    for (; i < n; i++)
        out[i] = skip ? skip_zero(in[i], pad[i]) : in[i] ^ pad[i];
    s->at += n;
    if (s->at < s->period)
        return;
    s->at = 0;
    for (size_t j = 0; s->wrap != 0 && j < s->period; j++)
        s->pad[j] = (uint8_t)(s->pad[j] + s->wrap);
}

static uint64_t word_of(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(word) : word;
}

static void put_word(uint8_t *p, uint64_t word)
{
    word = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(word) : word;
    memcpy(p, &word, sizeof word);
}

/* Feedback without carries, eight bytes at a time; returns the bytes done. What the ciphered byte before does to each is
 * there at once; the plain byte before is the XOR of all ciphered ones so far, which three shifts sum up. */
static size_t decode_words(struct cipher_stream *s, const uint8_t *restrict in, uint8_t *restrict out, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t c = word_of(in + i), plain = c ^ c << 8;
        if (s->rule == RULE_CIPHER) {
            put_word(out + i, plain ^ s->k);
            s->k = (uint8_t)(c >> 56);
            continue;
        }
        plain ^= plain << 16;
        plain ^= plain << 32;
        plain ^= s->k * 0x0101010101010101u;
        put_word(out + i, plain);
        s->k = (uint8_t)(plain >> 56);
    }
    return i;
}

/* One loop a rule: with the rule asked at every byte this would be half as fast. */
static void decode_feedback(struct cipher_stream *s, const uint8_t *restrict in, uint8_t *restrict out, size_t n)
{
    size_t i = s->rule == RULE_CIPHER_ADD || s->rule == RULE_PLAIN_ADD ? 0 : decode_words(s, in, out, n);
    uint8_t k = s->k;
    switch (s->rule) {
    case RULE_CIPHER:
        for (; i < n; k = in[i++])
            out[i] = in[i] ^ k;
        break;
    case RULE_CIPHER_ADD:
        for (; i < n; k = (uint8_t)(k + in[i++]))
            out[i] = in[i] ^ k;
        break;
    case RULE_CIPHER_XOR: /* what it makes of the key is the plain byte, too */
    case RULE_PLAIN:
        for (; i < n; i++)
            out[i] = k = in[i] ^ k;
        break;
    case RULE_PLAIN_ADD:
        for (; i < n; k = (uint8_t)(k + out[i++]))
            out[i] = in[i] ^ k;
        break;
    case RULE_ADD:
    case RULE_INDEX:
    case RULE_INDEX_SUM:
    case RULE_INDEX_SUM_1:
    case RULES:
        break; /* these are pads */
    }
    s->k = k;
}

void cipher_decode(struct cipher_stream *s, const uint8_t *in, uint8_t *out, size_t n)
{
    if (s->kind == CIPHER_NONE) {
        memcpy(out, in, n);
        return;
    }
    if (s->kind == CIPHER_ROLLING && s->rule >= RULE_CIPHER) {
        decode_feedback(s, in, out, n);
        return;
    }
    while (n > 0) {
        size_t run = s->period - s->at < n ? s->period - s->at : n;
        decode_pad(s, in, out, run);
        in += run;
        out += run;
        n -= run;
    }
}

/* Sixty-four bytes decide nearly always; only then the rest is worth decoding. */
bool cipher_confirm(struct cipher *c, struct slice head)
{
    uint8_t plain[HEAD];
    struct slice body = slice_head(slice_from(head, c->offset), HEAD);
    if (body.len < PE_DOS)
        return false;
    struct cipher_stream s;
    cipher_start(&s, c);
    cipher_decode(&s, body.p, plain, PE_DOS);
    if (!pe_dos(slice_of(plain, PE_DOS)))
        return false;
    cipher_decode(&s, body.p + PE_DOS, plain + PE_DOS, body.len - PE_DOS);
    c->zeros = 0;
    for (size_t i = 0; i < body.len && i < ZEROS; i++)
        c->zeros += plain[i] == 0;
    return pe_parse(&c->pe, slice_of(plain, body.len));
}

void cipher_shorten(struct cipher *c)
{
    for (uint16_t length = 1; length < c->key_length; length++)
        if (c->key_length % length == 0 && memcmp(c->key, c->key + length, (size_t)(c->key_length - length)) == 0) {
            c->key_length = length;
            return;
        }
}
