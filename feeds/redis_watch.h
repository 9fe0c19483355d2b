/* Documents in Redis looked at and left where they are: a stream by XREAD without a group, a list's new tail by LRANGE, a
 * channel by SUBSCRIBE. Only reads, so a replica will do. What a list's other readers take off between two looks is not
 * seen. Belongs to one thread. */
#pragma once

#include "feeds/redis_session.h"

enum { REDIS_WATCH_BACKLOG = 512 }; /* of what is there at first, the newest */

struct redis_watch;

/* channel: key is a channel's name; else which of the others stands at the key is seen. The texts stay the caller's.
 * NULL: the URL or the password file is wrong; a sentence. */
struct redis_watch *redis_watch_open(const struct redis_login *, const char *key, bool channel, char err[static ERRLEN]);
void redis_watch_close(struct redis_watch *);

/* What is new since the last look, which may be nothing; never waits for more. */
enum redis_result redis_watch_look(struct redis_watch *, size_t *count, char err[static ERRLEN]);

/* Of those the i-th, borrowed until the next look, and when Redis took it (microseconds, by its clock; 0: not known). */
struct slice redis_watch_document(const struct redis_watch *, size_t i, uint64_t *us);

/* For people: "stream radome:hits at 127.0.0.1:6379". */
void redis_watch_state(const struct redis_watch *, char out[static ERRLEN]);
