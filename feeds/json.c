#include "feeds/json.h"

#include "capture/dns.h"
#include "capture/http.h"
#include "feeds/ecs.h"
#include "feeds/eve.h"
#include "feeds/id.h"

size_t json_report(char out[static JSON_MAX], const struct report *report, enum json_format format)
{
    struct writer w = writer_of(out, JSON_MAX);
    switch (format) {
    case JSON_EVE: eve_report(&w, report); break;
    case JSON_ECS: ecs_report(&w, report); break;
    }
    return writer_finish(&w);
}

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + bytes;
}

/* The same for the same record in the same traffic: its time, flow and what tells it from others of that instant. */
static void set_id(char id[static REPORT_ID], const char *kind, uint64_t us, const struct tuple *tuple, uint64_t which)
{
    uint8_t input[64], *at = put(put(input, us, 8), which, 8);
    memcpy(at, &tuple->src, sizeof tuple->src);
    memcpy(at + sizeof tuple->src, &tuple->dst, sizeof tuple->dst);
    at = put(put(put(at + 2 * sizeof tuple->src, tuple->sport, 2), tuple->dport, 2), tuple->proto, 1);
    id_of(id, kind, input, (size_t)(at - input));
}

static uint64_t which_of(const struct event *event)
{
    switch (event->kind) {
    case EVENT_DNS: return (uint64_t)event->dns->flags << 16 | event->dns->id;
    case EVENT_HTTP: return event->http->ordinal;
    case EVENT_BODY: break;
    case EVENT_TLS: break;
    case EVENT_KINDS: break;
    }
    return 0;
}

size_t json_record(char out[static JSON_MAX], const struct event *event, const char *sensor, enum json_format format)
{
    return json_record_at(out, event, NULL, sensor, format);
}

size_t json_record_at(char out[static JSON_MAX], const struct event *event, const struct geo *geo, const char *sensor,
                      enum json_format format)
{
    static const char *const kinds[EVENT_KINDS] = {[EVENT_DNS] = "dns", [EVENT_HTTP] = "http", [EVENT_TLS] = "tls"};
    if (event->kind >= EVENT_KINDS || kinds[event->kind] == NULL)
        return 0;
    struct record record = {.event = event, .kind = kinds[event->kind], .sensor = sensor, .geo = geo};
    set_id(record.id, record.kind, event->us, &event->tuple, which_of(event));
    struct writer w = writer_of(out, JSON_MAX);
    switch (format) {
    case JSON_EVE: eve_record(&w, &record); break;
    case JSON_ECS: ecs_record(&w, &record); break;
    }
    return writer_finish(&w);
}

size_t json_stats(char out[static JSON_MAX], uint64_t us, const char *sensor, const struct stat_value *values,
                  size_t count, enum json_format format)
{
    struct stats_record stats = {.us = us, .sensor = sensor, .values = values, .count = count};
    set_id(stats.id, "stats", us, &(struct tuple){0}, id_hash(sensor, strlen(sensor), 0));
    struct writer w = writer_of(out, JSON_MAX);
    switch (format) {
    case JSON_EVE: eve_stats(&w, &stats); break;
    case JSON_ECS: ecs_stats(&w, &stats); break;
    }
    return writer_finish(&w);
}
