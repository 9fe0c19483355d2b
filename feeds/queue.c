#include "feeds/queue.h"

#include <stdlib.h>

void queue_open(struct queue *q)
{
    *q = (struct queue){.last = &q->first};
}

struct document *document_copy(struct slice bytes, uint64_t us)
{
    struct document *copy = malloc(sizeof *copy + bytes.len);
    if (copy == NULL)
        return NULL;
    copy->us = us;
    copy->len = bytes.len;
    memcpy(copy->bytes, bytes.p, bytes.len);
    return copy;
}

void queue_put(struct queue *q, struct document *document)
{
    document->next = NULL;
    *q->last = document;
    q->last = &document->next;
    q->bytes += document->len;
    q->count++;
}

struct document *queue_take(struct queue *q)
{
    struct document *document = q->first;
    q->first = document->next;
    if (q->first == NULL)
        q->last = &q->first;
    q->bytes -= document->len;
    q->count--;
    return document;
}

void queue_give_back(struct queue *q, struct document *const *document, size_t count)
{
    struct queue rest = *q;
    queue_open(q);
    for (size_t i = 0; i < count; i++)
        queue_put(q, document[i]);
    if (rest.first == NULL)
        return;
    *q->last = rest.first;
    q->last = rest.last;
    q->bytes += rest.bytes;
    q->count += rest.count;
}
