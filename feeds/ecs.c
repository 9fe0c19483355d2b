#include "feeds/ecs.h"

#include <stdio.h>

#include "feeds/community_id.h"
#include "feeds/http_view.h"
#include "feeds/radome_object.h"
#include "feeds/words.h"

static const char ECS_VERSION[] = "8.11.0";

/* What every document begins with; the event object is left open. */
static void begin(struct writer *w, uint64_t us, const char *kind, const char *dataset, const char *id)
{
    char name[32];
    snprintf(name, sizeof name, "radome.%s", dataset);
    writer_object(w, NULL);
    writer_time(w, "@timestamp", us, "Z");
    writer_object(w, "ecs");
    writer_text(w, "version", ECS_VERSION);
    writer_end(w);
    writer_object(w, "event");
    writer_text(w, "kind", kind);
    writer_text(w, "module", "radome");
    writer_text(w, "dataset", name);
    writer_text(w, "id", id);
}

static void put_observer(struct writer *w, const char *sensor)
{
    writer_object(w, "observer");
    writer_text(w, "name", sensor);
    writer_text(w, "type", "sensor");
    writer_end(w);
}

static void put_network(struct writer *w, const struct tuple *tuple, const char *protocol)
{
    char id[COMMUNITY_ID];
    const char *transport = word_of_transport(tuple->proto);
    community_id(id, tuple, 0);
    writer_object(w, "network");
    if (transport != NULL)
        writer_text(w, "transport", transport);
    writer_text(w, "protocol", protocol);
    writer_text(w, "community_id", id);
    writer_end(w);
}

static void put_ends(struct writer *w, const struct tuple *tuple, const struct geo *geo)
{
    writer_object(w, "source");
    writer_addr(w, "ip", &tuple->src);
    writer_uint(w, "port", tuple->sport);
    writer_end(w);
    writer_object(w, "destination");
    writer_addr(w, "ip", &tuple->dst);
    writer_uint(w, "port", tuple->dport);
    if (geo != NULL)
        radome_object_geo(w, geo);
    writer_end(w);
}

static void put_url(struct writer *w, const struct http_view *http)
{
    writer_object(w, "url");
    writer_bytes(w, "original", http->url);
    if (http->whole)
        writer_bytes(w, "full", http->url);
    writer_bytes(w, "scheme", http->scheme);
    writer_bytes(w, "domain", http->domain);
    if (http->port != 0)
        writer_uint(w, "port", http->port);
    writer_bytes(w, "path", http->path);
    writer_bytes(w, "query", http->query);
    writer_end(w);
}

static void put_body(struct writer *w, uint64_t bytes)
{
    writer_object(w, "body");
    writer_uint(w, "bytes", bytes);
    writer_end(w);
}

static const char *version_text(uint8_t version)
{
    return version == 11 ? "1.1" : version == 10 ? "1.0" : version == 9 ? "0.9" : "";
}

static void put_http(struct writer *w, const struct http_view *http)
{
    writer_object(w, "http");
    writer_text(w, "version", version_text(http->version));
    if (http->method.len > 0) {
        writer_object(w, "request");
        writer_bytes(w, "method", http->method);
        if (http->request_bytes > 0)
            writer_uint(w, "bytes", http->request_bytes);
        put_body(w, http->request_body);
        writer_bytes(w, "referrer", http->referrer);
        writer_end(w);
    }
    if (http->status != 0) {
        writer_object(w, "response");
        writer_uint(w, "status_code", http->status);
        put_body(w, http->response_body);
        writer_bytes(w, "mime_type", http->mime_type);
        writer_end(w);
    }
    writer_end(w);
    put_url(w, http);
    writer_object(w, "user_agent");
    writer_bytes(w, "original", http->user_agent);
    writer_end(w);
}

static void put_dns(struct writer *w, const struct report *report)
{
    const struct hit *hit = report->hit;
    writer_object(w, "dns");
    if (hit->seen == SEEN_DNS)
        writer_text(w, "type", hit->answer ? "answer" : "query");
    writer_object(w, "question");
    if (hit->seen == SEEN_DNS)
        writer_text(w, "name", hit->name);
    if (report->kind == REPORT_DOMAIN)
        writer_text(w, "registered_domain", hit->domain.registered);
    writer_end(w);
    writer_addrs(w, "resolved_ip", hit->addr, hit->addrs);
    writer_end(w);
}

static void put_hit(struct writer *w, const struct report *report)
{
    const struct hit *hit = report->hit;
    put_ends(w, &report->tuple, &report->geo);
    put_network(w, &report->tuple, word_of_seen(hit->seen));
    put_dns(w, report);
    if (hit->seen == SEEN_HTTP) {
        struct http_view http;
        http_view_of_hit(&http, hit);
        put_http(w, &http);
    }
    if (hit->seen == SEEN_TLS || hit->seen == SEEN_QUIC) {
        writer_object(w, "tls");
        writer_object(w, "client");
        writer_text(w, "server_name", hit->name);
        writer_end(w);
        writer_end(w);
    }
}

static void put_indicator(struct writer *w, const struct hit_indicator *indicator)
{
    writer_object(w, "indicator");
    writer_text(w, "type", word_of_indicator(indicator->type));
    writer_text(w, "name", indicator->indicator);
    writer_text(w, "provider", indicator->provider);
    writer_text(w, "description", indicator->description);
    writer_end(w);
}

/* ECS has room for one family; the radome object lists them all. */
static void put_threat(struct writer *w, const struct report *report)
{
    const char *families[4], *techniques[16];
    writer_object(w, "threat");
    writer_object(w, "software");
    if (words_of_families(report, families) > 0)
        writer_text(w, "name", families[0]);
    writer_end(w);
    writer_object(w, "technique");
    writer_texts(w, "id", techniques, words_of_techniques(report, techniques));
    writer_end(w);
    if (report->kind == REPORT_IOC)
        put_indicator(w, &report->hit->indicator);
    writer_end(w);
}

void ecs_report(struct writer *w, const struct report *report)
{
    static const char *const flow[] = {"intrusion_detection", "network"}, *const program[] = {"malware", "network"},
                      *const info[] = {"info"};
    begin(w, report->us, "alert", word_of_kind(report->kind), report->id);
    writer_texts(w, "category", report->kind == REPORT_PAYLOAD ? program : flow, 2);
    writer_texts(w, "type", info, 1);
    writer_int(w, "risk_score", report->risk_score);
    writer_text(w, "reason", report->reason);
    writer_end(w);
    put_observer(w, report->sensor);
    if (report->hit != NULL) {
        put_hit(w, report);
    } else if (report->kind == REPORT_INCIDENT) {
        writer_object(w, "source");
        writer_addr(w, "ip", &report->tuple.src);
        writer_end(w);
    }
    put_threat(w, report);
    radome_object_of_report(w, report);
    writer_end(w);
}
