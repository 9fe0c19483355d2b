#include "feeds/repeat.h"

#include <stdlib.h>

#include "feeds/id.h"
#include "feeds/store.h"

enum { WAYS = 4 };

/* The same evidence of the same client within this time is one document. */
#define REPEAT_US (3600 * 1000000ull)

struct repeat {
    uint64_t key, us;      /* key 0: a free place */
};

struct repeats {
    uint64_t seed;
    size_t buckets;
    struct repeat *repeat;
};

struct repeats *repeat_open(size_t hits, uint64_t seed, char err[static ERRLEN])
{
    struct repeats *r = calloc(1, sizeof *r);
    if (r != NULL) {
        r->seed = seed;
        r->buckets = hits / WAYS + 1;
        r->repeat = calloc(r->buckets * WAYS, sizeof *r->repeat);
    }
    if (r == NULL || r->repeat == NULL) {
        error_set(err, "no memory to remember %zu hits", hits);
        repeat_close(r);
        return NULL;
    }
    return r;
}

void repeat_close(struct repeats *r)
{
    if (r == NULL)
        return;
    free(r->repeat);
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

static struct repeat *bucket_of(const struct repeats *r, uint64_t key)
{
    return &r->repeat[id_hash(&key, sizeof key, r->seed) % r->buckets * WAYS];
}

static bool goes_first(const struct repeat *a, const struct repeat *b)
{
    return a->us != b->us ? a->us < b->us : a->key < b->key;
}

static struct repeat *place_of(const struct repeats *r, uint64_t key)
{
    struct repeat *bucket = bucket_of(r, key), *place = bucket;
    for (unsigned i = 0; i < WAYS; i++) {
        if (bucket[i].key == key)
            return &bucket[i];
        if (goes_first(&bucket[i], place))
            place = &bucket[i];
    }
    return place;
}

bool repeat_put(struct repeats *r, const struct hit *hit)
{
    uint64_t key = key_of(hit);
    struct repeat *place = place_of(r, key);
    if (place->key == key && hit->us < place->us + REPEAT_US)
        return true;
    *place = (struct repeat){key, hit->us};
    return false;
}

#define REPEAT(member) offsetof(struct repeat, member), sizeof ((struct repeat *)0)->member

static const struct store_field fields[] = {{STORE_UINT, REPEAT(key)}, {STORE_UINT, REPEAT(us)}};

enum { VERSION = 1, FIELDS = sizeof fields / sizeof *fields };

void repeat_save(const struct repeats *r, struct store_writer *w)
{
    uint64_t count = 0;
    for (size_t i = 0; i < r->buckets * WAYS; i++)
        count += r->repeat[i].key != 0;
    store_section(w, "repeats", VERSION);
    store_put_uint(w, count);
    for (size_t i = 0; i < r->buckets * WAYS; i++)
        if (r->repeat[i].key != 0)
            store_put_fields(w, &r->repeat[i], fields, FIELDS);
}

bool repeat_load(struct repeats *r, struct store_reader *in)
{
    struct repeat saved;
    if (store_find(in, "repeats") != VERSION)
        return false;
    for (uint64_t count = store_get_uint(in, UINT64_MAX); count > 0 && !in->at.bad; count--) {
        store_get_fields(in, &saved, fields, FIELDS);
        struct repeat *place = in->at.bad || saved.key == 0 ? NULL : place_of(r, saved.key);
        if (place != NULL && (place->key == 0 || goes_first(place, &saved)))
            *place = saved;
    }
    return store_done(in);
}
