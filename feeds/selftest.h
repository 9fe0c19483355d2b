/* Built-in traffic of each kind through the whole chain, frames to documents, with the lists, plugins and threshold in force:
 * whether a sensor that says nothing has nothing to say. */
#pragma once

#include "feeds/desk.h"
#include "feeds/shard.h"

struct selftest_result {
    unsigned fired, all;
    char missing[1024];        /* those that did not, parted by "; " */
};

/* The desk and the shard's settings are the caller's; the desk must know nothing. False: a sentence. */
bool selftest_run(struct selftest_result *, const struct shard_settings *, struct desk *, char err[static ERRLEN]);
