#include "capture/duplicate.h"

#include "capture/pages.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    SLOTS = 4096,   /* as many messages as come in DUPLICATE_US at 800,000 a second */
    LOOKED_AT = 128 /* bytes of a datagram; its length and its own checksum are among them and stand for the rest */
};

struct duplicates {
    uint64_t seed;
    struct slot {
        uint64_t hash, us;
    } slot[SLOTS];
};

struct duplicates *duplicates_open(uint64_t seed, char err[static ERRLEN])
{
    struct duplicates *d = pages_open(sizeof *d);
    if (d == NULL) {
        error_set(err, "no memory for recognising duplicate packets");
        return NULL;
    }
    pages_soon(d, sizeof *d);
    d->seed = seed;
    return d;
}

void duplicates_close(struct duplicates *d)
{
    pages_close(d, sizeof *d);
}

/* A router counts the time to live down, mends the checksum and may set the class of traffic; the identification stays,
 * and is what tells a copy from a query that is sent again. Slots of zero hold nothing yet. */
static uint64_t hash_of(const struct duplicates *d, struct slice ip)
{
    enum { HEADER = 20, WORDS = 3 };
    static const uint8_t stays[2][WORDS * 8] = {
        {255, 0, 255, 255, 255, 255, 255, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255}, /* IPv4 */
        {0, 0, 255, 255, 255, 255, 255, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
    };
    uint64_t header[WORDS] = {0}, mask[WORDS];
    memcpy(header, ip.p, HEADER);
    memcpy(mask, stays[ip.p[0] >> 4 == 6], sizeof mask);
    for (int i = 0; i < WORDS; i++)
        header[i] &= mask[i];
    uint64_t seed = XXH3_64bits_withSeed(header, HEADER, d->seed);
    struct slice rest = slice_head(slice_from(ip, HEADER), LOOKED_AT);
    uint64_t hash = XXH3_64bits_withSeed(rest.p, rest.len, seed);
    return hash != 0 ? hash : 1;
}

/* The place is no secret: which messages push each other out must be the same at every replay. Whoever aims at a place makes
 * a copy count twice, and no more. */
static struct slot *slot_for(struct duplicates *d, const struct packet *packet)
{
    uint64_t src;
    uint16_t id = 0;
    memcpy(&src, packet->tuple.src.b + 8, sizeof src);
    memcpy(&id, packet->payload.p, packet->payload.len < sizeof id ? packet->payload.len : sizeof id);
    uint64_t ports = (uint64_t)packet->tuple.sport << 16 | packet->tuple.dport, rest = (uint64_t)packet->payload.len << 16 | id;
    uint64_t mixed = src * UINT64_C(0x9e3779b97f4a7c15) ^ (ports << 32 | (rest & UINT32_MAX));
    return &d->slot[mixed * UINT64_C(0xd6e8feb86659fd93) >> 52];
}

_Static_assert(SLOTS == 1 << (64 - 52), "the highest bits name a place");

void duplicate_expect(struct duplicates *d, const struct packet *packet)
{
    if (packet->payload.len > 0)
        __builtin_prefetch(slot_for(d, packet), 1);
}

/* Packets of several queues come a little out of order, so a copy may even seem older. */
bool duplicate_seen(struct duplicates *d, const struct packet *packet)
{
    uint64_t hash = hash_of(d, packet->ip);
    struct slot *slot = slot_for(d, packet);
    uint64_t apart = packet->us > slot->us ? packet->us - slot->us : slot->us - packet->us;
    if (slot->hash == hash && apart < DUPLICATE_US)
        return true;
    *slot = (struct slot){hash, packet->us};
    return false;
}
