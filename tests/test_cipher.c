/* Cipher by cipher, key length by key length, over programs of several makers' shapes: found, key right, decoded right. */
#include <stdio.h>

#include "classifiers/keys.h"
#include "tests/check.h"
#include "tests/pe_maker.h"

enum { PROGRAM = 12000 }; /* bytes of each program that are ciphered: more than any head */

static uint8_t plain[PE_MADE], body[KEYS_JUNK + PE_MADE], decoded[PE_MADE];

struct tally {
    unsigned tried, found, right;
};

static void make_key(uint8_t key[static 256], size_t length, uint64_t seed)
{
    uint64_t random = seed * 0x9e3779b97f4a7c15u + length;
    for (size_t i = 0; i < length; i++)
        key[i] = (uint8_t)(pe_random(&random) >> 40);
    key[0] |= 1;                 /* a key of zeros alone hides nothing */
    if (length > 2 && seed % 2 == 0)
        key[length / 2] = 0;     /* keys with zero bytes */
}

static void one(struct tally *t, enum way way, const struct pe_shape *shape, size_t length, uint64_t seed, size_t junk, size_t limit)
{
    uint8_t key[256] = {0};
    struct cipher c;
    uint64_t random = seed;
    make_key(key, length, seed);
    struct slice program = slice_of(plain, PROGRAM);
    for (size_t i = 0; i < junk; i++)
        body[i] = (uint8_t)(pe_random(&random) >> 33);
    uint8_t *hidden = body + junk;
    memcpy(hidden, plain, program.len);
    way_encrypt(way, hidden, program.len, key, length, 7);
    t->tried++;
    struct slice head = slice_head(slice_of(body, junk + program.len), limit);
    if (!keys_find(&c, head))
        return;
    t->found++;
    CHECK(c.offset == junk, "%s, key of %zu, %s: at %u, not %zu", way_names[way], length, shape->name, c.offset, junk);
    bool same_facts = c.pe.dll == shape->dll && (c.pe.sections == shape->sections || (way == WAY_TABLE && limit < 1024 && c.pe.sections == 0));
    CHECK(same_facts, "%s, key of %zu, %s: facts of the header", way_names[way], length, shape->name);
    if (way == WAY_TABLE) {
        bool right = true;
        for (size_t i = 0; i < program.len; i++)
            right = right && (!c.known[hidden[i]] || c.key[hidden[i]] == plain[i]);
        t->right += CHECK(right, "%s, %s: the part of the table that is told", way_names[way], shape->name);
        return;
    }
    CHECK(way == WAY_SECOND_BYTE || length > CIPHER_KEY || c.key_length <= length, "%s, key of %zu, %s: told as %u",
          way_names[way], length, shape->name, c.key_length);
    struct cipher_stream s;
    cipher_start(&s, &c);
    for (size_t at = 0, run; at < program.len; at += run) {
        run = 1 + at * 7919 % 701;
        run = run < program.len - at ? run : program.len - at;
        cipher_decode(&s, hidden + at, decoded + at, run);
    }
    t->right += memcmp(decoded, plain, program.len) == 0;
}

static const struct {
    enum way way;
    uint16_t from, to, step;
    uint16_t junk;
    uint32_t limit;
    unsigned least;         /* of a thousand programs: found, and decoded right to the last byte */
    const char *reason;
} rows[] = {
    {WAY_XOR, 1, 32, 1, 0, 8192, 1000, "the header's zeros show the key"},
    {WAY_XOR, 33, 128, 5, 0, 8192, 1000, "the period and the commonest bytes do"},
    {WAY_XOR, 130, 256, 14, 0, 8192, 980, "few bytes of the head to each place of the key"},
    {WAY_XOR, 1, 32, 1, 0, 600, 1000, "only the first 600 bytes were captured"},
    {WAY_XOR, 33, 64, 1, 0, 600, 980, "a longer key, and 600 bytes"},
    {WAY_XOR, 65, 128, 7, 0, 600, 900, "some places of the key are in no byte that is known"},
    {WAY_XOR, 129, 256, 17, 0, 600, 0, "most places are: nothing, rather than a wrong key"},
    {WAY_XOR, 1, 1, 1, 1, 8192, 1000, "a byte of junk"},
    {WAY_XOR, 2, 32, 3, 777, 8192, 1000, "junk before the program"},
    {WAY_XOR, 33, 256, 31, 4096, 8192, 920, "half of the head is junk: of four of the longest keys one place stays a guess"},
    {WAY_SKIP_ZERO, 1, 32, 1, 0, 8192, 1000, "the stub's text shows the key"},
    {WAY_SKIP_ZERO, 1, 32, 1, 3000, 8192, 1000, "behind junk"},
    {WAY_SKIP_ZERO, 33, 56, 3, 0, 8192, 900, "each place of the key shows once or not at all"},
    {WAY_SKIP_ZERO, 57, 112, 5, 0, 8192, 950, "the rest of the program shows what the stub does not"},
    {WAY_SKIP_ZERO, 113, 256, 13, 0, 8192, 0, "the rest of the program shows the length, too, but seldom all of the key"},
    {WAY_SKIP_ZERO, 1, 32, 1, 0, 600, 980, "only the first 600 bytes were captured"},
    {WAY_ADD, 1, 16, 1, 0, 8192, 1000, "a counter is added at every round of the key"},
    {WAY_ADD, 1, 16, 1, 0, 600, 1000, "only the first 600 bytes were captured"},
    {WAY_ADD, 1, 1, 1, 2048, 8192, 1000, "behind junk"},
    {WAY_INDEX, 1, 1, 1, 0, 8192, 1000, "the place is mixed in"},
    {WAY_INDEX, 1, 1, 1, 0, 600, 1000, "only the first 600 bytes were captured"},
    {WAY_INDEX_SUM, 1, 1, 1, 0, 8192, 1000, "the place is mixed into the key for good"},
    {WAY_INDEX_SUM, 1, 1, 1, 99, 8192, 850, "behind junk, where it is a key of 256 bytes"},
    {WAY_CIPHER_FEEDBACK, 1, 1, 1, 0, 8192, 1000, "the byte before, ciphered"},
    {WAY_CIPHER_FEEDBACK, 1, 1, 1, 99, 8192, 1000, "behind junk"},
    {WAY_PLAIN_FEEDBACK, 1, 1, 1, 0, 8192, 1000, "the byte before, plain"},
    {WAY_PLAIN_FEEDBACK, 1, 1, 1, 99, 600, 1000, "behind junk, of 600 bytes"},
    {WAY_SECOND_BYTE, 1, 128, 9, 0, 8192, 980, "every second byte stays"},
    {WAY_TABLE, 8, 8, 1, 0, 8192, 1000, "the stub's pattern of equal bytes"},
    {WAY_TABLE, 8, 8, 1, 4000, 8192, 1000, "behind junk"},
    {WAY_TABLE, 8, 8, 1, 0, 600, 1000, "only the first 600 bytes were captured"},
};

int main(void)
{
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct tally t = {0};
        for (size_t shape = 0; shape < pe_shapes_count; shape++) {
            pe_make(&pe_shapes[shape], plain);
            for (unsigned length = rows[r].from; length <= rows[r].to; length += rows[r].step)
                one(&t, rows[r].way, &pe_shapes[shape], length, length + shape, rows[r].junk, rows[r].limit);
        }
        CHECK(t.right * 1000 >= t.tried * rows[r].least, "%s, keys of %u to %u: %u of %u", way_names[rows[r].way], rows[r].from,
              rows[r].to, t.right, t.tried);
        CHECK(t.found == t.right, "%s, keys of %u to %u: %u of %u keys are wrong, which is worse than none", way_names[rows[r].way],
              rows[r].from, rows[r].to, t.found - t.right, t.found);
        printf("%-22s key %3u-%-3u junk %4u head %4u: %4u of %4u found, %4u right (%s)\n", way_names[rows[r].way], rows[r].from,
               rows[r].to, rows[r].junk, rows[r].limit, t.found, t.tried, t.right, rows[r].reason);
    }
    return check_report("cipher");
}
