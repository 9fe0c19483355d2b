/* Packets for tests: raw IP (link type 12) around a payload, v4 or v6 as the addresses are. */
#pragma once

#include "capture/packet.h"

enum { WIRE_HEAD = 60, WIRE_RAW = 12, WIRE_TCP = 6, WIRE_UDP = 17 };

/* Big-endian; returns what is behind it. */
static inline uint8_t *wire_put(uint8_t *at, uint64_t value, int bytes)
{
    while (bytes-- > 0)
        *at++ = (uint8_t)(value >> 8 * bytes);
    return at;
}

static inline uint8_t *wire_copy(uint8_t *at, struct slice bytes)
{
    if (bytes.len > 0)
        memcpy(at, bytes.p, bytes.len);
    return at + bytes.len;
}

/* The IP header before `len` bytes of tuple->proto. */
static inline uint8_t *wire_ip(uint8_t *at, const struct tuple *tuple, size_t len)
{
    if (!addr_is_v4(&tuple->src)) {
        at = wire_put(wire_put(wire_put(wire_put(at, 0x60000000, 4), len, 2), tuple->proto, 1), 64, 1);
        return wire_copy(wire_copy(at, slice_of(tuple->src.b, 16)), slice_of(tuple->dst.b, 16));
    }
    at = wire_put(wire_put(wire_put(at, 0x4500, 2), len + 20, 2), 0x00014000, 4);
    at = wire_put(wire_put(wire_put(at, 64, 1), tuple->proto, 1), 0, 2);
    return wire_copy(wire_copy(at, slice_of(tuple->src.b + 12, 4)), slice_of(tuple->dst.b + 12, 4));
}

struct wire_segment {
    uint32_t seq, ack;
    uint8_t flags; /* TCP_* */
};

/* Writes the packet into `room`, WIRE_HEAD longer than the payload at least. */
static inline struct slice wire_tcp(uint8_t *room, const struct tuple *tuple, const struct wire_segment *segment,
                                    struct slice payload)
{
    uint8_t *at = wire_ip(room, tuple, payload.len + 20);
    at = wire_put(wire_put(at, tuple->sport, 2), tuple->dport, 2);
    at = wire_put(wire_put(at, segment->seq, 4), segment->ack, 4);
    at = wire_put(wire_put(wire_put(at, 0x50, 1), segment->flags, 1), 0xffff, 2);
    at = wire_copy(wire_put(at, 0, 4), payload);
    return slice_of(room, (size_t)(at - room));
}

static inline struct slice wire_udp(uint8_t *room, const struct tuple *tuple, struct slice payload)
{
    uint8_t *at = wire_ip(room, tuple, payload.len + 8);
    at = wire_put(wire_put(at, tuple->sport, 2), tuple->dport, 2);
    at = wire_copy(wire_put(wire_put(at, payload.len + 8, 2), 0, 2), payload);
    return slice_of(room, (size_t)(at - room));
}
