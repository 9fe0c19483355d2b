/* What sensors on one Redis tell each other: a thread that carries the desk's news out and other sensors' in. Putting and
 * asking never wait; what is on its way is bounded. */
#pragma once

#include "feeds/news.h"
#include "feeds/redis_session.h"
#include "feeds/told.h"

struct share_settings {
    struct redis_login login;
    const char *key, *sensor;
    bool follow;               /* live: what others tell is taken as it comes; else only while catching up */
};

struct share_stats {
    uint64_t told, heard;      /* items that went out, that came in */
    uint64_t dropped;          /* went out of a full queue unsent */
    uint64_t unreadable;       /* were none of ours */
};

struct share;

/* NULL: a sentence. The login's texts are read at once, and live until share_close. */
struct share *share_open(const struct share_settings *, char err[static ERRLEN]);
void share_close(struct share *);

/* Copies the item. */
void share_put(struct share *, const struct told *);

/* The next that another sensor told; false: none for now. */
bool share_next(struct share *, struct told *);

/* To be called at the beginning and the end: from now on others' items are taken in any case, and share_rest waits for them;
 * up to wait_ms for a Redis that is away, 0: not at all. */
void share_catch_up(struct share *, uint64_t wait_ms);

/* As share_next, but false only when all was told and all that others told was taken, or it could not be. */
bool share_rest(struct share *, struct told *);

/* True once for each change of state: a sentence for the log. */
bool share_news(struct share *, char message[static ERRLEN]);

/* Its thread has ended, though nobody told it to. */
bool share_dead(struct share *);
void share_stats(struct share *, struct share_stats *);
