/* A big-endian reader with a sticky error: read straight through, ask `bad` once at the end.
 * After the first read past the end every read gives zero and nothing advances. */
#pragma once

#include "capture/slice.h"

struct cursor {
    const uint8_t *p, *end;
    bool bad; /* a read went past the end */
};

static inline struct cursor cursor_of(struct slice s)
{
    return (struct cursor){s.p, s.p + s.len, false};
}

static inline size_t cursor_left(const struct cursor *c)
{
    return (size_t)(c->end - c->p);
}

/* The next n bytes; an empty slice once bad. */
static inline struct slice cursor_take(struct cursor *c, size_t n)
{
    if (c->bad || n > cursor_left(c)) {
        c->bad = true;
        return slice_of(c->end, 0);
    }
    struct slice s = slice_of(c->p, n);
    c->p += n;
    return s;
}

static inline void cursor_skip(struct cursor *c, size_t n)
{
    (void)cursor_take(c, n);
}

static inline struct slice cursor_rest(struct cursor *c)
{
    return cursor_take(c, c->bad ? 0 : cursor_left(c));
}

static inline uint8_t cursor_u8(struct cursor *c)
{
    struct slice s = cursor_take(c, 1);
    return s.len ? s.p[0] : 0;
}

static inline uint16_t cursor_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t cursor_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint16_t cursor_u16(struct cursor *c)
{
    struct slice s = cursor_take(c, 2);
    return s.len ? cursor_be16(s.p) : 0;
}

static inline uint32_t cursor_u24(struct cursor *c)
{
    struct slice s = cursor_take(c, 3);
    return s.len ? (uint32_t)s.p[0] << 16 | (uint32_t)s.p[1] << 8 | s.p[2] : 0;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
    struct slice s = cursor_take(c, 4);
    return s.len ? cursor_be32(s.p) : 0;
}
