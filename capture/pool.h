/* Blocks of one size from one bounded mapping. Reassembly, sessions and bodies borrow from here and nowhere else, so
 * memory is what the settings say. Untouched blocks cost no memory. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"

struct pool;

struct pool_stats {
    size_t block, blocks;   /* block size in bytes; how many there are */
    size_t used, used_max;  /* now, and the most at once */
    uint64_t refused;       /* takes that found none left */
};

/* At least one block; block is rounded up to a multiple of 64. */
struct pool *pool_open(size_t block, size_t bytes, char err[static ERRLEN]);

/* Asks for large pages, for blocks that are touched at random while many are lent: a page of theirs is found sooner, but
 * is cleared whole at its first block. */
void pool_large_pages(struct pool *);

/* A block of undefined content, or NULL (counted) when all are lent. */
void *pool_take(struct pool *);
void pool_give(struct pool *, void *block); /* NULL is fine */
void *pool_first(const struct pool *); /* where the first block stands; the others follow it */
void pool_stats(const struct pool *, struct pool_stats *);
bool pool_short(const struct pool *); /* less than two blocks are left: enough for no flow that needs one a side */

/* Adds the pool to what several hold together. */
struct pool_sum {
    size_t bytes, used;     /* all that can be lent; what is now */
    uint64_t refused;
};
void pool_sum(const struct pool *, struct pool_sum *);
void pool_close(struct pool *);
