/* The engine: events in, hits out, one classifier after the other. Nothing shared between two engines: one a worker. */
#pragma once

#include "classifiers/classifier.h"

extern const struct classifier *const radome_classifiers[]; /* NULL-terminated; written by the Makefile */

struct radome_stats {
    uint64_t events[EVENT_KINDS], hits, hits_dropped;
};

struct radome;

struct radome *radome_open(const struct classifier_settings *, char err[static ERRLEN]);
void radome_close(struct radome *);

/* Shows the event to every classifier; then pull its hits before the next event. */
void radome_see(struct radome *, const struct event *);

/* The next hit of this event, borrowed until the next call; NULL: none. */
const struct hit *radome_next(struct radome *);

/* After an EVENT_BODY: false where no classifier wants the rest of that body. */
bool radome_follows(const struct radome *);
void radome_stats(const struct radome *, struct radome_stats *);
