/* All that is read from lists: indicators, allowlists and GeoIP databases, opened together. */
#pragma once

#include "classifiers/indicator.h"
#include "feeds/allow.h"
#include "feeds/geoip.h"
#include "feeds/settings.h"

struct lists_settings {
    const struct setting_list *ioc, *allow, *geoip; /* paths */
    bool builtin_ioc, builtin_allow;
    uint64_t seed;
};

struct lists;

/* NULL: a sentence that names the file. */
struct lists *lists_open(const struct lists_settings *, char err[static ERRLEN]);
void lists_close(struct lists *);

/* The next thing that was odd but did no harm, as a sentence; false: no more. */
bool lists_warning(struct lists *, char message[static ERRLEN]);

const struct indicators *lists_indicators(const struct lists *);
const struct allow *lists_allow(const struct lists *);
struct geoip *lists_geoip(const struct lists *);
