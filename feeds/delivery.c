#include "feeds/delivery.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

#include "feeds/clock.h"
#include "feeds/thread.h"

enum {
    IDLE_MS = 1000,              /* how long one look at the spool lasts */
    POLL_MS = 200,               /* between two looks at a list that is too long */
    BACKOFF_MIN_MS = 100, BACKOFF_MAX_MS = 5000
};

enum way { WAY_OPEN, WAY_AWAY, WAY_REFUSED, WAY_CROWDED }; /* to Redis: the first three as redis_result; the list is too long */

struct delivery {
    struct redis *redis;
    struct delivery_settings settings;
    struct spool *spool;
    struct news *news;
    struct thread thread;

    pthread_mutex_t lock;        /* guards all below up to the thread's own */
    pthread_cond_t changed;
    bool finishing, finished, retry;
    uint64_t finish_ms;          /* when finishing began */
    uint64_t position;           /* all before it is in Redis or told as lost */
    uint64_t moved_ms;           /* when that last changed */
    enum way way;                /* as of the last try */
    char why[ERRLEN];
    struct delivery_stats stats;

    struct batch batch;          /* the thread's own, from here on */
    bool sure;                   /* the cursor was read since the connection was made */
    unsigned failures;           /* tries in a row */
    char lost[JSON_MAX];         /* the document that tells of a gap */
};

static uint64_t waiting(const struct delivery *d)
{
    uint64_t next = spool_next(d->spool);
    return next > d->position ? next - d->position : 0;
}

/* A list at its bound takes a few whenever a few were read: that it takes all again is said when nothing waits any more. */
static void note_way(struct delivery *d, enum way way, const char *why)
{
    uint64_t held = waiting(d);
    pthread_mutex_lock(&d->lock);
    if (d->way == WAY_CROWDED && way == WAY_OPEN && held > 0)
        way = WAY_CROWDED;
    else if (way != d->way && way == WAY_OPEN)
        news_put(d->news, "Redis takes documents again; %" PRIu64 " wait", held);
    else if (way != d->way)
        news_put(d->news, "%.400s; hits are held (%" PRIu64 " so far)", why, held);
    d->stats.breaks += way == WAY_AWAY && d->way == WAY_OPEN;
    d->way = way;
    if (why[0] != '\0')
        snprintf(d->why, sizeof d->why, "%s", why);
    pthread_mutex_unlock(&d->lock);
}

/* How long to wait after the n-th failure in a row: doubling, with jitter, so that many sensors do not come at once. */
static uint64_t backoff_ms(unsigned failures, enum way way)
{
    uint64_t ms = way == WAY_CROWDED ? POLL_MS : BACKOFF_MAX_MS;
    uint8_t random = 0;
    if (way == WAY_AWAY && failures < 7)
        ms = (uint64_t)BACKOFF_MIN_MS << (failures - 1);
    if (ms > BACKOFF_MAX_MS)
        ms = BACKOFF_MAX_MS;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = 128;
    return ms / 2 + ms * random / 512;
}

/* At the end, when going on trying is useless: Redis refuses, or nothing has got further for too long. */
static bool given_up(const struct delivery *d, uint64_t now)
{
    uint64_t since = d->moved_ms > d->finish_ms ? d->moved_ms : d->finish_ms;
    return d->finishing && d->way != WAY_OPEN && (d->way == WAY_REFUSED || now >= since + d->settings.wait_s * 1000);
}

/* False: give up. */
static bool pause_after_failure(struct delivery *d)
{
    pthread_mutex_lock(&d->lock);
    uint64_t now = clock_ms(), until = now + backoff_ms(++d->failures, d->way);
    d->retry = false;
    while (!given_up(d, now) && !d->retry && now < until) {
        uint64_t end = d->finishing ? (d->moved_ms > d->finish_ms ? d->moved_ms : d->finish_ms) + d->settings.wait_s * 1000 : until;
        clock_wait(&d->changed, &d->lock, end < until ? end : until);
        now = clock_ms();
    }
    bool on = !given_up(d, now);
    pthread_mutex_unlock(&d->lock);
    return on;
}

static void move_to(struct delivery *d, uint64_t position, uint64_t sent, uint64_t lost)
{
    pthread_mutex_lock(&d->lock);
    d->position = position;
    d->moved_ms = clock_ms();
    d->stats.sent += sent;
    d->stats.lost += lost;
    pthread_mutex_unlock(&d->lock);
    spool_sent(d->spool, position);
}

static void print_cursor(const struct delivery *d, char cursor[static REDIS_CURSOR], uint64_t position)
{
    snprintf(cursor, REDIS_CURSOR, "%016" PRIx64 ":%" PRIu64, spool_id(d->spool), position);
}

/* The position in the cursor; false: there is none, or it is another journal's. */
static bool parse_cursor(const struct delivery *d, const char *cursor, uint64_t *position)
{
    char *end;
    if (strlen(cursor) < 18 || cursor[16] != ':' || strtoull(cursor, &end, 16) != spool_id(d->spool) || end != cursor + 16)
        return false;
    *position = strtoull(cursor + 17, &end, 10);
    return *end == '\0';
}

/* Asks Redis how far it got. The cursor stands in the same data as the documents, so it is right about them, also where Redis was
 * restored to an older state: sending goes back with it as far as there is something to go back to. Without a cursor (an empty
 * Redis, or a first time) what was delivered is not delivered again. One that is further than this journal ever was belongs to
 * a copy of it. */
static enum redis_result find_place(struct delivery *d, char why[static ERRLEN])
{
    char cursor[REDIS_CURSOR];
    uint64_t there;
    enum redis_result result = redis_cursor(d->redis, cursor, why);
    if (result != REDIS_SENT)
        return result;
    d->sure = true;
    if (!parse_cursor(d, cursor, &there) || there == d->position)
        return result;
    if (there > spool_next(d->spool) && d->settings.spool.again == UINT64_MAX)
        return result;
    uint64_t lost = 0, sent = 0;
    if (there > d->position && there <= d->batch.next) { /* the batch in hand arrived, or the part that had room */
        lost = d->batch.first - d->position;
        sent = there - d->batch.first;
    } else if (there < d->position) {
        there = spool_held(d->spool, there);
    }
    move_to(d, there, sent, lost);
    batch_clear(&d->batch);
    d->batch.next = there;
    return result;
}

/* How much of the batch goes into a list that must not grow over its bound. */
static enum way find_room(struct delivery *d, size_t *count, char why[static ERRLEN])
{
    uint64_t unread = 0, most = d->settings.most_waiting;
    if (most == 0)
        return WAY_OPEN;
    enum redis_result result = redis_waiting(d->redis, &unread, why);
    if (result != REDIS_SENT)
        return (enum way)result;
    if (unread >= most) {
        error_set(why, "the list in Redis holds %" PRIu64 " unread documents, and --redis-max-queue is %" PRIu64, unread, most);
        return WAY_CROWDED;
    }
    *count = *count < most - unread ? *count : (size_t)(most - unread);
    return WAY_OPEN;
}

/* The document that stands where others are missing. */
static struct slice tell_lost(struct delivery *d, uint64_t lost)
{
    struct stat_value value = {"journal", "dropped", lost};
    size_t len = json_stats(d->lost, d->batch.us, d->settings.sensor, &value, 1, d->settings.format);
    return slice_of(d->lost, len > 0 ? len - 1 : 0);
}

/* Sends the batch, with what is to be said about a gap before it. */
static enum way send_batch(struct delivery *d, char why[static ERRLEN])
{
    struct slice document[BATCH + 1];
    char cursor[REDIS_CURSOR];
    uint64_t lost = d->batch.first - d->position;
    size_t said = 0, count = d->batch.count + (lost > 0);
    enum way way = find_room(d, &count, why);
    if (way != WAY_OPEN)
        return way;
    if (lost > 0)
        document[said++] = tell_lost(d, lost);
    for (size_t i = said; i < count; i++)
        document[i] = d->batch.document[i - said];
    uint64_t reached = d->batch.first + (count - said);
    print_cursor(d, cursor, reached);
    enum redis_result result = redis_send(d->redis, document, count, cursor, why);
    if (result != REDIS_SENT)
        return (enum way)result;
    move_to(d, reached, count - said, lost);
    batch_clear(&d->batch);
    return WAY_OPEN;
}

/* One try with the batch in hand. */
static enum way try_batch(struct delivery *d, char why[static ERRLEN])
{
    enum redis_result place = d->sure ? REDIS_SENT : find_place(d, why);
    if (place != REDIS_SENT)
        return (enum way)place;
    if (d->batch.next == d->position)
        return WAY_OPEN;
    enum way way = send_batch(d, why);
    d->sure = way == WAY_OPEN || way == WAY_CROWDED;
    return way;
}

static bool told_to_finish(struct delivery *d)
{
    pthread_mutex_lock(&d->lock);
    bool finishing = d->finishing;
    pthread_mutex_unlock(&d->lock);
    return finishing;
}

static void *deliver(void *argument)
{
    struct delivery *d = argument;
    char why[ERRLEN];
    for (bool on = true; on;) {
        bool finishing = told_to_finish(d); /* asked before looking: what was put before it is seen */
        if (!spool_take(d->spool, d->position, &d->batch, IDLE_MS)) {
            on = !finishing;
            continue;
        }
        while (on && d->batch.next > d->position) {
            why[0] = '\0';
            enum way way = try_batch(d, why);
            note_way(d, way, why);
            if (way == WAY_OPEN)
                d->failures = 0;
            else
                on = pause_after_failure(d);
        }
    }
    pthread_mutex_lock(&d->lock);
    d->finished = true;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

struct delivery *delivery_open(struct redis *redis, const struct delivery_settings *settings, char err[static ERRLEN])
{
    struct delivery *d = calloc(1, sizeof *d);
    if (d == NULL || (d->news = news_open()) == NULL) {
        error_set(err, "no memory for the delivery to Redis");
        redis_close(redis);
        free(d);
        return NULL;
    }
    d->redis = redis;
    d->settings = *settings;
    d->moved_ms = clock_ms();
    pthread_mutex_init(&d->lock, NULL);
    clock_condition(&d->changed);
    d->spool = spool_open(&settings->spool, d->news, err);
    d->position = d->spool != NULL ? spool_sent_before(d->spool) : 0;
    bool started = d->spool != NULL && thread_start(&d->thread, deliver, d);
    if (d->spool != NULL && !started)
        error_set(err, "no thread for the delivery to Redis");
    if (!started) {
        delivery_close(d);
        return NULL;
    }
    return d;
}

uint64_t delivery_next(struct delivery *d)
{
    return spool_next(d->spool);
}

void delivery_put(struct delivery *d, struct slice document, uint64_t us)
{
    spool_put(d->spool, document, us);
}

bool delivery_news(struct delivery *d, char message[static ERRLEN])
{
    return news_take(d->news, message);
}

void delivery_retry(struct delivery *d)
{
    pthread_mutex_lock(&d->lock);
    d->retry = true;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
}

bool delivery_dead(struct delivery *d)
{
    bool dead = !d->finishing && (thread_ended(&d->thread) || spool_dead(d->spool));
    if (dead && d->why[0] == '\0')
        error_set(d->why, "a thread had ended by itself");
    return dead;
}

void delivery_ends(struct delivery *d)
{
    pthread_mutex_lock(&d->lock);
    d->finish_ms = clock_ms();
    pthread_mutex_unlock(&d->lock);
}

/* False: a sentence about what is not in Redis. */
static bool tell_left(struct delivery *d, char err[static ERRLEN])
{
    struct spool_stats spool;
    const struct state *state = d->settings.spool.state;
    char kept_at[320] = "";
    uint64_t left = waiting(d), gone;
    spool_stats(d->spool, &spool);
    gone = spool.dropped > d->stats.lost ? spool.dropped - d->stats.lost : 0; /* of those left, as far as they were not told of */
    gone = gone < left ? gone : left;
    if (state != NULL && left > gone)
        snprintf(kept_at, sizeof kept_at, "; %" PRIu64 " are kept and sent when radome is next started with --state %.200s", left - gone,
                 state_path(state));
    if (left > 0)
        error_set(err, "%" PRIu64 " hits could not be delivered: %.200s%s", left, d->why, kept_at);
    else if (d->stats.lost > 0)
        error_set(err, "%" PRIu64 " hits could not be delivered: they were dropped for want of room, or damaged in the journal", d->stats.lost);
    return left == 0 && d->stats.lost == 0;
}

enum delivery_end delivery_finish(struct delivery *d, uint64_t ms, char err[static ERRLEN])
{
    uint64_t until = clock_ms() + ms;
    if (!spool_finish(d->spool, ms))
        return DELIVERY_GOES_ON;
    pthread_mutex_lock(&d->lock);
    d->finishing = true;
    if (d->finish_ms == 0)
        d->finish_ms = clock_ms();
    pthread_cond_broadcast(&d->changed);
    while (d->thread.runs && !d->finished && clock_ms() < until)
        clock_wait(&d->changed, &d->lock, until);
    enum delivery_end end = d->thread.runs && !d->finished ? DELIVERY_GOES_ON : tell_left(d, err) ? DELIVERY_DONE : DELIVERY_LEFT;
    pthread_mutex_unlock(&d->lock);
    return end;
}

void delivery_stats(struct delivery *d, struct delivery_stats *stats)
{
    pthread_mutex_lock(&d->lock);
    *stats = d->stats;
    pthread_mutex_unlock(&d->lock);
    spool_stats(d->spool, &stats->spool);
}

void delivery_close(struct delivery *d)
{
    char err[ERRLEN];
    if (d == NULL)
        return;
    d->settings.wait_s = 0;
    while (d->thread.runs && delivery_finish(d, 1000, err) == DELIVERY_GOES_ON)
        continue;
    thread_join(&d->thread);
    spool_close(d->spool);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->lock);
    redis_close(d->redis);
    news_close(d->news);
    free(d);
}
