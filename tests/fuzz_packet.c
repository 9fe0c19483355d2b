/* Frames, each behind three bytes (link type, length): decoded, and fragments put together and decoded again. */
#include <assert.h>
#include <stdlib.h>

#include "capture/cursor.h"
#include "capture/fragment.h"
#include "tests/long_way.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct slice inner, struct slice outer)
{
    assert(inner.len == 0 || (inner.p >= outer.p && inner.p + inner.len <= outer.p + outer.len));
}

static bool decoded(const struct packet *p, bool found, struct slice frame)
{
    assert(found == (p->kind != PACKET_OTHER));
    inside(p->payload, frame);
    inside(p->ip, frame);
    return found && p->kind == PACKET_FRAGMENT;
}

/* The frame has memory of its own, so that a byte too far is seen by the sanitizer. */
static void run(struct slice bytes, int linktype, uint32_t wirelen, uint64_t us, struct fragments *fragments)
{
    uint8_t *copy = malloc(bytes.len);
    if (bytes.len > 0)
        memcpy(copy, bytes.p, bytes.len);
    struct frame frame = {us, linktype, wirelen, slice_of(copy, bytes.len)};
    struct packet_stats stats = {0};
    struct packet packet;
    struct slice whole;
    assert(linktype != 1 || long_way_agrees(&frame));
    if (decoded(&packet, packet_decode(&packet, &frame, &stats), frame.bytes) &&
        fragment_feed(fragments, &packet, &whole)) {
        unsigned depth = packet.depth;
        decoded(&packet, packet_decode_ip(&packet, whole, us, depth, &stats), whole);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int linktypes[] = {1, 113, 276, 12, 101, 228, 229, 0, 108, 9, 50, 104};
    char err[ERRLEN];
    struct cursor c = cursor_of(slice_of(data, size));
    struct fragments *fragments = fragments_open(16384, 1, err);
    for (uint64_t us = 0; cursor_left(&c) >= 3; us += 1000000) {
        int linktype = linktypes[cursor_u8(&c) % 12];
        uint16_t len = cursor_u16(&c);
        struct slice rest = cursor_rest(&c), bytes = slice_cut(&rest, len);
        run(bytes, linktype, len, us, fragments);
        c = cursor_of(rest);
    }
    fragments_close(fragments);
    return 0;
}
