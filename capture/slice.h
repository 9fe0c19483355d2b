/* A slice is borrowed bytes: a pointer and a length, never owned, never NUL-terminated.
 * Whoever hands one out says how long it lives; most die at the next feed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct slice {
    const uint8_t *p;
    size_t len;
};

#define S(literal) ((struct slice){(const uint8_t *)(literal), sizeof(literal) - 1})

static inline struct slice slice_of(const void *p, size_t len)
{
    return (struct slice){p, len};
}

static inline struct slice slice_str(const char *text)
{
    return slice_of(text, strlen(text));
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (b.len == 0 || memcmp(a.p, b.p, b.len) == 0); /* b's is often a constant */
}

/* ASCII case folded, as HTTP field names and DNS names compare; a NUL byte compares like any other. */
static inline bool slice_ieq(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        uint8_t x = a.p[i], y = b.p[i];
        x |= (uint8_t)((x >= 'A' && x <= 'Z') << 5);
        y |= (uint8_t)((y >= 'A' && y <= 'Z') << 5);
        if (x != y)
            return false;
    }
    return true;
}

static inline struct slice slice_head(struct slice s, size_t n)
{
    return slice_of(s.p, n < s.len ? n : s.len);
}

static inline struct slice slice_from(struct slice s, size_t n)
{
    size_t cut = n < s.len ? n : s.len;
    return slice_of(cut == 0 ? s.p : s.p + cut, s.len - cut); /* a NULL slice stays NULL */
}

/* Takes up to n bytes off the front of *s. */
static inline struct slice slice_cut(struct slice *s, size_t n)
{
    struct slice head = slice_head(*s, n);
    *s = slice_from(*s, n);
    return head;
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_eq(slice_of(s.p, prefix.len), prefix);
}

static inline bool slice_ends(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len && slice_eq(slice_of(s.p + (s.len - suffix.len), suffix.len), suffix);
}

/* Offset of the first match, or -1. */
static inline ptrdiff_t slice_find(struct slice hay, struct slice needle)
{
    const uint8_t *at = hay.len == 0 ? NULL : memmem(hay.p, hay.len, needle.p, needle.len);
    return at == NULL ? -1 : at - hay.p;
}

static inline ptrdiff_t slice_chr(struct slice s, uint8_t byte)
{
    const uint8_t *at = s.len == 0 ? NULL : memchr(s.p, byte, s.len);
    return at == NULL ? -1 : at - s.p;
}

/* What stands before the first such byte; all of it where there is none. */
static inline struct slice slice_until(struct slice s, uint8_t byte)
{
    ptrdiff_t at = slice_chr(s, byte);
    return at < 0 ? s : slice_head(s, (size_t)at);
}

/* Without the spaces and tabs at both ends (RFC 9110 section 5.6.3, OWS). */
static inline struct slice slice_trim(struct slice s)
{
    while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = slice_from(s, 1);
    while (s.len > 0 && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* Copies into a C string of `size` bytes, cut to fit; a NUL byte ends it early. Returns the bytes kept. */
static inline size_t slice_text(struct slice s, char *out, size_t size)
{
    size_t n = s.len < size ? s.len : size - 1;
    if (n > 0)
        memcpy(out, s.p, n);
    out[n] = '\0';
    return n;
}
