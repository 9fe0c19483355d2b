#include "feeds/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feeds/id.h"

#define NAME "journal."            /* and the segment's first position, in digits that sort */

enum { SEGMENTS = 16, SEGMENT_MOST = 64 << 20, NAME_ROOM = 40, SENT_MARK = 24, WRITE_ROOM = 2 << 20 };

/* A segment file. The last one is being written. */
struct piece {
    uint64_t base, bytes;
};

struct journal {
    struct journal_settings settings;
    uint64_t id, end, durable, sent;
    struct piece *piece;
    size_t count, room;
    uint64_t total;                /* bytes of all pieces */
    uint64_t damaged;
    int fd;                        /* of the last piece */
    bool worn;                     /* it takes no more: a write or sync failed, and what it holds behind its end is unknown */
    int mark;                      /* the file that tells how far was sent */
    struct segment_reader reader;
    uint64_t reading;              /* the base of the piece that it reads */
    uint64_t read_to;              /* the position after the record that it gave last */
    uint8_t *out;
};

static int directory(const struct journal *j)
{
    return state_directory(j->settings.state);
}

/* Many small segments, so that what is sent gives back its room soon. */
static uint64_t segment_bytes(const struct journal *j)
{
    uint64_t bytes = j->settings.bytes / SEGMENTS;
    return bytes < SEGMENT_MOST ? bytes : SEGMENT_MOST;
}

static const char *path(const struct journal *j)
{
    return state_path(j->settings.state);
}

static char *name_of(char name[static NAME_ROOM], uint64_t base)
{
    snprintf(name, NAME_ROOM, NAME "%020" PRIu64, base);
    return name;
}

static bool add_piece(struct journal *j, uint64_t base, uint64_t bytes)
{
    if (j->count == j->room) {
        struct piece *more = realloc(j->piece, (j->room * 2 + 32) * sizeof *more);
        if (more == NULL)
            return false;
        j->piece = more;
        j->room = j->room * 2 + 32;
    }
    j->piece[j->count++] = (struct piece){base, bytes};
    j->total += bytes;
    return true;
}

static void close_reader(struct journal *j)
{
    if (j->reader.window != NULL)
        close(j->reader.fd);
    segment_reader_close(&j->reader);
}

static void remove_first(struct journal *j)
{
    char name[NAME_ROOM];
    if (j->reader.window != NULL && j->reading == j->piece[0].base)
        close_reader(j);
    unlinkat(directory(j), name_of(name, j->piece[0].base), 0);
    j->total -= j->piece[0].bytes;
    memmove(j->piece, j->piece + 1, --j->count * sizeof *j->piece);
}

static void remove_last(struct journal *j)
{
    char name[NAME_ROOM];
    close_reader(j);
    unlinkat(directory(j), name_of(name, j->piece[--j->count].base), 0);
    j->total -= j->piece[j->count].bytes;
}

/* A new last piece. What was written to the one before is made durable first: order holds over a power cut too. A last one
 * without a whole record gives its name to the new one. */
static bool begin_piece(struct journal *j, uint64_t base, char err[static ERRLEN])
{
    char name[NAME_ROOM];
    uint8_t head[SEGMENT_HEAD];
    segment_put_head(head, &(struct segment_head){j->id, base});
    if (j->fd >= 0 && !j->worn && !journal_sync(j, err))
        return false;
    bool again = j->count > 0 && j->piece[j->count - 1].base == base;
    int fd = openat(directory(j), name_of(name, base), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, head, sizeof head) != (ssize_t)sizeof head || fsync(directory(j)) != 0 || (!again && !add_piece(j, base, 0))) {
        error_set(err, "%s: %s", path(j), strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    struct piece *last = &j->piece[j->count - 1];
    j->total += sizeof head - last->bytes;
    last->bytes = sizeof head;
    if (j->fd >= 0)
        close(j->fd);
    j->fd = fd;
    j->worn = false;
    return true;
}

static int by_base(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    return x->base < y->base ? -1 : x->base > y->base;
}

/* A file that is called a segment, but is none of this journal's. */
static void set_aside(struct journal *j, const char *name)
{
    char aside[264];
    snprintf(aside, sizeof aside, "aside.%s", name);
    renameat(directory(j), name, directory(j), aside);
    if (j->settings.news != NULL)
        news_put(j->settings.news, "%s/%s: its beginning is damaged; it is set aside as %s", path(j), name, aside);
}

/* True where the file begins as a segment does; its journal's id is that of the newest such file. */
static bool known_piece(struct journal *j, const char *name, struct segment_head *head, uint64_t *bytes)
{
    uint8_t start[SEGMENT_HEAD];
    struct stat status;
    int fd = openat(directory(j), name, O_RDONLY | O_CLOEXEC);
    bool known = fd >= 0 && fstat(fd, &status) == 0 && pread(fd, start, sizeof start, 0) == (ssize_t)sizeof start &&
                 segment_parse_head(head, slice_of(start, sizeof start));
    *bytes = known ? (uint64_t)status.st_size : 0;
    if (fd >= 0)
        close(fd);
    return known;
}

static bool list_pieces(struct journal *j, char err[static ERRLEN])
{
    uint64_t newest = 0;
    int copy = openat(directory(j), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    bool room = list != NULL;
    for (struct dirent *entry; room && (entry = readdir(list)) != NULL;) {
        struct segment_head head;
        uint64_t bytes;
        if (strncmp(entry->d_name, NAME, strlen(NAME)) != 0 || strlen(entry->d_name) >= NAME_ROOM)
            continue;
        if (!known_piece(j, entry->d_name, &head, &bytes)) {
            set_aside(j, entry->d_name);
            continue;
        }
        if (j->id == 0 || head.base >= newest) {
            newest = head.base;
            j->id = head.journal;
        }
        room = add_piece(j, head.base, bytes);
    }
    if (list != NULL)
        closedir(list);
    if (!room)
        error_set(err, "%s: %s", path(j), list == NULL ? strerror(errno) : "no memory for the journal");
    else if (j->count > 0)
        qsort(j->piece, j->count, sizeof *j->piece, by_base);
    return room;
}

static bool open_reader(struct journal *j, const struct piece *piece)
{
    char name[NAME_ROOM];
    close_reader(j);
    int fd = openat(directory(j), name_of(name, piece->base), O_RDWR | O_CLOEXEC);
    if (fd < 0 || !segment_reader_open(&j->reader, fd, j->id)) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    j->reading = piece->base;
    j->read_to = piece->base;
    return true;
}

/* Cuts a piece's file to what was good of it. */
static void cut_piece(struct journal *j, struct piece *piece, uint64_t bytes)
{
    if (ftruncate(j->reader.fd, (off_t)bytes) != 0)
        j->worn = true;
    j->total -= piece->bytes - bytes;
    piece->bytes = bytes;
}

/* Reads a piece through once, after a restart: where its whole records end, and what is damaged in it. True: the pieces behind
 * it count no more, because everything from here on is put again. */
static bool check_piece(struct journal *j, size_t which)
{
    struct piece *piece = &j->piece[which];
    struct segment_record record;
    uint64_t good = SEGMENT_HEAD;
    if (!open_reader(j, piece))
        return false;
    while (segment_peek(&j->reader, piece->bytes, &record)) {
        if (record.position >= j->settings.again && record.position != j->end) { /* a hole: it will be filled from here on */
            cut_piece(j, piece, good);
            return true;
        }
        segment_advance(&j->reader, &record);
        good = j->reader.at;
        j->end = record.position + 1;
    }
    uint64_t torn = piece->bytes - good, damaged = j->reader.skipped - torn;
    if (which + 1 < j->count)
        damaged += torn;
    else if (torn > 0)
        cut_piece(j, piece, good);
    j->damaged += damaged;
    if (j->settings.news != NULL && damaged > 0)
        news_put(j->settings.news, "%s: %" PRIu64 " bytes of the journal are damaged; the hits in them are lost, the others are sent", path(j), damaged);
    if (j->settings.news != NULL && which + 1 == j->count && torn > 0)
        news_put(j->settings.news, "%s: the journal's last record was torn; it is cut off (%" PRIu64 " bytes)", path(j), torn);
    return false;
}

static bool check_pieces(struct journal *j, char err[static ERRLEN])
{
    char name[NAME_ROOM];
    j->end = j->count > 0 ? j->piece[0].base : 0;
    for (size_t i = 0; i < j->count; i++) {
        uint64_t base = j->piece[i].base, again = j->settings.again;
        if (base > j->end && j->end < again)
            j->end = base < again ? base : again;
        if (check_piece(j, i))
            while (j->count > i + 1 || (i > 0 && j->count > i && base > j->end))
                remove_last(j);
    }
    close_reader(j);
    if (j->settings.again != UINT64_MAX && j->end < j->settings.again)
        j->end = j->settings.again;
    if (j->count == 0)
        return true;
    j->fd = openat(directory(j), name_of(name, j->piece[j->count - 1].base), O_RDWR | O_APPEND | O_CLOEXEC);
    if (j->fd < 0)
        error_set(err, "%s/%s: %s", path(j), name, strerror(errno));
    return j->fd >= 0;
}

/* How far was sent, for a Redis that does not know any more. Written without a sync: after a power cut it may be behind. */
static bool open_mark(struct journal *j, char err[static ERRLEN])
{
    uint8_t bytes[SENT_MARK];
    j->mark = openat(directory(j), "sent", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (j->mark < 0) {
        error_set(err, "%s/sent: %s", path(j), strerror(errno));
        return false;
    }
    ssize_t n = pread(j->mark, bytes, sizeof bytes, 0);
    struct cursor c = cursor_of(slice_of(bytes, n > 0 ? (size_t)n : 0));
    uint64_t id = unpack_u64(&c), position = unpack_u64(&c), sum = unpack_u64(&c);
    if (!c.bad && id == j->id && sum == id_hash(bytes, SENT_MARK - 8, 0))
        j->sent = position;
    return true;
}

struct journal *journal_open(const struct journal_settings *settings, char err[static ERRLEN])
{
    struct journal *j = calloc(1, sizeof *j);
    if (j == NULL || (j->out = malloc(WRITE_ROOM)) == NULL) {
        error_set(err, "no memory for the journal");
        free(j);
        return NULL;
    }
    j->settings = *settings;
    j->fd = j->mark = -1;
    if (!list_pieces(j, err) || !check_pieces(j, err) || (j->id == 0 && getrandom(&j->id, sizeof j->id, 0) != sizeof j->id) ||
        !open_mark(j, err)) {
        journal_close(j);
        return NULL;
    }
    if (j->count == 0 && settings->again != UINT64_MAX)
        j->sent = settings->again; /* the journal of that replay was taken away: nothing is missing in this one */
    if (j->count == 0 && !begin_piece(j, j->sent, err)) {
        journal_close(j);
        return NULL;
    }
    /* A document gets no position that the cursor may have passed, unless it is the same one again. */
    if (j->end < j->sent && j->end < j->settings.again)
        j->end = j->sent;
    j->durable = j->end;
    return j;
}

void journal_close(struct journal *j)
{
    if (j == NULL)
        return;
    close_reader(j);
    if (j->fd >= 0)
        close(j->fd);
    if (j->mark >= 0)
        close(j->mark);
    free(j->piece);
    free(j->out);
    free(j);
}

uint64_t journal_id(const struct journal *j)
{
    return j->id;
}

uint64_t journal_first(const struct journal *j)
{
    return j->piece[0].base;
}

uint64_t journal_end(const struct journal *j)
{
    return j->end;
}

uint64_t journal_durable(const struct journal *j)
{
    return j->durable;
}

uint64_t journal_sent(const struct journal *j)
{
    return j->sent;
}

bool journal_append(struct journal *j, const struct segment_record *record, size_t count, char err[static ERRLEN])
{
    size_t len = 0, done = 0;
    struct piece *last = j->count > 0 ? &j->piece[j->count - 1] : NULL;
    if ((last == NULL || j->worn || last->bytes >= segment_bytes(j)) && !begin_piece(j, record[0].position, err))
        return false;
    for (size_t i = 0; i < count; i++)
        len += segment_put(j->out + len, j->id, &record[i]);
    last = &j->piece[j->count - 1];
    for (ssize_t n = 1; done < len && n > 0; done += n > 0 ? (size_t)n : 0)
        while ((n = write(j->fd, j->out + done, len - done)) < 0 && errno == EINTR)
            continue;
    if (done < len) {
        error_set(err, "%s: %s", path(j), strerror(errno));
        if (ftruncate(j->fd, (off_t)last->bytes) != 0)
            j->worn = true;
        return false;
    }
    last->bytes += len;
    j->total += len;
    j->end = record[count - 1].position + 1;
    return true;
}

bool journal_flush(const struct journal *j, char err[static ERRLEN])
{
    if (fdatasync(j->fd) == 0)
        return true;
    error_set(err, "%s: %s", path(j), strerror(errno));
    return false;
}

void journal_flushed(struct journal *j, bool durable)
{
    j->durable = j->end;
    if (!durable)
        j->worn = true; /* the kernel has forgotten what it could not write, and would call it written next time */
}

bool journal_sync(struct journal *j, char err[static ERRLEN])
{
    bool durable = j->durable == j->end || journal_flush(j, err);
    journal_flushed(j, durable);
    return durable;
}

bool journal_full(const struct journal *j, uint64_t bytes)
{
    uint64_t behind = j->count > 1 ? j->piece[1].base : j->end;
    return j->count > 1 && j->total + bytes > j->settings.bytes && behind > j->sent;
}

uint64_t journal_make_room(struct journal *j, uint64_t bytes)
{
    while (j->total + bytes > j->settings.bytes && j->count > 1)
        remove_first(j);
    return j->piece[0].base;
}

/* The piece that holds the position, or the first one behind it. */
static const struct piece *piece_of(const struct journal *j, uint64_t position)
{
    size_t i = j->count - 1;
    while (i > 0 && j->piece[i].base > position)
        i--;
    return &j->piece[i];
}

void journal_read(struct journal *j, uint64_t from, uint64_t end, struct batch *batch)
{
    struct segment_record record;
    const struct piece *piece = piece_of(j, from);
    for (; !batch_full(batch) && from < end && piece < j->piece + j->count; piece++) {
        bool there = j->reader.window != NULL && j->reading == piece->base && j->read_to <= from;
        if (!there && !open_reader(j, piece))
            continue;
        while (from < end && segment_peek(&j->reader, piece->bytes, &record)) {
            if (record.position >= end || (record.position >= from && !batch_add(batch, record.position, record.us, record.document)))
                return;
            segment_advance(&j->reader, &record);
            j->read_to = record.position + 1;
            from = j->read_to > from ? j->read_to : from;
        }
    }
}

static void write_mark(struct journal *j)
{
    uint8_t bytes[SENT_MARK], *at = pack_u64(pack_u64(bytes, j->id), j->sent);
    pack_u64(at, id_hash(bytes, SENT_MARK - 8, 0));
    if (pwrite(j->mark, bytes, sizeof bytes, 0) < 0)
        errno = 0; /* the cursor in Redis knows it too */
}

void journal_mark_sent(struct journal *j, uint64_t position)
{
    j->sent = position;
    write_mark(j);
    while (j->count > 1 && j->piece[1].base <= position)
        remove_first(j);
}

void journal_stats(const struct journal *j, struct journal_stats *stats)
{
    *stats = (struct journal_stats){j->total, j->count, j->damaged};
}
