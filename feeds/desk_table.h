/* What the desk holds: for the file that puts hits to it and the one that saves it. */
#pragma once

#include "feeds/desk.h"
#include "feeds/anonymise.h"
#include "feeds/asked.h"
#include "feeds/cluster.h"
#include "feeds/evidence.h"
#include "feeds/geoip.h"
#include "feeds/repeat.h"

enum {
    CLIENTS = 8192,            /* with evidence, at once */
    ASKING = 65536,            /* whose names are counted */
    NAMES = 16384, ADDRESSES = 65536, /* of the clusters */
    REPEATS = 65536, HELD = 4096, /* hits remembered so that a repeat is known; those of them that wait for a summary */
    SERIES = 16384,            /* of visits that may turn out a schedule */
    QUEUE = 5,                 /* reports of one hit: itself, its schedule, its cluster, its client's incident with each */
    TOLD = 2 * CLUSTER_PLACES + 6 /* its visit, its name, where that is and a sighting was that waited, its evidence and the
                                  schedule's with who asked */
};

struct desk {
    /* What every sighting touches, together: it comes with every DNS message, and all the rest of the desk is for hits. */
    unsigned count, taken;     /* of queue */
    unsigned told_count, told_taken;
    bool is_waiting, grows;    /* there is a waiting sighting; grown names a name */
    uint64_t now_us;           /* the latest packet time; UINT64_MAX: the end */
    const struct hit *last;    /* known and heard below, or as they came where nothing is hidden */
    const struct told *last_told;
    struct sighting waiting;   /* the last one, not yet counted: what that touches is on its way from memory */

    struct desk_settings settings;
    struct anonymise *anonymise; /* NULL: clients are known by their addresses */
    struct hit known;          /* the last hit as it is known here, */
    struct told heard;         /* and what was told last; */
    struct evidence *evidence;
    struct clusters *clusters;
    struct asked *asked;
    struct repeats *repeats;
    struct schedules *schedules;
    struct report queue[QUEUE];
    struct report due;         /* the summary just told, and the hit it tells of */
    struct hit due_hit;
    struct hit scheduled;      /* the last hit as one on a schedule */
    char grown[HIT_NAME];      /* a name whose cluster just grew */
    struct addr reviewed;      /* the last of those whose evidence that changes; they come by address */
    bool reviewing;
    uint64_t grown_us;
    struct told told[TOLD];    /* what other sensors should know of the last hit */
    struct desk_stats stats;
};

/* Counts the sighting that waits: whoever looks at what is known calls it first. */
void desk_settle(struct desk *);
