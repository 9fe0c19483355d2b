/* PE headers: what is one, what is none, every truncation, and the search over heads that were damaged at random. */
#include <stdio.h>

#include "classifiers/hidden.h"
#include "tests/check.h"
#include "tests/pe_maker.h"

static uint8_t plain[PE_MADE], body[2 * PE_MADE];
static struct hidden_room room;

static void test_facts(void)
{
    for (size_t i = 0; i < pe_shapes_count; i++) {
        const struct pe_shape *shape = &pe_shapes[i];
        struct slice file = pe_make(shape, plain);
        struct pe pe;
        if (!CHECK(pe_parse(&pe, slice_head(file, 8192)), "%s", shape->name))
            continue;
        CHECK(pe.dll == shape->dll && pe.plus == shape->plus && pe.machine == (shape->plus ? 0x8664 : 0x14c), "%s", shape->name);
        CHECK(pe.sections == shape->sections && pe.timestamp == 0x5e0be100u + shape->size, "%s", shape->name);
        CHECK(pe.size_declared == shape->size, "%s: %llu", shape->name, (unsigned long long)pe.size_declared);
    }
}

static void test_none(void)
{
    static const struct {
        uint16_t at;
        uint8_t bytes[4], n;
        const char *reason;
    } rows[] = {
        {0, "ZM", 2, "not MZ"},
        {0x3c, {0x3f, 0, 0, 0}, 4, "PE header within the DOS header"},
        {0x3c, {0, 0, 1, 0}, 4, "PE header too far away"},
        {0x3c, {0xff, 0xff, 0xff, 0xff}, 4, "PE header at the end of the world"},
        {0x80, "NE\0", 4, "a 16 bit program"},
        {0x84, {0x34, 0x12}, 2, "no machine"},
        {0x86, {0, 0}, 2, "no section"},
        {0x86, {97, 0}, 2, "more sections than Windows loads"},
        {0x94, {0x20, 0}, 2, "an optional header that is too short"},
        {0x94, {0, 0x10}, 2, "and one that is too long"},
        {0x96, {0, 0x20}, 2, "an object file"},
        {0x98, {0x07, 0x01}, 2, "a ROM image"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pe pe;
        struct hidden hidden;
        struct slice file = pe_make(&pe_shapes[0], plain);
        memcpy(plain + rows[i].at, rows[i].bytes, rows[i].n);
        CHECK(!pe_parse(&pe, file), "%s", rows[i].reason);
        bool found = hidden_find(&hidden, &room, file, true);
        CHECK(!found, "%s: cipher %d, key of %u", rows[i].reason, hidden.cipher.kind, hidden.cipher.key_length);
        way_encrypt(WAY_XOR, plain, file.len, (const uint8_t *)"key", 3, 0);
        CHECK(!hidden_find(&hidden, &room, file, true), "%s, under a key", rows[i].reason);
    }
}

/* Whatever the length: no byte behind the end is touched, and what is found is no more than what is there. */
static void test_truncations(void)
{
    static const struct {
        enum way way;
        uint8_t length;
        bool text;
    } rows[] = {{WAY_XOR, 1, false}, {WAY_XOR, 40, false}, {WAY_SKIP_ZERO, 4, false}, {WAY_ADD, 1, false}, {WAY_TABLE, 3, false},
                {WAY_XOR, 5, true}};
    const uint8_t *key = (const uint8_t *)"\x91\x22\x73\x14 a key of forty bytes, no letter more....";
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct slice file = slice_head(pe_make(&pe_shapes[r % pe_shapes_count], plain), 9000), whole = file;
        way_encrypt(rows[r].way, plain, file.len, key, rows[r].length, 3);
        if (rows[r].text)
            whole = slice_of(body, text_encode((char *)body, file, false));
        unsigned found = 0;
        for (size_t n = 0; n <= whole.len && n < 9000; n += n < 1300 ? 1 : 97) {
            struct hidden hidden;
            struct slice cut = guard_copy(slice_head(whole, n), 0);
            bool yes = hidden_find(&hidden, &room, cut, true);
            CHECK(!yes || n > 150, "row %zu: %zu bytes are no program", r, n);
            found += yes;
        }
        CHECK(found > 100, "row %zu: found in %u truncations", r, found);
    }
}

static void test_mutations(void)
{
    uint64_t random = 42;
    unsigned found = 0;
    for (unsigned i = 0; i < 4000; i++) {
        struct hidden hidden;
        struct slice file = slice_head(pe_make(&pe_shapes[0], plain), 2000);
        way_encrypt((enum way)(i % WAYS), plain, file.len, (const uint8_t *)"\x31\x72\x13\x64", 1 + i % 4, 3);
        for (unsigned j = 0; j < 1 + i % 9; j++)
            plain[pe_random(&random) % 700] = (uint8_t)(pe_random(&random) >> 50);
        found += hidden_find(&hidden, &room, guard_copy(file, 1), true);
    }
    CHECK(found > 400 && found < 4000, "damage is noticed, or does not matter: %u", found);
}

/* Bodies that must not match. */
static void test_honest(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *reason;
    } rows[] = {
        {"\x7f" "ELF\2\1\1", 7, "ELF, and then zeros"},
        {"\0asm\1\0\0\0", 8, "WebAssembly, and then zeros"},
        {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16, "PNG, and then zeros"},
        {"MZ", 2, "two letters, and then zeros"},
        {"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff", 14, "the beginning of a DOS header, and then zeros"},
        {"", 0, "zeros"},
        {"This program cannot be run in DOS mode", 38, "the stub's text, and then zeros"},
        {"#!/bin/sh\n# This program must be run under Win32\n", 49, "a shell script, and then zeros"},
    };
    static const uint8_t fillers[] = {0, 0xff, 0x20, 0x5a};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t f = 0; f < sizeof fillers; f++) {
            struct hidden hidden;
            memset(body, fillers[f], 8192);
            memcpy(body, rows[i].bytes, rows[i].n);
            CHECK(!hidden_find(&hidden, &room, slice_of(body, 8192), false), "%s (%02x)", rows[i].reason, fillers[f]);
            way_encrypt(WAY_XOR, body, 8192, (const uint8_t *)"\x31\x72\x13\x64\x77", 5, 3);
            CHECK(!hidden_find(&hidden, &room, slice_of(body, 8192), false), "%s (%02x), under a key", rows[i].reason, fillers[f]);
        }
    uint64_t random = 7;
    for (unsigned i = 0; i < 300; i++) { /* tables of records, which have a period too, plain and under a key */
        struct hidden hidden;
        unsigned record = 3 + i;
        for (size_t j = 0; j < 8192; j++)
            body[j] = (uint8_t)(j % record < record / 2 ? j % record : pe_random(&random) >> 44);
        CHECK(!hidden_find(&hidden, &room, slice_of(body, 8192), false), "records of %u bytes", record);
    }
}

int main(void)
{
    test_facts();
    test_none();
    test_truncations();
    test_mutations();
    test_honest();
    return check_report("pe");
}
