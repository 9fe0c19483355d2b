/* One thread with some of the shards: packets are dealt to it, outputs come back numbered, in order. It never waits for
 * anything but these two, and touches no socket and no file. */
#pragma once

#include "feeds/ring.h"
#include "feeds/shard.h"

#define WORKER_DONE UINT64_MAX /* how far it has come when it has finished */

struct worker;

/* shards: SHARDS places, NULL where a shard is not this worker's. desk: rung when there is something to take or room. */
struct worker *worker_open(struct shard *const *shards, struct bell *desk, char err[static ERRLEN]);

/* Ends the thread, wherever it is. */
void worker_close(struct worker *);

/* Dealing, in the order of numbers; false: no room now. What is dealt is looked at once it is published, or the ring fills. */
bool worker_deal(struct worker *, uint64_t number, unsigned shard, const struct packet *);
bool worker_mark(struct worker *, uint64_t number);   /* all up to this number is dealt */
bool worker_finish(struct worker *, uint64_t number); /* no more; a shard's last outputs have this number plus its own */
void worker_publish(struct worker *);

/* The next output and its number, borrowed until worker_take. False: none now; *number is then how far it has come. */
bool worker_next(struct worker *, uint64_t *number, struct output *);
void worker_take(struct worker *);

/* Between these two the thread stands still, so that its shards can be looked at. */
void worker_hold(struct worker *);
void worker_release(struct worker *);

/* The thread is there no more, though it was not told to end. */
bool worker_dead(struct worker *);
