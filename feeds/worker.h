/* One thread with some of the shards: packets are dealt to it, by others or by itself in its turn, or it has a part of a live
 * source for itself; outputs come back numbered, in order. It touches no file and no socket but its source's. */
#pragma once

#include "feeds/dealer.h"
#include "feeds/shard.h"

#define WORKER_DONE UINT64_MAX /* how far it has come when it has finished */

struct worker;

/* shards: SHARDS places, NULL where a shard is not this worker's, who takes rounds as number `index`. dealer: NULL where
 * others deal. desk: rung when there is something to take or to see to, or room. At the end a shard's last outputs have the last packet's number, plus one, plus its own. */
struct worker *worker_open(struct shard *const *shards, struct rounds *, unsigned index, struct dealer *, struct bell *desk, char err[static ERRLEN]);

/* A live one, which reads its part itself and numbers outputs by packet time. Its memory is what the shard's settings say a
 * part is. An output that finds no room is lost, and counted: the kernel's ring must not wait. */
struct worker *worker_listen(const struct shard_settings *, struct source *, struct bell *desk, char err[static ERRLEN]);

/* Ends the thread, wherever it is. */
void worker_close(struct worker *);

/* The next output and its number, borrowed until worker_take. False: none now; *number is then how far it has come. */
bool worker_next(struct worker *, uint64_t *number, struct output *);
void worker_take(struct worker *);
void worker_taken(struct worker *); /* some were: who waits for room is to look again */

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

/* All that it was given is done, or its part of the source is at its end: it makes no more rounds. */
bool worker_finished(const struct worker *);

/* The thread is there no more, though it was not told to end. */
bool worker_dead(struct worker *);
