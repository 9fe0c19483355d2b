/* The count of different names a client asks for: near the truth, repeats do not count, bounded. */
#include <stdio.h>

#include "feeds/asked.h"
#include "tests/check.h"

#define DAY 86400000000ull

static struct addr client(unsigned n)
{
    return addr_v4((const uint8_t[]){10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
}

static void ask(struct asked *a, unsigned who, unsigned names, uint64_t us)
{
    struct addr addr = client(who);
    for (unsigned i = 0; i < names; i++) {
        char name[32];
        snprintf(name, sizeof name, "name-%u.example", i);
        asked_put(a, &addr, slice_str(name), us);
    }
}

int main(void)
{
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
    asked_close(a);
    return check_report("test_asked");
}
