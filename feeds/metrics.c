#include "feeds/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "feeds/clock.h"
#include "feeds/news.h"

enum { ROOM = 65536 };

struct metrics {
    char *path, *beside;       /* the file, and where its next content is made */
    char text[ROOM];
    size_t len;
    bool has, stop, failed, runs;
    uint64_t due_ms;
    struct news *news;
    pthread_t thread;
    pthread_mutex_t lock;      /* guards text, len, has, stop */
    pthread_cond_t changed;
};

/* Where something was lost, from the wire to Redis: one family, so that one rule watches them all. */
static const struct place {
    const char *group, *name, *place, *meaning;
} places[] = {
    {"source", "kernel_drops", "kernel", "packets the kernel had no room for"},
    {"source", "interface_drops", "interface", "packets lost at the network card"},
    {"workers", "outputs_lost", "ring", "hits on their way out of a worker"},
    {"flows", "evicted", "flows", "flows that had to go for new ones"},
    {"flows", "crowded_out", "memory", "flows given up for want of memory"},
    {"fragments", "evicted", "fragments", "IP fragments"},
    {"streams", "no_room", "streams", "TCP directions not put in order"},
    {"sessions", "no_room", "sessions", "connections not read"},
    {"http", "no_room", "http", "HTTP messages not read"},
    {"datagrams", "no_room", "datagrams", "datagrams not read"},
    {"engine", "hits_dropped", "engine", "hits the engine had no room for"},
    {"hits", "evidence_dropped", "evidence", "pieces of evidence"},
    {"hits", "clients_forgotten", "clients", "clients forgotten"},
    {"hits", "cluster_names_refused", "cluster_names", "suspicious names in no cluster"},
    {"hits", "schedules_forgotten", "schedules", "schedules forgotten"},
    {"hits", "repeats_forgotten", "repeats", "counts of repeats"},
    {"sharing", "dropped", "sharing", "evidence not told to other sensors"},
    {"journal", "dropped", "journal", "hits never sent to Redis"},
    {"known", "diary_dropped", "diary", "hits a restart will not know"},
};

/* What is held now, and what does not only grow; with the unit where there is one. All others are counters. */
static const struct gauge {
    const char *group, *name, *metric, *help;
} gauges[] = {
    {"workers", "threads", "radome_workers", "Worker threads beside the one that reads."},
    {"workers", "packets_of_the_least_busy", "radome_worker_least_packets", "Packets of the worker that had fewest."},
    {"workers", "packets_of_the_busiest", "radome_worker_most_packets", "Packets of the worker that had most."},
    {"flows", "most", "radome_flows_most", "The most flows held at once."},
    {"flows", "limit", "radome_flows_limit", "Flows that the tables have room for."},
    {"memory", "limit", "radome_memory_limit_bytes", "Bound of flows, reassembly and fragments (--memory)."},
    {"memory", "held", "radome_memory_held_bytes", "Of that, in use."},
    {"lists", "generation", "radome_lists_generation", "Grows with each reload that was taken."},
    {"lists", "files", "radome_lists_files", "List files in force."},
    {"lists", "indicators", "radome_lists_indicators", "Indicators in force."},
    {"lists", "indicator_bytes", "radome_lists_indicators_bytes", "Memory that indicators take."},
    {"lists", "allowed", "radome_lists_allowed", "Entries of the allowlists in force."},
    {"lists", "rows_not_understood", "radome_lists_unreadable_rows", "Lines of the lists in force that hold no entry."},
    {"lists", "seconds_since_load", "radome_lists_age_seconds", "Since the lists in force were loaded."},
    {"lists", "seconds_since_oldest_file", "radome_lists_oldest_file_age_seconds", "Since the list file longest unchanged was written."},
    {"hits", "clusters", "radome_clusters", "Clusters of names that share addresses."},
    {"journal", "waiting", "radome_journal_waiting_documents", "Documents not sent yet."},
    {"journal", "bytes", "radome_journal_bytes", "Size of the journal."},
    {"journal", "segments", "radome_journal_segments", "Files of the journal."},
    {"known", "bytes", "radome_known_bytes", "Size of the last snapshot."},
    {"known", "seconds_since", "radome_known_age_seconds", "Since the last snapshot."},
    {"known", "diary_bytes", "radome_known_diary_bytes", "Size of the diary since the last snapshot."},
    {"known", "diary_entries", "radome_known_diary_entries", "Entries of the diary since the last snapshot."},
};

struct text {
    char *out;
    size_t size, len;
};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line that does not fit is left out whole. */
static void put(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(t->out + t->len, t->size - t->len, format, args);
    va_end(args);
    if (len >= 0 && (size_t)len < t->size - t->len)
        t->len += (size_t)len;
    t->out[t->len] = '\0';
}

static bool is(const struct stat_value *value, const char *group, const char *name)
{
    return strcmp(value->group, group) == 0 && strcmp(value->name, name) == 0;
}

static const struct place *place_of(const struct stat_value *value)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (is(value, places[i].group, places[i].name))
            return &places[i];
    return NULL;
}

static const struct gauge *gauge_of(const struct stat_value *value)
{
    for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++)
        if (is(value, gauges[i].group, gauges[i].name))
            return &gauges[i];
    return NULL;
}

const char *metrics_name(const char *group, const char *name, char out[static METRICS_NAME])
{
    const struct stat_value value = {.group = group, .name = name};
    const struct place *place = place_of(&value);
    const struct gauge *gauge = gauge_of(&value);
    if (place != NULL)
        snprintf(out, METRICS_NAME, "radome_drops_total{place=\"%s\"}", place->place);
    else if (gauge != NULL)
        snprintf(out, METRICS_NAME, "%s", gauge->metric);
    else
        snprintf(out, METRICS_NAME, "radome_%s_%s_total", group, name); /* its group, and what is counted */
    return out;
}

bool metrics_place(size_t i, const char **place, const char **meaning)
{
    if (i >= sizeof places / sizeof *places)
        return false;
    *place = places[i].place;
    *meaning = places[i].meaning;
    return true;
}

static void put_drops(struct text *t, const struct stat_value *values, size_t count)
{
    char name[METRICS_NAME];
    put(t, "# HELP radome_drops_total What was lost, by the place where there was no room for it.\n# TYPE radome_drops_total counter\n");
    for (size_t i = 0; i < count; i++)
        if (place_of(&values[i]) != NULL)
            put(t, "%s %llu\n", metrics_name(values[i].group, values[i].name, name), (unsigned long long)values[i].value);
}

static void put_counter(struct text *t, const struct stat_value *value)
{
    char name[METRICS_NAME], words[64];
    size_t len = strlen(value->name);
    metrics_name(value->group, value->name, name);
    for (size_t i = 0; i <= len && i < sizeof words; i++)
        words[i] = value->name[i] == '_' ? ' ' : value->name[i];
    words[sizeof words - 1] = '\0';
    put(t, "# HELP %s Of %s: %s.\n# TYPE %s counter\n%s %llu\n", name, value->group, words, name, name, (unsigned long long)value->value);
}

static void put_gauge(struct text *t, const char *name, const char *help, uint64_t value)
{
    put(t, "# HELP %s %s\n# TYPE %s gauge\n%s %llu\n", name, help, name, name, (unsigned long long)value);
}

size_t metrics_text(char *out, size_t size, const struct figures_of *of)
{
    struct stat_value values[FIGURES];
    struct text t = {out, size, 0};
    size_t count = figures(values, of);
    put(&t, "# HELP radome_build_info The program; always 1.\n# TYPE radome_build_info gauge\nradome_build_info{version=\"%s\"} 1\n", RADOME_VERSION);
    put_gauge(&t, "radome_written_timestamp_seconds", "When these figures were taken, by the wall clock.", (uint64_t)time(NULL));
    put_drops(&t, values, count);
    for (size_t i = 0; i < count; i++) {
        const struct gauge *gauge = gauge_of(&values[i]);
        if (gauge != NULL)
            put_gauge(&t, gauge->metric, gauge->help, values[i].value);
        else if (place_of(&values[i]) == NULL)
            put_counter(&t, &values[i]);
    }
    return t.len;
}

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
    else if (!(m->runs = pthread_create(&m->thread, NULL, keep_writing, m) == 0))
        error_set(err, "the system has no thread for the metrics");
    if (m->runs)
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
    if (m->runs)
        pthread_join(m->thread, NULL);
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->changed);
    news_close(m->news);
    free(m->path);
    free(m->beside);
    free(m);
}
