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

struct lists_stats {
    uint64_t files, indicators, indicator_bytes, allowed, unreadable;
    uint64_t age_s, oldest_s;      /* since they were loaded; since the file longest unchanged was written */
};

void lists_stats(const struct lists *, struct lists_stats *);
