#include "feeds/eve.h"

#include "capture/http.h"
#include "capture/tls.h"
#include "feeds/community_id.h"
#include "feeds/dns_words.h"
#include "feeds/http_view.h"
#include "feeds/radome_object.h"
#include "feeds/signature.h"
#include "feeds/words.h"

/* The shape of the dns object that Suricata 5 to 7 write and 8 still can: the one that readers know. */
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
        if (http->response_body != HTTP_UNCOUNTED)
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

static void put_dns_of_hit(struct writer *w, const struct hit *hit)
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

static void put_tls(struct writer *w, const char *server_name)
{
    writer_object(w, "tls");
    writer_text(w, "sni", server_name);
    writer_end(w);
}

static void put_seen(struct writer *w, const struct hit *hit)
{
    struct http_view http;
    switch (hit->seen) {
    case SEEN_DNS:
        put_dns_of_hit(w, hit);
        break;
    case SEEN_HTTP:
        http_view_of_hit(&http, hit);
        put_http(w, &http);
        break;
    case SEEN_TLS:
    case SEEN_QUIC:
        put_tls(w, hit->name);
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

static void put_flags(struct writer *w, uint16_t flags)
{
    static const struct { uint16_t bit; const char *key; } bits[] = {
        {0x8000, "qr"}, {0x0400, "aa"}, {0x0200, "tc"}, {0x0100, "rd"}, {0x0080, "ra"}, {0x0040, "z"},
    };
    writer_hex(w, "flags", slice_of((uint8_t[]){(uint8_t)(flags >> 8), (uint8_t)flags}, 2));
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        if (flags & bits[i].bit)
            writer_bool(w, bits[i].key, true);
}

static void put_srv(struct writer *w, const char *key, const struct dns_srv *srv)
{
    writer_object(w, key);
    writer_uint(w, "priority", srv->priority);
    writer_uint(w, "weight", srv->weight);
    writer_uint(w, "port", srv->port);
    writer_bytes(w, "name", srv->target);
    writer_end(w);
}

static void put_answer(struct writer *w, const struct dns_rr *rr)
{
    char type[DNS_WORD], scratch[DNS_DATA];
    struct dns_srv srv;
    writer_object(w, NULL);
    writer_bytes(w, "rrname", rr->name);
    writer_text(w, "rrtype", dns_word_of_type(rr->type, type));
    writer_uint(w, "ttl", rr->ttl);
    if (dns_srv_of(&srv, rr))
        put_srv(w, "srv", &srv);
    else
        writer_bytes(w, "rdata", dns_data_of(rr, scratch));
    writer_end(w);
}

/* The same once more, by type, for the types that EVE groups. */
static void put_grouped(struct writer *w, const struct dns_msg *dns)
{
    static const uint16_t types[] = {DNS_A, DNS_AAAA, DNS_CNAME, DNS_MX, DNS_NS, DNS_PTR, DNS_SRV, DNS_TXT};
    char word[DNS_WORD], scratch[DNS_DATA];
    struct dns_srv srv;
    writer_object(w, "grouped");
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        writer_array(w, dns_word_of_type(types[t], word));
        for (size_t i = 0; i < dns->answers && w->len < w->room / 4 * 3; i++)
            if (dns->rr[i].type == types[t] && dns_srv_of(&srv, &dns->rr[i]))
                put_srv(w, NULL, &srv);
            else if (dns->rr[i].type == types[t])
                writer_bytes(w, NULL, dns_data_of(&dns->rr[i], scratch));
        writer_end(w);
    }
    writer_end(w);
}

/* Records that would not leave room for the rest of the document are left out. */
static void put_dns(struct writer *w, const struct dns_msg *dns)
{
    char word[DNS_WORD];
    writer_object(w, "dns");
    writer_uint(w, "version", EVE_DNS_VERSION);
    writer_text(w, "type", dns->answer ? "answer" : "query");
    writer_uint(w, "id", dns->id);
    if (dns->answer)
        put_flags(w, dns->flags);
    writer_uint(w, "opcode", dns->flags >> 11 & 15);
    if (dns->questions > 0) {
        writer_bytes(w, "rrname", dns->question.name.len > 0 ? dns->question.name : S("."));
        writer_text(w, "rrtype", dns_word_of_type(dns->question.type, word));
    }
    if (dns->answer) {
        writer_text(w, "rcode", dns_word_of_rcode(dns->rcode, word));
        writer_array(w, "answers");
        for (size_t i = 0; i < dns->answers && w->len < w->room / 2; i++)
            put_answer(w, &dns->rr[i]);
        writer_end(w);
        put_grouped(w, dns);
    }
    writer_end(w);
}

void eve_record(struct writer *w, const struct record *record)
{
    const struct event *event = record->event;
    bool quic = event->kind == EVENT_TLS && event->tls->quic;
    struct http_view http;
    begin(w, event->us, record->kind, &event->tuple);
    writer_text(w, "app_proto", quic ? "quic" : record->kind);
    writer_text(w, "host", record->sensor);
    switch (event->kind) {
    case EVENT_DNS:
        put_dns(w, event->dns);
        break;
    case EVENT_HTTP:
        writer_uint(w, "tx_id", event->http->ordinal - 1);
        http_view_of_transaction(&http, event->http, event->tuple.dport);
        put_http(w, &http);
        break;
    case EVENT_TLS:
        put_tls(w, event->tls->server_name);
        break;
    case EVENT_BODY: break;
    case EVENT_KINDS: break;
    }
    radome_object_of_record(w, record);
    writer_end(w);
}

void eve_stats(struct writer *w, const struct stats_record *stats)
{
    begin(w, stats->us, "stats", NULL);
    writer_text(w, "host", stats->sensor);
    radome_object_of_stats(w, stats);
    writer_end(w);
}
