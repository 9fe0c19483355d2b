/* Document ids: 128 bits of XXH3 over what identifies the evidence, in hex. Unkeyed on purpose: the same traffic gives
 * the same ids on every sensor. The only file of this floor that names xxhash, for its tables' keyed hashes too. */
#pragma once

#include "capture/addr.h"
#include "classifiers/hit.h"
#include "feeds/report.h"

/* Of a hit: kind, packet time, client, server and subject. */
void id_of_hit(char out[static REPORT_ID], const struct hit *);

/* Of anything else: a word for its kind and the bytes that identify it. */
void id_of(char out[static REPORT_ID], const char *kind, const void *bytes, size_t len);

/* Keyed hash for tables. */
uint64_t id_hash(const void *bytes, size_t len, uint64_t seed);
