#include "feeds/news.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 16 };

struct news {
    pthread_mutex_t lock;
    unsigned put, taken;      /* counts: the place of a sentence is its count modulo KEPT */
    char sentence[KEPT][ERRLEN];
};

struct news *news_open(void)
{
    struct news *n = calloc(1, sizeof *n);
    if (n != NULL)
        pthread_mutex_init(&n->lock, NULL);
    return n;
}

void news_close(struct news *n)
{
    if (n == NULL)
        return;
    pthread_mutex_destroy(&n->lock);
    free(n);
}

void news_put(struct news *n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&n->lock);
    vsnprintf(n->sentence[n->put % KEPT], ERRLEN, format, args);
    if (++n->put - n->taken > KEPT)
        n->taken++;
    pthread_mutex_unlock(&n->lock);
    va_end(args);
}

bool news_take(struct news *n, char message[static ERRLEN])
{
    pthread_mutex_lock(&n->lock);
    bool any = n->taken != n->put;
    if (any)
        memcpy(message, n->sentence[n->taken++ % KEPT], ERRLEN);
    pthread_mutex_unlock(&n->lock);
    return any;
}
