#include "capture/duplicate.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    SLOTS = 4096,   /* as many messages as come in DUPLICATE_US at 800,000 a second */
    LOOKED_AT = 256 /* bytes of a datagram; its length and its own checksum are among them and stand for the rest */
};

struct duplicates {
    uint64_t seed;
    struct slot {
        uint64_t hash, us;
    } slot[SLOTS];
};

struct duplicates *duplicates_open(uint64_t seed, char err[static ERRLEN])
{
    struct duplicates *d = calloc(1, sizeof *d);
    if (d == NULL)
        error_set(err, "no memory for recognising duplicate packets");
    else
        d->seed = seed;
    return d;
}

void duplicates_close(struct duplicates *d)
{
    free(d);
}

/* A router counts the time to live down, mends the checksum and may set the class of traffic; the identification stays,
 * and is what tells a copy from a query that is sent again. Slots of zero hold nothing yet. */
static uint64_t hash_of(const struct duplicates *d, struct slice ip)
{
    static const uint8_t on_its_way[2][4] = {{1, 8, 10, 11}, {0, 1, 7, 7}}; /* bytes of an IPv4 and an IPv6 header */
    enum { HEADER = 20 };
    const uint8_t *changing = on_its_way[ip.p[0] >> 4 == 6];
    uint8_t header[HEADER];
    memcpy(header, ip.p, HEADER);
    for (size_t i = 0; i < 4; i++)
        header[changing[i]] = 0;
    uint64_t seed = XXH3_64bits_withSeed(header, HEADER, d->seed);
    struct slice rest = slice_head(slice_from(ip, HEADER), LOOKED_AT);
    uint64_t hash = XXH3_64bits_withSeed(rest.p, rest.len, seed);
    return hash != 0 ? hash : 1;
}

/* Packets of several queues come a little out of order, so a copy may even seem older. */
bool duplicate_seen(struct duplicates *d, const struct packet *packet)
{
    uint64_t hash = hash_of(d, packet->ip);
    struct slot *slot = &d->slot[hash % SLOTS];
    uint64_t apart = packet->us > slot->us ? packet->us - slot->us : slot->us - packet->us;
    if (slot->hash == hash && apart < DUPLICATE_US)
        return true;
    *slot = (struct slot){hash, packet->us};
    return false;
}
