/* Values as bytes and back: every type at its edges, every cut and every flipped bit refused. */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "feeds/store.h"
#include "tests/check.h"

struct sample {
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    int16_t i16;
    float f;
    double d;
    bool b;
    char text[8], row[3][4];
    uint8_t bytes[5];
};

#define FIELD(member) offsetof(struct sample, member), sizeof ((struct sample *)0)->member

static const struct store_field fields[] = {
    {STORE_UINT, FIELD(u8)},         {STORE_UINT, FIELD(u16)},   {STORE_UINT, FIELD(u32), 1000000}, {STORE_UINT, FIELD(u64)},
    {STORE_INT, FIELD(i16)},         {STORE_FLOAT, FIELD(f)},    {STORE_FLOAT, FIELD(d)},           {STORE_BOOL, FIELD(b)},
    {STORE_TEXT, FIELD(text)},       {STORE_TEXT, FIELD(row[0]), .rows = 3}, {STORE_BYTES, FIELD(bytes)},
};

enum { FIELDS = sizeof fields / sizeof *fields };

static const struct {
    struct sample sample;
    const char *reason;
} rows[] = {
    {{0}, "nothing"},
    {{1, 2, 3, 4, 5, 6, 7, true, "abc", {"x", "", "yz"}, {1, 2, 3, 4, 5}}, "something"},
    {{UINT8_MAX, UINT16_MAX, 1000000, UINT64_MAX, INT16_MAX, FLT_MAX, DBL_MAX, true, "1234567", {"123", "123", "123"}, {255}}, "the most"},
    {{127, 128, 16383, 16384, INT16_MIN, -FLT_MIN, -0.5, false, "\xff\x80\n", {"\t", "\"", "\\"}, {0}}, "edges of the varint, signs, odd bytes"},
};

static struct slice write_all(struct store_writer *w, size_t most)
{
    store_open(w, most);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[32];
        snprintf(name, sizeof name, "row %zu", i);
        store_section(w, name, (unsigned)i + 1);
        store_put_fields(w, &rows[i].sample, fields, FIELDS);
    }
    return store_end(w);
}

static bool same(const struct sample *a, const struct sample *b)
{
    return a->u8 == b->u8 && a->u16 == b->u16 && a->u32 == b->u32 && a->u64 == b->u64 && a->i16 == b->i16 && a->f == b->f && a->d == b->d &&
           a->b == b->b && strcmp(a->text, b->text) == 0 && memcmp(a->row, b->row, sizeof a->row) == 0 && memcmp(a->bytes, b->bytes, 5) == 0;
}

static void round_trip(void)
{
    struct store_writer w;
    struct store_reader r;
    struct slice all = guard_copy(write_all(&w, 1 << 20), 0);
    CHECK(store_read(&r, all), "what was written is read");
    for (size_t n = sizeof rows / sizeof *rows, i = n - 1; i < n; i--) { /* in another order */
        struct sample sample;
        char name[32];
        memset(&sample, 0xaa, sizeof sample);
        snprintf(name, sizeof name, "row %zu", i);
        CHECK(store_find(&r, name) == i + 1, "%s: the section and its version", rows[i].reason);
        store_get_fields(&r, &sample, fields, FIELDS);
        CHECK(store_done(&r) && same(&sample, &rows[i].sample), "%s", rows[i].reason);
        CHECK(store_get_uint(&r, UINT64_MAX) == 0 && !store_done(&r), "%s: nothing behind the end of a section", rows[i].reason);
    }
    CHECK(store_find(&r, "row") == 0 && store_find(&r, "") == 0, "no other section");
    store_close(&w);
}

static void damage(void)
{
    struct store_writer w;
    struct store_reader r;
    struct slice all = write_all(&w, 1 << 20);
    for (size_t len = 0; len < all.len; len++)
        CHECK(!store_read(&r, guard_copy(slice_head(all, len), 0)), "cut to %zu bytes", len);
    for (size_t at = 0; at < all.len; at++) {
        w.byte[at] ^= (uint8_t)(1 << at % 8);
        CHECK(!store_read(&r, all), "a bit of byte %zu flipped", at);
        w.byte[at] ^= (uint8_t)(1 << at % 8);
    }
    store_close(&w);
}

/* Bytes whose checksum is right and whose content is not: written by somebody else, or by another version. */
static void nonsense(void)
{
    static const struct {
        struct slice bytes;
        const char *reason;
    } hostile[] = {
        {S("\x80"), "a varint without an end"},
        {S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "one of more than 64 bits"},
        {S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "one of twelve bytes"},
        {S("\x80\x02"), "256 in a byte"},
        {S("\x01\x02\xc1\x84\x3d"), "more than the most"},
        {S("\x01\x02\x03\x04\x00\x00\x00\xc0\x7f"), "a float that is no number"},
        {S("\x01\x02\x03\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"), "a truth of 2"},
        {S("\x01\x02\x03\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x08" "12345678"), "a text too long"},
        {S("\x01\x02\x03\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x03" "a\0b"), "a text with a NUL in it"},
        {S("\x01\x02\x03\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x7f" "a"), "a length that nobody has to believe"},
    };
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct sample sample;
        struct store_reader r = store_message_read(guard_copy(hostile[i].bytes, 0));
        store_get_fields(&r, &sample, fields, FIELDS);
        CHECK(!store_done(&r), "%s", hostile[i].reason);
        CHECK(isfinite(sample.f) && isfinite(sample.d) && strnlen(sample.text, 8) < 8, "%s: what is left is harmless", hostile[i].reason);
    }
}

static void room(void)
{
    struct store_writer w, whole;
    size_t len = write_all(&whole, 1 << 20).len;
    for (size_t most = 0; most <= len + 1; most++) {
        struct slice all = write_all(&w, most);
        CHECK((all.len > 0) == (most >= len), "room for %zu of %zu bytes", most, len);
        store_close(&w);
    }
    store_close(&whole);
    uint8_t small[4];
    struct store_writer message = store_message(small, sizeof small);
    store_put_uint(&message, 1);
    CHECK(store_message_len(&message) == 1, "a message");
    store_put_bytes(&message, "12345", 5);
    CHECK(store_message_len(&message) == 0, "and one too long");
    store_close(&message);
}

int main(void)
{
    round_trip();
    damage();
    nonsense();
    room();
    return check_report("test_store");
}
