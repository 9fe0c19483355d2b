/* All that is read from lists: indicators, allowlists and GeoIP databases, loaded together and never changed after. */
#pragma once

#include "classifiers/indicator.h"
#include "feeds/allow.h"
#include "feeds/geoip.h"
#include "feeds/settings.h"

struct lists_settings {
    const struct setting_list *ioc, *allow, *geoip; /* paths; copied */
    bool builtin_ioc, builtin_allow;
    bool may_shrink;               /* take a list that is empty, or has half the entries of the time before or fewer */
    uint64_t seed;
};

enum lists_part { LISTS_IOC, LISTS_ALLOW, LISTS_GEOIP, LISTS_PARTS };

struct lists;

/* `before` is what they replace, or NULL: a list of the same path that lost half of its entries or more is refused. NULL: a
 * sentence that names the file. */
struct lists *lists_open(const struct lists_settings *, const struct lists *before, char err[static ERRLEN]);

/* Those with their GeoIP databases opened anew and all else shared. */
struct lists *lists_open_geoip(const struct lists *before, char err[static ERRLEN]);

/* Closes what heir does not share; heir may be NULL. */
void lists_close(struct lists *, const struct lists *heir);

/* The next thing that was odd but did no harm, as a sentence; false: no more. */
bool lists_warning(struct lists *, char message[static ERRLEN]);

/* Every list with its entries and its age, in a sentence. */
void lists_describe(const struct lists *, char message[static ERRLEN]);

/* A GeoIP file is another than the one that was opened, and has been the same since the last call. */
bool lists_geoip_replaced(struct lists *);

const struct indicators *lists_indicators(const struct lists *);
const struct allow *lists_allow(const struct lists *);
struct geoip *lists_geoip(const struct lists *);

enum { LISTS_FILES = LISTS_PARTS * SETTING_LIST_MAX };

struct lists_file {                /* one of them: */
    enum lists_part part;
    unsigned number;               /* from 1, in the settings' order of its part */
    uint64_t entries, written_s;   /* of a GeoIP database its nodes; the file's time, since 1970 */
};

struct lists_stats {
    uint64_t files, indicators, indicator_bytes, allowed, unreadable;
    uint64_t age_s, oldest_s;      /* since they were loaded; since the file longest unchanged was written */
    uint64_t loaded_s;             /* when, since 1970 */
    uint64_t of_type[INDICATOR_TYPES], of_kind[ALLOW_KINDS];
    struct lists_file file[LISTS_FILES];
};

const char *lists_part_name(enum lists_part);

/* What is in force and was loaded, a sentence for each index from 0: the built-in ones, then each file; false: no more. */
bool lists_line(const struct lists *, unsigned index, char line[static ERRLEN]);

void lists_stats(const struct lists *, struct lists_stats *);
