/* What a hit is known by: 128 bits of XXH3, in hex, over its evidence. Unkeyed on purpose: whoever sees the same traffic
 * gives the same id, be it from frames or from another sensor's records. */
#pragma once

#include "classifiers/hit.h"

enum { HIT_ID = 33 };   /* 32 hex digits and a NUL */

/* Kind, UTC day, client, server, protocol, transaction and subject. */
void hit_id(char out[static HIT_ID], const struct hit *);

/* A name as a number, never 0, the same everywhere. */
uint64_t hit_alias(struct slice name);
