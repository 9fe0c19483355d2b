/* What the desk was given since its last snapshot, on disk, so that it is not lost with the process: hits other than
 * sightings, and what other sensors told. Putting never waits: a thread writes, GATHER_MS to twice that later, when the
 * documents of an entry are in the journal already. */
#pragma once

#include "classifiers/hit.h"
#include "feeds/news.h"
#include "feeds/state.h"
#include "feeds/told.h"

struct diary_settings {
    struct state *state;
    struct news *news;
    uint64_t next;             /* number of the first entry */
    unsigned gather_ms;        /* how long entries are gathered, and how long they then wait */
    uint64_t most;             /* bytes on disk; from a quarter of it on it asks for a snapshot */
};

struct diary_stats {
    uint64_t entries, bytes;   /* written; on disk now */
    uint64_t dropped;          /* not written: no room in memory or on disk */
};

struct diary;

struct diary *diary_open(const struct diary_settings *, char err[static ERRLEN]);

/* What was put is written first. */
void diary_close(struct diary *);

/* Its thread has ended, though nobody told it to. */
bool diary_dead(struct diary *);

void diary_hit(struct diary *, const struct hit *); /* copied, as the next; a sighting is passed over */
void diary_told(struct diary *, const struct told *);

/* The number of the next entry. A snapshot made now has all before it: what is written from now on goes into another file. */
uint64_t diary_turn(struct diary *);

/* Entries before that number are in a snapshot. */
void diary_forget(struct diary *, uint64_t before);
bool diary_wants_snapshot(struct diary *);
void diary_stats(struct diary *, struct diary_stats *);

enum diary_kind { DIARY_HIT, DIARY_TOLD };

struct diary_entry {
    enum diary_kind kind;
    struct hit hit;
    struct told told;
};

struct diary_reading {
    uint64_t from;             /* in: entries before it are passed over; out: the number after the last */
    uint64_t entries, damaged; /* out: read; bytes that could not be: a torn end, for instance */
};

/* Calls for every entry that an earlier process left, in their order. False: no memory. */
bool diary_read(struct state *, struct diary_reading *, void (*take)(void *context, const struct diary_entry *), void *context);

/* All that is there goes. */
void diary_remove(struct state *);
