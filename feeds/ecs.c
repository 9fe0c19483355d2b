#include "feeds/ecs.h"

#include <stdio.h>

#include "capture/tls.h"
#include "classifiers/suffix.h"
#include "feeds/community_id.h"
#include "feeds/dns_words.h"
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
    community_id(id, tuple, 0);
    writer_object(w, "network");
    writer_text(w, "transport", word_of_transport(tuple->proto));
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
    if (bytes == HTTP_UNCOUNTED)
        return;
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

static void put_tls(struct writer *w, const char *server_name)
{
    writer_object(w, "tls");
    writer_object(w, "client");
    writer_text(w, "server_name", server_name);
    writer_end(w);
    writer_end(w);
}

static void put_dns_of_hit(struct writer *w, const struct report *report)
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
    put_dns_of_hit(w, report);
    if (hit->seen == SEEN_HTTP) {
        struct http_view http;
        http_view_of_hit(&http, hit);
        put_http(w, &http);
    }
    if (hit->seen == SEEN_TLS || hit->seen == SEEN_QUIC)
        put_tls(w, hit->name);
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

static void put_question(struct writer *w, const struct dns_msg *dns)
{
    char type[DNS_WORD], class[DNS_WORD];
    const struct dns_question *question = &dns->question;
    writer_object(w, "question");
    if (dns->questions > 0) {
        writer_bytes(w, "name", question->name.len > 0 ? question->name : S("."));
        writer_bytes(w, "registered_domain", suffix_registered(question->name));
        writer_text(w, "type", dns_word_of_type(question->type, type));
        writer_text(w, "class", dns_word_of_class(question->class, class));
    }
    writer_end(w);
}

static void put_answer(struct writer *w, const struct dns_rr *rr)
{
    char type[DNS_WORD], class[DNS_WORD], scratch[DNS_DATA];
    writer_object(w, NULL);
    writer_bytes(w, "name", rr->name);
    writer_text(w, "type", dns_word_of_type(rr->type, type));
    writer_text(w, "class", dns_word_of_class(rr->class, class));
    writer_uint(w, "ttl", rr->ttl);
    writer_bytes(w, "data", dns_data_of(rr, scratch));
    writer_end(w);
}

/* Records that would not leave room for the rest of the document are left out. */
static void put_answers(struct writer *w, const struct dns_msg *dns)
{
    writer_array(w, "answers");
    for (size_t i = 0; i < dns->answers && w->len < w->room / 2; i++)
        put_answer(w, &dns->rr[i]);
    writer_end(w);
    writer_array(w, "resolved_ip");
    for (size_t i = 0; i < dns->answers; i++)
        if (dns->rr[i].has_addr && (dns->rr[i].type == DNS_A || dns->rr[i].type == DNS_AAAA))
            writer_addr(w, NULL, &dns->rr[i].addr);
    writer_end(w);
}

static void put_dns(struct writer *w, const struct dns_msg *dns)
{
    char id[8], rcode[DNS_WORD];
    const char *flags[DNS_FLAGS];
    snprintf(id, sizeof id, "%u", dns->id); /* a keyword in ECS */
    writer_object(w, "dns");
    writer_text(w, "id", id);
    writer_text(w, "type", dns->answer ? "answer" : "query");
    writer_texts(w, "header_flags", flags, dns_words_of_flags(dns->flags, flags));
    put_question(w, dns);
    if (dns->answer) {
        writer_text(w, "response_code", dns_word_of_rcode(dns->rcode, rcode));
        put_answers(w, dns);
    }
    writer_end(w);
}

static void put_event(struct writer *w, const struct event *event)
{
    struct http_view http;
    switch (event->kind) {
    case EVENT_DNS:
        put_dns(w, event->dns);
        break;
    case EVENT_HTTP:
        http_view_of_transaction(&http, event->http, event->tuple.dport);
        put_http(w, &http);
        break;
    case EVENT_TLS:
        put_tls(w, event->tls->server_name);
        break;
    case EVENT_BODY: break;
    case EVENT_KINDS: break;
    }
}

void ecs_record(struct writer *w, const struct record *record)
{
    static const char *const network[] = {"network", "web"}, *const protocol[] = {"protocol", "access"};
    const struct event *event = record->event;
    bool web = event->kind == EVENT_HTTP, quic = event->kind == EVENT_TLS && event->tls->quic;
    begin(w, event->us, "event", record->kind, record->id);
    writer_texts(w, "category", network, web ? 2 : 1);
    writer_texts(w, "type", protocol, web ? 2 : 1);
    writer_end(w);
    put_observer(w, record->sensor);
    put_ends(w, &event->tuple, record->geo);
    put_network(w, &event->tuple, quic ? "quic" : record->kind);
    put_event(w, event);
    radome_object_of_record(w, record);
    writer_end(w);
}

void ecs_stats(struct writer *w, const struct stats_record *stats)
{
    begin(w, stats->us, "metric", "stats", stats->id);
    writer_end(w);
    put_observer(w, stats->sensor);
    radome_object_of_stats(w, stats);
    writer_end(w);
}
