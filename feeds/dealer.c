#include "feeds/dealer.h"

#include <stdlib.h>

#include "feeds/shard.h"

enum { MANY = 4096 }; /* frames, then the caller hears of us, packets among them or not */

struct dealer {
    struct source *source;
    struct intake *intake;
    struct rounds *rounds;
    struct round *round;         /* being filled; without takers, the last one */
    unsigned takers;
    uint64_t due_every;
    struct packet *holding;      /* a packet that is still to be dealt, in the next round */
    uint64_t number;             /* of the last packet dealt */
    uint64_t due_us, told_us, last_us; /* packet times: the next is due at, was told for; the latest */
    char err[ERRLEN];
    atomic_flag turn;
    _Atomic(enum dealer_says) says;
};

struct dealer *dealer_open(const struct dealer_settings *settings, struct source *source, char err[static ERRLEN])
{
    struct dealer *d = calloc(1, sizeof *d);
    if (d == NULL) {
        error_set(err, "no memory for who deals packets");
        return NULL;
    }
    d->source = source;
    d->takers = settings->takers;
    d->due_every = settings->due_us;
    atomic_flag_clear(&d->turn);
    if ((d->intake = intake_open(settings->memory, settings->seed, err)) != NULL && (d->rounds = rounds_open(settings->takers, err)) != NULL)
        return d;
    dealer_close(d);
    return NULL;
}

void dealer_close(struct dealer *d)
{
    if (d == NULL)
        return;
    intake_close(d->intake);
    rounds_close(d->rounds);
    free(d);
}

struct rounds *dealer_rounds(struct dealer *d)
{
    return d->rounds;
}

bool dealer_turn(struct dealer *d)
{
    return !atomic_flag_test_and_set_explicit(&d->turn, memory_order_acquire);
}

void dealer_left(struct dealer *d)
{
    atomic_flag_clear_explicit(&d->turn, memory_order_release);
}

/* A new round, which begins with the packet held where there is one. False: the takers have rounds enough. */
static bool begin_round(struct dealer *d)
{
    if ((d->round = rounds_room(d->rounds, d->number + 1)) == NULL)
        return false;
    if (d->holding != NULL)
        round_carry(d->round, d->holding, shard_of(&d->holding->tuple));
    d->holding = NULL;
    source_room(d->source, d->round->room);
    return true;
}

static void end_round(struct dealer *d)
{
    if (d->takers == 0 || d->round->count == 0)
        return;
    d->number += d->round->count;
    rounds_publish(d->rounds);
}

/* The clock is the packets' own. One that jumps back for good begins anew; of a long silence the end alone is told. */
static bool is_due(struct dealer *d, uint64_t us)
{
    uint64_t every = d->due_every;
    d->last_us = us > d->last_us ? us : d->last_us;
    if (every == 0 || (d->due_us != 0 && us < d->due_us && us + 2 * every >= d->due_us))
        return false;
    bool due = d->due_us != 0 && us >= d->due_us;
    if (due)
        d->told_us = us - (us - d->due_us) % every;
    d->due_us = (due ? d->told_us : us) + every;
    return due;
}

/* What does not lie in the room is gone with the next frame: takers get a copy, the caller looks at it before. */
static bool add(struct dealer *d, const struct packet *packet)
{
    unsigned shard = shard_of(&packet->tuple);
    if (round_lasts(d->round, packet))
        return round_add(d->round, shard);
    if (d->takers > 0)
        return round_add_copy(d->round, shard);
    round_add(d->round, shard);
    return false;
}

/* A frame becomes a packet in the round. False: the round ends, and where something is due this packet is not in it. */
static bool take_in(struct dealer *d, const struct frame *frame, enum dealer_says *says)
{
    struct packet *packet = &d->round->packet[d->round->count];
    bool whole = intake_feed(d->intake, frame, packet);
    if (!is_due(d, frame->us))
        return !whole || add(d, packet);
    d->holding = whole ? packet : NULL;
    *says = DEALER_DUE;
    return false;
}

static enum dealer_says fill_round(struct dealer *d)
{
    struct frame frame;
    enum dealer_says says = DEALER_GOES;
    for (unsigned frames = 0; frames < MANY; frames++)
        switch (source_next(d->source, &frame, d->err)) {
        case SOURCE_FRAME:
            if (!take_in(d, &frame, &says))
                return says;
            break;
        case SOURCE_FULL: return DEALER_GOES;
        case SOURCE_IDLE: return DEALER_IDLE;
        case SOURCE_WARNING: return DEALER_WARNING;
        case SOURCE_ERROR: return DEALER_ERROR;
        case SOURCE_END: return DEALER_ENDED;
        }
    return DEALER_GOES;
}

/* What there is to see to is said when the round before it is published. */
bool dealer_deal(struct dealer *d)
{
    if (atomic_load_explicit(&d->says, memory_order_acquire) != DEALER_GOES || !begin_round(d))
        return false;
    enum dealer_says says = fill_round(d);
    if (says == DEALER_ENDED)
        intake_finish(d->intake);
    end_round(d);
    if (says == DEALER_ENDED)
        rounds_end(d->rounds);
    if (says != DEALER_GOES)
        atomic_store_explicit(&d->says, says, memory_order_release);
    return true;
}

const struct round *dealer_round(const struct dealer *d)
{
    return d->round;
}

enum dealer_says dealer_says(struct dealer *d, char err[static ERRLEN])
{
    enum dealer_says says = atomic_load_explicit(&d->says, memory_order_acquire);
    if (says == DEALER_WARNING || says == DEALER_ERROR)
        memcpy(err, d->err, ERRLEN);
    return says;
}

void dealer_go_on(struct dealer *d)
{
    atomic_store_explicit(&d->says, DEALER_GOES, memory_order_release);
    rounds_ring(d->rounds);
}

uint64_t dealer_told(const struct dealer *d)
{
    return d->told_us;
}

uint64_t dealer_number(const struct dealer *d)
{
    return d->number;
}

void dealer_stats(const struct dealer *d, struct intake_stats *stats, struct pool_sum *memory, uint64_t *last_us)
{
    intake_stats(d->intake, stats);
    intake_memory(d->intake, memory);
    *last_us = d->last_us;
}
