/* Documents in memory, first in, first out. */
#pragma once

#include "capture/slice.h"

struct document {
    struct document *next;
    uint64_t position, us;
    size_t len;
    uint8_t bytes[];
};

struct queue {
    struct document *first, **last;
    size_t bytes, count;           /* of the documents alone */
};

void queue_open(struct queue *);

/* NULL: no memory. To be freed. */
struct document *document_copy(struct slice, uint64_t us);

void queue_put(struct queue *, struct document *);

/* The first, off the queue; there must be one. */
struct document *queue_take(struct queue *);

/* What was taken comes to the front again, in its order. */
void queue_give_back(struct queue *, struct document *const *, size_t count);
