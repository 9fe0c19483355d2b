#include "feeds/evidence.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "feeds/id.h"
#include "feeds/name_chance.h"

enum {
    ITEMS = REPORT_LIST,   /* different pieces of evidence kept of one client */
    WHAT = 256,
    STAGE_BITS = 5         /* an item this strong moves the stage: a plain program download (2 bits) does not */
};

/* One piece of evidence: everything the incident's timeline says of it. */
struct item {
    uint64_t key;              /* of what makes it the same evidence again */
    uint64_t first_us, last_us;
    float bits;
    uint32_t count;
    enum hit_kind kind;
    enum stage stage;
    char what[WHAT], name[HIT_NAME], family[16], technique[4][12], id[REPORT_ID];
    struct addr server;
    bool has_server;
};

struct client {
    struct addr addr;
    bool used, reported;
    enum stage stage;          /* of the last incident document */
    uint64_t first_us, last_us;
    char first_id[REPORT_ID], incident_id[REPORT_ID]; /* first_id: of the first evidence there was */
    unsigned items;
    struct item item[ITEMS];
};

struct evidence {
    struct evidence_settings settings;
    struct client *client;     /* open addressing, a few steps; one mapping, touched as clients come */
    size_t slots;
    struct evidence_stats stats;
    struct incident_report incident;
};

enum { PROBES = 8 };

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
    e->slots = settings->clients < PROBES ? PROBES : settings->clients;
    e->client = mmap(NULL, e->slots * sizeof *e->client, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (e->client == MAP_FAILED) {
        error_set(err, "no memory for the evidence of %zu clients", e->slots);
        free(e);
        return NULL;
    }
    return e;
}

void evidence_close(struct evidence *e)
{
    if (e == NULL)
        return;
    munmap(e->client, e->slots * sizeof *e->client);
    free(e);
}

/* Bits that an item still has at a time. Packet time may step back a little; then nothing has faded. */
static float item_bits(const struct item *item, uint64_t us)
{
    const float half_life_us = EVIDENCE_HALF_LIFE_DAYS * 86400e6f;
    uint64_t age = us > item->last_us ? us - item->last_us : 0;
    return item->bits * exp2f(-(float)age / half_life_us);
}

/* The sum of what is kept. Of names that only look like the family's, a client that asks for very many has some by chance:
 * so much is taken off (feeds/name_chance.h), and nothing else. */
static float client_bits(const struct client *client, uint64_t us, double asked)
{
    float names = 0, others = 0;
    for (unsigned i = 0; i < client->items; i++)
        *(client->item[i].kind == HIT_DOMAIN ? &names : &others) += item_bits(&client->item[i], us);
    names -= name_chance_bits(asked);
    return others + (names > 0 ? names : 0);
}

/* The client's record, or a new one in place of the least certain of the few that share its slots. */
static struct client *client_of(struct evidence *e, const struct addr *addr, uint64_t us)
{
    size_t start = id_hash(addr, sizeof *addr, e->settings.seed) % e->slots;
    struct client *victim = NULL;
    float least = INFINITY;
    for (unsigned i = 0; i < PROBES; i++) {
        struct client *client = &e->client[(start + i) % e->slots];
        float bits = client->used ? client_bits(client, us, 0) : -1;
        if (client->used && addr_eq(&client->addr, addr))
            return client;
        if (bits < least) {
            victim = client;
            least = bits;
        }
    }
    if (victim->used)
        e->stats.forgotten++;
    else
        e->stats.clients++;
    memset(victim, 0, offsetof(struct client, item));
    victim->addr = *addr;
    victim->used = true;
    victim->first_us = us;
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

/* A name that the letters give away and that is listed too is one name: both are keyed by the name, and the stronger
 * counts. A beacon is keyed by its shape and host, so that the same POST every twelve hours adds once. */
static uint64_t key_of(const struct evidence *e, const struct hit *hit)
{
    char key[2 * HIT_NAME + 32];
    if (hit->kind == HIT_DOMAIN)
        snprintf(key, sizeof key, "name %s", hit->subject);
    else if (hit->kind == HIT_INDICATOR && hit->indicator.type == INDICATOR_DOMAIN)
        snprintf(key, sizeof key, "name %s", hit->indicator.indicator);
    else if (hit->kind == HIT_BEACON)
        snprintf(key, sizeof key, "beacon %s %s", hit->beacon.shape, hit->name);
    else
        snprintf(key, sizeof key, "%d %s", (int)hit->kind, hit->subject);
    return id_hash(key, strlen(key), e->settings.seed);
}

/* The item of that key, a new one, the weakest's place, or NULL where everything kept is stronger. */
static struct item *item_of(struct evidence *e, struct client *client, uint64_t key, const struct hit *hit)
{
    struct item *weakest = &client->item[0];
    for (unsigned i = 0; i < client->items; i++) {
        if (client->item[i].key == key)
            return &client->item[i];
        if (item_bits(&client->item[i], hit->us) < item_bits(weakest, hit->us))
            weakest = &client->item[i];
    }
    if (client->items < ITEMS)
        weakest = &client->item[client->items++];
    else if (e->stats.items_dropped++, item_bits(weakest, hit->us) >= hit->bits)
        return NULL;
    *weakest = (struct item){.key = key, .first_us = hit->us};
    return weakest;
}

static void item_set(struct item *item, const struct hit *hit, const char *id)
{
    item->last_us = hit->us > item->last_us ? hit->us : item->last_us;
    item->count++;
    if (item->count > 1 && hit->bits <= item->bits)
        return;
    item->bits = hit->bits;
    item->kind = hit->kind;
    item->stage = stage_of(hit);
    snprintf(item->what, sizeof item->what, "%s", hit->why);
    snprintf(item->name, sizeof item->name, "%s", hit->name);
    snprintf(item->family, sizeof item->family, "%s", hit->family);
    memcpy(item->technique, hit->technique, sizeof item->technique);
    snprintf(item->id, sizeof item->id, "%s", id);
    /* A look-up goes to a resolver, which is nobody's server. */
    item->has_server = hit->seen != SEEN_DNS;
    item->server = hit->tuple.dst;
}

static const char *kind_word(enum hit_kind kind)
{
    static const char *const words[] = {"sighting", "domain", "beacon", "payload", "ioc"};
    return words[kind];
}

static void add_text(char *list, size_t width, size_t max, uint16_t *count, const char *text)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(list + i * width, text) == 0)
            return;
    if (*count < max && text[0] != '\0')
        snprintf(list + (*count)++ * width, width, "%s", text);
}

static void add_server(struct incident_report *incident, const struct addr *server)
{
    for (size_t i = 0; i < incident->server_count; i++)
        if (addr_eq(&incident->servers[i], server))
            return;
    if (incident->server_count < REPORT_LIST)
        incident->servers[incident->server_count++] = *server;
}

static int by_first_time(const void *a, const void *b)
{
    const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;
    return x->first_us < y->first_us ? -1 : x->first_us > y->first_us;
}

static void add_item(struct incident_report *incident, const struct item *item)
{
    char when[32];
    time_t seconds = (time_t)(item->first_us / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &utc);
    size_t n = incident->evidence_count++;
    int len = snprintf(incident->evidence[n], sizeof *incident->evidence, "%s %s, %.1f bits: %s", when, kind_word(item->kind),
                       (double)item->bits, item->what);
    if (item->count > 1 && len < (int)sizeof *incident->evidence)
        snprintf(incident->evidence[n] + len, sizeof *incident->evidence - (size_t)len, " (%u times)", item->count);
    snprintf(incident->evidence_ids[n], REPORT_ID, "%s", item->id);
    add_text(incident->names[0], sizeof *incident->names, REPORT_LIST, &incident->name_count, item->name);
    add_text(incident->families[0], sizeof *incident->families, 4, &incident->family_count, item->family);
    for (int i = 0; i < 4; i++)
        add_text(incident->techniques[0], sizeof *incident->techniques, 16, &incident->technique_count, item->technique[i]);
    if (item->has_server)
        add_server(incident, &item->server);
}

static void put_count(char *out, size_t size, unsigned count, const char *one, const char *many)
{
    size_t len = strlen(out);
    if (count > 0)
        snprintf(out + len, size - len, "%s%u %s", len > 0 ? ", " : "", count, count == 1 ? one : many);
}

/* One sentence: who, how sure, on what grounds. */
static void put_reason(struct report *report, const struct client *client)
{
    unsigned names = 0, requests = 0, programs = 0, others = 0;
    char address[ADDR_TEXT], grounds[192] = "", families[96] = "";
    for (unsigned i = 0; i < client->items; i++) {
        const struct item *item = &client->item[i];
        names += item->kind == HIT_DOMAIN || (item->kind == HIT_INDICATOR && item->name[0] != '\0' && item->stage == STAGE_LOOKUP);
        requests += item->kind == HIT_BEACON;
        programs += item->kind == HIT_PAYLOAD && item->bits >= STAGE_BITS;
    }
    others = client->items - (names + requests + programs);
    put_count(grounds, sizeof grounds, names, "suspicious name", "suspicious names");
    put_count(grounds, sizeof grounds, requests, "kind of beacon", "kinds of beacon");
    put_count(grounds, sizeof grounds, programs, "hidden program", "hidden programs");
    put_count(grounds, sizeof grounds, others, "lesser sign", "lesser signs");
    for (unsigned i = 0; i < report->incident->family_count; i++)
        snprintf(families + strlen(families), sizeof families - strlen(families), "%s%s", i > 0 ? ", " : "", report->incident->families[i]);
    snprintf(report->reason, sizeof report->reason, "%s shows the marks of %s: %s; %.1f bits of evidence against a prior of %.0f",
             addr_format(&client->addr, address), families[0] != '\0' ? families : "adware", grounds, (double)report->bits,
             (double)EVIDENCE_PRIOR_BITS);
}

static void incident_fill(struct evidence *e, const struct client *client, bool aggregator)
{
    const struct item *order[ITEMS];
    struct incident_report *incident = &e->incident;
    memset(incident, 0, sizeof *incident);
    snprintf(incident->id, sizeof incident->id, "%s", client->incident_id);
    incident->stage = client->stage;
    incident->first_us = client->first_us;
    incident->last_us = client->last_us;
    incident->aggregator = aggregator;
    for (unsigned i = 0; i < client->items; i++)
        order[i] = &client->item[i];
    qsort(order, client->items, sizeof *order, by_first_time);
    for (unsigned i = 0; i < client->items; i++)
        add_item(incident, order[i]);
}

/* The document's id follows from the incident's and the stage: told again after a replay, it is the same. */
static void report_fill(struct evidence *e, const struct client *client, float bits, uint64_t us, struct report *report)
{
    char key[REPORT_ID + 16];
    snprintf(key, sizeof key, "%s %d", client->incident_id, (int)client->stage);
    report->kind = REPORT_INCIDENT;
    report->us = us;
    report->tuple = (struct tuple){.src = client->addr};
    report->bits = bits;
    report->risk_score = evidence_risk_score(bits);
    report->hit = NULL;
    report->cluster = NULL;
    report->incident = &e->incident;
    id_of(report->id, "incident", key, strlen(key));
    put_reason(report, client);
}

/* An incident's id: its client and its first evidence, by that one's id. */
static void incident_name(struct client *client)
{
    char key[ADDR_TEXT + REPORT_ID], address[ADDR_TEXT];
    int len = snprintf(key, sizeof key, "%s %s", addr_format(&client->addr, address), client->first_id);
    id_of(client->incident_id, "client", key, (size_t)len);
}

bool evidence_put(struct evidence *e, const struct hit *hit, const char *id, double asked, struct report *report)
{
    assert(hit->kind != HIT_SIGHTING);
    struct client *client = client_of(e, &hit->tuple.src, hit->us);
    if (client->items == 0)
        snprintf(client->first_id, sizeof client->first_id, "%s", id);
    struct item *item = item_of(e, client, key_of(e, hit), hit);
    if (item == NULL)
        return false;
    item_set(item, hit, id);
    client->last_us = hit->us > client->last_us ? hit->us : client->last_us;
    float bits = client_bits(client, hit->us, asked);
    enum stage stage = item->bits >= STAGE_BITS && item->stage > client->stage ? item->stage : client->stage;
    bool due = evidence_risk_score(bits) >= e->settings.threshold && (!client->reported || stage > client->stage);
    client->stage = stage;
    if (!due)
        return false;
    if (!client->reported)
        incident_name(client);
    client->reported = true;
    e->stats.incidents++;
    incident_fill(e, client, asked > NAME_CHANCE_HOST);
    report_fill(e, client, bits, hit->us, report);
    return true;
}

void evidence_stats(const struct evidence *e, struct evidence_stats *stats)
{
    *stats = e->stats;
}
