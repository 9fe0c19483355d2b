/* Between whoever makes documents and Redis: a bounded queue and the one thread that empties it, batch by batch. Putting
 * never waits. Without Redis the queue holds what comes; when it is full the oldest go, counted. */
#pragma once

#include "feeds/redis.h"

struct delivery_settings {
    size_t queue_bytes;  /* of unsent documents, at most */
    uint64_t wait_s;     /* how long delivery_finish waits for a Redis that is away */
};

struct delivery_stats {
    uint64_t put, sent, dropped, breaks;
};

struct delivery;

/* Takes the connection over, whatever comes of it. NULL: no thread or memory. */
struct delivery *delivery_open(struct redis *, const struct delivery_settings *, char err[static ERRLEN]);

/* Copies the document. */
void delivery_put(struct delivery *, struct slice document);

/* True once for each change of state (Redis gone, back, refusing; documents dropped): a sentence for the log. */
bool delivery_news(struct delivery *, char message[static ERRLEN]);

/* Sends what is left. False: something was not delivered, a sentence in err. */
bool delivery_finish(struct delivery *, char err[static ERRLEN]);
void delivery_stats(struct delivery *, struct delivery_stats *);
void delivery_close(struct delivery *);
