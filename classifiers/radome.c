#include "classifiers/radome.h"

#include <stdlib.h>

enum { HITS = 16, CLASSIFIERS = 16 }; /* hits of one event; classifiers at once */

struct hits {
    struct hit hit[HITS];
    unsigned count;
    uint32_t left;    /* a bit for each that was not yet pulled */
    bool follow;      /* somebody wants the next piece of the body */
    uint64_t dropped;
};

struct radome {
    const struct classifier *classifier[CLASSIFIERS];
    void *state[CLASSIFIERS];
    unsigned classifiers;
    struct hits hits;
    struct radome_stats stats;
};

struct radome *radome_open(const struct classifier_settings *settings, char err[static ERRLEN])
{
    struct radome *r = calloc(1, sizeof *r);
    if (r == NULL) {
        error_set(err, "no memory for the engine");
        return NULL;
    }
    for (unsigned i = 0; radome_classifiers[i] != NULL && r->classifiers < CLASSIFIERS; i++) {
        const struct classifier *c = radome_classifiers[i];
        if (c->open != NULL && (r->state[r->classifiers] = c->open(settings, err)) == NULL) {
            radome_close(r);
            return NULL;
        }
        r->classifier[r->classifiers++] = c;
    }
    return r;
}

void radome_close(struct radome *r)
{
    for (unsigned i = 0; r != NULL && i < r->classifiers; i++)
        if (r->classifier[i]->close != NULL)
            r->classifier[i]->close(r->state[i]);
    free(r);
}

void radome_see(struct radome *r, const struct event *event)
{
    r->stats.events[event->kind]++;
    r->hits.count = 0;
    r->hits.left = 0;
    r->hits.follow = false;
    for (unsigned i = 0; i < r->classifiers; i++)
        if (r->classifier[i]->see[event->kind] != NULL)
            r->classifier[i]->see[event->kind](r->state[i], event, &r->hits);
    r->stats.hits += r->hits.count;
}

/* The strongest first: what a listed name is called (its family) is known before its letters are looked at. Of equal
 * ones the order is that of the registry. */
const struct hit *radome_next(struct radome *r)
{
    struct hit *strongest = NULL;
    for (unsigned i = 0; i < r->hits.count; i++)
        if ((r->hits.left & 1u << i) != 0 && (strongest == NULL || r->hits.hit[i].bits > strongest->bits))
            strongest = &r->hits.hit[i];
    if (strongest != NULL)
        r->hits.left &= ~(1u << (strongest - r->hits.hit));
    return strongest;
}

bool radome_follows(const struct radome *r)
{
    return r->hits.follow;
}

void hits_follow(struct hits *hits)
{
    hits->follow = true;
}

struct hit *hits_add(struct hits *hits, const struct event *event, enum hit_kind kind)
{
    if (hits->count == HITS) {
        hits->dropped++;
        return NULL;
    }
    struct hit *hit = &hits->hit[hits->count];
    hits->left |= 1u << hits->count++;
    /* A sighting comes with every DNS answer: only its own fields are cleared, not the kilobytes behind them. */
    memset(hit, 0, kind == HIT_SIGHTING ? offsetof(struct hit, why) : sizeof *hit);
    hit->kind = kind;
    hit->us = event->us;
    hit->tuple = event->tuple;
    return hit;
}

void radome_stats(const struct radome *r, struct radome_stats *stats)
{
    *stats = r->stats;
    stats->hits_dropped = r->hits.dropped;
}
