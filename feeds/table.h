/* How full a bounded table is, for whoever counts. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct table_stats {
    size_t held, limit;        /* entries */
    uint64_t evicted;          /* those that another needed the room of */
};
