/* Between whoever makes documents and Redis: the spool, and the one thread that empties it, batch by batch. Putting never waits
 * for a socket or a disk. Each document arrives once: the cursor in Redis says how far it got. */
#pragma once

#include "feeds/json.h"
#include "feeds/redis.h"
#include "feeds/spool.h"

struct delivery_settings {
    struct spool_settings spool;
    uint64_t wait_s;           /* how long delivery_finish waits for a Redis that takes nothing */
    uint64_t most_waiting;     /* documents in the list, unread; what is more stays here; 0: no bound */
    const char *sensor;        /* of the document that tells what was dropped, as the next */
    enum json_format format;
};

struct delivery_stats {
    uint64_t sent, breaks;     /* documents, connections lost */
    uint64_t lost;             /* documents told as dropped or damaged, once it was their turn */
    struct spool_stats spool;
};

struct delivery;

/* Takes the connection over, whatever comes of it. NULL: a sentence. */
struct delivery *delivery_open(struct redis *, const struct delivery_settings *, char err[static ERRLEN]);

/* The position of the next document. */
uint64_t delivery_next(struct delivery *);

/* Copies the document; us is its packet time. */
void delivery_put(struct delivery *, struct slice document, uint64_t us);

/* True once for each change of state (Redis gone, back, refusing; journal full; disk full): a sentence for the log. */
bool delivery_news(struct delivery *, char message[static ERRLEN]);

/* A thread of its own has ended, though nobody told it to; nothing more is delivered. */
bool delivery_dead(struct delivery *);

/* The wait after a failure ends here: somebody has mended something. */
void delivery_retry(struct delivery *);

/* No more input: from now on is counted how long delivery_finish waits. */
void delivery_ends(struct delivery *);

enum delivery_end { DELIVERY_GOES_ON, DELIVERY_DONE, DELIVERY_LEFT };

/* No more will be put: sends what is left. Waits up to ms; ask again while it goes on. LEFT: not all was delivered, a sentence. */
enum delivery_end delivery_finish(struct delivery *, uint64_t ms, char err[static ERRLEN]);
void delivery_stats(struct delivery *, struct delivery_stats *);
void delivery_close(struct delivery *);
