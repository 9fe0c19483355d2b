#include "classifiers/keys_expect.h"
#include "classifiers/stub.h"

/* A key that is right in most places only shows the header well enough to find it; the header then shows the rest of the
 * key, since half of its fields are the same in every program. */

enum {
    CERTAIN = 40, SURE = 14, LIKELY = 9, /* bits */
    STUB_MATCHES = 40,          /* of the stub's 126 fixed bytes, */
    STUB_LETTERS = 12,          /* of which so many of the 64 that are not zero */
    STUB_WHOLE = 100,           /* nothing else has so many */
    STUB_TEXT = 0x72,           /* up to here all have the same text: one kind goes on with Win32 or Win64 */
    HEADER_FIT = 60, HEADER_TELLING = 4,
    COFF_END = 24, SECTION = 40, SECTIONS_MOST = 24, ROW_ZEROS = 8,
    BLOCK = 16, BLOCK_ZEROS = 10
};

struct rule {
    uint16_t at, n;         /* in its structure: where, how many bytes */
    uint32_t value;         /* little-endian, in the first four of them */
    uint8_t bits;
};

/* COFF header from "PE\0\0" on, and the optional header's part that both kinds have at the same place. */
static const struct rule header_rules[] = {
    {0, 4, 0x4550, SURE},         {7, 1, 0, SURE},              {12, 8, 0, LIKELY},         {21, 1, 0, SURE},
    {24 + 7, 1, 0, LIKELY},       {24 + 11, 1, 0, LIKELY},      {24 + 15, 1, 0, LIKELY},    {24 + 19, 1, 0, LIKELY},
    {24 + 23, 1, 0, LIKELY},      {24 + 32, 4, 0x1000, LIKELY}, {24 + 36, 4, 0x200, LIKELY}, {24 + 41, 1, 0, SURE},
    {24 + 43, 1, 0, SURE},        {24 + 45, 1, 0, LIKELY},      {24 + 47, 1, 0, LIKELY},    {24 + 49, 1, 0, SURE},
    {24 + 51, 1, 0, SURE},        {24 + 52, 4, 0, LIKELY},      {24 + 59, 1, 0, LIKELY},    {24 + 60, 1, 0, LIKELY},
    {24 + 62, 2, 0, LIKELY},      {24 + 69, 1, 0, SURE},
};

/* Sizes, stack and heap, loader flags and the number of directories; by the magic. */
static const struct rule pe32_rules[] = {
    {0, 2, 0x10b, SURE}, {28, 2, 0, LIKELY}, {72, 2, 0, LIKELY}, {75, 1, 0, LIKELY}, {76, 1, 0, LIKELY}, {78, 2, 0, LIKELY},
    {80, 2, 0, LIKELY},  {83, 1, 0, LIKELY}, {84, 1, 0, LIKELY}, {86, 2, 0, LIKELY}, {88, 4, 0, LIKELY}, {92, 4, 16, SURE},
};
static const struct rule pe32_plus_rules[] = {
    {0, 2, 0x20b, SURE}, {24, 2, 0, LIKELY}, {29, 3, 0, LIKELY}, {72, 2, 0, LIKELY}, {75, 5, 0, LIKELY},  {80, 1, 0, LIKELY},
    {82, 6, 0, LIKELY},  {88, 2, 0, LIKELY}, {91, 5, 0, LIKELY}, {96, 1, 0, LIKELY}, {98, 6, 0, LIKELY},  {104, 4, 0, LIKELY},
    {108, 4, 16, SURE},
};

static const struct rule directory_rules[] = {{3, 1, 0, LIKELY}, {7, 1, 0, LIKELY}};
static const struct rule section_rules[] = {
    {11, 1, 0, LIKELY}, {12, 1, 0, SURE}, {15, 1, 0, LIKELY}, {19, 1, 0, LIKELY}, {16, 1, 0, LIKELY}, {20, 1, 0, LIKELY},
    {23, 1, 0, LIKELY}, {24, 12, 0, LIKELY}, {37, 1, 0, LIKELY},
};

/* The two kinds of image, and what their COFF header says of them. */
static const struct shape {
    const struct rule *rules;
    size_t count;
    uint16_t optional_size, directories;
    uint16_t machines[2];
} shapes[] = {
    {pe32_rules, sizeof pe32_rules / sizeof *pe32_rules, 0xe0, 96, {0x014c, 0x01c4}},
    {pe32_plus_rules, sizeof pe32_plus_rules / sizeof *pe32_plus_rules, 0xf0, 112, {0x8664, 0xaa64}},
};

static uint8_t rule_byte(const struct rule *rule, size_t i)
{
    return i < 4 ? (uint8_t)(rule->value >> (8 * i)) : 0;
}

static void apply(struct expected *e, size_t base, const struct rule *rules, size_t n)
{
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < rules[r].n && base + rules[r].at + i < e->len; i++) {
            e->byte[base + rules[r].at + i] = rule_byte(&rules[r], i);
            e->bits[base + rules[r].at + i] = rules[r].bits;
        }
}

/* Matches: six for a byte that is not zero, which nothing but a header has there; one for a zero. */
static int fit(struct slice plain, size_t base, const struct rule *rules, size_t n, unsigned *telling)
{
    int score = 0;
    for (size_t r = 0; r < n; r++)
        for (size_t i = 0; i < rules[r].n && base + rules[r].at + i < plain.len; i++) {
            uint8_t right = rule_byte(&rules[r], i);
            bool same = plain.p[base + rules[r].at + i] == right;
            *telling += same && right != 0;
            score += !same ? -1 : right != 0 ? 6 : 1;
        }
    return score;
}

static int fit_shape(struct slice plain, size_t at, const struct shape *shape, uint16_t machine, unsigned *telling)
{
    const struct rule facts[] = {{4, 2, machine, SURE}, {20, 2, shape->optional_size, SURE}};
    return fit(plain, at, facts, 2, telling) + fit(plain, at + COFF_END, shape->rules, shape->count, telling);
}

struct header {
    size_t at;
    const struct shape *shape;
    uint16_t machine;
};

/* The place that fits best; false where none does well enough. */
static bool find_header(struct header *best, struct slice plain)
{
    int most = HEADER_FIT;
    *best = (struct header){0};
    for (size_t at = PE_DOS; at + COFF_END < plain.len && at < PE_HEADER_MAX; at += 4) {
        unsigned common = 0;
        int score = fit(plain, at, header_rules, sizeof header_rules / sizeof *header_rules, &common);
        for (size_t i = 0; score > 0 && i < 4; i++) {
            const struct shape *shape = &shapes[i / 2];
            unsigned telling = common;
            int fits = score + fit_shape(plain, at, shape, shape->machines[i % 2], &telling);
            if (telling < HEADER_TELLING || fits <= most)
                continue;
            most = fits;
            *best = (struct header){at, shape, shape->machines[i % 2]};
        }
    }
    return best->at != 0;
}

/* A section's name begins with printable characters, and it has no relocations and line numbers of its own. */
static bool is_section(struct slice plain, size_t at)
{
    unsigned zeros = 0, letters = 0;
    for (size_t i = 0; i < 3; i++)
        letters += plain.p[at + i] >= '.' && plain.p[at + i] < 0x7f;
    for (size_t i = 24; i < 36; i++)
        zeros += plain.p[at + i] == 0;
    return letters >= 2 && zeros >= ROW_ZEROS;
}

static size_t count_sections(struct slice plain, size_t table)
{
    size_t n = 0;
    while (n < SECTIONS_MOST && table + (n + 1) * SECTION <= plain.len && is_section(plain, table + n * SECTION))
        n++;
    return n;
}

static void expect_header(struct expected *e, const struct header *h, struct slice plain)
{
    size_t optional = h->at + COFF_END, table = optional + h->shape->optional_size, rows = count_sections(plain, table);
    const struct rule facts[] = {{4, 2, h->machine, SURE}, {20, 2, h->shape->optional_size, SURE}};
    apply(e, PE_E_LFANEW, &(struct rule){0, 4, (uint32_t)h->at, SURE}, 1);
    apply(e, h->at, header_rules, sizeof header_rules / sizeof *header_rules);
    apply(e, h->at, facts, 2);
    apply(e, optional, h->shape->rules, h->shape->count);
    for (size_t at = optional + h->shape->directories; at + 8 <= table; at += 8)
        apply(e, at, directory_rules, sizeof directory_rules / sizeof *directory_rules);
    for (size_t i = 0; i < rows; i++)
        apply(e, table + i * SECTION, section_rules, sizeof section_rules / sizeof *section_rules);
    if (rows > 0 && table + (rows + 1) * SECTION <= plain.len)
        apply(e, h->at, &(struct rule){6, 1, (uint32_t)rows, LIKELY}, 1);
}

/* How much of this stub is there; `letters`: of its bytes that are not zero. */
static unsigned count_stub(struct slice plain, const uint8_t *stub, unsigned *letters)
{
    unsigned same = 0;
    *letters = 0;
    for (size_t i = 0; i < STUB_BYTES; i++)
        if (stub_fixed(i) && plain.p[i] == stub[i]) {
            same++;
            *letters += stub[i] != 0;
        }
    return same;
}

/* The stub that fits best. */
static const uint8_t *find_stub(struct slice plain, unsigned *same, unsigned *letters)
{
    const uint8_t *best = stub_bytes[0];
    *same = count_stub(plain, best, letters);
    for (size_t s = 1; s < STUBS; s++) {
        unsigned told, n = count_stub(plain, stub_bytes[s], &told);
        if (n <= *same)
            continue;
        best = stub_bytes[s];
        *same = n;
        *letters = told;
    }
    return best;
}

unsigned keys_stub_matches(struct slice plain, unsigned *letters)
{
    unsigned same;
    (void)find_stub(plain, &same, letters);
    return same;
}

static void expect_stub(struct expected *e, struct slice plain)
{
    unsigned same, letters;
    if (plain.len < STUB_BYTES)
        return;
    const uint8_t *stub = find_stub(plain, &same, &letters);
    if (same < STUB_MATCHES || letters < STUB_LETTERS)
        return;
    for (size_t i = 0; i < STUB_BYTES; i++)
        if (stub_fixed(i)) {
            bool firm = stub_firm(stub, i) && i < STUB_TEXT;
            e->byte[i] = stub[i];
            e->bits[i] = !firm ? LIKELY : same >= STUB_WHOLE ? CERTAIN : SURE;
        }
}

void keys_expect(struct expected *e, struct slice plain)
{
    struct header header;
    memset(e, 0, sizeof *e);
    e->len = plain.len;
    apply(e, 0, &(struct rule){0, 2, 'M' | 'Z' << 8, SURE}, 1);
    expect_stub(e, plain);
    if (find_header(&header, plain))
        expect_header(e, &header, plain);
}
