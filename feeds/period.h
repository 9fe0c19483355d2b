/* Whether times come back on a schedule: one period and its multiples between them, more often than chance would. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PERIOD_TIMES = 64, PERIOD_LEAST = 6 }; /* times looked at, at most; fewer than the least say nothing */

/* The chance of finding a period, at one look, in times that have none. */
#define PERIOD_CHANCE 1e-5

/* Who keeps the times: people have a day of their own, and habits in it. */
enum period_maker { PERIOD_PEOPLE, PERIOD_PROGRAM };

struct period {
    double period_s, jitter_s;  /* jitter: root mean square of what the intervals differ by */
    unsigned missed;            /* beats that did not come, as in a night's sleep */
    double chance;              /* of as regular a sequence without a period, the search included */
};

/* Times in seconds, in order. True: there is a period, from half an hour to a day and a half. */
bool period_find(const uint32_t *time, size_t count, enum period_maker, struct period *);
