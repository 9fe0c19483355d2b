#include "feeds/workers.h"

#include <stdlib.h>

#include "capture/proto.h"
#include "feeds/worker.h"

enum {
    PAUSE_FRAMES = 4096,  /* so often, at least, the caller hears of us */
    ENOUGH = 4,           /* rounds, for a worker to be woken: falling asleep costs as much as a round */
    WAIT_MS = 100,
    PATIENCE_MS = 1000    /* live: how long statistics wait for a worker */
};

struct workers {
    struct workers_settings settings;
    struct source *source;
    struct intake *intake;
    struct proto_module *proto[SHARDS]; /* one for each thread that looks at packets */
    struct shard *shard[SHARDS];
    struct worker *worker[SHARDS];
    unsigned count;                 /* of worker; 0: the caller works */
    bool live;                      /* each worker reads its own part */
    struct bell desk;
    struct rounds *dealt;
    struct round *round;            /* being filled, or, by one thread, worked through */
    unsigned at;                    /* count 0: how far */
    struct packet *holding;         /* the packet in hand is still to be dealt */
    uint64_t frames, number;        /* read; packets dealt */
    uint64_t moved[SHARDS];         /* the rounds of each worker, when all had last moved */
    uint64_t due_us, told_us, last_us; /* packet times: WORKERS_DUE is due at, and was told for; the latest */
    bool settling, due;             /* all that was dealt is to be done before there is more; then it is due */
    bool stopped, ended, look, waiting; /* told to stop; no more frames; there may be outputs to take; the bell is wanted */
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
    return (w->worker[index] = worker_open(mine, w->dealt, index, &w->desk, err)) != NULL;
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
    if ((w->intake = intake_open(capture_intake_memory(capture->memory), capture->seed, err)) == NULL ||
        (w->dealt = rounds_open(w->count, err)) == NULL)
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
    intake_close(w->intake);
    rounds_close(w->dealt);
    bell_close(&w->desk);
    free(w);
}

/* Those with that many rounds before them; 0: all. */
static void wake(struct workers *w, size_t rounds)
{
    for (unsigned i = 0; i < w->count; i++)
        if (rounds == 0 || rounds_left(w->dealt, i) >= rounds)
            worker_wake(w->worker[i]);
    w->look = true;
}

/* A new round, which begins with the packet in hand where there is one. False: the workers have rounds enough. */
static bool begin_round(struct workers *w)
{
    if ((w->round = rounds_room(w->dealt, w->number + 1)) == NULL)
        return false;
    if (w->holding != NULL) {
        round_carry(w->round, w->holding, shard_of(&w->holding->tuple));
        w->holding = NULL;
    }
    w->at = 0;
    source_room(w->source, w->round->room);
    return true;
}

/* One thread works through it when it is asked for outputs; others are given it. */
static void end_round(struct workers *w)
{
    if (w->count == 0 || w->round->count == 0)
        return;
    w->number += w->round->count;
    rounds_publish(w->dealt);
    w->round = NULL;
    wake(w, ENOUGH);
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
        if (w->round == NULL || w->at == w->round->count)
            return false;
        w->busy = w->shard[w->round->shard[w->at]];
        shard_deal(w->busy, &w->round->packet[w->at++]);
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
    bool rung = true;
    if (!w->live)
        wake(w, 1);
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
    end_round(w);
    rounds_end(w->dealt);
    wake(w, 0);
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
        w->settling = w->due = true;
    }
}

/* Everybody has done all that was dealt, and the caller has what came of it: from here every number of threads looks alike. */
static bool settled(struct workers *w)
{
    bool all = true;
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
    *output = (struct output){.us = w->told_us};
    enum workers_result result = w->due ? WORKERS_DUE : WORKERS_PAUSE;
    w->settling = w->due = false;
    return result;
}

/* A frame becomes a packet in its round. False: the round ends, and where something is due this packet is not in it. */
static bool take_in(struct workers *w, const struct frame *frame)
{
    struct packet *packet = &w->round->packet[w->round->count];
    bool whole = intake_feed(w->intake, frame, packet);
    w->frames++;
    look_at_time(w, frame->us);
    if (w->settling) {
        w->holding = whole ? packet : NULL;
        return false;
    }
    if (!whole)
        return true;
    unsigned shard = shard_of(&packet->tuple);
    if (round_lasts(w->round, packet))
        return round_add(w->round, shard);
    if (w->count > 0)
        return round_add_copy(w->round, shard);
    round_add(w->round, shard);
    return false; /* one thread looks at it before it is gone */
}

/* More is to be waited for, which may be long: what there was so far is done first. */
static void idle(struct workers *w)
{
    end_round(w);
    w->settling = true;
    source_wait(w->source);
}

/* Frames are read and dealt until a round is full. */
static enum workers_result read_on(struct workers *w, char err[static ERRLEN])
{
    struct frame frame;
    if ((w->round == NULL || w->at == w->round->count) && !begin_round(w))
        return wait(w, err);
    for (;;)
        switch (source_next(w->source, &frame, err)) {
        case SOURCE_FRAME:
            if (!take_in(w, &frame)) {
                end_round(w);
                return WORKERS_NOTHING;
            }
            if (w->frames % PAUSE_FRAMES == 0)
                return WORKERS_PAUSE;
            break;
        case SOURCE_FULL: end_round(w); return WORKERS_NOTHING;
        case SOURCE_IDLE: idle(w); return WORKERS_PAUSE;
        case SOURCE_WARNING: return WORKERS_WARNING;
        case SOURCE_ERROR: return WORKERS_ERROR;
        case SOURCE_END: end(w); return WORKERS_NOTHING;
        }
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
        stats->last_us = w->last_us;
        add_workers(w, stats);
        if (!w->live)
            add_shards(w, stats);
        release(w, w->count);
        w->last = *stats;
    }
    add_rounds(w, stats);
}
