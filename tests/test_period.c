/* The schedule: what is one is found, in how many cases as a curve; what is none is not, in a hundred thousand honest
 * sequences. The argument: how many of each kind. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "feeds/period.h"
#include "tests/check.h"

#define HOUR 3600.0
#define DAY (24 * HOUR)

static uint64_t state = 1;

static double uniform(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

struct times {
    uint32_t at[PERIOD_TIMES];
    size_t count;
};

/* As the desk keeps them: what follows within five minutes is the same beat. */
static void add(struct times *times, double at)
{
    if (times->count < PERIOD_TIMES && (times->count == 0 || at >= times->at[times->count - 1] + 300.0))
        times->at[times->count++] = (uint32_t)at;
}

static double working(double day)
{
    return fmod(day, 7) < 5;
}

static void poisson(struct times *times)
{
    double rate = HOUR * exp(3 * uniform()), at = 0;
    while (times->count < 40)
        add(times, at += -rate * log(uniform()));
}

/* A few in a row, then long nothing. */
static void bursts(struct times *times)
{
    double at = 0;
    while (times->count < 40) {
        at += -10 * HOUR * log(uniform());
        for (int n = 1 + (int)(8 * uniform()); n > 0; n--)
            add(times, at += 300 - 1800 * log(uniform()));
    }
}

/* At any time of a working day, some times a day. */
static void office(struct times *times)
{
    double often = HOUR * (1 + 7 * uniform());
    for (double day = 0; times->count < 40; day++)
        for (double at = 9 * HOUR - often * log(uniform()); working(day) && at < 17 * HOUR; at += -often * log(uniform()))
            add(times, day * DAY + at);
}

/* The same page first thing every morning, give or take half an hour, and perhaps again later in the day. */
static void habit(struct times *times)
{
    double lunch = uniform() < 0.5 ? 0 : (4 + 8 * uniform()) * HOUR;
    for (double day = 0; times->count < 40; day++) {
        if (!working(day) || uniform() < 0.1)
            continue;
        add(times, day * DAY + 8.5 * HOUR + 0.5 * HOUR * normal());
        if (lunch > 0)
            add(times, day * DAY + 8.5 * HOUR + lunch + 0.5 * HOUR * normal());
    }
}

/* A tab that asks again after a while, the while growing and shrinking as people come and go. */
static void backing_off(struct times *times)
{
    double at = 0, wait = 300;
    while (times->count < 40) {
        add(times, at += wait * (0.7 + 0.6 * uniform()));
        wait = uniform() < 0.2 ? 300 + 3000 * uniform() : fmin(wait * 2, 4 * HOUR);
    }
}

static const struct {
    void (*make)(struct times *);
    enum period_maker maker;
    const char *what;
} honest[] = {
    {poisson, PERIOD_PROGRAM, "at random, every hour to every 20 hours"},
    {bursts, PERIOD_PROGRAM, "in bursts"},
    {office, PERIOD_PROGRAM, "in working hours, by a program"},
    {office, PERIOD_PEOPLE, "in working hours, by people"},
    {habit, PERIOD_PEOPLE, "first thing in the morning, by habit"},
    {backing_off, PERIOD_PEOPLE, "asking again after a while that varies"},
};

/* The desk looks at every new beat: any of these looks that finds one is a false alarm of the whole sequence. */
static bool ever(const struct times *times, enum period_maker maker)
{
    struct period period;
    for (size_t n = PERIOD_LEAST; n <= times->count; n++)
        if (period_find(times->at, n, maker, &period))
            return true;
    return false;
}

static void false_alarms(unsigned sequences)
{
    printf("False periods among %u honest sequences each, up to 40 times, looked at every time\n", sequences);
    for (size_t i = 0; i < sizeof honest / sizeof *honest; i++) {
        unsigned found = 0;
        for (unsigned n = 0; n < sequences; n++) {
            struct times times = {0};
            honest[i].make(&times);
            found += ever(&times, honest[i].maker);
        }
        printf("  %-44s %u\n", honest[i].what, found);
        CHECK(found <= 1 + sequences * 3e-4, "%s: %u of %u", honest[i].what, found, sequences);
    }
}

struct beacon {
    double period, jitter, gaps; /* jitter: to either side, share of the period; gaps: share of beats that do not come */
    bool drift;                  /* each beat counts from the one before, not from the clock */
    unsigned beats;
};

static void beacon(struct times *times, const struct beacon *b)
{
    double at = DAY * uniform();
    while (times->count < b->beats) {
        double off = b->period * b->jitter * (2 * uniform() - 1);
        if (uniform() >= b->gaps)
            add(times, at + off);
        at += b->period + (b->drift ? off : 0);
    }
}

static double detected(const struct beacon *b, enum period_maker maker, double *error)
{
    unsigned found = 0;
    for (int n = 0; n < 200; n++) {
        struct times times = {0};
        struct period period;
        beacon(&times, b);
        if (!ever(&times, maker))
            continue;
        found++;
        if (period_find(times.at, times.count, maker, &period))
            *error = fmax(*error, fabs(period.period_s / b->period - 1));
    }
    return found / 200.0;
}

static const struct {
    struct beacon beacon;
    enum period_maker maker;
    double least;
    const char *reason;
} promises[] = {
    {{12 * HOUR, 0.002, 0, false, 6}, PERIOD_PROGRAM, 0.95, "every twelve hours to the minute: after six"},
    {{12 * HOUR, 0.02, 0, false, 10}, PERIOD_PROGRAM, 0.95, "a quarter of an hour to either side: after ten"},
    {{12 * HOUR, 0.02, 0.3, false, 14}, PERIOD_PROGRAM, 0.95, "and the machine sleeps a third of the time"},
    {{12 * HOUR, 0.02, 0.2, true, 30}, PERIOD_PEOPLE, 0.9, "a task that counts from its last run, names only"},
    {{1 * HOUR, 0.05, 0.1, false, 30}, PERIOD_PROGRAM, 0.9, "every hour"},
    {{1 * HOUR, 0.02, 0.5, true, 24}, PERIOD_PEOPLE, 0.9, "every hour, half of them missing"},
    {{24 * HOUR, 0.002, 0, false, 8}, PERIOD_PROGRAM, 0.9, "once a day, minutes to either side, a request"},
    {{24 * HOUR, 0.01, 0.3, false, 20}, PERIOD_PROGRAM, 0.9, "once a day, a quarter of an hour to either side, with gaps"},
    {{24 * HOUR, 0.002, 0.2, false, 16}, PERIOD_PEOPLE, 0.9, "once a day to the minute, a name"},
};

static void promised(void)
{
    printf("\nFound, of 200 beacons each\n");
    for (size_t i = 0; i < sizeof promises / sizeof *promises; i++) {
        double error = 0, share = detected(&promises[i].beacon, promises[i].maker, &error);
        printf("  %-60s %3.0f %%, the period within %.1f %%\n", promises[i].reason, 100 * share, 100 * error);
        CHECK(share >= promises[i].least, "%s: %.2f", promises[i].reason, share);
        CHECK(error < 0.03, "%s: the period is %.3f off", promises[i].reason, error);
    }
}

/* Detection over jitter and gaps, at counts that double. */
static void curve(void)
{
    static const double jitters[] = {0.002, 0.01, 0.02, 0.05, 0.1, 0.2}, gaps[] = {0, 0.25, 0.5};
    printf("\nEvery 12 hours, a request: %% found after 8, 16, 32, 64 beats\n  jitter \\ missing      0 %%              25 %%              50 %%\n");
    for (size_t j = 0; j < sizeof jitters / sizeof *jitters; j++) {
        printf("  %4.1f %%    ", 100 * jitters[j]);
        for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++) {
            double before = 0, error = 0;
            for (unsigned beats = 8; beats <= 64; beats *= 2) {
                struct beacon b = {12 * HOUR, jitters[j], gaps[g], false, beats};
                double share = detected(&b, PERIOD_PROGRAM, &error);
                printf("%4.0f", 100 * share);
                CHECK(share >= before - 0.1, "more beats are no less sure: %.2f after %.2f", share, before);
                before = share;
            }
            printf("  ");
        }
        printf("\n");
    }
}

static void edges(void)
{
    static const uint32_t same[PERIOD_TIMES] = {0};
    uint32_t back[10] = {900000, 800000, 700000, 600000, 500000, 400000, 300000, 200000, 100000, 0};
    struct period period;
    for (size_t n = 0; n <= PERIOD_TIMES; n++)
        CHECK(!period_find(same, n, PERIOD_PROGRAM, &period), "%zu times the same moment", n);
    CHECK(!period_find(back, 10, PERIOD_PROGRAM, &period), "time that runs backwards");
    CHECK(!period_find(same, PERIOD_TIMES + 1, PERIOD_PROGRAM, &period), "more than are looked at");
    for (unsigned minutes = 1; minutes <= 20; minutes++) {
        struct times times = {0};
        for (int n = 0; n < 300; n++)
            add(&times, n * minutes * 60.0);
        CHECK(!ever(&times, PERIOD_PROGRAM), "polling every %u minutes is no beacon of these", minutes);
    }
}

int main(int argc, char **argv)
{
    edges();
    promised();
    curve();
    false_alarms(argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 2000);
    return check_report("test_period");
}
