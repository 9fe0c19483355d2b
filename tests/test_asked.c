/* The count of different names a client asks for: near the truth, repeats do not count, bounded. */
#include <stdio.h>

#include "feeds/asked.h"
#include "feeds/id.h"
#include "tests/check.h"

#define DAY 86400000000ull

static struct addr client(unsigned n)
{
    return addr_v4((const uint8_t[]){10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
}

static uint64_t hash(const char *name)
{
    return id_hash(name, strlen(name), 0);
}

static void ask(struct asked *a, unsigned who, unsigned names, uint64_t us)
{
    struct addr addr = client(who);
    for (unsigned i = 0; i < names; i++) {
        char name[32];
        snprintf(name, sizeof name, "name-%u.example", i);
        asked_put(a, &addr, hash(name), us);
    }
}

/* What two sensors counted of one client, in parts that overlap, is what one counts that saw all of it. */
static void united(void)
{
    static const struct {
        unsigned names, of_each;
        uint64_t later_us;
        bool whole;
        const char *reason;
    } rows[] = {
        {20, 20, 0, true, "both saw the same"},
        {4000, 2000, 0, true, "each a half"},
        {4000, 3000, DAY, true, "halves that overlap, a day apart"},
        {4000, 2000, 40 * DAY, false, "of two counts a month apart the later stands"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char err[ERRLEN], name[32];
        struct asked *one = asked_open(64, 1, err), *part[] = {asked_open(64, 2, err), asked_open(64, 3, err)};
        struct asked_news news;
        struct addr addr = client(7);
        for (unsigned n = 0; n < rows[i].names; n++) {
            snprintf(name, sizeof name, "name-%u.example", n);
            asked_put(one, &addr, hash(name), DAY);
            if (n < rows[i].of_each)
                asked_put(part[0], &addr, hash(name), DAY);
            if (n >= rows[i].names - rows[i].of_each)
                asked_put(part[1], &addr, hash(name), DAY + rows[i].later_us);
        }
        const double second = asked_names(part[1], &addr);
        CHECK(asked_news(part[0], &addr, &news) && !asked_news(part[0], &addr, &news), "%s: told once", rows[i].reason);
        asked_put_foreign(part[1], &news);
        CHECK(asked_names(part[1], &addr) == (rows[i].whole ? asked_names(one, &addr) : second), "%s: %.0f, whole %.0f", rows[i].reason,
              asked_names(part[1], &addr), asked_names(one, &addr));
        CHECK(asked_news(part[1], &addr, &news), "%s: and the other has something to tell", rows[i].reason);
        asked_put_foreign(part[0], &news);
        CHECK(asked_names(part[0], &addr) == asked_names(part[1], &addr), "%s: both know the same", rows[i].reason);
        CHECK(!asked_news(part[0], &addr, &news), "%s: of what it heard a sensor tells nobody", rows[i].reason);
        asked_close(one);
        asked_close(part[0]);
        asked_close(part[1]);
    }
}

int main(void)
{
    united();
    static const unsigned counts[] = {0, 1, 2, 10, 50, 200, 1000, 5000, 20000, 300000};
    char err[ERRLEN];
    struct asked *a = asked_open(256, 5, err);
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct addr addr = client(i);
        ask(a, i, counts[i], DAY);
        double got = asked_names(a, &addr);
        CHECK(got >= counts[i] * 0.6 && got <= counts[i] * 1.4 + 1, "%u names are taken for %.0f", counts[i], got);
        ask(a, i, counts[i], DAY + 1);
        CHECK(asked_names(a, &addr) == got, "%u names asked again are the same names", counts[i]);
    }
    ask(a, 8, 3, (ASKED_DAYS + 2) * DAY);
    struct addr addr = client(8);
    CHECK(asked_names(a, &addr) < 10, "after a month the count begins anew");
    for (unsigned i = 100; i < 100000; i++)
        ask(a, i, 1, 40 * DAY);
    addr = client(99999);
    CHECK(asked_names(a, &addr) > 0, "the newest client of a flood is known");
    struct table_stats table;
    asked_stats(a, &table);
    CHECK(table.held == table.limit && table.evicted + table.held == 100000 - 100 + sizeof counts / sizeof *counts - 1,
          "the table is full, and who had to go is counted: %zu of %zu, %llu", table.held, table.limit, (unsigned long long)table.evicted);
    asked_close(a);
    return check_report("test_asked");
}
