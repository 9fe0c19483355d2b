#include "feeds/diary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feeds/clock.h"
#include "feeds/hit_store.h"
#include "feeds/segment.h"
#include "feeds/thread.h"

/* ROOM: of a second's entries in memory; ENTRY: of the longest hit as bytes; NAME: a file's, "diary." and the number of its
 * first entry in hex, so that the order of the names is that of the entries. */
enum { ROOM = 4 << 20, ENTRY = 16384, NAME = 32 };

struct entries {
    uint8_t *byte;
    size_t len;
    uint64_t first, count;
};

struct diary {
    struct diary_settings settings;
    uint64_t id;               /* random: no text in a hit looks like an entry */
    struct thread thread;

    pthread_mutex_t lock;      /* guards what follows; held for moments only */
    pthread_cond_t changed;
    struct entries gathered;   /* not yet seen by the thread */
    uint64_t next, forget;
    bool turn, stop;
    struct diary_stats stats;

    struct entries batch;      /* the thread's own, as the next */
    int file;                  /* -1: the next entry begins one */
    uint64_t file_bytes;
    bool refused;
    uint8_t entry[ENTRY];      /* the caller's: an entry in the making */
};

static int is_diary(const struct dirent *entry)
{
    return strncmp(entry->d_name, "diary.", 6) == 0 && strlen(entry->d_name) == 6 + 16;
}

/* The files in order; *names is freed with free_names. */
static int find_files(struct state *state, struct dirent ***names)
{
    int count = scandirat(state_directory(state), ".", names, is_diary, alphasort);
    if (count < 0)
        *names = NULL;
    return count < 0 ? 0 : count;
}

static void free_names(struct dirent **names, int count)
{
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static uint64_t number_of(const struct dirent *name)
{
    return strtoull(name->d_name + 6, NULL, 16);
}

/* A file ends where the next begins. */
static void remove_before(struct diary *d, uint64_t before)
{
    struct dirent **names;
    struct stat status;
    uint64_t bytes = 0;
    int count = find_files(d->settings.state, &names), directory = state_directory(d->settings.state);
    for (int i = 0; i < count; i++) {
        uint64_t end = i + 1 < count ? number_of(names[i + 1]) : d->file >= 0 ? UINT64_MAX : d->batch.first;
        if (end <= before)
            unlinkat(directory, names[i]->d_name, 0);
        else if (fstatat(directory, names[i]->d_name, &status, 0) == 0)
            bytes += (uint64_t)status.st_size;
    }
    free_names(names, count);
    pthread_mutex_lock(&d->lock);
    d->stats.bytes = bytes;
    pthread_mutex_unlock(&d->lock);
}

static bool begin_file(struct diary *d, uint64_t first)
{
    char name[NAME];
    uint8_t head[SEGMENT_HEAD];
    snprintf(name, sizeof name, "diary.%016llx", (unsigned long long)first);
    segment_put_head(head, &(struct segment_head){d->id, first});
    d->file = openat(state_directory(d->settings.state), name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    d->file_bytes = sizeof head;
    if (d->file >= 0 && state_put(d->file, slice_of(head, sizeof head)) && fsync(state_directory(d->settings.state)) == 0)
        return true;
    int error = errno;
    if (d->file >= 0)
        close(d->file);
    d->file = -1;
    unlinkat(state_directory(d->settings.state), name, 0);
    errno = error;
    return false;
}

static void end_file(struct diary *d)
{
    if (d->file >= 0)
        close(d->file);
    d->file = -1;
}

/* What was written of a batch that has no room is taken back. */
static bool write_batch(struct diary *d)
{
    if (d->file < 0 && !begin_file(d, d->batch.first))
        return false;
    if (state_put(d->file, slice_of(d->batch.byte, d->batch.len)) && fdatasync(d->file) == 0) {
        d->file_bytes += d->batch.len;
        return true;
    }
    int error = errno;
    if (ftruncate(d->file, (off_t)d->file_bytes) != 0 || lseek(d->file, (off_t)d->file_bytes, SEEK_SET) < 0)
        end_file(d);
    errno = error;
    return false;
}

static void note_disk(struct diary *d, bool taken)
{
    if (!taken && !d->refused)
        news_put(d->settings.news, "%s: what is learnt cannot be written (%s); it would be lost with the process",
                 state_path(d->settings.state), strerror(errno));
    else if (taken && d->refused)
        news_put(d->settings.news, "%s: what is learnt is written again", state_path(d->settings.state));
    d->refused = !taken;
}

/* Entries that a snapshot has by now need not be written. */
static void write_round(struct diary *d, uint64_t forget, bool room)
{
    bool needed = d->batch.count > 0 && d->batch.first + d->batch.count > forget;
    bool written = needed && room && write_batch(d);
    if (needed && room)
        note_disk(d, written);
    if (needed && room && !written)
        return; /* tried again with the next */
    pthread_mutex_lock(&d->lock);
    d->stats.entries += written ? d->batch.count : 0;
    d->stats.bytes += written ? d->batch.len : 0;
    d->stats.dropped += needed && !written ? d->batch.count : 0;
    pthread_mutex_unlock(&d->lock);
    d->batch.first += d->batch.count;
    d->batch.count = d->batch.len = 0;
}

/* Waits so long, or until it is to stop. The lock is held before and after. */
static void rest(struct diary *d)
{
    for (uint64_t until = clock_ms() + d->settings.gather_ms; !d->stop && clock_ms() < until;)
        clock_wait(&d->changed, &d->lock, until);
}

/* True: what is written now is written behind a turn. */
static bool take_gathered(struct diary *d)
{
    struct entries empty = d->batch;
    bool turn = d->turn;
    if (d->batch.count > 0)
        return false;
    d->batch = d->gathered;
    d->gathered = (struct entries){.byte = empty.byte, .first = d->next};
    if (turn)
        end_file(d);
    d->turn = false;
    return turn;
}

static void *write_on(void *context)
{
    struct diary *d = context;
    uint64_t forgotten = 0;
    pthread_mutex_lock(&d->lock);
    for (bool more = true; more;) {
        rest(d);
        bool turned = take_gathered(d);
        rest(d);
        more = !d->stop;
        uint64_t forget = d->forget;
        bool room = d->stats.bytes + d->batch.len <= d->settings.most;
        pthread_mutex_unlock(&d->lock);
        write_round(d, forget, room);
        if (forget > forgotten || turned)
            remove_before(d, forget);
        forgotten = forget;
        pthread_mutex_lock(&d->lock);
        more = more || ((d->gathered.count > 0 || d->turn) && d->batch.count == 0);
    }
    uint64_t forget = d->forget;
    pthread_mutex_unlock(&d->lock);
    end_file(d);
    remove_before(d, forget); /* the file that was open, too, when all that it has is in the last snapshot */
    return NULL;
}

struct diary *diary_open(const struct diary_settings *settings, char err[static ERRLEN])
{
    struct diary *d = calloc(1, sizeof *d);
    if (d == NULL) {
        error_set(err, "no memory for the diary");
        return NULL;
    }
    d->settings = *settings;
    d->file = -1;
    d->next = d->gathered.first = d->batch.first = settings->next;
    d->gathered.byte = malloc(ROOM);
    d->batch.byte = malloc(ROOM);
    pthread_mutex_init(&d->lock, NULL);
    clock_condition(&d->changed);
    bool runs = d->gathered.byte != NULL && d->batch.byte != NULL && getrandom(&d->id, sizeof d->id, 0) == sizeof d->id &&
              thread_start(&d->thread, write_on, d);
    if (runs)
        return d;
    error_set(err, "no memory or thread for the diary");
    diary_close(d);
    return NULL;
}

bool diary_dead(struct diary *d)
{
    return thread_ended(&d->thread);
}

void diary_close(struct diary *d)
{
    if (d == NULL)
        return;
    pthread_mutex_lock(&d->lock);
    d->stop = true;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->lock);
    thread_join(&d->thread);
    end_file(d);
    pthread_mutex_destroy(&d->lock);
    pthread_cond_destroy(&d->changed);
    free(d->gathered.byte);
    free(d->batch.byte);
    free(d);
}

/* The first byte says what it is. */
static void add(struct diary *d, uint64_t us, size_t len)
{
    pthread_mutex_lock(&d->lock);
    struct segment_record record = {d->next++, us, slice_of(d->entry, len)};
    if (d->gathered.len + SEGMENT_RECORD + len > ROOM) {
        d->stats.dropped++;
    } else {
        d->gathered.len += segment_put(d->gathered.byte + d->gathered.len, d->id, &record);
        d->gathered.count = d->next - d->gathered.first;
    }
    pthread_mutex_unlock(&d->lock);
}

void diary_hit(struct diary *d, const struct hit *hit)
{
    struct store_writer w = store_message(d->entry + 1, sizeof d->entry - 1);
    if (hit->kind == HIT_SIGHTING)
        return;
    d->entry[0] = DIARY_HIT;
    hit_save(hit, &w);
    add(d, hit->us, 1 + store_message_len(&w));
}

void diary_told(struct diary *d, const struct told *told)
{
    d->entry[0] = DIARY_TOLD;
    add(d, 0, 1 + told_write(d->entry + 1, told));
}

uint64_t diary_turn(struct diary *d)
{
    pthread_mutex_lock(&d->lock);
    uint64_t next = d->next;
    d->turn = true;
    pthread_mutex_unlock(&d->lock);
    return next;
}

void diary_forget(struct diary *d, uint64_t before)
{
    pthread_mutex_lock(&d->lock);
    d->forget = before;
    pthread_mutex_unlock(&d->lock);
}

bool diary_wants_snapshot(struct diary *d)
{
    pthread_mutex_lock(&d->lock);
    bool full = d->stats.bytes + d->gathered.len > d->settings.most / 4;
    pthread_mutex_unlock(&d->lock);
    return full;
}

void diary_stats(struct diary *d, struct diary_stats *stats)
{
    pthread_mutex_lock(&d->lock);
    *stats = d->stats;
    pthread_mutex_unlock(&d->lock);
}

static bool parse(struct diary_entry *entry, struct slice bytes)
{
    struct store_reader r = store_message_read(slice_from(bytes, 1));
    if (bytes.p[0] == DIARY_TOLD) {
        entry->kind = DIARY_TOLD;
        return told_read(&entry->told, slice_from(bytes, 1));
    }
    entry->kind = DIARY_HIT;
    hit_load(&entry->hit, &r);
    return bytes.p[0] == DIARY_HIT && store_done(&r);
}

static bool read_file(int fd, struct diary_reading *reading, struct diary_entry *entry, void (*take)(void *, const struct diary_entry *),
                      void *context)
{
    uint8_t bytes[SEGMENT_HEAD];
    struct segment_head head;
    struct segment_record record;
    struct segment_reader reader;
    struct stat status = {0};
    if (fstat(fd, &status) != 0 || read(fd, bytes, sizeof bytes) != sizeof bytes || !segment_parse_head(&head, slice_of(bytes, sizeof bytes))) {
        reading->damaged += (uint64_t)status.st_size;
        return true;
    }
    if (!segment_reader_open(&reader, fd, head.journal))
        return false;
    while (segment_peek(&reader, (uint64_t)status.st_size, &record)) {
        bool good = record.position >= reading->from && parse(entry, record.document);
        reading->damaged += record.position >= reading->from && !good ? record.document.len : 0;
        if (good) {
            take(context, entry);
            reading->entries++;
        }
        reading->from = record.position >= reading->from ? record.position + 1 : reading->from;
        segment_advance(&reader, &record);
    }
    reading->damaged += reader.skipped;
    segment_reader_close(&reader);
    return true;
}

bool diary_read(struct state *state, struct diary_reading *reading, void (*take)(void *, const struct diary_entry *), void *context)
{
    struct dirent **names;
    struct diary_entry *entry = malloc(sizeof *entry);
    int count = entry != NULL ? find_files(state, &names) : 0;
    bool good = entry != NULL;
    for (int i = 0; i < count && good; i++) {
        int fd = openat(state_directory(state), names[i]->d_name, O_RDONLY | O_CLOEXEC);
        good = fd < 0 || read_file(fd, reading, entry, take, context);
        if (fd >= 0)
            close(fd);
    }
    if (entry != NULL)
        free_names(names, count);
    free(entry);
    return good;
}

void diary_remove(struct state *state)
{
    struct dirent **names;
    int count = find_files(state, &names);
    for (int i = 0; i < count; i++)
        unlinkat(state_directory(state), names[i]->d_name, 0);
    free_names(names, count);
}
