/* Document ids of what is no single hit (classifiers/hit_id.h has those): 128 bits of XXH3 in hex, unkeyed. The only file
 * of this floor that names xxhash, for its tables' keyed hashes too. */
#pragma once

#include "feeds/report.h"

/* A word for its kind and the bytes that identify it. */
void id_of(char out[static REPORT_ID], const char *kind, const void *bytes, size_t len);

/* Keyed hash for tables. */
uint64_t id_hash(const void *bytes, size_t len, uint64_t seed);

/* One of `places` places, fewer than 2^32, for such a hash: as good as its remainder, without a division. */
static inline size_t id_place(uint64_t hash, size_t places)
{
    return (size_t)((hash >> 32) * places >> 32);
}
