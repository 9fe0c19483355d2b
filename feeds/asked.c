#include "feeds/asked.h"

#include <math.h>
#include <stdlib.h>

#include "capture/pages.h"
#include "feeds/id.h"
#include "feeds/store.h"

enum { REGISTERS = ASKED_REGISTERS, WAYS = 4 };

struct client {
    struct addr addr;
    uint64_t first_us, last_us;    /* last 0: a free place */
    uint8_t rank[REGISTERS];
    unsigned told;                 /* the sum of the registers when others were told */
};

struct asked {
    uint64_t seed;
    size_t buckets;
    struct client *client;
};

struct asked *asked_open(size_t clients, uint64_t seed, char err[static ERRLEN])
{
    struct asked *a = calloc(1, sizeof *a);
    if (a != NULL) {
        a->seed = seed;
        a->buckets = clients / WAYS + 1;
        a->client = pages_open(a->buckets * WAYS * sizeof *a->client);
    }
    if (a == NULL || a->client == NULL) {
        error_set(err, "no memory to count the names of %zu clients", clients);
        asked_close(a);
        return NULL;
    }
    pages_large(a->client, a->buckets * WAYS * sizeof *a->client);
    return a;
}

void asked_close(struct asked *a)
{
    if (a == NULL)
        return;
    pages_close(a->client, a->buckets * WAYS * sizeof *a->client);
    free(a);
}

static struct client *bucket_of(const struct asked *a, const struct addr *addr)
{
    return &a->client[id_hash(addr, sizeof *addr, a->seed) % a->buckets * WAYS];
}

static bool longer_unseen(const struct client *a, const struct client *b)
{
    return a->last_us != b->last_us ? a->last_us < b->last_us : memcmp(&a->addr, &b->addr, sizeof a->addr) < 0;
}

static struct client *client_of(struct asked *a, const struct addr *addr, uint64_t us)
{
    struct client *bucket = bucket_of(a, addr), *oldest = bucket;
    for (unsigned i = 1; i < WAYS; i++)
        __builtin_prefetch(&bucket[i], 1); /* cold memory, which would be waited for place by place */
    for (unsigned i = 0; i < WAYS; i++) {
        struct client *client = &bucket[i];
        if (client->last_us != 0 && addr_eq(&client->addr, addr)) {
            if (us <= client->first_us + ASKED_DAYS * 86400000000ull)
                return client;
            oldest = client; /* a month is over */
            break;
        }
        if (longer_unseen(client, oldest))
            oldest = client;
    }
    *oldest = (struct client){.addr = *addr, .first_us = us};
    return oldest;
}

/* Flajolet, Fusy, Gandouet, Meunier 2007: the first bits of a name's hash choose a register, which keeps the longest run
 * of zeros that the rest began with. The hash has no secret: counts are saved and told to other sensors. */
void asked_put(struct asked *a, const struct addr *addr, struct slice name, uint64_t us)
{
    uint64_t hash = id_hash(name.p, name.len, 0);
    struct client *client = client_of(a, addr, us);
    uint8_t *rank = &client->rank[hash % REGISTERS], zeros = (uint8_t)(__builtin_clzll(hash | REGISTERS) + 1);
    if (zeros > *rank)
        *rank = zeros;
    client->last_us = us > 0 ? us : 1;
}

static double estimate(const struct client *client)
{
    double sum = 0, alpha = 0.709; /* the paper's constant for 64 registers */
    int empty = 0;
    for (unsigned i = 0; i < REGISTERS; i++) {
        sum += exp2(-client->rank[i]);
        empty += client->rank[i] == 0;
    }
    double count = alpha * REGISTERS * REGISTERS / sum;
    if (count <= 2.5 * REGISTERS && empty > 0)
        count = REGISTERS * log((double)REGISTERS / empty); /* few names: linear counting is better */
    return count;
}

static struct client *find(const struct asked *a, const struct addr *addr)
{
    struct client *bucket = bucket_of(a, addr);
    for (unsigned i = 0; i < WAYS; i++)
        if (bucket[i].last_us != 0 && addr_eq(&bucket[i].addr, addr))
            return &bucket[i];
    return NULL;
}

double asked_names(const struct asked *a, const struct addr *addr)
{
    const struct client *client = find(a, addr);
    return client != NULL ? estimate(client) : 0;
}

/* Registers only grow, so their sum tells whether one did. */
static unsigned sum_of(const struct client *client)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < REGISTERS; i++)
        sum += client->rank[i];
    return sum;
}

bool asked_news(struct asked *a, const struct addr *addr, struct asked_news *news)
{
    struct client *client = find(a, addr);
    unsigned sum = client != NULL ? sum_of(client) : 0;
    if (client == NULL || sum == client->told)
        return false;
    client->told = sum;
    *news = (struct asked_news){client->addr, client->first_us, client->last_us, {0}};
    memcpy(news->rank, client->rank, sizeof news->rank);
    return true;
}

/* Of two counts that begin more than a month apart the later stands. */
void asked_put_foreign(struct asked *a, const struct asked_news *news)
{
    const uint64_t month_us = ASKED_DAYS * 86400000000ull;
    struct client *client = client_of(a, &news->client, news->first_us);
    bool told = client->last_us == 0 || sum_of(client) == client->told;
    if (client->last_us != 0 && client->first_us > news->first_us + month_us)
        return;
    for (unsigned i = 0; i < REGISTERS; i++)
        client->rank[i] = news->rank[i] > client->rank[i] ? news->rank[i] : client->rank[i];
    client->first_us = news->first_us < client->first_us ? news->first_us : client->first_us;
    client->last_us = news->last_us > client->last_us ? news->last_us : client->last_us > 0 ? client->last_us : 1;
    if (told)
        client->told = sum_of(client);
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

#define CLIENT(member) offsetof(struct client, member), sizeof ((struct client *)0)->member

static const struct store_field fields[] = {
    {STORE_BYTES, CLIENT(addr)},
    {STORE_UINT, CLIENT(first_us)},
    {STORE_UINT, CLIENT(last_us)},
    {STORE_BYTES, CLIENT(rank)},
};

enum { VERSION = 1, FIELDS = sizeof fields / sizeof *fields };

void asked_save(const struct asked *a, struct store_writer *w)
{
    uint64_t count = 0;
    for (size_t i = 0; i < a->buckets * WAYS; i++)
        count += a->client[i].last_us != 0;
    store_section(w, "asked", VERSION);
    store_put_uint(w, count);
    for (size_t i = 0; i < a->buckets * WAYS; i++)
        if (a->client[i].last_us != 0)
            store_put_fields(w, &a->client[i], fields, FIELDS);
}

bool asked_load(struct asked *a, struct store_reader *r)
{
    struct client saved = {0};
    if (store_find(r, "asked") != VERSION)
        return false;
    for (uint64_t count = store_get_uint(r, UINT64_MAX); count > 0 && !r->at.bad; count--) {
        store_get_fields(r, &saved, fields, FIELDS);
        struct client *bucket = bucket_of(a, &saved.addr), *oldest = bucket;
        for (unsigned i = 1; i < WAYS; i++)
            if (longer_unseen(&bucket[i], oldest))
                oldest = &bucket[i];
        if (!r->at.bad && longer_unseen(oldest, &saved))
            *oldest = saved;
    }
    return store_done(r);
}
