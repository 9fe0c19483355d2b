#include "feeds/id.h"

#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static void finish(char out[static REPORT_ID], XXH128_hash_t hash)
{
    snprintf(out, REPORT_ID, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

void id_of(char out[static REPORT_ID], const char *kind, const void *bytes, size_t len)
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, kind, strlen(kind) + 1);
    XXH3_128bits_update(&state, bytes, len);
    finish(out, XXH3_128bits_digest(&state));
}

void id_of_hit(char out[static REPORT_ID], const struct hit *hit)
{
    XXH3_state_t state;
    uint8_t fixed[9] = {(uint8_t)hit->kind};
    for (int i = 0; i < 8; i++) /* byte by byte: the same on every machine */
        fixed[1 + i] = (uint8_t)(hit->us >> (8 * i));
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, fixed, sizeof fixed);
    XXH3_128bits_update(&state, &hit->tuple.src, sizeof hit->tuple.src);
    XXH3_128bits_update(&state, &hit->tuple.dst, sizeof hit->tuple.dst);
    XXH3_128bits_update(&state, hit->subject, strlen(hit->subject));
    finish(out, XXH3_128bits_digest(&state));
}

uint64_t id_hash(const void *bytes, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, len, seed);
}
