#include "feeds/period.h"

#include <math.h>
#include <stdlib.h>

/* A schedule shows between one time and the next, not in the phase of all of them: a task that sleeps twelve hours after
 * each run drifts, and a machine that was off resumes elsewhere. So intervals are looked at. Of a period P, each is k P
 * and something; how far it is from the nearest multiple, as a share of P, is evenly spread between 0 and 1/2 when there is
 * no period and the intervals vary smoothly, whatever their distribution. So an interval is within a share t of a multiple
 * with probability 2t, and how many of n are is binomial: a test on the counts, with exact tail. Periods are tried from
 * the intervals themselves, a few tolerances each; the tail is multiplied by how many were tried (Bonferroni), and the
 * interval that proposed the period does not count for it.
 *
 * Intervals of people are not smooth: their day has 24 hours. Who comes at some time of an eight-hour day has intervals that
 * differ from a day by a triangle of eight hours to either side. Who has habits, first thing in the morning and again after
 * lunch, has intervals that differ as two times of a habit do, and by and by they fit some fraction of a day. The first
 * is allowed for around a day; the second at any period, where people make the times and these gather in half of the
 * day's hours: the probability is then the larger of the two. */

#define HOUR 3600.0
#define DAY (24 * HOUR)
#define WORKDAY (8 * HOUR)
#define HABIT (0.5 * HOUR)     /* standard deviation of the time of day of something done every day */
#define SHORTEST (0.5 * HOUR)
#define LONGEST (36 * HOUR)

enum { TRIED = 16, SLEEP = 4 }; /* periods proposed; an interval of more than so many periods is a machine's sleep: no trial */

static const double tolerances[] = {0.005, 0.01, 0.02, 0.05, 0.1};

enum { TOLERANCES = sizeof tolerances / sizeof *tolerances };

/* That one interval is within the tolerance of a multiple by chance. */
static double chance_of_one(double tolerance, double period, bool habits)
{
    double within = tolerance * period, share = within / WORKDAY, chance = 2 * tolerance;
    if (period > 0.75 * DAY && period < 1.25 * DAY)
        chance = fmax(chance, share < 1 ? 1 - (1 - share) * (1 - share) : 1);
    return habits ? fmax(chance, erf(within / (2 * HABIT))) : chance; /* two normal times differ by sqrt(2) times as much */
}

/* True: the times of day fall into no more than half of its hours. */
static bool gathered(const uint32_t *time, size_t count)
{
    uint32_t hours = 0;
    for (size_t i = 0; i < count; i++)
        hours |= 1u << (time[i] / 3600 % 24);
    return __builtin_popcount(hours) <= 12;
}

/* P(at least `hits` of n), each with probability q: the exact tail of the binomial, from its first term on. */
static double tail(unsigned n, unsigned hits, double q)
{
    double log_term = lgamma(n + 1.0) - lgamma(hits + 1.0) - lgamma(n - hits + 1.0) + hits * log(q) + (n - hits) * log1p(-q);
    double term = exp(log_term), sum = term;
    for (unsigned i = hits; i < n; i++)
        sum += term *= (double)(n - i) / (i + 1) * q / (1 - q);
    return sum;
}

struct fit {
    unsigned trials, hits[TOLERANCES];
};

static struct fit fit_of(const double *interval, size_t count, double period)
{
    struct fit fit = {0};
    for (size_t i = 0; i < count; i++) {
        double multiple = round(interval[i] / period), off = fabs(interval[i] / period - multiple);
        if (multiple > SLEEP)
            continue;
        fit.trials++;
        for (unsigned t = TOLERANCES; multiple > 0 && t-- > 0 && off <= tolerances[t];)
            fit.hits[t]++;
    }
    return fit;
}

/* The mean over the intervals that fit, and how they vary about it. */
static void measure(const double *interval, size_t count, double tolerance, double proposed, struct period *period)
{
    double sum = 0, squares = 0;
    unsigned beats = 0, intervals = 0;
    period->missed = 0;
    for (size_t i = 0; i < count; i++) {
        double multiple = round(interval[i] / proposed);
        period->missed += multiple > 1 ? (unsigned)multiple - 1 : 0;
        if (multiple < 1 || multiple > SLEEP || fabs(interval[i] / proposed - multiple) > tolerance)
            continue;
        sum += interval[i];
        beats += (unsigned)multiple;
        intervals++;
    }
    period->period_s = sum / beats;
    for (size_t i = 0; i < count; i++) {
        double multiple = round(interval[i] / proposed), off = interval[i] - multiple * period->period_s;
        if (multiple >= 1 && multiple <= SLEEP && fabs(interval[i] / proposed - multiple) <= tolerance)
            squares += off * off;
    }
    period->jitter_s = sqrt(squares / intervals);
}

static int by_length(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Tries one period at all tolerances; keeps the least likely by chance. */
static void try(const double *interval, size_t count, double proposed, bool habits, size_t tried, struct period *best)
{
    struct fit fit = fit_of(interval, count, proposed);
    if (fit.trials < PERIOD_LEAST - 1 || fit.trials * 2 < count)
        return;
    for (unsigned t = 0; t < TOLERANCES; t++) {
        double one = chance_of_one(tolerances[t], proposed, habits);
        if (fit.hits[t] * 10 < fit.trials * 6 || one >= 1)
            continue;
        double chance = (double)tried * TOLERANCES * tail(fit.trials - 1, fit.hits[t] - 1, one);
        if (chance < best->chance) {
            best->chance = chance;
            measure(interval, count, tolerances[t], proposed, best);
        }
    }
}

bool period_find(const uint32_t *time, size_t count, enum period_maker maker, struct period *period)
{
    double interval[PERIOD_TIMES], sorted[PERIOD_TIMES];
    *period = (struct period){.chance = 1};
    if (count < PERIOD_LEAST || count > PERIOD_TIMES)
        return false;
    size_t intervals = count - 1, tried = intervals < TRIED ? intervals : TRIED;
    for (size_t i = 0; i < intervals; i++)
        sorted[i] = interval[i] = (double)time[i + 1] - (double)time[i];
    bool habits = maker == PERIOD_PEOPLE && gathered(time, count);
    qsort(sorted, intervals, sizeof *sorted, by_length);
    for (size_t i = 0; i < tried; i++) {
        double proposed = sorted[i * intervals / tried];
        if (proposed >= SHORTEST && proposed <= LONGEST)
            try(interval, intervals, proposed, habits, tried, period);
    }
    return period->chance < PERIOD_CHANCE;
}
