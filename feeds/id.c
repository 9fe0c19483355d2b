#include "feeds/id.h"

#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

void id_of(char out[static REPORT_ID], const char *kind, const void *bytes, size_t len)
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, kind, strlen(kind) + 1);
    XXH3_128bits_update(&state, bytes, len);
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    snprintf(out, REPORT_ID, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

uint64_t id_hash(const void *bytes, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, len, seed);
}
