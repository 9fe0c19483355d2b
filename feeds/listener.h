/* Hits from what another sensor logs: lines in, their events shown to the classifiers, hits out. In place of a source and a
 * capture: such events come parsed. */
#pragma once

#include "classifiers/engine.h"
#include "feeds/foreign.h"
#include "feeds/lines.h"

struct listener_stats {
    struct lines_stats lines;
    struct foreign_stats records;
    struct engine_stats engine;
};

enum listener_result {
    LISTENER_HIT,     /* borrowed until the next call */
    LISTENER_PAUSE,   /* none just now: a moment to look after everything else */
    LISTENER_WARNING, /* err has a sentence */
    LISTENER_ERROR,   /* err has a sentence, and nothing more will come */
    LISTENER_END
};

struct listener;

/* source: a file's path, "-", or a Redis URL (feeds/redis_lines.h). NULL: a sentence. */
struct listener *listener_open(const char *source, const struct classifier_settings *, char err[static ERRLEN]);
void listener_close(struct listener *);
enum listener_result listener_next(struct listener *, const struct hit **, char err[static ERRLEN]);
void listener_relist(struct listener *, const struct indicators *); /* as engine_relist */
void listener_stats(const struct listener *, struct listener_stats *);
