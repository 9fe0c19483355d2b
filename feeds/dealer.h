/* From frames to rounds: a source's frames become packets, and a round is filled with them. One thread at a time deals: the
 * caller's, or whichever worker has the turn. Whatever the caller must see to stops the dealing until he has. */
#pragma once

#include "capture/intake.h"
#include "feeds/round.h"

struct dealer_settings {
    size_t memory;    /* bytes for datagrams in fragments */
    uint64_t seed;
    uint64_t due_us;  /* so often, by packet time, dealing stops and DEALER_DUE is told; 0: never */
    unsigned takers;  /* of rounds; 0: the caller works each through before he deals on */
};

enum dealer_says {
    DEALER_GOES,    /* on */
    DEALER_DUE,     /* packet time has come to dealer_told: it is to be told when all that was dealt is done */
    DEALER_IDLE,    /* more is to be waited for, which may be long: what there is is to be done first */
    DEALER_WARNING, /* err has a sentence, as source_next's */
    DEALER_ERROR,
    DEALER_ENDED    /* there will be no more */
};

struct dealer;

/* The source stays the caller's, and is read by whoever deals. */
struct dealer *dealer_open(const struct dealer_settings *, struct source *, char err[static ERRLEN]);
void dealer_close(struct dealer *);
struct rounds *dealer_rounds(struct dealer *);

/* A worker: true, it is his turn; then dealer_left ends it. */
bool dealer_turn(struct dealer *);
void dealer_left(struct dealer *);

/* One more round, where it is one's turn; it ends early where no packet is among many frames. False: the takers have rounds
 * enough, or the caller is to see to something. */
bool dealer_deal(struct dealer *);
const struct round *dealer_round(const struct dealer *); /* without takers: what was dealt last */

/* The caller's: what there is to see to, and that it was. err: of a warning or an error. */
enum dealer_says dealer_says(struct dealer *, char err[static ERRLEN]);
void dealer_go_on(struct dealer *);
uint64_t dealer_told(const struct dealer *);   /* while DEALER_DUE: packet time */
uint64_t dealer_number(const struct dealer *); /* while it stands: of the last packet dealt */

/* While nobody deals. last_us: the latest packet time. */
void dealer_stats(const struct dealer *, struct intake_stats *, struct pool_sum *, uint64_t *last_us);
