#include "capture/packet.h"

#include "tests/check.h"
#include "tests/frame.h"
#include "tests/long_way.h"

enum outcome { TCP, UDP, FRAGMENT, OTHER, MALFORMED, TOO_DEEP, LINKTYPE };

static const struct row {
    int linktype;
    const char *layers;
    enum outcome outcome;
    unsigned depth, vlan;
    const char *reason;
} rows[] = {
    {1, "eth ip4 tcp", TCP, 0, 0, "the plain case"},
    {1, "eth ip4opt tcpopt", TCP, 0, 0, "options in both headers"},
    {1, "eth ip4 udp", UDP, 0, 0, "UDP"},
    {1, "eth ip6 tcp", TCP, 0, 0, "IPv6"},
    {1, "eth ip6 udp", UDP, 0, 0, "UDP over IPv6"},
    {1, "eth ip6 hop routing dest ah tcp", TCP, 0, 0, "extension headers, hop-by-hop first"},
    {1, "eth ip6 routing dest ah tcp", TCP, 0, 0, "extension headers"},
    {1, "eth ip4 ah tcp", TCP, 0, 0, "AH over IPv4"},
    {1, "eth ip6 atomic udp", UDP, 0, 0, "an atomic fragment is whole"},
    {1, "eth ip4first udp", FRAGMENT, 0, 0, "the first fragment"},
    {1, "eth ip4last udp", FRAGMENT, 0, 0, "the last fragment"},
    {1, "eth ip6 ip6first udp", FRAGMENT, 0, 0, "the first of IPv6"},
    {1, "eth ip6 dest ip6last udp", FRAGMENT, 0, 0, "the last of IPv6"},
    {1, "eth ip4tso tcp", TCP, 0, 0, "total length 0"},
    {1, "eth ip6tso tcp", TCP, 0, 0, "payload length 0"},
    {1, "snap ip4 tcp", TCP, 0, 0, "802.3 with LLC and SNAP"},
    {1, "eth vlan ip4 tcp", TCP, 0, 5, "802.1Q"},
    {1, "eth qinq vlan ip4 tcp", TCP, 0, 6, "QinQ: the outer id"},
    {1, "eth qinq vlan vlan ip6 tcp", TCP, 0, 6, "three tags"},
    {1, "eth mpls ip4 tcp", TCP, 0, 0, "MPLS"},
    {1, "eth vlan mpls2 ip6 udp", UDP, 0, 5, "two labels behind a tag"},
    {1, "eth mpls eth ip4 tcp", TCP, 0, 0, "a pseudowire"},
    {1, "eth mpls control eth ip4 tcp", TCP, 0, 0, "a pseudowire with its control word"},
    {1, "eth pppoe ip4 tcp", TCP, 0, 0, "PPPoE"},
    {1, "eth vlan pppoe6 ip6 udp", UDP, 0, 5, "PPPoE with IPv6 behind a tag"},
    {1, "eth ip4 gre ip4 tcp", TCP, 1, 0, "GRE"},
    {1, "eth ip6 grekey ip4 tcp", TCP, 1, 0, "GRE with checksum, key and sequence number"},
    {1, "eth ip4 gre eth vlan ip4 tcp", TCP, 1, 5, "GRE with Ethernet"},
    {1, "eth ip4 gre mpls ip4 tcp", TCP, 1, 0, "GRE with MPLS"},
    {1, "eth ip4 pptp ppp ip4 tcp", TCP, 1, 0, "PPTP"},
    {1, "eth ip4 pptp pppshort ip4 tcp", TCP, 1, 0, "PPTP, compressed header"},
    {1, "eth ip4 erspan1 eth ip4 tcp", TCP, 1, 0, "ERSPAN I"},
    {1, "eth ip4 erspan2 eth ip4 tcp", TCP, 1, 0, "ERSPAN II"},
    {1, "eth ip4 erspan3 eth ip4 tcp", TCP, 1, 0, "ERSPAN III"},
    {1, "eth ip4 erspan3o eth ip6 tcp", TCP, 1, 0, "ERSPAN III with platform bytes"},
    {1, "eth ip4 erspan3ip ip4 tcp", TCP, 1, 0, "ERSPAN III with bare IP"},
    {1, "eth ip4 udpvxlan vxlan eth ip4 tcp", TCP, 1, 0, "VXLAN"},
    {1, "eth ip4 udpgeneve geneve eth ip4 tcp", TCP, 1, 0, "Geneve"},
    {1, "eth ip6 udpgeneve geneveopt ip6 udp", UDP, 1, 0, "Geneve with options and bare IP"},
    {1, "eth ip4 udpteredo ip6 tcp", TCP, 1, 0, "Teredo"},
    {1, "eth ip4 udpteredo teredoauth ip6 udp", UDP, 1, 0, "Teredo with both indications"},
    {1, "eth ip4 udpgtp gtp ip4 tcp", TCP, 1, 0, "GTP-U"},
    {1, "eth ip6 udpgtp gtpext ip6 udp", UDP, 1, 0, "GTP-U with two extension headers"},
    {1, "eth ip4 ip4 tcp", TCP, 1, 0, "IP in IP"},
    {1, "eth ip4 ip6 tcp", TCP, 1, 0, "6in4"},
    {1, "eth ip6 ip4 udp", UDP, 1, 0, "4in6"},
    {1, "eth ip4 mpls ip4 udp", UDP, 1, 0, "MPLS in IP"},
    {1, "eth ip4 gre ip4 udpvxlan vxlan eth ip4 ip6 udp", UDP, 3, 0, "three tunnels of three kinds"},
    {1, "eth ip4 ip4 ip4 ip4 ip4 tcp", TCP, 4, 0, "four tunnels"},
    {1, "eth qinq vlan mpls ip4 ip4 ip4 ip4 ip4 tcp", TCP, 4, 6, "four tunnels, whatever tags are before them"},
    {1, "eth ip4 ip4 ip4 ip4 ip4 ip4 tcp", TOO_DEEP, 5, 0, "five"},
    {1, "eth ip4 gre ip4first udp", FRAGMENT, 1, 0, "a fragment in a tunnel"},
    {113, "sll ip4 tcp", TCP, 0, 0, "Linux cooked"},
    {113, "sll vlan ip6 tcp", TCP, 0, 5, "Linux cooked with a tag"},
    {276, "sll2 ip4 tcp", TCP, 0, 0, "Linux cooked v2"},
    {12, "ip4 tcp", TCP, 0, 0, "raw IP"},
    {101, "ip6 tcp", TCP, 0, 0, "raw IP by its file number"},
    {228, "ip4 udp", UDP, 0, 0, "raw IPv4"},
    {229, "ip6 udp", UDP, 0, 0, "raw IPv6"},
    {0, "null ip4 tcp", TCP, 0, 0, "BSD loopback, little-endian"},
    {0, "loop ip4 tcp", TCP, 0, 0, "BSD loopback, big-endian"},
    {0, "null6 ip6 tcp", TCP, 0, 0, "BSD loopback, macOS's number for IPv6"},
    {108, "loop ip4 tcp", TCP, 0, 0, "OpenBSD loopback"},
    {9, "ppp ip4 tcp", TCP, 0, 0, "PPP"},
    {50, "ppp ip4 tcp", TCP, 0, 0, "PPP in HDLC-like framing"},
    {104, "hdlc ip4 tcp", TCP, 0, 0, "Cisco HDLC"},
    {105, "wifi ip4 tcp", TCP, 0, 0, "IEEE 802.11"},
    {105, "wifiqos ip6 tcp", TCP, 0, 0, "with quality of service"},
    {105, "wifids ip4 udp", UDP, 0, 0, "between two access points, with HT control"},
    {105, "wifisecret ip4 tcp", OTHER, 0, 0, "encrypted"},
    {105, "wifiseveral ip4 tcp", OTHER, 0, 0, "several frames in one"},
    {105, "wifibeacon ip4 tcp", OTHER, 0, 0, "not data"},
    {127, "radiotap wifi ip4 tcp", TCP, 0, 0, "radiotap"},
    {127, "radiolong wifi ip4 tcp", MALFORMED, 0, 0, "radiotap longer than the frame"},
    {192, "ppi eth ip4 tcp", TCP, 0, 0, "per-packet information"},
    {192, "ppiwifi wifi ip4 tcp", TCP, 0, 0, "the same before 802.11"},
    {192, "ppippi eth ip4 tcp", OTHER, 0, 0, "in itself"},
    {1, "eth", OTHER, 0, 0, "an EtherType that is not known"},
    {1, "eth ip4 icmp", OTHER, 0, 0, "a protocol that is not known"},
    {1, "eth ip4 gre", OTHER, 0, 0, "a tunnel that carries nothing known"},
    {147, "eth ip4 tcp", LINKTYPE, 0, 0, "a link type that is not known"},
};

static bool counted(const struct packet_stats *stats, enum outcome outcome)
{
    return stats->malformed == (outcome == MALFORMED) && stats->other == (outcome == OTHER) &&
           stats->too_deep == (outcome == TOO_DEEP) && stats->linktype == (outcome == LINKTYPE);
}

static struct frame frame_at(struct slice bytes, int linktype, size_t wirelen)
{
    return (struct frame){.us = 7, .linktype = linktype, .wirelen = (uint32_t)wirelen, .bytes = bytes};
}

static void check_row(const struct row *row, const struct packet *p, const struct packet_stats *stats, bool found)
{
    static const enum packet_kind kinds[] = {PACKET_TCP, PACKET_UDP, PACKET_FRAGMENT};
    bool expected = row->outcome <= FRAGMENT;
    CHECK(found == expected && p->kind == (expected ? kinds[row->outcome] : PACKET_OTHER), "%s", row->reason);
    CHECK(counted(stats, row->outcome), "counted: %s", row->reason);
    CHECK(p->depth == row->depth && p->vlan == row->vlan, "depth %d, vlan %d: %s", p->depth, p->vlan, row->reason);
    CHECK(p->us == 7, "time: %s", row->reason);
    if (row->outcome > UDP)
        return;
    bool v6 = p->ip.p[0] >> 4 == 6;
    char text[ADDR_TEXT];
    CHECK(strcmp(addr_format(&p->tuple.src, text), v6 ? "2001:db8::1" : "10.0.0.1") == 0, "%s: %s", text, row->reason);
    CHECK(strcmp(addr_format(&p->tuple.dst, text), v6 ? "2001:db8::2" : "10.0.0.2") == 0, "%s: %s", text, row->reason);
    CHECK(p->tuple.sport == 40000 && p->tuple.dport == (row->outcome == TCP ? 80 : 53), "ports: %s", row->reason);
    CHECK(p->tuple.proto == (row->outcome == TCP ? 6 : 17) && p->missing == 0, "protocol: %s", row->reason);
    CHECK(slice_eq(p->payload, S("payload")), "payload of %zu: %s", p->payload.len, row->reason);
    if (row->outcome == TCP)
        CHECK(p->seq == 100 && p->ack == 200 && p->tcp_flags == (TCP_PSH | TCP_ACK), "numbers: %s", row->reason);
}

/* Padded as Ethernet pads, and cut at every byte: never a byte too far, and what is found is only ever shorter. */
static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct frame_text text;
        if (!CHECK(frame_build(&text, row->layers, S("payload")), "layers of %s", row->layers))
            continue;
        struct slice whole = frame_so_far(&text);
        struct packet full, p;
        struct packet_stats stats = {0};
        struct frame frame = frame_at(guard_copy(whole, 0), row->linktype, whole.len);
        check_row(row, &full, &stats, packet_decode(&full, &frame, &stats));
        CHECK(packet_linktype_known(row->linktype) == (row->outcome != LINKTYPE), "link type of %s", row->reason);
        full.payload.p = NULL;
        for (size_t len = 0; len < whole.len; len++) {
            struct packet_stats cut = {0};
            frame = frame_at(guard_copy(slice_head(whole, len), 0), row->linktype, whole.len);
            bool found = packet_decode(&p, &frame, &cut);
            CHECK(!found || full.depth != p.depth || p.payload.len + p.missing == full.payload.len,
                  "%zu bytes of %s: %zu and %u missing", len,
                  row->reason, p.payload.len, p.missing);
            CHECK(!found || full.depth != p.depth || tuple_eq(&p.tuple, &full.tuple), "tuple at %zu of %s", len,
                  row->reason);
            CHECK(found || cut.malformed + cut.other + cut.too_deep + cut.linktype == 1, "counted at %zu of %s", len,
                  row->reason);
        }
        if (row->outcome > UDP || strstr(row->layers, "tso") != NULL)
            continue;
        uint8_t padded[FRAME_ROOM + 64] = {0};
        memcpy(padded, whole.p, whole.len);
        frame = frame_at(slice_of(padded, whole.len + 46), row->linktype, whole.len + 46);
        CHECK(packet_decode(&p, &frame, &stats) && slice_eq(p.payload, S("payload")), "padded: %s", row->reason);
    }
}

static const struct {
    int linktype;
    const char *hex;
    enum outcome outcome;
    const char *reason;
} broken[] = {
    {1, "", MALFORMED, "nothing"},
    {101, "", MALFORMED, "nothing on raw IP"},
    {101, "55000014 00000000 40060000 0a000001 0a000002", MALFORMED, "IP version 5"},
    {101, "44000014 00000000 40060000 0a000001 0a000002", MALFORMED, "a header shorter than a header"},
    {101, "4f000014 00000000 40060000 0a000001 0a000002", MALFORMED, "a header longer than the datagram"},
    {101, "45000013 00000000 40060000 0a000001 0a000002", MALFORMED, "a total length shorter than the header"},
    {101, "4500001c 00000000 40110000 0a000001 0a000002 00010002 00070000", MALFORMED, "UDP without its header"},
    {101, "4500001c 00000000 40110000 0a000001 0a000002 00010002 00090000", MALFORMED, "UDP beyond the datagram"},
    {101, "4500001c 00000000 40110000 0a000001 0a000002 00010002 00000000", UDP, "UDP of length 0"},
    {101, "45000028 00000000 40060000 0a000001 0a000002 00010002 00000000 00000000 40000000 00000000", MALFORMED,
     "TCP shorter than its header"},
    {101, "45000028 00000000 40060000 0a000001 0a000002 00010002 00000000 00000000 60000000 00000000", MALFORMED,
     "TCP header beyond the datagram"},
    {101, "45000018 00000000 40330000 0a000001 0a000002 11ff0000", MALFORMED, "AH beyond the datagram"},
    {101, "45000018 00000000 402f0000 0a000001 0a000002 40000800", OTHER, "GRE with source routing"},
    {101, "45000018 00000000 402f0000 0a000001 0a000002 00020800", OTHER, "GRE of an unknown version"},
    {1, "020000000001 020000000002 8847 00010040 00010040 00010040", MALFORMED, "labels without a bottom"},
    {1, "020000000001 020000000002 8864 1209 0001 0004 0021 4500", OTHER, "PPPoE of another code"},
    {1, "020000000001 020000000002 0026 4242 0300 0000 0000", OTHER, "802.3 without SNAP"},
    {0, "07000000 4500", OTHER, "another family"},
    {1, "020000000001 020000000002 8100 0005 8100 0005", MALFORMED, "tags and nothing behind"},
};

static void test_broken(void)
{
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct frame_text text;
        frame_build(&text, "", S(""));
        frame_push(&text, broken[i].hex, 0);
        struct slice whole = guard_copy(frame_so_far(&text), 0);
        struct frame frame = frame_at(whole, broken[i].linktype, whole.len);
        struct packet p;
        struct packet_stats stats = {0};
        bool found = packet_decode(&p, &frame, &stats);
        CHECK(found == (broken[i].outcome <= FRAGMENT) && counted(&stats, broken[i].outcome), "%s", broken[i].reason);
    }
}

/* A first fragment cut by the snaplen is a short datagram; whole, it waits for the others. */
static void test_first_fragment(void)
{
    struct frame_text text;
    struct packet p;
    struct packet_stats stats = {0};
    frame_build(&text, "eth ip4first udp", S("payload"));
    struct slice whole = frame_so_far(&text);
    struct frame frame = frame_at(whole, 1, whole.len);
    CHECK(packet_decode(&p, &frame, &stats) && !packet_decode_first(&p, &stats), "nothing is missing");
    for (size_t len = 0; len < 7; len++) {
        frame = frame_at(guard_copy(slice_head(whole, whole.len - 7 + len), 0), 1, whole.len);
        CHECK(packet_decode(&p, &frame, &stats) && packet_decode_first(&p, &stats) && p.kind == PACKET_UDP &&
              p.tuple.sport == 40000 && p.tuple.dport == 53 && p.payload.len == len && p.missing == 7 - len,
              "%zu bytes of 7", len);
    }
    frame = frame_at(guard_copy(slice_head(whole, whole.len - 8), 0), 1, whole.len);
    CHECK(packet_decode(&p, &frame, &stats) && !packet_decode_first(&p, &stats), "cut in UDP's header");
    static const char *const others[] = {"eth ip4last udp", "eth ip4first tcp", "eth ip4first icmp"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        frame_build(&text, others[i], S("payload"));
        whole = frame_so_far(&text);
        frame = frame_at(slice_head(whole, whole.len - 3), 1, whole.len);
        CHECK(packet_decode(&p, &frame, &stats) && !packet_decode_first(&p, &stats), "%s", others[i]);
    }
}

static void test_details(void)
{
    struct frame_text text;
    struct packet p;
    struct packet_stats stats = {0};
    frame_build(&text, "eth ip4last udp", S("payload"));
    struct slice whole = frame_so_far(&text);
    struct frame frame = frame_at(whole, 1, whole.len);
    CHECK(packet_decode(&p, &frame, &stats) && p.fragment_id == 7 && p.fragment_off == 128 && !p.fragment_more,
          "IPv4 last");
    CHECK(p.tuple.sport == 0 && p.tuple.proto == 17 && p.payload.len == 15 && p.ip.len == 35,
          "a fragment has no ports");
    frame_build(&text, "eth ip6 ip6first udp", S("payload"));
    whole = frame_so_far(&text);
    frame = frame_at(slice_head(whole, whole.len - 3), 1, whole.len);
    CHECK(packet_decode(&p, &frame, &stats) && p.fragment_id == 9 && p.fragment_off == 0 && p.fragment_more,
          "IPv6 first");
    CHECK(p.payload.len == 12 && p.missing == 3 && p.tuple.proto == 17, "cut by the snaplen");
    frame_build(&text, "eth ip4 tcpopt", S("payload"));
    whole = frame_so_far(&text);
    frame = frame_at(slice_head(whole, whole.len - 10), 1, whole.len);
    CHECK(packet_decode(&p, &frame, &stats) && p.payload.len == 0 && p.missing == 7, "cut within TCP's options");
    frame_build(&text, "ip4tso tcp", S("payload"));
    whole = frame_so_far(&text);
    frame = frame_at(whole, 101, whole.len + 1000);
    CHECK(packet_decode(&p, &frame, &stats) && p.missing == 1000,
          "total length 0: the frame's length tells what is cut");
    frame = frame_at(whole, 101, UINT32_MAX);
    CHECK(packet_decode(&p, &frame, &stats) && p.missing <= 1 << 20, "and may not tell anything");
    frame_build(&text, "eth vlan ip4 gre eth ip4 udp", S("payload"));
    whole = frame_so_far(&text);
    CHECK(packet_decode_ip(&p, slice_from(whole, 18), 9, 3, &stats) && p.depth == 4 && p.us == 9,
          "from the datagram on");
    CHECK(!packet_decode_ip(&p, slice_from(whole, 18), 9, 4, &stats) && stats.too_deep == 1,
          "what was opened before counts");
    frame_build(&text, "eth ip4 udpvxlan", S("payload payload"));
    whole = frame_so_far(&text);
    frame = frame_at(whole, 1, whole.len);
    CHECK(packet_decode(&p, &frame, &stats) && p.kind == PACKET_UDP && p.tuple.dport == 4789,
          "the port alone is no tunnel");
}

/* Frames with random bytes changed: nothing but the guard page and the sanitizers to say something is wrong. */
static void test_mutations(void)
{
    uint64_t random = 0x2545f4914f6cdd1du;
    for (int run = 0; run < 40000; run++) {
        const struct row *row = &rows[(unsigned)run % (sizeof rows / sizeof rows[0])];
        struct frame_text text;
        frame_build(&text, row->layers, S("payload of some length"));
        for (int change = 0; change < 4; change++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            struct slice whole = frame_so_far(&text);
            text.bytes[text.at + (random >> 32) % whole.len] = (uint8_t)(random >> 8);
        }
        struct slice whole = guard_copy(frame_so_far(&text), 0);
        struct frame frame = frame_at(whole, row->linktype, whole.len);
        struct packet p;
        struct packet_stats stats = {0};
        bool found = packet_decode(&p, &frame, &stats);
        CHECK(!found || p.payload.len == 0 ||
                  (p.payload.p >= whole.p && p.payload.p + p.payload.len <= whole.p + whole.len), "within the frame");
        CHECK(p.depth <= PACKET_DEPTH + 1, "no deeper than allowed");
        struct slice cut = slice_head(whole, (random >> 16) % (whole.len + 1));
        struct frame cuts[] = {frame, frame_at(cut, 1, cut.len), frame_at(cut, 1, whole.len)};
        for (size_t i = 0; i < 3; i++)
            CHECK(row->linktype != 1 || long_way_agrees(&cuts[i]), "the short way and the long one: %s", row->reason);
    }
}

int main(void)
{
    test_rows();
    test_broken();
    test_details();
    test_first_fragment();
    test_mutations();
    return check_report("packet");
}
