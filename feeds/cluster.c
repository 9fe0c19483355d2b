#include "feeds/cluster.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "feeds/evidence.h"
#include "feeds/id.h"

enum {
    WAYS = 4,              /* addresses that share a bucket */
    NAMES_ON_ADDRESS = 8,  /* suspicious names remembered of one address; the rest are united through them */
    ADDRS_OF_NAME = 8,
    CLIENTS = 32,          /* different clients counted of one name */
    NONE = UINT16_MAX,
    NAME_MAX_COUNT = 60000
};

/* More bits than this say nothing more: the names of a cluster are not independent of each other. */
#define BITS_MAX 30.0f

/* An address and who was seen on it: ordinary names as a bitmap of 64 hash values (linear counting), suspicious by index. */
struct place {
    struct addr addr;
    uint64_t last_us, ordinary;
    uint16_t suspicious, name[NAMES_ON_ADDRESS];
};

struct name {
    char text[HIT_NAME], family[16];
    float bits;
    uint64_t first_us, last_us;
    uint16_t parent, next;           /* union-find; ring of the cluster's members */
    uint16_t addrs, clients;
    struct addr addr[ADDRS_OF_NAME];
    uint32_t client[CLIENTS];
};

struct clusters {
    struct cluster_settings settings;
    struct place *place;
    size_t buckets;
    struct name *name;
    uint16_t *slot;                  /* hash → index into name, NONE where free */
    size_t slots;
    struct cluster_stats stats;
    struct cluster_report report;
};

struct clusters *cluster_open(const struct cluster_settings *settings, char err[static ERRLEN])
{
    struct clusters *c = calloc(1, sizeof *c);
    if (c == NULL) {
        error_set(err, "no memory for the clusters");
        return NULL;
    }
    c->settings = *settings;
    if (c->settings.names > NAME_MAX_COUNT)
        c->settings.names = NAME_MAX_COUNT;
    c->buckets = settings->addresses / WAYS + 1;
    c->slots = c->settings.names * 2 + 1;
    c->place = calloc(c->buckets * WAYS, sizeof *c->place);
    c->name = calloc(c->settings.names, sizeof *c->name);
    c->slot = malloc(c->slots * sizeof *c->slot);
    if (c->place == NULL || c->name == NULL || c->slot == NULL) {
        error_set(err, "no memory for clusters of %zu names on %zu addresses", c->settings.names, settings->addresses);
        cluster_close(c);
        return NULL;
    }
    for (size_t i = 0; i < c->slots; i++)
        c->slot[i] = NONE;
    return c;
}

void cluster_close(struct clusters *c)
{
    if (c == NULL)
        return;
    free(c->place);
    free(c->name);
    free(c->slot);
    free(c);
}

/* The address's place, or a new one: in a full bucket the one longest unseen goes, one without suspicious names first. */
static struct place *place_of(struct clusters *c, const struct addr *addr, uint64_t us)
{
    struct place *bucket = &c->place[id_hash(addr, sizeof *addr, c->settings.seed) % c->buckets * WAYS], *victim = bucket;
    for (unsigned i = 0; i < WAYS; i++) {
        struct place *place = &bucket[i];
        if (place->last_us != 0 && addr_eq(&place->addr, addr)) {
            place->last_us = us;
            return place;
        }
        bool weaker = (place->suspicious > 0) < (victim->suspicious > 0);
        bool as_weak = (place->suspicious > 0) == (victim->suspicious > 0);
        if (weaker || (as_weak && place->last_us < victim->last_us))
            victim = place;
    }
    c->stats.addresses_forgotten += victim->last_us != 0;
    *victim = (struct place){.addr = *addr, .last_us = us > 0 ? us : 1};
    return victim;
}

/* Linear counting (Whang, Vander-Zanden, Taylor 1990): good to a few names, which is where the decision falls. */
static double ordinary_names(const struct place *place)
{
    int set = __builtin_popcountll(place->ordinary);
    return set == 64 ? 300 : -64 * log(1 - set / 64.0);
}

void cluster_ordinary(struct clusters *c, const struct hit *sighting)
{
    uint64_t hash = id_hash(sighting->name, strlen(sighting->name), c->settings.seed);
    for (unsigned i = 0; i < sighting->addrs; i++)
        place_of(c, &sighting->addr[i], sighting->us)->ordinary |= 1ull << (hash >> 58);
}

static uint16_t root_of(struct clusters *c, uint16_t i)
{
    while (c->name[i].parent != i)
        i = c->name[i].parent = c->name[c->name[i].parent].parent;
    return i;
}

/* The name's index, NONE where the table is full. */
static uint16_t name_of(struct clusters *c, const char *text, const struct hit *hit)
{
    size_t at = id_hash(text, strlen(text), c->settings.seed) % c->slots;
    for (; c->slot[at] != NONE; at = (at + 1) % c->slots)
        if (strcmp(c->name[c->slot[at]].text, text) == 0)
            return c->slot[at];
    if (c->stats.names == c->settings.names) {
        c->stats.names_refused++;
        return NONE;
    }
    uint16_t i = c->slot[at] = (uint16_t)c->stats.names++;
    struct name *name = &c->name[i];
    snprintf(name->text, sizeof name->text, "%s", text);
    name->first_us = hit->us;
    name->parent = name->next = i;
    return i;
}

static void name_see(struct clusters *c, struct name *name, const struct hit *hit)
{
    uint32_t client = (uint32_t)id_hash(&hit->tuple.src, sizeof hit->tuple.src, c->settings.seed);
    unsigned i = 0;
    name->last_us = hit->us > name->last_us ? hit->us : name->last_us;
    name->bits = hit->bits > name->bits ? hit->bits : name->bits;
    if (hit->family[0] != '\0')
        snprintf(name->family, sizeof name->family, "%s", hit->family);
    while (i < name->clients && name->client[i] != client)
        i++;
    if (i == name->clients && i < CLIENTS)
        name->client[name->clients++] = client;
}

static bool name_add_addr(struct name *name, const struct addr *addr)
{
    for (unsigned i = 0; i < name->addrs; i++)
        if (addr_eq(&name->addr[i], addr))
            return false;
    if (name->addrs == ADDRS_OF_NAME)
        return false;
    name->addr[name->addrs++] = *addr;
    return true;
}

/* Two become one, under the root of the older; the rings of members are joined. Where both were clusters already,
 * *merged is the root of the one that lost its id. False: they were one. */
static bool unite(struct clusters *c, uint16_t a, uint16_t b, uint16_t *merged)
{
    a = root_of(c, a);
    b = root_of(c, b);
    if (a == b)
        return false;
    if (c->name[b].first_us < c->name[a].first_us || (c->name[b].first_us == c->name[a].first_us && b < a)) {
        uint16_t other = a;
        a = b;
        b = other;
    }
    bool a_cluster = c->name[a].next != a, b_cluster = c->name[b].next != b;
    uint16_t next = c->name[a].next;
    c->name[a].next = c->name[b].next;
    c->name[b].next = next;
    c->name[b].parent = a;
    c->stats.clusters += !a_cluster && !b_cluster;
    if (a_cluster && b_cluster) {
        c->stats.merges++;
        c->stats.clusters--;
        *merged = b;
    }
    return true;
}

static void place_add(struct place *place, uint16_t name)
{
    for (unsigned i = 0; i < place->suspicious; i++)
        if (place->name[i] == name)
            return;
    if (place->suspicious < NAMES_ON_ADDRESS)
        place->name[place->suspicious++] = name;
}

static void cluster_id(const struct clusters *c, uint16_t root, char out[static REPORT_ID])
{
    id_of(out, "cluster", c->name[root].text, strlen(c->name[root].text));
}

static void add_ip(struct cluster_report *report, const struct addr *addr)
{
    for (unsigned i = 0; i < report->ip_count; i++)
        if (addr_eq(&report->ips[i], addr))
            return;
    if (report->ip_count < REPORT_LIST)
        report->ips[report->ip_count++] = *addr;
}

static void add_family(struct cluster_report *report, const char *family)
{
    for (unsigned i = 0; i < report->family_count; i++)
        if (strcmp(report->families[i], family) == 0)
            return;
    if (family[0] != '\0' && report->family_count < 4)
        snprintf(report->families[report->family_count++], sizeof *report->families, "%s", family);
}

/* Members come in the ring's order; the count of clients unites their hashes, as far as the list goes. */
static float report_members(struct clusters *c, uint16_t root)
{
    struct cluster_report *report = &c->report;
    uint32_t clients[CLIENTS * 4];
    float bits = 0;
    uint16_t i = root;
    do {
        const struct name *name = &c->name[i];
        if (report->domain_count < REPORT_LIST)
            snprintf(report->domains[report->domain_count++], HIT_NAME, "%s", name->text);
        for (unsigned k = 0; k < name->addrs; k++)
            add_ip(report, &name->addr[k]);
        add_family(report, name->family);
        for (unsigned k = 0; k < name->clients; k++) {
            unsigned m = 0;
            while (m < report->clients && clients[m] != name->client[k])
                m++;
            if (m == report->clients && m < CLIENTS * 4)
                clients[report->clients++] = name->client[k];
        }
        bits += name->bits;
        report->first_us = name->first_us < report->first_us ? name->first_us : report->first_us;
        report->last_us = name->last_us > report->last_us ? name->last_us : report->last_us;
        i = name->next;
    } while (i != root);
    return bits < BITS_MAX ? bits : BITS_MAX;
}

static void report_fill(struct clusters *c, uint16_t root, uint16_t merged, uint64_t us, struct report *out)
{
    struct cluster_report *report = &c->report;
    char key[REPORT_ID + 32], families[80] = "";
    memset(report, 0, sizeof *report);
    report->first_us = UINT64_MAX;
    cluster_id(c, root, report->id);
    if (merged != NONE)
        cluster_id(c, merged, report->merged);
    out->kind = REPORT_CLUSTER;
    out->us = us;
    out->tuple = (struct tuple){0};
    out->bits = report_members(c, root);
    out->risk_score = evidence_risk_score(out->bits);
    out->hit = NULL;
    out->incident = NULL;
    out->cluster = report;
    for (unsigned i = 0; i < report->family_count; i++)
        snprintf(families + strlen(families), sizeof families - strlen(families), "%s%s", i > 0 ? ", " : " of ", report->families[i]);
    snprintf(out->reason, sizeof out->reason, "%u suspicious names%s share %u address%s that few ordinary names use",
             report->domain_count, families, report->ip_count, report->ip_count == 1 ? "" : "es");
    int len = snprintf(key, sizeof key, "%s %u %u", report->id, report->domain_count, report->ip_count);
    id_of(out->id, "cluster", key, (size_t)len);
}

bool cluster_suspicious(struct clusters *c, const struct hit *hit, struct report *report)
{
    const char *text = hit->kind == HIT_INDICATOR ? hit->indicator.indicator : hit->domain.registered;
    uint16_t i = name_of(c, text, hit), merged = NONE;
    if (i == NONE)
        return false;
    bool grew = false;
    name_see(c, &c->name[i], hit);
    for (unsigned k = 0; k < hit->addrs; k++) {
        struct place *place = place_of(c, &hit->addr[k], hit->us);
        place_add(place, i);
        grew |= name_add_addr(&c->name[i], &hit->addr[k]);
        if (place->suspicious < 2 || ordinary_names(place) > place->suspicious)
            continue;
        for (unsigned m = 0; m < place->suspicious; m++)
            grew |= unite(c, i, place->name[m], &merged);
    }
    uint16_t root = root_of(c, i);
    if (!grew || c->name[root].next == root)
        return false;
    report_fill(c, root, merged, hit->us, report);
    return true;
}

void cluster_add_as(struct clusters *c, uint32_t asn)
{
    struct cluster_report *report = &c->report;
    for (unsigned i = 0; i < report->as_count; i++)
        if (report->as[i] == asn)
            return;
    if (asn != 0 && report->as_count < sizeof report->as / sizeof *report->as)
        report->as[report->as_count++] = asn;
}

void cluster_stats(const struct clusters *c, struct cluster_stats *stats)
{
    *stats = c->stats;
}
