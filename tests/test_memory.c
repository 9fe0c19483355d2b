/* --memory means what it says: the pools of all rooms together stay under it, whatever it is. */
#include <stdio.h>

#include "capture/capture.h"
#include "tests/check.h"

enum { LEAST_SHARE = 90 }; /* percent: a bound that is not used is a bound that is set too low */

int main(void)
{
    char err[ERRLEN];
    for (size_t memory = 8 << 20; memory <= 1 << 30; memory += memory / 7) {
        struct capture_settings settings = {memory, 64 << 20, 1};
        struct capture_stats stats = {0};
        struct capture *capture = capture_open(&settings, err);
        if (!CHECK(capture != NULL, "%zu bytes: %s", memory, err))
            continue;
        capture_stats(capture, &stats);
        CHECK(stats.memory.bytes <= memory, "%zu bytes: the pools hold %zu", memory, stats.memory.bytes);
        CHECK(stats.memory.bytes >= memory / 100 * LEAST_SHARE, "%zu bytes: the pools hold only %zu", memory, stats.memory.bytes);
        CHECK(stats.memory.used == 0, "%zu bytes: nothing is lent at the start", memory);
        capture_close(capture);
    }
    return check_report("memory");
}
