#include "capture/pages.h"

#include <stdint.h>
#include <sys/mman.h>

void *pages_open(size_t bytes)
{
    void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return pages != MAP_FAILED ? pages : NULL;
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
    enum { PAGE = 4096 };
    uintptr_t from = (uintptr_t)pages & ~(uintptr_t)(PAGE - 1);
    madvise((void *)from, (uintptr_t)pages + bytes - from, MADV_POPULATE_WRITE);
}
