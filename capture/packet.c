#include "capture/packet.h"

#include <netinet/in.h>

#include "capture/cursor.h"
#include "capture/layer.h"

enum { WIRE_MAX = 1 << 20 }; /* a longer frame is a lie of the capture file */

/* IP protocol numbers; 0 stands for those not dissected, so the layers are kept one higher. */
static const uint8_t protocols[256] = {
    [0] = LAYER_OPTIONS + 1,   /* hop-by-hop */
    [4] = LAYER_IPV4 + 1,      /* RFC 2003 */
    [6] = LAYER_TCP + 1,
    [17] = LAYER_UDP + 1,
    [41] = LAYER_IPV6 + 1,     /* 6in4, RFC 4213; 6in6 */
    [43] = LAYER_OPTIONS + 1,  /* routing */
    [44] = LAYER_FRAGMENT + 1,
    [47] = LAYER_GRE + 1,
    [51] = LAYER_AH + 1,       /* RFC 4302 */
    [60] = LAYER_OPTIONS + 1,  /* destination options */
    [135] = LAYER_OPTIONS + 1, /* mobility */
    [137] = LAYER_MPLS + 1,    /* RFC 4023 */
    [139] = LAYER_OPTIONS + 1, /* host identity */
    [140] = LAYER_OPTIONS + 1, /* shim6 */
};

static enum layer by_protocol(struct walk *w, uint8_t protocol)
{
    w->packet->tuple.proto = protocol;
    uint8_t layer = protocols[protocol];
    return layer == 0 ? LAYER_OTHER : (enum layer)(layer - 1);
}

static enum layer fragment_of(struct walk *w, uint32_t id, uint16_t off, bool more)
{
    struct packet *packet = w->packet;
    packet->kind = PACKET_FRAGMENT;
    packet->fragment_id = id;
    packet->fragment_off = off;
    packet->fragment_more = more;
    packet->payload = w->rest;
    packet->missing = w->cut;
    return LAYER_DONE;
}

/* Makes `wire` the length of what is left, counted from its first byte: padding behind it goes, and what was not
 * captured is known. Zero means the sender's hardware was to cut a larger one (TSO): then it is all there is. */
static void bound(struct walk *w, size_t wire, bool unknown)
{
    if (unknown)
        return;
    w->cut = wire > w->rest.len ? (uint32_t)(wire - w->rest.len) : 0;
    w->rest = slice_head(w->rest, wire);
}

static bool deeper(struct walk *w)
{
    w->packet->depth = (uint8_t)w->depth;
    return w->depth++ <= PACKET_DEPTH;
}

static enum layer ipv4(struct walk *w)
{
    if (w->rest.len < 20)
        return LAYER_BAD;
    const uint8_t *p = w->rest.p;
    size_t header = (p[0] & 15) * 4u, total = cursor_be16(p + 2);
    if (p[0] >> 4 != 4 || header < 20 || w->rest.len < header || (total < header && total != 0))
        return LAYER_BAD;
    if (!deeper(w))
        return LAYER_TOO_DEEP;
    bound(w, total, total == 0);
    w->packet->ip = w->rest;
    w->packet->tuple.src = addr_v4(p + 12);
    w->packet->tuple.dst = addr_v4(p + 16);
    w->rest = slice_from(w->rest, header);
    uint16_t place = cursor_be16(p + 6);
    if (place & 0x3fff) {
        w->packet->tuple.proto = p[9];
        return fragment_of(w, cursor_be16(p + 4), (uint16_t)((place & 0x1fff) * 8), place & 0x2000);
    }
    return by_protocol(w, p[9]);
}

static enum layer ipv6(struct walk *w)
{
    if (w->rest.len < 40)
        return LAYER_BAD;
    const uint8_t *p = w->rest.p;
    size_t payload = cursor_be16(p + 4);
    if (p[0] >> 4 != 6)
        return LAYER_BAD;
    if (!deeper(w))
        return LAYER_TOO_DEEP;
    bound(w, 40 + payload, payload == 0 && p[6] != 59);
    w->packet->ip = w->rest;
    w->packet->tuple.src = addr_v6(p + 8);
    w->packet->tuple.dst = addr_v6(p + 24);
    w->rest = slice_from(w->rest, 40);
    return by_protocol(w, p[6]);
}

static enum layer ip(struct walk *w)
{
    if (w->rest.len == 0)
        return LAYER_BAD;
    return w->rest.p[0] >> 4 == 4 ? LAYER_IPV4 : LAYER_IPV6;
}

/* Peels a header that begins with the next protocol and its own length, whose meaning the caller has worked out. */
static enum layer extension(struct walk *w, size_t len)
{
    if (w->rest.len < len)
        return LAYER_BAD;
    uint8_t next = w->rest.p[0];
    w->rest = slice_from(w->rest, len);
    return by_protocol(w, next);
}

static enum layer options(struct walk *w)
{
    return w->rest.len < 8 ? LAYER_BAD : extension(w, (w->rest.p[1] + 1u) * 8);
}

static enum layer authentication(struct walk *w)
{
    return w->rest.len < 12 ? LAYER_BAD : extension(w, (w->rest.p[1] + 2u) * 4);
}

/* A fragment header on an unfragmented datagram (RFC 6946) is only another header. */
static enum layer fragment(struct walk *w)
{
    if (w->rest.len < 8)
        return LAYER_BAD;
    uint16_t place = cursor_be16(w->rest.p + 2);
    uint32_t id = cursor_be32(w->rest.p + 4);
    if (!(place & 0xfff9))
        return extension(w, 8);
    w->packet->tuple.proto = w->rest.p[0];
    w->rest = slice_from(w->rest, 8);
    return fragment_of(w, id, place & 0xfff8, place & 1);
}

/* Options may be cut away by the snaplen; what is behind them is then missing altogether. */
static enum layer tcp(struct walk *w)
{
    if (w->rest.len < 20)
        return LAYER_BAD;
    const uint8_t *p = w->rest.p;
    size_t header = (p[12] >> 4) * 4u, wire = w->rest.len + w->cut;
    if (header < 20 || header > wire)
        return LAYER_BAD;
    struct packet *packet = w->packet;
    packet->kind = PACKET_TCP;
    packet->tuple.sport = cursor_be16(p);
    packet->tuple.dport = cursor_be16(p + 2);
    packet->seq = cursor_be32(p + 4);
    packet->ack = cursor_be32(p + 8);
    packet->tcp_flags = p[13] & (TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK);
    packet->payload = slice_from(w->rest, header);
    packet->missing = (uint32_t)(wire - header - packet->payload.len);
    return LAYER_DONE;
}

/* The length covers the header; 0 is a jumbogram's (RFC 2675 section 4) or was left to the sender's hardware. */
static enum layer udp(struct walk *w)
{
    if (w->rest.len < 8)
        return LAYER_BAD;
    const uint8_t *p = w->rest.p;
    size_t len = cursor_be16(p + 4), wire = w->rest.len + w->cut;
    if ((len < 8 && len != 0) || len > wire)
        return LAYER_BAD;
    bound(w, len, len == 0);
    w->rest = slice_from(w->rest, 8);
    struct packet *packet = w->packet;
    uint16_t sport = cursor_be16(p), dport = cursor_be16(p + 2);
    enum layer next = tunnel_port(sport, dport, w->rest);
    if (next != LAYER_DONE)
        return next;
    packet->kind = PACKET_UDP;
    packet->tuple.sport = sport;
    packet->tuple.dport = dport;
    packet->payload = w->rest;
    packet->missing = w->cut;
    return LAYER_DONE;
}

static enum layer (*const layers[LAYERS])(struct walk *) = {
    [LAYER_ETHERNET] = link_ethernet,
    [LAYER_LLC] = link_llc,
    [LAYER_VLAN] = link_vlan,
    [LAYER_MPLS] = link_mpls,
    [LAYER_PPPOE] = link_pppoe,
    [LAYER_PPP] = link_ppp,
    [LAYER_IP] = ip,
    [LAYER_IPV4] = ipv4,
    [LAYER_IPV6] = ipv6,
    [LAYER_OPTIONS] = options,
    [LAYER_FRAGMENT] = fragment,
    [LAYER_AH] = authentication,
    [LAYER_GRE] = tunnel_gre,
    [LAYER_ERSPAN_2] = tunnel_erspan_2,
    [LAYER_ERSPAN_3] = tunnel_erspan_3,
    [LAYER_VXLAN] = tunnel_vxlan,
    [LAYER_GENEVE] = tunnel_geneve,
    [LAYER_TEREDO] = tunnel_teredo,
    [LAYER_GTP] = tunnel_gtp,
    [LAYER_TCP] = tcp,
    [LAYER_UDP] = udp,
};

/* No layer leads back to itself without a byte peeled off in between, so this comes to an end. */
static bool run(struct walk *w, enum layer layer, struct packet_stats *stats)
{
    while (layer < LAYERS)
        layer = layers[layer](w);
    if (layer == LAYER_DONE)
        return true;
    w->packet->kind = PACKET_OTHER;
    if (layer == LAYER_BAD)
        stats->malformed++;
    else if (layer == LAYER_TOO_DEEP)
        stats->too_deep++;
    else
        stats->other++;
    return false;
}

static const struct packet blank; /* copying it takes compilers less time than clearing */

/* A whole TCP segment or UDP datagram that `ip` ends in. */
static bool plain_segment(struct packet *packet, struct slice segment)
{
    const uint8_t *p = segment.p;
    size_t header = segment.len >= 20 ? (p[12] >> 4) * 4u : 0;
    if (header < 20 || header > segment.len)
        return false;
    packet->kind = PACKET_TCP;
    packet->tuple.proto = IPPROTO_TCP;
    packet->seq = cursor_be32(p + 4);
    packet->ack = cursor_be32(p + 8);
    packet->tcp_flags = p[13] & (TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK);
    packet->payload = slice_of(p + header, segment.len - header);
    return true;
}

static bool plain_datagram(struct packet *packet, struct slice datagram)
{
    const uint8_t *p = datagram.p;
    size_t len = datagram.len >= 8 ? cursor_be16(p + 4) : 0;
    if (len < 8 || len > datagram.len || tunnel_port(cursor_be16(p), cursor_be16(p + 2), slice_of(p + 8, len - 8)) != LAYER_DONE)
        return false;
    packet->kind = PACKET_UDP;
    packet->tuple.proto = IPPROTO_UDP;
    packet->payload = slice_of(p + 8, len - 8);
    return true;
}

/* Most frames are these and nothing else: Ethernet, perhaps a VLAN tag, a whole IP datagram, TCP or UDP. Read straight through
 * they take a third of the instructions; whatever is odd goes the long way, from the beginning. */
static bool plain(struct packet *packet, const struct frame *frame)
{
    enum { ETHERNET = 1, IPV4 = 0x0800, IPV6 = 0x86dd, VLAN = 0x8100, LEAST = 18 + 20 + 8 };
    const uint8_t *p = frame->bytes.p + 14;
    if (frame->linktype != ETHERNET || frame->bytes.len < LEAST || frame->wirelen > frame->bytes.len)
        return false;
    uint16_t type = cursor_be16(p - 2);
    if (type == VLAN) {
        packet->vlan = cursor_be16(p) & 0x0fff;
        type = cursor_be16(p + 2);
        p += 4;
    }
    size_t left = frame->bytes.len - (size_t)(p - frame->bytes.p), header, total;
    uint8_t protocol;
    if (type == IPV4) {
        header = (p[0] & 15) * 4u;
        total = cursor_be16(p + 2);
        if (p[0] >> 4 != 4 || header < 20 || cursor_be16(p + 6) & 0x3fff)
            return false;
        packet->tuple.src = addr_v4(p + 12);
        packet->tuple.dst = addr_v4(p + 16);
        protocol = p[9];
    } else if (type == IPV6 && left >= 40) {
        header = 40;
        total = 40u + cursor_be16(p + 4);
        if (p[0] >> 4 != 6)
            return false;
        packet->tuple.src = addr_v6(p + 8);
        packet->tuple.dst = addr_v6(p + 24);
        protocol = p[6];
    } else
        return false;
    if (total < header + 8 || total > left || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
        return false;
    packet->ip = slice_of(p, total);
    struct slice rest = slice_of(p + header, total - header);
    packet->tuple.sport = cursor_be16(rest.p);
    packet->tuple.dport = cursor_be16(rest.p + 2);
    return protocol == IPPROTO_TCP ? plain_segment(packet, rest) : plain_datagram(packet, rest);
}

bool packet_decode(struct packet *packet, const struct frame *frame, struct packet_stats *stats)
{
    *packet = blank;
    packet->us = frame->us;
    if (plain(packet, frame))
        return true;
    *packet = blank;
    packet->us = frame->us;
    size_t len = frame->bytes.len, wire = frame->wirelen < WIRE_MAX ? frame->wirelen : WIRE_MAX;
    struct walk w = {packet, frame->bytes, wire > len ? (uint32_t)(wire - len) : 0, 0};
    enum layer first = link_first(&w, frame->linktype);
    if (first == LAYER_OTHER && !link_known(frame->linktype)) {
        stats->linktype++;
        return false;
    }
    return run(&w, first, stats);
}

bool packet_decode_ip(struct packet *packet, struct slice datagram, uint64_t us, unsigned depth,
                      struct packet_stats *stats)
{
    *packet = blank;
    packet->us = us;
    struct walk w = {packet, datagram, 0, depth};
    return run(&w, LAYER_IP, stats);
}

bool packet_decode_first(struct packet *packet, struct packet_stats *stats)
{
    enum { UDP = 17 };
    if (packet->fragment_off != 0 || packet->missing == 0 || packet->tuple.proto != UDP)
        return false;
    struct walk w = {packet, packet->payload, UINT16_MAX, packet->depth + 1u};
    return run(&w, LAYER_UDP, stats);
}

bool packet_linktype_known(int linktype)
{
    return link_known(linktype);
}
