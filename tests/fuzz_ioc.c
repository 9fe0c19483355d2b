/* A list from anywhere, then every form of question about a word of it. */
#include <stdlib.h>

#include "feeds/ioc.h"
#include "tests/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char err[ERRLEN];
    struct ioc_stats stats;
    struct indicator row;
    struct slice list = slice_of(data, size), word = slice_from(list, size / 2);
    struct indicators *set = indicators_open(1, err);
    bool read = ioc_read(set, "list", list, &stats, err);
    if (read != (stats.rows > 0) && strstr(err, "no memory") == NULL)
        abort();
    if (indicators_seal(set, err))
        for (int type = 0; type < INDICATOR_TYPES; type++)
            if (indicators_find(set, type, word, &row) && row.value[0] == '\0')
                abort();
    indicators_find_domain(set, word, &row);
    if (indicators_count(set) > stats.rows)
        abort();
    indicators_close(set);
    return 0;
}
