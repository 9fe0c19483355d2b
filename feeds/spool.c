#include "feeds/spool.h"

#include <stdlib.h>
#include <sys/random.h>

#include "feeds/clock.h"
#include "feeds/journal.h"
#include "feeds/queue.h"
#include "feeds/thread.h"

enum {
    GROUP = 1024, GROUP_BYTES = 1 << 20,   /* documents written at once, and less where the journal is small */
    GROUPS = 16,                           /* of them in the journal at least: what goes for room goes in small pieces */
    GATHER_MS = 200,                       /* how long a document in memory waits for others */
    RETRY_MS = 1000                        /* a disk that takes nothing is asked again */
};

struct spool {
    struct spool_settings settings;
    struct news *news;
    uint64_t id, sent_before;
    struct thread writer;

    pthread_mutex_t disk;          /* guards the journal; whoever holds it may wait for the disk */
    struct journal *journal;       /* NULL: in memory alone */

    pthread_mutex_t lock;          /* guards all below; held for moments only. Taken after `disk`, never before */
    pthread_cond_t changed;
    struct queue queue;            /* what is not in the journal */
    bool writing;                  /* what stood before the queue is on its way to the journal */
    uint64_t next;                 /* position of the next document */
    uint64_t known;                /* documents before it are in the journal from an earlier process */
    uint64_t written, durable;     /* the journal's, as of the last write and sync */
    uint64_t taken;                /* all before was taken out in a batch: it does not get lost */
    uint64_t sent;
    uint64_t sent_ms, written_ms;  /* when something was last sent, and written */
    bool refused;                  /* the disk takes nothing: the queue is what there is */
    bool write_failed;             /* the last time; what was written before may become durable all the same */
    bool full;                     /* documents are being dropped */
    bool finishing, finished;
    struct spool_stats stats;
};

/* Documents up to there are gone. Those that were in a batch by then are not lost: it is sent from its own copy. */
static void note_dropped(struct spool *s, uint64_t from, uint64_t to)
{
    from = from > s->taken ? from : s->taken;
    if (to <= from)
        return;
    s->stats.dropped += to - from;
    if (!s->full)
        news_put(s->news, "the %s of unsent hits is full: the oldest are dropped", s->journal != NULL && !s->refused ? "journal" : "queue");
    s->full = true;
}

/* The front of the queue, up to a group, comes off it to be written. */
static size_t take_group(struct spool *s, struct document *out[static GROUP], size_t *bytes)
{
    uint64_t part = s->settings.journal_bytes / GROUPS, most = part < GROUP_BYTES ? part : GROUP_BYTES;
    size_t n = 0;
    *bytes = 0;
    while (n < GROUP && *bytes < most && s->queue.first != NULL) {
        out[n] = queue_take(&s->queue);
        *bytes += SEGMENT_RECORD + out[n++]->len;
    }
    return n;
}

/* A replay waits for Redis before it drops anything, as long as something moves. */
static void wait_for_room(struct spool *s, uint64_t bytes)
{
    pthread_mutex_lock(&s->lock);
    for (bool full = true; full && !s->refused;) {
        pthread_mutex_unlock(&s->lock);
        pthread_mutex_lock(&s->disk);
        full = journal_full(s->journal, bytes);
        pthread_mutex_unlock(&s->disk);
        pthread_mutex_lock(&s->lock);
        uint64_t until = s->sent_ms + s->settings.patience_ms;
        if (clock_ms() >= until)
            break;
        if (full)
            clock_wait(&s->changed, &s->lock, until);
    }
    pthread_mutex_unlock(&s->lock);
}

static bool write_group(struct spool *s, struct document *const *group, size_t n, uint64_t bytes, char err[static ERRLEN])
{
    struct segment_record record[GROUP];
    for (size_t i = 0; i < n; i++)
        record[i] = (struct segment_record){group[i]->position, group[i]->us, slice_of(group[i]->bytes, group[i]->len)};
    uint64_t first = journal_first(s->journal), gone = journal_full(s->journal, bytes) ? journal_make_room(s->journal, bytes) : first;
    if (gone > first) {
        pthread_mutex_lock(&s->lock);
        note_dropped(s, first, gone);
        pthread_mutex_unlock(&s->lock);
    }
    return journal_append(s->journal, record, n, err);
}

/* What the journal is like goes to where it can be seen without waiting for a disk. Both locks are held. */
static void note_journal(struct spool *s)
{
    struct journal_stats stats;
    journal_stats(s->journal, &stats);
    s->written = journal_end(s->journal);
    s->durable = journal_durable(s->journal);
    s->stats.bytes = stats.bytes;
    s->stats.segments = stats.segments;
    s->stats.damaged = stats.damaged;
}

static void note_disk(struct spool *s, bool taken, const char *why)
{
    if (!taken && !s->refused) {
        s->stats.disk_refused++;
        news_put(s->news, "%s; capture goes on, hits are kept in memory until the disk takes them again", why);
    } else if (taken && s->refused) {
        news_put(s->news, "%s takes hits again", state_path(s->settings.state));
    }
    s->refused = !taken;
}

/* A group goes to the disk. The lock is held before and after, as in the next. */
static void write_some(struct spool *s)
{
    struct document *group[GROUP];
    char err[ERRLEN] = "";
    size_t bytes, n = take_group(s, group, &bytes);
    s->writing = true;
    pthread_mutex_unlock(&s->lock);
    if (s->settings.patience_ms > 0)
        wait_for_room(s, bytes);
    pthread_mutex_lock(&s->disk);
    bool written = write_group(s, group, n, bytes, err);
    pthread_mutex_lock(&s->lock);
    note_journal(s);
    pthread_mutex_unlock(&s->disk);
    s->writing = false;
    s->write_failed = !written;
    if (written) {
        s->written_ms = clock_ms();
    } else {
        queue_give_back(&s->queue, group, n);
        note_disk(s, false, err);
    }
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; written && i < n; i++)
        free(group[i]);
    pthread_mutex_lock(&s->lock);
}

/* What was written becomes durable, and only then is the disk believed to take hits again. Batches are read meanwhile. */
static void make_durable(struct spool *s)
{
    char err[ERRLEN] = "";
    pthread_mutex_unlock(&s->lock);
    bool durable = journal_flush(s->journal, err);
    pthread_mutex_lock(&s->disk);
    journal_flushed(s->journal, durable);
    pthread_mutex_lock(&s->lock);
    note_journal(s);
    pthread_mutex_unlock(&s->disk);
    if (!durable || !s->write_failed)
        note_disk(s, durable, err);
    pthread_cond_broadcast(&s->changed);
}

static void *write_all(void *argument)
{
    struct spool *s = argument;
    uint64_t dirty_ms = 0; /* since when something is not durable; 0: nothing */
    pthread_mutex_lock(&s->lock);
    for (;;) {
        bool last = s->finishing && s->queue.first == NULL;
        bool due = s->durable < s->written && (last || s->refused || clock_ms() >= dirty_ms + SPOOL_SYNC_MS);
        bool work = s->queue.first != NULL || due;
        if (!work && s->finishing)
            break;
        if (!work) {
            clock_wait(&s->changed, &s->lock, s->durable < s->written ? dirty_ms + SPOOL_SYNC_MS : clock_ms() + RETRY_MS);
            continue;
        }
        if (s->durable == s->written)
            dirty_ms = clock_ms();
        if (due)
            make_durable(s);
        else
            write_some(s);
        if (s->refused && s->durable == s->written && s->finishing)
            break;
        for (uint64_t until = clock_ms() + RETRY_MS; s->refused && s->durable == s->written && !s->finishing && clock_ms() < until;)
            clock_wait(&s->changed, &s->lock, until);
    }
    s->finished = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static bool open_journal(struct spool *s, char err[static ERRLEN])
{
    struct journal_settings settings = {s->settings.state, s->settings.journal_bytes, s->settings.again, s->news};
    s->journal = journal_open(&settings, err);
    if (s->journal == NULL)
        return false;
    note_journal(s);
    s->id = journal_id(s->journal);
    s->known = s->written;
    s->next = s->settings.again < s->known ? s->settings.again : s->known;
    s->sent_before = s->sent = s->taken = journal_sent(s->journal);
    if (!thread_start(&s->writer, write_all, s))
        error_set(err, "no thread for the journal");
    return s->writer.runs;
}

struct spool *spool_open(const struct spool_settings *settings, struct news *news, char err[static ERRLEN])
{
    struct spool *s = calloc(1, sizeof *s);
    if (s == NULL) {
        error_set(err, "no memory for the queue of hits");
        return NULL;
    }
    s->settings = *settings;
    s->news = news;
    queue_open(&s->queue);
    s->sent_ms = s->written_ms = clock_ms();
    pthread_mutex_init(&s->disk, NULL);
    pthread_mutex_init(&s->lock, NULL);
    clock_condition(&s->changed);
    bool open = settings->state != NULL ? open_journal(s, err) : getrandom(&s->id, sizeof s->id, 0) == sizeof s->id;
    if (!open) {
        spool_close(s);
        return NULL;
    }
    return s;
}

void spool_close(struct spool *s)
{
    if (s == NULL)
        return;
    spool_finish(s, 0);
    thread_join(&s->writer);
    journal_close(s->journal);
    while (s->queue.first != NULL)
        free(queue_take(&s->queue));
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->disk);
    free(s);
}

uint64_t spool_id(const struct spool *s)
{
    return s->id;
}

uint64_t spool_next(struct spool *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t next = s->next;
    pthread_mutex_unlock(&s->lock);
    return next;
}

/* Until the queue has room, while something moves. Without that, and where nobody may wait, the oldest make room. */
static void make_room(struct spool *s, size_t len)
{
    while (s->queue.bytes + len > s->settings.queue_bytes && s->queue.first != NULL) {
        uint64_t until = (s->sent_ms > s->written_ms ? s->sent_ms : s->written_ms) + s->settings.patience_ms;
        if (clock_ms() < until) {
            clock_wait(&s->changed, &s->lock, until);
            continue;
        }
        struct document *oldest = queue_take(&s->queue);
        note_dropped(s, oldest->position, oldest->position + 1);
        free(oldest);
    }
}

void spool_put(struct spool *s, struct slice document, uint64_t us)
{
    struct document *copy = document_copy(document, us);
    pthread_mutex_lock(&s->lock);
    s->stats.put++;
    if (s->next < s->known) {
        s->stats.again++;
        free(copy);
    } else if (copy == NULL) {
        note_dropped(s, s->next, s->next + 1);
    } else {
        make_room(s, document.len);
        copy->position = s->next;
        queue_put(&s->queue, copy);
        if (s->queue.count == 1 || s->queue.count == BATCH)
            pthread_cond_broadcast(&s->changed);
    }
    s->next++;
    pthread_mutex_unlock(&s->lock);
}

bool spool_dead(struct spool *s)
{
    return !s->finishing && thread_ended(&s->writer);
}

bool spool_finish(struct spool *s, uint64_t ms)
{
    pthread_mutex_lock(&s->lock);
    s->finishing = true;
    pthread_cond_broadcast(&s->changed);
    for (uint64_t until = clock_ms() + ms; s->writer.runs && !s->finished && clock_ms() < until;)
        clock_wait(&s->changed, &s->lock, until);
    bool finished = !s->writer.runs || s->finished;
    pthread_mutex_unlock(&s->lock);
    return finished;
}

uint64_t spool_sent_before(const struct spool *s)
{
    return s->sent_before;
}

uint64_t spool_held(struct spool *s, uint64_t position)
{
    uint64_t first;
    if (s->journal == NULL) {
        pthread_mutex_lock(&s->lock);
        first = s->queue.first != NULL ? s->queue.first->position : s->next;
        pthread_mutex_unlock(&s->lock);
    } else {
        pthread_mutex_lock(&s->disk);
        first = journal_first(s->journal);
        pthread_mutex_unlock(&s->disk);
    }
    return position > first ? position : first;
}

/* True where batches come out of the queue. */
static bool from_memory(const struct spool *s)
{
    return s->journal == NULL || s->refused;
}

/* What may be sent of the journal is durable: so Redis never knows of a position that a power cut makes us give to another. */
static uint64_t readable(const struct spool *s)
{
    return s->refused ? s->written : s->durable;
}

/* Waits until there is something from that position on, and in memory until there are many. */
static void wait_for(struct spool *s, uint64_t from, uint64_t ms)
{
    uint64_t until = clock_ms() + ms, gather = clock_ms() + GATHER_MS;
    while (readable(s) <= from && !(from_memory(s) && !s->writing && s->queue.first != NULL) && !s->finishing && clock_ms() < until)
        clock_wait(&s->changed, &s->lock, until);
    while (s->journal == NULL && s->queue.count < BATCH && s->queue.bytes < BATCH_BYTES && !s->finishing && clock_ms() < gather)
        clock_wait(&s->changed, &s->lock, gather);
}

static void take_from_queue(struct spool *s, uint64_t from, struct batch *batch)
{
    if (!from_memory(s) || s->writing)
        return;
    for (const struct document *d = s->queue.first; d != NULL; d = d->next)
        if (d->position >= from && !batch_add(batch, d->position, d->us, slice_of(d->bytes, d->len)))
            return;
}

/* What the journal cannot give although it should is lost: a batch without documents that ends a gap. */
static void take_from_journal(struct spool *s, uint64_t from, uint64_t end, struct batch *batch)
{
    pthread_mutex_lock(&s->disk);
    journal_read(s->journal, from, end, batch);
    if (batch->count == 0)
        batch->first = batch->next = end;
    pthread_mutex_lock(&s->lock);
    s->taken = batch->next;
    pthread_mutex_unlock(&s->lock);
    pthread_mutex_unlock(&s->disk);
}

bool spool_take(struct spool *s, uint64_t from, struct batch *batch, uint64_t ms)
{
    batch_clear(batch);
    batch->first = batch->next = from;
    pthread_mutex_lock(&s->lock);
    wait_for(s, from, ms);
    uint64_t end = readable(s);
    if (end <= from) {
        take_from_queue(s, from, batch);
        s->taken = batch->next;
    }
    pthread_mutex_unlock(&s->lock);
    if (end > from)
        take_from_journal(s, from, end, batch);
    return batch->next > from;
}

void spool_sent(struct spool *s, uint64_t position)
{
    if (s->journal != NULL)
        pthread_mutex_lock(&s->disk);
    pthread_mutex_lock(&s->lock);
    s->sent = position;
    s->sent_ms = clock_ms();
    while (from_memory(s) && !s->writing && s->queue.first != NULL && s->queue.first->position < position)
        free(queue_take(&s->queue));
    s->full = s->full && s->next > position;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (s->journal != NULL) {
        journal_mark_sent(s->journal, position);
        pthread_mutex_lock(&s->lock);
        note_journal(s);
        pthread_mutex_unlock(&s->lock);
        pthread_mutex_unlock(&s->disk);
    }
}

void spool_stats(struct spool *s, struct spool_stats *stats)
{
    pthread_mutex_lock(&s->lock);
    *stats = s->stats;
    stats->waiting = s->next > s->sent ? s->next - s->sent : 0;
    pthread_mutex_unlock(&s->lock);
}
