#include "feeds/ring.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { HEAD = 16, LINE = 64 };

#define PAD UINT64_MAX

/* Before every entry; a pad fills the end of the ring where an entry would not fit in one piece. */
struct entry {
    uint64_t step, len;
};

/* Positions only grow; modulo the size they are places. Each side keeps what it last saw of the other, so that a cache line
 * travels only when there seems to be nothing left. */
struct ring {
    uint8_t *base;
    size_t size;
    _Alignas(LINE) size_t put, seen_head;
    _Alignas(LINE) size_t at, seen_tail;
    _Alignas(LINE) atomic_size_t tail; /* up to here it may be taken */
    _Alignas(LINE) atomic_size_t head; /* up to here it may be overwritten */
};

struct ring *ring_open(size_t bytes, char err[static ERRLEN])
{
    struct ring *r = aligned_alloc(LINE, sizeof *r);
    if (r == NULL) {
        error_set(err, "no memory for a ring");
        return NULL;
    }
    *r = (struct ring){.size = bytes};
    r->base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (r->base == MAP_FAILED) {
        error_set(err, "no memory for a ring of %zu bytes", bytes);
        free(r);
        return NULL;
    }
    return r;
}

void ring_close(struct ring *r)
{
    if (r == NULL)
        return;
    munmap(r->base, r->size);
    free(r);
}

static struct entry *entry_at(const struct ring *r, size_t position)
{
    return (struct entry *)(r->base + (position & (r->size - 1)));
}

static size_t step_of(size_t len)
{
    return HEAD + ((len + HEAD - 1) & ~(size_t)(HEAD - 1));
}

void *ring_room(struct ring *r, size_t len)
{
    size_t step = step_of(len), left = r->size - (r->put & (r->size - 1)), pad = left < step ? left : 0;
    if (r->put + pad + step - r->seen_head > r->size) {
        r->seen_head = atomic_load_explicit(&r->head, memory_order_acquire);
        if (r->put + pad + step - r->seen_head > r->size)
            return NULL;
    }
    if (pad > 0)
        *entry_at(r, r->put) = (struct entry){pad, PAD};
    r->put += pad;
    return entry_at(r, r->put) + 1;
}

void ring_put(struct ring *r, size_t len)
{
    struct entry entry = {step_of(len), len};
    *entry_at(r, r->put) = entry;
    r->put += entry.step;
}

void ring_publish(struct ring *r)
{
    atomic_store_explicit(&r->tail, r->put, memory_order_release);
}

void *ring_peek(struct ring *r)
{
    for (;;) {
        if (r->at == r->seen_tail && r->at == (r->seen_tail = atomic_load_explicit(&r->tail, memory_order_acquire)))
            return NULL;
        struct entry *entry = entry_at(r, r->at);
        if (entry->len != PAD)
            return entry + 1;
        ring_take(r);
    }
}

void ring_take(struct ring *r)
{
    r->at += entry_at(r, r->at)->step;
    atomic_store_explicit(&r->head, r->at, memory_order_release);
}

void bell_open(struct bell *b)
{
    atomic_init(&b->wanted, false);
    sem_init(&b->rung, 0, 0);
}

void bell_close(struct bell *b)
{
    sem_destroy(&b->rung);
}

/* Both sides exchange: whichever comes second sees what the first had done before. */
void bell_want(struct bell *b)
{
    atomic_exchange(&b->wanted, true);
}

/* Falling asleep and being woken takes longer than what is mostly waited for: another thread's next round. So the processor
 * is offered to the others first. With a hundred offers instead of ten the threads of a gigabyte's replay by two workers on
 * two cores sleep 13 times instead of 200, and it ends a thirtieth sooner. */
static bool rung_soon(struct bell *b)
{
    enum { OFFERS = 100 };
    for (unsigned i = 0; i < OFFERS; i++) {
        if (sem_trywait(&b->rung) == 0)
            return true;
        sched_yield();
    }
    return false;
}

bool bell_wait(struct bell *b, unsigned ms)
{
    struct timespec until;
    if (rung_soon(b))
        return true;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return sem_timedwait(&b->rung, &until) == 0;
}

void bell_ring(struct bell *b)
{
    if (atomic_exchange(&b->wanted, false))
        sem_post(&b->rung);
}
