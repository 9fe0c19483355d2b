#include "feeds/schedule.h"

#include <stdlib.h>

#include "classifiers/suffix.h"
#include "feeds/evidence.h"
#include "feeds/id.h"
#include "feeds/store.h"
#include "feeds/words.h"

enum { WAYS = 4, BEAT_SECONDS = 300 };

/* What a schedule adds. Of clients that ask for a listed name or send a published request for another reason, a researcher's
 * say, about one in thirty does so on a schedule; of infected ones nearly all do: 5 bits. A name that only looks like
 * the family's may be an honest program's, which asks as regularly: next to nothing, and so little that one such name
 * (NAME_CAP_BITS) stays below the prior. */
#define STRONG_BITS 5.0f
#define WEAK_BITS 0.9f

struct series {
    uint64_t key;              /* 0: a free place */
    uint64_t first_us, last_us;
    uint32_t count, told;      /* beats; how many when the schedule was told, 0: it was not */
    uint8_t kept, program;     /* times below */
    uint32_t time[PERIOD_TIMES];
};

struct schedules {
    uint64_t seed, forgotten;
    size_t buckets, held;      /* held: places in use */
    struct series *series;
};

struct schedules *schedule_open(size_t series, uint64_t seed, char err[static ERRLEN])
{
    struct schedules *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->seed = seed;
        s->buckets = series / WAYS + 1;
        s->series = calloc(s->buckets * WAYS, sizeof *s->series);
    }
    if (s == NULL || s->series == NULL) {
        error_set(err, "no memory for %zu schedules", series);
        schedule_close(s);
        return NULL;
    }
    return s;
}

void schedule_close(struct schedules *s)
{
    if (s == NULL)
        return;
    free(s->series);
    free(s);
}

bool schedule_beat(struct schedule_beat *beat, const struct hit *hit)
{
    const char *name = evidence_name(hit)[0] != '\0' ? evidence_name(hit) : hit->kind == HIT_BEACON ? hit->name : "";
    if (name[0] == '\0' && hit->kind != HIT_BEACON)
        return false;
    *beat = (struct schedule_beat){.client = hit->tuple.src, .us = hit->us, .program = hit->kind == HIT_BEACON};
    struct slice registered = suffix_registered(slice_str(name));
    slice_text(registered.len > 0 ? registered : slice_str(name), beat->name, sizeof beat->name);
    if (name[0] == '\0')
        addr_format(&hit->tuple.dst, beat->name);
    return true;
}

static uint64_t key_of(const struct schedule_beat *beat)
{
    char key[sizeof beat->client + sizeof beat->name];
    memcpy(key, &beat->client, sizeof beat->client);
    size_t len = slice_text(slice_str(beat->name), key + sizeof beat->client, sizeof beat->name);
    return id_hash(key, sizeof beat->client + len, 0) | 1;
}

static bool goes_first(const struct series *a, const struct series *b)
{
    if (a->told != b->told)
        return a->told < b->told;
    if (a->count != b->count)
        return a->count < b->count;
    return a->last_us != b->last_us ? a->last_us < b->last_us : a->key < b->key;
}

static struct series *place_of(const struct schedules *s, uint64_t key)
{
    struct series *bucket = &s->series[id_hash(&key, sizeof key, s->seed) % s->buckets * WAYS], *place = bucket;
    for (unsigned i = 0; i < WAYS; i++) {
        if (bucket[i].key == key)
            return &bucket[i];
        if (goes_first(&bucket[i], place))
            place = &bucket[i];
    }
    return place;
}

static void add_time(struct series *series, uint32_t time)
{
    if (series->kept == PERIOD_TIMES)
        memmove(series->time, series->time + 1, --series->kept * sizeof *series->time);
    series->time[series->kept++] = time;
    series->count++;
}

/* A series is a program's once it made a request of the family's: its names then are looked up by the program too. */
enum schedule schedule_put(struct schedules *s, const struct schedule_beat *beat, bool *new, struct schedule_found *found)
{
    uint64_t key = key_of(beat);
    struct series *series = place_of(s, key);
    uint32_t time = (uint32_t)(beat->us / 1000000);
    if (series->key != key) {
        s->forgotten += series->key != 0;
        s->held += series->key == 0;
        *series = (struct series){.key = key, .first_us = beat->us};
    }
    bool machine = beat->program && !series->program;
    *new = series->kept == 0 || time >= series->time[series->kept - 1] + BEAT_SECONDS || machine;
    series->program |= beat->program;
    series->last_us = beat->us > series->last_us ? beat->us : series->last_us;
    if (series->kept == 0 || time >= series->time[series->kept - 1] + BEAT_SECONDS)
        add_time(series, time);
    *found = (struct schedule_found){.count = series->count, .first_us = series->first_us};
    if (!period_find(series->time, series->kept, series->program ? PERIOD_PROGRAM : PERIOD_PEOPLE, &found->period))
        return SCHEDULE_NONE;
    if (series->count < 2 * series->told)
        return SCHEDULE_STANDS;
    series->told = series->count;
    return SCHEDULE_TOLD;
}

bool schedule_find(const struct schedules *s, const struct schedule_beat *beat, struct schedule_found *found)
{
    const struct series *series = place_of(s, key_of(beat));
    *found = (struct schedule_found){.count = series->count, .first_us = series->first_us};
    return series->key == key_of(beat) && series->told > 0 &&
           period_find(series->time, series->kept, series->program ? PERIOD_PROGRAM : PERIOD_PEOPLE, &found->period);
}

/* "12 h", "1.5 h", "30 min" */
static const char *span(double seconds, char out[static 24])
{
    if (seconds >= 3600)
        snprintf(out, 24, "%.3g h", seconds / 3600);
    else if (seconds >= 60)
        snprintf(out, 24, "%.0f min", seconds / 60);
    else
        snprintf(out, 24, "%.0f s", seconds);
    return out;
}

void schedule_hit(struct hit *hit, const struct hit *seen, const struct schedule_beat *beat, const struct schedule_found *found)
{
    char period[24], jitter[24], since[WORD_TIME], missed[48] = "";
    bool strong = seen->bits >= EVIDENCE_PRIOR_BITS;
    *hit = *seen;
    hit->kind = HIT_BEACON;
    if (seen->kind != HIT_BEACON) {
        hit->beacon = (struct hit_beacon){0};
        snprintf(hit->beacon.shape, sizeof hit->beacon.shape, "periodic");
    }
    snprintf(hit->name, sizeof hit->name, "%s", beat->name);
    snprintf(hit->subject, sizeof hit->subject, "periodic %.240s", beat->name);
    hit->bits = strong ? STRONG_BITS : WEAK_BITS;
    memset(hit->technique, 0, sizeof hit->technique);
    hit_technique(hit, "T1029");
    if (found->period.missed > 0)
        snprintf(missed, sizeof missed, ", %u of them missed", found->period.missed);
    hit_why(hit, "comes back to %.100s every %s, give or take %s: %u times since %s%s; chance is as regular once in %.0e times", beat->name,
            span(found->period.period_s, period), span(found->period.jitter_s, jitter), found->count, word_of_time(found->first_us, since),
            missed, 1 / found->period.chance);
}

void schedule_stats(const struct schedules *s, struct table_stats *stats)
{
    *stats = (struct table_stats){s->held, s->buckets * WAYS, s->forgotten};
}

#define BEAT(member) offsetof(struct schedule_beat, member), sizeof ((struct schedule_beat *)0)->member

static const struct store_field beat_fields[] = {
    {STORE_BYTES, BEAT(client)}, {STORE_TEXT, BEAT(name)}, {STORE_UINT, BEAT(us)}, {STORE_BOOL, BEAT(program)}};

#define SERIES(member) offsetof(struct series, member), sizeof ((struct series *)0)->member

static const struct store_field fields[] = {
    {STORE_UINT, SERIES(key)},  {STORE_UINT, SERIES(first_us)}, {STORE_UINT, SERIES(last_us)},     {STORE_UINT, SERIES(count)},
    {STORE_UINT, SERIES(told)}, {STORE_UINT, SERIES(kept), PERIOD_TIMES}, {STORE_UINT, SERIES(program), 1},
    {STORE_UINT, SERIES(time[0]), .rows = PERIOD_TIMES},
};

enum { VERSION = 1, FIELDS = sizeof fields / sizeof *fields, BEAT_FIELDS = sizeof beat_fields / sizeof *beat_fields };

void schedule_beat_save(const struct schedule_beat *beat, struct store_writer *w)
{
    store_put_fields(w, beat, beat_fields, BEAT_FIELDS);
}

void schedule_beat_load(struct schedule_beat *beat, struct store_reader *r)
{
    store_get_fields(r, beat, beat_fields, BEAT_FIELDS);
}

void schedule_save(const struct schedules *s, struct store_writer *w)
{
    uint64_t count = 0;
    for (size_t i = 0; i < s->buckets * WAYS; i++)
        count += s->series[i].key != 0;
    store_section(w, "schedules", VERSION);
    store_put_uint(w, count);
    for (size_t i = 0; i < s->buckets * WAYS; i++)
        if (s->series[i].key != 0)
            store_put_fields(w, &s->series[i], fields, FIELDS);
}

bool schedule_load(struct schedules *s, struct store_reader *r)
{
    struct series saved;
    if (store_find(r, "schedules") != VERSION)
        return false;
    for (uint64_t count = store_get_uint(r, UINT64_MAX); count > 0 && !r->at.bad; count--) {
        store_get_fields(r, &saved, fields, FIELDS);
        struct series *place = r->at.bad || saved.key == 0 ? NULL : place_of(s, saved.key);
        if (place == NULL)
            continue;
        s->forgotten += place->key != 0;
        s->held += place->key == 0;
        if (place->key == 0 || goes_first(place, &saved))
            *place = saved;
    }
    return store_done(r);
}
