/* Packets on their way to workers, in rounds: up to ROUND_PACKETS in their order, each with the shard that it is for, and the
 * room in which their bytes lie. Every worker sees every round and takes from it what is its own, so that nothing is copied
 * for it: who deals reads a file straight into the next round meanwhile. */
#pragma once

#include <stdatomic.h>

#include "capture/packet.h"
#include "feeds/ring.h"

enum { ROUND_PACKETS = 1024 };

struct round {
    uint64_t first;                       /* number of its first packet */
    unsigned count;
    size_t kept_len;
    uint8_t *room, *kept;                 /* for the source's frames; for packets whose bytes lie elsewhere */
    uint8_t shard[ROUND_PACKETS];
    struct packet packet[ROUND_PACKETS];
};

struct rounds;

/* takers: how many see each of them; 0: whoever deals has one to himself, over and over. */
struct rounds *rounds_open(unsigned takers, char err[static ERRLEN]);
void rounds_close(struct rounds *);

/* Who deals: the round to be filled, begun anew; NULL while one of the takers is too far behind. Published, it is theirs. */
struct round *rounds_room(struct rounds *, uint64_t first);
void rounds_publish(struct rounds *);
void rounds_end(struct rounds *);  /* there will be no more */
void rounds_ring(struct rounds *); /* the takers are to look for something to do */

/* packet[count], decoded, is in the round from now on. False: the round is full now. */
static inline bool round_add(struct round *round, unsigned shard)
{
    round->shard[round->count++] = (uint8_t)shard;
    return round->count < ROUND_PACKETS;
}

/* The same of a packet that borrows what does not lie in the room. */
bool round_add_copy(struct round *, unsigned shard);
static inline bool round_lasts(const struct round *round, const struct packet *packet)
{
    return (uintptr_t)packet->ip.p - (uintptr_t)round->room < SOURCE_ROOM;
}

/* The packet of a round before becomes this one's first. */
void round_carry(struct round *, const struct packet *, unsigned shard);

/* A taker: the next round, until rounds_done. NULL: there is none, or none any more. */
const struct round *rounds_take(struct rounds *, unsigned taker);
bool rounds_ended(struct rounds *, unsigned taker);
void rounds_done(struct rounds *, unsigned taker);
size_t rounds_left(const struct rounds *, unsigned taker); /* how many he still has before him */
struct bell *rounds_bell(struct rounds *, unsigned taker); /* rung for a round, for room for one, and by rounds_ring */
