#include "classifiers/radome.h"

#include <stdlib.h>
#include <sys/random.h>

#include "capture/capture.h"
#include "capture/source.h"
#include "classifiers/engine.h"
#include "classifiers/hit_id.h"
#include "classifiers/indicators.h"
#include "classifiers/parsed.h"

enum { MEMORY_LEAST = 8 << 20, MEMORY_USUAL = 64 << 20, BODY_LIMIT_USUAL = 64 << 20 };

/* A hit as the host sees it: its texts, while the callback runs. */
struct told {
    struct radome_hit hit;
    char id[HIT_ID], client[ADDR_TEXT], server[ADDR_TEXT], sha256[65];
    char address[HIT_ADDRS][ADDR_TEXT];
    const char *addresses[HIT_ADDRS];
};

struct radome {
    struct radome_settings settings;
    struct capture *capture;
    struct engine *engine;
    struct parsed *parsed;
    struct indicators *indicators;
    uint64_t refused;          /* events that made no sense */
    struct told told;
};

int radome_abi(void)
{
    return RADOME_ABI;
}

const char *radome_version(void)
{
    return RADOME_VERSION;
}

int radome_address(uint8_t out[16], const char *text)
{
    struct addr addr;
    if (!addr_parse(&addr, slice_str(text)))
        return -1;
    memcpy(out, addr.b, sizeof addr.b);
    return 0;
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static bool add_row(struct indicators *set, const struct radome_indicator *row, size_t number, char err[static ERRLEN])
{
    struct indicator added = {INDICATOR_DOMAIN, or_empty(row->indicator), or_empty(row->family), or_empty(row->provider),
                              or_empty(row->description)};
    if (indicator_type_of(slice_str(or_empty(row->type)), &added.type) && indicators_add(set, &added))
        return true;
    error_set(err, "indicator %zu, type '%.40s', value '%.80s': an unknown type, a value that is empty or too long, or no "
                   "memory", number, or_empty(row->type), added.value);
    return false;
}

/* The host's rows first: of equal ones his description counts. */
static struct indicators *open_indicators(const struct radome_settings *s, char err[static ERRLEN])
{
    struct indicators *set = indicators_open(s->seed, err);
    bool well = set != NULL;
    for (size_t i = 0; well && s->indicators != NULL && i < s->indicator_count; i++)
        well = add_row(set, &s->indicators[i], i, err);
    for (size_t i = 0; well && (s->flags & RADOME_NO_INDICATORS) == 0 && indicators_listed[i].value != NULL; i++)
        if (!(well = indicators_add(set, &indicators_listed[i])))
            error_set(err, "no memory for the published indicators");
    if (well && indicators_seal(set, err))
        return set;
    indicators_close(set);
    return NULL;
}

static bool take_settings(struct radome_settings *out, const struct radome_settings *in, size_t size,
                          char err[static ERRLEN])
{
    if (in == NULL || !parsed_struct(out, sizeof *out, in, size, offsetof(struct radome_settings, memory))) {
        error_set(err, "settings of %zu bytes: fewer than any version has, or with something set that ABI %d does not know",
                  size, (int)RADOME_ABI);
        return false;
    }
    if (out->hit == NULL || (out->flags & ~(uint64_t)(RADOME_SIGHTINGS | RADOME_NO_INDICATORS)) != 0 ||
        (out->memory != 0 && out->memory < MEMORY_LEAST)) {
        error_set(err, "the settings need a function for hits, known flags, and 8 MiB of memory or more");
        return false;
    }
    out->memory = out->memory == 0 ? MEMORY_USUAL : out->memory;
    out->body_limit = out->body_limit == 0 ? BODY_LIMIT_USUAL : out->body_limit;
    if (out->seed == 0 && getrandom(&out->seed, sizeof out->seed, 0) != sizeof out->seed) {
        error_set(err, "no random numbers from the kernel");
        return false;
    }
    return true;
}

static bool open_rooms(struct radome *r, char err[static ERRLEN])
{
    struct capture_settings capture = {r->settings.memory, r->settings.body_limit, r->settings.seed};
    struct classifier_settings engine = {.seed = r->settings.seed};
    if ((r->indicators = open_indicators(&r->settings, err)) == NULL)
        return false;
    engine.indicators = r->indicators;
    return (r->capture = capture_open(&capture, err)) != NULL && (r->engine = engine_open(&engine, err)) != NULL &&
           (r->parsed = parsed_open(err)) != NULL;
}

struct radome *radome_open(const struct radome_settings *settings, size_t size, char *err, size_t err_size)
{
    char sentence[ERRLEN] = "no memory for a handle";
    struct radome_settings taken;
    struct radome *r = NULL;
    if (take_settings(&taken, settings, size, sentence) && (r = calloc(1, sizeof *r)) != NULL) {
        r->settings = taken;
        if (open_rooms(r, sentence))
            return r;
    }
    radome_close(r);
    if (err_size > 0)
        slice_text(slice_str(sentence), err, err_size);
    return NULL;
}

void radome_close(struct radome *r)
{
    if (r == NULL)
        return;
    parsed_close(r->parsed);
    engine_close(r->engine);
    capture_close(r->capture);
    indicators_close(r->indicators);
    free(r);
}

static void put_payload(struct told *t, const struct hit_payload *payload)
{
    t->hit.program = payload->kind;
    t->hit.cipher = payload->cipher;
    t->hit.program_bytes = payload->size;
    for (size_t i = 0; payload->has_hash && i < sizeof payload->sha256; i++) {
        t->sha256[2 * i] = "0123456789abcdef"[payload->sha256[i] >> 4];
        t->sha256[2 * i + 1] = "0123456789abcdef"[payload->sha256[i] & 15];
        t->sha256[2 * i + 2] = '\0';
    }
}

static void put_indicator(struct radome_hit *out, const struct hit_indicator *indicator)
{
    out->type = indicator_type_name(indicator->type);
    out->indicator = indicator->indicator;
    out->provider = indicator->provider;
    out->description = indicator->description;
}

static void put_kind(struct told *t, const struct hit *hit)
{
    switch (hit->kind) {
    case HIT_SIGHTING: t->hit.kind = "sighting"; break;
    case HIT_DOMAIN: t->hit.kind = "domain"; break;
    case HIT_BEACON:
        t->hit.kind = "beacon";
        t->hit.shape = hit->beacon.shape;
        break;
    case HIT_PAYLOAD:
        t->hit.kind = "payload";
        put_payload(t, &hit->payload);
        break;
    case HIT_INDICATOR:
        t->hit.kind = "ioc";
        put_indicator(&t->hit, &hit->indicator);
        break;
    }
}

/* Of a sighting only the fields before `why` are set (classifiers/hit.h). */
static void put_rest(struct told *t, const struct hit *hit)
{
    t->hit.why = hit->why;
    t->hit.family = hit->family;
    for (size_t i = 0; i < 4; i++)
        t->hit.technique[i] = hit->technique[i];
    t->hit.subject = hit->subject;
    t->hit.method = hit->http.method;
    t->hit.host = hit->http.host;
    t->hit.target = hit->http.target;
    t->hit.status = hit->http.status;
    hit_id(t->id, hit);
}

static void tell(struct radome *r, const struct hit *hit)
{
    static const char *const seen[] = {"dns", "http", "tls", "quic"};
    struct told *t = &r->told;
    t->id[0] = t->sha256[0] = '\0';
    t->hit = (struct radome_hit){
        .time_us = hit->us, .id = t->id, .bits = (double)hit->bits, .why = "", .family = "", .technique = {"", "", "", ""},
        .seen_in = seen[hit->seen], .client = addr_format(&hit->tuple.src, t->client),
        .server = addr_format(&hit->tuple.dst, t->server), .client_port = hit->tuple.sport, .server_port = hit->tuple.dport,
        .protocol = hit->tuple.proto, .name = hit->name, .subject = "", .addresses = t->addresses,
        .address_count = hit->addrs, .method = "", .host = "", .target = "", .shape = "", .program = "", .cipher = "", .sha256 = t->sha256, .type = "",
        .indicator = "", .provider = "", .description = "",
    };
    for (size_t i = 0; i < hit->addrs; i++)
        t->addresses[i] = addr_format(&hit->addr[i], t->address[i]);
    put_kind(t, hit);
    if (hit->kind != HIT_SIGHTING)
        put_rest(t, hit);
    r->settings.hit(r->settings.context, &t->hit);
}

static void show(struct radome *r, const struct event *event)
{
    engine_see(r->engine, event);
    for (const struct hit *hit; (hit = engine_next(r->engine)) != NULL;)
        if (hit->kind != HIT_SIGHTING || (r->settings.flags & RADOME_SIGHTINGS) != 0)
            tell(r, hit);
}

static void drain(struct radome *r)
{
    struct event event;
    while (capture_next(r->capture, &event)) {
        show(r, &event);
        if (event.kind == EVENT_BODY && !engine_follows(r->engine))
            capture_dismiss(r->capture);
    }
}

void radome_packet(struct radome *r, int linktype, uint64_t time_us, const void *bytes, size_t captured, size_t wire)
{
    struct frame frame = {time_us, linktype, (uint32_t)wire, slice_of(bytes, captured)};
    capture_feed(r->capture, &frame);
    drain(r);
}

int radome_event(struct radome *r, const struct radome_event *given)
{
    struct event event;
    if (!parsed_set(r->parsed, given)) {
        r->refused++;
        return -1;
    }
    while (parsed_next(r->parsed, &event))
        show(r, &event);
    return 0;
}

void radome_finish(struct radome *r)
{
    capture_finish(r->capture);
    drain(r);
}

void radome_stats(const struct radome *r, struct radome_stats *out, size_t size)
{
    struct capture_stats capture;
    struct engine_stats engine;
    struct radome_stats stats;
    capture_stats(r->capture, &capture);
    engine_stats(r->engine, &engine);
    stats = (struct radome_stats){
        .packets = capture.intake.frames, .hits = engine.hits, .hits_dropped = engine.hits_dropped,
        .malformed = capture.intake.packet.malformed + r->refused, .memory_limit = capture.memory.bytes,
        .memory_held = capture.memory.used, .memory_refused = capture.memory.refused,
    };
    for (int kind = 0; kind < EVENT_KINDS; kind++)
        stats.events += engine.events[kind];
    memset(out, 0, size);
    memcpy(out, &stats, size < sizeof stats ? size : sizeof stats);
}
