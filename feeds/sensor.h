/* All that a sensor has open, from the bottom of the house to the top: opened in the order in which one thing needs the
 * other, closed in the opposite one. Whoever has it runs the loop. */
#pragma once

#include "capture/source.h"
#include "feeds/anonymise.h"
#include "feeds/figures.h"
#include "feeds/json.h"
#include "feeds/metrics.h"
#include "feeds/notify.h"
#include "feeds/options.h"
#include "feeds/outputs.h"
#include "feeds/plugins.h"
#include "feeds/progress.h"
#include "feeds/redis.h"
#include "feeds/resume.h"
#include "feeds/rules.h"

struct sensor {
    struct source *source;
    struct plugins *plugins;
    struct listener *listener; /* in place of source and workers */
    struct workers *workers;
    struct desk *desk;
    struct lists *read;     /* until they are the reloader's */
    struct reloader *lists;
    const struct settings *settings;
    uint64_t seed;
    struct state *state;    /* NULL: nothing outlives the process */
    struct resume resume;   /* of the replay, where there is a state */
    struct keeper *keeper;  /* NULL without a state, too */
    struct outputs *outputs;
    struct share *share;    /* NULL: without Redis there is nobody to share with */
    struct redis *redis;    /* the outputs' */
    struct metrics *metrics; /* NULL: none */
    struct notify notify;   /* the service manager */
    struct news *news;      /* of opening and closing */
    enum json_format format;
    char host[65];
    const char *name;
    bool log[EVENT_KINDS];
    struct anonymise_settings anonymise;
    struct rules rules;
    const struct anonymise_settings *hides; /* the same; NULL: clients are told by their addresses */
    struct confined confined; /* what is in force of confinement */
    bool replay;            /* of captures: what is written depends on their packets alone */
    uint64_t stats_s;       /* how often a statistics record is written; 0: never */
    uint64_t wait_ms;       /* for Redis, at the end */
    bool dead, ended;       /* a thread has died; nothing is left to go on with */

    /* The loop's own. */
    struct progress progress;
    double stats_due_s, status_due_s; /* the next statistics record, the next word to the service manager, by the same */
    uint64_t loads;         /* of lists, when the reload that is under way was asked for */
    char document[JSON_MAX];
};

/* What every use of it needs: state, lists, plugins, the key of pseudonyms. False: a sentence. */
bool sensor_open(struct sensor *, const struct options *, const struct settings *, char err[static ERRLEN]);

/* What is read: packets, or another sensor's records. False: a sentence; *usage where it was asked for wrongly. */
bool sensor_open_input(struct sensor *, const struct options *, bool *usage, char err[static ERRLEN]);

/* Where documents go. False: a sentence. */
bool sensor_open_outputs(struct sensor *, const struct options *, char err[static ERRLEN]);

/* All is open that needs a right; what is opened from here on needs none. Before any thread. False: a sentence. */
bool sensor_confine(struct sensor *, const struct options *, char err[static ERRLEN]);

/* What is between, and every thread: the desk and what it knew, workers, delivery. False: a sentence. */
bool sensor_open_river(struct sensor *, const struct options *, char err[static ERRLEN]);

/* From here on nothing is lost, and a replay can be gone on with. False: a sentence. */
bool sensor_begin(struct sensor *, char err[static ERRLEN]);

/* What was opened, however far that came. False: a sentence; what could be closed is. */
bool sensor_close(struct sensor *, char err[static ERRLEN]);

/* The next sentence for the log, from whichever part; false: none. */
bool sensor_news(struct sensor *, char message[static ERRLEN]);

/* A thread of its own has ended by itself: the sentence says which. Nothing more can be relied on. */
bool sensor_dead(struct sensor *, char err[static ERRLEN]);

/* Its figures; by_packets: those alone that a replay's packets decide. */
void sensor_figures(struct sensor *, struct figures_of *, bool by_packets);

/* The lists in force. */
const struct lists *sensor_lists(const struct sensor *);

/* The Redis that the options name. */
struct redis_settings sensor_redis_settings(const struct sensor *, const struct options *);

/* A desk with what is in force; seed: what its full tables forget first. */
struct desk_settings sensor_desk(const struct sensor *, const struct options *, uint64_t seed);

/* Floors 1 and 2 with what is in force, but for --log. */
struct shard_settings sensor_shard(const struct sensor *, const struct options *);
