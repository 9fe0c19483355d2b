#include "capture/intake.h"

#include <stdlib.h>

struct intake {
    struct fragments *fragments;
    struct intake_stats stats;
};

struct intake *intake_open(size_t memory, uint64_t seed, char err[static ERRLEN])
{
    struct intake *in = calloc(1, sizeof *in);
    if (in == NULL) {
        error_set(err, "no memory to take frames in");
        return NULL;
    }
    if ((in->fragments = fragments_open(memory, seed, err)) == NULL) {
        intake_close(in);
        return NULL;
    }
    return in;
}

void intake_close(struct intake *in)
{
    if (in == NULL)
        return;
    fragments_close(in->fragments);
    free(in);
}

/* A packet that completes a fragmented datagram is that datagram from here on. */
static bool defragment(struct intake *in, struct packet *packet)
{
    struct slice datagram;
    in->stats.fragments++;
    if (!fragment_feed(in->fragments, packet, &datagram))
        return packet_decode_first(packet, &in->stats.packet);
    return packet_decode_ip(packet, datagram, packet->us, packet->depth, &in->stats.packet) &&
           packet->kind != PACKET_FRAGMENT;
}

bool intake_feed(struct intake *in, const struct frame *frame, struct packet *packet)
{
    in->stats.frames++;
    return packet_decode(packet, frame, &in->stats.packet) && (packet->kind != PACKET_FRAGMENT || defragment(in, packet));
}

void intake_finish(struct intake *in)
{
    fragments_finish(in->fragments);
}

void intake_stats(const struct intake *in, struct intake_stats *stats)
{
    *stats = in->stats;
    fragments_stats(in->fragments, &stats->fragment);
}

void intake_memory(const struct intake *in, struct pool_sum *sum)
{
    fragments_memory(in->fragments, sum);
}
