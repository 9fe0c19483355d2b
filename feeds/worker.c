#include "feeds/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum {
    RING = 1 << 20, /* bytes each way */
    IDLE_MS = 1000  /* no bell is missed; this is for the case that one is */
};
_Static_assert(JSON_MAX + 64 <= RING / 2, "a document finds room, wherever the ring's end is");

enum message { MESSAGE_PACKET, MESSAGE_MARK, MESSAGE_FINISH };

/* What is dealt; of a packet its IP datagram follows, which holds its payload. */
struct dealt {
    uint64_t number;
    enum message message;
    unsigned shard;
    struct packet packet;
};

/* What comes back; the hit or the document follows. */
struct answered {
    _Alignas(16) uint64_t number, us;
    size_t len;
    bool is_hit;
};

struct worker {
    struct shard *shard[SHARDS];
    struct ring *in, *out;
    struct bell bell, *desk;
    pthread_t thread;
    bool running;
    pthread_mutex_t turn, still; /* whoever wants to have it still takes his turn, or the thread would always be first */
    atomic_bool stop;
    _Alignas(64) atomic_uint_fast64_t reached;
};

static void stand_up(struct worker *w)
{
    pthread_mutex_lock(&w->turn);
    pthread_mutex_lock(&w->still);
    pthread_mutex_unlock(&w->turn);
}

static void sleep_until_rung(struct worker *w)
{
    pthread_mutex_unlock(&w->still);
    bell_wait(&w->bell, IDLE_MS);
    stand_up(w);
}

/* Room for an answer; NULL where the thread is to stop. While the desk is slow this is where a replay waits. */
static struct answered *answer_room(struct worker *w)
{
    for (;;) {
        struct answered *answer = ring_room(w->out, sizeof *answer + JSON_MAX);
        if (answer != NULL || atomic_load_explicit(&w->stop, memory_order_relaxed))
            return answer;
        bell_want(&w->bell);
        answer = ring_room(w->out, sizeof *answer + JSON_MAX);
        if (answer != NULL)
            return answer;
        bell_ring(w->desk);
        sleep_until_rung(w);
    }
}

/* Of a sighting, which comes with every DNS answer, only the fields before `why` mean anything. */
static size_t hit_size(const struct hit *hit)
{
    return hit->kind == HIT_SIGHTING ? offsetof(struct hit, why) : sizeof *hit;
}

static void answer(struct worker *w, struct shard *shard, uint64_t number)
{
    struct output output;
    for (struct answered *to; (to = answer_room(w)) != NULL && shard_next(shard, &output, (char *)(to + 1));) {
        *to = (struct answered){number, output.us, output.hit != NULL ? hit_size(output.hit) : output.len, output.hit != NULL};
        if (to->is_hit)
            memcpy(to + 1, output.hit, to->len);
        ring_put(w->out, sizeof *to + to->len);
        ring_publish(w->out);
    }
}

static void reach(struct worker *w, uint64_t number)
{
    atomic_store_explicit(&w->reached, number, memory_order_release);
    bell_ring(w->desk);
}

static void take_packet(struct worker *w, const struct dealt *dealt)
{
    shard_deal(w->shard[dealt->shard], &dealt->packet);
    answer(w, w->shard[dealt->shard], dealt->number);
}

static void finish(struct worker *w, uint64_t number)
{
    for (unsigned i = 0; i < SHARDS; i++)
        if (w->shard[i] != NULL) {
            shard_finish(w->shard[i]);
            answer(w, w->shard[i], number + i);
            reach(w, number + i);
        }
    reach(w, WORKER_DONE);
}

/* False: it was the last. */
static bool take(struct worker *w, const struct dealt *dealt)
{
    switch (dealt->message) {
    case MESSAGE_PACKET: take_packet(w, dealt); return true;
    case MESSAGE_MARK: reach(w, dealt->number); return true;
    case MESSAGE_FINISH: finish(w, dealt->number); return false;
    }
    return false;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    stand_up(w);
    for (bool more = true; more && !atomic_load_explicit(&w->stop, memory_order_relaxed);) {
        const struct dealt *dealt = ring_peek(w->in);
        if (dealt == NULL) {
            bell_want(&w->bell);
            dealt = ring_peek(w->in);
        }
        if (dealt == NULL) {
            sleep_until_rung(w);
            continue;
        }
        bool mark = dealt->message == MESSAGE_MARK;
        more = take(w, dealt);
        ring_take(w->in);
        if (mark) { /* a good moment for who wants it still */
            pthread_mutex_unlock(&w->still);
            stand_up(w);
        }
    }
    pthread_mutex_unlock(&w->still);
    return NULL;
}

/* Signals are the main thread's: they end its waiting. */
static bool start(struct worker *w)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->running = pthread_create(&w->thread, NULL, work, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return w->running;
}

struct worker *worker_open(struct shard *const *shards, struct bell *desk, char err[static ERRLEN])
{
    struct worker *w = aligned_alloc(64, (sizeof *w + 63) / 64 * 64);
    if (w == NULL) {
        error_set(err, "no memory for a worker");
        return NULL;
    }
    *w = (struct worker){.desk = desk};
    memcpy(w->shard, shards, sizeof w->shard);
    bell_open(&w->bell);
    pthread_mutex_init(&w->turn, NULL);
    pthread_mutex_init(&w->still, NULL);
    if ((w->in = ring_open(RING, err)) != NULL && (w->out = ring_open(RING, err)) != NULL) {
        if (start(w))
            return w;
        error_set(err, "the system has no thread for a worker; try a smaller -j");
    }
    worker_close(w);
    return NULL;
}

void worker_close(struct worker *w)
{
    if (w == NULL)
        return;
    atomic_store(&w->stop, true);
    bell_ring(&w->bell);
    if (w->running)
        pthread_join(w->thread, NULL);
    ring_close(w->in);
    ring_close(w->out);
    bell_close(&w->bell);
    pthread_mutex_destroy(&w->turn);
    pthread_mutex_destroy(&w->still);
    free(w);
}

bool worker_deal(struct worker *w, uint64_t number, unsigned shard, const struct packet *packet)
{
    struct dealt *dealt = ring_room(w->in, sizeof *dealt + packet->ip.len);
    if (dealt == NULL)
        return false;
    uint8_t *bytes = memcpy(dealt + 1, packet->ip.p, packet->ip.len);
    *dealt = (struct dealt){number, MESSAGE_PACKET, shard, *packet};
    dealt->packet.payload.p = packet->payload.len > 0 ? bytes + (packet->payload.p - packet->ip.p) : bytes;
    dealt->packet.ip.p = bytes;
    ring_put(w->in, sizeof *dealt + packet->ip.len);
    return true;
}

static bool tell(struct worker *w, enum message message, uint64_t number)
{
    struct dealt *dealt = ring_room(w->in, sizeof *dealt);
    if (dealt == NULL)
        return false;
    *dealt = (struct dealt){.number = number, .message = message};
    ring_put(w->in, sizeof *dealt);
    return true;
}

bool worker_mark(struct worker *w, uint64_t number)
{
    return tell(w, MESSAGE_MARK, number);
}

bool worker_finish(struct worker *w, uint64_t number)
{
    return tell(w, MESSAGE_FINISH, number);
}

void worker_publish(struct worker *w)
{
    ring_publish(w->in);
    bell_ring(&w->bell);
}

/* How far it has come is read first: whatever belongs to that is in the ring by then. */
bool worker_next(struct worker *w, uint64_t *number, struct output *output)
{
    uint64_t reached = atomic_load_explicit(&w->reached, memory_order_acquire);
    const struct answered *answer = ring_peek(w->out);
    *number = answer != NULL ? answer->number : reached;
    if (answer == NULL)
        return false;
    const void *body = answer + 1;
    *output = (struct output){answer->is_hit ? body : NULL, answer->us, answer->is_hit ? NULL : body, answer->len};
    return true;
}

void worker_take(struct worker *w)
{
    ring_take(w->out);
    bell_ring(&w->bell);
}

void worker_hold(struct worker *w)
{
    pthread_mutex_lock(&w->turn);
    pthread_mutex_lock(&w->still);
}

void worker_release(struct worker *w)
{
    pthread_mutex_unlock(&w->still);
    pthread_mutex_unlock(&w->turn);
}

bool worker_dead(struct worker *w)
{
    if (!w->running || atomic_load(&w->reached) == WORKER_DONE || pthread_tryjoin_np(w->thread, NULL) != 0)
        return false;
    w->running = false;
    return atomic_load(&w->reached) != WORKER_DONE;
}
