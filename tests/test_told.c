/* Several sensors that tell each other what is new come to what one sensor knows that sees everything: however the hits
 * are dealt out, through bytes, and also when everything is told twice. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "feeds/desk.h"
#include "tests/check.h"
#include "tests/hit_sequence.h"

enum { HITS = 3000, CLIENTS = 40, NAMES = 60, SENSORS = 5, LATE_CLIENTS = 120, POST = 60000 };

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

/* What waits to be told, and by whom. */
struct post {
    struct told told[POST];
    uint8_t by[POST];
    unsigned count;
};

static void pull(struct desk *desk)
{
    while (desk_next(desk) != NULL)
        ;
}

static void collect(struct post *post, struct desk *desk, unsigned by)
{
    const struct told *told;
    pull(desk);
    while ((told = desk_next_told(desk)) != NULL && post->count < POST) {
        post->told[post->count] = *told;
        post->by[post->count++] = (uint8_t)by;
    }
}

/* All hear all, and what they answer. */
static void hear(struct desk *const *desk, const struct dealing *dealing, struct post *post, unsigned of_kind[static TOLD_ASKED + 1])
{
    for (unsigned i = 0; i < post->count; i++) { /* it grows as answers come */
        of_kind[post->told[i].kind]++;
        for (unsigned k = 0; k < dealing->sensors; k++) {
            if (k == post->by[i])
                continue;
            put_told(desk[k], &post->told[i], dealing->twice);
            collect(post, desk[k], k);
        }
    }
    CHECK(post->count < POST, "%s: the answers end", dealing->reason);
    post->count = 0;
}

static void deal(struct desk *const *desk, const struct dealing *dealing, uint64_t seed)
{
    static struct hit hit;
    static struct post post;
    struct hit_sequence s = {.state = seed, .us = 1594602000000000, .clients = CLIENTS, .names = NAMES};
    unsigned of_kind[TOLD_ASKED + 1] = {0};
    for (unsigned i = 0; i < HITS; i++) {
        sequence_next(&s, &hit);
        unsigned at = dealt(dealing, i, &hit);
        desk_put(desk[at], &hit);
        collect(&post, desk[at], at);
        hear(desk, dealing, &post, of_kind);
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

static void compare_cluster(struct desk *one, struct desk *other, unsigned n, const struct dealing *dealing, unsigned *clusters, unsigned *renamed)
{
    static struct report a, b;
    char name[32];
    snprintf(name, sizeof name, "name%u.com", n);
    bool known = desk_tell_name(one, name, &a);
    *clusters += known;
    if (!CHECK(desk_tell_name(other, name, &b) == known, "%s: %s, in a cluster or in none", dealing->reason, name) || !known)
        return;
    const struct cluster_report *x = a.cluster, *y = b.cluster;
    *renamed += strcmp(x->id, y->id) != 0;
    CHECK(x->domain_count == y->domain_count && memcmp(x->domains, y->domains, sizeof x->domains) == 0, "%s: %s: %u or %u names",
          dealing->reason, name, x->domain_count, y->domain_count);
    CHECK(x->ip_count == y->ip_count && memcmp(x->ips, y->ips, sizeof x->ips) == 0 && x->clients == y->clients,
          "%s: %s: addresses and clients", dealing->reason, name);
}

static void follow(const struct dealing *dealing, uint64_t seed)
{
    struct dealing alone = {1, BY_TURNS, false, ""};
    struct desk *one = open_desk(1), *desk[SENSORS] = {0};
    unsigned clusters = 0, renamed = 0;
    for (unsigned i = 0; i < dealing->sensors; i++)
        desk[i] = open_desk(100 + i); /* each its own hash tables */
    deal(&one, &alone, seed);
    deal(desk, dealing, seed);
    for (unsigned i = 0; i < dealing->sensors; i++) {
        for (unsigned client = 0; client < CLIENTS; client++)
            compare_incident(one, desk[i], client, dealing);
        for (unsigned n = 0; n < NAMES; n++)
            compare_cluster(one, desk[i], n, dealing, &clusters, &renamed);
    }
    /* A sensor that hears only in answer that an address is a content network's has formed a cluster there meanwhile, and
     * parts it again: its names may then be known by that cluster's id. */
    CHECK(clusters > 0 && renamed <= clusters / 5, "%s: of %u clusters, seen name by name, %u have another id", dealing->reason, clusters, renamed);
    for (unsigned i = 0; i < dealing->sensors; i++)
        desk_close(desk[i]);
    desk_close(one);
}

static int by_addr(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct addr));
}

/* The ids may differ: what was told before the sensors heard of each other keeps its own. */
static void compare_late(struct desk *one, struct desk *other, const struct dealing *dealing, unsigned *clusters)
{
    static struct report a, b;
    for (unsigned client = 0; client < LATE_CLIENTS; client++) {
        struct addr addr = sequence_addr(10, client);
        bool known = desk_tell_client(one, &addr, &a);
        if (!CHECK(desk_tell_client(other, &addr, &b) == known, "%s, late: client %u, an incident or none", dealing->reason, client) || !known)
            continue;
        CHECK(a.incident->stage == b.incident->stage && fabsf(a.bits - b.bits) < 0.016f * a.bits, "%s, late: client %u: %.2f or %.2f bits",
              dealing->reason, client, (double)a.bits, (double)b.bits);
        CHECK(a.incident->evidence_count == b.incident->evidence_count &&
              memcmp(a.incident->evidence_ids, b.incident->evidence_ids, sizeof a.incident->evidence_ids) == 0,
              "%s, late: client %u: %u or %u pieces of evidence", dealing->reason, client, a.incident->evidence_count, b.incident->evidence_count);
    }
    for (unsigned n = 0; n < NAMES; n++) {
        char name[32];
        snprintf(name, sizeof name, "name%u.com", n);
        bool known = desk_tell_name(one, name, &a);
        *clusters += known;
        if (!CHECK(desk_tell_name(other, name, &b) == known, "%s, late: %s, in a cluster or in none", dealing->reason, name) || !known)
            continue;
        static struct cluster_report x, y;
        x = *a.cluster, y = *b.cluster;
        qsort(x.ips, x.ip_count, sizeof *x.ips, by_addr);
        qsort(y.ips, y.ip_count, sizeof *y.ips, by_addr);
        CHECK(x.domain_count == y.domain_count && memcmp(x.domains, y.domains, sizeof x.domains) == 0, "%s, late: %s: %u or %u names",
              dealing->reason, name, x.domain_count, y.domain_count);
        CHECK(x.ip_count == y.ip_count && memcmp(x.ips, y.ips, sizeof x.ips) == 0 && x.clients == y.clients && x.family_count == y.family_count,
              "%s, late: %s: addresses, clients and families", dealing->reason, name);
    }
}

/* Nothing is told before the end; then all hear all, and what they answer. */
static void late(const struct dealing *dealing, uint64_t seed)
{
    static struct hit hit;
    static struct post post;
    struct desk *one = open_desk(1), *desk[SENSORS] = {0};
    struct hit_sequence s = {.state = seed, .us = 1594602000000000, .clients = LATE_CLIENTS, .names = NAMES};
    unsigned clusters = 0, of_kind[TOLD_ASKED + 1] = {0};
    post.count = 0;
    for (unsigned i = 0; i < dealing->sensors; i++)
        desk[i] = open_desk(100 + i);
    for (unsigned i = 0; i < HITS; i++) {
        sequence_next(&s, &hit);
        unsigned at = dealt(dealing, i, &hit);
        desk_put(one, &hit);
        pull(one);
        desk_put(desk[at], &hit);
        collect(&post, desk[at], at);
    }
    hear(desk, dealing, &post, of_kind);
    for (unsigned i = 0; i < dealing->sensors; i++) {
        compare_late(one, desk[i], dealing, &clusters);
        desk_close(desk[i]);
    }
    CHECK(clusters > 0, "%s, late: there are clusters to compare", dealing->reason);
    printf("  %s, late: %u evidence, %u names, %u visits, %u places, %u counts told\n", dealing->reason, of_kind[TOLD_EVIDENCE],
           of_kind[TOLD_NAME], of_kind[TOLD_BEAT], of_kind[TOLD_PLACE], of_kind[TOLD_ASKED]);
    desk_close(one);
}

int main(void)
{
    for (size_t i = 0; i < sizeof dealings / sizeof *dealings; i++)
        for (uint64_t seed = 1; seed <= 2; seed++)
            follow(&dealings[i], seed);
    for (size_t i = 0; i < sizeof dealings / sizeof *dealings; i++)
        late(&dealings[i], i + 1);
    return check_report("test_told");
}
