/* A million clean look-ups from one address: a resolver or gateway with a thousand people behind it. It asks for dozens of
 * names that look like the family's, is not named for them, writes nothing; for what chance does not explain it is
 * named, and said to be an aggregator. */
#include "tests/month.h"

enum { LOOKUPS = 1000000 };

int main(void)
{
    static struct month m;
    const struct addr gateway = addr_v4((const uint8_t[]){10, 2, 0, 1});
    struct desk_stats stats;
    month_open(&m, 1);
    for (uint64_t i = 0; i < LOOKUPS; i++)
        month_lookup(&m, &gateway, month_browse(&m), MONTH_BEGIN + i * 2 * SECOND);
    desk_stats(m.desk, &stats);
    printf("A million look-ups from one address: %llu hits, %llu allowed, %llu documents\n", (unsigned long long)stats.hits,
           (unsigned long long)stats.allowed, (unsigned long long)stats.reports);
    CHECK(stats.hits - stats.allowed > 10, "there is chance in it: %llu look-alikes", (unsigned long long)(stats.hits - stats.allowed));
    CHECK(m.incidents == 0 && stats.reports == 0, "and nothing is written: %llu documents", (unsigned long long)stats.reports);
    for (unsigned i = 0; i < 1000; i++)
        month_lookup(&m, &gateway, "wagng.com", MONTH_BEGIN + LOOKUPS * 2 * SECOND + i * SECOND);
    desk_finish(m.desk);
    month_reports(&m);
    desk_stats(m.desk, &stats);
    CHECK(m.incidents == 1 && m.aggregators == 1, "a listed name is no chance: named, as an aggregator");
    CHECK(stats.reports == 3, "in a first document, the incident and one summary of a thousand: %llu", (unsigned long long)stats.reports);
    month_close(&m);
    return check_report("test_aggregator");
}
