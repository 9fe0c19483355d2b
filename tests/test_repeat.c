/* A storm: the first is told, the rest is counted, once a day and at the end, and no repeat is lost on the way. */
#include <stdio.h>

#include "feeds/repeat.h"
#include "tests/check.h"

#define SECOND 1000000ull
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define BEGIN 1594602000000000ull

static struct repeats *fresh(size_t hits, size_t held)
{
    char err[ERRLEN];
    struct repeat_settings settings = {5, hits, held};
    return repeat_open(&settings, err);
}

struct seen {
    unsigned documents, summaries, told; /* told: hits that the documents stand for */
};

static void drain(struct repeats *r, uint64_t us, struct seen *seen)
{
    static struct hit last;
    struct repeat_summary summary;
    while (repeat_due(r, us, &last, &summary)) {
        CHECK(summary.first_us <= summary.last_us && last.us == summary.last_us && summary.count <= summary.total, "a summary that makes sense");
        seen->summaries++;
        seen->told += summary.count;
    }
}

static void put(struct repeats *r, unsigned who, unsigned what, unsigned number, uint64_t us, struct seen *seen)
{
    static struct hit hit;
    struct repeat_summary summary;
    char id[HIT_ID];
    hit = (struct hit){.kind = HIT_INDICATOR, .us = us, .tuple.src = addr_v4((const uint8_t[]){10, 0, (uint8_t)(who >> 8), (uint8_t)who})};
    snprintf(hit.subject, sizeof hit.subject, "n%u.com", what);
    snprintf(id, sizeof id, "%u %u %u", who, what, number);
    switch (repeat_put(r, &hit, id, true, &summary)) {
    case REPEAT_FIRST:
        seen->documents++;
        seen->told++;
        break;
    case REPEAT_SUMMARY:
        seen->summaries++;
        seen->told += summary.count;
        break;
    case REPEAT_HELD:
        break;
    }
    drain(r, us, seen);
}

static const struct {
    unsigned hits;
    uint64_t every_us;
    unsigned summaries;
    bool all;             /* every hit is in a document's count */
    const char *reason;
} storms[] = {
    {1, HOUR, 0, true, "one is one"},
    {5, SECOND, 0, false, "one visit: a few within a moment are no news"},
    {1000, SECOND / 100, 1, true, "a thousand in ten seconds"},
    {1000, 60 * SECOND, 1, true, "a thousand in seventeen hours"},
    {2, 2 * HOUR, 1, true, "twice on a day: the second is not lost"},
    {14, 12 * HOUR, 7, true, "twice a day for a week: one a day"},
    {30, DAY + 60 * SECOND, 29, true, "once a day for a month, a little later each time"},
    {30, DAY - 60 * SECOND, 15, true, "a little earlier each time: two can fall into one day"},
    {720, HOUR, 30, true, "every hour for a month"},
};

static void follow_storms(void)
{
    for (size_t i = 0; i < sizeof storms / sizeof *storms; i++) {
        struct repeats *r = fresh(1024, 64);
        struct seen seen = {0};
        for (unsigned n = 0; n < storms[i].hits; n++)
            put(r, 1, 1, n, BEGIN + n * storms[i].every_us, &seen);
        drain(r, UINT64_MAX, &seen);
        CHECK(seen.documents == 1 && seen.summaries == storms[i].summaries, "%s: %u documents, %u summaries", storms[i].reason, seen.documents, seen.summaries);
        CHECK(!storms[i].all || seen.told == storms[i].hits, "%s: %u of %u are told", storms[i].reason, seen.told, storms[i].hits);
        repeat_close(r);
    }
}

/* A query and its answer have one id: they are one. */
static void the_same_twice(void)
{
    struct repeats *r = fresh(1024, 64);
    struct seen seen = {0};
    for (unsigned n = 0; n < 40; n++)
        put(r, 1, 1, n / 2, BEGIN + n / 2 * HOUR, &seen);
    drain(r, UINT64_MAX, &seen);
    CHECK(seen.told == 20, "twenty queries and their answers are twenty: %u", seen.told);
    repeat_close(r);
}

/* When packet time goes on, summaries come out though their client says nothing more: within a day and once. */
static void silence(void)
{
    struct repeats *r = fresh(1024, 64);
    struct seen seen = {0};
    for (unsigned who = 0; who < 20; who++)
        for (unsigned n = 0; n < 5; n++)
            put(r, who, 1, n, BEGIN + n * HOUR, &seen);
    drain(r, BEGIN + DAY - 1, &seen);
    CHECK(seen.summaries == 0, "the day is not over");
    drain(r, BEGIN + DAY, &seen);
    CHECK(seen.summaries == 20 && seen.told == 100, "now it is: %u summaries, %u hits told", seen.summaries, seen.told);
    drain(r, UINT64_MAX, &seen);
    CHECK(seen.summaries == 20, "and nothing is told twice");
    repeat_close(r);
}

/* More than there is room for: bounded, and what is in no summary is counted. */
static void bounds(void)
{
    struct repeats *r = fresh(256, 16);
    struct repeat_stats stats;
    struct seen seen = {0};
    for (unsigned n = 0; n < 4; n++)
        for (unsigned who = 0; who < 2000; who++)
            put(r, who, 1, n, BEGIN + n * HOUR + who, &seen);
    drain(r, UINT64_MAX, &seen);
    repeat_stats(r, &stats);
    CHECK(stats.held.held == 0 && stats.hits.held == stats.hits.limit && stats.hits.evicted > 1000, "%llu forgotten", (unsigned long long)stats.hits.evicted);
    CHECK(seen.told + stats.held.evicted == 4 * 2000, "every hit is told or counted as untold: %u and %llu", seen.told, (unsigned long long)stats.held.evicted);
    repeat_close(r);
}

int main(void)
{
    follow_storms();
    the_same_twice();
    silence();
    bounds();
    return check_report("test_repeat");
}
