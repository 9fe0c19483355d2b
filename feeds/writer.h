/* A JSON writer into a fixed buffer. Sticky overflow: write straight through, ask `full` once. What is not known is not
 * written: a text that is empty or NULL, and an object or array that nothing was put into, leave no trace.
 * Text is taken as bytes from the wire: what is not UTF-8 becomes U+FFFD, what could steer a terminal is escaped. */
#pragma once

#include "capture/addr.h"

enum { WRITER_DEPTH = 12, WRITER_TIME = 40 };

struct writer {
    char *out;
    size_t len, room;
    bool full;                           /* something did not fit: nothing was written since */
    unsigned depth;
    size_t start[WRITER_DEPTH];          /* of what is open: where its comma or key begins, */
    size_t body[WRITER_DEPTH];           /* and where its content does */
};

struct writer writer_of(char *out, size_t room);

/* The key is NULL for the document itself and for what stands in an array; keys are our own words, without escapes. */
void writer_object(struct writer *, const char *key);
void writer_array(struct writer *, const char *key);
void writer_end(struct writer *);        /* closes the last opened */

void writer_bytes(struct writer *, const char *key, struct slice text);
void writer_text(struct writer *, const char *key, const char *text);
void writer_uint(struct writer *, const char *key, uint64_t value); /* at most 2^63 - 1 */
void writer_int(struct writer *, const char *key, int64_t value);
void writer_bool(struct writer *, const char *key, bool value);
void writer_hex(struct writer *, const char *key, struct slice bytes); /* lower case */
void writer_addr(struct writer *, const char *key, const struct addr *);
void writer_texts(struct writer *, const char *key, const char *const *texts, size_t count); /* an array */
void writer_addrs(struct writer *, const char *key, const struct addr *addrs, size_t count);

/* At most three decimals and at least one, so that a reader who guesses types from the first document guesses right.
 * NaN is 0; beyond ±10^12 is cut there. */
void writer_number(struct writer *, const char *key, double value);

/* YYYY-MM-DDThh:mm:ss.uuuuuu and the zone's suffix (RFC 3339); years after 9999 are cut to its end. */
void writer_time(struct writer *, const char *key, uint64_t us, const char *zone);

/* The code point at the start of text, which is not empty, and its length in bytes; a length of 0 is a byte that starts no
 * valid sequence: overlong forms, surrogates and what lies beyond U+10FFFF included (RFC 3629 section 4). */
size_t writer_point(struct slice text, uint32_t *point);

/* The line's end, NUL excluded; the bytes written, 0 where they did not fit. */
size_t writer_finish(struct writer *);
