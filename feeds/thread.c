#include "feeds/thread.h"

#include <signal.h>

/* The mask is inherited. SIGSYS is not blocked: a blocked one kills without the sentence that says which call it was. */
bool thread_start(struct thread *t, void *(*run)(void *), void *context)
{
    sigset_t most, before;
    sigfillset(&most);
    sigdelset(&most, SIGSYS);
    pthread_sigmask(SIG_SETMASK, &most, &before);
    t->runs = pthread_create(&t->id, NULL, run, context) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return t->runs;
}

void thread_join(struct thread *t)
{
    if (t->runs)
        pthread_join(t->id, NULL);
    t->runs = false;
}

bool thread_ended(struct thread *t)
{
    if (!t->runs || pthread_tryjoin_np(t->id, NULL) != 0)
        return false;
    t->runs = false;
    return true;
}
