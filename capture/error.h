/* Errors of set-up: a sentence in the caller's own buffer. Malformed traffic is never told this way: it is counted. */
#pragma once

#include <stdarg.h>
#include <stdio.h>

enum { ERRLEN = 512 };

__attribute__((format(printf, 2, 3))) static inline void error_set(char err[static ERRLEN], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err, ERRLEN, format, args);
    va_end(args);
}
