#include "feeds/shard.h"

#include <stdlib.h>

#include "feeds/anonymise.h"
#include "feeds/geoip.h"

struct shard {
    struct capture *capture;
    struct engine *engine;
    const struct shard_settings *settings;
    const struct geoip *geoip;
    struct anonymise *anonymise; /* NULL: records name their clients */
    struct event event;
    bool recorded, seen; /* the event in hand: its record is out; its hits are being pulled */
};

struct shard *shard_open(const struct shard_settings *settings, char err[static ERRLEN])
{
    struct shard *s = calloc(1, sizeof *s);
    struct capture_settings capture = settings->capture;
    capture.memory /= settings->parts;
    capture.dealt = true;
    if (s == NULL) {
        error_set(err, "no memory for a shard");
        return NULL;
    }
    s->settings = settings;
    s->geoip = settings->geoip;
    if ((settings->anonymise != NULL && (s->anonymise = anonymise_open(settings->anonymise, err)) == NULL) ||
        (s->capture = capture_open(&capture, err)) == NULL || (s->engine = engine_open(&settings->engine, err)) == NULL) {
        shard_close(s);
        return NULL;
    }
    return s;
}

void shard_close(struct shard *s)
{
    if (s == NULL)
        return;
    engine_close(s->engine);
    capture_close(s->capture);
    anonymise_close(s->anonymise);
    free(s);
}

void shard_deal(struct shard *s, const struct packet *packet)
{
    capture_deal(s->capture, packet);
}

/* An event's record comes before its hits. Where records are written the rest of a body is counted, so it is not dismissed. */
static void see(struct shard *s)
{
    engine_see(s->engine, &s->event);
    if (s->event.kind == EVENT_BODY && !s->settings->log[EVENT_HTTP] && !engine_follows(s->engine))
        capture_dismiss(s->capture);
    s->seen = true;
}

/* Apart, so that its large frame is not entered for every packet. */
static __attribute__((noinline)) bool record(struct shard *s, struct output *output, char document[static JSON_MAX])
{
    struct geo geo;
    struct event event = s->event;
    struct addr inside = anonymise_client(s->anonymise, &event.tuple.src);
    event.tuple.src = anonymise_shown(&inside);
    geoip_find(s->geoip, &event.tuple.dst, &geo);
    size_t len = json_record_at(document, &event, &geo, s->settings->sensor, s->settings->format);
    *output = (struct output){.us = s->event.us, .document = document, .len = len};
    return len > 0;
}

bool shard_next(struct shard *s, struct output *output, char document[static JSON_MAX])
{
    for (;;) {
        if (s->seen) {
            *output = (struct output){.hit = engine_next(s->engine), .us = s->event.us};
            if (output->hit != NULL)
                return true;
            s->seen = false;
        } else if (s->recorded) {
            s->recorded = false;
            see(s);
        } else {
            if (!capture_next(s->capture, &s->event))
                return false;
            s->recorded = true;
            if (s->settings->log[s->event.kind] && record(s, output, document))
                return true;
        }
    }
}

void shard_finish(struct shard *s)
{
    capture_finish(s->capture);
}

void shard_relist(struct shard *s, const struct indicators *indicators, const struct geoip *geoip)
{
    s->geoip = geoip;
    engine_relist(s->engine, indicators);
}

/* Statistics are counters and nothing else, so they are added as what they are. */
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "all are as wide");

static void add(void *sum, const void *part, size_t size)
{
    uint64_t *to = sum;
    const uint64_t *from = part;
    for (size_t i = 0; i < size / sizeof *to; i++)
        to[i] += from[i];
}

void shard_add(struct capture_stats *sum, const struct capture_stats *part)
{
    add(sum, part, sizeof *part);
}

void shard_stats(const struct shard *s, struct capture_stats *capture, struct engine_stats *engine)
{
    struct capture_stats c = {0};
    struct engine_stats e = {0};
    capture_stats(s->capture, &c);
    engine_stats(s->engine, &e);
    shard_add(capture, &c);
    add(engine, &e, sizeof e);
}

/* No secret in it: which packets meet must not change from run to run. Who makes all of his packets meet in one shard takes
 * that shard's memory from himself and an eighth of the others. */
unsigned shard_of(const struct tuple *t)
{
    uint64_t src[2], dst[2];
    memcpy(src, t->src.b, sizeof src);
    memcpy(dst, t->dst.b, sizeof dst);
    uint64_t mixed = (src[0] + dst[0]) * UINT64_C(0x9e3779b97f4a7c15) ^ (src[1] + dst[1]);
    mixed *= UINT64_C(0xd6e8feb86659fd93);
    mixed ^= mixed >> 32;
    return (unsigned)(mixed * UINT64_C(0x9e3779b97f4a7c15) >> 61);
}

_Static_assert(SHARDS == 1 << (64 - 61), "the highest bits name a shard");
