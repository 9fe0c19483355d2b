/* Frames in, hits and records out, in packet order, by any number of threads: the caller's own, or `count` beside it, which
 * read the capture and deal its packets to each other in turns; what may have to be waited for, a pipe, the caller reads. What
 * comes out of a replay, and in which order, is the same for every count. Live, each of several has a part of the source for
 * itself, and order is by packet time as far as it goes. */
#pragma once

#include "capture/source.h"
#include "feeds/shard.h"

struct workers_settings {
    unsigned count;                 /* threads; at most SHARDS are used; 1: none but the caller's */
    struct shard_settings shard;    /* but its parts */
    uint64_t due_us;                /* a replay's: so often, by packet time, WORKERS_DUE; 0: never */
};

struct workers_stats {
    struct source_stats source;
    struct capture_stats capture;   /* the sum of all, as engine; of the most at once, the sum of each one's most */
    struct engine_stats engine;
    uint64_t last_us;               /* a replay's: the latest packet time read */
    uint64_t threads, least, most;  /* that work, beside the caller's; packets of the one with fewest, and with most */
    uint64_t rounds[SHARDS];        /* of each of `hearts` threads, the caller's where no other works: how often it came round */
    unsigned hearts;
    uint64_t lost;                  /* live: outputs that found no room, because the desk was too slow */
};

enum workers_result {
    WORKERS_OUTPUT,  /* a hit or a document */
    WORKERS_NOTHING, /* came of this frame so far */
    WORKERS_PAUSE,   /* none just now: a moment to look after everything else */
    WORKERS_DUE,     /* so much time has passed, up to output->us: all that came before was pulled, and nothing has come since */
    WORKERS_WARNING, /* err has a sentence, as source_next's */
    WORKERS_ERROR,
    WORKERS_DEAD,    /* err has a sentence: one of them is gone, and nothing more will come */
    WORKERS_END
};

struct workers;

/* The source stays the caller's, and must not be read by him meanwhile. */
struct workers *workers_open(const struct workers_settings *, struct source *, char err[static ERRLEN]);
void workers_close(struct workers *);

/* The output is borrowed until the next call. */
enum workers_result workers_next(struct workers *, struct output *, char err[static ERRLEN]);

/* No more frames are read: then pull until WORKERS_END. */
void workers_stop(struct workers *);

/* Other lists from now on; nothing of those before is held any longer. */
void workers_relist(struct workers *, const struct indicators *, const struct geoip *);

/* Every one of them has made a round, idle or not, since this was last true. */
bool workers_moved(struct workers *);

/* Live, a worker that stands still for a second keeps nobody: then they are what they were the last time, but for the rounds. */
void workers_stats(struct workers *, struct workers_stats *);
