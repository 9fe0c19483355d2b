/* Internationalised names made readable (RFC 3492, RFC 5891): xn-- labels to UTF-8. */
#pragma once

#include "capture/slice.h"

enum { PUNYCODE_TEXT = 1024 }; /* 253 bytes of name, each at most four of UTF-8, and a NUL */

/* The name with every xn-- label decoded, as a C string. False: none was, or one is not punycode; out is then the name
 * as it is, cut to fit. */
bool punycode_decode(struct slice name, char out[static PUNYCODE_TEXT]);

/* The other way: a name in UTF-8 as it is looked up, in lower case. False: no such name can be, or it does not fit. */
bool punycode_encode(struct slice name, char *out, size_t size);
