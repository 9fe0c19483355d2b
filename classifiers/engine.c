#include "classifiers/engine.h"

#include <stdlib.h>

#include "capture/dns.h"
#include "capture/http.h"

enum { HITS = 16, CLASSIFIERS = 16 }; /* hits of one event; classifiers at once */

struct hits {
    struct hit hit[HITS];
    unsigned count;
    uint32_t left;    /* a bit for each that was not yet pulled */
    bool follow;      /* somebody wants the next piece of the body */
    uint64_t dropped;
};

struct engine {
    const struct classifier *classifier[CLASSIFIERS];
    void *state[CLASSIFIERS];
    unsigned classifiers;
    struct seer {     /* those that want a kind of event, in the registry's order; the first without a function ends it */
        classifier_see *see;
        void *state;
    } seer[EVENT_KINDS][CLASSIFIERS + 1];
    struct hits hits;
    struct engine_stats stats;
};

static void add_seers(struct engine *e, const struct classifier *c, void *state)
{
    for (int kind = 0; kind < EVENT_KINDS; kind++) {
        struct seer *seer = e->seer[kind];
        while (seer->see != NULL)
            seer++;
        if (c->see[kind] != NULL)
            *seer = (struct seer){c->see[kind], state};
    }
}

static bool open_all(struct engine *e, const struct classifier *const *list, const struct classifier_settings *settings,
                     char err[static ERRLEN])
{
    for (; *list != NULL; list++) {
        const struct classifier *c = *list;
        if (e->classifiers == CLASSIFIERS) {
            error_set(err, "classifier %s: one more than the %d that there is room for", c->name, (int)CLASSIFIERS);
            return false;
        }
        if (c->open != NULL && (e->state[e->classifiers] = c->open(settings, err)) == NULL)
            return false;
        add_seers(e, c, e->state[e->classifiers]);
        e->classifier[e->classifiers++] = c;
    }
    return true;
}

struct engine *engine_open(const struct classifier_settings *settings, char err[static ERRLEN])
{
    struct engine *e = calloc(1, sizeof *e);
    if (e == NULL) {
        error_set(err, "no memory for the engine");
        return NULL;
    }
    if (open_all(e, engine_classifiers, settings, err) &&
        (settings->plugins == NULL || open_all(e, settings->plugins, settings, err)))
        return e;
    engine_close(e);
    return NULL;
}

void engine_close(struct engine *e)
{
    for (unsigned i = 0; e != NULL && i < e->classifiers; i++)
        if (e->classifier[i]->close != NULL)
            e->classifier[i]->close(e->state[i]);
    free(e);
}

void engine_relist(struct engine *e, const struct indicators *indicators)
{
    for (unsigned i = 0; i < e->classifiers; i++)
        if (e->classifier[i]->relist != NULL)
            e->classifier[i]->relist(e->state[i], indicators);
}

void engine_see(struct engine *e, const struct event *event)
{
    e->stats.events[event->kind]++;
    e->hits.count = 0;
    e->hits.left = 0;
    e->hits.follow = false;
    for (const struct seer *seer = e->seer[event->kind]; seer->see != NULL; seer++)
        seer->see(seer->state, event, &e->hits);
    e->stats.hits += e->hits.count;
}

/* The strongest first: what a listed name is called (its family) is known before its letters are looked at. Of equal
 * ones the order is that of the registry. */
const struct hit *engine_next(struct engine *e)
{
    struct hit *strongest = NULL;
    for (unsigned i = 0; i < e->hits.count; i++)
        if ((e->hits.left & 1u << i) != 0 && (strongest == NULL || e->hits.hit[i].bits > strongest->bits))
            strongest = &e->hits.hit[i];
    if (strongest != NULL)
        e->hits.left &= ~(1u << (strongest - e->hits.hit));
    return strongest;
}

bool engine_follows(const struct engine *e)
{
    return e->hits.follow;
}

void hits_follow(struct hits *hits)
{
    hits->follow = true;
}

static uint32_t transaction_of(const struct event *event)
{
    switch (event->kind) {
    case EVENT_DNS: return event->dns->id;
    case EVENT_HTTP: return event->http->ordinal;
    case EVENT_BODY: return event->body->transaction->ordinal;
    case EVENT_TLS:
    case EVENT_KINDS: break;
    }
    return 0;
}

struct hit *hits_add(struct hits *hits, const struct event *event, enum hit_kind kind)
{
    if (hits->count == HITS) {
        hits->dropped++;
        return NULL;
    }
    struct hit *hit = &hits->hit[hits->count];
    hits->left |= 1u << hits->count++;
    /* A sighting comes with every DNS message: only its own fields are cleared, not the kilobytes behind them. */
    memset(hit, 0, kind == HIT_SIGHTING ? offsetof(struct hit, addr) : sizeof *hit);
    hit->name[0] = '\0';
    hit->kind = kind;
    hit->us = event->us;
    hit->tuple = event->tuple;
    hit->transaction = transaction_of(event);
    return hit;
}

void engine_stats(const struct engine *e, struct engine_stats *stats)
{
    *stats = e->stats;
    stats->hits_dropped = e->hits.dropped;
}
