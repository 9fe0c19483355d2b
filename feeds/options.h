/* What the sensor can be told: one table, read from the command line and the configuration file. The texts live as long as
 * the struct settings that read them. */
#pragma once

#include "feeds/lists.h"

struct options {
    struct setting_list paths, interfaces, ioc, allow, rules, geoip, plugins;
    const char *filter, *eve, *config, *output, *redis, *redis_key, *redis_password_file, *log, *sensor, *state, *anonymise_key, *metrics;
    int redis_mode, format, anonymise, confine; /* enum redis_mode, enum json_format, enum anonymise_mode, enum confine_mode */
    uint64_t redis_wait, redis_max_queue, journal_size, threshold, workers, memory, body_limit, ring, stats;
    bool no_builtin_ioc, no_builtin_allow, lists_may_shrink, no_preview, progress, check, self_test, version, help;
};

/* The defaults, and the table that reads into them. */
void options_open(struct options *, struct settings *);

/* For a running sensor: command line and configuration file once more. What differs from the settings in force and is not
 * live is told in later, a sentence or "". False: one sentence in err. Free the settings in either case. */
bool options_again(const struct settings *in_force, struct options *, struct settings *, char later[static ERRLEN],
                   char err[static ERRLEN]);

/* What they say of lists; borrows their texts. */
struct lists_settings options_lists(const struct options *, uint64_t seed);

/* Settings that exclude each other or miss each other. False: a sentence. */
bool options_agree(const struct options *, char err[static ERRLEN]);
