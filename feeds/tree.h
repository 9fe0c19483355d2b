/* JSON text as a tree to read (RFC 8259). The only file of this floor that names <jansson.h>. What is asked of a value
 * that is absent, NULL or of another type is empty, so that a chain of questions needs no test in between. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"

struct tree; /* a value; those within it live as long as the outermost */

/* NULL: not JSON; a sentence with its line. */
struct tree *tree_open(struct slice text, char err[static ERRLEN]);
void tree_close(struct tree *);

struct tree *tree_get(const struct tree *object, const char *key);
bool tree_is_object(const struct tree *);
bool tree_is_array(const struct tree *);
bool tree_is_true(const struct tree *);
struct slice tree_text(const struct tree *);                /* a string; p NULL where it is none */
const char *tree_word(const struct tree *, const char *key); /* a member's string as far as its first NUL; "" where none */
bool tree_number(const struct tree *, double *);            /* a number, also one that is written as a string */
size_t tree_count(const struct tree *);                     /* of an array */
struct tree *tree_at(const struct tree *, size_t);

/* The member behind the one of that key, in the text's order; key NULL: the first. False: there is none. */
bool tree_next(const struct tree *object, const char **key, struct tree **value);

/* An object to look things up in. */
struct tree *tree_map(void);
void tree_map_put(struct tree *, const char *key, const char *value);
