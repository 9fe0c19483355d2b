/* The journal every hit passes through before it is sent. Whoever makes documents puts them into a bounded queue in memory and
 * never touches a disk; a thread writes the queue to the journal, and the one that sends takes batches out by position.
 * Without a state directory, and while its disk takes nothing, batches come out of the queue itself. */
#pragma once

#include "feeds/batch.h"
#include "feeds/news.h"
#include "feeds/state.h"

enum { SPOOL_SYNC_MS = 200 };      /* a power cut takes at most what was put in so long; a killed process takes nothing written */

struct spool_settings {
    struct state *state;           /* NULL: in memory alone */
    uint64_t journal_bytes, queue_bytes; /* on disk and in memory, at most; beyond, the oldest go */
    uint64_t again;                /* position from which on documents are put again that may be there; UINT64_MAX: all are new */
    uint64_t patience_ms;          /* how long spool_put waits for room while nothing moves: a replay is in no hurry; 0: not at all */
};

struct spool_stats {
    uint64_t put, again;           /* documents, and those of them that were there from before */
    uint64_t dropped;              /* for want of room, unsent */
    uint64_t waiting;              /* now, unsent */
    uint64_t bytes, segments;      /* of the journal on disk */
    uint64_t damaged;              /* bytes of it that could not be read */
    uint64_t disk_refused;         /* times that the disk began to take nothing */
};

struct spool;

/* NULL: a sentence. */
struct spool *spool_open(const struct spool_settings *, struct news *, char err[static ERRLEN]);
void spool_close(struct spool *);

/* Its thread has ended, though nobody told it to. */
bool spool_dead(struct spool *);

uint64_t spool_id(const struct spool *);

/* The position of the next document. */
uint64_t spool_next(struct spool *);

/* Copies the document; us is its packet time. */
void spool_put(struct spool *, struct slice document, uint64_t us);

/* No more will be put: what is in memory goes to disk. True: it is there, or cannot go there. Waits up to ms; ask again. */
bool spool_finish(struct spool *, uint64_t ms);

/* What was sent before this process began: sending goes on from here where Redis does not know better. */
uint64_t spool_sent_before(const struct spool *);

/* The position itself, or the first behind it that is still held. */
uint64_t spool_held(struct spool *, uint64_t position);

/* Fills the batch, which is empty, with documents from `from` on, waiting up to ms for them to be there and to be many. False:
 * none. One that begins later than `from` comes after a gap, and may hold nothing else: what was there was dropped or damaged. */
bool spool_take(struct spool *, uint64_t from, struct batch *, uint64_t ms);

/* All before the position has arrived and may be forgotten. */
void spool_sent(struct spool *, uint64_t position);
void spool_stats(struct spool *, struct spool_stats *);
