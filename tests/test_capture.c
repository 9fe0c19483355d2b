/* The recorded captures, changed as a network may change them: every TCP segment a byte long, each run of segments
 * backwards, everything twice, all at once. The events must be those of the capture as it was recorded. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/capture.h"
#include "capture/dns.h"
#include "capture/tls.h"
#include "tests/check.h"

enum { FRAMES = 400000, EVENTS = 20000, LINE = 400 };

struct frames {
    struct frame *frame;
    size_t count;
};

struct seen {
    char (*line)[LINE];
    size_t count;
    uint64_t body_hash, body_bytes;
};

static void put(struct frames *to, const struct frame *frame, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    memcpy(copy, frame->bytes.p, len);
    struct frame *place = &to->frame[to->count++];
    *place = *frame;
    place->bytes = slice_of(copy, len);
    place->wirelen = (uint32_t)len;
}

static void clear(struct frames *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        free((void *)frames->frame[i].bytes.p);
    frames->count = 0;
}

static bool is_segment(const struct frame *frame, struct packet *packet)
{
    struct packet_stats stats = {0};
    return packet_decode(packet, frame, &stats) && packet->kind == PACKET_TCP && packet->payload.len > 0 && packet->depth <= 1;
}

/* Sets the length in an IPv4 or IPv6 header; checksums are not what a sensor on a SPAN port can count on. */
static void set_ip_length(uint8_t *ip, size_t len)
{
    bool v4 = ip[0] >> 4 == 4;
    len -= v4 ? 0 : 40;
    ip[v4 ? 2 : 4] = (uint8_t)(len >> 8);
    ip[v4 ? 3 : 5] = (uint8_t)len;
}

/* Cuts a segment into parts of `size` bytes; FIN and PSH go with the last. */
static void put_cut(struct frames *to, const struct frame *frame, const struct packet *packet, size_t size)
{
    size_t head = (size_t)(packet->payload.p - frame->bytes.p), ip = (size_t)(packet->ip.p - frame->bytes.p), tcp;
    tcp = ip + (packet->ip.p[0] >> 4 == 4 ? (packet->ip.p[0] & 15) * 4u : 40);
    for (size_t at = 0; at < packet->payload.len; at += size) {
        size_t n = packet->payload.len - at < size ? packet->payload.len - at : size;
        put(to, frame, head + n);
        uint8_t *bytes = (uint8_t *)to->frame[to->count - 1].bytes.p;
        uint32_t seq = packet->seq + (uint32_t)at;
        memcpy(bytes + head, packet->payload.p + at, n);
        for (int i = 0; i < 4; i++)
            bytes[tcp + 4 + (size_t)i] = (uint8_t)(seq >> (24 - 8 * i));
        if (at + n < packet->payload.len)
            bytes[tcp + 13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
        set_ip_length(bytes + ip, head + n - ip);
    }
}

static void cut(struct frames *to, const struct frames *from, size_t size)
{
    struct packet packet;
    for (size_t i = 0; i < from->count; i++)
        if (is_segment(&from->frame[i], &packet))
            put_cut(to, &from->frame[i], &packet, size);
        else
            put(to, &from->frame[i], from->frame[i].bytes.len);
}

static void one_byte(struct frames *to, const struct frames *from)
{
    cut(to, from, 1);
}

/* Each run of segments of one direction, up to what a stream keeps waiting, comes last to first. */
static void backwards(struct frames *to, const struct frames *from)
{
    struct packet first, other;
    for (size_t i = 0, n; i < from->count; i += n) {
        n = 1;
        if (is_segment(&from->frame[i], &first))
            while (n < 60 && i + n < from->count && is_segment(&from->frame[i + n], &other) && tuple_eq(&first.tuple, &other.tuple))
                n++;
        for (size_t k = n; k-- > 0;)
            put(to, &from->frame[i + k], from->frame[i + k].bytes.len);
    }
}

static void twice(struct frames *to, const struct frames *from)
{
    for (size_t i = 0; i < from->count; i++) {
        put(to, &from->frame[i], from->frame[i].bytes.len);
        put(to, &from->frame[i], from->frame[i].bytes.len);
    }
}

static void all_at_once(struct frames *to, const struct frames *from)
{
    static struct frame room[2][FRAMES];
    struct frames pieces = {room[0], 0}, turned = {room[1], 0};
    cut(&pieces, from, 100);
    backwards(&turned, &pieces);
    twice(to, &turned);
    clear(&pieces);
    clear(&turned);
}

static void as_recorded(struct frames *to, const struct frames *from)
{
    for (size_t i = 0; i < from->count; i++)
        put(to, &from->frame[i], from->frame[i].bytes.len);
}

static void note(struct seen *seen, const struct event *event)
{
    char *line = seen->line[seen->count];
    switch (event->kind) {
    case EVENT_BODY:
        for (size_t i = 0; i < event->body->data.len; i++) /* FNV-1a */
            seen->body_hash = (seen->body_hash ^ event->body->data.p[i]) * 0x100000001b3;
        seen->body_bytes += event->body->data.len;
        return;
    case EVENT_DNS:
        snprintf(line, LINE, "dns %u %.*s %u", event->dns->id, (int)event->dns->question.name.len, event->dns->question.name.p, event->dns->answers);
        break;
    case EVENT_TLS:
        snprintf(line, LINE, "tls %s", event->tls->server_name);
        break;
    case EVENT_HTTP: {
        const struct http_transaction *t = event->http;
        snprintf(line, LINE, "http %u %.*s %.*s %u %llu %llu", t->ordinal, (int)t->request.method.len, t->request.method.p,
                 (int)(t->request.target.len < 200 ? t->request.target.len : 200), t->request.target.p, t->response.status,
                 (unsigned long long)t->request.body_bytes, (unsigned long long)t->response.body_bytes);
        break;
    }
    case EVENT_KINDS:
        break;
    }
    seen->count += seen->count + 1 < EVENTS;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void read_events(struct seen *seen, const struct frames *frames)
{
    char err[ERRLEN];
    struct event event;
    struct capture_settings settings = {64 << 20, 1 << 24, 1};
    struct capture *capture = capture_open(&settings, err);
    seen->count = 0;
    seen->body_hash = seen->body_bytes = 0;
    for (size_t i = 0; i < frames->count; i++) {
        capture_feed(capture, &frames->frame[i]);
        while (capture_next(capture, &event))
            note(seen, &event);
    }
    capture_finish(capture);
    while (capture_next(capture, &event))
        note(seen, &event);
    capture_close(capture);
    qsort(seen->line, seen->count, LINE, by_text);
}

static void load(struct frames *frames, const char *path)
{
    char err[ERRLEN];
    bool usage;
    struct frame frame;
    struct source_settings settings = {.paths = (const char *const[]){path, NULL}};
    struct source *source = source_open(&settings, &usage, err);
    while (source != NULL && source_next(source, &frame, err) == SOURCE_FRAME)
        put(frames, &frame, frame.bytes.len);
    source_close(source);
}

static const struct {
    const char *name;
    void (*change)(struct frames *, const struct frames *);
} changes[] = {
    {"as recorded", as_recorded}, {"a byte a segment", one_byte}, {"runs backwards", backwards}, {"everything twice", twice},
    {"cut, backwards and twice", all_at_once},
};

static void compare(const char *path, const struct frames *recorded)
{
    static struct frame room[FRAMES];
    static char lines[2][EVENTS][LINE];
    struct seen expected = {.line = lines[0]}, got = {.line = lines[1]};
    read_events(&expected, recorded);
    CHECK(expected.count > 20, "%s: %zu events", path, expected.count);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct frames changed = {room, 0};
        changes[i].change(&changed, recorded);
        read_events(&got, &changed);
        size_t same = 0;
        while (same < got.count && same < expected.count && strcmp(lines[0][same], lines[1][same]) == 0)
            same++;
        CHECK(same == expected.count && got.count == expected.count, "%s, %s: %zu events instead of %zu; '%s' instead of '%s'", path,
              changes[i].name, got.count, expected.count, same < got.count ? lines[1][same] : "", same < expected.count ? lines[0][same] : "");
        CHECK(got.body_bytes == expected.body_bytes, "%s, %s: %llu bytes of bodies instead of %llu", path, changes[i].name,
              (unsigned long long)got.body_bytes, (unsigned long long)expected.body_bytes);
        CHECK(i != 1 || got.body_hash == expected.body_hash, "%s, %s: bodies as recorded", path, changes[i].name);
        clear(&changed);
    }
}

int main(void)
{
    static struct frame room[FRAMES];
    glob_t captures;
    glob("pcaps/*.pcap*", 0, NULL, &captures);
    for (size_t i = 0; i < captures.gl_pathc; i++) {
        struct frames recorded = {room, 0};
        load(&recorded, captures.gl_pathv[i]);
        compare(captures.gl_pathv[i], &recorded);
        clear(&recorded);
    }
    CHECK(captures.gl_pathc >= 5, "captures to read");
    globfree(&captures);
    return check_report("test_capture");
}
