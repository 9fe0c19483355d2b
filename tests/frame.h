/* Frames for tests, written as the names of their layers from the outside in: "eth vlan:5 ip4 gre ip4 tcp". Header
 * only, so that tests and fuzzers share it. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "capture/slice.h"

enum { FRAME_ROOM = 4096 };

struct frame_text {
    uint8_t bytes[FRAME_ROOM];
    size_t at;     /* the frame is bytes[at..FRAME_ROOM) */
    unsigned type; /* what the layer outside says of this one: EtherType */
    unsigned proto; /* and the IP protocol number, in its low byte */
};

static inline struct slice frame_so_far(const struct frame_text *f)
{
    return slice_of(f->bytes + f->at, FRAME_ROOM - f->at);
}

/* Puts the bytes of a hex string (spaces skipped; '#' two bytes of type, '%' one byte of proto, '=' two bytes of the
 * length so far plus `more`) before the frame. */
static inline void frame_push(struct frame_text *f, const char *hex, unsigned more)
{
    uint8_t head[128];
    size_t n = 0, len = FRAME_ROOM - f->at + more;
    for (const char *p = hex; *p != '\0'; p++) {
        unsigned byte = 0;
        if (*p == '#' || *p == '=') {
            unsigned value = *p == '#' ? f->type : (unsigned)len;
            head[n++] = (uint8_t)(value >> 8);
            head[n++] = (uint8_t)value;
        } else if (*p == '%') {
            head[n++] = (uint8_t)f->proto;
        } else if (*p != ' ' && sscanf(p, "%2x", &byte) == 1) {
            head[n++] = (uint8_t)byte;
            p++;
        }
    }
    f->at -= n;
    memcpy(f->bytes + f->at, head, n);
}

static const struct {
    const char *name, *hex;
    unsigned more, type, proto; /* added to the length; what the layer outside calls this one, 0: as it was (256: 0) */
} frame_layers[] = {
    {"tcp", "9c40 0050 00000064 000000c8 5018 ffff 0000 0000", 0, 0, 6},
    {"tcpopt", "9c40 0050 00000064 000000c8 8018 ffff 0000 0000 0101080a 00000001 00000002", 0, 0, 6},
    {"udp", "9c40 0035 = 0000", 8, 0, 17},
    {"icmp", "0800 0000 00000000", 0, 0, 1},
    {"vxlan", "0800000000000700", 0, 0, 0},
    {"udpvxlan", "9c40 12b5 = 0000", 8, 0, 17},
    {"geneve", "0000 # 00000700", 0, 0, 0},
    {"geneveopt", "0200 # 00000700 0102030401020304", 0, 0, 0},
    {"udpgeneve", "9c40 17c1 = 0000", 8, 0, 17},
    {"udpteredo", "9c40 0dd8 = 0000", 8, 0, 17},
    {"teredoauth", "0001 0000 0000000000000000 00 0000 1234 01020304", 0, 0, 0},
    {"udpgtp", "0868 0868 = 0000", 8, 0, 17},
    {"gtp", "30ff 0000 00000001", 0, 0, 0},
    {"gtpext", "34ff 0000 00000001 0000 00 85 01 0000 85 01 0000 00", 0, 0, 0},
    {"ip4", "4500 = 0001 4000 40 % 0000 0a000001 0a000002", 20, 0x0800, 4},
    {"ip4opt", "4600 = 0001 4000 40 % 0000 0a000001 0a000002 01010100", 24, 0x0800, 4},
    {"ip4tso", "4500 0000 0001 4000 40 % 0000 0a000001 0a000002", 0, 0x0800, 4},
    {"ip4first", "4500 = 0007 2000 40 % 0000 0a000001 0a000002", 20, 0x0800, 4},
    {"ip4last", "4500 = 0007 0010 40 % 0000 0a000001 0a000002", 20, 0x0800, 4},
    {"ip6", "60000000 = % 40 20010db8000000000000000000000001 20010db8000000000000000000000002", 0, 0x86dd, 41},
    {"ip6tso", "60000000 0000 % 40 20010db8000000000000000000000001 20010db8000000000000000000000002", 0, 0x86dd, 41},
    {"hop", "% 00 050200000000", 0, 0, 256},
    {"routing", "% 02 0000 00000000 20010db8000000000000000000000003", 0, 0, 43},
    {"dest", "% 00 010400000000", 0, 0, 60},
    {"ah", "% 04 0000 00000001 00000001 000000000000000000000000", 0, 0, 51},
    {"atomic", "% 00 0000 00000009", 0, 0, 44},
    {"ip6first", "% 00 0001 00000009", 0, 0, 44},
    {"ip6last", "% 00 0080 00000009", 0, 0, 44},
    {"gre", "0000 #", 0, 0, 47},
    {"grekey", "b000 # 00000000 00000001 00000002", 0, 0, 47},
    {"pptp", "3081 # 00040001 00000001 00000002", 0, 0, 47},
    {"erspan1", "0000 88be", 0, 0, 47},
    {"erspan2", "1000 88be 00000001 1000 0000 00000000", 0, 0, 47},
    {"erspan3", "1000 22eb 00000001 2000 0000 00000000 0000 0000", 0, 0, 47},
    {"erspan3o", "1000 22eb 00000001 2000 0000 00000000 0000 0001 0000000000000000", 0, 0, 47},
    {"erspan3ip", "1000 22eb 00000001 2000 0000 00000000 0000 0800", 0, 0, 47},
    {"eth", "020000000001 020000000002 #", 0, 0x6558, 0},
    {"snap", "020000000001 020000000002 = aaaa03000000 #", 8, 0x6558, 0},
    {"vlan", "0005 #", 0, 0x8100, 0},
    {"qinq", "0006 #", 0, 0x88a8, 0},
    {"mpls", "00010140", 0, 0x8847, 137},
    {"mpls2", "00010040 00020140", 0, 0x8847, 137},
    {"control", "00000000", 0, 0, 0},
    {"pppoe", "1100 0001 = 0021", 2, 0x8864, 0},
    {"pppoe6", "1100 0001 = 0057", 2, 0x8864, 0},
    {"ppp", "ff03 0021", 0, 0x880b, 0},
    {"pppshort", "21", 0, 0x880b, 0},
    {"sll", "0000 0001 0006 0200000000010000 #", 0, 0, 0},
    {"sll2", "# 0000 00000001 0001 00 06 0200000000010000", 0, 0, 0},
    {"wifi", "0801 0000 020000000001 020000000002 020000000003 0000 aaaa03000000 #", 0, 0, 0},
    {"wifiqos", "8801 0000 020000000001 020000000002 020000000003 0000 0000 aaaa03000000 #", 0, 0, 0},
    {"wifids", "8883 0000 020000000001 020000000002 020000000003 0000 020000000004 0000 00000000 aaaa03000000 #", 0, 0, 0},
    {"wifisecret", "0841 0000 020000000001 020000000002 020000000003 0000 aaaa03000000 #", 0, 0, 0},
    {"wifiseveral", "8801 0000 020000000001 020000000002 020000000003 0000 8000 aaaa03000000 #", 0, 0, 0},
    {"wifibeacon", "8000 0000 020000000001 020000000002 020000000003 0000 aaaa03000000 #", 0, 0, 0},
    {"radiotap", "0000 0a00 00000000 0000", 0, 0, 0},
    {"radiolong", "0000 ffff 00000000", 0, 0, 0},
    {"ppi", "0000 0c00 01000000 00000000", 0, 0, 0},
    {"ppiwifi", "0000 0800 69000000", 0, 0, 0},
    {"ppippi", "0000 0800 c0000000", 0, 0, 0},
    {"hdlc", "0f00 #", 0, 0, 0},
    {"null", "02000000", 0, 0, 0},
    {"null6", "1e000000", 0, 0, 0},
    {"loop", "00000002", 0, 0, 0},
};

/* Builds the frame around the payload. False: a layer has no such name. */
static inline bool frame_build(struct frame_text *f, const char *layers, struct slice payload)
{
    const char *end = layers + strlen(layers);
    f->at = FRAME_ROOM - payload.len;
    f->type = f->proto = 0;
    if (payload.len > 0)
        memcpy(f->bytes + f->at, payload.p, payload.len);
    while (end > layers) {
        const char *start = end;
        while (start > layers && start[-1] != ' ')
            start--;
        size_t i = 0, count = sizeof frame_layers / sizeof frame_layers[0];
        while (i < count && !slice_eq(slice_str(frame_layers[i].name), slice_of(start, (size_t)(end - start))))
            i++;
        if (i == count)
            return false;
        frame_push(f, frame_layers[i].hex, frame_layers[i].more);
        f->type = frame_layers[i].type ? frame_layers[i].type : f->type;
        f->proto = frame_layers[i].proto ? frame_layers[i].proto : f->proto;
        end = start > layers ? start - 1 : layers;
    }
    return true;
}
