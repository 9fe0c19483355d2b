#include "feeds/eve.h"

#include "feeds/community_id.h"
#include "feeds/http_view.h"
#include "feeds/radome_object.h"
#include "feeds/signature.h"
#include "feeds/words.h"

/* EVE's own shape of the dns object; query and grouped are spelled alike in versions 2 and 3. */
enum { EVE_DNS_VERSION = 2 };

/* The tuple is NULL where no flow is meant. */
static void begin(struct writer *w, uint64_t us, const char *event_type, const struct tuple *tuple)
{
    char id[COMMUNITY_ID] = "";
    writer_object(w, NULL);
    writer_time(w, "timestamp", us, "+0000");
    if (tuple != NULL)
        writer_uint(w, "flow_id", community_id(id, tuple, 0));
    writer_text(w, "event_type", event_type);
    if (tuple != NULL) {
        writer_addr(w, "src_ip", &tuple->src);
        writer_uint(w, "src_port", tuple->sport);
        writer_addr(w, "dest_ip", &tuple->dst);
        writer_uint(w, "dest_port", tuple->dport);
        writer_text(w, "proto", tuple->proto == 6 ? "TCP" : tuple->proto == 17 ? "UDP" : "");
        writer_text(w, "community_id", id);
    }
}

/* 1 is Suricata's gravest. */
static int severity(int risk_score)
{
    return risk_score >= 90 ? 1 : risk_score >= 50 ? 2 : 3;
}

static void put_alert(struct writer *w, const struct report *report)
{
    static const char *const gravity[] = {"Critical", "Major", "Minor"};
    const struct signature *signature = signature_of(report);
    const char *families[4], *techniques[16];
    int level = severity(report->risk_score);
    writer_object(w, "alert");
    writer_text(w, "action", "allowed");
    writer_uint(w, "gid", SIGNATURE_GID);
    writer_uint(w, "signature_id", signature->id);
    writer_uint(w, "rev", SIGNATURE_REV);
    writer_text(w, "signature", signature->text);
    writer_text(w, "category", signature_category(report->kind));
    writer_int(w, "severity", level);
    writer_object(w, "metadata");
    writer_texts(w, "malware_family", families, words_of_families(report, families));
    writer_texts(w, "mitre_technique_id", techniques, words_of_techniques(report, techniques));
    writer_texts(w, "signature_severity", &gravity[level - 1], 1);
    writer_end(w);
    writer_end(w);
}

static void put_http(struct writer *w, const struct http_view *http)
{
    writer_object(w, "http");
    writer_bytes(w, "hostname", http->domain);
    if (http->port != 0)
        writer_uint(w, "http_port", http->port);
    writer_bytes(w, "url", http->target);
    writer_bytes(w, "http_user_agent", http->user_agent);
    writer_bytes(w, "http_content_type", http->mime_type);
    writer_bytes(w, "http_method", http->method);
    writer_bytes(w, "http_refer", http->referrer);
    if (http->version != 0)
        writer_text(w, "protocol", http->version == 11 ? "HTTP/1.1" : http->version == 10 ? "HTTP/1.0" : "HTTP/0.9");
    if (http->status != 0) {
        writer_uint(w, "status", http->status);
        writer_uint(w, "length", http->response_body);
    }
    writer_end(w);
}

static void put_addrs(struct writer *w, const char *key, const struct hit *hit, bool v4)
{
    writer_array(w, key);
    for (size_t i = 0; i < hit->addrs; i++)
        if (addr_is_v4(&hit->addr[i]) == v4)
            writer_addr(w, NULL, &hit->addr[i]);
    writer_end(w);
}

static void put_dns(struct writer *w, const struct hit *hit)
{
    writer_object(w, "dns");
    writer_uint(w, "version", EVE_DNS_VERSION);
    writer_text(w, "type", hit->answer ? "answer" : "query");
    writer_text(w, "rrname", hit->name);
    writer_array(w, "query");
    writer_object(w, NULL);
    writer_text(w, "type", "query");
    writer_text(w, "rrname", hit->name);
    writer_end(w);
    writer_end(w);
    writer_object(w, "grouped");
    put_addrs(w, "A", hit, true);
    put_addrs(w, "AAAA", hit, false);
    writer_end(w);
    writer_end(w);
}

static void put_seen(struct writer *w, const struct hit *hit)
{
    struct http_view http;
    switch (hit->seen) {
    case SEEN_DNS:
        put_dns(w, hit);
        break;
    case SEEN_HTTP:
        http_view_of_hit(&http, hit);
        put_http(w, &http);
        break;
    case SEEN_TLS:
    case SEEN_QUIC:
        writer_object(w, "tls");
        writer_text(w, "sni", hit->name);
        writer_end(w);
        break;
    }
}

void eve_report(struct writer *w, const struct report *report)
{
    begin(w, report->us, "alert", report->hit == NULL ? NULL : &report->tuple);
    if (report->kind == REPORT_INCIDENT)
        writer_addr(w, "src_ip", &report->tuple.src);
    if (report->hit != NULL)
        writer_text(w, "app_proto", word_of_seen(report->hit->seen));
    writer_text(w, "host", report->sensor);
    put_alert(w, report);
    if (report->hit != NULL)
        put_seen(w, report->hit);
    radome_object_of_report(w, report);
    writer_end(w);
}
