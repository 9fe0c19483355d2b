#include "feeds/id.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* By hand: every record has an id, and printf takes as long as all else that is done for one. */
static void put_hex(char *out, uint64_t value)
{
    for (int i = 0; i < 16; i++)
        out[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
}

void id_of(char out[static REPORT_ID], const char *kind, const void *bytes, size_t len)
{
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, kind, strlen(kind) + 1);
    XXH3_128bits_update(&state, bytes, len);
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    put_hex(out, hash.high64);
    put_hex(out + 16, hash.low64);
    out[32] = '\0';
}

uint64_t id_hash(const void *bytes, size_t len, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, len, seed);
}
