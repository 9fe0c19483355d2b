/* Addresses and 5-tuples. IPv4 is kept v4-mapped (::ffff:a.b.c.d, RFC 4291 section 2.5.5.2), so one shape serves
 * both. */
#pragma once

#include "capture/slice.h"

enum { ADDR_TEXT = 46 }; /* the longest printed IPv6 address and its NUL (INET6_ADDRSTRLEN) */

struct addr {
    uint8_t b[16];
};

struct tuple {
    struct addr src, dst;
    uint16_t sport, dport; /* host order */
    uint8_t proto;         /* IP protocol number: 6 TCP, 17 UDP */
};

struct addr addr_v4(const uint8_t b[static 4]);
struct addr addr_v6(const uint8_t b[static 16]);
bool addr_is_v4(const struct addr *);
bool addr_eq(const struct addr *, const struct addr *);

/* Reads an IPv4 or IPv6 address in its usual notation. */
bool addr_parse(struct addr *, struct slice text);

/* Prints as dotted quad or RFC 5952; returns out. */
const char *addr_format(const struct addr *, char out[static ADDR_TEXT]);

bool tuple_eq(const struct tuple *, const struct tuple *);
struct tuple tuple_reverse(const struct tuple *);

/* The same for both directions of a flow; keyed, so that nobody outside can choose collisions. */
uint64_t tuple_hash(const struct tuple *, uint64_t seed);
