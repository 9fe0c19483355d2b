#include "capture/layer.h"

#include "capture/cursor.h"

/* EtherTypes, most frequent first. GRE and Geneve carry the same numbers, so the tunnels that have one are here too. */
static const struct {
    uint16_t ethertype;
    uint8_t layer;
} ethertypes[] = {
    {0x0800, LAYER_IPV4},
    {0x86dd, LAYER_IPV6},
    {0x8100, LAYER_VLAN},     /* 802.1Q */
    {0x88a8, LAYER_VLAN},     /* 802.1ad, QinQ */
    {0x9100, LAYER_VLAN},     /* QinQ before 802.1ad */
    {0x9200, LAYER_VLAN},
    {0x8847, LAYER_MPLS},     /* RFC 3032 */
    {0x8848, LAYER_MPLS},
    {0x8864, LAYER_PPPOE},    /* RFC 2516, session stage */
    {0x6558, LAYER_ETHERNET}, /* transparent Ethernet bridging, RFC 1701 */
    {0x880b, LAYER_PPP},
    {0x88be, LAYER_ERSPAN_2},
    {0x22eb, LAYER_ERSPAN_3},
};

enum layer link_ethertype(uint16_t ethertype)
{
    for (size_t i = 0; i < sizeof ethertypes / sizeof ethertypes[0]; i++)
        if (ethertypes[i].ethertype == ethertype)
            return ethertypes[i].layer;
    return LAYER_OTHER;
}

/* Below 1536 the field is a length (IEEE 802.3 clause 3.2.6) and LLC follows; the length also ends the padding. */
enum layer link_ethernet(struct walk *w)
{
    if (w->rest.len < 14)
        return LAYER_BAD;
    uint16_t type = (uint16_t)(w->rest.p[12] << 8 | w->rest.p[13]);
    w->rest = slice_from(w->rest, 14);
    if (type >= 1536)
        return link_ethertype(type);
    w->rest = slice_head(w->rest, type);
    return LAYER_LLC;
}

/* Only SNAP with an EtherType (RFC 1042) leads on to IP. */
enum layer link_llc(struct walk *w)
{
    struct cursor c = cursor_of(w->rest);
    bool snap = slice_eq(cursor_take(&c, 6), S("\xaa\xaa\x03\0\0\0"));
    uint16_t type = cursor_u16(&c);
    w->rest = cursor_rest(&c);
    return snap && !c.bad ? link_ethertype(type) : LAYER_OTHER;
}

enum layer link_vlan(struct walk *w)
{
    struct cursor c = cursor_of(w->rest);
    uint16_t id = cursor_u16(&c) & 0x0fff, type = cursor_u16(&c);
    w->rest = cursor_rest(&c);
    if (c.bad)
        return LAYER_BAD;
    if (w->packet->vlan == 0)
        w->packet->vlan = id;
    return type >= 1536 ? link_ethertype(type) : LAYER_LLC;
}

/* Nothing in the label stack tells what follows it. 4 and 6 are IP's versions; 0 may be a pseudowire's control word
 * (RFC 4385) or a MAC address without one, and the place of a known EtherType decides. */
enum layer link_mpls(struct walk *w)
{
    struct cursor c = cursor_of(w->rest);
    while (!(cursor_u32(&c) & 0x100) && !c.bad)
        continue;
    w->rest = cursor_rest(&c);
    if (c.bad || w->rest.len == 0)
        return LAYER_BAD;
    uint8_t version = w->rest.p[0] >> 4;
    if (version == 4 || version == 6)
        return LAYER_IP;
    const uint8_t *p = w->rest.p;
    if (version == 0 && w->rest.len >= 18 && link_ethertype((uint16_t)(p[16] << 8 | p[17])) != LAYER_OTHER)
        w->rest = slice_from(w->rest, 4);
    return LAYER_ETHERNET;
}

enum layer link_pppoe(struct walk *w)
{
    struct cursor c = cursor_of(w->rest);
    uint16_t version_code = cursor_u16(&c);
    cursor_skip(&c, 2);
    uint16_t len = cursor_u16(&c);
    w->rest = slice_head(cursor_rest(&c), len);
    if (c.bad)
        return LAYER_BAD;
    return version_code == 0x1100 ? LAYER_PPP : LAYER_OTHER;
}

/* Address and control may be left out, the protocol number may be one byte (RFC 1661 section 6.5 and 6.6): an odd first
 * byte says so. */
enum layer link_ppp(struct walk *w)
{
    struct cursor c = cursor_of(w->rest);
    if (slice_starts(w->rest, S("\xff\x03")))
        cursor_skip(&c, 2);
    uint16_t proto = cursor_u8(&c);
    if (!(proto & 1))
        proto = (uint16_t)(proto << 8 | cursor_u8(&c));
    w->rest = cursor_rest(&c);
    if (c.bad)
        return LAYER_BAD;
    if (proto == 0x0021)
        return LAYER_IPV4;
    if (proto == 0x0057)
        return LAYER_IPV6;
    return proto == 0x0281 ? LAYER_MPLS : LAYER_OTHER;
}

static enum layer first_ethernet(struct walk *w)
{
    (void)w;
    return LAYER_ETHERNET;
}

static enum layer first_ip(struct walk *w)
{
    (void)w;
    return LAYER_IP;
}

static enum layer first_ppp(struct walk *w)
{
    (void)w;
    return LAYER_PPP;
}

/* A header of `len` bytes with an EtherType at `at`. */
static enum layer ethertype_at(struct walk *w, size_t len, size_t at)
{
    if (w->rest.len < len)
        return LAYER_BAD;
    uint16_t type = (uint16_t)(w->rest.p[at] << 8 | w->rest.p[at + 1]);
    w->rest = slice_from(w->rest, len);
    return type >= 1536 ? link_ethertype(type) : LAYER_LLC;
}

static enum layer first_cooked(struct walk *w)
{
    return ethertype_at(w, 16, 14);
}

static enum layer first_cooked_2(struct walk *w)
{
    return ethertype_at(w, 20, 0);
}

static enum layer first_hdlc(struct walk *w)
{
    return ethertype_at(w, 4, 2);
}

/* The address family in the byte order of the machine that captured: 2 is IPv4 everywhere, IPv6 has one number a
 * system, and the datagram's own version says the same. */
static enum layer first_null(struct walk *w)
{
    static const uint8_t families[] = {2, 10, 23, 24, 28, 30};
    struct cursor c = cursor_of(w->rest);
    uint32_t family = cursor_u32(&c);
    w->rest = cursor_rest(&c);
    if (c.bad)
        return LAYER_BAD;
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    return family < 256 && memchr(families, (int)family, sizeof families) != NULL ? LAYER_IP : LAYER_OTHER;
}

/* IEEE 802.11 (clause 9.2): only data that is neither encrypted nor several frames in one leads on. Address 4 is there
 * between two distribution systems, then the quality of service and, with the order bit, the HT control. */
static enum layer first_wifi(struct walk *w)
{
    enum { DATA = 0x08, KIND = 0x4c, QOS = 0x80, BOTH_DS = 3, PROTECTED = 0x40, ORDER = 0x80, AGGREGATE = 0x80 };
    struct cursor c = cursor_of(w->rest);
    uint8_t kind = cursor_u8(&c), flags = cursor_u8(&c);
    cursor_skip(&c, (flags & BOTH_DS) == BOTH_DS ? 28 : 22);
    bool several = kind & QOS && cursor_u8(&c) & AGGREGATE;
    cursor_skip(&c, kind & QOS ? flags & ORDER ? 5 : 1 : 0);
    w->rest = cursor_rest(&c);
    if (c.bad)
        return LAYER_BAD;
    return (kind & KIND) == DATA && !(flags & PROTECTED) && !several ? LAYER_LLC : LAYER_OTHER;
}

/* The receiver's notes before a frame, in little-endian order: their length stands in bytes 2 and 3. */
static bool skip_notes(struct walk *w, size_t least)
{
    if (w->rest.len < least)
        return false;
    size_t len = (size_t)w->rest.p[2] | (size_t)w->rest.p[3] << 8;
    if (len < least || len > w->rest.len)
        return false;
    w->rest = slice_from(w->rest, len);
    return true;
}

static enum layer first_radiotap(struct walk *w)
{
    return skip_notes(w, 8) ? first_wifi(w) : LAYER_BAD;
}

/* Per-packet information names the link type of what follows it, which may be any but this one. */
static enum layer first_ppi(struct walk *w)
{
    enum { PPI = 192 };
    const uint8_t *p = w->rest.p;
    if (!skip_notes(w, 8) || p[5] != 0 || p[6] != 0 || p[7] != 0)
        return LAYER_BAD;
    return p[4] == PPI ? LAYER_OTHER : link_first(w, p[4]);
}

/* Link types by libpcap's numbers (DLT_ where it differs from the LINKTYPE_ of a file, both), Ethernet first. */
static const struct {
    int linktype;
    enum layer (*first)(struct walk *);
} links[] = {
    {1, first_ethernet},
    {113, first_cooked},   /* Linux cooked */
    {276, first_cooked_2}, /* Linux cooked v2 */
    {12, first_ip},        /* raw IP */
    {101, first_ip},
    {228, first_ip},
    {229, first_ip},
    {0, first_null},       /* BSD loopback */
    {108, first_null},     /* OpenBSD loopback: network order */
    {9, first_ppp},
    {50, first_ppp},       /* PPP in HDLC-like framing */
    {104, first_hdlc},     /* Cisco HDLC */
    {105, first_wifi},     /* IEEE 802.11 */
    {127, first_radiotap},
    {192, first_ppi},
};

enum layer link_first(struct walk *w, int linktype)
{
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        if (links[i].linktype == linktype)
            return links[i].first(w);
    return LAYER_OTHER;
}

bool link_known(int linktype)
{
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        if (links[i].linktype == linktype)
            return true;
    return false;
}
