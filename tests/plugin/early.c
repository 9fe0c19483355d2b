/* Loaded before the sensor's libraries: of its threads the one whose number EARLY says ends by itself, soon and without a word. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

static void *end_early(void *nothing)
{
    nanosleep(&(struct timespec){0, 300000000}, NULL);
    return nothing;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *context)
{
    static atomic_int count;
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
        (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(RTLD_NEXT, "pthread_create");
    const char *which = getenv("EARLY");
    bool early = which != NULL && atomic_fetch_add(&count, 1) + 1 == atoi(which);
    return create(thread, attributes, early ? end_early : run, early ? NULL : context);
}
