/* The sensor's own figures, one row each: what the statistics tell, in whatever form. */
#pragma once

#include <stdio.h>

#include "feeds/confine.h"
#include "feeds/delivery.h"
#include "feeds/desk.h"
#include "feeds/keeper.h"
#include "feeds/listener.h"
#include "feeds/record.h"
#include "feeds/reloader.h"
#include "feeds/share.h"
#include "feeds/workers.h"

enum { FIGURES = 160 };

struct figures_of { /* where they are taken from */
    struct workers_stats workers;
    struct desk_stats desk;
    struct reloader_stats lists;
    struct confined confined;
    struct delivery_stats delivery;
    struct share_stats share;
    struct keeper_stats keeper;
    struct listener_stats listener;
    bool listening;             /* to another sensor: then there is no source and no capture */
    bool delivering, sharing;   /* there is a Redis */
    bool keeping;               /* there is a state directory */
    bool by_packets;            /* only what is the same whenever the same packets are replayed */
};

/* Fills in at most FIGURES rows, of what is there, the rows of a group together; returns how many. */
size_t figures(struct stat_value out[static FIGURES], const struct figures_of *);

/* As text, a line a group: what is not zero, and the few figures that say most by being zero. */
void figures_print(const struct figures_of *, FILE *);
