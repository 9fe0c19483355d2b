#include "feeds/cluster_table.h"

enum { PROBES = 16, ENOUGH = 8 }; /* steps to a free row; addresses until an AS counts */

/* The AS's row, a free one for it, or NULL: 0 is none, and a full table leaves an AS out. */
static struct as_count *row(const struct clusters *c, uint32_t asn)
{
    for (unsigned i = 0; asn != 0 && i < PROBES; i++) {
        struct as_count *as = &c->as[(asn * 2654435769u + i) % CLUSTER_AS];
        if (as->asn == asn || as->asn == 0)
            return as;
    }
    return NULL;
}

void cluster_as_enter(struct clusters *c, struct place *place)
{
    struct geo geo = {0};
    geoip_find(c->settings.geoip, &place->addr, &geo);
    struct as_count *as = row(c, geo.asn);
    if (as == NULL)
        return;
    place->asn = as->asn = geo.asn;
    as->addresses++;
}

void cluster_as_leave(struct clusters *c, const struct place *place)
{
    struct as_count *as = row(c, place->asn);
    if (as == NULL)
        return;
    as->addresses--;
    as->ordinary -= (uint32_t)__builtin_popcountll(place->ordinary);
}

void cluster_as_count(struct clusters *c, const struct place *place, uint64_t new)
{
    struct as_count *as = row(c, place->asn);
    if (as != NULL)
        as->ordinary += (uint32_t)__builtin_popcountll(new);
}

double cluster_as_typical(const struct clusters *c, const struct place *place)
{
    const struct as_count *as = row(c, place->asn);
    return as != NULL && as->addresses >= ENOUGH ? (double)as->ordinary / as->addresses : 0;
}
