/* Text that came over the network, on its way to a terminal: what a terminal would obey (C0, DEL, C1), what turns lines
 * round (bidirectional controls) and what has no column of its own (combining characters) is shown as its code point, a
 * byte that is no UTF-8 as itself in hex. What is left takes as many columns as it says. */
#pragma once

#include "capture/slice.h"

/* The user's locale for characters, or C.UTF-8 where none is set: to be called once, before the first text. What the
 * locale cannot write is shown as its code point. */
void printable_locale(void);

/* Puts as much of the text as fits into `columns` columns and `size` bytes (its NUL included). Returns how many bytes of the
 * text that was; *used, unless NULL, how many columns. */
size_t printable(char *out, size_t size, struct slice text, size_t columns, size_t *used);

/* The bytes of a text that fill one row of so many columns: up to a space, where one stands in its second half. At least one
 * character of what is left. */
size_t printable_row(struct slice text, size_t columns);

/* For a cell of a table: as much as fits; what was cut off is marked, what is missing filled up with spaces. */
void printable_cell(char *out, size_t size, struct slice text, size_t columns);
