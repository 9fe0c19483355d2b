/* What sensors that watch parts of one network tell each other, so that each knows what one sensor would that sees the
 * whole. Values: copy, queue, send. Told twice, or by two who saw the same, a thing counts once. */
#pragma once

#include "feeds/asked.h"
#include "feeds/cluster.h"
#include "feeds/evidence.h"
#include "feeds/schedule.h"

enum told_kind { TOLD_EVIDENCE, TOLD_NAME, TOLD_BEAT, TOLD_PLACE, TOLD_ASKED };

enum { TOLD_BYTES = 1280 }; /* the longest message: evidence with every text at its full length */

struct told {
    enum told_kind kind;
    union {
        struct evidence_news evidence;
        struct cluster_news name;
        struct schedule_beat beat;
        struct cluster_place_news place;
        struct asked_news asked;
    };
};

/* As bytes, the same on every machine; returns how many. */
size_t told_write(uint8_t out[static TOLD_BYTES], const struct told *);

/* False: not such bytes, or damaged. */
bool told_read(struct told *, struct slice);
