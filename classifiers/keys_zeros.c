#include "classifiers/keys.h"
#include "classifiers/stub.h"

#include <math.h>

/* Where zeros stay zeros, the stub's code and text show the key, byte by byte, and its length, as long as some bytes of the
 * DOS header fall on the same places as some of the text. For the places that the stub leaves open the rest of the program
 * is asked. No length shows beyond KEY_MOST, and of a key of 256 the sixteen bytes or so that the head has for each place
 * would leave one or another a guess in nearly every program. */

enum {
    KEY_MOST = 112,
    CERTAIN_BITS = 10    /* by which a key byte has to be likelier than any other */
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

/* The key byte that makes of this place what is commonest elsewhere; all others make noise. False where two might do. */
static bool read_place(struct cipher *c, const float *common, struct slice body, unsigned place, uint8_t left)
{
    float best = -INFINITY, second = -INFINITY;
    for (unsigned key = 0; key < CIPHER_KEY; key++) {
        float likely = 0;
        if (left != 0 && key != 0 && key != left)
            continue;
        for (size_t i = place; i < body.len; i += c->key_length)
            if (body.p[i] != 0)
                likely += common[body.p[i] == key ? key : body.p[i] ^ key];
        if (likely > best) {
            second = best;
            best = likely;
            c->key[place] = (uint8_t)key;
        } else if (likely > second) {
            second = likely;
        }
    }
    return best - second >= CERTAIN_BITS;
}

/* How common each byte is, in bits, the places tell whose key is known. */
static bool read_rest(struct cipher *c, const struct places *places, struct slice body)
{
    float common[CIPHER_KEY];
    uint8_t plain[KEYS_HEAD];
    struct cipher_stream s;
    for (unsigned i = 0; i < CIPHER_KEY; i++)
        common[i] = 0.5f;
    cipher_start(&s, c);
    cipher_decode(&s, body.p, plain, body.len);
    for (size_t i = 0; i < body.len; i++)
        common[plain[i]] += places->sure[i % c->key_length];
    for (unsigned i = 0; i < CIPHER_KEY; i++)
        common[i] = log2f(common[i]);
    for (unsigned place = 0; place < c->key_length; place++)
        if (!places->sure[place] && !read_place(c, common, body, place, places->left[place]))
            return false;
    return true;
}

/* A key that leaves most bytes as they are hides nothing: what it makes whole is a damaged program. */
static bool hides(const struct cipher *c)
{
    unsigned zeros = 0;
    for (unsigned i = 0; i < c->key_length; i++)
        zeros += c->key[i] == 0;
    return zeros * 2 <= c->key_length;
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
            if (read_stub(c, &places, body.p, stub_bytes[i]) && read_rest(c, &places, body) && hides(c) &&
                cipher_confirm(c, head)) {
                cipher_shorten(c);
                return true;
            }
        }
    return false;
}
