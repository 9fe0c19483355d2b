#include "classifiers/keys.h"
#include "classifiers/stub.h"

#include <math.h>

/* Where zeros stay zeros, the stub's code and text show the key, byte by byte, and its length, as long as some bytes of the
 * DOS header fall on the same places as some of the text. For the places that the stub leaves open the rest of the program
 * is asked; and for the length of a longer key, too: bytes one key length apart are equal more often than by chance. */

enum {
    STUB_MOST = 112,     /* longest key whose length the stub shows */
    PAIR_CHANCE = 128,   /* of so many pairs of bytes one is equal by chance, or less than that */
    PAIRS_LEAST = 12     /* so many more say that it is not chance */
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
    return best - second >= KEYS_CERTAIN;
}

/* How common each byte is, in bits, the places tell whose key is known. False where some of the others remain a guess. */
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
    bool certain = true;
    for (unsigned place = 0; place < c->key_length; place++)
        if (!places->sure[place])
            certain = read_place(c, common, body, place, places->left[place]) && certain;
    return certain;
}

/* A key that leaves most bytes as they are hides nothing: what it makes whole is a damaged program. */
static bool hides(const struct cipher *c)
{
    unsigned zeros = 0;
    for (unsigned i = 0; i < c->key_length; i++)
        zeros += c->key[i] == 0;
    return zeros * 2 <= c->key_length;
}

/* By how many more bytes this far apart are equal than by chance. */
static int repeats(struct slice body, size_t lag)
{
    unsigned pairs = 0, equal = 0;
    for (size_t i = 0; i + lag < body.len; i++) {
        bool both = body.p[i] != 0 && body.p[i + lag] != 0;
        pairs += both;
        equal += both && body.p[i] == body.p[i + lag];
    }
    return (int)equal - (int)(pairs / PAIR_CHANCE);
}

/* The length that shows so, 0 where none does: of several, which are multiples of it, the shortest. */
static unsigned length_of(struct slice body)
{
    int more[CIPHER_KEY + 1], most = PAIRS_LEAST;
    for (unsigned length = KEYS_SHORT; length <= CIPHER_KEY; length++) {
        more[length] = repeats(body, length);
        most = more[length] > most ? more[length] : most;
    }
    for (unsigned length = KEYS_SHORT; length <= CIPHER_KEY; length++)
        if (more[length] * 10 >= most * 7)
            return length;
    return 0;
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
    unsigned shown = CIPHER_KEY + 1; /* not yet looked for */
    for (size_t i = 0; i < STUBS; i++)
        for (unsigned length = 1; length <= CIPHER_KEY && same_zeros(body.p, stub_bytes[i]); length++) {
            *c = (struct cipher){.kind = CIPHER_SKIP_ZERO, .offset = (uint16_t)at, .key_length = (uint16_t)length};
            struct places places;
            if (length == KEYS_SHORT)
                shown = length_of(body);
            if ((length > STUB_MOST && length != shown) || !read_stub(c, &places, body.p, stub_bytes[i]))
                continue;
            bool certain = read_rest(c, &places, body) && length <= STUB_MOST;
            if ((certain || (length == shown && keys_refine(c, head))) && hides(c) && cipher_confirm(c, head)) {
                cipher_shorten(c);
                return true;
            }
        }
    return false;
}
