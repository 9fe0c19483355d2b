#include "feeds/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "feeds/clock.h"
#include "feeds/news.h"
#include "feeds/thread.h"

enum { ROOM = 1 << 17 }; /* the most list files there can be take a third of it */

struct metrics {
    char *path, *beside;       /* the file, and where its next content is made */
    char text[ROOM];
    size_t len;
    bool has, stop, failed;
    uint64_t due_ms;
    struct news *news;
    struct thread thread;
    pthread_mutex_t lock;      /* guards text, len, has, stop */
    pthread_cond_t changed;
};

/* The old file stands until the new one is whole and on the disk. */
static bool write_file(const struct metrics *m, const char *text, size_t len)
{
    int file = open(m->beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        return false;
    bool good = write(file, text, len) == (ssize_t)len && fsync(file) == 0;
    int why = errno;
    good = close(file) == 0 && good;
    if (good && rename(m->beside, m->path) == 0)
        return true;
    why = good ? errno : why;
    unlink(m->beside);
    errno = why;
    return false;
}

static void judge(struct metrics *m, bool good)
{
    if (!good && !m->failed)
        news_put(m->news, "%s: cannot be written: %s; tried again every %d s", m->path, strerror(errno), METRICS_S);
    else if (good && m->failed)
        news_put(m->news, "%s: is written again", m->path);
    m->failed = !good;
}

static void *keep_writing(void *context)
{
    struct metrics *m = context;
    char *text = malloc(ROOM);
    pthread_mutex_lock(&m->lock);
    while (text != NULL && (m->has || !m->stop)) {
        if (!m->has) {
            clock_wait(&m->changed, &m->lock, clock_ms() + 1000 * METRICS_S);
            continue;
        }
        size_t len = m->len;
        memcpy(text, m->text, len);
        m->has = false;
        pthread_mutex_unlock(&m->lock);
        judge(m, write_file(m, text, len));
        pthread_mutex_lock(&m->lock);
    }
    pthread_mutex_unlock(&m->lock);
    free(text);
    return NULL;
}

struct metrics *metrics_open(const char *path, char err[static ERRLEN])
{
    struct metrics *m = calloc(1, sizeof *m);
    if (m == NULL) {
        error_set(err, "no memory for the metrics");
        return NULL;
    }
    pthread_mutex_init(&m->lock, NULL);
    clock_condition(&m->changed);
    m->news = news_open();
    m->path = strdup(path);
    if (m->news == NULL || m->path == NULL || asprintf(&m->beside, "%s.new", path) < 0)
        error_set(err, "no memory for the metrics");
    else if (!write_file(m, "", 0))
        error_set(err, "%s: cannot be written: %s", path, strerror(errno));
    else if (!thread_start(&m->thread, keep_writing, m))
        error_set(err, "the system has no thread for the metrics");
    if (m->thread.runs)
        return m;
    metrics_close(m);
    return NULL;
}

bool metrics_due(const struct metrics *m)
{
    return m != NULL && clock_ms() >= m->due_ms;
}

void metrics_put(struct metrics *m, const struct figures_of *of)
{
    if (m == NULL)
        return;
    m->due_ms = clock_ms() + 1000 * METRICS_S;
    pthread_mutex_lock(&m->lock);
    m->len = metrics_text(m->text, sizeof m->text, of);
    m->has = true;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

bool metrics_dead(struct metrics *m)
{
    return m != NULL && thread_ended(&m->thread);
}

bool metrics_news(struct metrics *m, char message[static ERRLEN])
{
    return m != NULL && news_take(m->news, message);
}

void metrics_close(struct metrics *m)
{
    if (m == NULL)
        return;
    pthread_mutex_lock(&m->lock);
    m->stop = true;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
    thread_join(&m->thread);
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->changed);
    news_close(m->news);
    free(m->path);
    free(m->beside);
    free(m);
}
