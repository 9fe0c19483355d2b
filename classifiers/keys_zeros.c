#include "classifiers/keys.h"
#include "classifiers/stub.h"

#include <math.h>

/* Where zeros stay zeros nothing shows the key but the stub's code and text, byte by byte. Keys that are longer than these
 * are not looked for: the rest of the program shows its places only by how common each byte is, and of the dozen bytes
 * that the head has for a place of a key of 256, that leaves some place or other a guess in nearly every program. */

enum {
    KEY_MOST = 56,       /* bytes of key that the stub covers */
    CERTAIN_BITS = 6     /* by which one of two key bytes has to be the likelier */
};

/* What the stub says of each place of the key. */
struct places {
    bool sure[CIPHER_KEY];       /* the key's byte is known, be it zero */
    uint8_t left[CIPHER_KEY];    /* else: the one byte that came through unchanged there; the key's is that or zero */
};

/* A known byte that came through unchanged is the key's, or the key's is zero; another one unchanged at the same place
 * leaves but zero. */
static bool read_stub(struct cipher *c, struct places *places, const uint8_t *body, const uint8_t *stub)
{
    memset(places, 0, sizeof *places);
    for (unsigned i = 0; i < STUB_BYTES; i++) {
        unsigned place = i % c->key_length;
        if (!stub_fixed(i) || stub[i] == 0)
            continue;
        uint8_t k = body[i] ^ stub[i], *key = &c->key[place];
        if (body[i] == 0 || (*key != 0 && k != *key && (k != 0 || stub[i] != *key)))
            return false;
        bool zero = k == 0 && places->left[place] != 0 && places->left[place] != stub[i];
        places->sure[place] = places->sure[place] || k != 0 || zero;
        if (k == 0)
            places->left[place] = stub[i];
        else
            *key = k;
    }
    for (unsigned i = 0; i < STUB_BYTES; i++) { /* what came through unchanged before its key byte was known */
        uint8_t key = c->key[i % c->key_length];
        if (stub_fixed(i) && stub[i] != 0 && body[i] == stub[i] && key != 0 && key != stub[i])
            return false;
    }
    return true;
}

/* Between the two bytes that are left for a place the rest of the program decides: one makes of it what is as common
 * elsewhere, the other makes noise. False where both might be. */
static bool read_rest(struct cipher *c, const struct places *places, struct slice body)
{
    float common[CIPHER_KEY], gain[CIPHER_KEY] = {0};
    uint8_t plain[KEYS_HEAD];
    struct cipher_stream s;
    for (unsigned i = 0; i < CIPHER_KEY; i++)
        common[i] = 1;
    cipher_start(&s, c);
    cipher_decode(&s, body.p, plain, body.len);
    for (size_t i = 0; i < body.len; i++)
        common[plain[i]] += places->sure[i % c->key_length];
    for (unsigned i = 0; i < CIPHER_KEY; i++)
        common[i] = log2f(common[i]);
    for (size_t i = 0; i < body.len; i++) {
        uint8_t key = places->left[i % c->key_length];
        if (body.p[i] != 0 && body.p[i] != key)
            gain[i % c->key_length] += common[body.p[i] ^ key] - common[body.p[i]];
    }
    for (unsigned place = 0; place < c->key_length; place++) {
        if (places->sure[place])
            continue;
        if (places->left[place] == 0 || fabsf(gain[place]) < CERTAIN_BITS)
            return false;
        c->key[place] = gain[place] > 0 ? places->left[place] : 0;
    }
    return true;
}

static bool same_zeros(const uint8_t *body, const uint8_t *stub)
{
    for (size_t i = 0; i < STUB_BYTES; i++)
        if (stub_firm(stub, i) && (body[i] == 0) != (stub[i] == 0))
            return false;
    return true;
}

bool keys_skip_zero(struct cipher *c, struct slice head, size_t at)
{
    static const uint8_t zeros[STUB_ZEROS];
    struct slice body = slice_from(head, at);
    if (body.len < STUB_BYTES || memcmp(body.p + PE_ZEROS, zeros, sizeof zeros) != 0)
        return false;
    for (size_t i = 0; i < STUBS; i++)
        for (unsigned length = 1; length <= KEY_MOST && same_zeros(body.p, stub_bytes[i]); length++) {
            *c = (struct cipher){.kind = CIPHER_SKIP_ZERO, .offset = (uint16_t)at, .key_length = (uint16_t)length};
            struct places places;
            if (read_stub(c, &places, body.p, stub_bytes[i]) && read_rest(c, &places, body) && cipher_confirm(c, head)) {
                cipher_shorten(c);
                return true;
            }
        }
    return false;
}
