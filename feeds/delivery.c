#include "feeds/delivery.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum {
    BATCH = 100,                 /* documents sent in one transaction: more gains little, fewer costs round trips */
    BATCH_BYTES = 256 << 10,
    GATHER_MS = 200,             /* how long a document waits for others */
    BACKOFF_MIN_MS = 100, BACKOFF_MAX_MS = 5000
};

struct document {
    struct document *next;
    size_t len;
    uint8_t bytes[];
};

struct delivery {
    struct redis *redis;
    struct delivery_settings settings;
    pthread_t thread;
    pthread_mutex_t lock;        /* guards all below */
    pthread_cond_t changed;
    struct document *first, **last;
    size_t bytes, count;
    bool finishing, finished, told_drop;
    uint64_t deadline_ms;        /* once finishing: when to give up a Redis that is away */
    enum redis_result state;     /* of the last try */
    char why[ERRLEN], news[ERRLEN];
    bool has_news;
    uint64_t position;           /* of the last document sent */
    uint64_t journal;            /* names this queue in the cursor: a random number, as nothing of it outlives the process */
    struct delivery_stats stats;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Waits for a change, up to ms; the lock is held before and after. */
static void wait_ms(struct delivery *d, uint64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&d->changed, &d->lock, &until);
}

/* Keeps up to a batch in front of the queue; they are taken off it once they are sent, so that none is lost meanwhile. */
static size_t gather(struct delivery *d, struct slice out[BATCH])
{
    size_t n = 0, bytes = 0;
    for (struct document *document = d->first; document != NULL && n < BATCH && bytes < BATCH_BYTES; document = document->next) {
        out[n++] = slice_of(document->bytes, document->len);
        bytes += document->len;
    }
    return n;
}

static void drop_first(struct delivery *d)
{
    struct document *document = d->first;
    d->first = document->next;
    if (d->first == NULL)
        d->last = &d->first;
    d->bytes -= document->len;
    d->count--;
    free(document);
}

static void note_state(struct delivery *d, enum redis_result state, const char *why)
{
    if (state != d->state) {
        d->stats.breaks += state != REDIS_SENT && d->state == REDIS_SENT;
        if (state == REDIS_SENT)
            snprintf(d->news, sizeof d->news, "Redis takes documents again; %zu wait", d->count);
        else
            snprintf(d->news, sizeof d->news, "%.400s; hits are held (%zu so far)", why, d->count);
        d->has_news = true;
    }
    d->state = state;
    snprintf(d->why, sizeof d->why, "%s", why);
}

/* How long to wait after the n-th failure in a row: doubling, with jitter, so that many sensors do not come at once. */
static uint64_t backoff_ms(unsigned failures, enum redis_result result)
{
    uint64_t ms = BACKOFF_MAX_MS;
    uint8_t random = 0;
    if (result == REDIS_AWAY && failures < 7)
        ms = (uint64_t)BACKOFF_MIN_MS << (failures - 1);
    if (ms > BACKOFF_MAX_MS)
        ms = BACKOFF_MAX_MS;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = 128;
    return ms / 2 + ms * random / 512;
}

/* True where going on trying is useless: at the end, with Redis refusing or away for too long. */
static bool give_up(const struct delivery *d)
{
    return d->finishing && (d->state == REDIS_REFUSED || now_ms() >= d->deadline_ms);
}

/* After a break the cursor is asked first: where it stands behind the batch, only the answer was lost. */
static enum redis_result send_once(struct delivery *d, const struct slice *batch, size_t n, const char *cursor, bool again, char why[static ERRLEN])
{
    char there[REDIS_CURSOR];
    enum redis_result result = again ? redis_cursor(d->redis, there, why) : REDIS_SENT;
    if (result != REDIS_SENT || (again && strcmp(there, cursor) == 0))
        return result;
    return redis_send(d->redis, batch, n, cursor, why);
}

/* Sends one batch, again and again until it is there. The batch stays the same from try to try, so that its cursor tells
 * whether it arrived. The lock is given up while Redis is talked to. */
static void send_batch(struct delivery *d)
{
    struct slice batch[BATCH];
    char cursor[64], why[ERRLEN] = "";
    size_t n = gather(d, batch);
    snprintf(cursor, sizeof cursor, "%016llx:%llu", (unsigned long long)d->journal, (unsigned long long)(d->position + n));
    for (unsigned failures = 0;;) {
        pthread_mutex_unlock(&d->lock);
        enum redis_result result = send_once(d, batch, n, cursor, failures > 0, why);
        pthread_mutex_lock(&d->lock);
        note_state(d, result, why);
        if (result == REDIS_SENT)
            break;
        failures++;
        uint64_t until = now_ms() + backoff_ms(failures, result);
        for (uint64_t now; !give_up(d) && (now = now_ms()) < until;)
            wait_ms(d, d->finishing && d->deadline_ms < until ? d->deadline_ms - now + 1 : until - now);
        if (give_up(d))
            return;
    }
    d->position += n;
    d->stats.sent += n;
    while (n-- > 0)
        drop_first(d);
}

static void *deliver(void *argument)
{
    struct delivery *d = argument;
    pthread_mutex_lock(&d->lock);
    while (!give_up(d) && !(d->finishing && d->count == 0)) {
        if (d->count == 0) {
            wait_ms(d, 1000);
            continue;
        }
        uint64_t until = now_ms() + GATHER_MS;
        for (uint64_t now; !d->finishing && d->count < BATCH && d->bytes < BATCH_BYTES && (now = now_ms()) < until;)
            wait_ms(d, until - now);
        send_batch(d);
    }
    d->finished = true;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

struct delivery *delivery_open(struct redis *redis, const struct delivery_settings *settings, char err[static ERRLEN])
{
    struct delivery *d = calloc(1, sizeof *d);
    pthread_condattr_t monotonic;
    if (d == NULL || getrandom(&d->journal, sizeof d->journal, 0) != sizeof d->journal) {
        error_set(err, "no memory for the delivery queue");
        redis_close(redis);
        free(d);
        return NULL;
    }
    d->redis = redis;
    d->settings = *settings;
    d->last = &d->first;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&d->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&d->lock, NULL);
    if (pthread_create(&d->thread, NULL, deliver, d) != 0) {
        error_set(err, "no thread for the delivery to Redis");
        d->finished = true;
        redis_close(redis);
        free(d);
        return NULL;
    }
    return d;
}

/* Makes room at the front, but not out of a batch that may be on its way. */
static void make_room(struct delivery *d, size_t len)
{
    struct document **place = &d->first;
    for (size_t i = 0; i < BATCH && *place != NULL; i++)
        place = &(*place)->next;
    while (d->bytes + len > d->settings.queue_bytes && *place != NULL) {
        struct document *oldest = *place;
        *place = oldest->next;
        if (*place == NULL)
            d->last = place;
        d->bytes -= oldest->len;
        d->count--;
        d->stats.dropped++;
        free(oldest);
    }
}

void delivery_put(struct delivery *d, struct slice document)
{
    struct document *copy = malloc(sizeof *copy + document.len);
    pthread_mutex_lock(&d->lock);
    d->stats.put++;
    make_room(d, document.len);
    if (d->stats.dropped > 0 && !d->told_drop) {
        d->told_drop = d->has_news = true;
        snprintf(d->news, sizeof d->news, "the queue of unsent hits is full: the oldest are dropped");
    }
    if (copy == NULL) {
        d->stats.dropped++;
    } else {
        copy->next = NULL;
        copy->len = document.len;
        memcpy(copy->bytes, document.p, document.len);
        *d->last = copy;
        d->last = &copy->next;
        d->bytes += copy->len;
        if (++d->count == 1 || d->count == BATCH)
            pthread_cond_broadcast(&d->changed);
    }
    pthread_mutex_unlock(&d->lock);
}

bool delivery_news(struct delivery *d, char message[static ERRLEN])
{
    pthread_mutex_lock(&d->lock);
    bool news = d->has_news;
    if (news)
        memcpy(message, d->news, ERRLEN);
    d->has_news = false;
    pthread_mutex_unlock(&d->lock);
    return news;
}

bool delivery_finish(struct delivery *d, char err[static ERRLEN])
{
    pthread_mutex_lock(&d->lock);
    d->finishing = true;
    d->deadline_ms = now_ms() + d->settings.wait_s * 1000;
    pthread_cond_broadcast(&d->changed);
    while (!d->finished)
        wait_ms(d, 1000);
    size_t left = d->count;
    uint64_t dropped = d->stats.dropped;
    if (left > 0)
        error_set(err, "%zu hits could not be delivered: %.300s", left, d->why);
    else if (dropped > 0)
        error_set(err, "%llu hits could not be delivered: they were dropped while Redis was away and the queue was full", (unsigned long long)dropped);
    pthread_mutex_unlock(&d->lock);
    return left == 0 && dropped == 0;
}

void delivery_stats(struct delivery *d, struct delivery_stats *stats)
{
    pthread_mutex_lock(&d->lock);
    *stats = d->stats;
    pthread_mutex_unlock(&d->lock);
}

void delivery_close(struct delivery *d)
{
    char err[ERRLEN];
    if (d == NULL)
        return;
    d->settings.wait_s = 0;
    if (!d->finished)
        delivery_finish(d, err);
    pthread_join(d->thread, NULL);
    while (d->first != NULL)
        drop_first(d);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    redis_close(d->redis);
    free(d);
}
