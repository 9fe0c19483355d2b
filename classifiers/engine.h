/* The engine: events in, hits out, one classifier after the other. Nothing shared between two engines: one a worker. */
#pragma once

#include "classifiers/classifier.h"

extern const struct classifier *const engine_classifiers[]; /* NULL-terminated; written by the Makefile */

struct engine_stats {
    uint64_t events[EVENT_KINDS], hits, hits_dropped;
};

struct engine;

struct engine *engine_open(const struct classifier_settings *, char err[static ERRLEN]);
void engine_close(struct engine *);

/* Other indicators from now on, between two events; nothing of those before is held any longer. */
void engine_relist(struct engine *, const struct indicators *);

/* Shows the event to every classifier; then pull its hits before the next event. */
void engine_see(struct engine *, const struct event *);

/* The next hit of this event, borrowed until the next call; NULL: none. */
const struct hit *engine_next(struct engine *);

/* After an EVENT_BODY: false where no classifier wants the rest of that body. */
bool engine_follows(const struct engine *);
void engine_stats(const struct engine *, struct engine_stats *);
