/* Reports at their limits: every kind, with the largest numbers, the longest lists and texts full of given bytes. */
#pragma once

#include "feeds/report.h"

struct sample {
    struct report report;
    struct hit hit;
    struct cluster_report cluster;
    struct incident_report incident;
};

static const struct { enum report_kind report; enum hit_kind hit; enum hit_seen seen; const char *name; } kinds[] = {
    {REPORT_DOMAIN, HIT_DOMAIN, SEEN_DNS, "domain in DNS"},
    {REPORT_DOMAIN, HIT_DOMAIN, SEEN_TLS, "domain in TLS"},
    {REPORT_DOMAIN, HIT_DOMAIN, SEEN_HTTP, "domain in HTTP"},
    {REPORT_BEACON, HIT_BEACON, SEEN_HTTP, "beacon"},
    {REPORT_PAYLOAD, HIT_PAYLOAD, SEEN_HTTP, "payload"},
    {REPORT_IOC, HIT_INDICATOR, SEEN_HTTP, "indicator in HTTP"},
    {REPORT_IOC, HIT_INDICATOR, SEEN_QUIC, "indicator in QUIC"},
    {REPORT_CLUSTER, HIT_SIGHTING, SEEN_DNS, "cluster"},
    {REPORT_INCIDENT, HIT_SIGHTING, SEEN_DNS, "incident"},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* The largest numbers everywhere, no text yet. */
static void make_sample(struct sample *sample, size_t kind)
{
    *sample = (struct sample){.report = {.kind = kinds[kind].report,
                                         .us = UINT64_MAX,
                                         .bits = -1e30F,
                                         .risk_score = 100,
                                         .sensor = "s",
                                         .period_s = 1e300,
                                         .count = UINT32_MAX,
                                         .geo.asn = UINT32_MAX},
                              .hit = {.kind = kinds[kind].hit, .seen = kinds[kind].seen}};
    memset(&sample->report.tuple, 0xfe, sizeof sample->report.tuple);
    sample->hit.tuple = sample->report.tuple;
    sample->hit.http.status = UINT16_MAX;
    sample->hit.http.request_bytes = sample->hit.http.response_bytes = UINT64_MAX - 1;
    sample->report.hit = kinds[kind].hit == HIT_SIGHTING ? NULL : &sample->hit;
    sample->report.cluster = kinds[kind].report == REPORT_CLUSTER ? &sample->cluster : NULL;
    sample->report.incident = kinds[kind].report == REPORT_INCIDENT ? &sample->incident : NULL;
}

struct texts {
    void *rows;
    size_t count, width;
};

/* Every byte of every text from the source, over and over; a NUL ends a text early. */
static void flood_texts(const struct texts *texts, size_t count, struct slice source)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t row = 0; row < texts[i].count; row++) {
            char *text = (char *)texts[i].rows + row * texts[i].width;
            for (size_t k = 0; k + 1 < texts[i].width; k++)
                text[k] = (char)source.p[at++ % source.len];
            text[texts[i].width - 1] = '\0';
        }
}

static void flood_hit(struct hit *hit, struct slice source)
{
    struct texts common[] = {
        {hit->name, 1, sizeof hit->name},
        {hit->family, 1, sizeof hit->family},
        {hit->technique, 4, sizeof *hit->technique},
        {hit->http.method, 1, sizeof hit->http.method},
        {hit->http.host, 1, sizeof hit->http.host},
        {hit->http.target, 1, sizeof hit->http.target},
        {hit->http.user_agent, 1, sizeof hit->http.user_agent},
        {hit->http.mime_type, 1, sizeof hit->http.mime_type},
    };
    struct texts domain[] = {{hit->domain.label, 1, sizeof hit->domain.label},
                             {hit->domain.registered, 1, sizeof hit->domain.registered}};
    struct texts beacon[] = {{hit->beacon.shape, 1, sizeof hit->beacon.shape},
                             {hit->beacon.parameter, HIT_PARAMETERS, sizeof *hit->beacon.parameter},
                             {hit->beacon.decoded, 1, sizeof hit->beacon.decoded}};
    struct texts payload[] = {{hit->payload.kind, 1, sizeof hit->payload.kind},
                              {hit->payload.cipher, 1, sizeof hit->payload.cipher},
                              {hit->payload.layer, 4, sizeof *hit->payload.layer},
                              {hit->payload.preview, 1, sizeof hit->payload.preview}};
    struct texts indicator[] = {{hit->indicator.indicator, 1, sizeof hit->indicator.indicator},
                                {hit->indicator.provider, 1, sizeof hit->indicator.provider},
                                {hit->indicator.description, 1, sizeof hit->indicator.description}};
    hit->addrs = HIT_ADDRS;
    flood_texts(common, sizeof common / sizeof *common, source);
    hit->http.target[0] = '/';
    switch (hit->kind) {
    case HIT_SIGHTING: break;
    case HIT_DOMAIN: flood_texts(domain, 2, source); break;
    case HIT_BEACON: hit->beacon.parameters = HIT_PARAMETERS; flood_texts(beacon, 3, source); break;
    case HIT_PAYLOAD: hit->payload.key_length = HIT_KEY; flood_texts(payload, 4, source); break;
    case HIT_INDICATOR: flood_texts(indicator, 3, source); break;
    }
}

/* Every text of the sample full of the source's bytes, every list at its end. */
static void flood(struct sample *sample, struct slice source)
{
    struct incident_report *incident = &sample->incident;
    struct cluster_report *cluster = &sample->cluster;
    struct texts texts[] = {
        {sample->report.id, 1, REPORT_ID},
        {sample->report.reason, 1, sizeof sample->report.reason},
        {sample->report.geo.organization, 1, sizeof sample->report.geo.organization},
        {sample->report.geo.country, 1, sizeof sample->report.geo.country},
        {incident->id, 1, REPORT_ID},
        {incident->evidence, REPORT_LIST, sizeof *incident->evidence},
        {incident->evidence_ids, REPORT_LIST, REPORT_ID},
        {incident->names, REPORT_LIST, HIT_NAME},
        {incident->families, 4, sizeof *incident->families},
        {incident->techniques, 16, sizeof *incident->techniques},
        {cluster->id, 1, REPORT_ID},
        {cluster->merged, 1, REPORT_ID},
        {cluster->domains, REPORT_LIST, HIT_NAME},
        {cluster->families, 4, sizeof *cluster->families},
        {sample->report.places.country, 8, sizeof *sample->report.places.country},
    };
    flood_texts(texts, sizeof texts / sizeof *texts, source);
    flood_hit(&sample->hit, source);
    incident->evidence_count = incident->name_count = incident->server_count = REPORT_LIST;
    cluster->domain_count = cluster->ip_count = REPORT_LIST;
    incident->family_count = cluster->family_count = 4;
    incident->technique_count = 16;
    cluster->as_count = 8;
    sample->report.places.as_count = sample->report.places.country_count = 8;
}
