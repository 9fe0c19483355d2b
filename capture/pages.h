/* Memory for large tables, zeroed and page by page as it is touched: what a table could hold costs nothing until it does. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* NULL: there is none. */
void *pages_open(size_t bytes);
void pages_close(void *, size_t bytes);

/* For a table that is looked up at random: a page a lookup is one that the processor has to look for. */
void pages_large(void *, size_t bytes);

/* Soon to be touched, all of it: a page that the kernel brings with others costs a quarter of one that is waited for. */
void pages_soon(void *, size_t bytes);

/* A large table, each part of which is brought before it is first looked at. A page that is read first is the kernel's one of
 * zeros; the write that follows takes a second fault, and stops every processor on which another thread runs. */
enum { PAGES_PARTS = 256 };

struct pages_parts {
    uint8_t *table;
    size_t bytes;
    unsigned shift;                    /* a part has 2 to the power of that many bytes */
    uint64_t there[PAGES_PARTS / 64];
};

void pages_divide(struct pages_parts *, void *table, size_t bytes);
void pages_bring(struct pages_parts *, size_t part);

static inline void pages_look(struct pages_parts *p, const void *at)
{
    size_t part = (size_t)((const uint8_t *)at - p->table) >> p->shift;
    if (!(p->there[part / 64] >> part % 64 & 1))
        pages_bring(p, part);
}
