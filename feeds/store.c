#include "feeds/store.h"

#include <math.h>
#include <sys/mman.h>

#include "feeds/id.h"

static const uint8_t magic[] = {'r', 'a', 'd', 'o', 'm', 'e', 0, 1}; /* the last is the layout's own version */

/* FIXED: bytes of a section's length and of the checksum: patched or found without reading what is before; LEAST: of room. */
enum { FIXED = 8, LEAST = 65536 };

void store_open(struct store_writer *w, size_t most)
{
    *w = (struct store_writer){.most = most};
    store_put_bytes(w, magic, sizeof magic);
}

struct store_writer store_message(uint8_t *room, size_t size)
{
    return (struct store_writer){.byte = room, .room = size, .most = size, .fixed = true};
}

size_t store_message_len(const struct store_writer *w)
{
    return w->bad ? 0 : w->len;
}

void store_close(struct store_writer *w)
{
    if (!w->fixed && w->byte != NULL)
        munmap(w->byte, w->room);
    *w = (struct store_writer){0};
}

/* Not by malloc: a copy of the process saves, in which malloc's lock may be another thread's, which is not there. */
static bool grow_to(struct store_writer *w, size_t room)
{
    uint8_t *byte = w->byte != NULL ? mremap(w->byte, w->room, room, MREMAP_MAYMOVE)
                                    : mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (byte == MAP_FAILED)
        return false;
    w->byte = byte;
    w->room = room;
    return true;
}

/* Room for n more bytes: NULL where there is none, and from then on always. */
static uint8_t *grow(struct store_writer *w, size_t n)
{
    if (w->bad || n > w->most - w->len) {
        w->bad = true;
        return NULL;
    }
    if (n > w->room - w->len) {
        size_t room = w->room < LEAST ? LEAST : w->room * 2;
        room = room < w->len + n ? w->len + n : room > w->most ? w->most : room;
        if (w->fixed || !grow_to(w, room)) {
            w->bad = true;
            return NULL;
        }
    }
    w->len += n;
    return w->byte + w->len - n;
}

void store_put_bytes(struct store_writer *w, const void *bytes, size_t n)
{
    uint8_t *at = grow(w, n);
    if (at != NULL && n > 0)
        memcpy(at, bytes, n);
}

void store_put_uint(struct store_writer *w, uint64_t value)
{
    uint8_t byte[10];
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        byte[n++] = (uint8_t)(value | 0x80);
    byte[n++] = (uint8_t)value;
    store_put_bytes(w, byte, n);
}

static void fixed_set(uint8_t out[static FIXED], uint64_t value)
{
    for (int i = 0; i < FIXED; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t fixed_get(const uint8_t in[static FIXED])
{
    uint64_t value = 0;
    for (int i = 0; i < FIXED; i++)
        value |= (uint64_t)in[i] << (8 * i);
    return value;
}

static void section_end(struct store_writer *w)
{
    if (w->section > 0 && !w->bad)
        fixed_set(w->byte + w->section, w->len - w->section - FIXED);
    w->section = 0;
}

void store_section(struct store_writer *w, const char *name, unsigned version)
{
    const uint8_t unknown[FIXED] = {0};
    section_end(w);
    store_put_uint(w, strlen(name));
    store_put_bytes(w, name, strlen(name));
    store_put_uint(w, version);
    w->section = w->len;
    store_put_bytes(w, unknown, sizeof unknown);
}

struct slice store_end(struct store_writer *w)
{
    uint8_t sum[FIXED];
    section_end(w);
    fixed_set(sum, w->bad ? 0 : id_hash(w->byte, w->len, 0));
    store_put_bytes(w, sum, sizeof sum);
    return w->bad ? slice_of(NULL, 0) : slice_of(w->byte, w->len);
}

static uint64_t uint_of(const void *p, size_t size)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    switch (size) {
    case sizeof u8: memcpy(&u8, p, sizeof u8); return u8;
    case sizeof u16: memcpy(&u16, p, sizeof u16); return u16;
    case sizeof u32: memcpy(&u32, p, sizeof u32); return u32;
    default: memcpy(&u64, p, sizeof u64); return u64;
    }
}

static void uint_set(void *p, size_t size, uint64_t value)
{
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;
    switch (size) {
    case sizeof u8: memcpy(p, &u8, sizeof u8); break;
    case sizeof u16: memcpy(p, &u16, sizeof u16); break;
    case sizeof u32: memcpy(p, &u32, sizeof u32); break;
    default: memcpy(p, &value, sizeof value); break;
    }
}

/* A negative number is small too: 0, -1, 1, -2 … become 0, 1, 2, 3 … All INTs here are 16 bits wide. */
static uint64_t zigzag(int16_t value)
{
    return value < 0 ? (uint64_t)(-1 - value) * 2 + 1 : (uint64_t)value * 2;
}

static int16_t unzigzag(uint64_t value)
{
    return (int16_t)(value % 2 == 1 ? -1 - (int)(value / 2) : (int)(value / 2));
}

static void put_field(struct store_writer *w, const uint8_t *p, const struct store_field *field)
{
    int16_t number;
    size_t length;
    switch (field->type) {
    case STORE_UINT:
    case STORE_BOOL:
        store_put_uint(w, uint_of(p, field->size));
        break;
    case STORE_INT:
        memcpy(&number, p, sizeof number);
        store_put_uint(w, zigzag(number));
        break;
    case STORE_TEXT:
        length = strnlen((const char *)p, field->size - 1);
        store_put_uint(w, length);
        store_put_bytes(w, p, length);
        break;
    case STORE_FLOAT: /* as wide as it is, the lowest byte first on every machine this runs on */
    case STORE_BYTES:
        store_put_bytes(w, p, field->size);
        break;
    }
}

void store_put_fields(struct store_writer *w, const void *from, const struct store_field *field, size_t fields)
{
    for (size_t i = 0; i < fields; i++)
        for (size_t row = 0; row < (field[i].rows > 0 ? field[i].rows : 1); row++)
            put_field(w, (const uint8_t *)from + field[i].at + row * field[i].size, &field[i]);
}

bool store_read(struct store_reader *r, struct slice all)
{
    *r = (struct store_reader){.at.bad = true};
    if (all.len < sizeof magic + FIXED || !slice_starts(all, slice_of(magic, sizeof magic)))
        return false;
    size_t len = all.len - FIXED;
    if (id_hash(all.p, len, 0) != fixed_get(all.p + len))
        return false;
    r->sections = slice_from(slice_head(all, len), sizeof magic);
    return true;
}

struct store_reader store_message_read(struct slice message)
{
    return (struct store_reader){.at = cursor_of(message)};
}

/* LEB128: up to ten bytes, of the tenth one bit. */
static uint64_t varint(struct cursor *c)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = cursor_u8(c);
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return c->bad ? 0 : value;
    }
    c->bad = true;
    return 0;
}

unsigned store_find(struct store_reader *r, const char *name)
{
    struct cursor c = cursor_of(r->sections);
    while (!c.bad && cursor_left(&c) > 0) {
        uint64_t name_len = varint(&c);
        struct slice found = cursor_take(&c, name_len), size;
        uint64_t version = varint(&c);
        size = cursor_take(&c, FIXED);
        struct slice body = cursor_take(&c, size.len == FIXED ? fixed_get(size.p) : 0);
        if (!c.bad && slice_eq(found, slice_str(name))) {
            r->at = cursor_of(body);
            return version > 0 && version < UINT32_MAX ? (unsigned)version : 0;
        }
    }
    r->at.bad = true;
    return 0;
}

uint64_t store_get_uint(struct store_reader *r, uint64_t most)
{
    uint64_t value = varint(&r->at);
    if (value > most) {
        r->at.bad = true;
        return 0;
    }
    return value;
}

void store_get_bytes(struct store_reader *r, void *out, size_t n)
{
    struct slice bytes = cursor_take(&r->at, n);
    if (bytes.len == n)
        memcpy(out, bytes.p, n);
    else
        memset(out, 0, n);
}

static void get_text(struct store_reader *r, char *out, size_t size)
{
    struct slice text = cursor_take(&r->at, store_get_uint(r, size - 1));
    if (slice_chr(text, 0) >= 0) {
        r->at.bad = true;
        text.len = 0;
    }
    memset(out, 0, size);
    slice_text(text, out, size);
}

static void get_float(struct store_reader *r, void *out, size_t size)
{
    float f;
    double d;
    store_get_bytes(r, out, size);
    memcpy(&f, out, sizeof f);
    if (size == sizeof d)
        memcpy(&d, out, sizeof d);
    else
        d = (double)f;
    if (!isfinite(d)) {
        r->at.bad = true;
        memset(out, 0, size);
    }
}

static void get_field(struct store_reader *r, uint8_t *p, const struct store_field *field)
{
    uint64_t widest = field->size >= 8 ? UINT64_MAX : (1ull << (8 * field->size)) - 1;
    int16_t number;
    switch (field->type) {
    case STORE_UINT:
        uint_set(p, field->size, store_get_uint(r, field->most > 0 ? field->most : widest));
        break;
    case STORE_BOOL:
        uint_set(p, field->size, store_get_uint(r, 1));
        break;
    case STORE_INT:
        number = unzigzag(store_get_uint(r, UINT16_MAX));
        memcpy(p, &number, sizeof number);
        break;
    case STORE_TEXT: get_text(r, (char *)p, field->size); break;
    case STORE_FLOAT: get_float(r, p, field->size); break;
    case STORE_BYTES: store_get_bytes(r, p, field->size); break;
    }
}

void store_get_fields(struct store_reader *r, void *to, const struct store_field *field, size_t fields)
{
    for (size_t i = 0; i < fields; i++)
        for (size_t row = 0; row < (field[i].rows > 0 ? field[i].rows : 1); row++)
            get_field(r, (uint8_t *)to + field[i].at + row * field[i].size, &field[i]);
}

bool store_done(const struct store_reader *r)
{
    return !r->at.bad && cursor_left(&r->at) == 0;
}
