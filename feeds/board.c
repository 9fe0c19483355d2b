#include "feeds/board.h"

#include <stdlib.h>

#include "feeds/clock.h"

enum { LATE_S = 60, PATIENCE_S = 5 };

struct board *board_open(void)
{
    struct board *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    pthread_mutex_init(&b->lock, NULL);
    b->incident = calloc(BOARD_INCIDENTS, sizeof *b->incident); /* pages that are never used cost nothing */
    b->hit = calloc(BOARD_HITS, sizeof *b->hit);
    b->sensor = calloc(BOARD_SENSORS, sizeof *b->sensor);
    if (b->incident != NULL && b->hit != NULL && b->sensor != NULL)
        return b;
    board_close(b);
    return NULL;
}

void board_close(struct board *b)
{
    if (b == NULL)
        return;
    free(b->incident);
    free(b->hit);
    free(b->sensor);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

struct board *board_copy(struct board *from)
{
    struct board *b = board_open();
    if (b == NULL)
        return NULL;
    struct board own = *b;
    pthread_mutex_lock(&from->lock);
    *b = *from;
    b->incident = memcpy(own.incident, from->incident, from->incidents * sizeof *own.incident);
    b->hit = memcpy(own.hit, from->hit, from->hits * sizeof *own.hit);
    b->sensor = memcpy(own.sensor, from->sensor, from->sensors * sizeof *own.sensor);
    pthread_mutex_unlock(&from->lock);
    pthread_mutex_init(&b->lock, NULL);
    return b;
}

size_t board_source(struct board *b, const char *name)
{
    size_t place = SIZE_MAX;
    pthread_mutex_lock(&b->lock);
    if (b->sources < BOARD_SOURCES) {
        struct board_source *s = &b->source[place = b->sources++];
        snprintf(s->name, sizeof s->name, "%s", name);
        s->since_ms = clock_ms();
    }
    pthread_mutex_unlock(&b->lock);
    return place;
}

void board_say(struct board *b, size_t source, bool away, const char *state)
{
    struct board_source *s = &b->source[source];
    pthread_mutex_lock(&b->lock);
    if (s->away != away || strcmp(s->state, state) != 0) {
        s->since_ms = s->away != away || !away ? clock_ms() : s->since_ms;
        s->away = away;
        snprintf(s->state, sizeof s->state, "%s", state);
        b->version++;
    }
    pthread_mutex_unlock(&b->lock);
}

static struct board_sensor *sensor_of(struct board *b, const char *name)
{
    for (size_t i = 0; i < b->sensors; i++)
        if (strcmp(b->sensor[i].name, name) == 0)
            return &b->sensor[i];
    if (b->sensors == BOARD_SENSORS) {
        b->stats.sensors_refused++;
        return NULL;
    }
    struct board_sensor *s = &b->sensor[b->sensors++];
    snprintf(s->name, sizeof s->name, "%s", name);
    return s;
}

/* Figures taken at the same time are the same once more: they say nothing of what was added. */
static void set_figures(struct board_sensor *s, const struct samples *samples)
{
    if (s->now.us != samples->us)
        s->before = s->now;
    s->now = *samples;
}

static void heard_of(struct board_sensor *s, uint64_t heard_us)
{
    if (s != NULL && s->heard_us < heard_us)
        s->heard_us = heard_us;
}

void board_figures(struct board *b, const char *sensor, const struct samples *samples, uint64_t heard_us)
{
    pthread_mutex_lock(&b->lock);
    struct board_sensor *s = sensor_of(b, sensor);
    if (s != NULL) {
        s->of_file = true;
        s->heard_us = heard_us; /* the file's own word, also where its clock was set back */
        set_figures(s, samples);
    }
    b->version++;
    pthread_mutex_unlock(&b->lock);
}

static bool same(const struct notice *a, const struct notice *b)
{
    return a->us == b->us && strcmp(a->id, b->id) == 0 && strcmp(a->sensor, b->sensor) == 0;
}

static void put_entry(struct board *b, struct board_entry *e, const struct notice *notice, uint64_t heard_us)
{
    e->notice = *notice;
    e->heard_us = heard_us;
    e->seq = e->news = ++b->seq;
}

/* After a break a source tells some again. */
static void take_hit(struct board *b, const struct notice *notice, uint64_t heard_us)
{
    struct board_entry *e = NULL;
    for (size_t i = 0; i < b->hits; i++)
        if (same(&b->hit[i].notice, notice))
            return;
    if (b->hits < BOARD_HITS) {
        e = &b->hit[b->hits++];
    } else {
        e = &b->hit[b->hits_at];
        b->hits_at = (b->hits_at + 1) % BOARD_HITS;
        b->stats.hits_forgotten++;
    }
    put_entry(b, e, notice, heard_us);
}

/* The incident's place: its own, a free one, or that of the incident that nothing was heard of for longest. */
static void take_incident(struct board *b, const struct notice *notice, uint64_t heard_us)
{
    struct board_entry *e = &b->incident[0];
    for (size_t i = 0; i < b->incidents; i++) {
        struct board_entry *here = &b->incident[i];
        if (strcmp(here->notice.id, notice->id) == 0) {
            if (here->notice.us <= notice->us)
                here->notice = *notice;
            here->news = ++b->seq;
            here->heard_us = heard_us;
            return;
        }
        if (here->news < e->news)
            e = here;
    }
    if (b->incidents < BOARD_INCIDENTS)
        e = &b->incident[b->incidents++];
    else
        b->stats.incidents_forgotten++;
    put_entry(b, e, notice, heard_us);
}

void board_take(struct board *b, struct board_scratch *scratch, struct slice document, uint64_t heard_us)
{
    struct notice *notice = &scratch->notice;
    enum notice_result result = notice_read(notice, &scratch->samples, document);
    heard_us = heard_us != 0 ? heard_us : notice->us;
    pthread_mutex_lock(&b->lock);
    struct board_sensor *s = result == NOTICE_BAD ? NULL : sensor_of(b, notice->sensor);
    b->version++;
    b->stats.documents++;
    b->stats.unreadable += result == NOTICE_BAD;
    b->stats.records += result == NOTICE_RECORD;
    heard_of(s, heard_us);
    if (result == NOTICE_STATS && s != NULL && !s->of_file)
        set_figures(s, &scratch->samples);
    if (result == NOTICE_HIT)
        take_hit(b, notice, heard_us);
    if (result == NOTICE_INCIDENT)
        take_incident(b, notice, heard_us);
    if (s != NULL) {
        s->hits += result == NOTICE_HIT;
        s->incidents += result == NOTICE_INCIDENT;
    }
    pthread_mutex_unlock(&b->lock);
}

static bool matches(const struct notice *n, const char *filter)
{
    const char *const texts[] = {n->client, n->server, n->names, n->families, n->kind, n->stage, n->sensor, n->reason};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcasestr(texts[i], filter) != NULL)
            return true;
    return false;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int latest_first(const void *a, const void *b)
{
    const struct board_entry *x = *(const struct board_entry *const *)a, *y = *(const struct board_entry *const *)b;
    int order = compare(y->notice.last_us, x->notice.last_us);
    return order != 0 ? order : compare(y->seq, x->seq);
}

static int stage_of(const struct notice *n)
{
    return strcmp(n->stage, "payload") == 0 ? 2 : strcmp(n->stage, "beacon") == 0 ? 1 : 0;
}

/* By how far it went, then by how sure it is. Many machines behind one address are the least that somebody can act on. */
static int worst_first(const void *a, const void *b)
{
    const struct notice *x = &(*(const struct board_entry *const *)a)->notice, *y = &(*(const struct board_entry *const *)b)->notice;
    if (x->aggregator != y->aggregator)
        return x->aggregator - y->aggregator;
    if (stage_of(x) != stage_of(y))
        return stage_of(y) - stage_of(x);
    return x->risk != y->risk ? y->risk - x->risk : latest_first(a, b);
}

size_t board_incidents(const struct board *b, const char *filter, bool by_time, const struct board_entry *out[static BOARD_INCIDENTS])
{
    size_t n = 0;
    for (size_t i = 0; i < b->incidents; i++)
        if (matches(&b->incident[i].notice, filter))
            out[n++] = &b->incident[i];
    qsort(out, n, sizeof *out, by_time ? latest_first : worst_first);
    return n;
}

size_t board_hits(const struct board *b, const char *filter, const struct board_entry *out[static BOARD_HITS])
{
    size_t n = 0;
    for (size_t i = b->hits; i-- > 0;) {
        const struct board_entry *e = &b->hit[(b->hits_at + i) % b->hits];
        if (matches(&e->notice, filter))
            out[n++] = e;
    }
    return n;
}

bool board_is_late(const struct board_sensor *s, uint64_t now_us)
{
    uint64_t usual = s->before.us != 0 && s->now.us > s->before.us ? s->now.us - s->before.us : 0;
    uint64_t patience = usual > 0 ? usual * 5 / 2 + PATIENCE_S * 1000000 : (uint64_t)LATE_S * 1000000;
    return s->now.count > 0 && now_us > s->heard_us && now_us - s->heard_us > patience;
}
