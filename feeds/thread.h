/* A thread beside the one that owns the packets. Signals stay that one's; a system call that is refused is this thread's own. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

struct thread {
    pthread_t id;
    bool runs;               /* it was started, and nobody has waited for its end */
};

/* False: the system has none. */
bool thread_start(struct thread *, void *(*run)(void *), void *context);

/* Waits for its end; nothing where it does not run. */
void thread_join(struct thread *);

/* It has ended, and nobody had told it to: that is the caller's to know. */
bool thread_ended(struct thread *);
