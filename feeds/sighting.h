/* An ordinary name as the desk counts it: who asked, when, for what, and where that is. */
#pragma once

#include "classifiers/hit.h"
#include "feeds/id.h"

struct sighting {
    struct addr client;
    uint64_t us, name;         /* packet time; the name's hash, without a secret: every sensor counts the same */
    unsigned places;
    struct addr place[HIT_ADDRS + 1]; /* its addresses, and what its CNAMEs end in */
};

/* What a name's CNAMEs end in looks like an address of those that nobody has (RFC 6666). */
static inline struct addr sighting_alias(uint64_t alias)
{
    struct addr addr = {.b = {1}};
    memcpy(addr.b + 8, &alias, sizeof alias);
    return addr;
}

static inline void sighting_of(struct sighting *s, const struct hit *hit)
{
    s->client = hit->tuple.src;
    s->us = hit->us;
    s->name = id_hash(hit->name, strlen(hit->name), 0);
    s->places = hit->addrs;
    for (unsigned i = 0; i < hit->addrs; i++)
        s->place[i] = hit->addr[i];
    if (hit->alias != 0)
        s->place[s->places++] = sighting_alias(hit->alias);
}
