/* Floods: what each sends, packet by packet, into the whole sensor. One step may be several packets. */
#pragma once

#include <stdio.h>

#include "tests/chain.h"
#include "tests/wire.h"

enum { FLOOD_ROOM = 65536, FLOOD_SEGMENT = 1400 };

struct flooder {
    struct chain chain;
    uint64_t us, packets, random;
    uint64_t beacons;              /* reports about honest_client's request */
    uint8_t frame[FLOOD_ROOM + WIRE_HEAD];
    uint8_t content[16 * FLOOD_ROOM]; /* of the flood, made at its first step */
    size_t len;
    uint32_t seq[2];               /* of one long connection */
    FILE *capture;                 /* frames go into this pcap file instead of into the chain */
};

struct flood {
    const char *name;
    uint64_t steps;                /* fewer under sanitizers */
    void (*step)(struct flooder *, uint64_t step);
    const char *counted;           /* where the statistics tell it */
    size_t field;                  /* offset of that uint64_t in struct capture_stats */
    unsigned multiple;             /* of an honest packet's cost that one of these may be; 0: the usual */
};

static inline uint64_t flood_random(struct flooder *f)
{
    f->random ^= f->random << 13; /* xorshift64 */
    f->random ^= f->random >> 7;
    return f->random ^= f->random << 17;
}

static inline void flood_send(struct flooder *f, struct slice bytes)
{
    struct frame frame = {f->us += 10, WIRE_RAW, (uint32_t)bytes.len, bytes};
    f->packets++;
    if (f->capture != NULL) {
        uint32_t head[4] = {(uint32_t)(f->us / 1000000), (uint32_t)(f->us % 1000000), (uint32_t)bytes.len, (uint32_t)bytes.len};
        fwrite(head, sizeof head, 1, f->capture);
        fwrite(bytes.p, bytes.len, 1, f->capture);
        return;
    }
    chain_feed(&f->chain, &frame);
}

/* A stranger's address and port, to the server's port on one of 256 servers. */
static inline struct tuple flood_tuple(struct flooder *f, uint16_t port, uint8_t proto)
{
    uint64_t r = flood_random(f);
    struct tuple tuple = {addr_v4((const uint8_t[]){11, (uint8_t)(r >> 8), (uint8_t)(r >> 16), (uint8_t)(r >> 24)}),
                          addr_v4((const uint8_t[]){198, 51, 100, (uint8_t)r}), (uint16_t)(1024 + (r >> 32) % 60000), port, proto};
    return tuple;
}

/* The one connection that some floods are. */
static inline struct tuple flood_talk(uint16_t port, uint8_t proto)
{
    return (struct tuple){addr_v4((const uint8_t[]){10, 1, 1, 1}), addr_v4((const uint8_t[]){198, 51, 100, 1}), 50000, port, proto};
}

static inline void flood_segment(struct flooder *f, const struct tuple *tuple, uint32_t seq, uint8_t flags, struct slice payload)
{
    struct wire_segment segment = {seq, 1, flags};
    flood_send(f, wire_tcp(f->frame, tuple, &segment, payload));
}

static inline void flood_datagram(struct flooder *f, const struct tuple *tuple, struct slice payload)
{
    flood_send(f, wire_udp(f->frame, tuple, payload));
}

/* The next bytes of the long connection, from one side. */
static inline void flood_say(struct flooder *f, uint16_t port, int side, struct slice bytes)
{
    struct tuple tuple = flood_talk(port, WIRE_TCP), back = tuple_reverse(&tuple);
    while (bytes.len > 0) {
        struct slice part = slice_cut(&bytes, FLOOD_SEGMENT);
        struct wire_segment segment = {f->seq[side], f->seq[!side], TCP_ACK};
        f->seq[side] += (uint32_t)part.len;
        flood_send(f, wire_tcp(f->frame, side == 0 ? &tuple : &back, &segment, part));
    }
}

static inline struct slice flood_content(const struct flooder *f)
{
    return slice_of(f->content, f->len);
}

/* Fills `len` bytes of content with the text over and over. */
static inline void flood_fill(struct flooder *f, struct slice text, size_t len)
{
    for (f->len = 0; f->len + text.len <= len; f->len += text.len)
        memcpy(f->content + f->len, text.p, text.len);
}
