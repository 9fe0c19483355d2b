/* Records that wait for another one of the same transaction: an alert has a request's bodies, the HTTP record that is
 * written when the transaction ends has its whole heads. Bounded in number, bytes and time. */
#pragma once

#include "feeds/tree.h"

enum { HELD_S = 60 };          /* of record time: a transaction that has not ended by then is told without its end */

struct held_stats {
    uint64_t held, joined, given_up; /* given_up: for want of room, the oldest first */
};

struct held_key {
    uint64_t flow, transaction;
};

struct held;

struct held *held_open(char err[static ERRLEN]);
void held_close(struct held *);

/* Takes the tree over; bytes: of its line. */
void held_put(struct held *, const struct held_key *, struct tree *, size_t bytes, uint64_t us);

/* The record that waits for this one, now the caller's; NULL: none. */
struct tree *held_take(struct held *, const struct held_key *);

/* One that has waited too long by `us`; NULL: none. UINT64_MAX: any. */
struct tree *held_due(struct held *, uint64_t us);
void held_stats(const struct held *, struct held_stats *);
