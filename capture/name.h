/* How the bytes of a host name are shown: lower case, and whatever is no visible ASCII as \DDD (RFC 1035 section 5.1,
 * RFC 4343 section 2.1). The same for DNS and TLS, so that the two compare as text. */
#pragma once

#include "capture/slice.h"

enum { NAME_ESCAPE = 4 }; /* characters that one byte takes at most */

/* Where a dot in the bytes stands for itself: in a DNS label it does, in a whole name it parts two labels. */
enum name_dots { NAME_LABEL, NAME_WHOLE };

/* Writes up to bytes.len * NAME_ESCAPE characters without a NUL; returns the end. */
static inline char *name_put(char *out, struct slice bytes, enum name_dots dots)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.p[i];
        if ((c >= 'a' && c <= 'z') || c == '-' || (c >= '0' && c <= '9')) { /* nearly every byte there is */
            *out++ = (char)c;
            continue;
        }
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
