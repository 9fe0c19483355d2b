/* A replay's progress line: on standard error, overwriting itself twice a second. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capture/source.h"

struct progress {
    bool on;
    uint64_t began_ms, told_ms; /* by the monotonic clock; 0: not told yet */
};

void progress_begin(struct progress *, bool on);

/* It is on, and time for another line. */
bool progress_due(const struct progress *);

/* How far, how fast and, where the end is known, how long still. */
void progress_tell(struct progress *, const struct source_stats *);

/* The line is gone, where there was one. */
void progress_end(const struct progress *);
