#include "tests/check.h"

#include <jansson.h>
#include <stdio.h>

#include "feeds/json.h"

static char out[JSON_MAX];

static struct sample {
    struct report report;
    struct hit hit;
    struct cluster_report cluster;
    struct incident_report incident;
} sample;

static const struct { enum report_kind report; enum hit_kind hit; enum hit_seen seen; const char *name; } kinds[] = {
    {REPORT_DOMAIN, HIT_DOMAIN, SEEN_DNS, "domain in DNS"},       {REPORT_DOMAIN, HIT_DOMAIN, SEEN_TLS, "domain in TLS"},
    {REPORT_DOMAIN, HIT_DOMAIN, SEEN_HTTP, "domain in HTTP"},     {REPORT_BEACON, HIT_BEACON, SEEN_HTTP, "beacon"},
    {REPORT_PAYLOAD, HIT_PAYLOAD, SEEN_HTTP, "payload"},          {REPORT_IOC, HIT_INDICATOR, SEEN_HTTP, "indicator in HTTP"},
    {REPORT_IOC, HIT_INDICATOR, SEEN_QUIC, "indicator in QUIC"},  {REPORT_CLUSTER, HIT_SIGHTING, SEEN_DNS, "cluster"},
    {REPORT_INCIDENT, HIT_SIGHTING, SEEN_DNS, "incident"},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* The largest numbers everywhere, no text yet. */
static void make_sample(size_t kind)
{
    sample = (struct sample){.report = {.kind = kinds[kind].report, .us = UINT64_MAX, .bits = -1e30F, .risk_score = 100, .sensor = "s",
                                        .period_s = 1e300, .count = UINT32_MAX, .geo.asn = UINT32_MAX},
                             .hit = {.kind = kinds[kind].hit, .seen = kinds[kind].seen}};
    memset(&sample.report.tuple, 0xfe, sizeof sample.report.tuple);
    sample.hit.tuple = sample.report.tuple;
    sample.hit.http.status = UINT16_MAX;
    sample.hit.http.request_bytes = sample.hit.http.response_bytes = UINT64_MAX;
    sample.report.hit = kinds[kind].hit == HIT_SIGHTING ? NULL : &sample.hit;
    sample.report.cluster = kinds[kind].report == REPORT_CLUSTER ? &sample.cluster : NULL;
    sample.report.incident = kinds[kind].report == REPORT_INCIDENT ? &sample.incident : NULL;
}

static size_t write_sample(enum json_format format)
{
    return json_report(out, &sample.report, format);
}

/* No array of objects inside, at any depth: some readers drop them. */
static bool is_flat(json_t *value)
{
    const char *key;
    json_t *inner;
    size_t i;
    json_object_foreach(value, key, inner)
        if (!is_flat(inner) || strchr(key, '.') != NULL)
            return false;
    json_array_foreach(value, i, inner)
        if (json_is_object(inner) || json_is_array(inner))
            return false;
    return true;
}

static bool is_one_safe_line(size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        if ((uint8_t)out[i] < 0x20 || out[i] == 0x7f)
            return false;
    return n > 1 && out[n - 1] == '\n';
}

static void check_document(size_t n, const char *what)
{
    json_error_t error;
    json_t *document = json_loadb(out, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    CHECK(document != NULL, "%s: valid JSON without a key twice: %s", what, document == NULL ? error.text : "");
    CHECK(is_one_safe_line(n), "%s: one line, no control character", what);
    CHECK(is_flat(json_object_get(document, "radome")), "%s: no array of objects, no dotted key", what);
    json_decref(document);
}

struct texts {
    void *rows;
    size_t count, width;
};

static void flood_texts(const struct texts *texts, size_t count, char byte)
{
    for (size_t i = 0; i < count; i++)
        for (size_t row = 0; row < texts[i].count; row++) {
            char *text = (char *)texts[i].rows + row * texts[i].width;
            memset(text, byte, texts[i].width - 1);
            text[texts[i].width - 1] = '\0';
        }
}

static void flood_hit(struct hit *hit, char byte)
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
    struct texts domain[] = {{hit->domain.label, 1, sizeof hit->domain.label}, {hit->domain.registered, 1, sizeof hit->domain.registered}};
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
    flood_texts(common, sizeof common / sizeof *common, byte);
    hit->http.target[0] = '/';
    switch (hit->kind) {
    case HIT_SIGHTING: break;
    case HIT_DOMAIN: flood_texts(domain, 2, byte); break;
    case HIT_BEACON: hit->beacon.parameters = HIT_PARAMETERS; flood_texts(beacon, 3, byte); break;
    case HIT_PAYLOAD: hit->payload.key_length = HIT_KEY; flood_texts(payload, 4, byte); break;
    case HIT_INDICATOR: flood_texts(indicator, 3, byte); break;
    }
}

/* Every text of the sample full of that byte, every list at its end. */
static void flood(char byte)
{
    struct incident_report *incident = &sample.incident;
    struct cluster_report *cluster = &sample.cluster;
    struct texts texts[] = {
        {sample.report.id, 1, REPORT_ID},
        {sample.report.reason, 1, sizeof sample.report.reason},
        {sample.report.geo.organization, 1, sizeof sample.report.geo.organization},
        {sample.report.geo.country, 1, sizeof sample.report.geo.country},
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
    };
    flood_texts(texts, sizeof texts / sizeof *texts, byte);
    flood_hit(&sample.hit, byte);
    incident->evidence_count = incident->name_count = incident->server_count = REPORT_LIST;
    cluster->domain_count = cluster->ip_count = REPORT_LIST;
    incident->family_count = cluster->family_count = 4;
    incident->technique_count = 16;
    cluster->as_count = 8;
}

static void check_hostile(void)
{
    static const char bytes[] = {1, '"', '\\', 0x7f, (char)0x80, (char)0xff, (char)0xc2, '\n', 'a', '/', '?'};
    size_t largest = 0;
    for (size_t kind = 0; kind < KINDS; kind++)
        for (size_t b = 0; b < sizeof bytes; b++)
            for (enum json_format format = JSON_EVE; format <= JSON_ECS; format++) {
                make_sample(kind);
                flood(bytes[b]);
                size_t n = write_sample(format);
                check_document(n, kinds[kind].name);
                largest = n > largest ? n : largest;
            }
    CHECK(largest < JSON_MAX / 4 * 3, "the largest document leaves room: %zu", largest);
}

/* Random bytes in every text, truncated anywhere. */
static void check_random(void)
{
    uint64_t random = 11;
    for (int run = 0; run < 3000; run++) {
        size_t kind = (size_t)run % KINDS;
        make_sample(kind);
        flood('x');
        char *texts[] = {sample.report.reason, sample.hit.name,        sample.hit.http.target, sample.hit.http.host, sample.hit.http.user_agent,
                         sample.hit.family,    sample.cluster.domains[3], sample.incident.evidence[5]};
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
            for (size_t k = 0, len = strlen(texts[i]); k < len; k++) {
                random = random * 6364136223846793005U + 1442695040888963407U;
                texts[i][k] = (char)(random >> 56);
            }
        check_document(write_sample(run & 1 ? JSON_ECS : JSON_EVE), kinds[kind].name);
    }
}

static const struct { const char *method, *host, *target; uint16_t port; const char *expected, *reason; } urls[] = {
    {"GET", "a.com", "/p?q#f", 80, "original=http://a.com/p?q#f domain=a.com path=/p query=q port=80 ", "origin form"},
    {"GET", "a.com", "/p", 8080, "original=http://a.com:8080/p domain=a.com path=/p port=8080 ", "a port that is not the scheme's"},
    {"GET", "a.com", "/?", 80, "original=http://a.com/? domain=a.com path=/ port=80 ", "an empty query is none"},
    {"GET", "a.com", "/p#f?q", 80, "original=http://a.com/p#f?q domain=a.com path=/p port=80 ", "a '?' in the fragment starts no query"},
    {"GET", "", "/p?q=?", 80, "original=/p?q=? path=/p query=q=? ", "no host: no whole URL"},
    {"GET", "b.com", "HTTPS://b.com:444/p?q", 3128, "original=HTTPS://b.com:444/p?q domain=b.com path=/p query=q ", "absolute form, to a proxy"},
    {"GET", "b.com", "http://b.com?q", 80, "original=http://b.com?q domain=b.com query=q ", "absolute form without a path"},
    {"CONNECT", "b.com", "b.com:443", 3128, "original=b.com:443 domain=b.com ", "authority form is no path"},
    {"OPTIONS", "b.com", "*", 80, "original=* domain=b.com path=* ", "asterisk form"},
    {"GET", "2001:db8::1", "/", 80, "original=http://[2001:db8::1]/ domain=[2001:db8::1] path=/ port=80 ", "an IPv6 literal"},
};

static void check_urls(void)
{
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        static const char *const keys[] = {"original", "domain", "path", "query"};
        char text[512] = "";
        make_sample(3);
        snprintf(sample.hit.http.method, sizeof sample.hit.http.method, "%s", urls[i].method);
        snprintf(sample.hit.http.host, sizeof sample.hit.http.host, "%s", urls[i].host);
        snprintf(sample.hit.http.target, sizeof sample.hit.http.target, "%s", urls[i].target);
        sample.hit.tuple.dport = urls[i].port;
        json_t *document = json_loadb(out, write_sample(JSON_ECS), 0, NULL), *url = json_object_get(document, "url");
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            if (json_object_get(url, keys[k]) != NULL)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s=%s ", keys[k], json_string_value(json_object_get(url, keys[k])));
        if (json_object_get(url, "port") != NULL)
            snprintf(text + strlen(text), sizeof text - strlen(text), "port=%d ", (int)json_integer_value(json_object_get(url, "port")));
        CHECK(strcmp(text, urls[i].expected) == 0, "%s: %s", urls[i].reason, text);
        json_decref(document);
    }
}

int main(void)
{
    check_hostile();
    check_random();
    check_urls();
    return check_report("json_hostile");
}
