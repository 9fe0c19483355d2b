/* What is told without being evidence: a protocol event as it was seen, and the sensor's own figures. */
#pragma once

#include "capture/event.h"
#include "feeds/report.h"

struct record {
    const struct event *event; /* DNS, HTTP or TLS */
    const char *kind;          /* dns, http, tls */
    const char *sensor;
    char id[REPORT_ID];
    const struct geo *geo;     /* of the server; NULL: not asked for */
};

struct stat_value {
    const char *group, *name;  /* radome.stats.GROUP.NAME; our own words */
    uint64_t value;
};

struct stats_record {
    uint64_t us;               /* packet time */
    const char *sensor;
    char id[REPORT_ID];
    const struct stat_value *values;
    size_t count;
};
