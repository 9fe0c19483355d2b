/* Hex that decodes to printable key=value text: how the family keeps and sends its parameters (Trend Micro 2020). Plain
 * long hex, a digest or a token, is common in honest traffic and is none of it. */
#pragma once

#include "capture/slice.h"

enum { HEXTEXT_MAX = 4096, HEXTEXT_MIN = 8 }; /* bytes of text; fewer turn up in ids by chance */

/* Decodes hex digits of either case into out; what is beyond HEXTEXT_MAX bytes of text is not looked at. False: not hex,
 * an odd number of digits, fewer than HEXTEXT_MIN bytes, or not printable name=value pairs joined by & ; or line ends. */
bool hextext_decode(struct slice hex, char out[static HEXTEXT_MAX], struct slice *text);

/* Cuts the next pair off such a text, a leading "/" or "?" skipped; false: none left. */
bool hextext_pair(struct slice *text, struct slice *name, struct slice *value);

/* 0 to 15, or -1 where the byte is no hex digit. */
int hextext_digit(uint8_t byte);
