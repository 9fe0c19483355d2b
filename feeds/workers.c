#include "feeds/workers.h"

#include <stdlib.h>

#include "feeds/worker.h"

enum {
    PAUSE_FRAMES = 4096,  /* so often, at least, the caller hears of us */
    PUBLISH = 128 << 10,  /* bytes dealt to a worker, on average, between two bells */
    WAIT_MS = 100,
    PATIENCE_MS = 1000    /* live: how long statistics wait for a worker */
};

struct workers {
    struct workers_settings settings;
    struct source *source;
    struct intake *intake;
    struct shard *shard[SHARDS];
    struct worker *worker[SHARDS];
    unsigned count;                 /* of worker; 0: the caller works */
    bool live;                      /* each worker reads its own part */
    struct bell desk;
    struct packet packet;           /* in hand */
    uint64_t frames, number;        /* read; packets dealt */
    uint64_t marked[SHARDS];        /* how much of that each worker was told */
    size_t unpublished;             /* bytes of them that no worker has been told of */
    bool holding;                   /* the packet in hand is still to be dealt */
    uint64_t due_us, told_us, last_us; /* packet times: WORKERS_DUE is due at, and was told for; the latest */
    bool settling;                  /* it is due as soon as all that was dealt is done */
    bool stopped, ended, look, waiting; /* told to stop; no more frames; there may be outputs to take; the bell is wanted */
    unsigned finishing;             /* shards that are finished, or workers that were told so */
    struct shard *busy;             /* count 0: its outputs are being pulled */
    struct worker *taken;           /* whose output the caller has */
    uint64_t rounds;                /* count 0: its heartbeat */
    struct workers_stats last;      /* live: as they were the last time */
    char document[JSON_MAX];        /* count 0 */
};

static bool open_worker(struct workers *w, unsigned index, char err[static ERRLEN])
{
    struct shard *mine[SHARDS] = {NULL};
    for (unsigned i = index; i < SHARDS; i += w->count)
        mine[i] = w->shard[i];
    return (w->worker[index] = worker_open(mine, &w->desk, err)) != NULL;
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
    if ((w->intake = intake_open(capture_intake_memory(capture->memory), capture->seed, err)) == NULL)
        return false;
    for (unsigned i = 0; i < SHARDS; i++)
        if ((w->shard[i] = shard_open(&w->settings.shard, err)) == NULL)
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
    intake_close(w->intake);
    bell_close(&w->desk);
    free(w);
}

/* Everyone hears how far the dealing has come, so that nobody waits for an answer of one who has nothing to answer to; once,
 * or whoever has nothing to do and we would keep each other awake. A ring without room for the mark holds packets enough,
 * and is told the next time. */
static void publish(struct workers *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        if (w->marked[i] == w->number)
            continue;
        if (worker_mark(w->worker[i], w->number))
            w->marked[i] = w->number;
        worker_publish(w->worker[i]);
    }
    w->unpublished = 0;
    w->look = true;
}

/* The packet in hand goes to its shard. False: its worker has no room. */
static bool deal(struct workers *w)
{
    unsigned shard = shard_of(&w->packet.tuple);
    if (w->count == 0) {
        w->busy = w->shard[shard];
        shard_deal(w->busy, &w->packet);
        return true;
    }
    if (!worker_deal(w->worker[shard % w->count], w->number + 1, shard, &w->packet)) {
        publish(w);
        return false;
    }
    w->number++;
    w->unpublished += w->packet.ip.len;
    if (w->unpublished >= (size_t)PUBLISH * w->count)
        publish(w);
    return true;
}

/* The end: the shards finish one after the other, whoever has them. True: nothing more will come. */
static bool finish(struct workers *w)
{
    if (w->count == 0) {
        if (w->finishing == SHARDS)
            return true;
        w->busy = w->shard[w->finishing++];
        shard_finish(w->busy);
        return false;
    }
    while (!w->live && w->finishing < w->count && worker_finish(w->worker[w->finishing], w->number + 1))
        worker_publish(w->worker[w->finishing++]);
    bool done = w->live || w->finishing == w->count;
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

static bool pull(struct workers *w, struct output *output)
{
    if (w->busy != NULL) {
        if (shard_next(w->busy, output, w->document))
            return true;
        w->busy = NULL;
    }
    if (!w->look)
        return false;
    w->taken = foremost(w, output);
    w->look = w->taken != NULL;
    return w->look;
}

/* There is neither an output nor room for a packet: look once more with the bell on, then sleep. */
static enum workers_result wait(struct workers *w, char err[static ERRLEN])
{
    bool rung = true;
    if (!w->waiting)
        bell_want(&w->desk);
    else
        rung = bell_wait(&w->desk, WAIT_MS);
    w->waiting = !w->waiting;
    w->look = true;
    for (unsigned i = 0; i < w->count; i++)
        if (worker_dead(w->worker[i])) {
            error_set(err, "worker %u of %u has ended by itself; nothing more can be relied on", i + 1, w->count);
            return WORKERS_DEAD;
        }
    return rung && !w->live ? WORKERS_NOTHING : WORKERS_PAUSE;
}

static void end(struct workers *w)
{
    w->ended = true;
    intake_finish(w->intake);
    publish(w);
}

/* The clock is the packets' own. One that jumps back for good begins anew; of a long silence the end alone is told. */
static void look_at_time(struct workers *w, uint64_t us)
{
    uint64_t every = w->settings.due_us;
    w->last_us = us > w->last_us ? us : w->last_us;
    if (every == 0)
        return;
    if (w->due_us == 0 || us + 2 * every < w->due_us) {
        w->due_us = us + every;
    } else if (us >= w->due_us) {
        w->told_us = us - (us - w->due_us) % every;
        w->due_us = w->told_us + every;
        w->settling = true;
    }
}

/* Everybody has done all that was dealt, and the caller has what came of it: from here every number of threads looks alike. */
static bool settled(struct workers *w)
{
    bool all = true;
    if (w->count > 0)
        publish(w);
    for (unsigned i = 0; i < w->count; i++) {
        uint64_t number;
        struct output output;
        all = all && !worker_next(w->worker[i], &number, &output) && number >= w->number;
    }
    return all;
}

static enum workers_result settle(struct workers *w, struct output *output, char err[static ERRLEN])
{
    if (!settled(w))
        return wait(w, err);
    w->settling = false;
    *output = (struct output){.us = w->told_us};
    return WORKERS_DUE;
}

/* A frame is read and dealt. */
static enum workers_result read_on(struct workers *w, char err[static ERRLEN])
{
    struct frame frame;
    if (!w->holding) {
        switch (source_next(w->source, &frame, err)) {
        case SOURCE_FRAME: break;
        case SOURCE_IDLE: source_wait(w->source); return WORKERS_PAUSE;
        case SOURCE_WARNING: return WORKERS_WARNING;
        case SOURCE_ERROR: return WORKERS_ERROR;
        case SOURCE_END: end(w); return WORKERS_NOTHING;
        }
        w->frames++;
        w->holding = intake_feed(w->intake, &frame, &w->packet);
        look_at_time(w, frame.us);
        if (w->settling)
            return WORKERS_NOTHING;
    }
    if (w->holding && !deal(w))
        return wait(w, err);
    w->holding = false;
    return w->frames % PAUSE_FRAMES == 0 ? WORKERS_PAUSE : WORKERS_NOTHING;
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
    w->rounds++;
    if (pull(w, output))
        return pulled(output, err);
    if (w->settling)
        return settle(w, output, err);
    if (!w->ended && !w->live) {
        enum workers_result result = read_on(w, err);
        return result == WORKERS_NOTHING && pull(w, output) ? WORKERS_OUTPUT : result;
    }
    if (finish(w))
        return WORKERS_END;
    return w->count > 0 ? wait(w, err) : WORKERS_NOTHING;
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
    intake_stats(w->intake, &stats->capture.intake);
    intake_memory(w->intake, &stats->capture.memory);
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

void workers_stats(struct workers *w, struct workers_stats *stats)
{
    *stats = w->last;
    if (hold(w, w->live ? PATIENCE_MS : 0)) {
        *stats = (struct workers_stats){0};
        source_stats(w->source, &stats->source);
        stats->last_us = w->last_us;
        add_workers(w, stats);
        if (!w->live)
            add_shards(w, stats);
        release(w, w->count);
        w->last = *stats;
    }
    add_rounds(w, stats);
}
