/* The layers between a frame and what it carries, each a function that peels its own header off and names the next.
 * One table of them drives packet_decode, so tunnels may stand in each other in any order. */
#pragma once

#include "capture/packet.h"

enum layer {
    LAYER_ETHERNET,
    LAYER_LLC,
    LAYER_VLAN,
    LAYER_MPLS,
    LAYER_PPPOE,
    LAYER_PPP,
    LAYER_IP,       /* version told by the first nibble */
    LAYER_IPV4,
    LAYER_IPV6,
    LAYER_OPTIONS,  /* IPv6 hop-by-hop, routing, destination options and their like (RFC 8200 section 4) */
    LAYER_FRAGMENT, /* IPv6 fragment header */
    LAYER_AH,
    LAYER_GRE,
    LAYER_ERSPAN_2,
    LAYER_ERSPAN_3,
    LAYER_VXLAN,
    LAYER_GENEVE,
    LAYER_TEREDO,
    LAYER_GTP,
    LAYER_TCP,
    LAYER_UDP,
    LAYERS,                 /* the rest are ends, not functions */
    LAYER_DONE = LAYERS,    /* the packet is complete */
    LAYER_BAD,              /* malformed, or cut inside a header */
    LAYER_TOO_DEEP,
    LAYER_OTHER             /* nothing that is dissected here */
};

struct walk {
    struct packet *packet;
    struct slice rest;      /* what is not yet peeled, as far as captured */
    uint32_t cut;           /* bytes that follow rest on the wire and were not captured */
    unsigned depth;         /* tunnels opened, once the next IP header is */
};

/* Link layers and tags: capture/link.c. */
enum layer link_first(struct walk *, int linktype); /* LAYER_OTHER where the link type is not known */
bool link_known(int linktype);
enum layer link_ethertype(uint16_t ethertype);
enum layer link_ethernet(struct walk *), link_llc(struct walk *), link_vlan(struct walk *), link_mpls(struct walk *);
enum layer link_pppoe(struct walk *), link_ppp(struct walk *);

/* Tunnels above IP: capture/tunnel.c. */
enum layer tunnel_port(uint16_t sport, uint16_t dport, struct slice payload); /* LAYER_DONE: plain UDP */
enum layer tunnel_gre(struct walk *), tunnel_erspan_2(struct walk *), tunnel_erspan_3(struct walk *);
enum layer tunnel_vxlan(struct walk *), tunnel_geneve(struct walk *), tunnel_teredo(struct walk *), tunnel_gtp(struct walk *);
