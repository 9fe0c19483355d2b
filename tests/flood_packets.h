/* Floods of packets and connections: what fills tables. */
#pragma once

#include "tests/flood.h"

static void syn(struct flooder *f, uint64_t step)
{
    (void)step;
    struct tuple tuple = flood_tuple(f, 80, WIRE_TCP);
    flood_segment(f, &tuple, (uint32_t)f->random, TCP_SYN, S(""));
}

/* A connection and the beginning of a request, never finished. */
static void half_request(struct flooder *f, uint64_t step)
{
    (void)step;
    struct tuple tuple = flood_tuple(f, 80, WIRE_TCP);
    uint32_t seq = (uint32_t)f->random;
    flood_segment(f, &tuple, seq, TCP_SYN, S(""));
    flood_segment(f, &tuple, seq + 1, TCP_ACK, S("POST /upload HTTP/1.1\r\nHost: example.com\r\nX-Slow: "));
}

/* Bodies begun in both directions: each holds its first bytes. */
static void half_body(struct flooder *f, uint64_t step)
{
    (void)step;
    struct tuple tuple = flood_tuple(f, 80, WIRE_TCP), back = tuple_reverse(&tuple);
    flood_segment(f, &tuple, 1, TCP_ACK, S("POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 9999\r\n\r\nbegun"));
    flood_segment(f, &back, 1, TCP_ACK, S("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n\x1f\x8b\x08"));
}

static void holes(struct flooder *f, uint64_t step)
{
    (void)step;
    struct tuple tuple = flood_tuple(f, 80, WIRE_TCP);
    if (f->len == 0)
        flood_fill(f, S("after the hole "), 1000);
    flood_segment(f, &tuple, 1000, TCP_ACK, S("GET / HTTP/1.1\r\n"));
    for (uint32_t i = 0; i < 4; i++)
        flood_segment(f, &tuple, 3000 + 2000 * i, TCP_ACK, flood_content(f));
}

static void tuples(struct flooder *f, uint64_t step)
{
    struct tuple tuple = flood_tuple(f, (uint16_t)(flood_random(f) % 65535 + 1), step & 1 ? WIRE_TCP : WIRE_UDP);
    uint64_t bytes = flood_random(f);
    if (step & 1)
        flood_segment(f, &tuple, (uint32_t)bytes, (uint8_t)(bytes >> 32 & 31), slice_of(&bytes, bytes >> 40 & 7));
    else
        flood_datagram(f, &tuple, slice_of(&bytes, sizeof bytes));
}

/* To and fro, to the beginning of time and beyond its end, in the middle of connections. */
static void times(struct flooder *f, uint64_t step)
{
    static const uint64_t at[] = {0, UINT64_C(1) << 63, 1600000000000000, UINT64_MAX - 20, 1, 1600000000000000, 32503680000000000};
    struct tuple tuple = flood_tuple(f, step & 1 ? 80 : 4321, step & 2 ? WIRE_TCP : WIRE_UDP);
    f->us = at[step % (sizeof at / sizeof *at)];
    if (step & 2)
        flood_segment(f, &tuple, 1, TCP_ACK, S("GET / HTTP/1.1\r\nHost: a\r\n"));
    else
        flood_datagram(f, &tuple, S("nothing that anyone knows"));
    f->us = 1600000000000000;
}

/* Turns the datagram in the frame into a fragment. */
static struct slice fragment4(struct flooder *f, struct slice packet, uint16_t id, uint16_t word)
{
    wire_put(f->frame + 4, id, 2);
    wire_put(f->frame + 6, word, 2);
    return packet;
}

static void fragments4(struct flooder *f, uint64_t step)
{
    struct tuple tuple = flood_tuple(f, 4321, WIRE_UDP);
    if (f->len == 0)
        flood_fill(f, S("fragment"), 1392);
    flood_send(f, fragment4(f, wire_udp(f->frame, &tuple, flood_content(f)), (uint16_t)step, 0x2000));
}

static void fragments6(struct flooder *f, uint64_t step)
{
    struct tuple tuple = flood_tuple(f, 4321, 44);
    tuple.src.b[0] = tuple.dst.b[0] = 0x20;
    uint8_t *at = wire_ip(f->frame, &tuple, 8 + 1200);
    at = wire_put(wire_put(wire_put(at, WIRE_UDP << 8, 2), step % 3 * 1200 | 1, 2), step, 4);
    memset(at, (int)step, 1200);
    flood_send(f, slice_of(f->frame, (size_t)(at - f->frame) + 1200));
}

/* One datagram in pieces that lie over each other and say different things. */
static void overlaps(struct flooder *f, uint64_t step)
{
    struct tuple tuple = flood_talk(4321, WIRE_UDP);
    uint64_t r = flood_random(f);
    f->len = 8 * (1 + r % 170);
    memset(f->content, (int)r, f->len);
    flood_send(f, fragment4(f, wire_udp(f->frame, &tuple, flood_content(f)), (uint16_t)(step / 5000),
                            (uint16_t)(0x2000 | (r >> 32) % 7500)));
}

/* Fifty datagrams in one another. */
static void nested(struct flooder *f, uint64_t step)
{
    struct tuple tuple = flood_talk(80, 4);
    uint8_t *at = f->frame;
    (void)step;
    for (unsigned depth = 50; depth > 0; depth--)
        at = wire_ip(at, &tuple, 20 * (depth - 1));
    flood_send(f, slice_of(f->frame, (size_t)(at - f->frame)));
}

/* Frames of nothing. */
static void noise(struct flooder *f, uint64_t step)
{
    uint64_t len = flood_random(f) % 600;
    for (size_t i = 0; i < len; i += 8)
        wire_put(f->frame + i, flood_random(f), 8);
    f->frame[0] = step & 1 ? 0x45 : 0x60;
    flood_send(f, slice_of(f->frame, len));
}

/* Odd ports, and first bytes that might be something. */
static void odd_ports(struct flooder *f, uint64_t step)
{
    static const struct slice first[] = {S("GET /"), S("POST / HTTP/1.1\r\nHost:"), S("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")};
    struct tuple tuple = flood_tuple(f, (uint16_t)(20000 + step % 9000), WIRE_TCP);
    flood_segment(f, &tuple, 1, TCP_ACK, first[step % 3]);
}

#define FIELD(name) #name, offsetof(struct capture_stats, name)

static const struct flood packet_floods[] = {
    {"SYNs", 1000000, syn, FIELD(flow.evicted)},
    {"half requests", 200000, half_request, FIELD(flow.crowded)},
    {"half bodies", 100000, half_body, FIELD(flow.crowded)},
    {"holes in streams", 100000, holes, FIELD(flow.crowded)},
    {"random 5-tuples", 500000, tuples, FIELD(flow.evicted)},
    {"times to and fro", 300000, times, FIELD(flow.expired)},
    {"IPv4 fragments", 300000, fragments4, FIELD(intake.fragment.evicted)},
    {"IPv6 fragments", 300000, fragments6, FIELD(intake.fragment.evicted)},
    {"overlapping fragments", 100000, overlaps, FIELD(intake.fragment.conflicting)},
    {"tunnels 50 deep", 300000, nested, FIELD(intake.packet.too_deep)},
    {"noise", 300000, noise, FIELD(intake.packet.malformed)},
    {"odd ports", 100000, odd_ports, FIELD(session.asked)},
};
