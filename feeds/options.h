/* What the sensor can be told: one table, read from the command line and the configuration file. The texts live as long as
 * the struct settings that read them. */
#pragma once

#include "feeds/settings.h"

struct options {
    struct setting_list paths, interfaces, ioc, allow, geoip;
    const char *filter, *config, *output, *redis, *redis_key, *redis_password_file, *log, *sensor;
    int redis_mode, format;        /* enum redis_mode, enum json_format */
    uint64_t redis_wait, threshold, workers, memory, body_limit;
    bool no_builtin_ioc, no_builtin_allow, progress, check, version, help;
};

/* The defaults, and the table that reads into them. */
void options_open(struct options *, struct settings *);

/* Settings that exclude each other or miss each other. False: a sentence. */
bool options_agree(const struct options *, char err[static ERRLEN]);
