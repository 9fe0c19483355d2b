/* Frames become packets: decoded, and fragments put together. There is one a sensor, before packets are dealt out to
 * workers: a datagram's fragments and what they carry may belong to different address pairs (a tunnel's ends, and who
 * speaks in it). */
#pragma once

#include "capture/fragment.h"

struct intake_stats {
    uint64_t frames, fragments;
    struct packet_stats packet;
    struct fragment_stats fragment;
};

struct intake;

/* memory: bytes for datagrams in fragments; seed: of their table. */
struct intake *intake_open(size_t memory, uint64_t seed, char err[static ERRLEN]);
void intake_close(struct intake *);

/* True: a TCP segment or UDP datagram, which borrows the frame or the intake until the next call. */
bool intake_feed(struct intake *, const struct frame *, struct packet *);

/* No more frames: datagrams that are not whole are given up. */
void intake_finish(struct intake *);
void intake_stats(const struct intake *, struct intake_stats *);
void intake_memory(const struct intake *, struct pool_sum *);
