/* What goes to Redis in one transaction: documents in the order of their positions, copied into room of its own. */
#pragma once

#include "capture/slice.h"

enum {
    BATCH = 100,                                /* documents: more gains little, fewer costs round trips */
    BATCH_BYTES = 256 << 10, BATCH_ROOM = 2 * BATCH_BYTES /* full from BATCH_BYTES on; one document more still fits */
};

struct batch {
    uint64_t first, next;      /* position of the first document, and the one after the last: without gaps between */
    uint64_t us;               /* packet time of the first */
    size_t count, bytes;
    struct slice document[BATCH];
    uint8_t room[BATCH_ROOM];
};

static inline bool batch_full(const struct batch *b)
{
    return b->count == BATCH || b->bytes >= BATCH_BYTES;
}

/* False: the document belongs into the next batch, which begins with it. */
static inline bool batch_add(struct batch *b, uint64_t position, uint64_t us, struct slice document)
{
    if (b->count > 0 && (batch_full(b) || position != b->next))
        return false;
    if (b->count == 0) {
        b->first = position;
        b->us = us;
    }
    memcpy(b->room + b->bytes, document.p, document.len);
    b->document[b->count++] = slice_of(b->room + b->bytes, document.len);
    b->bytes += document.len;
    b->next = position + 1;
    return true;
}

static inline void batch_clear(struct batch *b)
{
    b->count = b->bytes = 0;
}
