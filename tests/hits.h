/* A queue of hits for tests that show events to one classifier, without the engine around it. */
#pragma once

#include "classifiers/classifier.h"

struct hits {
    struct hit hit[16];
    unsigned count;
};

struct hit *hits_add(struct hits *hits, const struct event *event, enum hit_kind kind)
{
    if (hits->count == sizeof hits->hit / sizeof *hits->hit)
        return NULL;
    struct hit *hit = &hits->hit[hits->count++];
    *hit = (struct hit){.kind = kind, .us = event->us, .tuple = event->tuple};
    return hit;
}
