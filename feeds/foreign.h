/* What other sensors log, Suricata's EVE and Zeek's JSON, as events of the river: take a line, then pull its events. Told
 * apart by their fields, so that one file may hold both. */
#pragma once

#include "capture/error.h"
#include "capture/event.h"
#include "capture/slice.h"

enum { FOREIGN_LINE = 1 << 20 }; /* the longest line that is read, in bytes */

struct foreign_stats {
    uint64_t lines, events;
    uint64_t other;                 /* records of something else: flows, statistics, files */
    uint64_t malformed;             /* not JSON, or fields missing or of other types */
    uint64_t refused;               /* events that make no sense: a name too long */
    uint64_t joined, given_up;      /* alerts with bodies: joined with their transaction; dropped for want of room */
};

struct foreign;

struct foreign *foreign_open(char err[static ERRLEN]);
void foreign_close(struct foreign *);

void foreign_take(struct foreign *, struct slice line);
bool foreign_next(struct foreign *, struct event *); /* lives until the next call */

/* No more lines: then pull what still waited for another record. */
void foreign_finish(struct foreign *);

/* True once for each thing that cannot be seen in these records: a sentence. */
bool foreign_news(struct foreign *, char message[static ERRLEN]);
void foreign_stats(const struct foreign *, struct foreign_stats *);
