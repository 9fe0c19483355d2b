/* A frame decoded as it is, and once more inside per-packet information, which keeps it off the short way: the same must come
 * of it. */
#pragma once

#include <stdlib.h>

#include "capture/packet.h"

enum { LONG_WAY_PPI = 192, LONG_WAY_HEAD = 8 };

static inline bool long_way_same_slice(struct slice a, const uint8_t *a_from, struct slice b, const uint8_t *b_from)
{
    return a.len == b.len && (a.len == 0 || a.p - a_from == b.p - b_from - LONG_WAY_HEAD);
}

static inline bool long_way_agrees(const struct frame *frame)
{
    struct packet_stats stats = {0}, wrapped_stats = {0};
    struct packet a, b;
    struct frame wrapped = {frame->us, LONG_WAY_PPI, frame->wirelen + LONG_WAY_HEAD, {0}};
    uint8_t *bytes = malloc(LONG_WAY_HEAD + frame->bytes.len);
    memcpy(bytes, "\0\0\x08\0\x01\0\0\0", LONG_WAY_HEAD);
    if (frame->bytes.len > 0)
        memcpy(bytes + LONG_WAY_HEAD, frame->bytes.p, frame->bytes.len);
    wrapped.bytes = slice_of(bytes, LONG_WAY_HEAD + frame->bytes.len);
    bool found = packet_decode(&a, frame, &stats);
    bool same = found == packet_decode(&b, &wrapped, &wrapped_stats) && memcmp(&stats, &wrapped_stats, sizeof stats) == 0;
    if (found)
        same = same && a.us == b.us && a.kind == b.kind && tuple_eq(&a.tuple, &b.tuple) && a.seq == b.seq && a.ack == b.ack &&
               a.tcp_flags == b.tcp_flags && a.depth == b.depth && a.vlan == b.vlan && a.missing == b.missing &&
               a.fragment_id == b.fragment_id && a.fragment_off == b.fragment_off && a.fragment_more == b.fragment_more &&
               long_way_same_slice(a.ip, frame->bytes.p, b.ip, bytes) && long_way_same_slice(a.payload, frame->bytes.p, b.payload, bytes);
    free(bytes);
    return same;
}
