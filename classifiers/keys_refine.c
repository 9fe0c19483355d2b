#include "classifiers/keys.h"
#include "classifiers/stub.h"

/* A long key has few bytes of the head to each of its places, and what the code behind the header repeats may outvote
 * them. But the header that the key uncovered says where it has zeros and other fixed bytes: these vote with a weight of
 * their own, for the key byte that gives what has to stand there. */

enum {
    NEAR = 4,               /* bytes on either side whose zeros make a zero likely */
    SURE = 1000,            /* the stub, and zeros that the format itself demands */
    LIKELY = 100,           /* what linkers do */
    STUB_MATCHES = 100,     /* of the stub's 126 fixed bytes */
    ROUNDS = 2,
    DOUBT = 30              /* votes against a key byte that are taken for granted */
};

struct ballot {
    uint8_t expected[KEYS_HEAD];
    uint16_t weight[KEYS_HEAD];
    size_t len;
};

struct rule {
    uint16_t at, n;         /* in its structure: where, how many bytes */
    uint32_t value;         /* little-endian, in the first four of them */
    uint16_t weight;
};

/* COFF header from "PE\0\0" on, and the optional header's part that both kinds have at the same place. */
static const struct rule header_rules[] = {
    {0, 4, 0x4550, SURE},         {7, 1, 0, SURE},             {12, 8, 0, LIKELY},        {21, 1, 0, SURE},
    {24 + 7, 1, 0, LIKELY},       {24 + 11, 1, 0, LIKELY},     {24 + 15, 1, 0, LIKELY},   {24 + 19, 1, 0, LIKELY},
    {24 + 23, 1, 0, LIKELY},      {24 + 32, 4, 0x1000, LIKELY}, {24 + 36, 4, 0x200, LIKELY}, {24 + 41, 1, 0, SURE},
    {24 + 43, 1, 0, SURE},        {24 + 45, 1, 0, LIKELY},     {24 + 47, 1, 0, LIKELY},   {24 + 49, 1, 0, SURE},
    {24 + 51, 1, 0, SURE},        {24 + 52, 4, 0, LIKELY},     {24 + 59, 1, 0, LIKELY},   {24 + 62, 2, 0, LIKELY},
    {24 + 69, 1, 0, SURE},
};

/* Stack and heap sizes, loader flags and the number of directories; by the magic. */
static const struct rule pe32_rules[] = {
    {28, 2, 0, LIKELY}, {72, 2, 0, LIKELY}, {75, 1, 0, LIKELY}, {76, 1, 0, LIKELY}, {78, 2, 0, LIKELY}, {80, 2, 0, LIKELY},
    {83, 1, 0, LIKELY}, {84, 1, 0, LIKELY}, {86, 2, 0, LIKELY}, {88, 4, 0, LIKELY}, {92, 4, 16, SURE},
};
static const struct rule pe32_plus_rules[] = {
    {24, 2, 0, LIKELY}, {29, 3, 0, LIKELY}, {72, 2, 0, LIKELY}, {75, 5, 0, LIKELY}, {80, 1, 0, LIKELY}, {82, 6, 0, LIKELY},
    {88, 2, 0, LIKELY}, {91, 5, 0, LIKELY}, {96, 1, 0, LIKELY}, {98, 6, 0, LIKELY}, {104, 4, 0, LIKELY}, {108, 4, 16, SURE},
};

static const struct rule directory_rules[] = {{3, 1, 0, LIKELY}, {7, 1, 0, LIKELY}};
static const struct rule section_rules[] = {
    {11, 1, 0, LIKELY}, {12, 1, 0, SURE}, {15, 1, 0, LIKELY}, {19, 1, 0, LIKELY}, {16, 1, 0, LIKELY}, {20, 1, 0, LIKELY},
    {23, 1, 0, LIKELY}, {24, 12, 0, LIKELY}, {37, 1, 0, LIKELY},
};

static void apply(struct ballot *b, size_t base, const struct rule *rules, size_t n)
{
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < rules[r].n && base + rules[r].at + i < b->len; i++) {
            size_t at = base + rules[r].at + i;
            b->expected[at] = i < 4 ? (uint8_t)(rules[r].value >> (8 * i)) : 0;
            b->weight[at] = rules[r].weight;
        }
}

/* Everywhere: zero, with a weight by the zeros around it under the present key. */
static void expect_zeros(struct ballot *b, const uint8_t *plain)
{
    for (size_t i = 0; i < b->len; i++) {
        unsigned zeros = 0;
        for (size_t j = i > NEAR ? i - NEAR : 0; j <= i + NEAR && j < b->len; j++)
            zeros += j != i && plain[j] == 0;
        b->expected[i] = 0;
        b->weight[i] = (uint16_t)(1 + zeros * zeros);
    }
}

static void expect_stub(struct ballot *b, const uint8_t *plain)
{
    for (size_t s = 0; s < STUBS && b->len >= STUB_BYTES; s++) {
        unsigned same = 0;
        for (size_t i = 0; i < STUB_BYTES; i++)
            same += stub_fixed(i) && plain[i] == stub_bytes[s][i];
        for (size_t i = 0; same >= STUB_MATCHES && i < STUB_BYTES; i++)
            if (stub_fixed(i) && (stub_bytes[s][i] != 0 || stub_firm(stub_bytes[s], i))) {
                b->expected[i] = stub_bytes[s][i];
                b->weight[i] = stub_firm(stub_bytes[s], i) ? SURE : LIKELY;
            }
    }
}

static void expect_header(struct ballot *b, const struct pe *pe)
{
    apply(b, PE_E_LFANEW, &(struct rule){0, 4, pe->header, SURE}, 1);
    size_t optional = pe->header + 24, table = pe->table_end - pe->sections * 40u, directories = optional + (pe->plus ? 112 : 96);
    apply(b, pe->header, header_rules, sizeof header_rules / sizeof *header_rules);
    if (pe->plus)
        apply(b, optional, pe32_plus_rules, sizeof pe32_plus_rules / sizeof *pe32_plus_rules);
    else
        apply(b, optional, pe32_rules, sizeof pe32_rules / sizeof *pe32_rules);
    for (size_t at = directories; at + 8 <= table && at < directories + 128; at += 8)
        apply(b, at, directory_rules, sizeof directory_rules / sizeof *directory_rules);
    for (size_t at = table; at < pe->table_end; at += 40)
        apply(b, at, section_rules, sizeof section_rules / sizeof *section_rules);
}

/* Between the section table and the first section there is nothing but zeros, in all files but a few. */
static void expect_padding(struct ballot *b, const struct pe *pe, const uint8_t *plain)
{
    size_t end = pe->size_of_headers < b->len ? pe->size_of_headers : b->len, zeros = 0;
    for (size_t i = pe->table_end; i < end; i++)
        zeros += plain[i] == 0;
    for (size_t i = pe->table_end; i < end && zeros * 10 >= (end - pe->table_end) * 8; i++)
        b->weight[i] = LIKELY;
}

/* False where a place of the key is not shown for certain: another byte has as many votes, or there are hardly any. */
static bool elect(struct cipher *c, const struct ballot *b, const uint8_t *body)
{
    bool certain = true;
    for (unsigned place = 0; place < c->key_length; place++) {
        uint32_t count[CIPHER_KEY] = {0}, second = 0;
        uint8_t best = c->key[place];
        for (size_t i = place; i < b->len; i += c->key_length) {
            uint8_t key = body[i] ^ b->expected[i];
            count[key] += b->weight[i];
            if (count[key] > count[best])
                best = key;
        }
        for (unsigned key = 0; key < CIPHER_KEY; key++)
            if (key != best && count[key] > second)
                second = count[key];
        certain = certain && count[best] >= second + DOUBT;
        c->key[place] = best;
    }
    return certain;
}

/* A key that was read off the stub's text fits that text, whether it is there or not: the rest of the header tells. */
static bool fits_header(const struct ballot *b, const struct cipher *c, const uint8_t *body)
{
    unsigned fits = 0, all = 0;
    for (size_t i = STUB_BYTES; i < b->len && i < c->pe.table_end; i++)
        if (b->weight[i] >= LIKELY) {
            fits += (body[i] ^ c->key[i % c->key_length]) == b->expected[i];
            all++;
        }
    return fits * 10 >= all * 9;
}

bool keys_refine(struct cipher *c, struct slice head)
{
    struct slice body = slice_head(slice_from(head, c->offset), KEYS_HEAD);
    bool certain = false;
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t plain[KEYS_HEAD];
        struct ballot b = {.len = body.len};
        struct cipher refined = *c;
        struct cipher_stream s;
        cipher_start(&s, c);
        cipher_decode(&s, body.p, plain, body.len);
        expect_zeros(&b, plain);
        expect_stub(&b, plain);
        expect_header(&b, &c->pe);
        expect_padding(&b, &c->pe, plain);
        certain = elect(&refined, &b, body.p) && fits_header(&b, &refined, body.p);
        if (!cipher_confirm(&refined, head))
            return false;
        *c = refined;
    }
    return certain;
}
