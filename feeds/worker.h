/* One thread with some of the shards: packets are dealt to it, or it has a part of a live source for itself; outputs come
 * back numbered, in order. It touches no file and no socket but its source's. */
#pragma once

#include "feeds/ring.h"
#include "feeds/shard.h"

#define WORKER_DONE UINT64_MAX /* how far it has come when it has finished */

struct worker;

/* shards: SHARDS places, NULL where a shard is not this worker's. desk: rung when there is something to take or room. */
struct worker *worker_open(struct shard *const *shards, struct bell *desk, char err[static ERRLEN]);

/* A live one, which reads its part itself and numbers outputs by packet time. Its memory is what the shard's settings say a
 * part is. An output that finds no room is lost, and counted: the kernel's ring must not wait. */
struct worker *worker_listen(const struct shard_settings *, struct source *, struct bell *desk, char err[static ERRLEN]);

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

/* Between these two the thread stands still, so that its shards can be looked at. False: it did not within ms (0: for ever). */
bool worker_hold(struct worker *, unsigned ms);
void worker_release(struct worker *);

struct worker_stats {
    uint64_t packets, lost; /* seen; outputs without room */
};

/* While it is held: what it has seen; a live one adds to what others have. */
void worker_stats(struct worker *, struct worker_stats *, struct capture_stats *, struct engine_stats *);
void worker_relist(struct worker *, const struct indicators *, const struct geoip *); /* as shard_relist, of a live one */

/* Its heartbeat: grows while it runs, at least once a second, work or none. To be asked whether it is held or not. */
uint64_t worker_rounds(const struct worker *);

/* The thread is there no more, though it was not told to end. */
bool worker_dead(struct worker *);
