/* A stream or list of Redis read from its first document to its last, page by page, and left as it is: nothing is taken, no
 * group is made, nothing acknowledged (feeds/consumer.h does that). Belongs to one thread. */
#pragma once

#include "feeds/redis_session.h"

struct peek;

/* NULL: the URL or the password file is wrong; a sentence. */
struct peek *peek_open(const struct redis_login *, const char *key, char err[static ERRLEN]);
void peek_close(struct peek *);

/* The next documents, *count of them; none: that was all. Of a list that others take from meanwhile none is missed
 * that stays in it. Anything but REDIS_SENT: err says why not. */
enum redis_result peek_next(struct peek *, size_t *count, char err[static ERRLEN]);

/* Of those the i-th, borrowed until the next call. Empty: an entry without one. */
struct slice peek_document(const struct peek *, size_t i);
