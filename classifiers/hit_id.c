#include "classifiers/hit_id.h"

#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Two who watch one connection do not agree on the microsecond: a record is written when its transaction has ended, a
 * packet was captured on another card. They agree on the ports, on which request of the connection it was, and on the day,
 * which tells apart the connections that use the same ports again. */
#define DAY_US (86400ull * 1000000)

/* Byte by byte: the same on every machine. */
static uint8_t *put(uint8_t *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        *out++ = (uint8_t)(value >> (8 * i));
    return out;
}

void hit_id(char out[static HIT_ID], const struct hit *hit)
{
    uint8_t fixed[64], *end = fixed;
    XXH3_state_t state;
    *end++ = (uint8_t)hit->kind;
    end = put(end, hit->us / DAY_US, 4);
    memcpy(end, &hit->tuple.src, sizeof hit->tuple.src);
    memcpy(end + sizeof hit->tuple.src, &hit->tuple.dst, sizeof hit->tuple.dst);
    end = put(end + 2 * sizeof hit->tuple.src, hit->tuple.sport, 2);
    end = put(end, hit->tuple.dport, 2);
    *end++ = hit->tuple.proto;
    end = put(end, hit->transaction, 4);
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, fixed, (size_t)(end - fixed));
    XXH3_128bits_update(&state, hit->subject, strlen(hit->subject));
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    snprintf(out, HIT_ID, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

uint64_t hit_alias(struct slice name)
{
    return XXH3_64bits(name.p, name.len) | 1;
}
