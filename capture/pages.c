#include "capture/pages.h"

#include <sys/mman.h>

enum {
    PAGE = 4096, LARGE = 2 << 20, /* bytes; where they are of another size these are only round numbers */
    PART = 16                     /* the smallest part of a table: 64 KiB, as a power of two */
};

/* What is large enough for a large page begins where one can, which not every kernel sees to by itself. */
void *pages_open(size_t bytes)
{
    size_t room = bytes < LARGE ? bytes : bytes + LARGE;
    uint8_t *all = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED)
        return NULL;
    if (bytes < LARGE)
        return all;
    size_t before = -(uintptr_t)all & (LARGE - 1), used = before + (bytes + PAGE - 1) / PAGE * PAGE;
    if (before > 0)
        munmap(all, before);
    if (used < room)
        munmap(all + used, room - used);
    return all + before;
}

void pages_close(void *pages, size_t bytes)
{
    if (pages != NULL)
        munmap(pages, bytes);
}

void pages_large(void *pages, size_t bytes)
{
    madvise(pages, bytes, MADV_HUGEPAGE);
}

/* Linux before 5.14 does not know how, and brings them one by one. */
void pages_soon(void *pages, size_t bytes)
{
    uintptr_t from = (uintptr_t)pages & ~(uintptr_t)(PAGE - 1);
    madvise((void *)from, (uintptr_t)pages + bytes - from, MADV_POPULATE_WRITE);
}

void pages_divide(struct pages_parts *p, void *table, size_t bytes)
{
    *p = (struct pages_parts){.table = table, .bytes = bytes, .shift = PART};
    while (bytes >> p->shift >= PAGES_PARTS)
        p->shift++;
}

void pages_bring(struct pages_parts *p, size_t part)
{
    size_t from = part << p->shift, most = (size_t)1 << p->shift;
    pages_soon(p->table + from, p->bytes - from < most ? p->bytes - from : most);
    p->there[part / 64] |= UINT64_C(1) << part % 64;
}
