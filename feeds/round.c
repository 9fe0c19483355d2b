#include "feeds/round.h"

#include <stdlib.h>

#include "capture/pages.h"

enum {
    ROUNDS = 32,        /* so many that one connection's burst, all of it one taker's, does not stop the others: 4 MB of it */
    KEEP = 128 << 10,   /* bytes of packets that lie elsewhere, then the round is full */
    LONGEST = 1 << 18,  /* of one of them */
    LINE = 64
};

/* Counts of rounds only grow; modulo ROUNDS they are places. */
struct taker {
    _Alignas(LINE) atomic_size_t done;
    _Alignas(LINE) size_t at, seen; /* the taker's own: taken; published, when he last looked */
    _Alignas(LINE) struct bell bell;
};

struct rounds {
    struct round *round;
    size_t count, put, seen_done;
    unsigned takers;
    struct taker *taker;
    _Alignas(LINE) atomic_size_t published;
    atomic_bool ended;
};

static size_t bytes_of(const struct rounds *r)
{
    return r->count * (sizeof(struct round) + SOURCE_ROOM + KEEP + LONGEST);
}

static bool open_rounds(struct rounds *r)
{
    r->taker = aligned_alloc(LINE, (r->takers + 1) * sizeof *r->taker);
    r->round = pages_open(bytes_of(r));
    if (r->taker == NULL || r->round == NULL)
        return false;
    memset(r->taker, 0, (r->takers + 1) * sizeof *r->taker);
    for (unsigned i = 0; i < r->takers; i++)
        bell_open(&r->taker[i].bell);
    uint8_t *rooms = (uint8_t *)(r->round + r->count);
    for (size_t i = 0; i < r->count; i++, rooms += SOURCE_ROOM + KEEP + LONGEST) {
        r->round[i].room = rooms;
        r->round[i].kept = rooms + SOURCE_ROOM;
    }
    return true;
}

struct rounds *rounds_open(unsigned takers, char err[static ERRLEN])
{
    struct rounds *r = aligned_alloc(LINE, sizeof *r);
    if (r != NULL)
        *r = (struct rounds){.takers = takers, .count = takers > 0 ? ROUNDS : 1};
    if (r == NULL || !open_rounds(r)) {
        error_set(err, "no memory for packets on their way to workers");
        rounds_close(r);
        return NULL;
    }
    return r;
}

void rounds_close(struct rounds *r)
{
    if (r == NULL)
        return;
    for (unsigned i = 0; r->taker != NULL && i < r->takers; i++)
        bell_close(&r->taker[i].bell);
    pages_close(r->round, bytes_of(r));
    free(r->taker);
    free(r);
}

static size_t done(const struct rounds *r, unsigned taker)
{
    return atomic_load_explicit(&r->taker[taker].done, memory_order_acquire);
}

static size_t least_done(const struct rounds *r)
{
    size_t least = done(r, 0);
    for (unsigned i = 1; i < r->takers; i++)
        least = done(r, i) < least ? done(r, i) : least;
    return least;
}

struct round *rounds_room(struct rounds *r, uint64_t first)
{
    if (r->takers > 0 && r->put - r->seen_done == r->count && r->put - (r->seen_done = least_done(r)) == r->count)
        return NULL;
    struct round *round = &r->round[r->put % r->count];
    round->first = first;
    round->count = 0;
    round->kept_len = 0;
    return round;
}

void rounds_publish(struct rounds *r)
{
    atomic_store_explicit(&r->published, ++r->put, memory_order_release);
    rounds_ring(r);
}

void rounds_end(struct rounds *r)
{
    atomic_store_explicit(&r->ended, true, memory_order_release);
    rounds_ring(r);
}

void rounds_ring(struct rounds *r)
{
    for (unsigned i = 0; i < r->takers; i++)
        bell_ring(&r->taker[i].bell);
}

/* The IP datagram holds the payload. */
static void keep(struct round *round, struct packet *packet)
{
    uint8_t *bytes = memcpy(round->kept + round->kept_len, packet->ip.p, packet->ip.len);
    packet->payload.p = packet->payload.len > 0 ? bytes + (packet->payload.p - packet->ip.p) : bytes;
    packet->ip.p = bytes;
    round->kept_len += (packet->ip.len + 15) & ~(size_t)15;
}

bool round_add_copy(struct round *round, unsigned shard)
{
    keep(round, &round->packet[round->count]);
    return round_add(round, shard) && round->kept_len < KEEP;
}

void round_carry(struct round *round, const struct packet *packet, unsigned shard)
{
    round->packet[0] = *packet;
    round_add_copy(round, shard);
}

const struct round *rounds_take(struct rounds *r, unsigned taker)
{
    struct taker *t = &r->taker[taker];
    if (t->at == t->seen && t->at == (t->seen = atomic_load_explicit(&r->published, memory_order_acquire)))
        return NULL;
    return &r->round[t->at % r->count];
}

/* That there are no more is read before it is asked whether there is one. */
bool rounds_ended(struct rounds *r, unsigned taker)
{
    return atomic_load_explicit(&r->ended, memory_order_acquire) && rounds_take(r, taker) == NULL;
}

/* Whoever found no room had published, then wants the bell, then looks once more: one of the two sees the other. */
void rounds_done(struct rounds *r, unsigned taker)
{
    struct taker *t = &r->taker[taker];
    atomic_store_explicit(&t->done, ++t->at, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&r->published, memory_order_relaxed) - t->at + 1 == r->count)
        rounds_ring(r);
}

size_t rounds_left(const struct rounds *r, unsigned taker)
{
    return atomic_load_explicit(&r->published, memory_order_relaxed) - r->taker[taker].at;
}

struct bell *rounds_bell(struct rounds *r, unsigned taker)
{
    return &r->taker[taker].bell;
}
