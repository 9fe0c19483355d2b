#include "classifiers/cipher.h"

enum { HEAD = 8192 };

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
    uint8_t sum = c->key[0];
    for (size_t i = 0; i < s->period; i++) {
        if (c->kind != CIPHER_ROLLING)
            s->pad[i] = c->key_length > 0 ? c->key[i % length] : 0;
        else if (c->rule == RULE_ADD)
            s->pad[i] = (uint8_t)(c->key[i % length] + (int)(i / length) * c->step);
        else if (c->rule == RULE_INDEX)
            s->pad[i] = (uint8_t)(c->key[0] ^ i);
        else
            s->pad[i] = sum ^= (uint8_t)(i == 0 ? 0 : c->rule == RULE_INDEX_SUM ? i - 1 : i);
    }
    if (c->kind == CIPHER_ROLLING && c->rule == RULE_ADD)
        s->wrap = (uint8_t)((int)rounds * c->step);
}

static void decode_pad(struct cipher_stream *s, const uint8_t *restrict in, uint8_t *restrict out, size_t n)
{
    const uint8_t *pad = s->pad + s->at;
    if (s->kind == CIPHER_SKIP_ZERO)
        for (size_t i = 0; i < n; i++)
            out[i] = in[i] == 0 || in[i] == pad[i] ? in[i] : in[i] ^ pad[i];
    else
        for (size_t i = 0; i < n; i++)
            out[i] = in[i] ^ pad[i];
    s->at += n;
    if (s->at < s->period)
        return;
    s->at = 0;
    for (size_t i = 0; s->wrap != 0 && i < s->period; i++)
        s->pad[i] = (uint8_t)(s->pad[i] + s->wrap);
}

static void decode_feedback(struct cipher_stream *s, const uint8_t *in, uint8_t *out, size_t n)
{
    uint8_t k = s->k;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = in[i], p = c ^ k;
        k = s->rule == RULE_CIPHER ? c : s->rule == RULE_CIPHER_ADD ? (uint8_t)(k + c) : s->rule == RULE_CIPHER_XOR ? k ^ c :
            s->rule == RULE_PLAIN ? p : (uint8_t)(k + p);
        out[i] = p;
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
