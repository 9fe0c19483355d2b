#include "feeds/evidence.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "feeds/cluster.h"
#include "feeds/evidence_table.h"
#include "feeds/id.h"
#include "feeds/incident.h"
#include "feeds/name_chance.h"

/* Evidence seen again is told to other sensors this seldom: it only slows the fading. */
#define TELL_AGAIN_US (24 * 3600000000ull)

int evidence_risk_score(float bits)
{
    return (int)(100.0f / (1.0f + exp2f(EVIDENCE_PRIOR_BITS - bits)));
}

struct evidence *evidence_open(const struct evidence_settings *settings, char err[static ERRLEN])
{
    struct evidence *e = calloc(1, sizeof *e);
    if (e == NULL) {
        error_set(err, "no memory for the evidence table");
        return NULL;
    }
    e->settings = *settings;
    e->buckets = settings->clients < EVIDENCE_WAYS ? 1 : settings->clients / EVIDENCE_WAYS;
    e->client = mmap(NULL, e->buckets * EVIDENCE_WAYS * sizeof *e->client, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (e->client == MAP_FAILED) {
        error_set(err, "no memory for the evidence of %zu clients", settings->clients);
        free(e);
        return NULL;
    }
    return e;
}

void evidence_close(struct evidence *e)
{
    if (e == NULL)
        return;
    munmap(e->client, e->buckets * EVIDENCE_WAYS * sizeof *e->client);
    free(e);
}

/* Packet time may step back a little; then nothing has faded. */
float evidence_item_bits(const struct evidence_item *item, uint64_t us)
{
    const float half_life_us = EVIDENCE_HALF_LIFE_DAYS * 86400e6f;
    uint64_t age = us > item->last_us ? us - item->last_us : 0;
    return item->bits * exp2f(-(float)age / half_life_us);
}

/* What the company is worth in which a client's names are found: addresses that few ordinary names use, shared with a name
 * the client did not ask for. A listed one there is 4 bits: one in sixteen honest look-alikes may stand where an expired
 * listed name was parked. One that is only suspicious itself is next to nothing, so that a single unlisted name stays
 * below the prior. Once a cluster: its names are not independent, and the client's own are counted already. */
#define LISTED_COMPANY_BITS 4.0f
#define COMPANY_BITS 0.9f

static float company_bits(const struct evidence *e, const struct evidence_client *client, uint64_t us)
{
    const char *names[EVIDENCE_ITEMS];
    unsigned count = 0, clusters[EVIDENCE_ITEMS], found = 0;
    float sum = 0;
    for (unsigned i = 0; e->settings.clusters != NULL && i < client->items; i++)
        if (client->item[i].cluster_name[0] != '\0')
            names[count++] = client->item[i].cluster_name;
    for (unsigned i = 0; i < client->items && count > 0; i++) {
        const struct evidence_item *item = &client->item[i];
        unsigned cluster = 0, k = 0;
        float bits = item->cluster_name[0] == '\0' ? 0 : cluster_company(e->settings.clusters, item->cluster_name, names, count, &cluster);
        while (k < found && clusters[k] != cluster)
            k++;
        if (bits == 0 || k < found)
            continue;
        clusters[found++] = cluster;
        sum += (bits >= EVIDENCE_PRIOR_BITS ? LISTED_COMPANY_BITS : COMPANY_BITS) * evidence_item_bits(item, us) / item->bits;
    }
    return sum;
}

/* The sum of what is kept. Of names that only look like the family's, a client that asks for very many has some by chance:
 * so much is taken off (feeds/name_chance.h), and nothing else. */
float evidence_client_bits(const struct evidence *e, const struct evidence_client *client, uint64_t us, double asked)
{
    float names = company_bits(e, client, us), others = 0;
    for (unsigned i = 0; i < client->items; i++)
        *(client->item[i].kind == HIT_DOMAIN ? &names : &others) += evidence_item_bits(&client->item[i], us);
    names -= name_chance_bits(asked);
    return others + (names > 0 ? names : 0);
}

struct evidence_client *evidence_bucket(const struct evidence *e, const struct addr *addr)
{
    return &e->client[id_hash(addr, sizeof *addr, e->settings.seed) % e->buckets * EVIDENCE_WAYS];
}

/* The least certain of a bucket: a free place, then the fewest bits, the longest unseen, the lower address. What a table
 * holds does not depend on where in a bucket it lies, so a table that was saved and loaded goes on as it would have. */
static bool less_certain(const struct evidence *e, const struct evidence_client *a, const struct evidence_client *b, uint64_t us)
{
    float x = a->used ? evidence_client_bits(e, a, us, 0) : -1, y = b->used ? evidence_client_bits(e, b, us, 0) : -1;
    if (x != y)
        return x < y;
    return a->last_us != b->last_us ? a->last_us < b->last_us : memcmp(&a->addr, &b->addr, sizeof a->addr) < 0;
}

/* The client's record, or a new one in place of the least certain of its bucket. */
static struct evidence_client *client_of(struct evidence *e, const struct addr *addr, const char *first_id, uint64_t us)
{
    struct evidence_client *bucket = evidence_bucket(e, addr), *victim = bucket;
    for (unsigned i = 0; i < EVIDENCE_WAYS; i++) {
        if (bucket[i].used && addr_eq(&bucket[i].addr, addr))
            return &bucket[i];
        if (less_certain(e, &bucket[i], victim, us))
            victim = &bucket[i];
    }
    if (victim->used)
        e->stats.forgotten++;
    else
        e->stats.clients++;
    memset(victim, 0, offsetof(struct evidence_client, item));
    victim->addr = *addr;
    victim->used = true;
    victim->first_us = us;
    snprintf(victim->first_id, sizeof victim->first_id, "%s", first_id);
    return victim;
}

static enum stage stage_of(const struct hit *hit)
{
    switch (hit->kind) {
    case HIT_BEACON: return STAGE_BEACON;
    case HIT_PAYLOAD: return STAGE_PAYLOAD;
    case HIT_INDICATOR: return hit->indicator.type == INDICATOR_FILE ? STAGE_PAYLOAD : STAGE_LOOKUP;
    case HIT_DOMAIN:
    case HIT_SIGHTING: break;
    }
    return STAGE_LOOKUP;
}

const char *evidence_name(const struct hit *hit)
{
    if (hit->kind == HIT_DOMAIN)
        return hit->subject;
    return hit->kind == HIT_INDICATOR && hit->indicator.type == INDICATOR_DOMAIN ? hit->indicator.indicator : "";
}

/* A name that the letters give away and that is listed too is one name: both are keyed by the name, and the stronger
 * counts. A beacon is keyed by its shape and host, so that the same POST every twelve hours adds once. The hash has no
 * secret: the key must be the same on every sensor, and who makes two of one client's keys equal loses only his own. */
static uint64_t key_of(const struct hit *hit)
{
    char key[2 * HIT_NAME + 32];
    if (evidence_name(hit)[0] != '\0')
        snprintf(key, sizeof key, "name %s", evidence_name(hit));
    else if (hit->kind == HIT_BEACON && strncmp(hit->subject, "periodic ", 9) == 0)
        snprintf(key, sizeof key, "%s", hit->subject); /* a name's schedule and its requests' are one */
    else if (hit->kind == HIT_BEACON)
        snprintf(key, sizeof key, "beacon %s %s", hit->beacon.shape, hit->name);
    else
        snprintf(key, sizeof key, "%d %s", (int)hit->kind, hit->subject);
    return id_hash(key, strlen(key), 0);
}

static void item_of(struct evidence_item *item, const struct hit *hit, const char *id)
{
    *item = (struct evidence_item){
        .key = key_of(hit),
        .first_us = hit->us,
        .last_us = hit->us,
        .us = hit->us,
        .bits = hit->bits,
        .count = 1,
        .kind = hit->kind,
        .stage = stage_of(hit),
        .server = hit->tuple.dst,
        .has_server = hit->seen != SEEN_DNS, /* a look-up goes to a resolver, which is nobody's server */
    };
    snprintf(item->what, sizeof item->what, "%s", hit->why);
    snprintf(item->name, sizeof item->name, "%s", hit->name);
    snprintf(item->family, sizeof item->family, "%s", hit->family);
    snprintf(item->cluster_name, sizeof item->cluster_name, "%s", evidence_name(hit));
    memcpy(item->technique, hit->technique, sizeof item->technique);
    snprintf(item->id, sizeof item->id, "%s", id);
}

/* Of two sightings of the same, the one that is told: the same whichever came first. */
static bool tells_more(const struct evidence_item *a, const struct evidence_item *b)
{
    if (a->bits != b->bits)
        return a->bits > b->bits;
    return a->us != b->us ? a->us < b->us : strcmp(a->id, b->id) < 0;
}

/* Two records of the same evidence become one. Nothing adds up twice: sums of bits are over different evidence only. */
static void join(struct evidence_item *item, const struct evidence_item *other)
{
    struct evidence_item old = *item;
    if (tells_more(other, item))
        *item = *other;
    item->first_us = old.first_us < other->first_us ? old.first_us : other->first_us;
    item->last_us = old.last_us > other->last_us ? old.last_us : other->last_us;
    item->count = old.count;
    item->told_us = old.told_us;
}

/* The item of that key after the new one was joined to it; NULL where everything kept is stronger. */
static struct evidence_item *item_put(struct evidence *e, struct evidence_client *client, const struct evidence_item *new)
{
    struct evidence_item *weakest = &client->item[0];
    for (unsigned i = 0; i < client->items; i++) {
        if (client->item[i].key == new->key) {
            join(&client->item[i], new);
            return &client->item[i];
        }
        if (evidence_item_bits(&client->item[i], new->last_us) < evidence_item_bits(weakest, new->last_us))
            weakest = &client->item[i];
    }
    if (client->items < EVIDENCE_ITEMS)
        weakest = &client->item[client->items++];
    else if (e->stats.items_dropped++, evidence_item_bits(weakest, new->last_us) >= new->bits)
        return NULL;
    *weakest = *new;
    weakest->count = 0;
    return weakest;
}

/* True: the client's incident is due, at that stage. */
static bool judge(struct evidence *e, struct evidence_client *client, enum stage stage, double asked, uint64_t us, struct report *report)
{
    float bits = evidence_client_bits(e, client, us, asked);
    bool due = evidence_risk_score(bits) >= e->settings.threshold && (!client->reported || stage > client->stage);
    client->stage = stage > client->stage ? stage : client->stage;
    if (!due)
        return false;
    client->reported = true;
    e->stats.incidents++;
    incident_fill(&e->incident[e->turn ^= 1], client, bits, asked > NAME_CHANCE_HOST, us, report);
    return true;
}

static enum stage stage_with(const struct evidence_item *item)
{
    return item->bits >= EVIDENCE_STAGE_BITS ? item->stage : STAGE_LOOKUP;
}

/* The one way in: of this sensor's sightings, and of other sensors'. */
static struct evidence_item *add(struct evidence *e, struct evidence_client *client, const struct evidence_item *new)
{
    struct evidence_item *item = item_put(e, client, new);
    client->last_us = new->last_us > client->last_us ? new->last_us : client->last_us;
    e->last_us = new->last_us > e->last_us ? new->last_us : e->last_us;
    return item;
}

bool evidence_put(struct evidence *e, const struct hit *hit, const char *id, double asked, struct report *report)
{
    assert(hit->kind != HIT_SIGHTING);
    struct evidence_item new;
    struct evidence_client *client = client_of(e, &hit->tuple.src, id, hit->us);
    item_of(&new, hit, id);
    struct evidence_item *item = add(e, client, &new);
    e->news = NULL;
    if (item == NULL)
        return false;
    item->count++;
    if (item->told_us == 0 || item->us == new.us || item->last_us >= item->told_us + TELL_AGAIN_US) {
        item->told_us = item->last_us;
        e->news = item;
        e->news_client = client;
    }
    return judge(e, client, stage_with(item), asked, hit->us, report);
}

/* The earliest first evidence names the incident, but a document that was written has its name for good. */
static void join_incident(struct evidence_client *client, const struct evidence_news *news)
{
    bool earlier = news->first_us != client->first_us ? news->first_us < client->first_us : strcmp(news->first_id, client->first_id) < 0;
    if (news->reported != client->reported ? news->reported : earlier) {
        client->first_us = news->first_us;
        memcpy(client->first_id, news->first_id, sizeof client->first_id);
    }
    client->reported |= news->reported;
    if (news->reported && news->stage > client->stage)
        client->stage = news->stage;
}

bool evidence_put_foreign(struct evidence *e, const struct evidence_news *news, double asked, struct report *report)
{
    struct evidence_client *client = client_of(e, &news->client, news->first_id, news->first_us);
    join_incident(client, news);
    struct evidence_item *item = add(e, client, &news->item);
    e->news = NULL;
    if (item == NULL)
        return false;
    item->count = news->item.count > item->count ? news->item.count : item->count;
    item->told_us = item->last_us;
    return judge(e, client, stage_with(item), asked, news->item.last_us, report);
}

bool evidence_news(const struct evidence *e, struct evidence_news *news)
{
    if (e->news == NULL)
        return false;
    const struct evidence_client *client = e->news_client;
    *news = (struct evidence_news){client->addr, .first_us = client->first_us, .reported = client->reported, .stage = client->stage, .item = *e->news};
    memcpy(news->first_id, client->first_id, sizeof news->first_id);
    return true;
}

static bool asked_for(const struct evidence *e, const struct evidence_client *client, unsigned cluster)
{
    for (unsigned i = 0; i < client->items; i++) {
        unsigned its = 0;
        const char *name = client->item[i].cluster_name;
        if (name[0] != '\0' && cluster_company(e->settings.clusters, name, NULL, 0, &its) > 0 && its == cluster)
            return true;
    }
    return false;
}

const struct addr *evidence_waiting(const struct evidence *e, const char *name, const struct addr *after)
{
    const struct addr *first = NULL;
    unsigned cluster = 0;
    if (e->settings.clusters == NULL || cluster_company(e->settings.clusters, name, NULL, 0, &cluster) == 0)
        return NULL;
    for (size_t i = 0; i < e->buckets * EVIDENCE_WAYS; i++) {
        const struct evidence_client *client = &e->client[i];
        if (!client->used || client->reported || (after != NULL && memcmp(&client->addr, after, sizeof *after) <= 0) ||
            (first != NULL && memcmp(&client->addr, first, sizeof *first) >= 0))
            continue;
        if (asked_for(e, client, cluster))
            first = &client->addr;
    }
    return first;
}

static struct evidence_client *find(const struct evidence *e, const struct addr *addr)
{
    struct evidence_client *bucket = evidence_bucket(e, addr);
    for (unsigned i = 0; i < EVIDENCE_WAYS; i++)
        if (bucket[i].used && addr_eq(&bucket[i].addr, addr))
            return &bucket[i];
    return NULL;
}

bool evidence_review(struct evidence *e, const struct addr *addr, double asked, uint64_t us, struct report *report)
{
    struct evidence_client *client = find(e, addr);
    return client != NULL && judge(e, client, client->stage, asked, us, report);
}

bool evidence_tell(struct evidence *e, const struct addr *addr, double asked, struct report *report)
{
    const struct evidence_client *client = find(e, addr);
    if (client == NULL || !client->reported)
        return false;
    incident_fill(&e->incident[e->turn ^= 1], client, evidence_client_bits(e, client, e->last_us, asked), asked > NAME_CHANCE_HOST,
                  client->last_us, report);
    return true;
}

void evidence_stats(const struct evidence *e, struct evidence_stats *stats)
{
    *stats = e->stats;
    stats->clients_most = e->buckets * EVIDENCE_WAYS;
}
