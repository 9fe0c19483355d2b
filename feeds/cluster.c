#include "feeds/cluster.h"

#include <math.h>
#include <stdlib.h>

#include "feeds/cluster_table.h"
#include "feeds/evidence.h"
#include "feeds/id.h"

/* A name seen again is told to other sensors this seldom. */
#define TELL_AGAIN_US (24 * 3600000000ull)

struct clusters *cluster_open(const struct cluster_settings *settings, char err[static ERRLEN])
{
    struct clusters *c = calloc(1, sizeof *c);
    if (c == NULL) {
        error_set(err, "no memory for the clusters");
        return NULL;
    }
    c->settings = *settings;
    if (c->settings.names > NAMES_MOST)
        c->settings.names = NAMES_MOST;
    c->buckets = settings->addresses / CLUSTER_WAYS + 1;
    c->slots = c->settings.names * 2 + 1;
    c->place = pages_open(c->buckets * CLUSTER_WAYS * sizeof *c->place);
    c->name = calloc(c->settings.names, sizeof *c->name);
    c->slot = malloc(c->slots * sizeof *c->slot);
    c->parted = malloc((c->settings.names + 1) * sizeof *c->parted);
    c->as = calloc(CLUSTER_AS, sizeof *c->as);
    if (c->place == NULL || c->name == NULL || c->slot == NULL || c->parted == NULL || c->as == NULL) {
        error_set(err, "no memory for clusters of %zu names on %zu addresses", c->settings.names, settings->addresses);
        cluster_close(c);
        return NULL;
    }
    pages_large(c->place, c->buckets * CLUSTER_WAYS * sizeof *c->place);
    pages_divide(&c->parts, c->place, c->buckets * CLUSTER_WAYS * sizeof *c->place);
    for (size_t i = 0; i < c->slots; i++)
        c->slot[i] = NO_NAME;
    return c;
}

void cluster_close(struct clusters *c)
{
    if (c == NULL)
        return;
    pages_close(c->place, c->buckets * CLUSTER_WAYS * sizeof *c->place);
    free(c->name);
    free(c->slot);
    free(c->parted);
    free(c->as);
    free(c);
}

void cluster_relist(struct clusters *c, struct geoip *geoip)
{
    c->settings.geoip = geoip;
}

void cluster_ordinary(struct clusters *c, const struct sighting *s)
{
    c->has_news = false;
    c->places_told = 0;
    for (unsigned i = 0; i < s->places; i++)
        cluster_place_add(c, &s->place[i], s->us, 1ull << (s->name >> 58));
}

static size_t slot_of(const struct clusters *c, const char *text)
{
    size_t at = id_hash(text, strlen(text), c->settings.seed) % c->slots;
    while (c->slot[at] != NO_NAME && strcmp(c->name[c->slot[at]].text, text) != 0)
        at = (at + 1) % c->slots;
    return at;
}

uint16_t cluster_find(const struct clusters *c, const char *text)
{
    return c->slot[slot_of(c, text)];
}

uint16_t cluster_name(struct clusters *c, const char *text, uint64_t us)
{
    size_t at = slot_of(c, text);
    if (c->slot[at] != NO_NAME)
        return c->slot[at];
    if (c->stats.names == c->settings.names) {
        c->stats.names_refused++;
        return NO_NAME;
    }
    uint16_t i = c->slot[at] = (uint16_t)c->stats.names++;
    struct name *name = &c->name[i];
    *name = (struct name){.first_us = us, .root = i, .next = i, .members = 1};
    snprintf(name->text, sizeof name->text, "%s", text);
    return i;
}

static bool name_add_client(struct name *name, uint32_t client)
{
    for (unsigned i = 0; i < name->clients; i++)
        if (name->client[i] == client)
            return false;
    if (name->clients == CLIENTS_OF_NAME)
        return false;
    name->client[name->clients++] = client;
    return true;
}

/* Of several families the one that the strongest sighting said, whichever came first. */
static bool says_family(const struct name *name, const struct cluster_news *seen)
{
    if (seen->family[0] == '\0' || strcmp(seen->family, name->family) == 0)
        return false;
    if (name->family[0] == '\0' || seen->bits != name->family_bits)
        return name->family[0] == '\0' || seen->bits > name->family_bits;
    return strcmp(seen->family, name->family) < 0;
}

/* True: more is known of the name than before. */
static bool name_see(struct name *name, const struct cluster_news *seen)
{
    bool new = seen->bits > name->bits;
    name->first_us = seen->us < name->first_us ? seen->us : name->first_us;
    name->last_us = seen->us > name->last_us ? seen->us : name->last_us;
    name->bits = new ? seen->bits : name->bits;
    if (says_family(name, seen)) {
        snprintf(name->family, sizeof name->family, "%s", seen->family);
        name->family_bits = seen->bits;
        new = true;
    } else if (strcmp(seen->family, name->family) == 0 && seen->bits > name->family_bits) {
        name->family_bits = seen->bits;
    }
    return name_add_client(name, (uint32_t)id_hash(&seen->client, sizeof seen->client, 0)) || new;
}

/* Adds to a list that has room for `most`; false: it is there, or there is none. */
static bool add_addr(struct addr *list, uint16_t *count, unsigned most, const struct addr *addr)
{
    for (unsigned i = 0; i < *count; i++)
        if (addr_eq(&list[i], addr))
            return false;
    if (*count == most)
        return false;
    list[(*count)++] = *addr;
    return true;
}

bool cluster_older(const struct name *a, const struct name *b)
{
    return a->first_us != b->first_us ? a->first_us < b->first_us : strcmp(a->text, b->text) < 0;
}

static bool formed_before(const struct name *a, const struct name *b)
{
    return a->formed_us != b->formed_us ? a->formed_us < b->formed_us : strcmp(a->id, b->id) < 0;
}

/* The cluster's id is its first name's when it forms, and stays whoever joins. */
static void form(struct name *root, const struct name *other, uint64_t us)
{
    const struct name *first = cluster_older(other, root) ? other : root;
    id_of(root->id, "cluster", first->text, strlen(first->text));
    root->formed_us = us;
}

/* The smaller's members become the larger's. */
void cluster_join(struct clusters *c, uint16_t to, uint16_t from)
{
    uint16_t i = from, next = c->name[to].next;
    do {
        c->name[i].root = to;
        i = c->name[i].next;
    } while (i != from);
    c->name[to].next = c->name[from].next;
    c->name[from].next = next;
    c->name[to].members = (uint16_t)(c->name[to].members + c->name[from].members);
}

bool cluster_unite(struct clusters *c, uint16_t a, uint16_t b, uint64_t us, char merged[static REPORT_ID])
{
    a = c->name[a].root;
    b = c->name[b].root;
    if (a == b)
        return false;
    struct name *to = &c->name[c->name[b].members > c->name[a].members ? b : a];
    struct name *from = to == &c->name[a] ? &c->name[b] : &c->name[a];
    if (is_cluster(from)) {
        bool keep = formed_before(to, from);
        snprintf(merged, REPORT_ID, "%s", keep ? from->id : to->id);
        if (!keep) {
            memcpy(to->id, from->id, sizeof to->id);
            to->formed_us = from->formed_us;
        }
        c->stats.merges++;
        c->stats.clusters--;
    } else if (!is_cluster(to)) {
        form(to, from, us);
        c->stats.clusters++;
    }
    cluster_join(c, (uint16_t)(to - c->name), (uint16_t)(from - c->name));
    return true;
}

/* Of the first suspicious name at a place others are told, and with it of the ordinary ones that were seen there. */
static void place_add(struct clusters *c, struct place *place, uint16_t name)
{
    for (unsigned i = 0; i < place->suspicious; i++)
        if (place->name[i] == name)
            return;
    if (place->suspicious == 0 && place->ordinary != 0)
        cluster_place_tell(c, place);
    if (place->suspicious < NAMES_ON_ADDRESS)
        place->name[place->suspicious++] = name;
}

/* Adds a suspicious name where it was seen, and unites it with those on the same addresses. Sets *grew where its
 * cluster did. True: something about the name was new. */
static bool put_suspicious(struct clusters *c, uint16_t i, const struct cluster_news *seen, char merged[static REPORT_ID], bool *grew)
{
    struct name *name = &c->name[i];
    bool new = name_see(name, seen);
    const struct addr alias = sighting_alias(seen->alias);
    const unsigned places = seen->addrs + (seen->alias != 0 ? 1u : 0u);
    for (unsigned k = 0; k < places; k++) {
        const bool is_addr = k < seen->addrs;
        const struct addr *at = is_addr ? &seen->addr[k] : &alias;
        struct place *place = cluster_place(c, at, seen->us);
        place_add(c, place, i);
        bool added = is_addr ? add_addr(name->addr, &name->addrs, ADDRS_OF_NAME, at) : add_addr(name->alias, &name->aliases, ALIASES_OF_NAME, at);
        *grew |= added && is_addr;
        new |= added;
        for (unsigned m = 0; cluster_place_unites(c, place) && m < place->suspicious; m++)
            *grew |= cluster_unite(c, i, place->name[m], seen->us, merged);
    }
    return new || *grew;
}

/* The news now says to which cluster the name belongs. */
static void name_news(struct clusters *c, struct name *name)
{
    const struct name *root = &c->name[name->root];
    c->has_news = true;
    name->told_us = name->last_us;
    if (is_cluster(root)) {
        memcpy(c->news.id, root->id, sizeof c->news.id);
        c->news.formed_us = root->formed_us;
    }
}

bool cluster_suspicious(struct clusters *c, const struct hit *hit, struct report *report)
{
    struct cluster_news *news = &c->news;
    char merged[REPORT_ID] = "";
    bool grew = false;
    *news = (struct cluster_news){.us = hit->us, .bits = hit->bits, .client = hit->tuple.src, .addrs = hit->addrs, .alias = hit->alias};
    snprintf(news->name, sizeof news->name, "%s", evidence_name(hit));
    snprintf(news->family, sizeof news->family, "%s", hit->family);
    memcpy(news->addr, hit->addr, sizeof news->addr);
    c->has_news = false;
    c->places_told = 0;
    uint16_t i = cluster_name(c, news->name, hit->us);
    if (i == NO_NAME)
        return false;
    if (put_suspicious(c, i, news, merged, &grew) || hit->us >= c->name[i].told_us + TELL_AGAIN_US)
        name_news(c, &c->name[i]);
    uint16_t root = c->name[i].root;
    if (!grew || !is_cluster(&c->name[root]))
        return false;
    cluster_report_fill(c, root, merged, hit->us, report);
    return true;
}

bool cluster_put_foreign(struct clusters *c, const struct cluster_news *news, struct report *report)
{
    char merged[REPORT_ID] = "";
    bool grew = false;
    c->has_news = false;
    c->places_told = 0;
    uint16_t i = cluster_name(c, news->name, news->us);
    if (i == NO_NAME)
        return false;
    put_suspicious(c, i, news, merged, &grew);
    c->name[i].told_us = c->name[i].last_us;
    struct name *root = &c->name[c->name[i].root];
    struct name theirs = {.formed_us = news->formed_us};
    memcpy(theirs.id, news->id, sizeof theirs.id);
    if (is_cluster(root) && news->id[0] != '\0' && formed_before(&theirs, root)) {
        memcpy(root->id, theirs.id, sizeof root->id);
        root->formed_us = theirs.formed_us;
    }
    if (!grew || !is_cluster(root))
        return false;
    cluster_report_fill(c, c->name[i].root, merged, news->us, report);
    return true;
}

bool cluster_news(const struct clusters *c, struct cluster_news *news)
{
    if (c->has_news)
        *news = c->news;
    return c->has_news;
}

void cluster_put_foreign_place(struct clusters *c, const struct cluster_place_news *news)
{
    c->has_news = false;
    cluster_place_add(c, &news->addr, news->us, news->ordinary);
    c->places_told = 0; /* who saw them has told everybody */
}

unsigned cluster_place_news(const struct clusters *c, const struct cluster_place_news **news)
{
    *news = c->place_news;
    return c->places_told;
}

static bool is_among(const char *text, const char *const *names, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(text, names[i]) == 0)
            return true;
    return false;
}

float cluster_company(const struct clusters *c, const char *name, const char *const *names, unsigned count, unsigned *cluster)
{
    enum { READ = 64 }; /* so far along a large cluster */
    uint16_t i = cluster_find(c, name), first = i;
    float bits = 0;
    if (i == NO_NAME)
        return 0;
    *cluster = c->name[i].root;
    for (unsigned n = 0; n < READ && (n == 0 || i != first); n++, i = c->name[i].next)
        if (c->name[i].bits > bits && !is_among(c->name[i].text, names, count))
            bits = c->name[i].bits;
    return bits;
}

void cluster_stats(const struct clusters *c, struct cluster_stats *stats)
{
    *stats = c->stats;
    stats->names_most = c->settings.names;
    stats->addresses_most = c->buckets * CLUSTER_WAYS;
}

