/* Lines of another sensor's log from anywhere, every event that comes of them read to its last byte by all classifiers. */
#include <stdlib.h>

#include "classifiers/engine.h"
#include "feeds/foreign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char err[ERRLEN];
    struct classifier_settings settings = {.seed = 1};
    struct foreign *foreign = foreign_open(err);
    struct engine *engine = engine_open(&settings, err);
    struct slice rest = slice_of(data, size);
    struct event event;
    struct foreign_stats stats;
    while (rest.len > 0) {
        struct slice line = slice_until(rest, '\n');
        rest = slice_from(rest, line.len + 1);
        foreign_take(foreign, line);
        if (rest.len == 0)
            foreign_finish(foreign);
        while (foreign_next(foreign, &event)) {
            engine_see(engine, &event);
            for (const struct hit *hit; (hit = engine_next(engine)) != NULL;)
                if (hit->bits < 0)
                    abort();
        }
    }
    foreign_stats(foreign, &stats);
    if (stats.other + stats.malformed > stats.lines)
        abort();
    foreign_close(foreign);
    engine_close(engine);
    return 0;
}
