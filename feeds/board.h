/* What is known of all sensors just now: incidents, the newest hits, the latest figures, where news come from. Bounded; what
 * had to go is counted. Filled by several threads; who reads the fields holds the lock. */
#pragma once

#include <pthread.h>

#include "feeds/notice.h"

enum { BOARD_INCIDENTS = 256, BOARD_HITS = 512, BOARD_SENSORS = 16, BOARD_SOURCES = 8 };

struct board_entry {
    uint64_t seq;              /* one of its own, from 1 */
    uint64_t news;             /* the order in which they were heard of last */
    uint64_t heard_us;         /* and when, by the wall clock */
    struct notice notice;
};

struct board_sensor {
    char name[NOTICE_TEXT];
    bool of_file;              /* its figures are read from a file; those in documents are not looked at then */
    uint64_t heard_us;         /* when it said something last, by the wall clock */
    uint64_t hits, incidents;  /* documents heard */
    struct samples now, before; /* count 0: none yet */
};

struct board_source {
    char name[128], state[ERRLEN]; /* name "": the state says it */
    bool away;
    uint64_t since_ms;         /* of this state, by the monotonic clock */
};

struct board {
    pthread_mutex_t lock;
    uint64_t version;          /* grows with every change */
    uint64_t seq;
    struct board_entry *incident, *hit; /* hit: a ring, the oldest at hits_at once it is full */
    struct board_sensor *sensor;
    struct board_source source[BOARD_SOURCES];
    size_t incidents, hits, hits_at, sensors, sources;
    struct {
        uint64_t documents, records, unreadable, incidents_forgotten, hits_forgotten, sensors_refused;
    } stats;
};

/* NULL: no memory. */
struct board *board_open(void);
void board_close(struct board *);

/* As it is now, for who wants to look at it for longer; of its own, no thread fills it. NULL: no memory. */
struct board *board_copy(struct board *);

/* A place for what a source says of itself; SIZE_MAX: there are too many. */
size_t board_source(struct board *, const char *name);
void board_say(struct board *, size_t source, bool away, const char *state);

/* A document, heard at that time; 0: it was there before, and is as old as it says. scratch is the caller's, lest the lock
 * is held while it is read. */
struct board_scratch {
    struct notice notice;
    struct samples samples;
};
void board_take(struct board *, struct board_scratch *, struct slice document, uint64_t heard_us);

/* The figures in a file, which is called after the sensor that they are of. */
void board_figures(struct board *, const char *sensor, const struct samples *, uint64_t heard_us);

/* Those in which the filter's text occurs ("" in all), in order: incidents the worst first, or the latest; hits the newest
 * first. out has room for all; returns how many. */
size_t board_incidents(const struct board *, const char *filter, bool by_time, const struct board_entry *out[static BOARD_INCIDENTS]);
size_t board_hits(const struct board *, const char *filter, const struct board_entry *out[static BOARD_HITS]);

/* Whether the sensor has said nothing for longer than it uses to. */
bool board_is_late(const struct board_sensor *, uint64_t now_us);
