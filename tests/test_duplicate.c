/* What is a copy of a datagram, and what only looks like one. */
#include "capture/duplicate.h"
#include "tests/check.h"
#include "tests/frame.h"

enum { V4_ID = 4, V4_TTL = 8, V4_SUM = 10, V6_CLASS = 1, V6_HOPS = 7 };

static const struct row {
    const char *first, *second; /* layers, see tests/frame.h */
    int changed;                /* byte of the second's IP header that is another, or -1 */
    int payload;                /* byte of its payload, or -1 */
    int64_t later_us;
    bool copy;
    const char *reason;
} rows[] = {
    {"eth ip4 udp", "eth ip4 udp", -1, -1, 0, true, "the same frame at the same time"},
    {"eth ip4 udp", "eth ip4 udp", -1, -1, 900, true, "a moment later"},
    {"eth ip4 udp", "eth ip4 udp", -1, -1, -900, true, "a moment earlier: from another queue"},
    {"eth ip4 udp", "eth ip4 udp", -1, -1, DUPLICATE_US, false, "sent again later, with the same identification"},
    {"eth ip4 udp", "eth ip4 udp", -1, -1, 1000000, false, "a resolver's patience is a second and more"},
    {"eth ip4 udp", "eth vlan ip4 udp", -1, -1, 10, true, "a tag on the way out"},
    {"eth ip4 udp", "eth mpls ip4 udp", -1, -1, 10, true, "a label"},
    {"eth ip4 udp", "eth ip4 gre ip4 udp", -1, -1, 10, true, "in a tunnel and outside"},
    {"eth ip4 udp", "eth ip4 udp", V4_TTL, -1, 10, true, "a hop later"},
    {"eth ip4 udp", "eth ip4 udp", V4_SUM, -1, 10, true, "and its checksum"},
    {"eth ip4 udp", "eth ip4 udp", V4_ID, -1, 10, false, "another identification: sent again"},
    {"eth ip4 udp", "eth ip4 udp", -1, 0, 10, false, "another payload"},
    {"eth ip4 udp", "eth ip4 udp", -1, 19, 10, false, "another payload, at its end"},
    {"eth ip4 udp", "eth ip4 udp", 12, -1, 10, false, "another sender"},
    {"eth ip6 udp", "eth ip6 udp", -1, -1, 10, true, "IPv6"},
    {"eth ip6 udp", "eth ip6 udp", V6_HOPS, -1, 10, true, "IPv6 a hop later"},
    {"eth ip6 udp", "eth ip6 udp", V6_CLASS, -1, 10, true, "IPv6 with another class"},
    {"eth ip6 udp", "eth ip6 udp", 39, -1, 10, false, "IPv6 to another receiver"},
};

static struct packet packet_of(struct frame_text *text, const char *layers, uint64_t us)
{
    struct packet_stats stats = {0};
    struct packet packet;
    frame_build(text, layers, S("twenty bytes of text"));
    struct frame frame = {.us = us, .linktype = 1, .wirelen = (uint32_t)frame_so_far(text).len, .bytes = frame_so_far(text)};
    CHECK(packet_decode(&packet, &frame, &stats), "%s", layers);
    return packet;
}

static void check_row(const struct row *row)
{
    static struct frame_text text[2];
    char err[ERRLEN];
    enum { START = 5000000 };
    struct duplicates *d = duplicates_open(7, err);
    struct packet first = packet_of(&text[0], row->first, START);
    struct packet second = packet_of(&text[1], row->second, (uint64_t)(START + row->later_us));
    if (row->changed >= 0)
        ((uint8_t *)second.ip.p)[row->changed] ^= 3;
    if (row->payload >= 0)
        ((uint8_t *)second.payload.p)[row->payload] ^= 3;
    CHECK(!duplicate_seen(d, &first), "the first is no copy: %s", row->reason);
    CHECK(duplicate_seen(d, &second) == row->copy, "%s", row->reason);
    duplicates_close(d);
}

/* A datagram that is sent again and again, a bit later each time than a copy would be, and each time copied. */
static void check_series(void)
{
    static struct frame_text text;
    char err[ERRLEN];
    struct duplicates *d = duplicates_open(7, err);
    unsigned copies = 0;
    for (uint64_t i = 0; i < 1000; i++)
        for (uint64_t copy = 0; copy < 3; copy++) {
            struct packet packet = packet_of(&text, "eth ip4 udp", i * DUPLICATE_US + copy * 10);
            copies += duplicate_seen(d, &packet);
        }
    CHECK(copies == 2000, "%u copies of 1000 datagrams seen three times each", copies);
    duplicates_close(d);
}

/* The shortest datagrams, against a guard page. */
static void check_short(void)
{
    static struct frame_text text;
    char err[ERRLEN];
    struct packet_stats stats = {0};
    struct duplicates *d = duplicates_open(7, err);
    frame_build(&text, "eth ip4 udp", S(""));
    struct slice bytes = guard_copy(frame_so_far(&text), 0);
    struct frame frame = {.us = 1, .linktype = 1, .wirelen = (uint32_t)bytes.len, .bytes = bytes};
    struct packet packet;
    CHECK(packet_decode(&packet, &frame, &stats) && !duplicate_seen(d, &packet), "no payload");
    CHECK(duplicate_seen(d, &packet), "no payload, twice");
    duplicates_close(d);
    duplicates_close(NULL);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
    check_series();
    check_short();
    return check_report("duplicate");
}
