#include "classifiers/keys.h"
#include "classifiers/stub.h"

/* A table exchanges values but not places: what is equal in the header stays equal. The DOS stub's text alone repeats
 * its letters so often that nothing else has its pattern; from there on every known byte is a proof or a new entry. */

struct table {
    uint8_t plain[CIPHER_KEY];   /* by ciphered byte */
    bool known[CIPHER_KEY];
    bool taken[CIPHER_KEY];      /* by plain byte */
};

/* What the two kinds of image in use must have at fixed places after e_lfanew, from the optional header's magic on. */
static const struct shape {
    uint16_t machine, optional_size, magic, directories; /* directories: offset of their number in the optional header */
} shapes[] = {
    {0x014c, 0xe0, 0x10b, 92},
    {0x8664, 0xf0, 0x20b, 108}, /* ARM64's 0xaa64 has the same pattern, and is told as this */
};

static bool learn(struct table *t, uint8_t ciphered, uint8_t plain)
{
    if (t->known[ciphered])
        return t->plain[ciphered] == plain;
    if (t->taken[plain])
        return false;
    t->known[ciphered] = t->taken[plain] = true;
    t->plain[ciphered] = plain;
    return true;
}

/* All of these bytes or none. */
static bool learn_all(struct table *t, const uint8_t *ciphered, const void *plain, size_t n)
{
    struct table before = *t;
    for (size_t i = 0; i < n; i++)
        if (!learn(t, ciphered[i], ((const uint8_t *)plain)[i])) {
            *t = before;
            return false;
        }
    return true;
}

static bool learn_word(struct table *t, const uint8_t *ciphered, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        if (!learn(t, ciphered[i], (uint8_t)(value >> (8 * i))))
            return false;
    return true;
}

/* The stub program and its text have to fit byte by byte, and so have the header's zeros; the DOS header's other words
 * differ between linkers and teach only where they fit. */
static bool learn_stub(struct table *t, const uint8_t *body, const uint8_t *stub)
{
    for (size_t i = 0; i < STUB_BYTES; i++) {
        if (stub_firm(stub, i) && !learn(t, body[i], stub[i]))
            return false;
    }
    for (size_t i = 2; i < PE_ZEROS; i++)
        (void)learn(t, body[i], stub[i]);
    return true;
}

static bool learn_header(struct table *t, const uint8_t *body, size_t at, const struct shape *shape)
{
    const uint8_t *coff = body + at + 4, *optional = body + at + 24;
    if (shape->machine < 0x200 && !learn_word(t, coff, shape->machine, 2))
        return false;
    return learn_word(t, body + PE_E_LFANEW, at, 4) && learn_all(t, body + at, "PE\0\0", 4) &&
           learn(t, coff[0], shape->machine & 0xff) && learn(t, coff[3], 0) &&
           learn_word(t, coff + 16, shape->optional_size, 2) && learn_word(t, optional, shape->magic, 2) &&
           learn(t, optional[69], 0) && learn_word(t, optional + shape->directories, 16, 4);
}

/* Section headers end where the bytes that no image sets (relocations, line numbers) are no longer zero, or the name is.
 * 0: not known. */
static uint16_t count_sections(const uint8_t *body, size_t table, size_t len, uint8_t zero)
{
    uint16_t n = 0;
    for (size_t at = table; n < 96; at += 40, n++) {
        if (at + 40 > len)
            return 0; /* the table is not all there */
        bool unset = body[at] != zero;
        for (size_t i = 24; i < 36; i++)
            unset = unset && body[at + i] == zero;
        if (!unset)
            break;
    }
    return n;
}

/* What is no proof, but the rule: alignments, and the names that sections have. */
static void learn_rules(struct table *t, const uint8_t *body, size_t at, struct pe *pe, size_t len)
{
    static const char names[][9] = {".text", ".data", ".rdata", ".rsrc", ".reloc", ".idata", ".edata", ".pdata", ".xdata",
                                    ".bss", ".tls", ".CRT", "CODE", "DATA", "BSS", ".itext", ".didata"};
    (void)learn_all(t, body + at + 24 + 32, "\0\x10\0\0\0\x02\0\0", 8);
    if (pe->sections > 0)
        (void)learn(t, body[at + 6], (uint8_t)pe->sections);
    for (size_t i = 0; i < pe->sections; i++) {
        size_t entry = pe->table_end - (pe->sections - i) * 40;
        for (size_t n = 0; n < sizeof names / sizeof *names && entry + 40 <= len; n++)
            if (learn_all(t, body + entry, names[n], 8))
                break;
    }
}

/* The flag for a DLL is in a byte of few values. Where that byte is not in the table yet, a program that exports
 * something is taken for a DLL. */
static bool is_dll(const struct table *t, const uint8_t *body, size_t at, const struct shape *shape, uint8_t zero)
{
    uint8_t flags = body[at + 23];
    if (t->known[flags])
        return (t->plain[flags] & 0x20) != 0;
    return body[at + 24 + shape->directories + 4] != zero || body[at + 24 + shape->directories + 5] != zero;
}

/* A table that leaves most as it is, or does to most what XOR with one byte does, is none: such programs are found
 * elsewhere, and what looks like them but is not whole is a damaged program. */
static bool is_permutation(const struct table *t, uint8_t zero)
{
    unsigned known = 0, same = 0;
    for (unsigned i = 0; i < CIPHER_KEY; i++) {
        known += t->known[i];
        same += t->known[i] && (i ^ t->plain[i]) == zero;
    }
    return same * 2 < known;
}

static bool try_header(struct cipher *c, const struct table *stub, struct slice body, size_t at)
{
    uint8_t zero = body.p[PE_ZEROS];
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct table t = *stub;
        if (!learn_header(&t, body.p, at, &shapes[i]) || !is_permutation(&t, zero))
            continue;
        size_t sections = at + 24 + shapes[i].optional_size;
        struct pe pe = {.header = (uint32_t)at, .machine = shapes[i].machine, .dll = is_dll(&t, body.p, at, &shapes[i], zero)};
        pe.sections = t.known[body.p[at + 6]] ? t.plain[body.p[at + 6]] : count_sections(body.p, sections, body.len, zero);
        pe.table_end = (uint32_t)(sections + pe.sections * 40u);
        learn_rules(&t, body.p, at, &pe, body.len);
        memset(c, 0, sizeof *c);
        c->kind = CIPHER_SUBSTITUTION;
        c->pe = pe;
        memcpy(c->key, t.plain, sizeof c->key);
        memcpy(c->known, t.known, sizeof c->known);
        return true;
    }
    return false;
}

bool keys_table(struct cipher *c, struct slice head, size_t at)
{
    static const uint8_t zeros[] = {3, 5, 6, 7, 9, 0x0e, 0x0f, 0x3e, 0x3f}; /* in every DOS header seen */
    struct slice body = slice_from(head, at);
    if (body.len < STUB_BYTES)
        return false;
    for (size_t i = 0; i < sizeof zeros; i++)
        if (body.p[zeros[i]] != body.p[PE_ZEROS])
            return false;
    for (size_t i = 0; i < STUBS; i++) {
        struct table t = {0};
        if (!learn_stub(&t, body.p, stub_bytes[i]))
            continue;
        for (size_t q = STUB_BYTES; q < PE_HEADER_MAX && q + 24 + 112 <= body.len; q += 4)
            if (body.p[q + 2] == body.p[PE_ZEROS] && body.p[q + 3] == body.p[PE_ZEROS] && try_header(c, &t, body, q)) {
                c->offset = (uint16_t)at;
                return true;
            }
    }
    return false;
}
