#include "feeds/asked.h"

#include <math.h>
#include <stdlib.h>

#include "feeds/id.h"

enum { REGISTERS = 64, WAYS = 4 };

struct client {
    struct addr addr;
    uint64_t first_us, last_us;    /* last 0: a free place */
    uint8_t rank[REGISTERS];
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
        a->client = calloc(a->buckets * WAYS, sizeof *a->client);
    }
    if (a == NULL || a->client == NULL) {
        error_set(err, "no memory to count the names of %zu clients", clients);
        asked_close(a);
        return NULL;
    }
    return a;
}

void asked_close(struct asked *a)
{
    if (a == NULL)
        return;
    free(a->client);
    free(a);
}

static struct client *bucket_of(const struct asked *a, const struct addr *addr)
{
    return &a->client[id_hash(addr, sizeof *addr, a->seed) % a->buckets * WAYS];
}

static struct client *client_of(struct asked *a, const struct addr *addr, uint64_t us)
{
    struct client *bucket = bucket_of(a, addr), *oldest = bucket;
    for (unsigned i = 0; i < WAYS; i++) {
        struct client *client = &bucket[i];
        if (client->last_us != 0 && addr_eq(&client->addr, addr)) {
            if (us <= client->first_us + ASKED_DAYS * 86400000000ull)
                return client;
            oldest = client; /* a month is over */
            break;
        }
        if (client->last_us < oldest->last_us)
            oldest = client;
    }
    *oldest = (struct client){.addr = *addr, .first_us = us};
    return oldest;
}

/* Flajolet, Fusy, Gandouet, Meunier 2007: the first bits of a name's hash choose a register, which keeps the longest run
 * of zeros that the rest began with. */
void asked_put(struct asked *a, const struct addr *addr, struct slice name, uint64_t us)
{
    uint64_t hash = id_hash(name.p, name.len, a->seed);
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

double asked_names(const struct asked *a, const struct addr *addr)
{
    const struct client *bucket = bucket_of(a, addr);
    for (unsigned i = 0; i < WAYS; i++)
        if (bucket[i].last_us != 0 && addr_eq(&bucket[i].addr, addr))
            return estimate(&bucket[i]);
    return 0;
}
