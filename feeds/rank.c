#include "feeds/rank.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

bool ranks_open(struct ranks *r, size_t room)
{
    *r = (struct ranks){.room = room > 0 ? room : 1};
    r->rank = mmap(NULL, r->room * sizeof *r->rank, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (r->rank == MAP_FAILED)
        r->rank = NULL;
    return r->rank != NULL;
}

void ranks_put(struct ranks *r, const struct rank *rank)
{
    assert(r->count < r->room);
    r->rank[r->count++] = *rank;
}

static bool before(const struct rank *a, const struct rank *b)
{
    return a->bits != b->bits ? a->bits > b->bits : memcmp(a->tie, b->tie, sizeof a->tie) < 0;
}

/* Of the heap below count, whose last shall come up first: the one at `at` goes down to where it belongs. */
static void sift(struct rank *rank, size_t at, size_t count)
{
    struct rank moving = rank[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(&rank[child], &rank[child + 1]))
            child++;
        if (!before(&moving, &rank[child]))
            break;
        rank[at] = rank[child];
    }
    rank[at] = moving;
}

/* A heap sort: qsort may call malloc. */
void ranks_sort(struct ranks *r)
{
    for (size_t i = r->count / 2; i-- > 0;)
        sift(r->rank, i, r->count);
    for (size_t last = r->count; last-- > 1;) {
        struct rank first = r->rank[0];
        r->rank[0] = r->rank[last];
        r->rank[last] = first;
        sift(r->rank, 0, last);
    }
}

void ranks_close(struct ranks *r)
{
    if (r->rank != NULL)
        munmap(r->rank, r->room * sizeof *r->rank);
    *r = (struct ranks){0};
}
