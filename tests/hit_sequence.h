/* A long sequence of hits of every kind, the same for the same seed: clients that browse, suspicious names that share
 * addresses with each other and with ordinary ones, beacons that come back, programs. */
#pragma once

#include <stdio.h>

#include "classifiers/hit.h"

struct hit_sequence {
    uint64_t state, us;
    unsigned clients, names;
};

static inline unsigned sequence_random(struct hit_sequence *s, unsigned below)
{
    s->state = s->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((s->state >> 33) % below);
}

static inline struct addr sequence_addr(unsigned a, unsigned b)
{
    return addr_v4((const uint8_t[]){(uint8_t)a, 0, (uint8_t)(b >> 8), (uint8_t)b});
}

static inline void sequence_name(struct hit_sequence *s, struct hit *hit, const char *form, unsigned names)
{
    unsigned n = sequence_random(s, names);
    hit->seen = SEEN_DNS;
    snprintf(hit->name, sizeof hit->name, form, n);
    snprintf(hit->subject, sizeof hit->subject, form, n);
    hit->addrs = (uint8_t)(1 + sequence_random(s, 2));
    for (unsigned i = 0; i < hit->addrs; i++) /* neighbours share addresses */
        hit->addr[i] = sequence_addr(203, (n + i * 7) / 3);
}

static inline void sequence_next(struct hit_sequence *s, struct hit *hit)
{
    static const char *const families[] = {"", "DealPly", "IsErIk", "ManageX"};
    static const float bits[] = {0, 7.5f, 14, 12, 24};
    unsigned roll = sequence_random(s, 20);
    s->us += 1 + sequence_random(s, 900) * 1000000ull;
    *hit = (struct hit){.us = s->us, .kind = roll < 8 ? HIT_SIGHTING : roll < 12 ? HIT_DOMAIN : roll < 15 ? HIT_INDICATOR : roll < 19 ? HIT_BEACON : HIT_PAYLOAD};
    hit->tuple.src = sequence_addr(10, sequence_random(s, s->clients));
    hit->tuple.dst = sequence_addr(198, sequence_random(s, 50));
    hit->transaction = (uint32_t)s->state;
    hit->bits = bits[hit->kind] + (float)sequence_random(s, 8) / 4;
    snprintf(hit->family, sizeof hit->family, "%s", families[sequence_random(s, 4)]);
    snprintf(hit->technique[0], sizeof hit->technique[0], "T10%u", 40 + sequence_random(s, 5));
    snprintf(hit->why, sizeof hit->why, "seen at %llu", (unsigned long long)s->us);
    switch (hit->kind) {
    case HIT_SIGHTING:
        sequence_name(s, hit, "site-%u.example", 3 * s->names);
        break;
    case HIT_DOMAIN:
        sequence_name(s, hit, "name%u.com", s->names);
        snprintf(hit->domain.registered, sizeof hit->domain.registered, "%s", hit->name);
        break;
    case HIT_INDICATOR:
        sequence_name(s, hit, "name%u.com", s->names);
        snprintf(hit->indicator.indicator, sizeof hit->indicator.indicator, "%s", hit->name);
        break;
    case HIT_BEACON:
        hit->seen = SEEN_HTTP;
        snprintf(hit->name, sizeof hit->name, "name%u.com", sequence_random(s, s->names));
        snprintf(hit->beacon.shape, sizeof hit->beacon.shape, "pcrc-query");
        snprintf(hit->subject, sizeof hit->subject, "pcrc-query %.200s", hit->name);
        break;
    case HIT_PAYLOAD:
        hit->seen = SEEN_HTTP;
        snprintf(hit->payload.kind, sizeof hit->payload.kind, "dll");
        snprintf(hit->subject, sizeof hit->subject, "dll %u", sequence_random(s, 9));
        break;
    }
}
