#include <math.h>

#include "feeds/cluster_table.h"
#include "feeds/id.h"

#define AS_MOST 3.0 /* ordinary names on an address that its AS stands for, at most */

/* The place to go first: one without suspicious names, the longest unseen, the lower address. */
static bool goes_first(const struct place *a, const struct place *b)
{
    if ((a->suspicious > 0) != (b->suspicious > 0))
        return a->suspicious == 0;
    return a->last_us != b->last_us ? a->last_us < b->last_us : memcmp(&a->addr, &b->addr, sizeof a->addr) < 0;
}

static struct place *bucket_of(const struct clusters *c, const struct addr *addr)
{
    return &c->place[id_place(id_hash(addr, sizeof *addr, c->settings.seed), c->buckets) * CLUSTER_WAYS];
}

/* Buckets are cold memory: asked for one after the other they would be the most of what a name costs. */
void cluster_expect(const struct clusters *c, const struct sighting *s)
{
    for (unsigned i = 0; i < s->places; i++) {
        const struct place *bucket = bucket_of(c, &s->place[i]);
        for (unsigned k = 0; k < CLUSTER_WAYS; k++)
            __builtin_prefetch(&bucket[k], 1);
    }
}

static struct place *find(struct place *bucket, const struct addr *addr)
{
    for (unsigned i = 0; i < CLUSTER_WAYS; i++)
        if (addr_eq(&bucket[i].addr, addr) && bucket[i].last_us != 0)
            return &bucket[i];
    return NULL;
}

const struct place *cluster_place_find(const struct clusters *c, const struct addr *addr)
{
    return find(bucket_of(c, addr), addr);
}

/* A new place, in that of the bucket's first to go. */
static struct place *begin(struct clusters *c, struct place *bucket, const struct addr *addr, uint64_t us)
{
    struct place *victim = bucket;
    for (unsigned i = 1; i < CLUSTER_WAYS; i++)
        if (goes_first(&bucket[i], victim))
            victim = &bucket[i];
    if (victim->last_us != 0) {
        c->stats.addresses_forgotten++;
        cluster_as_leave(c, victim);
    } else {
        c->stats.addresses++;
    }
    *victim = (struct place){.addr = *addr, .last_us = us > 0 ? us : 1};
    cluster_as_enter(c, victim);
    return victim;
}

struct place *cluster_place(struct clusters *c, const struct addr *addr, uint64_t us)
{
    struct place *bucket = bucket_of(c, addr);
    pages_look(&c->parts, bucket);
    struct place *place = find(bucket, addr);
    if (place == NULL)
        return begin(c, bucket, addr, us);
    place->last_us = us > place->last_us ? us : place->last_us;
    return place;
}

/* Linear counting (Whang, Vander-Zanden, Taylor 1990): good to a few names, which is where the decision falls. */
static double ordinary_names(const struct place *place)
{
    int set = __builtin_popcountll(place->ordinary);
    return set == 64 ? 300 : -64 * log(1 - set / 64.0);
}

/* How much the suspicious names there say against chance: a published one as much as two that only look like it. */
static unsigned weight(const struct clusters *c, const struct place *place)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < place->suspicious; i++)
        sum += c->name[place->name[i]].family[0] != '\0' ? 2 : 1;
    return sum;
}

/* An address seen for the first time has no ordinary names yet. If it is of an AS whose addresses have many (a CDN's), it will
 * have them too: until then its AS speaks for it. Three that look alike, or two published ones, are not there by chance. */
bool cluster_place_unites(const struct clusters *c, const struct place *place)
{
    if (place->suspicious < 2 || ordinary_names(place) > place->suspicious)
        return false;
    double typical = cluster_as_typical(c, place);
    return (typical < AS_MOST ? typical : AS_MOST) <= weight(c, place);
}

void cluster_place_tell(struct clusters *c, const struct place *place)
{
    if (c->places_told < CLUSTER_PLACES)
        c->place_news[c->places_told++] = (struct cluster_place_news){place->addr, place->last_us, place->ordinary};
}

/* Everyone of a cluster for himself again. Returns how many, in c->parted. */
static unsigned dissolve(struct clusters *c, uint16_t root)
{
    unsigned count = 0;
    uint16_t i = root;
    do {
        uint16_t next = c->name[i].next;
        c->parted[count++] = i;
        c->name[i].root = c->name[i].next = i;
        c->name[i].members = 1;
        i = next;
    } while (i != root);
    return count;
}

static void unite_at(struct clusters *c, uint16_t i, const struct addr *addr, uint64_t us)
{
    char merged[REPORT_ID];
    const struct place *place = cluster_place_find(c, addr);
    for (unsigned m = 0; place != NULL && cluster_place_unites(c, place) && m < place->suspicious; m++)
        cluster_unite(c, i, place->name[m], us, merged);
}

/* The part that may keep the id: it formed with it, or it has the oldest of the names. */
static struct name *heir(struct clusters *c, unsigned count, const char *id)
{
    const struct name *oldest = NULL;
    for (unsigned k = 0; k < count; k++) {
        const struct name *name = &c->name[c->parted[k]];
        struct name *root = &c->name[name->root];
        if (is_cluster(root) && strcmp(root->id, id) == 0)
            return root;
        if (is_cluster(root) && (oldest == NULL || cluster_older(name, oldest)))
            oldest = name;
    }
    return oldest != NULL ? &c->name[oldest->root] : NULL;
}

/* A place unites no longer: its cluster falls into what the members' other places hold together. So what is united does
 * not depend on whether the ordinary names came before or after the suspicious ones. */
static void part(struct clusters *c, uint16_t root, uint64_t us)
{
    struct name old = c->name[root];
    uint64_t merges = c->stats.merges;
    unsigned count = dissolve(c, root);
    c->stats.clusters--;
    for (unsigned k = 0; k < count; k++) {
        const struct name *name = &c->name[c->parted[k]];
        for (unsigned n = 0; n < name->addrs; n++)
            unite_at(c, c->parted[k], &name->addr[n], us);
        for (unsigned n = 0; n < name->aliases; n++)
            unite_at(c, c->parted[k], &name->alias[n], us);
    }
    c->stats.merges = merges;
    struct name *keeps = heir(c, count, old.id);
    if (keeps == NULL)
        return;
    memcpy(keeps->id, old.id, sizeof keeps->id);
    keeps->formed_us = old.formed_us;
}

void cluster_place_add(struct clusters *c, const struct addr *addr, uint64_t us, uint64_t bits)
{
    struct place *place = cluster_place(c, addr, us);
    if ((bits & ~place->ordinary) == 0)
        return;
    bool united = cluster_place_unites(c, place);
    cluster_as_count(c, place, bits & ~place->ordinary);
    place->ordinary |= bits;
    if (place->suspicious > 0)
        cluster_place_tell(c, place);
    if (united && !cluster_place_unites(c, place) && is_cluster(&c->name[c->name[place->name[0]].root]))
        part(c, c->name[place->name[0]].root, us);
}
