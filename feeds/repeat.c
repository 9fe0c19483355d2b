#include "feeds/repeat.h"

#include <stdlib.h>

#include "feeds/hit_store.h"
#include "feeds/id.h"

enum { WAYS = 4, NOT_HELD = 0 };

#define DAY_US (24 * 3600000000ull)

/* One visit looks a name up for two kinds of address and then speaks to it: what follows the document within a minute
 * and is not many is no news, and gets no summary. */
#define MOMENT_US (60 * 1000000ull)
enum { MANY = 10 };

struct entry {
    uint64_t key;              /* 0: a free place */
    uint64_t last_id;          /* of the last hit, as a number */
    uint64_t last_us, told_us; /* told: when the last document's day began */
    uint64_t held_us;          /* the first of those held */
    uint32_t total, held_count;
    uint32_t held;             /* place in the table of held hits, from 1; NOT_HELD */
};

struct held {
    uint32_t entry;            /* whose it is; or the next free place, from 1 */
    bool used;
    struct hit hit;            /* the last of them */
};

struct repeats {
    struct repeat_settings settings;
    size_t buckets;
    struct entry *entry;
    struct held *held;         /* large, touched as it fills */
    uint32_t free;             /* the first place that is free again, from 1; 0: none */
    size_t touched;            /* places in use at least once: the rest is free, and no page of it is there yet */
    uint64_t due_us;           /* nothing is due before */
    struct repeat_stats stats;
};

struct repeats *repeat_open(const struct repeat_settings *settings, char err[static ERRLEN])
{
    struct repeats *r = calloc(1, sizeof *r);
    if (r != NULL) {
        r->settings = *settings;
        r->buckets = settings->hits / WAYS + 1;
        r->entry = calloc(r->buckets * WAYS, sizeof *r->entry);
        r->held = calloc(settings->held, sizeof *r->held);
    }
    if (r == NULL || r->entry == NULL || r->held == NULL) {
        error_set(err, "no memory to remember %zu hits", settings->hits);
        repeat_close(r);
        return NULL;
    }
    r->stats = (struct repeat_stats){.hits.limit = r->buckets * WAYS, .held.limit = settings->held};
    r->due_us = UINT64_MAX;
    return r;
}

void repeat_close(struct repeats *r)
{
    if (r == NULL)
        return;
    free(r->entry);
    free(r->held);
    free(r);
}

/* What makes it the same again, without a secret: keys are saved. Where they lie has one. */
static uint64_t key_of(const struct hit *hit)
{
    char subject[sizeof hit->subject + sizeof hit->tuple.src + 1];
    subject[0] = (char)hit->kind;
    memcpy(subject + 1, &hit->tuple.src, sizeof hit->tuple.src);
    size_t len = 1 + sizeof hit->tuple.src;
    len += slice_text(slice_str(hit->subject), subject + len, sizeof subject - len);
    return id_hash(subject, len, 0) | 1;
}

static bool goes_first(const struct entry *a, const struct entry *b)
{
    if ((a->held == NOT_HELD) != (b->held == NOT_HELD))
        return a->held == NOT_HELD;
    return a->last_us != b->last_us ? a->last_us < b->last_us : a->key < b->key;
}

/* The entry of that key, or the one of its bucket that goes first. */
static struct entry *place_of(const struct repeats *r, uint64_t key)
{
    struct entry *bucket = &r->entry[id_hash(&key, sizeof key, r->settings.seed) % r->buckets * WAYS], *place = bucket;
    for (unsigned i = 0; i < WAYS; i++) {
        if (bucket[i].key == key)
            return &bucket[i];
        if (goes_first(&bucket[i], place))
            place = &bucket[i];
    }
    return place;
}

static void let_go(struct repeats *r, struct entry *entry)
{
    if (entry->held == NOT_HELD)
        return;
    struct held *held = &r->held[entry->held - 1];
    held->used = false;
    held->entry = r->free;
    r->free = entry->held;
    r->stats.held.held--;
    entry->held = NOT_HELD;
    entry->held_count = 0;
}

static uint32_t take_place(struct repeats *r)
{
    uint32_t place = r->free;
    if (place != NOT_HELD)
        r->free = r->held[place - 1].entry;
    else if (r->touched < r->settings.held)
        place = (uint32_t)++r->touched;
    r->stats.held.held += place != NOT_HELD;
    return place;
}

/* Keeps the hit for the entry's summary; where there is no room it is only counted. */
static void hold(struct repeats *r, struct entry *entry, const struct hit *hit)
{
    if (entry->held == NOT_HELD && (entry->held = take_place(r)) == NOT_HELD) {
        r->stats.held.evicted++;
        return;
    }
    if (entry->held_count == 0)
        entry->held_us = hit->us;
    struct held *held = &r->held[entry->held - 1];
    held->used = true;
    held->entry = (uint32_t)(entry - r->entry);
    held->hit = *hit;
    entry->held_count++;
    if (entry->told_us + DAY_US < r->due_us)
        r->due_us = entry->told_us + DAY_US;
}

static void summarise(struct repeats *r, struct entry *entry, struct repeat_summary *summary)
{
    *summary = (struct repeat_summary){entry->held_count, entry->total, entry->held_us, entry->last_us};
    let_go(r, entry);
}

enum repeat repeat_put(struct repeats *r, const struct hit *hit, const char *id, bool worth, struct repeat_summary *summary)
{
    uint64_t key = key_of(hit), number = id_hash(id, strlen(id), 0);
    struct entry *entry = place_of(r, key);
    if (entry->key != key) {
        r->stats.hits.evicted += entry->key != 0;
        r->stats.hits.held += entry->key == 0;
        r->stats.held.evicted += entry->held_count;
        let_go(r, entry);
        *entry = (struct entry){.key = key, .last_id = number, .last_us = hit->us, .told_us = hit->us, .total = 1};
        return REPEAT_FIRST;
    }
    if (entry->last_id == number)
        return REPEAT_HELD;
    entry->last_id = number;
    entry->total++;
    entry->last_us = hit->us > entry->last_us ? hit->us : entry->last_us;
    if (worth)
        hold(r, entry, hit);
    if (!worth || hit->us < entry->told_us + DAY_US || entry->held == NOT_HELD)
        return REPEAT_HELD;
    entry->told_us = hit->us;
    summarise(r, entry, summary);
    return REPEAT_SUMMARY;
}

static bool is_news(const struct entry *entry)
{
    return entry->held_count >= MANY || entry->last_us > entry->told_us + MOMENT_US;
}

static bool earlier(const struct entry *a, const struct entry *b)
{
    return a->last_us != b->last_us ? a->last_us < b->last_us : a->key < b->key;
}

/* Of those due the earliest; what comes out does not depend on where it lay. What is no news is let go on the way. */
static struct entry *first_due(struct repeats *r, uint64_t us)
{
    struct entry *first = NULL;
    r->due_us = UINT64_MAX;
    for (size_t i = 0; i < r->touched; i++) {
        if (!r->held[i].used)
            continue;
        struct entry *entry = &r->entry[r->held[i].entry];
        uint64_t due = entry->told_us + DAY_US;
        if (us >= due && !is_news(entry)) {
            let_go(r, entry);
            continue;
        }
        if (us >= due && (first == NULL || earlier(entry, first)))
            first = entry;
        if (due < r->due_us)
            r->due_us = due;
    }
    return first;
}

bool repeat_due(struct repeats *r, uint64_t us, struct hit *last, struct repeat_summary *summary)
{
    struct entry *first = us < r->due_us ? NULL : first_due(r, us);
    if (first == NULL)
        return false;
    *last = r->held[first->held - 1].hit;
    first->told_us += DAY_US;
    summarise(r, first, summary);
    return true;
}

void repeat_stats(const struct repeats *r, struct repeat_stats *stats)
{
    *stats = r->stats;
}

#define ENTRY(member) offsetof(struct entry, member), sizeof ((struct entry *)0)->member

static const struct store_field fields[] = {
    {STORE_UINT, ENTRY(key)},       {STORE_UINT, ENTRY(last_id)},    {STORE_UINT, ENTRY(last_us)}, {STORE_UINT, ENTRY(told_us)},
    {STORE_UINT, ENTRY(held_us)},   {STORE_UINT, ENTRY(total)},      {STORE_UINT, ENTRY(held_count)},
};

enum { VERSION = 1, FIELDS = sizeof fields / sizeof *fields };

void repeat_save(const struct repeats *r, struct store_writer *w)
{
    uint64_t count = 0;
    for (size_t i = 0; i < r->buckets * WAYS; i++)
        count += r->entry[i].key != 0;
    store_section(w, "repeats", VERSION);
    store_put_uint(w, count);
    for (size_t i = 0; i < r->buckets * WAYS; i++) {
        if (r->entry[i].key == 0)
            continue;
        store_put_fields(w, &r->entry[i], fields, FIELDS);
        store_put_uint(w, r->entry[i].held != NOT_HELD);
        if (r->entry[i].held != NOT_HELD)
            hit_save(&r->held[r->entry[i].held - 1].hit, w);
    }
}

static void load_entry(struct repeats *r, const struct entry *saved, const struct hit *hit)
{
    struct entry *place = place_of(r, saved->key);
    if (saved->key == 0 || place->key == saved->key || (place->key != 0 && !goes_first(place, saved))) {
        r->stats.hits.evicted++;
        return;
    }
    r->stats.hits.held += place->key == 0;
    let_go(r, place);
    *place = *saved;
    place->held_count = 0;
    if (hit == NULL)
        return;
    hold(r, place, hit);
    if (place->held != NOT_HELD) {
        place->held_us = saved->held_us;
        place->held_count = saved->held_count;
    }
}

bool repeat_load(struct repeats *r, struct store_reader *in)
{
    struct hit hit;
    if (store_find(in, "repeats") != VERSION)
        return false;
    for (uint64_t count = store_get_uint(in, UINT64_MAX); count > 0 && !in->at.bad; count--) {
        struct entry saved = {0};
        store_get_fields(in, &saved, fields, FIELDS);
        bool held = store_get_uint(in, 1) == 1;
        if (held)
            hit_load(&hit, in);
        if (!in->at.bad)
            load_entry(r, &saved, held ? &hit : NULL);
    }
    return store_done(in);
}
