/* Clients that browse: names drawn by popularity (Zipf's law: the chance of rank r falls as 1/r), the bits of different
 * names summed as the evidence of a client is, without fading: all of it happens within hours. */
#include <stdio.h>
#include <stdlib.h>

#include "classifiers/name.h"
#include "feeds/evidence.h"
#include "feeds/name_chance.h"
#include "tests/check.h"
#include "tests/names_report.h"

enum { CLIENTS = 1000, LOOKUPS = 1000, GATEWAYS = 20, GATEWAY_LOOKUPS = 300000, THRESHOLD = 50 };

struct world {
    struct set *honest, *family;
    const double *sums;        /* of the chances of the honest names, up to each */
    int unseen;                /* names of this fold are new to the model and not among the exceptions */
    bool exceptions;
};

static double *zipf_sums(const struct set *set)
{
    double *sums = calloc(set->count, sizeof *sums), sum = 0;
    for (size_t i = 0; i < set->count; i++)
        sums[i] = sum += 1.0 / (double)(i + 1);
    return sums;
}

static size_t zipf(const double *sums, size_t count)
{
    double at = report_random() * sums[count - 1];
    size_t low = 0, high = count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sums[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What the name is worth to this sensor; 0 where it is no hit or the list of look-alikes takes it back. */
static float worth(const struct world *w, const struct entry *e)
{
    bool fresh = e->fold == w->unseen;
    float bits = fresh ? e->counted : e->counted_shipped;
    return !e->fits || bits < NAME_FLOOR_BITS || (e->exception && w->exceptions && !fresh) ? 0 : bits;
}

/* True: the client becomes an incident. Its names of the family are different ones, spread over its look-ups. */
static bool client(const struct world *w, unsigned lookups, unsigned family)
{
    static uint32_t id;
    unsigned asked = 0;
    float bits = 0;
    id++;
    for (unsigned i = 0; i < lookups; i++) {
        bool theirs = family > 0 && report_random() < (double)family / (lookups - i);
        struct set *set = theirs ? w->family : w->honest;
        struct entry *e = &set->at[theirs ? (size_t)(report_random() * (double)set->count) : zipf(w->sums, set->count)];
        while (theirs && e->asked == id)
            e = &set->at[(size_t)(report_random() * (double)set->count)];
        family -= theirs;
        if (e->asked == id)
            continue;
        e->asked = id;
        asked++;
        bits += worth(w, e);
        float sum = bits - name_chance_bits(asked);
        if (sum > 0 && evidence_risk_score(sum) >= THRESHOLD)
            return true;
    }
    return false;
}

/* At least and at most so many of them are incidents: what is promised of them. */
struct promise {
    unsigned least, most;
};

static void clients(const struct world *w, unsigned count, unsigned lookups, unsigned family, const char *what, struct promise promise)
{
    unsigned incidents = 0;
    for (unsigned i = 0; i < count; i++)
        incidents += client(w, lookups, family);
    printf("  %-56s %4u incidents of %4u clients, %u look-ups each\n", what, incidents, count, lookups);
    CHECK(incidents >= promise.least && incidents <= promise.most, "%s: %u incidents", what, incidents);
}

void report_clients(struct set *popular, struct set *all, struct set *family, size_t families)
{
    double *by_rank = zipf_sums(popular), *by_rank_all = zipf_sums(all);
    struct world shipped = {popular, NULL, by_rank, UNSEEN_NONE, true}, bare = shipped,
                 tail = {all, NULL, by_rank_all, UNSEEN_NONE, true};
    static const struct promise none = {0, 0}, any = {0, CLIENTS}, every = {CLIENTS, CLIENTS};
    char what[96];
    bare.exceptions = false;
    printf("\nClean clients\n");
    clients(&shipped, CLIENTS, LOOKUPS, 0, "popular names, as shipped", none);
    clients(&bare, CLIENTS, LOOKUPS, 0, "popular names, without the exceptions", any);
    for (struct world w = shipped; ++w.unseen < 5;) {
        snprintf(what, sizeof what, "popular names, a fifth of them new to model and exceptions");
        clients(&w, CLIENTS, LOOKUPS, 0, what, any);
    }
    clients(&tail, CLIENTS, LOOKUPS, 0, "all 782,000 names, little known ones too", any);
    clients(&tail, GATEWAYS, GATEWAY_LOOKUPS, 0, "the same behind a gateway", any);
    printf("\nInfected clients: among the popular names they ask for\n");
    for (size_t s = 0; s < families; s++)
        for (unsigned n = 1; n <= 5; n += n == 3 ? 2 : 1) {
            struct world w = shipped;
            w.family = &family[s];
            snprintf(what, sizeof what, "%u of the family, %s", n, family[s].what);
            clients(&w, CLIENTS, LOOKUPS, n, what, n == 1 ? none : every);
        }
    free(by_rank);
    free(by_rank_all);
}
