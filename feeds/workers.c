#include "feeds/workers.h"

#include <stdlib.h>

#include "capture/proto.h"
#include "feeds/worker.h"

enum {
    PAUSE_CALLS = 4096,   /* so often, at least, the caller hears of us; a packet that he dealt counts as one */
    WAIT_MS = 100,
    PATIENCE_MS = 1000    /* live: how long statistics wait for a worker */
};

struct workers {
    struct workers_settings settings;
    struct source *source;
    struct dealer *dealer;
    struct proto_module *proto[SHARDS]; /* one for each thread that looks at packets */
    struct shard *shard[SHARDS];
    struct worker *worker[SHARDS];
    unsigned count;                 /* of worker; 0: the caller works */
    bool live;                      /* each worker reads its own part */
    bool deals;                     /* the caller deals: he works himself, or reading may be waiting, which a worker must not */
    struct bell desk;
    unsigned at;                    /* count 0: how far he is in the round dealt last */
    uint64_t moved[SHARDS];         /* the rounds of each worker, when all had last moved */
    uint64_t calls;                 /* since the caller last heard of us */
    bool stopped, look, waiting;    /* told to stop; there may be outputs to take; the bell is wanted */
    bool told;                      /* the caller sees to what the dealing has stopped for */
    unsigned finishing;             /* count 0: shards that are finished */
    struct shard *busy;             /* count 0: its outputs are being pulled */
    struct worker *taken;           /* whose output the caller has */
    bool took;                      /* and it is not the first since there was none */
    uint64_t rounds;                /* count 0: its heartbeat */
    struct workers_stats last;      /* live: as they were the last time */
    char document[JSON_MAX];        /* count 0 */
};

static bool open_worker(struct workers *w, unsigned index, char err[static ERRLEN])
{
    struct shard *mine[SHARDS] = {NULL};
    for (unsigned i = index; i < SHARDS; i += w->count)
        mine[i] = w->shard[i];
    return (w->worker[index] = worker_open(mine, dealer_rounds(w->dealer), index, w->deals ? NULL : w->dealer, &w->desk, err)) != NULL;
}

/* The shards of one thread share what is dear and the same for all. */
static bool open_shard(struct workers *w, unsigned index, char err[static ERRLEN])
{
    unsigned threads = w->count > 0 ? w->count : 1;
    if (index < threads && (w->proto[index] = proto_module_open(err)) == NULL)
        return false;
    w->settings.shard.capture.proto = w->proto[index % threads];
    return (w->shard[index] = shard_open(&w->settings.shard, err)) != NULL;
}

static bool open_live(struct workers *w, char err[static ERRLEN])
{
    w->settings.shard.parts = w->count;
    source_begin(w->source);
    for (unsigned i = 0; i < w->count; i++)
        if ((w->worker[i] = worker_listen(&w->settings.shard, source_part(w->source, i), &w->desk, err)) == NULL)
            return false;
    return true;
}

static bool open_all(struct workers *w, char err[static ERRLEN])
{
    if (w->live)
        return open_live(w, err);
    const struct capture_settings *capture = &w->settings.shard.capture;
    struct dealer_settings dealer = {capture_intake_memory(capture->memory), capture->seed, w->settings.due_us, w->count};
    w->deals = w->count == 0 || source_waits(w->source);
    if ((w->dealer = dealer_open(&dealer, w->source, err)) == NULL)
        return false;
    for (unsigned i = 0; i < SHARDS; i++)
        if (!open_shard(w, i, err))
            return false;
    for (unsigned i = 0; i < w->count; i++)
        if (!open_worker(w, i, err))
            return false;
    return true;
}

struct workers *workers_open(const struct workers_settings *settings, struct source *source, char err[static ERRLEN])
{
    struct workers *w = calloc(1, sizeof *w);
    if (w == NULL) {
        error_set(err, "no memory for the workers");
        return NULL;
    }
    w->settings = *settings;
    w->settings.shard.parts = SHARDS;
    w->source = source;
    w->count = settings->count > SHARDS ? SHARDS : settings->count > 1 ? settings->count : 0;
    w->live = w->count > 0 && source_part(source, w->count - 1) != NULL;
    bell_open(&w->desk);
    if (!open_all(w, err)) {
        workers_close(w);
        return NULL;
    }
    return w;
}

void workers_close(struct workers *w)
{
    if (w == NULL)
        return;
    for (unsigned i = 0; i < w->count; i++)
        worker_close(w->worker[i]);
    for (unsigned i = 0; i < SHARDS; i++)
        shard_close(w->shard[i]);
    for (unsigned i = 0; i < SHARDS; i++)
        proto_module_close(w->proto[i]);
    dealer_close(w->dealer);
    bell_close(&w->desk);
    free(w);
}

/* The end: the shards finish one after the other, whoever has them. True: nothing more will come. */
static bool finished(struct workers *w)
{
    if (w->count == 0) {
        if (w->finishing == SHARDS)
            return true;
        w->busy = w->shard[w->finishing++];
        shard_finish(w->busy);
        return false;
    }
    bool done = true;
    for (unsigned i = 0; i < w->count; i++) {
        uint64_t number;
        struct output output;
        done = done && !worker_next(w->worker[i], &number, &output) && number == WORKER_DONE;
    }
    return done;
}

/* The first output of all, if nobody can still come with an earlier one; live there is no waiting for that. Apart from pull,
 * which one thread calls for every packet. */
static __attribute__((noinline)) struct worker *foremost(struct workers *w, struct output *output)
{
    struct worker *first = NULL;
    uint64_t least = UINT64_MAX, certain = UINT64_MAX;
    for (unsigned i = 0; i < w->count; i++) {
        uint64_t number;
        struct output next;
        if (!worker_next(w->worker[i], &number, &next)) {
            certain = number < certain ? number : certain;
        } else if (number < least) {
            least = number;
            first = w->worker[i];
            *output = next;
        }
    }
    return w->live || least <= certain ? first : NULL;
}

/* One thread: packet by packet, until something comes of one. */
static bool pull_own(struct workers *w, struct output *output)
{
    for (;;) {
        if (w->busy != NULL && shard_next(w->busy, output, w->document))
            return true;
        w->busy = NULL;
        const struct round *round = dealer_round(w->dealer);
        if (round == NULL || w->at == round->count)
            return false;
        w->busy = w->shard[round->shard[w->at]];
        shard_deal(w->busy, &round->packet[w->at++]);
    }
}

static bool pull(struct workers *w, struct output *output)
{
    if (w->count == 0)
        return pull_own(w, output);
    if (!w->look)
        return false;
    w->taken = foremost(w, output);
    w->look = w->taken != NULL;
    for (unsigned i = 0; i < w->count && !w->look && w->took; i++)
        worker_taken(w->worker[i]);
    w->took = w->look;
    return w->look;
}

/* There is neither an output nor room for a packet: look once more with the bell on, then sleep. */
static enum workers_result wait(struct workers *w, char err[static ERRLEN])
{
    bool waited = w->waiting, rung = false;
    if (waited)
        rung = bell_wait(&w->desk, WAIT_MS);
    else
        bell_want(&w->desk);
    w->waiting = !waited;
    w->look = true;
    for (unsigned i = 0; i < w->count; i++)
        if (worker_dead(w->worker[i])) {
            error_set(err, "worker %u of %u has ended by itself; nothing more can be relied on", i + 1, w->count);
            return WORKERS_DEAD;
        }
    return !waited || (rung && w->deals) ? WORKERS_NOTHING : WORKERS_PAUSE;
}

/* Everybody has done all that was dealt, and the caller has what came of it: from here every number of threads looks alike. */
static bool settled(struct workers *w)
{
    bool all = true;
    for (unsigned i = 0; i < w->count; i++) {
        uint64_t number;
        struct output output;
        all = all && !worker_next(w->worker[i], &number, &output) && number >= dealer_number(w->dealer);
    }
    return all;
}

/* The dealing has stopped for that, and goes on when the caller comes back: until then nothing moves that he may look at. */
static enum workers_result settle(struct workers *w, enum dealer_says what, struct output *output, char err[static ERRLEN])
{
    if (!settled(w))
        return wait(w, err);
    if (what == DEALER_IDLE)
        source_wait(w->source);
    *output = (struct output){.us = dealer_told(w->dealer)};
    w->told = true;
    return what == DEALER_DUE ? WORKERS_DUE : WORKERS_PAUSE;
}

static enum workers_result finish(struct workers *w, char err[static ERRLEN])
{
    if (finished(w))
        return WORKERS_END;
    return w->count > 0 ? wait(w, err) : WORKERS_NOTHING;
}

/* No output is there to be taken. */
static enum workers_result deal(struct workers *w, struct output *output, char err[static ERRLEN])
{
    enum dealer_says says = dealer_says(w->dealer, err);
    switch (says) {
    case DEALER_GOES:
        if (!w->deals || !dealer_deal(w->dealer))
            return wait(w, err);
        w->calls += dealer_round(w->dealer)->count > 0 ? dealer_round(w->dealer)->count : PAUSE_CALLS;
        w->at = 0;
        w->look = true;
        return WORKERS_NOTHING;
    case DEALER_DUE:
    case DEALER_IDLE: return settle(w, says, output, err);
    case DEALER_WARNING:
    case DEALER_ERROR: w->told = true; return says == DEALER_ERROR ? WORKERS_ERROR : WORKERS_WARNING;
    case DEALER_ENDED: break;
    }
    return finish(w, err);
}

static enum workers_result pulled(const struct output *output, char err[static ERRLEN])
{
    if (output->error == NULL)
        return WORKERS_OUTPUT;
    error_set(err, "%s", output->error);
    return WORKERS_ERROR;
}

enum workers_result workers_next(struct workers *w, struct output *output, char err[static ERRLEN])
{
    if (w->taken != NULL)
        worker_take(w->taken);
    w->taken = NULL;
    if (w->told)
        dealer_go_on(w->dealer);
    w->told = false;
    w->rounds++;
    if (++w->calls >= PAUSE_CALLS) {
        w->calls = 0;
        return WORKERS_PAUSE;
    }
    if (pull(w, output))
        return pulled(output, err);
    if (w->live)
        return finish(w, err);
    enum workers_result result = deal(w, output, err);
    return result == WORKERS_NOTHING && pull(w, output) ? WORKERS_OUTPUT : result;
}

void workers_stop(struct workers *w)
{
    if (!w->stopped)
        source_stop(w->source);
    w->stopped = true;
}

static void release(struct workers *w, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        worker_release(w->worker[i]);
}

/* All of them or, where one does not stand still in time, none. */
static bool hold(struct workers *w, unsigned ms)
{
    for (unsigned i = 0; i < w->count; i++)
        if (!worker_hold(w->worker[i], ms)) {
            release(w, i);
            return false;
        }
    return true;
}

void workers_relist(struct workers *w, const struct indicators *indicators, const struct geoip *geoip)
{
    hold(w, 0);
    for (unsigned i = 0; i < w->count; i++)
        worker_relist(w->worker[i], indicators, geoip);
    for (unsigned i = 0; i < SHARDS && !w->live; i++)
        shard_relist(w->shard[i], indicators, geoip);
    release(w, w->count);
}

static void add_workers(struct workers *w, struct workers_stats *stats)
{
    stats->threads = w->count;
    for (unsigned i = 0; i < w->count; i++) {
        struct worker_stats one;
        worker_stats(w->worker[i], &one, &stats->capture, &stats->engine);
        stats->lost += one.lost;
        stats->most = one.packets > stats->most ? one.packets : stats->most;
        stats->least = i == 0 || one.packets < stats->least ? one.packets : stats->least;
    }
}

static void add_shards(struct workers *w, struct workers_stats *stats)
{
    dealer_stats(w->dealer, &stats->capture.intake, &stats->capture.memory, &stats->last_us);
    for (unsigned i = 0; i < SHARDS; i++)
        shard_stats(w->shard[i], &stats->capture, &stats->engine);
}

static void add_rounds(const struct workers *w, struct workers_stats *stats)
{
    stats->hearts = w->count > 0 ? w->count : 1;
    stats->rounds[0] = w->rounds;
    for (unsigned i = 0; i < w->count; i++)
        stats->rounds[i] = worker_rounds(w->worker[i]);
}

bool workers_moved(struct workers *w)
{
    uint64_t rounds[SHARDS] = {0};
    for (unsigned i = 0; i < w->count; i++)
        if ((rounds[i] = worker_rounds(w->worker[i])) == w->moved[i] && !worker_finished(w->worker[i]))
            return false;
    memcpy(w->moved, rounds, sizeof rounds);
    return true;
}

void workers_stats(struct workers *w, struct workers_stats *stats)
{
    *stats = w->last;
    if (hold(w, w->live ? PATIENCE_MS : 0)) {
        *stats = (struct workers_stats){0};
        source_stats(w->source, &stats->source);
        add_workers(w, stats);
        if (!w->live)
            add_shards(w, stats);
        release(w, w->count);
        w->last = *stats;
    }
    add_rounds(w, stats);
}
