/* Which clients come back to which server on a schedule (feeds/period.h). Only hits are shown here: what carries no evidence
 * is never looked at. Bounded: of a bucket the series without a schedule goes first, then the shorter, then the older. */
#pragma once

#include "capture/error.h"
#include "classifiers/hit.h"
#include "feeds/period.h"
#include "feeds/table.h"

enum schedule {
    SCHEDULE_NONE,
    SCHEDULE_STANDS, /* there is one, as told before */
    SCHEDULE_TOLD    /* it was just found, or has come back twice as often as when it was told */
};

struct schedule_beat {         /* a visit: what comes within five minutes is one */
    struct addr client;
    char name[HIT_NAME];       /* the server's registered domain, or its address */
    uint64_t us;
    bool program;              /* a request with the family's shape: no person made it */
};

struct schedule_found {
    struct period period;
    uint32_t count;            /* beats so far */
    uint64_t first_us;
};

struct schedules;
struct store_writer; /* feeds/store.h */
struct store_reader;

struct schedules *schedule_open(size_t series, uint64_t seed, char err[static ERRLEN]);
void schedule_close(struct schedules *);

/* A hit's beat; false: it has none (nobody comes back to a file). */
bool schedule_beat(struct schedule_beat *, const struct hit *);

/* Adds a beat, this sensor's or another's. Sets *new where it is a beat of its own, which others should be told of. */
enum schedule schedule_put(struct schedules *, const struct schedule_beat *, bool *new, struct schedule_found *);

/* What is known of that beat's series: false where it is no schedule that was told. */
bool schedule_find(const struct schedules *, const struct schedule_beat *, struct schedule_found *);

/* The hit as one on that schedule: a beacon, with the words and the bits of the schedule alone. */
void schedule_hit(struct hit *, const struct hit *seen, const struct schedule_beat *, const struct schedule_found *);

/* A beat among the values of a section or message; all that is known, as the section "schedules". */
void schedule_beat_save(const struct schedule_beat *, struct store_writer *);
void schedule_beat_load(struct schedule_beat *, struct store_reader *);
void schedule_save(const struct schedules *, struct store_writer *);
bool schedule_load(struct schedules *, struct store_reader *);
void schedule_stats(const struct schedules *, struct table_stats *);
