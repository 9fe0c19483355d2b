#include "feeds/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "feeds/thread.h"

enum {
    RING = 4 << 20, /* bytes of what comes back: as much as all rounds bring of DNS, or one would have to wait for another */
    AHEAD = 8,      /* rounds before it, then it deals no more: they are enough */
    FEW = 4,        /* so many rounds, and the desk is to look */
    IDLE_MS = 1000, /* no bell is missed; this is for the case that one is */
    BATCH = 256     /* live frames between two moments at which it can be held */
};
_Static_assert(JSON_MAX + 64 <= RING / 2, "a document finds room, wherever the ring's end is");

enum answer { ANSWER_HIT, ANSWER_DOCUMENT, ANSWER_ERROR };

/* What comes back; the hit, the document or the sentence follows. */
struct answered {
    _Alignas(16) uint64_t number, us;
    size_t len;
    enum answer answer;
};

struct worker {
    struct shard *shard[SHARDS];     /* live: the first is its own */
    struct rounds *dealt;            /* live: NULL */
    unsigned index;                  /* which of those who take it */
    struct dealer *dealer;           /* who has his turns; NULL: never */
    unsigned unheard;                /* rounds since the desk was rung */
    struct ring *out;
    struct source *source;           /* live: its part, */
    struct intake *intake;           /* where its frames become packets, */
    char *lost;                      /* and where documents go that find no room */
    uint64_t number;                 /* of the last packet dealt */
    struct worker_stats stats;
    struct bell room, *desk;         /* for room for answers; the desk's */
    struct thread thread;
    pthread_mutex_t turn, still; /* whoever wants to have it still takes his turn, or the thread would always be first */
    atomic_bool stop;
    _Alignas(64) atomic_uint_fast64_t reached, rounds;
};

/* By a time, where there is one. A thread that died held it: whoever comes next has it, and what the thread left half done. */
static bool lock_within(pthread_mutex_t *lock, const struct timespec *until)
{
    int result = until != NULL ? pthread_mutex_timedlock(lock, until) : pthread_mutex_lock(lock);
    if (result == EOWNERDEAD)
        result = pthread_mutex_consistent(lock);
    return result == 0;
}

static void stand_up(struct worker *w)
{
    pthread_mutex_lock(&w->turn);
    lock_within(&w->still, NULL);
    pthread_mutex_unlock(&w->turn);
}

/* Only the thread itself writes it. */
static void beat(struct worker *w)
{
    atomic_store_explicit(&w->rounds, atomic_load_explicit(&w->rounds, memory_order_relaxed) + 1, memory_order_relaxed);
}

static void sleep_until_rung(struct worker *w, struct bell *bell)
{
    beat(w);
    pthread_mutex_unlock(&w->still);
    bell_wait(bell, IDLE_MS);
    stand_up(w);
}

/* Room for an answer; NULL where the thread is to stop. While the desk is slow this is where a replay waits. */
static struct answered *answer_room(struct worker *w)
{
    for (;;) {
        struct answered *answer = ring_room(w->out, sizeof *answer + JSON_MAX);
        if (answer != NULL || atomic_load_explicit(&w->stop, memory_order_relaxed))
            return answer;
        bell_want(&w->room);
        answer = ring_room(w->out, sizeof *answer + JSON_MAX);
        if (answer != NULL)
            return answer;
        bell_ring(w->desk);
        sleep_until_rung(w, &w->room);
    }
}

static void put_answer(struct worker *w, struct answered *to, uint64_t number, const struct output *output)
{
    bool is_hit = output->hit != NULL;
    *to = (struct answered){number, output->us, is_hit ? hit_size(output->hit) : output->len, is_hit ? ANSWER_HIT : ANSWER_DOCUMENT};
    if (is_hit)
        memcpy(to + 1, output->hit, to->len);
    ring_put(w->out, sizeof *to + to->len);
    ring_publish(w->out);
}

static void answer(struct worker *w, struct shard *shard, uint64_t number)
{
    struct output output;
    for (struct answered *to; (to = answer_room(w)) != NULL && shard_next(shard, &output, (char *)(to + 1));)
        put_answer(w, to, number, &output);
}

/* The same where nothing may wait. */
static void answer_live(struct worker *w, uint64_t us)
{
    struct output output;
    for (;;) {
        struct answered *to = ring_room(w->out, sizeof *to + JSON_MAX);
        if (!shard_next(w->shard[0], &output, to != NULL ? (char *)(to + 1) : w->lost))
            return;
        if (to != NULL)
            put_answer(w, to, us, &output);
        else
            w->stats.lost++;
    }
}

/* What another processor touched last is sent for before its turn: a packet, then what it has come with. */
static void expect(const struct worker *w, const struct round *round, unsigned i)
{
    enum { FAR = 16, NEAR = 8, LINE = 64 };
    if (i + FAR < round->count && w->shard[round->shard[i + FAR]] != NULL)
        for (size_t at = 0; at < sizeof round->packet[0]; at += LINE)
            __builtin_prefetch((const char *)&round->packet[i + FAR] + at);
    if (i + NEAR < round->count && w->shard[round->shard[i + NEAR]] != NULL)
        __builtin_prefetch(round->packet[i + NEAR].payload.p);
}

/* Of what is dealt its own. */
static void take_round(struct worker *w, const struct round *round)
{
    for (unsigned i = 0; i < round->count && !atomic_load_explicit(&w->stop, memory_order_relaxed); i++) {
        struct shard *shard = w->shard[round->shard[i]];
        expect(w, round, i);
        if (shard == NULL)
            continue;
        w->stats.packets++;
        shard_deal(shard, &round->packet[i]);
        answer(w, shard, round->first + i);
    }
    w->number = round->first + round->count - 1;
}

static void reach(struct worker *w, uint64_t number, bool ring)
{
    atomic_store_explicit(&w->reached, number, memory_order_release);
    if (ring)
        bell_ring(w->desk);
}

static void finish(struct worker *w)
{
    for (unsigned i = 0; i < SHARDS; i++)
        if (w->shard[i] != NULL) {
            shard_finish(w->shard[i]);
            answer(w, w->shard[i], w->number + 1 + i);
            reach(w, w->number + 1 + i, true);
        }
    reach(w, WORKER_DONE, true);
}

/* One more round is dealt where that is its turn and it has not much to do: so whoever is ahead deals, and no other waits. */
static bool deal(struct worker *w)
{
    if (w->dealer == NULL || rounds_left(w->dealt, w->index) >= AHEAD || !dealer_turn(w->dealer))
        return false;
    bool dealt = dealer_deal(w->dealer);
    dealer_left(w->dealer);
    return dealt;
}

static bool take(struct worker *w)
{
    const struct round *round = rounds_take(w->dealt, w->index);
    if (round == NULL)
        return false;
    take_round(w, round);
    rounds_done(w->dealt, w->index);
    w->unheard = (w->unheard + 1) % FEW;
    reach(w, w->number, w->unheard == 0);
    return true;
}

static bool told_to_stop(const struct worker *w)
{
    return atomic_load_explicit(&w->stop, memory_order_relaxed);
}

/* With the bell wanted it looks once more for something to do. */
static void rest(struct worker *w)
{
    struct bell *bell = rounds_bell(w->dealt, w->index);
    bell_want(bell);
    if (deal(w) || take(w) || told_to_stop(w) || rounds_ended(w->dealt, w->index))
        return;
    bell_ring(w->desk);
    sleep_until_rung(w, bell);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    stand_up(w);
    while (!told_to_stop(w) && !rounds_ended(w->dealt, w->index)) {
        beat(w);
        if (!deal(w) && !take(w))
            rest(w);
        pthread_mutex_unlock(&w->still); /* a good moment for who wants it still */
        stand_up(w);
    }
    if (!told_to_stop(w))
        finish(w);
    pthread_mutex_unlock(&w->still);
    return NULL;
}

static void tell_error(struct worker *w, const char *err)
{
    size_t len = strlen(err) + 1;
    struct answered *to = ring_room(w->out, sizeof *to + len);
    w->stats.lost += to == NULL;
    if (to == NULL)
        return;
    *to = (struct answered){.len = len, .answer = ANSWER_ERROR};
    memcpy(to + 1, err, len);
    ring_put(w->out, sizeof *to + len);
    ring_publish(w->out);
}

/* Up to BATCH frames. SOURCE_FRAME: there may be more. */
static enum source_result read_batch(struct worker *w)
{
    char err[ERRLEN];
    struct frame frame;
    struct packet packet;
    enum source_result result = SOURCE_FRAME;
    for (unsigned i = 0; i < BATCH && result == SOURCE_FRAME; i++) {
        result = source_next(w->source, &frame, err);
        if (result == SOURCE_FRAME && intake_feed(w->intake, &frame, &packet)) {
            w->stats.packets++;
            shard_deal(w->shard[0], &packet);
            answer_live(w, packet.us);
        }
    }
    if (result != SOURCE_ERROR && result != SOURCE_WARNING)
        return result;
    tell_error(w, err);
    return SOURCE_FRAME;
}

static void *listen(void *arg)
{
    struct worker *w = arg;
    stand_up(w);
    for (enum source_result result = SOURCE_FRAME; result != SOURCE_END && !atomic_load_explicit(&w->stop, memory_order_relaxed);) {
        result = read_batch(w);
        beat(w);
        pthread_mutex_unlock(&w->still);
        bell_ring(w->desk);
        if (result == SOURCE_IDLE)
            source_wait(w->source);
        stand_up(w);
    }
    intake_finish(w->intake);
    shard_finish(w->shard[0]);
    answer_live(w, UINT64_MAX - 1);
    pthread_mutex_unlock(&w->still);
    reach(w, WORKER_DONE, true);
    return NULL;
}

static struct worker *make(struct bell *desk, char err[static ERRLEN])
{
    pthread_mutexattr_t robust;
    struct worker *w = aligned_alloc(64, (sizeof *w + 63) / 64 * 64);
    if (w == NULL) {
        error_set(err, "no memory for a worker");
        return NULL;
    }
    *w = (struct worker){.desk = desk};
    bell_open(&w->room);
    pthread_mutex_init(&w->turn, NULL);
    pthread_mutexattr_init(&robust);
    pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&w->still, &robust);
    pthread_mutexattr_destroy(&robust);
    return w;
}

/* What was opened for it is there, and it starts; or none of it stays. */
static struct worker *started(struct worker *w, bool opened, void *(*run)(void *), char err[static ERRLEN])
{
    if (opened && thread_start(&w->thread, run, w))
        return w;
    if (opened)
        error_set(err, "the system has no thread for a worker; try a smaller -j");
    worker_close(w);
    return NULL;
}

struct worker *worker_open(struct shard *const *shards, struct rounds *dealt, unsigned index, struct dealer *dealer, struct bell *desk,
                           char err[static ERRLEN])
{
    struct worker *w = make(desk, err);
    if (w == NULL)
        return NULL;
    memcpy(w->shard, shards, sizeof w->shard);
    w->dealt = dealt;
    w->index = index;
    w->dealer = dealer;
    return started(w, (w->out = ring_open(RING, err)) != NULL, work, err);
}

struct worker *worker_listen(const struct shard_settings *settings, struct source *source, struct bell *desk, char err[static ERRLEN])
{
    struct worker *w = make(desk, err);
    if (w == NULL)
        return NULL;
    size_t memory = capture_intake_memory(settings->capture.memory / settings->parts);
    w->source = source;
    bool opened = (w->out = ring_open(RING, err)) != NULL && (w->intake = intake_open(memory, settings->capture.seed, err)) != NULL &&
                  (w->shard[0] = shard_open(settings, err)) != NULL;
    if (opened && (w->lost = malloc(JSON_MAX)) == NULL) {
        error_set(err, "no memory for a document");
        opened = false;
    }
    return started(w, opened, listen, err);
}

void worker_close(struct worker *w)
{
    if (w == NULL)
        return;
    atomic_store(&w->stop, true);
    if (w->dealt != NULL)
        bell_ring(rounds_bell(w->dealt, w->index));
    bell_ring(&w->room);
    thread_join(&w->thread);
    if (w->source != NULL)
        shard_close(w->shard[0]);
    intake_close(w->intake);
    free(w->lost);
    ring_close(w->out);
    bell_close(&w->room);
    pthread_mutex_destroy(&w->turn);
    pthread_mutex_destroy(&w->still);
    free(w);
}

/* How far it has come is read first: whatever belongs to that is in the ring by then. */
bool worker_next(struct worker *w, uint64_t *number, struct output *output)
{
    uint64_t reached = atomic_load_explicit(&w->reached, memory_order_acquire);
    const struct answered *answer = ring_peek(w->out);
    *number = answer != NULL ? answer->number : reached;
    if (answer == NULL)
        return false;
    *output = (struct output){.us = answer->us, .len = answer->len};
    switch (answer->answer) {
    case ANSWER_HIT: output->hit = (const struct hit *)(answer + 1); break;
    case ANSWER_DOCUMENT: output->document = (const char *)(answer + 1); break;
    case ANSWER_ERROR: output->error = (const char *)(answer + 1); break;
    }
    return true;
}

void worker_take(struct worker *w)
{
    ring_take(w->out);
}

void worker_taken(struct worker *w)
{
    bell_ring(&w->room);
}

bool worker_hold(struct worker *w, unsigned ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    until.tv_sec += (time_t)(ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    if (!lock_within(&w->turn, ms > 0 ? &until : NULL))
        return false;
    if (lock_within(&w->still, ms > 0 ? &until : NULL))
        return true;
    pthread_mutex_unlock(&w->turn);
    return false;
}

void worker_release(struct worker *w)
{
    pthread_mutex_unlock(&w->still);
    pthread_mutex_unlock(&w->turn);
}

void worker_stats(struct worker *w, struct worker_stats *stats, struct capture_stats *capture, struct engine_stats *engine)
{
    *stats = w->stats;
    if (w->source == NULL)
        return;
    struct capture_stats mine = {0};
    intake_stats(w->intake, &mine.intake);
    intake_memory(w->intake, &mine.memory);
    shard_add(capture, &mine);
    shard_stats(w->shard[0], capture, engine);
}

void worker_relist(struct worker *w, const struct indicators *indicators, const struct geoip *geoip)
{
    if (w->source != NULL)
        shard_relist(w->shard[0], indicators, geoip);
}

uint64_t worker_rounds(const struct worker *w)
{
    return atomic_load_explicit(&w->rounds, memory_order_relaxed);
}

bool worker_finished(const struct worker *w)
{
    return atomic_load(&w->reached) == WORKER_DONE;
}

bool worker_dead(struct worker *w)
{
    return !worker_finished(w) && thread_ended(&w->thread) && !worker_finished(w);
}
