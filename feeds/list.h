/* What text lists have in common: files, lines with comments, fields of CSV, names as people write them. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"
#include "classifiers/hit.h"

/* A whole file, malloc'ed, for list_free; a byte order mark is left out of *text. False with a sentence. */
bool list_file(const char *path, struct slice *text, char err[static ERRLEN]);
void list_free(struct slice text);
struct slice list_without_mark(struct slice text);

/* The next line that says something, without its comment (# at its start or behind a blank) and the blanks around it.
 * *number counts all lines, from 1. False: none left. */
bool list_line(struct slice *text, struct slice *line, size_t *number);

/* The next word of a line; false: none left. */
bool list_word(struct slice *line, struct slice *word);

/* A field of a CSV record (RFC 4180), quotes undone, cut to fit; *last where the record ends with it. *number counts the
 * lines passed. */
void list_field(struct slice *text, char *out, size_t size, bool *last, size_t *number);

/* A host name of two labels or more, as it is looked up: lower case, punycode (RFC 5891), without "*." before or "." behind.
 * False: not a name. */
bool list_name(struct slice word, char name[static HIT_NAME]);
