#include "classifiers/keys.h"
#include "classifiers/stub.h"

enum {
    ROUND_MOST = 16 /* longest rolling key: two rounds within the header's zeros */
};

/* Thirty-two zeros under a repeating key show that key, turned by where they begin: for each length the bytes that
 * cover M and Z are read off them first, so that a body that is nothing costs two comparisons a length. */
bool keys_short(struct cipher *c, struct slice head, size_t at)
{
    /* where in the zeros the key's first byte stands, by key length: -PE_ZEROS modulo the length */
    static const uint8_t first[KEYS_SHORT + 1] = {0,  0, 0, 2, 0, 2,  2,  0,  4,  8,  2,  5,  8,  11, 0,  2, 4,
                                                  6,  8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 0, 1,  2,  3, 4};
    struct slice body = slice_from(head, at);
    if (body.len < PE_DOS)
        return false;
    const uint8_t *zeros = body.p + PE_ZEROS;
    uint8_t m = body.p[0] ^ 'M', z = body.p[1] ^ 'Z';
    for (unsigned length = 1; length <= KEYS_SHORT; length++) {
        unsigned second = first[length] + 1u < length ? first[length] + 1u : 0;
        if (zeros[first[length]] != m || zeros[second] != z)
            continue;
        unsigned zone = length <= STUB_ZEROS ? STUB_ZEROS : PE_ZEROS_LEN;
        if (memcmp(zeros, zeros + length, zone - length) != 0)
            continue;
        *c = (struct cipher){.kind = CIPHER_XOR, .offset = (uint16_t)at, .key_length = (uint16_t)length};
        for (unsigned i = 0; i < length; i++)
            c->key[i] = zeros[(first[length] + i) % length];
        if (!cipher_confirm(c, head))
            continue;
        if (length > STUB_ZEROS && !keys_refine(c, head))
            continue;
        cipher_shorten(c);
        if (c->key_length == 1 && c->key[0] == 0) {
            c->kind = CIPHER_NONE;
            c->key_length = 0;
        }
        return true;
    }
    return false;
}

/* A key of several bytes to each of which a step is added after every round: in the header's zeros bytes one key length
 * apart differ by that step. */
static bool rolling_rounds(struct cipher *c, struct slice head, size_t at)
{
    const uint8_t *zeros = head.p + at + PE_ZEROS;
    for (unsigned length = 2; length <= ROUND_MOST; length++) {
        uint8_t step = (uint8_t)(zeros[length] - zeros[0]);
        unsigned same = 1;
        while (same + length < PE_ZEROS_LEN && (uint8_t)(zeros[same + length] - zeros[same]) == step)
            same++;
        if (step == 0 || same + length < PE_ZEROS_LEN)
            continue;
        *c = (struct cipher){.kind = CIPHER_ROLLING, .rule = RULE_ADD, .offset = (uint16_t)at, .key_length = (uint16_t)length};
        c->step = (int8_t)step;
        for (unsigned i = 0; i < length; i++)
            c->key[(PE_ZEROS + i) % length] = (uint8_t)(zeros[i] - step * ((PE_ZEROS + i) / length));
        if (cipher_confirm(c, head))
            return true;
    }
    return false;
}

/* The first key byte follows from the M, the rule says the next one, and the Z is its first proof. */
bool keys_rolling(struct cipher *c, struct slice head, size_t at)
{
    struct slice body = slice_from(head, at);
    if (body.len < PE_DOS)
        return false;
    uint8_t k = body.p[0] ^ 'M', next = body.p[1] ^ 'Z', first = body.p[0];
    const uint8_t expected[RULES] = {
        [RULE_ADD] = next,
        [RULE_INDEX] = k ^ 1,
        [RULE_INDEX_SUM] = k,
        [RULE_INDEX_SUM_1] = k ^ 1,
        [RULE_CIPHER] = first,
        [RULE_CIPHER_ADD] = (uint8_t)(k + first),
        [RULE_CIPHER_XOR] = k ^ first,
        [RULE_PLAIN] = 'M',
        [RULE_PLAIN_ADD] = (uint8_t)(k + 'M'),
    };
    c->zeros = 0;
    for (int rule = 0; rule < RULES; rule++) {
        if (expected[rule] != next || (rule == RULE_ADD && body.p[PE_ZEROS] != (uint8_t)(k + PE_ZEROS * (next - k))))
            continue;
        struct cipher rolling = {.kind = CIPHER_ROLLING, .rule = (enum cipher_rule)rule, .offset = (uint16_t)at, .key_length = 1};
        rolling.key[0] = k;
        rolling.step = rule == RULE_ADD ? (int8_t)(next - k) : 0;
        if (cipher_confirm(&rolling, head) && rolling.zeros > c->zeros)
            *c = rolling;
    }
    return c->zeros > 0 || rolling_rounds(c, head, at);
}

bool keys_find(struct cipher *c, struct slice head)
{
    head = slice_head(head, KEYS_HEAD);
    return keys_short(c, head, 0) || keys_rolling(c, head, 0) || keys_runs(c, head) || keys_periodic(c, head);
}
