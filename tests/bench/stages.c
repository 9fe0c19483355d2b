/* One stage of the river alone: stages CAPTURE STAGE prints how many items it took and how many nanoseconds. What it needs
 * is made ready before; a counter of instructions is to be switched on in the function stage_STAGE. */
#include "capture/capture.h"
#include "capture/dns.h"
#include "capture/proto.h"
#include "capture/quic.h"
#include "classifiers/indicator.h"
#include "classifiers/engine.h"
#include "feeds/allow.h"
#include "feeds/desk.h"
#include "feeds/ioc.h"
#include "feeds/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MEMORY = 256 << 20, SEED = 7 };

struct bench {
    struct frame *frame;       /* with bytes of their own */
    struct packet *packet;     /* decoded from them */
    size_t frames, items;
    struct packet_stats packet_stats;
    struct flows *flows;
    struct capture *capture;
    struct quic *quic;
    struct quic_stream stream;
    struct tls_hello hello;
    struct http_memory *http;
    struct engine *engine;
    struct indicators *indicators;
    struct allow *allow;
    struct desk *desk;
    struct dns_msg dns;
    char document[JSON_MAX];
};

typedef void see_event(struct bench *, const struct event *);

static void stage_decode(struct bench *b)
{
    struct packet packet;
    for (size_t i = 0; i < b->frames; i++)
        packet_decode(&packet, &b->frame[i], &b->packet_stats);
    b->items = b->frames;
}

static struct flow *flow_for(struct bench *b, const struct packet *packet, int *side)
{
    for (struct flow *over; (over = flow_expired(b->flows, packet->us)) != NULL;)
        flow_close(b->flows, over);
    return flow_of(b->flows, packet, side);
}

static bool is_dns(const struct packet *packet)
{
    return packet->kind == PACKET_UDP && (packet->tuple.sport == 53 || packet->tuple.dport == 53);
}

static void stage_flow(struct bench *b)
{
    int side;
    for (size_t i = 0; i < b->frames; i++)
        if (!is_dns(&b->packet[i]))
            b->items += flow_for(b, &b->packet[i], &side) != NULL;
}

static void stage_floor1(struct bench *b)
{
    struct event event;
    for (size_t i = 0; i < b->frames; i++) {
        capture_feed(b->capture, &b->frame[i]);
        while (capture_next(b->capture, &event))
            if (event.kind == EVENT_BODY) /* nobody follows it */
                capture_dismiss(b->capture);
    }
    b->items = b->frames;
}

static void see_desk(struct bench *b, const struct event *event)
{
    engine_see(b->engine, event);
    for (const struct hit *hit; (hit = engine_next(b->engine)) != NULL;) {
        desk_put(b->desk, hit);
        while (desk_next(b->desk) != NULL)
            continue;
    }
}

/* As the sensor does it: what no detector follows is not decoded on. */
static void stage_whole(struct bench *b)
{
    struct event event;
    for (size_t i = 0; i < b->frames; i++) {
        capture_feed(b->capture, &b->frame[i]);
        while (capture_next(b->capture, &event)) {
            see_desk(b, &event);
            if (event.kind == EVENT_BODY && !engine_follows(b->engine))
                capture_dismiss(b->capture);
        }
    }
    b->items = b->frames;
}

static void stage_quic(struct bench *b)
{
    for (size_t i = 0; i < b->frames; i++) {
        const struct packet *packet = &b->packet[i];
        if (packet->kind != PACKET_UDP || packet->tuple.dport != 443 || !quic_looks_like(packet->payload))
            continue;
        quic_start(&b->stream);
        b->items += quic_feed(b->quic, &b->stream, packet->payload, &b->hello) == TLS_FOUND;
    }
}

static void each_dns(struct bench *b, see_event *see)
{
    for (size_t i = 0; i < b->frames; i++) {
        const struct packet *packet = &b->packet[i];
        if (!is_dns(packet) || !dns_parse(&b->dns, packet->payload))
            continue;
        struct event event = {.kind = EVENT_DNS, .us = packet->us, .dns = &b->dns};
        event.tuple = b->dns.answer ? tuple_reverse(&packet->tuple) : packet->tuple;
        see(b, &event);
        b->items++;
    }
}

static void each_http(struct bench *b, see_event *see)
{
    for (size_t i = 0; i < b->frames; i++) {
        int side;
        const struct packet *packet = &b->packet[i];
        bool web = packet->kind == PACKET_TCP && (packet->tuple.sport == 80 || packet->tuple.dport == 80);
        if (!web || packet->payload.len == 0)
            continue;
        struct flow *flow = flow_for(b, packet, &side);
        if (flow != NULL && flow->session == NULL)
            flow->session = (struct session *)http_open(b->http);
        if (flow == NULL || flow->session == NULL)
            continue;
        struct piece piece = {PIECE_DATA, packet->payload, 0};
        struct event event;
        http_feed((struct http *)flow->session, side, &piece, packet->us);
        while (http_next((struct http *)flow->session, &event)) {
            event.tuple = flow->tuple;
            see(b, &event);
        }
        b->items++;
    }
}

static void see_nothing(struct bench *b, const struct event *event)
{
    (void)b;
    (void)event;
}

static void see_score(struct bench *b, const struct event *event)
{
    engine_see(b->engine, event);
}

static void see_body(struct bench *b, const struct event *event)
{
    if (event->kind == EVENT_BODY)
        engine_see(b->engine, event);
}

static void see_json(struct bench *b, const struct event *event)
{
    if (event->kind != EVENT_BODY)
        json_record(b->document, event, "sensor", JSON_EVE);
}

static void stage_dns(struct bench *b)
{
    each_dns(b, see_nothing);
}

static void stage_dns_score(struct bench *b)
{
    each_dns(b, see_score);
}

static void stage_dns_desk(struct bench *b)
{
    each_dns(b, see_desk);
}

static void stage_dns_json(struct bench *b)
{
    each_dns(b, see_json);
}

static void stage_http(struct bench *b)
{
    each_http(b, see_nothing);
}

static void stage_http_payload(struct bench *b)
{
    each_http(b, see_body);
}

static void stage_http_score(struct bench *b)
{
    each_http(b, see_score);
}

static void stage_http_json(struct bench *b)
{
    each_http(b, see_json);
}

static const struct {
    const char *name;
    void (*run)(struct bench *);
} stages[] = {
    {"decode", stage_decode}, {"flow", stage_flow}, {"floor1", stage_floor1}, {"whole", stage_whole}, {"quic", stage_quic},
    {"dns", stage_dns}, {"dns_score", stage_dns_score}, {"dns_desk", stage_dns_desk}, {"dns_json", stage_dns_json},
    {"http", stage_http}, {"http_payload", stage_http_payload}, {"http_score", stage_http_score}, {"http_json", stage_http_json},
};

static void load(struct bench *b, struct source *source, char err[static ERRLEN])
{
    struct frame frame;
    size_t room = 0;
    while (source_next(source, &frame, err) == SOURCE_FRAME) {
        if (b->frames == room) {
            room = room == 0 ? 4096 : 2 * room;
            b->frame = realloc(b->frame, room * sizeof *b->frame);
            b->packet = realloc(b->packet, room * sizeof *b->packet);
        }
        uint8_t *copy = malloc(frame.bytes.len + 1);
        memcpy(copy, frame.bytes.p, frame.bytes.len);
        frame.bytes.p = copy;
        b->frame[b->frames] = frame;
        packet_decode(&b->packet[b->frames], &frame, &b->packet_stats);
        b->frames++;
    }
}

static bool open_all(struct bench *b, char err[static ERRLEN])
{
    struct capture_settings capture = {MEMORY, 64 << 20, SEED};
    b->indicators = ioc_open(NULL, 0, true, SEED, NULL, err);
    b->allow = allow_open(NULL, 0, true, SEED, NULL, err);
    struct classifier_settings engine = {b->indicators, SEED};
    struct desk_settings desk = {"sensor", 50, SEED, b->allow, NULL};
    return b->indicators != NULL && b->allow != NULL && (b->flows = flows_open(150000, SEED, err)) != NULL &&
           (b->capture = capture_open(&capture, err)) != NULL && (b->quic = quic_open(err)) != NULL &&
           (b->http = http_memory_open(MEMORY / 2, 64 << 20, err)) != NULL && (b->engine = engine_open(&engine, err)) != NULL &&
           (b->desk = desk_open(&desk, err)) != NULL;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
    static struct bench b;
    char err[ERRLEN] = "usage: stages CAPTURE STAGE";
    bool usage;
    struct source_settings settings = {.paths = (const char *[]){argc == 3 ? argv[1] : "", NULL}};
    struct source *source = argc == 3 && open_all(&b, err) ? source_open(&settings, &usage, err) : NULL;
    if (source == NULL) {
        fprintf(stderr, "stages: %s\n", err);
        return 1;
    }
    load(&b, source, err);
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        if (strcmp(stages[i].name, argv[2]) == 0) {
            uint64_t began = now_ns();
            stages[i].run(&b);
            printf("%zu %llu\n", b.items, (unsigned long long)(now_ns() - began));
            return 0;
        }
    fprintf(stderr, "stages: no stage '%s'\n", argv[2]);
    return 1;
}
