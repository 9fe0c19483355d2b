#include "feeds/reloader.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "feeds/thread.h"

enum { LOOK_MS = 60000, NEWS = 16 };

/* What was asked for, with texts of its own: the asker's settings may be gone before the thread comes to it. */
struct order {
    struct lists_settings settings;
    struct setting_list part[LISTS_PARTS];
};

struct reloader {
    unsigned look_ms;
    struct thread thread;
    pthread_mutex_t lock;          /* guards all below, but what lists in force hold */
    pthread_cond_t changed;
    struct lists *now;             /* in force; only the owner of the packets changes this */
    struct lists *next;            /* loaded, to be swapped in */
    struct lists *old;             /* swapped out, still read by somebody */
    struct lists *closing;         /* nobody's any more */
    struct order *order;           /* asked for and not yet begun */
    bool ending;
    char news[NEWS][ERRLEN];
    unsigned first_news, news_count;
    uint64_t generation, refused;
    time_t reloaded;
    _Atomic bool ready;            /* next waits, or news do */
};

static void order_free(struct order *order)
{
    for (int p = 0; order != NULL && p < LISTS_PARTS; p++)
        for (unsigned i = 0; i < order->part[p].count; i++)
            free((char *)order->part[p].value[i]);
    free(order);
}

static struct order *order_of(const struct lists_settings *settings)
{
    const struct setting_list *part[LISTS_PARTS] = {settings->ioc, settings->allow, settings->geoip};
    struct order *order = calloc(1, sizeof *order);
    for (int p = 0; order != NULL && p < LISTS_PARTS; p++)
        for (unsigned i = 0; i < part[p]->count; i++) {
            if ((order->part[p].value[i] = strdup(part[p]->value[i])) == NULL) {
                order_free(order);
                return NULL;
            }
            order->part[p].count++;
        }
    if (order != NULL) {
        order->settings = *settings;
        order->settings.ioc = &order->part[LISTS_IOC];
        order->settings.allow = &order->part[LISTS_ALLOW];
        order->settings.geoip = &order->part[LISTS_GEOIP];
    }
    return order;
}

/* The lock is held. News that nobody fetches for long are not kept for ever: the newest say how things are. */
__attribute__((format(printf, 2, 3))) static void tell(struct reloader *r, const char *format, ...)
{
    va_list args;
    if (r->news_count == NEWS) {
        r->first_news = (r->first_news + 1) % NEWS;
        r->news_count--;
    }
    va_start(args, format);
    vsnprintf(r->news[(r->first_news + r->news_count++) % NEWS], ERRLEN, format, args);
    va_end(args);
    atomic_store(&r->ready, true);
}

static void set_until(const struct reloader *r, struct timespec *until)
{
    clock_gettime(CLOCK_MONOTONIC, until);
    until->tv_nsec += (long)(r->look_ms % 1000) * 1000000;
    until->tv_sec += (time_t)(r->look_ms / 1000) + until->tv_nsec / 1000000000;
    until->tv_nsec %= 1000000000;
}

/* The lock is held before and after, not while the disk is read; lists in force stay what they are meanwhile, since no
 * others wait to be swapped in. Without an order only GeoIP databases are opened anew. */
static void load(struct reloader *r, struct order *order)
{
    char err[ERRLEN];
    struct lists *before = r->now;
    pthread_mutex_unlock(&r->lock);
    struct lists *next = order != NULL ? lists_open(&order->settings, before, err) : lists_open_geoip(before, err);
    order_free(order);
    pthread_mutex_lock(&r->lock);
    r->next = next;
    if (next != NULL) {
        atomic_store(&r->ready, true);
        return;
    }
    r->refused++;
    tell(r, "lists: generation %llu stays in force: %s", (unsigned long long)r->generation, err);
}

static void close_old(struct reloader *r)
{
    struct lists *closing = r->closing, *heir = r->now;
    r->closing = NULL;
    pthread_mutex_unlock(&r->lock);
    lists_close(closing, heir);
    pthread_mutex_lock(&r->lock);
}

static void look(struct reloader *r)
{
    struct lists *now = r->now;
    pthread_mutex_unlock(&r->lock);
    bool replaced = lists_geoip_replaced(now);
    pthread_mutex_lock(&r->lock);
    if (replaced)
        load(r, NULL);
}

/* One thing at a time: what is loaded waits for the packets' owner, and the next load for that, so that each is compared
 * with the one that it follows. */
static void *run(void *data)
{
    struct reloader *r = data;
    struct timespec until;
    set_until(r, &until);
    pthread_mutex_lock(&r->lock);
    while (!r->ending) {
        struct order *order = r->order;
        if (r->closing != NULL)
            close_old(r);
        else if (r->next != NULL || r->old != NULL)
            pthread_cond_wait(&r->changed, &r->lock);
        else if (order != NULL) {
            r->order = NULL;
            load(r, order);
        } else if (pthread_cond_timedwait(&r->changed, &r->lock, &until) == ETIMEDOUT) {
            look(r);
            set_until(r, &until);
        }
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

struct reloader *reloader_open(struct lists *lists, unsigned look_ms, char err[static ERRLEN])
{
    struct reloader *r = calloc(1, sizeof *r);
    pthread_condattr_t monotonic;
    if (r == NULL) {
        error_set(err, "no memory to reload lists with");
        lists_close(lists, NULL);
        return NULL;
    }
    *r = (struct reloader){.look_ms = look_ms > 0 ? look_ms : LOOK_MS, .now = lists, .generation = 1, .reloaded = time(NULL)};
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&r->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (thread_start(&r->thread, run, r))
        return r;
    error_set(err, "no thread to reload lists on");
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    lists_close(lists, NULL);
    free(r);
    return NULL;
}

void reloader_close(struct reloader *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    r->ending = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    thread_join(&r->thread);
    lists_close(r->next, r->now);
    lists_close(r->old, r->now);
    lists_close(r->closing, r->now);
    lists_close(r->now, NULL);
    order_free(r->order);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void reloader_ask(struct reloader *r, const struct lists_settings *settings)
{
    struct order *order = order_of(settings);
    pthread_mutex_lock(&r->lock);
    if (order == NULL)
        tell(r, "lists: no memory to load them anew; those in force stay");
    else {
        order_free(r->order);
        r->order = order;
        pthread_cond_signal(&r->changed);
    }
    pthread_mutex_unlock(&r->lock);
}

bool reloader_swap(struct reloader *r)
{
    char sentence[ERRLEN];
    if (!atomic_load_explicit(&r->ready, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&r->lock);
    bool swap = r->next != NULL && r->old == NULL;
    if (swap) {
        r->old = r->now;
        r->now = r->next;
        r->next = NULL;
        r->generation++;
        r->reloaded = time(NULL);
        lists_describe(r->now, sentence);
        tell(r, "lists: generation %llu in force: %s", (unsigned long long)r->generation, sentence);
        while (lists_warning(r->now, sentence))
            tell(r, "%s", sentence);
    }
    pthread_mutex_unlock(&r->lock);
    return swap;
}

void reloader_release(struct reloader *r)
{
    pthread_mutex_lock(&r->lock);
    r->closing = r->old;
    r->old = NULL;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

const struct lists *reloader_lists(const struct reloader *r)
{
    return r->now;
}

void reloader_failed(struct reloader *r, const char *why)
{
    pthread_mutex_lock(&r->lock);
    r->refused++;
    tell(r, "lists: generation %llu stays in force: %s", (unsigned long long)r->generation, why);
    pthread_mutex_unlock(&r->lock);
}

bool reloader_news(struct reloader *r, char message[static ERRLEN])
{
    if (!atomic_load_explicit(&r->ready, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&r->lock);
    bool any = r->news_count > 0;
    if (any) {
        snprintf(message, ERRLEN, "%s", r->news[r->first_news]);
        r->first_news = (r->first_news + 1) % NEWS;
        r->news_count--;
    }
    atomic_store(&r->ready, r->news_count > 0 || r->next != NULL);
    pthread_mutex_unlock(&r->lock);
    return any;
}

bool reloader_dead(struct reloader *r)
{
    return thread_ended(&r->thread);
}

void reloader_stats(struct reloader *r, struct reloader_stats *stats)
{
    pthread_mutex_lock(&r->lock);
    lists_stats(r->now, &stats->lists);
    stats->generation = r->generation;
    stats->refused = r->refused;
    stats->reloaded_s = (uint64_t)r->reloaded;
    pthread_mutex_unlock(&r->lock);
}
