/* A storm as a first hit and counted summaries: what a client shows again is held, and at most once a day one hit stands for
 * all of them. By packet time. Bounded: of a bucket the longest unseen goes first, what is held last. */
#pragma once

#include "capture/error.h"
#include "feeds/report.h"
#include "feeds/table.h"

enum repeat {
    REPEAT_FIRST,   /* not seen before */
    REPEAT_HELD,    /* counted: a summary will tell */
    REPEAT_SUMMARY  /* this one tells of itself and of those held since the last document */
};

struct repeat_settings {
    uint64_t seed;
    size_t hits, held;         /* different hits remembered; of these, waiting for their summary */
};

struct repeat_stats {
    struct table_stats hits, held; /* remembered; of them, those that wait for their summary, or had no room for it */
};

struct repeats;
struct store_writer; /* feeds/store.h */
struct store_reader;

struct repeats *repeat_open(const struct repeat_settings *, char err[static ERRLEN]);
void repeat_close(struct repeats *);

/* A hit and its id: worth a document, or only to be known again. SUMMARY fills *summary. The same id again is the same
 * thing seen twice, a query and its answer, and counts once. */
enum repeat repeat_put(struct repeats *, const struct hit *, const char *id, bool worth, struct repeat_summary *summary);

/* A summary whose day was over at `us` (UINT64_MAX: the end, all of them), with the last hit of it. False: no more. */
bool repeat_due(struct repeats *, uint64_t us, struct hit *last, struct repeat_summary *summary);

/* All that is known, as the section "repeats"; false: not that, or damaged. */
void repeat_save(const struct repeats *, struct store_writer *);
bool repeat_load(struct repeats *, struct store_reader *);
void repeat_stats(const struct repeats *, struct repeat_stats *);
