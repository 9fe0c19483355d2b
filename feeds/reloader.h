/* Lists loaded anew while the sensor runs: read on a thread of its own, put in force by whoever owns the packets, between
 * two frames. A replaced GeoIP database is noticed and taken in the same way. What cannot be loaded changes nothing. */
#pragma once

#include "feeds/lists.h"

struct reloader;

/* Takes the lists over, whatever comes of it. look_ms: how often GeoIP files are looked at; 0: once a minute. */
struct reloader *reloader_open(struct lists *, unsigned look_ms, char err[static ERRLEN]);
void reloader_close(struct reloader *);

/* Asks for all lists anew. Further calls while a load is under way are one more load behind it. */
void reloader_ask(struct reloader *, const struct lists_settings *);

/* True where other lists were loaded: from now on they are reloader_lists. Those before live until reloader_release, which
 * says that nobody reads them any longer; until then no others come. Costs nothing where there is no news. */
bool reloader_swap(struct reloader *);
void reloader_release(struct reloader *);
const struct lists *reloader_lists(const struct reloader *);

/* One that failed before it came to the lists: the settings could not be read. */
void reloader_failed(struct reloader *, const char *why);

/* What became of it, a sentence each. */
bool reloader_news(struct reloader *, char message[static ERRLEN]);

/* Its thread has ended, though nobody told it to. */
bool reloader_dead(struct reloader *);

struct reloader_stats {
    struct lists_stats lists;      /* in force */
    uint64_t generation, refused;  /* the first lists are generation 1; reloads that failed */
    uint64_t reloaded_s;           /* when this generation came into force, since 1970 */
};

void reloader_stats(struct reloader *, struct reloader_stats *);
