#include "feeds/share.h"

#include <stdlib.h>

#include "feeds/clock.h"
#include "feeds/shared.h"
#include "feeds/thread.h"

enum {
    QUEUE = 1024,              /* items on their way, in each direction: about 2 MB */
    LOOK_MS = 1000,            /* how often it is looked for what others told */
    ONCE_MS = 5000,            /* a Redis that answers at all has answered by then */
    LEAST_MS = 100, MOST_MS = 5000 /* between tries while Redis is away */
};

struct queue {
    struct told item[QUEUE];
    unsigned first, count;
};

struct share {
    struct shared *shared;     /* the thread's alone */
    struct news *news;
    struct thread thread;
    pthread_mutex_t lock;      /* guards all below */
    pthread_cond_t changed;
    struct queue out, in;
    bool follow, stop;
    bool off;                  /* Redis will not have it: told once, and all is kept to ourselves */
    bool quiet;                /* at the last look, catching up, there was nothing in either direction */
    uint64_t give_up_ms;       /* of catching up; 0: we do not */
    bool patient;              /* until then, even if Redis is away */
    bool failed;               /* the last look */
    unsigned sending;          /* of out, being sent */
    struct share_stats stats;
};

static struct told *queue_at(struct queue *q, unsigned i)
{
    return &q->item[(q->first + i) % QUEUE];
}

static void queue_drop(struct queue *q, unsigned count)
{
    q->first = (q->first + count) % QUEUE;
    q->count -= count;
}

static void queue_add(struct queue *q, const struct told *told)
{
    *queue_at(q, q->count++) = *told;
}

/* Refused is told, once. That Redis is away is told by the delivery of documents, which meets the same. */
static void judge(struct share *s, enum redis_result result, const char *why)
{
    if (result == REDIS_REFUSED && !s->off)
        news_put(s->news, "evidence is not shared with other sensors: %s", why);
    else if (result == REDIS_SENT && s->off)
        news_put(s->news, "evidence is shared with other sensors again");
    if (result != REDIS_AWAY)
        s->off = result == REDIS_REFUSED;
}

/* What waits goes out, a page at a time. The lock is held but while Redis is asked. */
static enum redis_result send_page(struct share *s, struct told page[static SHARED_PAGE], char err[static ERRLEN])
{
    unsigned count = s->out.count < SHARED_PAGE ? s->out.count : SHARED_PAGE;
    for (unsigned i = 0; i < count; i++)
        page[i] = *queue_at(&s->out, i);
    s->sending = count;
    pthread_mutex_unlock(&s->lock);
    enum redis_result result = shared_put(s->shared, page, count, err);
    pthread_mutex_lock(&s->lock);
    if (result == REDIS_SENT) {
        queue_drop(&s->out, s->sending);
        s->stats.told += s->sending;
    }
    s->sending = 0;
    return result;
}

/* One item of the others' comes in. *any false: there was none. */
static enum redis_result take_one(struct share *s, bool *any, char err[static ERRLEN])
{
    struct told told;
    pthread_mutex_unlock(&s->lock);
    enum redis_result result = shared_take(s->shared, &told, any, err);
    pthread_mutex_lock(&s->lock);
    s->stats.unreadable = shared_unreadable(s->shared);
    if (*any) {
        queue_add(&s->in, &told);
        s->stats.heard++;
        pthread_cond_broadcast(&s->changed);
    }
    return result;
}

/* A replay takes nothing from others but at its beginning and end: what it writes must not depend on when they speak. */
static bool takes(const struct share *s)
{
    return s->follow || s->give_up_ms > 0;
}

/* Sends all there is, then takes as much as there is room for. */
static enum redis_result exchange(struct share *s, struct told page[static SHARED_PAGE], char err[static ERRLEN])
{
    enum redis_result result = REDIS_SENT;
    bool any = takes(s);
    while (result == REDIS_SENT && s->out.count > 0 && !s->stop)
        result = send_page(s, page, err);
    while (result == REDIS_SENT && any && s->in.count < QUEUE && s->out.count == 0 && !s->stop)
        result = take_one(s, &any, err);
    s->quiet = result == REDIS_SENT && s->give_up_ms > 0 && !any && s->out.count == 0;
    return result;
}

/* While Redis is away nothing but the end wakes us: each try is a connection. */
static void rest(struct share *s, enum redis_result result, uint64_t *pause_ms)
{
    uint64_t until = clock_ms() + (result == REDIS_SENT ? LOOK_MS : *pause_ms);
    *pause_ms = result == REDIS_SENT ? LEAST_MS : *pause_ms < MOST_MS / 2 ? *pause_ms * 2 : MOST_MS;
    do
        clock_wait(&s->changed, &s->lock, until);
    while (result != REDIS_SENT && !s->stop && clock_ms() < until);
}

static void *carry(void *context)
{
    struct share *s = context;
    struct told *page = calloc(SHARED_PAGE, sizeof *page);
    uint64_t pause_ms = LEAST_MS;
    char err[ERRLEN] = "no memory";
    pthread_mutex_lock(&s->lock);
    while (!s->stop) {
        enum redis_result result = page != NULL ? exchange(s, page, err) : REDIS_REFUSED;
        judge(s, result, err);
        s->failed = result != REDIS_SENT;
        pthread_cond_broadcast(&s->changed);
        if (!s->stop && (result != REDIS_SENT || s->out.count == 0))
            rest(s, result, &pause_ms);
    }
    pthread_mutex_unlock(&s->lock);
    free(page);
    return NULL;
}

struct share *share_open(const struct share_settings *settings, char err[static ERRLEN])
{
    struct share *s = calloc(1, sizeof *s);
    if (s == NULL) {
        error_set(err, "no memory for what sensors share");
        return NULL;
    }
    s->follow = settings->follow;
    s->news = news_open();
    s->shared = shared_open(&settings->login, settings->key, settings->sensor, err);
    pthread_mutex_init(&s->lock, NULL);
    clock_condition(&s->changed);
    if (s->news != NULL && s->shared != NULL && thread_start(&s->thread, carry, s))
        return s;
    if (s->shared != NULL)
        error_set(err, "no thread or memory for what sensors share");
    share_close(s);
    return NULL;
}

void share_close(struct share *s)
{
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    thread_join(&s->thread);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    shared_close(s->shared);
    news_close(s->news);
    free(s);
}

/* A full queue loses its oldest: what is seen again is told again. */
void share_put(struct share *s, const struct told *told)
{
    pthread_mutex_lock(&s->lock);
    if (s->out.count == QUEUE) {
        queue_drop(&s->out, 1);
        s->sending -= s->sending > 0;
        s->stats.dropped++;
    }
    queue_add(&s->out, told);
    s->quiet = false;
    if (s->out.count == 1)
        pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static bool take_in(struct share *s, struct told *told)
{
    if (s->in.count == 0)
        return false;
    *told = *queue_at(&s->in, 0);
    s->quiet = false;
    queue_drop(&s->in, 1);
    pthread_cond_broadcast(&s->changed); /* there is room again */
    return true;
}

bool share_next(struct share *s, struct told *told)
{
    pthread_mutex_lock(&s->lock);
    bool any = take_in(s, told);
    pthread_mutex_unlock(&s->lock);
    return any;
}

void share_catch_up(struct share *s, uint64_t wait_ms)
{
    pthread_mutex_lock(&s->lock);
    s->patient = wait_ms > 0;
    s->give_up_ms = clock_ms() + (wait_ms > 0 ? wait_ms : ONCE_MS);
    s->quiet = s->failed = false;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

bool share_rest(struct share *s, struct told *told)
{
    pthread_mutex_lock(&s->lock);
    bool any = take_in(s, told);
    while (!any && !s->quiet && !s->off && s->thread.runs && (s->patient || !s->failed) && clock_ms() < s->give_up_ms) {
        clock_wait(&s->changed, &s->lock, s->give_up_ms);
        any = take_in(s, told);
    }
    if (!any)
        s->give_up_ms = 0;
    pthread_mutex_unlock(&s->lock);
    return any;
}

bool share_dead(struct share *s)
{
    return thread_ended(&s->thread);
}

bool share_news(struct share *s, char message[static ERRLEN])
{
    return news_take(s->news, message);
}

void share_stats(struct share *s, struct share_stats *stats)
{
    pthread_mutex_lock(&s->lock);
    *stats = s->stats;
    pthread_mutex_unlock(&s->lock);
}
