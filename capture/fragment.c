#include "capture/fragment.h"

#include <stdlib.h>

enum {
    UNIT = 8,                            /* bytes: fragments begin at multiples of it */
    PART = 2016,                         /* bytes of one part of a datagram; with its bits, a block of the pool */
    PARTS = 65535 / PART + 1,
    DATAGRAM = 65535,                    /* bytes of payload at most */
    HEADER = 40,                         /* of IPv6; IPv4's is shorter */
    PER_DATAGRAM = 2                     /* parts there are for each datagram: two full Ethernet frames fit */
};

struct part {
    uint64_t have[4];                    /* a bit a unit */
    uint8_t bytes[PART];
};

/* The version tells v4-mapped addresses in IPv6 from IPv4. With IPv6 the protocol is not part of the key: only the
 * first fragment's counts (RFC 8200 section 4.5). */
struct key {
    struct addr src, dst;
    uint32_t id;
    uint8_t version, proto;
};

struct datagram {
    struct key key;
    uint64_t us;                         /* packet time of the fragment that came first */
    uint32_t units;                      /* received */
    uint32_t len, seen;                  /* payload bytes, 0: not known yet; the furthest byte received */
    uint8_t proto;
    struct part *parts[PARTS];
    struct datagram *newer, *older, *chain;
};

struct fragments {
    struct pool *datagrams, *parts;
    struct datagram **buckets, *newest, *oldest;
    size_t mask;
    uint64_t seed;
    struct fragment_stats stats;
    uint8_t out[HEADER + DATAGRAM + 1];
};

struct fragments *fragments_open(size_t bytes, uint64_t seed, char err[static ERRLEN])
{
    struct fragments *f = calloc(1, sizeof *f);
    if (f == NULL) {
        error_set(err, "no memory for a table of fragments");
        return NULL;
    }
    size_t each = PER_DATAGRAM * sizeof(struct part) + sizeof(struct datagram) + 2 * sizeof(struct datagram *);
    size_t count = bytes / each > 0 ? bytes / each : 1;
    f->seed = seed;
    for (f->mask = 1; f->mask < count; f->mask *= 2)
        continue;
    f->buckets = calloc(f->mask, sizeof *f->buckets);
    f->mask--;
    f->datagrams = pool_open(sizeof(struct datagram), count * ((sizeof(struct datagram) + 63) / 64 * 64), err);
    size_t parts = count * PER_DATAGRAM > PARTS ? count * PER_DATAGRAM : PARTS; /* one of any size fits */
    f->parts = pool_open(sizeof(struct part), parts * sizeof(struct part), err);
    if (f->buckets == NULL || f->datagrams == NULL || f->parts == NULL) {
        error_set(err, "no memory for %zu datagrams in fragments; lower the memory setting", count);
        fragments_close(f);
        return NULL;
    }
    f->stats.limit = count;
    return f;
}

void fragments_close(struct fragments *f)
{
    if (f == NULL)
        return;
    pool_close(f->datagrams);
    pool_close(f->parts);
    free(f->buckets);
    free(f);
}

static struct key key_of(const struct packet *packet)
{
    uint8_t version = packet->ip.len > 0 ? packet->ip.p[0] >> 4 : 4;
    return (struct key){packet->tuple.src, packet->tuple.dst, packet->fragment_id, version,
                        version == 6 ? 0 : packet->tuple.proto};
}

static bool key_eq(const struct key *a, const struct key *b)
{
    return a->id == b->id && a->version == b->version && a->proto == b->proto && addr_eq(&a->src, &b->src) &&
           addr_eq(&a->dst, &b->dst);
}

/* The flow table's hash serves: that it is the same for the other direction costs a comparison now and then. */
static struct datagram **bucket_of(struct fragments *f, const struct key *key)
{
    struct tuple tuple = {key->src, key->dst, (uint16_t)(key->id >> 16), (uint16_t)key->id, key->proto};
    return &f->buckets[tuple_hash(&tuple, f->seed) & f->mask];
}

static void forget(struct fragments *f, struct datagram *datagram)
{
    struct datagram **link = bucket_of(f, &datagram->key);
    while (*link != datagram)
        link = &(*link)->chain;
    *link = datagram->chain;
    *(datagram->newer != NULL ? &datagram->newer->older : &f->newest) = datagram->older;
    *(datagram->older != NULL ? &datagram->older->newer : &f->oldest) = datagram->newer;
    for (size_t i = 0; i < PARTS; i++)
        pool_give(f->parts, datagram->parts[i]);
    pool_give(f->datagrams, datagram);
    f->stats.now--;
}

/* Packet time may step back; further than the idle time, and it is another capture's. */
static void expire(struct fragments *f, uint64_t now_us)
{
    while (f->oldest != NULL) {
        uint64_t us = f->oldest->us, apart = now_us > us ? now_us - us : us - now_us;
        if (apart <= FRAGMENT_IDLE_S * UINT64_C(1000000))
            return;
        f->stats.expired++;
        forget(f, f->oldest);
    }
}

static void evict(struct fragments *f)
{
    f->stats.evicted++;
    forget(f, f->oldest);
}

static struct datagram *find_or_make(struct fragments *f, const struct key *key, uint64_t us)
{
    struct datagram **bucket = bucket_of(f, key);
    for (struct datagram *datagram = *bucket; datagram != NULL; datagram = datagram->chain)
        if (key_eq(&datagram->key, key))
            return datagram;
    if (f->stats.now == f->stats.limit)
        evict(f);
    struct datagram *datagram = pool_take(f->datagrams);
    *datagram = (struct datagram){.key = *key, .us = us, .proto = key->proto, .older = f->newest, .chain = *bucket};
    *(f->newest != NULL ? &f->newest->newer : &f->oldest) = datagram;
    f->newest = *bucket = datagram;
    f->stats.now++;
    return datagram;
}

/* The part that holds the byte at `off`. Without room the oldest datagram goes, which may come to this one: NULL. */
static struct part *part_at(struct fragments *f, struct datagram *datagram, size_t off)
{
    struct part **part = &datagram->parts[off / PART];
    while (*part == NULL) {
        *part = pool_take(f->parts);
        if (*part != NULL) {
            memset((*part)->have, 0, sizeof (*part)->have);
            break;
        }
        bool own = f->oldest == datagram;
        evict(f);
        if (own)
            return NULL;
    }
    return *part;
}

/* A datagram's length is what its last fragment says first; whoever goes beyond it is lying. */
static bool fits(const struct datagram *datagram, const struct packet *packet)
{
    size_t end = packet->fragment_off + packet->payload.len, header = datagram->key.version == 6 ? 0 : 20;
    if (end == packet->fragment_off || end + header > DATAGRAM || (packet->fragment_more && end % UNIT != 0))
        return false;
    if (datagram->len != 0 && (end > datagram->len || (!packet->fragment_more && end != datagram->len)))
        return false;
    return packet->fragment_more || end >= datagram->seen;
}

/* Copies unit by unit what is not there yet. False: the datagram went for want of room. */
static bool fill(struct fragments *f, struct datagram *datagram, const struct packet *packet)
{
    struct slice rest = packet->payload;
    bool known = true, conflict = false;
    for (size_t off = packet->fragment_off; rest.len > 0; off += UNIT) {
        struct part *part = part_at(f, datagram, off);
        if (part == NULL)
            return false;
        size_t unit = off % PART / UNIT;
        uint64_t bit = UINT64_C(1) << unit % 64, *have = &part->have[unit / 64];
        uint8_t *at = part->bytes + off % PART;
        struct slice bytes = slice_cut(&rest, UNIT);
        if (*have & bit) {
            conflict |= memcmp(at, bytes.p, bytes.len) != 0;
            continue;
        }
        memcpy(at, bytes.p, bytes.len);
        *have |= bit;
        datagram->units++;
        known = false;
    }
    f->stats.repeated += known;
    f->stats.conflicting += conflict;
    return true;
}

/* Options and extension headers are left out, and the checksum is nobody's: whoever reads on wants the payload. */
static struct slice whole(struct fragments *f, const struct datagram *datagram)
{
    const struct key *key = &datagram->key;
    uint8_t *p = f->out;
    size_t header = key->version == 6 ? 40 : 20;
    size_t length = key->version == 6 ? datagram->len : header + datagram->len;
    memset(p, 0, header);
    p[0] = key->version == 6 ? 0x60 : 0x45;
    p[key->version == 6 ? 4 : 2] = (uint8_t)(length >> 8);
    p[key->version == 6 ? 5 : 3] = (uint8_t)length;
    if (key->version == 6) {
        p[6] = datagram->proto;
        memcpy(p + 8, key->src.b, 16);
        memcpy(p + 24, key->dst.b, 16);
    } else {
        p[9] = datagram->proto;
        memcpy(p + 12, key->src.b + 12, 4);
        memcpy(p + 16, key->dst.b + 12, 4);
    }
    for (size_t off = 0; off < datagram->len; off += PART) {
        size_t n = datagram->len - off < PART ? datagram->len - off : PART;
        memcpy(p + header + off, datagram->parts[off / PART]->bytes, n);
    }
    return slice_of(p, header + datagram->len);
}

bool fragment_feed(struct fragments *f, const struct packet *packet, struct slice *out)
{
    expire(f, packet->us);
    f->stats.fragments++;
    if (packet->missing > 0) {
        f->stats.cut++;
        return false;
    }
    struct key key = key_of(packet);
    struct datagram *datagram = find_or_make(f, &key, packet->us);
    if (!fits(datagram, packet)) {
        f->stats.malformed++;
        if (datagram->units == 0)
            forget(f, datagram);
        return false;
    }
    uint32_t end = (uint32_t)(packet->fragment_off + packet->payload.len);
    if (!fill(f, datagram, packet))
        return false;
    if (packet->fragment_off == 0 && datagram->proto == 0)
        datagram->proto = packet->tuple.proto;
    if (!packet->fragment_more)
        datagram->len = end;
    datagram->seen = end > datagram->seen ? end : datagram->seen;
    if (datagram->len == 0 || datagram->units != (datagram->len + UNIT - 1) / UNIT)
        return false;
    *out = whole(f, datagram);
    f->stats.datagrams++;
    forget(f, datagram);
    return true;
}

void fragments_finish(struct fragments *f)
{
    for (; f->oldest != NULL; f->stats.expired++)
        forget(f, f->oldest);
}

void fragments_memory(const struct fragments *f, struct pool_sum *sum)
{
    pool_sum(f->datagrams, sum);
    pool_sum(f->parts, sum);
    sum->bytes += (f->mask + 1) * sizeof *f->buckets;
}

void fragments_stats(const struct fragments *f, struct fragment_stats *stats)
{
    *stats = f->stats;
}
