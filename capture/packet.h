/* frame → packet: link layers and tunnels peeled off, down to one TCP segment, UDP datagram or IP fragment.
 * Slices borrow the frame. */
#pragma once

#include "capture/addr.h"
#include "capture/source.h"

enum { PACKET_DEPTH = 4 }; /* tunnels opened one in the other */

enum packet_kind { PACKET_OTHER, PACKET_TCP, PACKET_UDP, PACKET_FRAGMENT };

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

struct packet {
    uint64_t us;
    enum packet_kind kind;
    struct tuple tuple;     /* sender → receiver; ports 0 for a fragment */
    uint32_t seq, ack;      /* TCP */
    uint8_t tcp_flags;      /* TCP_* */
    uint8_t depth;          /* tunnels opened on the way: IP in IP, by whatever means */
    uint16_t vlan;          /* outermost 802.1Q id, 0 when untagged */
    struct slice ip;        /* the innermost IP datagram as far as captured */
    struct slice payload;   /* of TCP or UDP; of the IP fragment */
    uint32_t missing;       /* payload bytes that were on the wire and not captured (snaplen) */
    uint32_t fragment_id;   /* PACKET_FRAGMENT: identification */
    uint16_t fragment_off;  /* in bytes */
    bool fragment_more;
};

struct packet_stats {
    uint64_t linktype, malformed, too_deep, other; /* frames set aside, by reason */
};

/* False: nothing to dissect in it; the reason is counted. */
bool packet_decode(struct packet *, const struct frame *, struct packet_stats *);

/* The same from an IP datagram on (a reassembled one, or out of a tunnel); depth counts what was opened already. */
bool packet_decode_ip(struct packet *, struct slice ip, uint64_t us, unsigned depth, struct packet_stats *);

/* Of a first fragment that the snaplen cut, what is there of its UDP datagram, which no other fragment can complete. */
bool packet_decode_first(struct packet *, struct packet_stats *);

/* True where frames of this link type can be decoded. */
bool packet_linktype_known(int linktype);
