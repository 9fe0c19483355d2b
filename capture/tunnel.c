#include "capture/layer.h"

#include "capture/cursor.h"

/* RFC 2784, 2890; version 1 is PPTP's (RFC 2637), which has a length in the key and an acknowledgement of its own.
 * ERSPAN type I is type II's number with neither sequence number nor header. */
enum layer tunnel_gre(struct walk *w)
{
    enum { CHECKSUM = 0x8000, ROUTING = 0x4000, KEY = 0x2000, SEQUENCE = 0x1000, ACKNOWLEDGE = 0x0080, VERSION = 7 };
    struct cursor c = cursor_of(w->rest);
    uint16_t flags = cursor_u16(&c), type = cursor_u16(&c);
    if (flags & ROUTING || (flags & VERSION) > 1)
        return LAYER_OTHER;
    for (unsigned bit = CHECKSUM; bit >= SEQUENCE; bit >>= 1)
        cursor_skip(&c, flags & bit ? 4 : 0);
    cursor_skip(&c, (flags & VERSION) == 1 && flags & ACKNOWLEDGE ? 4 : 0);
    w->rest = cursor_rest(&c);
    if (c.bad)
        return LAYER_BAD;
    enum layer next = link_ethertype(type);
    return next == LAYER_ERSPAN_2 && !(flags & SEQUENCE) ? LAYER_ETHERNET : next;
}

enum layer tunnel_erspan_2(struct walk *w)
{
    struct cursor c = cursor_of(w->rest);
    uint8_t version = cursor_u8(&c) >> 4;
    cursor_skip(&c, 7);
    w->rest = cursor_rest(&c);
    if (c.bad)
        return LAYER_BAD;
    return version == 1 ? LAYER_ETHERNET : LAYER_OTHER;
}

/* The twelfth byte: frame type in bits 2 to 6 (0 Ethernet, 2 IP), and whether eight bytes for the platform follow. */
enum layer tunnel_erspan_3(struct walk *w)
{
    struct cursor c = cursor_of(w->rest);
    uint8_t version = cursor_u8(&c) >> 4;
    cursor_skip(&c, 9);
    uint16_t frame = cursor_u16(&c);
    cursor_skip(&c, frame & 1 ? 8 : 0);
    w->rest = cursor_rest(&c);
    if (c.bad)
        return LAYER_BAD;
    unsigned type = frame >> 10 & 31;
    return version != 2 ? LAYER_OTHER : type == 0 ? LAYER_ETHERNET : type == 2 ? LAYER_IP : LAYER_OTHER;
}

/* RFC 7348; tunnel_port has looked at it. */
enum layer tunnel_vxlan(struct walk *w)
{
    w->rest = slice_from(w->rest, 8);
    return LAYER_ETHERNET;
}

/* RFC 8926 section 3.4: options in words of four bytes, then an EtherType's payload. */
enum layer tunnel_geneve(struct walk *w)
{
    struct cursor c = cursor_of(w->rest);
    size_t options = (cursor_u8(&c) & 0x3f) * 4u;
    cursor_skip(&c, 1);
    uint16_t type = cursor_u16(&c);
    cursor_skip(&c, 4 + options);
    w->rest = cursor_rest(&c);
    return c.bad ? LAYER_BAD : link_ethertype(type);
}

/* RFC 4380 section 5.1.1: an authentication and an origin indication may stand before the IPv6 datagram. */
enum layer tunnel_teredo(struct walk *w)
{
    struct cursor c = cursor_of(w->rest);
    if (slice_starts(w->rest, S("\0\1"))) {
        cursor_skip(&c, 2);
        size_t id = cursor_u8(&c), value = cursor_u8(&c);
        cursor_skip(&c, id + value + 9);
    }
    if (cursor_left(&c) >= 2 && c.p[0] == 0 && c.p[1] == 0)
        cursor_skip(&c, 8);
    w->rest = cursor_rest(&c);
    return c.bad ? LAYER_BAD : LAYER_IPV6;
}

/* GTP-U of mobile networks (3GPP TS 29.281 section 5): any of three flags brings four bytes more, the last of which names
 * the first of the extension headers, each with its length in words and the next one's name at its end. */
enum layer tunnel_gtp(struct walk *w)
{
    enum { OPTIONAL = 7 };
    struct cursor c = cursor_of(w->rest);
    uint8_t flags = cursor_u8(&c), next = 0;
    cursor_skip(&c, 7);
    if (flags & OPTIONAL) {
        cursor_skip(&c, 3);
        next = cursor_u8(&c);
    }
    while (next != 0 && !c.bad) {
        size_t words = cursor_u8(&c);
        cursor_skip(&c, words > 0 ? words * 4 - 2 : SIZE_MAX);
        next = cursor_u8(&c);
    }
    w->rest = cursor_rest(&c);
    return c.bad ? LAYER_BAD : LAYER_IP;
}

/* A port alone proves nothing (4789 may be some client's own), so the tunnel's fixed bits are looked at, and a datagram
 * without them stays plain UDP. */
enum layer tunnel_port(uint16_t sport, uint16_t dport, struct slice payload)
{
    if (dport == 4789 && payload.len >= 8 && payload.p[0] & 0x08 && payload.p[7] == 0)
        return LAYER_VXLAN;
    if (dport == 6081 && payload.len >= 8 && payload.p[0] >> 6 == 0 && (payload.p[1] & 0x3f) == 0 && payload.p[7] == 0)
        return LAYER_GENEVE;
    if ((dport == 3544 || sport == 3544) && payload.len >= 40 && (payload.p[0] >> 4 == 6 || payload.p[0] == 0))
        return LAYER_TEREDO;
    if ((dport == 2152 || sport == 2152) && payload.len >= 8 && payload.p[0] >> 4 == 3 && payload.p[1] == 255)
        return LAYER_GTP;
    return LAYER_DONE;
}
