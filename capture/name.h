/* How the bytes of a host name are shown: lower case, and whatever is no visible ASCII as \DDD (RFC 1035 section 5.1,
 * RFC 4343 section 2.1). The same for DNS and TLS, so that the two compare as text. */
#pragma once

#include "capture/slice.h"

enum { NAME_ESCAPE = 4 }; /* characters that one byte takes at most */

/* Where a dot in the bytes stands for itself: in a DNS label it does, in a whole name it parts two labels. */
enum name_dots { NAME_LABEL, NAME_WHOLE };

/* Eight bytes in lower case. Without its top bit a byte plus 63 has that bit set from 'A' on, plus 37 from behind 'Z'. */
static inline uint64_t name_lower(uint64_t bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t low = bytes & 0x7f * ones, from_a = low + (0x80 - 'A') * ones, behind_z = low + (0x7f - 'Z') * ones;
    return bytes | (from_a & ~behind_z & ~bytes & 0x80 * ones) >> 2;
}

typedef signed char name_lanes __attribute__((vector_size(16)));

/* Copies bytes in lower case and returns how many of them do not stand for themselves in a label: all but '!' to '~'
 * without dot and backslash. Nearly every name has none, so sixteen are looked at at once. Reads and writes whole lanes:
 * up to 15 bytes more than it is asked for. At most 255. */
static inline unsigned name_copy(char *out, const uint8_t *bytes, size_t len)
{
    const name_lanes place = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    name_lanes odd = {0};
    for (size_t at = 0; at < len; at += 16) {
        name_lanes x, within = place < (signed char)(len - at < 16 ? len - at : 16);
        memcpy(&x, bytes + at, 16);
        odd -= within & ~((x > ' ') & (x < 0x7f) & (x != '.') & (x != '\\'));
        x |= (x >= 'A') & (x <= 'Z') & 0x20;
        memcpy(out + at, &x, 16);
    }
    uint64_t half[2]; /* each lane has counted to 16 at most, all of them to 255 */
    memcpy(half, &odd, 16);
    return (unsigned)((half[0] + half[1]) * UINT64_C(0x0101010101010101) >> 56);
}

/* Writes up to bytes.len * NAME_ESCAPE characters without a NUL; returns the end. */
static inline char *name_put(char *out, struct slice bytes, enum name_dots dots)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.p[i];
        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        if (c <= ' ' || c >= 0x7f) {
            *out++ = '\\';
            *out++ = (char)('0' + c / 100);
            *out++ = (char)('0' + c / 10 % 10);
            *out++ = (char)('0' + c % 10);
        } else {
            if (c == '\\' || (c == '.' && dots == NAME_LABEL))
                *out++ = '\\';
            *out++ = (char)c;
        }
    }
    return out;
}
