#include "feeds/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IDLE_MS = 100, READ_BYTES = 65536 };

struct lines {
    const char *path;
    int fd;
    bool follows;              /* a regular file: its end is not the end */
    bool passing;              /* over the rest of a line that is too long */
    bool leaving;              /* the file has been replaced: what is left in it, then the next one */
    off_t at;                  /* of the file, behind what was read */
    size_t longest;
    size_t begin, end, looked; /* bytes of the buffer that wait: begin to end; up to `looked` without a line's end */
    struct lines_stats stats;
    char *buffer;              /* longest + READ_BYTES */
};

static bool open_file(struct lines *l, char err[static ERRLEN])
{
    struct stat status;
    bool standard = strcmp(l->path, "-") == 0;
    l->fd = standard ? dup(STDIN_FILENO) : open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (l->fd < 0 || fstat(l->fd, &status) < 0) {
        error_set(err, "%.400s: %s", l->path, strerror(errno));
        return false;
    }
    if (S_ISDIR(status.st_mode)) {
        error_set(err, "%.400s: is a directory; name the log file in it", l->path);
        return false;
    }
    l->follows = S_ISREG(status.st_mode) && !standard;
    return true;
}

struct lines *lines_open(const char *path, size_t longest, char err[static ERRLEN])
{
    struct lines *l = calloc(1, sizeof *l);
    if (l == NULL || (l->buffer = malloc(longest + READ_BYTES)) == NULL) {
        error_set(err, "no memory for lines of %zu bytes", longest);
        free(l);
        return NULL;
    }
    l->path = path;
    l->longest = longest;
    if (!open_file(l, err)) {
        lines_close(l);
        return NULL;
    }
    return l;
}

void lines_close(struct lines *l)
{
    if (l == NULL)
        return;
    if (l->fd >= 0)
        close(l->fd);
    free(l->buffer);
    free(l);
}

/* The next whole line in the buffer; false: none. */
static bool cut_line(struct lines *l, struct slice *line)
{
    for (;;) {
        char *start = l->buffer + l->begin, *end = memchr(l->buffer + l->looked, '\n', l->end - l->looked);
        if (end == NULL) {
            l->looked = l->end;
            return false;
        }
        *line = slice_of(start, (size_t)(end - start));
        l->begin = l->looked = (size_t)(end + 1 - l->buffer);
        if (slice_ends(*line, S("\r")))
            line->len--;
        if (!l->passing && line->len > 0)
            return true;
        l->passing = false;
    }
}

/* A last line without an end: what a replaced file or a closed pipe leaves behind. */
static bool cut_rest(struct lines *l, struct slice *line)
{
    *line = slice_of(l->buffer + l->begin, l->end - l->begin);
    bool any = line->len > 0 && !l->passing;
    l->begin = l->end = l->looked = 0;
    l->passing = false;
    return any;
}

static void make_room(struct lines *l)
{
    if (l->end - l->begin > l->longest) {
        l->stats.too_long += !l->passing;
        l->passing = true;
        l->begin = l->end = l->looked = 0;
    }
    memmove(l->buffer, l->buffer + l->begin, l->end - l->begin);
    l->end -= l->begin;
    l->looked = l->end;
    l->begin = 0;
}

/* More bytes than before: more than 0; none just now: 0; the end or an error: -1. */
static ssize_t fill(struct lines *l)
{
    struct pollfd wait = {.fd = l->fd, .events = POLLIN};
    make_room(l);
    if (!l->follows && poll(&wait, 1, IDLE_MS) <= 0)
        return 0;
    ssize_t n = read(l->fd, l->buffer + l->end, READ_BYTES);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    l->end += (size_t)n;
    l->at += n;
    l->stats.bytes += (uint64_t)n;
    return n > 0 || l->follows ? n : -1;
}

static enum lines_result pause_a_moment(void)
{
    poll(NULL, 0, IDLE_MS);
    return LINES_IDLE;
}

/* At a followed file's end: is it still the one of that name, and as long as it was? A name that leads nowhere just now
 * is one that is being rotated: its writer may still be writing to the old file. */
static enum lines_result look_around(struct lines *l, struct slice *line, char err[static ERRLEN])
{
    struct stat here, there;
    if (fstat(l->fd, &here) == 0 && here.st_size < l->at) {
        lseek(l->fd, 0, SEEK_SET);
        l->at = 0;
        l->begin = l->end = l->looked = 0;
        l->passing = false;
        l->stats.rotated++;
        error_set(err, "%.400s: was cut; its beginning is read anew", l->path);
        return LINES_WARNING;
    }
    if (stat(l->path, &there) < 0 || (there.st_ino == here.st_ino && there.st_dev == here.st_dev))
        return pause_a_moment();
    if (!l->leaving) { /* once more, for what was written between the last read and now */
        l->leaving = true;
        return LINES_IDLE;
    }
    if (cut_rest(l, line))
        return LINES_LINE;
    l->leaving = false;
    close(l->fd);
    l->at = 0;
    l->stats.rotated++;
    if (!open_file(l, err))
        return LINES_ERROR;
    error_set(err, "%.400s: was replaced; the new file is read", l->path);
    return LINES_WARNING;
}

enum lines_result lines_next(struct lines *l, struct slice *line, char err[static ERRLEN])
{
    enum lines_result result = LINES_LINE;
    while (!cut_line(l, line)) {
        ssize_t n = fill(l);
        if (n > 0)
            continue;
        if (n < 0 && l->follows) {
            error_set(err, "%.400s: %s", l->path, strerror(errno));
            return LINES_ERROR;
        }
        if (n < 0 && !cut_rest(l, line))
            return LINES_END;
        if (n == 0 && (result = l->follows ? look_around(l, line, err) : LINES_IDLE) != LINES_LINE)
            return result;
        break;
    }
    l->stats.lines++;
    return LINES_LINE;
}

void lines_stats(const struct lines *l, struct lines_stats *stats)
{
    *stats = l->stats;
}
