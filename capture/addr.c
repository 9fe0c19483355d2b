#include "capture/addr.h"

#include <arpa/inet.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct addr addr_v4(const uint8_t b[static 4])
{
    struct addr addr;
    memcpy(addr.b, mapped, sizeof mapped);
    memcpy(addr.b + sizeof mapped, b, 4);
    return addr;
}

struct addr addr_v6(const uint8_t b[static 16])
{
    struct addr addr;
    memcpy(addr.b, b, sizeof addr.b);
    return addr;
}

bool addr_is_v4(const struct addr *addr)
{
    return memcmp(addr->b, mapped, sizeof mapped) == 0;
}

bool addr_eq(const struct addr *a, const struct addr *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* A scope ("fe80::1%eth0") names an interface of another machine and is refused like any other stray byte. */
bool addr_parse(struct addr *addr, struct slice text)
{
    char copy[ADDR_TEXT];
    if (text.len == 0 || text.len >= sizeof copy || slice_chr(text, '\0') >= 0)
        return false;
    slice_text(text, copy, sizeof copy);
    uint8_t b[16];
    if (inet_pton(AF_INET, copy, b) == 1) {
        *addr = addr_v4(b);
        return true;
    }
    if (inet_pton(AF_INET6, copy, b) == 1) {
        *addr = addr_v6(b);
        return true;
    }
    return false;
}

/* By hand: the C library's goes by way of printf, and with records on every packet is told with two or more of these. */
static void format_v4(const uint8_t b[static 4], char *out)
{
    for (int i = 0; i < 4; i++) {
        if (b[i] >= 100)
            *out++ = (char)('0' + b[i] / 100);
        if (b[i] >= 10)
            *out++ = (char)('0' + b[i] / 10 % 10);
        *out++ = (char)('0' + b[i] % 10);
        *out++ = i < 3 ? '.' : '\0';
    }
}

const char *addr_format(const struct addr *addr, char out[static ADDR_TEXT])
{
    if (addr_is_v4(addr))
        format_v4(addr->b + sizeof mapped, out);
    else
        inet_ntop(AF_INET6, addr->b, out, ADDR_TEXT);
    return out;
}

bool tuple_eq(const struct tuple *a, const struct tuple *b)
{
    return a->sport == b->sport && a->dport == b->dport && a->proto == b->proto && addr_eq(&a->src, &b->src) &&
           addr_eq(&a->dst, &b->dst);
}

struct tuple tuple_reverse(const struct tuple *t)
{
    return (struct tuple){t->dst, t->src, t->dport, t->sport, t->proto};
}

struct end {
    uint64_t high, low, port;
};

static struct end end_of(const struct addr *addr, uint16_t port)
{
    struct end end = {0, 0, port};
    memcpy(&end.high, addr->b, 8);
    memcpy(&end.low, addr->b + 8, 8);
    return end;
}

/* Any order of the two ends will do as long as both directions come to the same one, so the bytes are compared as they
 * lie in memory. IPv4 ends differ in `low` first. */
static bool end_before(const struct end *a, const struct end *b)
{
    if (a->low != b->low)
        return a->low < b->low;
    if (a->high != b->high)
        return a->high < b->high;
    return a->port < b->port;
}

uint64_t tuple_hash(const struct tuple *t, uint64_t seed)
{
    struct end src = end_of(&t->src, t->sport), dst = end_of(&t->dst, t->dport);
    bool swap = end_before(&dst, &src);
    const struct end *one = swap ? &dst : &src, *two = swap ? &src : &dst;
    uint64_t key[5] = {one->high, one->low, two->high, two->low, one->port << 24 | two->port << 8 | t->proto};
    return XXH3_64bits_withSeed(key, sizeof key, seed);
}
