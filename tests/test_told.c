/* Several sensors that tell each other what is new come to what one sensor knows that sees everything: however the hits
 * are dealt out, through bytes, and also when everything is told twice. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "feeds/desk.h"
#include "tests/check.h"
#include "tests/hit_sequence.h"

enum { HITS = 3000, CLIENTS = 40, NAMES = 60, SENSORS = 5 };

struct dealing {
    unsigned sensors;
    enum { BY_TURNS, BY_CLIENT, BY_CHANCE, BY_BLOCKS } how;
    bool twice;
    const char *reason;
};

static const struct dealing dealings[] = {
    {2, BY_TURNS, false, "two sensors, hit by hit in turn"},
    {2, BY_CHANCE, false, "two, by chance"},
    {2, BY_BLOCKS, true, "two, hours each, all of it told twice"},
    {5, BY_TURNS, false, "five in turn"},
    {5, BY_CLIENT, false, "five, each its own clients"},
    {5, BY_CHANCE, true, "five, by chance, all of it told twice"},
};

static struct desk *open_desk(uint64_t seed)
{
    char err[ERRLEN];
    struct desk_settings settings = {.sensor = "sensor", .threshold = 50, .seed = seed};
    return desk_open(&settings, err);
}

static unsigned dealt(const struct dealing *dealing, unsigned i, const struct hit *hit)
{
    switch (dealing->how) {
    case BY_TURNS: return i % dealing->sensors;
    case BY_CLIENT: return hit->tuple.src.b[15] % dealing->sensors;
    case BY_CHANCE: return (unsigned)(i * 2654435761u >> 16) % dealing->sensors;
    case BY_BLOCKS: break;
    }
    return i / 200 % dealing->sensors;
}

static void put_told(struct desk *desk, const struct told *told, bool twice)
{
    uint8_t bytes[TOLD_BYTES];
    struct told read;
    size_t len = told_write(bytes, told);
    if (CHECK(len > 0 && told_read(&read, slice_of(bytes, len)), "what is told goes through %zu bytes", len))
        for (int i = 0; i < 1 + twice; i++)
            desk_put_told(desk, &read);
}

static void deal(struct desk *const *desk, const struct dealing *dealing, uint64_t seed)
{
    static struct hit hit;
    struct hit_sequence s = {.state = seed, .us = 1594602000000000, .clients = CLIENTS, .names = NAMES};
    for (unsigned i = 0; i < HITS; i++) {
        sequence_next(&s, &hit);
        unsigned at = dealt(dealing, i, &hit);
        const struct told *told;
        desk_put(desk[at], &hit);
        while ((told = desk_next_told(desk[at])) != NULL)
            for (unsigned k = 0; k < dealing->sensors; k++)
                if (k != at)
                    put_told(desk[k], told, dealing->twice);
    }
}

static void compare_incident(struct desk *one, struct desk *other, unsigned client, const struct dealing *dealing)
{
    static struct report a, b;
    struct addr addr = sequence_addr(10, client);
    bool known = desk_tell_client(one, &addr, &a);
    if (!CHECK(desk_tell_client(other, &addr, &b) == known, "%s: client %u, an incident or none", dealing->reason, client) || !known)
        return;
    const struct incident_report *x = a.incident, *y = b.incident;
    CHECK(strcmp(x->id, y->id) == 0 && strcmp(a.id, b.id) == 0, "%s: client %u: the ids", dealing->reason, client);
    /* That evidence was seen again is told once a day: so much may have faded, a 45th of a halving. */
    CHECK(x->stage == y->stage && fabsf(a.bits - b.bits) < 0.016f * a.bits, "%s: client %u: stage %d or %d, %.2f or %.2f bits", dealing->reason,
          client, (int)x->stage, (int)y->stage, (double)a.bits, (double)b.bits);
    CHECK(x->evidence_count == y->evidence_count && memcmp(x->evidence_ids, y->evidence_ids, sizeof x->evidence_ids) == 0,
          "%s: client %u: %u or %u pieces of evidence", dealing->reason, client, x->evidence_count, y->evidence_count);
    CHECK(x->name_count == y->name_count && memcmp(x->names, y->names, sizeof x->names) == 0, "%s: client %u: the names", dealing->reason, client);
    CHECK(memcmp(x->families, y->families, sizeof x->families) == 0 && memcmp(x->servers, y->servers, sizeof x->servers) == 0,
          "%s: client %u: families and servers", dealing->reason, client);
}

static void compare_cluster(struct desk *one, struct desk *other, unsigned n, const struct dealing *dealing, unsigned *clusters)
{
    static struct report a, b;
    char name[32];
    snprintf(name, sizeof name, "name%u.com", n);
    bool known = desk_tell_name(one, name, &a);
    *clusters += known;
    if (!CHECK(desk_tell_name(other, name, &b) == known, "%s: %s, in a cluster or in none", dealing->reason, name) || !known)
        return;
    const struct cluster_report *x = a.cluster, *y = b.cluster;
    CHECK(strcmp(x->id, y->id) == 0, "%s: %s: the id", dealing->reason, name);
    CHECK(x->domain_count == y->domain_count && memcmp(x->domains, y->domains, sizeof x->domains) == 0, "%s: %s: %u or %u names",
          dealing->reason, name, x->domain_count, y->domain_count);
    CHECK(x->ip_count == y->ip_count && memcmp(x->ips, y->ips, sizeof x->ips) == 0 && x->clients == y->clients,
          "%s: %s: addresses and clients", dealing->reason, name);
}

static void follow(const struct dealing *dealing, uint64_t seed)
{
    struct dealing alone = {1, BY_TURNS, false, ""};
    struct desk *one = open_desk(1), *desk[SENSORS] = {0};
    unsigned clusters = 0;
    for (unsigned i = 0; i < dealing->sensors; i++)
        desk[i] = open_desk(100 + i); /* each its own hash tables */
    deal(&one, &alone, seed);
    deal(desk, dealing, seed);
    for (unsigned i = 0; i < dealing->sensors; i++) {
        for (unsigned client = 0; client < CLIENTS; client++)
            compare_incident(one, desk[i], client, dealing);
        for (unsigned n = 0; n < NAMES; n++)
            compare_cluster(one, desk[i], n, dealing, &clusters);
    }
    CHECK(clusters > 0, "%s: there are clusters to compare", dealing->reason);
    for (unsigned i = 0; i < dealing->sensors; i++)
        desk_close(desk[i]);
    desk_close(one);
}

int main(void)
{
    for (size_t i = 0; i < sizeof dealings / sizeof *dealings; i++)
        for (uint64_t seed = 1; seed <= 2; seed++)
            follow(&dealings[i], seed);
    return check_report("test_told");
}
