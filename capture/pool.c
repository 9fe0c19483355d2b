#include "capture/pool.h"

#include <assert.h>
#include <stdlib.h>

#include "capture/pages.h"

/* Bytes that are brought together when blocks come from where none was before. Large blocks are seldom filled: what of
 * them is not touched is not to be there. */
enum { AHEAD = 64 << 10, LARGE_BLOCK = 4096 };

struct free_block {
    struct free_block *next;
};

struct pool {
    uint8_t *base;
    size_t block, blocks;
    size_t touched; /* blocks handed out at least once: the rest of the mapping is still untouched, */
    size_t ahead;   /* but for what lies before this byte */
    struct free_block *free;
    size_t used, used_max;
    uint64_t refused;
};

struct pool *pool_open(size_t block, size_t bytes, char err[static ERRLEN])
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL) {
        error_set(err, "no memory for a pool");
        return NULL;
    }
    pool->block = (block + 63) & ~(size_t)63;
    pool->blocks = bytes / pool->block > 0 ? bytes / pool->block : 1;
    pool->base = pages_open(pool->blocks * pool->block);
    if (pool->base == NULL) {
        error_set(err, "no memory for %zu blocks of %zu bytes; lower the memory setting", pool->blocks, pool->block);
        free(pool);
        return NULL;
    }
    return pool;
}

/* The first 2 MB stay on small ones: a sensor has a pool a shard, and as long as little of it is lent a large page is mostly
 * zeros, 14 MB of them with a few thousand flows. */
void pool_large_pages(struct pool *pool)
{
    enum { SMALL = 2 << 20 };
    size_t bytes = pool->blocks * pool->block;
    if (bytes > SMALL)
        pages_large(pool->base + SMALL, bytes - SMALL);
}

static void *take_new(struct pool *pool)
{
    size_t at = pool->touched++ * pool->block, end = at + pool->block, size = pool->blocks * pool->block;
    if (pool->block <= LARGE_BLOCK && end > pool->ahead) {
        size_t len = size - pool->ahead < AHEAD ? size - pool->ahead : AHEAD;
        pages_soon(pool->base + pool->ahead, len);
        pool->ahead += len;
    }
    return pool->base + at;
}

void *pool_take(struct pool *pool)
{
    void *block;
    if (pool->free != NULL) {
        block = pool->free; /* the last one given back: still warm in the cache */
        pool->free = pool->free->next;
    } else if (pool->touched < pool->blocks) {
        block = take_new(pool);
    } else {
        pool->refused++;
        return NULL;
    }
    if (++pool->used > pool->used_max)
        pool->used_max = pool->used;
    return block;
}

void pool_give(struct pool *pool, void *block)
{
    if (block == NULL)
        return;
    assert((uint8_t *)block >= pool->base && (uint8_t *)block < pool->base + pool->blocks * pool->block);
    struct free_block *freed = block;
    freed->next = pool->free;
    pool->free = freed;
    pool->used--;
}

void *pool_first(const struct pool *pool)
{
    return pool->base;
}

void pool_stats(const struct pool *pool, struct pool_stats *stats)
{
    *stats = (struct pool_stats){pool->block, pool->blocks, pool->used, pool->used_max, pool->refused};
}

bool pool_short(const struct pool *pool)
{
    return pool->blocks - pool->used < 2;
}

void pool_sum(const struct pool *pool, struct pool_sum *sum)
{
    sum->bytes += pool->blocks * pool->block;
    sum->used += pool->used * pool->block;
    sum->refused += pool->refused;
}

void pool_close(struct pool *pool)
{
    if (pool == NULL)
        return;
    pages_close(pool->base, pool->blocks * pool->block);
    free(pool);
}
