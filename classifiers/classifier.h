/* The whole contract of a classifier. One file, ending in one constant
 *
 *     const struct classifier foo_classifier = {.name = "foo", .see[EVENT_HTTP] = see_http};
 *
 * which the Makefile finds and puts in the registry. It sees events, answers with hits, does no I/O and asks no clock. */
#pragma once

#include "capture/error.h"
#include "capture/event.h"
#include "classifiers/hit.h"

struct hits;                   /* the engine's bounded queue of one event's hits */
struct indicators;             /* classifiers/indicator.h; NULL where none are loaded */

struct classifier_settings {
    const struct indicators *indicators;
    uint64_t seed;             /* for hash tables */
    const struct classifier *const *plugins; /* after those of the registry; NULL-terminated; NULL: none */
};

typedef void classifier_see(void *state, const struct event *, struct hits *);

struct classifier {
    const char *name;
    void *(*open)(const struct classifier_settings *, char err[static ERRLEN]); /* its state; may be absent: state is NULL */
    void (*close)(void *state);
    classifier_see *see[EVENT_KINDS]; /* NULL: not interested */
    void (*relist)(void *state, const struct indicators *); /* lists were loaded anew; NULL: keeps none of them */
};

/* A classifier that wants the next piece of this EVENT_BODY's body says so, at every piece. */
void hits_follow(struct hits *);

/* A new hit for this event, zeroed but for us, tuple and kind; NULL when the queue is full (counted). */
struct hit *hits_add(struct hits *, const struct event *, enum hit_kind);
