#include "feeds/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "feeds/clock.h"
#include "feeds/lines.h"
#include "feeds/redis_watch.h"
#include "feeds/thread.h"

enum {
    LOOK_MS = 250,
    BACKOFF_MOST_MS = 5000,
    CLOSE_MS = 300,
    LINE_BYTES = 1 << 20
};

struct watch {
    struct board *board;
    size_t source;             /* its place on the board */
    const char *path;
    struct redis_watch *redis;
    struct lines *lines;
    struct board_scratch scratch;
    struct timespec written;   /* of the metrics file that was read last */
    off_t size;
    char text[WATCH_METRICS];
    struct thread thread;
    pthread_mutex_t lock;      /* guards stop */
    pthread_cond_t stopped;
    bool stop;
};

static uint64_t wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* False: it is over. */
static bool rest(struct watch *w, unsigned ms)
{
    uint64_t until = clock_ms() + ms;
    pthread_mutex_lock(&w->lock);
    while (!w->stop && clock_ms() < until)
        clock_wait(&w->stopped, &w->lock, until);
    bool on = !w->stop;
    pthread_mutex_unlock(&w->lock);
    return on;
}

static void *look_at_redis(void *context)
{
    struct watch *w = context;
    unsigned failures = 0;
    bool first = true;
    for (unsigned pause = 0; rest(w, pause);) {
        char say[ERRLEN];
        size_t count;
        enum redis_result result = redis_watch_look(w->redis, &count, say);
        failures = result == REDIS_SENT ? 0 : failures + 1;
        if (result == REDIS_SENT)
            redis_watch_state(w->redis, say);
        board_say(w->board, w->source, result != REDIS_SENT, say);
        for (size_t i = 0; i < count; i++) {
            uint64_t us, now = wall_us();
            struct slice document = redis_watch_document(w->redis, i, &us);
            us = us == 0 && !first ? now : us < now ? us : now;
            board_take(w->board, &w->scratch, document.len <= LINE_BYTES ? document : S(""), us);
        }
        first = first && count == 0;
        pause = count > 0 ? 0 : LOOK_MS;
        if (result != REDIS_SENT)
            pause = result == REDIS_REFUSED || failures > 4 ? BACKOFF_MOST_MS : (unsigned)LOOK_MS << failures;
    }
    return NULL;
}

static void *look_at_lines(void *context)
{
    struct watch *w = context;
    bool first = true, on = true;
    while (on && rest(w, 0)) {
        char err[ERRLEN];
        struct slice line;
        struct lines_stats stats;
        switch (lines_next(w->lines, &line, err)) {
        case LINES_LINE:
            board_take(w->board, &w->scratch, line, first ? 0 : wall_us());
            break;
        case LINES_IDLE:
            first = false;
            lines_stats(w->lines, &stats);
            if (stats.too_long > 0)
                error_set(err, "followed; %llu lines too long to read", (unsigned long long)stats.too_long);
            board_say(w->board, w->source, false, stats.too_long > 0 ? err : "followed");
            break;
        case LINES_WARNING:
            board_say(w->board, w->source, false, err);
            break;
        case LINES_ERROR:
            board_say(w->board, w->source, true, err);
            on = false;
            break;
        case LINES_END:
            board_say(w->board, w->source, false, "at its end");
            on = false;
            break;
        }
    }
    return NULL;
}

/* What the file says is of a sensor that it does not name: of SENSOR, where it is called SENSOR.prom. */
static void give(struct watch *w)
{
    char sensor[NOTICE_TEXT];
    const char *slash = strrchr(w->path, '/'), *name = slash != NULL ? slash + 1 : w->path;
    struct slice base = slice_str(name);
    base.len -= slice_ends(base, S(".prom")) && base.len > 5 ? 5 : 0;
    slice_text(base, sensor, sizeof sensor);
    board_figures(w->board, sensor, &w->scratch.samples, w->scratch.samples.us);
}

/* Reads the file if it is another than before. */
static bool read_metrics(struct watch *w, char err[static ERRLEN])
{
    struct stat status;
    int file = open(w->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool good = file >= 0 && fstat(file, &status) == 0;
    if (good && w->size == status.st_size && w->written.tv_sec == status.st_mtim.tv_sec && w->written.tv_nsec == status.st_mtim.tv_nsec) {
        close(file);
        return true;
    }
    ssize_t n = good ? read(file, w->text, sizeof w->text) : -1;
    int why = errno;
    if (file >= 0)
        close(file);
    if (n < 0) {
        error_set(err, "%.300s: %s", w->path, strerror(why));
        return false;
    }
    struct samples *samples = &w->scratch.samples;
    if (!samples_of_text(samples, slice_of(w->text, (size_t)n))) {
        error_set(err, "%.300s: no figures of radome's; name the file that radome --metrics writes", w->path);
        return n == 0; /* a sensor that has just begun */
    }
    w->written = status.st_mtim;
    w->size = status.st_size;
    if (samples->us == 0)
        samples->us = (uint64_t)status.st_mtim.tv_sec * 1000000;
    give(w);
    return true;
}

static void *look_at_metrics(void *context)
{
    struct watch *w = context;
    while (rest(w, LOOK_MS)) {
        char err[ERRLEN];
        bool good = read_metrics(w, err);
        board_say(w->board, w->source, !good, good ? "read" : err);
    }
    return NULL;
}

static void discard(struct watch *w)
{
    redis_watch_close(w->redis);
    lines_close(w->lines);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->stopped);
    free(w);
}

static struct watch *prepare(struct board *board, const char *path, char err[static ERRLEN])
{
    struct watch *w = calloc(1, sizeof *w);
    if (w == NULL) {
        error_set(err, "no memory for one more source");
        return NULL;
    }
    w->board = board;
    w->path = path;
    pthread_mutex_init(&w->lock, NULL);
    clock_condition(&w->stopped);
    return w;
}

/* good: what is looked at is there. */
static struct watch *start(struct watch *w, bool good, const char *name, void *(*look)(void *), char err[static ERRLEN])
{
    if (good && (w->source = board_source(w->board, name)) == SIZE_MAX) {
        error_set(err, "more than %d sources", BOARD_SOURCES);
        good = false;
    }
    if (good && !thread_start(&w->thread, look, w)) {
        error_set(err, "the system has no thread for one more source");
        good = false;
    }
    if (good)
        return w;
    discard(w);
    return NULL;
}

struct watch *watch_redis(struct board *board, const struct redis_login *login, const char *key, bool channel, char err[static ERRLEN])
{
    struct watch *w = prepare(board, NULL, err);
    if (w == NULL)
        return NULL;
    w->redis = redis_watch_open(login, key, channel, err);
    return start(w, w->redis != NULL, "", look_at_redis, err);
}

struct watch *watch_lines(struct board *board, const char *path, char err[static ERRLEN])
{
    struct watch *w = prepare(board, path, err);
    if (w == NULL)
        return NULL;
    w->lines = lines_open(path, LINE_BYTES, err);
    return start(w, w->lines != NULL, strcmp(path, "-") == 0 ? "standard input" : path, look_at_lines, err);
}

struct watch *watch_metrics(struct board *board, const char *path, char err[static ERRLEN])
{
    struct watch *w = prepare(board, path, err);
    return w == NULL ? NULL : start(w, read_metrics(w, err), path, look_at_metrics, err);
}

bool watch_close(struct watch *w)
{
    struct timespec until;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->stopped);
    pthread_mutex_unlock(&w->lock);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += CLOSE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    if (pthread_timedjoin_np(w->thread.id, NULL, &until) != 0)
        return false;
    discard(w);
    return true;
}
