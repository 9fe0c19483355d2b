/* A bounded queue of byte strings between two threads, one that puts and one that takes, without a lock; and a bell for a
 * thread that has nothing to do. */
#pragma once

#include <semaphore.h>
#include <stdatomic.h>

#include "capture/error.h"
#include "capture/slice.h"

struct ring;

/* bytes: a power of two; an entry of up to a quarter of it always finds room in the end. */
struct ring *ring_open(size_t bytes, char err[static ERRLEN]);
void ring_close(struct ring *);

/* The one who puts: room for len bytes, aligned to 16, or NULL where the other must take first; then what of it became an
 * entry. It is seen once it is published. */
void *ring_room(struct ring *, size_t len);
void ring_put(struct ring *, size_t len);
void ring_publish(struct ring *);

/* The one who takes: the oldest entry, whose bytes are its own until ring_take; NULL: none is published. */
void *ring_peek(struct ring *);
void ring_take(struct ring *);

struct bell {
    atomic_bool wanted;
    sem_t rung;
};

void bell_open(struct bell *);
void bell_close(struct bell *);

/* Call before looking, once more, for something to do; what is rung for after this call ends the next bell_wait. */
void bell_want(struct bell *);
bool bell_wait(struct bell *, unsigned ms); /* false: that time is over, or a signal came */
void bell_ring(struct bell *);              /* costs little where nobody wants it */
