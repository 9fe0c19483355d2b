#include "feeds/radome_object.h"

#include "capture/http.h"
#include "capture/tls.h"
#include "feeds/words.h"

/* Texts that lie one after the other, `width` bytes each. */
static void put_rows(struct writer *w, const char *key, const char *rows, size_t width, size_t count)
{
    writer_array(w, key);
    for (size_t i = 0; i < count; i++)
        writer_text(w, NULL, rows + i * width);
    writer_end(w);
}

static void put_domain(struct writer *w, const struct hit *hit)
{
    const struct hit_domain *domain = &hit->domain;
    writer_text(w, "name", hit->name);
    writer_text(w, "registered_domain", domain->registered);
    writer_text(w, "label", domain->label);
    writer_number(w, "alternation", domain->alternation);
    writer_number(w, "ngram_bits", domain->ngram_bits);
    writer_bool(w, "grammar", domain->grammar);
    writer_text(w, "seen_in", word_of_seen(hit->seen));
    writer_addrs(w, "resolved_ip", hit->addr, hit->addrs);
}

static void put_beacon(struct writer *w, const struct report *report)
{
    const struct hit_beacon *beacon = &report->hit->beacon;
    writer_text(w, "shape", beacon->shape);
    put_rows(w, "parameters", beacon->parameter[0], sizeof beacon->parameter[0], beacon->parameters);
    writer_text(w, "decoded", beacon->decoded);
    if (report->count == 0)
        return;
    writer_number(w, "period_s", report->period_s);
    writer_uint(w, "count", report->count);
}

static void put_pe(struct writer *w, const struct hit_payload *payload)
{
    char machine[7] = "0x";
    for (int i = 0; i < 4; i++)
        machine[2 + i] = "0123456789abcdef"[payload->pe_machine >> (12 - 4 * i) & 15];
    writer_object(w, "pe");
    writer_text(w, "type", payload->kind);
    writer_text(w, "machine", machine);
    if (payload->pe_timestamp != 0) /* a table hides it, and a reproducible build may have none */
        writer_time(w, "timestamp", (uint64_t)payload->pe_timestamp * 1000000, "Z");
    writer_uint(w, "sections", payload->pe_sections);
    writer_end(w);
}

static void put_payload(struct writer *w, const struct hit_payload *payload)
{
    writer_text(w, "kind", payload->kind);
    writer_text(w, "cipher", payload->cipher);
    writer_hex(w, "key", slice_head(slice_of(payload->key, sizeof payload->key), payload->key_length));
    if (payload->key_length > 0)
        writer_uint(w, "key_length", payload->key_length);
    if (payload->key_step != 0)
        writer_int(w, "key_step", payload->key_step);
    put_rows(w, "layers", payload->layer[0], sizeof payload->layer[0], sizeof payload->layer / sizeof *payload->layer);
    writer_uint(w, "offset", payload->offset);
    writer_uint(w, "size", payload->size);
    if (payload->size_declared > 0)
        writer_uint(w, "size_declared", payload->size_declared);
    writer_bool(w, "complete", payload->complete);
    if (payload->parts > 1)
        writer_uint(w, "parts", payload->parts);
    if (strcmp(payload->kind, "script") != 0)
        put_pe(w, payload);
    if (payload->has_hash) {
        writer_hex(w, "sha1", slice_of(payload->sha1, sizeof payload->sha1));
        writer_hex(w, "sha256", slice_of(payload->sha256, sizeof payload->sha256));
    }
    writer_text(w, "preview", payload->preview);
}

static void put_indicator(struct writer *w, const struct hit *hit)
{
    writer_text(w, "type", word_of_indicator(hit->indicator.type));
    writer_text(w, "name", hit->indicator.indicator);
    writer_text(w, "provider", hit->indicator.provider);
    writer_text(w, "description", hit->indicator.description);
    writer_text(w, "seen_in", word_of_seen(hit->seen));
    writer_addrs(w, "resolved_ip", hit->addr, hit->addrs);
}

static void put_span(struct writer *w, uint64_t first_us, uint64_t last_us)
{
    writer_time(w, "first_seen", first_us, "Z");
    writer_time(w, "last_seen", last_us, "Z");
}

static void put_cluster(struct writer *w, const struct cluster_report *cluster)
{
    writer_text(w, "id", cluster->id);
    writer_array(w, "merged");
    writer_text(w, NULL, cluster->merged);
    writer_end(w);
    put_rows(w, "domains", cluster->domains[0], sizeof cluster->domains[0], cluster->domain_count);
    writer_addrs(w, "ips", cluster->ips, cluster->ip_count);
    put_rows(w, "families", cluster->families[0], sizeof cluster->families[0], cluster->family_count);
    writer_array(w, "as");
    for (size_t i = 0; i < cluster->as_count; i++)
        writer_uint(w, NULL, cluster->as[i]);
    writer_end(w);
    writer_uint(w, "clients", cluster->clients);
    put_span(w, cluster->first_us, cluster->last_us);
}

static void put_incident(struct writer *w, const struct incident_report *incident)
{
    writer_text(w, "id", incident->id);
    writer_text(w, "stage", word_of_stage(incident->stage));
    writer_bool(w, "aggregator", incident->aggregator);
    put_rows(w, "evidence", incident->evidence[0], sizeof incident->evidence[0], incident->evidence_count);
    put_rows(w, "evidence_ids", incident->evidence_ids[0], sizeof incident->evidence_ids[0], incident->evidence_count);
    put_rows(w, "names", incident->names[0], sizeof incident->names[0], incident->name_count);
    writer_addrs(w, "servers", incident->servers, incident->server_count);
    put_span(w, incident->first_us, incident->last_us);
}

/* A cluster knows more of its AS than this report: it has them from before. */
static void put_places(struct writer *w, const struct report *report)
{
    const struct places *places = &report->places;
    writer_array(w, "as");
    for (size_t i = 0; report->cluster == NULL && i < places->as_count; i++)
        writer_uint(w, NULL, places->as[i]);
    writer_end(w);
    put_rows(w, "countries", places->country[0], sizeof places->country[0], places->country_count);
}

static void put_repeat(struct writer *w, const struct repeat_summary *repeat)
{
    if (repeat->count == 0)
        return;
    writer_object(w, "repeat");
    writer_uint(w, "count", repeat->count);
    writer_uint(w, "total", repeat->total);
    put_span(w, repeat->first_us, repeat->last_us);
    writer_end(w);
}

static void put_kind(struct writer *w, const struct report *report)
{
    writer_object(w, word_of_kind(report->kind));
    switch (report->kind) {
    case REPORT_DOMAIN: put_domain(w, report->hit); break;
    case REPORT_BEACON: put_beacon(w, report); break;
    case REPORT_PAYLOAD: put_payload(w, &report->hit->payload); break;
    case REPORT_IOC: put_indicator(w, report->hit); break;
    case REPORT_CLUSTER: put_cluster(w, report->cluster); break;
    case REPORT_INCIDENT: put_incident(w, report->incident); break;
    }
    put_places(w, report);
    writer_end(w);
}

void radome_object_geo(struct writer *w, const struct geo *geo)
{
    writer_object(w, "as");
    if (geo->asn != 0)
        writer_uint(w, "number", geo->asn);
    writer_object(w, "organization");
    writer_text(w, "name", geo->organization);
    writer_end(w);
    writer_end(w);
    writer_object(w, "geo");
    writer_text(w, "country_iso_code", geo->country);
    writer_end(w);
}

static void begin(struct writer *w, const char *kind, const char *id)
{
    writer_object(w, "radome");
    writer_uint(w, "schema", RADOME_SCHEMA);
    writer_text(w, "kind", kind);
    writer_text(w, "id", id);
}

void radome_object_of_report(struct writer *w, const struct report *report)
{
    const char *families[4], *techniques[16];
    begin(w, word_of_kind(report->kind), report->id);
    writer_int(w, "risk_score", report->risk_score);
    writer_text(w, "reason", report->reason);
    writer_number(w, "evidence_bits", report->bits);
    writer_texts(w, "families", families, words_of_families(report, families));
    writer_texts(w, "techniques", techniques, words_of_techniques(report, techniques));
    writer_object(w, "destination");
    radome_object_geo(w, &report->geo);
    writer_end(w);
    put_repeat(w, &report->repeat);
    put_kind(w, report);
    writer_end(w);
}

static const char *tls_version(uint16_t version)
{
    static const char *const words[] = {"SSLv3", "1.0", "1.1", "1.2", "1.3"};
    return version >= 0x0300 && version <= 0x0304 ? words[version - 0x0300] : "";
}

void radome_object_of_record(struct writer *w, const struct record *record)
{
    begin(w, record->kind, record->id);
    writer_object(w, "destination");
    if (record->geo != NULL)
        radome_object_geo(w, record->geo);
    writer_end(w);
    writer_object(w, record->kind);
    switch (record->event->kind) {
    case EVENT_HTTP:
        writer_uint(w, "transaction", record->event->http->ordinal);
        break;
    case EVENT_TLS:
        writer_text(w, "offered_version", tls_version(record->event->tls->version));
        writer_text(w, "alpn", record->event->tls->alpn);
        writer_bool(w, "ech", record->event->tls->ech);
        break;
    case EVENT_DNS: break;
    case EVENT_BODY: break;
    case EVENT_KINDS: break;
    }
    writer_end(w);
    writer_end(w);
}

/* Group by group in the order of their first values, which need not stand together. */
void radome_object_of_stats(struct writer *w, const struct stats_record *stats)
{
    begin(w, "stats", stats->id);
    writer_object(w, "stats");
    for (size_t i = 0; i < stats->count; i++) {
        const char *group = stats->values[i].group;
        bool done = false;
        for (size_t k = 0; k < i && !done; k++)
            done = strcmp(stats->values[k].group, group) == 0;
        if (done)
            continue;
        writer_object(w, group);
        for (size_t k = i; k < stats->count; k++)
            if (strcmp(stats->values[k].group, group) == 0)
                writer_uint(w, stats->values[k].name, stats->values[k].value);
        writer_end(w);
    }
    writer_end(w);
    writer_end(w);
}
