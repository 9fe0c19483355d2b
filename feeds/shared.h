/* The evidence that several sensors share, as it lies in Redis beside the hits: every item that a sensor knows in KEY:told:items
 * (a hash), the oldest forgotten by KEY:told:ages (a sorted set), and KEY:told (a stream) for those who follow. One script
 * changes all three at once. Belongs to one thread. */
#pragma once

#include "feeds/redis_session.h"
#include "feeds/told.h"

enum { SHARED_PAGE = 64 };     /* items put at once, at most */

struct shared;

/* sensor: who puts, and whose items are not taken. NULL: a sentence. Connects when first asked. */
struct shared *shared_open(const struct redis_login *, const char *key, const char *sensor, char err[static ERRLEN]);
void shared_close(struct shared *);

/* Puts all or none; put again after a break, an item counts once. */
enum redis_result shared_put(struct shared *, const struct told *, size_t count, char err[static ERRLEN]);

/* The next item that another sensor put: what lies there first, then what comes. *any false: no more for now. */
enum redis_result shared_take(struct shared *, struct told *, bool *any, char err[static ERRLEN]);

/* Items that were none of ours: of another version, damaged. */
uint64_t shared_unreadable(const struct shared *);
