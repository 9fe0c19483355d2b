/* Built-in traffic of each kind through the whole chain, frames to documents, with the lists, plugins, rules and threshold in
 * force: whether a sensor that says nothing has nothing to say. */
#pragma once

#include "feeds/allow.h"
#include "feeds/desk.h"
#include "feeds/shard.h"

enum { SELFTEST_WHY = 256 };

struct selftest;

/* The desk and the shard's settings are the caller's; the desk must know nothing. NULL: a sentence. */
struct selftest *selftest_run(const struct shard_settings *, struct desk *, const struct allow *, char err[static ERRLEN]);
void selftest_close(struct selftest *);

unsigned selftest_all(const struct selftest *);
unsigned selftest_fired(const struct selftest *);

/* The next that did not fire, in words, and the allowlist's entry where one hides it; false: no more. */
bool selftest_missing(struct selftest *, char why[static SELFTEST_WHY]);
