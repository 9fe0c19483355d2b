#include "feeds/asked.h"

#include <math.h>
#include <stdlib.h>

#include "capture/pages.h"
#include "feeds/id.h"
#include "feeds/store.h"

enum { REGISTERS = ASKED_REGISTERS, WAYS = 4 };

/* Clients that share a bucket. It is cold memory, so what a name asked for needs of all of them stands together, in three
 * lines that are known before it is known whose it is. */
struct bucket {
    _Alignas(64) struct addr addr[WAYS];
    uint64_t last_us[WAYS], first_us[WAYS]; /* last 0: a free place */
    uint8_t rank[REGISTERS][WAYS];
    uint16_t told[WAYS];           /* the sum of the registers when others were told */
};

/* One client's place. */
struct client {
    struct bucket *in;
    unsigned way;                  /* WAYS: there is none */
};

struct asked {
    uint64_t seed;
    size_t buckets;
    struct bucket *bucket;
    struct pages_parts parts;
    size_t held;                   /* places in use */
    uint64_t evicted;
};

struct asked *asked_open(size_t clients, uint64_t seed, char err[static ERRLEN])
{
    struct asked *a = calloc(1, sizeof *a);
    if (a != NULL) {
        a->seed = seed;
        a->buckets = clients / WAYS + 1;
        a->bucket = pages_open(a->buckets * sizeof *a->bucket);
    }
    if (a == NULL || a->bucket == NULL) {
        error_set(err, "no memory to count the names of %zu clients", clients);
        asked_close(a);
        return NULL;
    }
    pages_large(a->bucket, a->buckets * sizeof *a->bucket);
    pages_divide(&a->parts, a->bucket, a->buckets * sizeof *a->bucket);
    return a;
}

void asked_close(struct asked *a)
{
    if (a == NULL)
        return;
    pages_close(a->bucket, a->buckets * sizeof *a->bucket);
    free(a);
}

void asked_stats(const struct asked *a, struct table_stats *stats)
{
    *stats = (struct table_stats){a->held, a->buckets * WAYS, a->evicted};
}

static struct bucket *bucket_of(const struct asked *a, const struct addr *addr)
{
    return &a->bucket[id_place(id_hash(addr, sizeof *addr, a->seed), a->buckets)];
}

void asked_expect(const struct asked *a, const struct addr *addr, uint64_t name)
{
    const struct bucket *bucket = bucket_of(a, addr);
    __builtin_prefetch(bucket->addr);
    __builtin_prefetch(bucket->last_us, 1);
    __builtin_prefetch(bucket->rank[name % REGISTERS], 1);
}

static bool longer_unseen(const struct bucket *b, unsigned i, uint64_t last_us, const struct addr *addr)
{
    return b->last_us[i] != last_us ? b->last_us[i] < last_us : memcmp(&b->addr[i], addr, sizeof *addr) < 0;
}

static struct client find(struct bucket *bucket, const struct addr *addr)
{
    struct client found = {bucket, 0};
    while (found.way < WAYS && !(addr_eq(&found.in->addr[found.way], addr) && found.in->last_us[found.way] != 0))
        found.way++;
    return found;
}

/* The longest unseen of the bucket, or a free place. */
static unsigned oldest_of(const struct bucket *b)
{
    unsigned oldest = 0;
    for (unsigned i = 1; i < WAYS; i++)
        if (longer_unseen(b, i, b->last_us[oldest], &b->addr[oldest]))
            oldest = i;
    return oldest;
}

/* The count begins, for a new client or anew; it is not there before its last_us is. */
static void begin(struct client client, const struct addr *addr, uint64_t first_us)
{
    client.in->addr[client.way] = *addr;
    client.in->first_us[client.way] = first_us;
    client.in->last_us[client.way] = 0;
    client.in->told[client.way] = 0;
    for (unsigned i = 0; i < REGISTERS; i++)
        client.in->rank[i][client.way] = 0;
}

static struct client client_of(struct asked *a, const struct addr *addr, uint64_t us)
{
    struct bucket *bucket = bucket_of(a, addr);
    pages_look(&a->parts, bucket);
    struct client client = find(bucket, addr);
    if (client.way < WAYS && us <= client.in->first_us[client.way] + ASKED_DAYS * 86400000000ull)
        return client;
    if (client.way == WAYS) { /* else a month is over */
        client.way = oldest_of(client.in);
        bool free = client.in->last_us[client.way] == 0;
        a->held += free;
        a->evicted += !free;
    }
    begin(client, addr, us);
    return client;
}

/* Flajolet, Fusy, Gandouet, Meunier 2007: the first bits of a name's hash choose a register, which keeps the longest run
 * of zeros that the rest began with. The hash has no secret: counts are saved and told to other sensors. */
void asked_put(struct asked *a, const struct addr *addr, uint64_t name, uint64_t us)
{
    struct client client = client_of(a, addr, us);
    uint8_t *rank = &client.in->rank[name % REGISTERS][client.way], zeros = (uint8_t)(__builtin_clzll(name | REGISTERS) + 1);
    if (zeros > *rank)
        *rank = zeros;
    client.in->last_us[client.way] = us > 0 ? us : 1;
}

static double estimate(struct client client)
{
    double sum = 0, alpha = 0.709; /* the paper's constant for 64 registers */
    int empty = 0;
    for (unsigned i = 0; i < REGISTERS; i++) {
        sum += exp2(-client.in->rank[i][client.way]);
        empty += client.in->rank[i][client.way] == 0;
    }
    double count = alpha * REGISTERS * REGISTERS / sum;
    if (count <= 2.5 * REGISTERS && empty > 0)
        count = REGISTERS * log((double)REGISTERS / empty); /* few names: linear counting is better */
    return count;
}

double asked_names(const struct asked *a, const struct addr *addr)
{
    struct client client = find(bucket_of(a, addr), addr);
    return client.way < WAYS ? estimate(client) : 0;
}

/* Registers only grow, so their sum tells whether one did. */
static uint16_t sum_of(struct client client)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < REGISTERS; i++)
        sum += client.in->rank[i][client.way];
    return (uint16_t)sum;
}

/* What is known of that client, as others are told and as it is saved. */
static struct asked_news news_of(struct client client)
{
    struct asked_news news = {client.in->addr[client.way], client.in->first_us[client.way], client.in->last_us[client.way], {0}};
    for (unsigned i = 0; i < REGISTERS; i++)
        news.rank[i] = client.in->rank[i][client.way];
    return news;
}

bool asked_news(struct asked *a, const struct addr *addr, struct asked_news *news)
{
    struct client client = find(bucket_of(a, addr), addr);
    if (client.way == WAYS || sum_of(client) == client.in->told[client.way])
        return false;
    client.in->told[client.way] = sum_of(client);
    *news = news_of(client);
    return true;
}

/* Of two counts that begin more than a month apart the later stands. */
void asked_put_foreign(struct asked *a, const struct asked_news *news)
{
    const uint64_t month_us = ASKED_DAYS * 86400000000ull;
    struct client client = client_of(a, &news->client, news->first_us);
    uint64_t *first_us = &client.in->first_us[client.way], *last_us = &client.in->last_us[client.way];
    bool told = *last_us == 0 || sum_of(client) == client.in->told[client.way];
    if (*last_us != 0 && *first_us > news->first_us + month_us)
        return;
    for (unsigned i = 0; i < REGISTERS; i++)
        if (news->rank[i] > client.in->rank[i][client.way])
            client.in->rank[i][client.way] = news->rank[i];
    *first_us = news->first_us < *first_us ? news->first_us : *first_us;
    *last_us = news->last_us > *last_us ? news->last_us : *last_us > 0 ? *last_us : 1;
    if (told)
        client.in->told[client.way] = sum_of(client);
}

#define NEWS(member) offsetof(struct asked_news, member), sizeof ((struct asked_news *)0)->member

static const struct store_field news_fields[] = {
    {STORE_BYTES, NEWS(client)},
    {STORE_UINT, NEWS(first_us)},
    {STORE_UINT, NEWS(last_us)},
    {STORE_BYTES, NEWS(rank)},
};

enum { NEWS_FIELDS = sizeof news_fields / sizeof *news_fields };

void asked_news_save(const struct asked_news *news, struct store_writer *w)
{
    store_put_fields(w, news, news_fields, NEWS_FIELDS);
}

void asked_news_load(struct asked_news *news, struct store_reader *r)
{
    store_get_fields(r, news, news_fields, NEWS_FIELDS);
}

enum { VERSION = 1 };

void asked_save(const struct asked *a, struct store_writer *w)
{
    uint64_t count = 0;
    for (size_t i = 0; i < a->buckets * WAYS; i++)
        count += a->bucket[i / WAYS].last_us[i % WAYS] != 0;
    store_section(w, "asked", VERSION);
    store_put_uint(w, count);
    for (size_t i = 0; i < a->buckets * WAYS; i++) {
        struct client client = {&a->bucket[i / WAYS], i % WAYS};
        if (client.in->last_us[client.way] == 0)
            continue;
        struct asked_news saved = news_of(client);
        asked_news_save(&saved, w);
    }
}

static void load_client(struct asked *a, const struct asked_news *saved)
{
    struct client client = {bucket_of(a, &saved->client), 0};
    client.way = oldest_of(client.in);
    if (!longer_unseen(client.in, client.way, saved->last_us, &saved->client))
        return;
    a->held += client.in->last_us[client.way] == 0;
    begin(client, &saved->client, saved->first_us);
    client.in->last_us[client.way] = saved->last_us;
    for (unsigned i = 0; i < REGISTERS; i++)
        client.in->rank[i][client.way] = saved->rank[i];
}

bool asked_load(struct asked *a, struct store_reader *r)
{
    struct asked_news saved;
    if (store_find(r, "asked") != VERSION)
        return false;
    for (uint64_t count = store_get_uint(r, UINT64_MAX); count > 0 && !r->at.bad; count--) {
        asked_news_load(&saved, r);
        if (!r->at.bad)
            load_client(a, &saved);
    }
    return store_done(r);
}
