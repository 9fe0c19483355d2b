/* Names that look like the family's, wherever a client says one: a DNS question, a Host field, a TLS server name. */
#include <math.h>

#include "capture/dns.h"
#include "capture/http.h"
#include "capture/tls.h"
#include "classifiers/classifier.h"
#include "classifiers/hit_id.h"
#include "classifiers/name.h"
#include "classifiers/suffix.h"

enum { PORT_MDNS = 5353, PORT_LLMNR = 5355 };

/* In words, for who has to decide: how rare the shape is, and what the letters say beside it. */
static void put_why(struct hit *hit, const struct name_score *score)
{
    float letters = score->ngram_bits;
    hit_why(hit, "%.100s fits the grammar of the DealPly, IsErIk and ManageX names as one honest name in %.0f does, "
                 "its letters %.1f times %s among those than among honest ones",
            hit->subject, (double)exp2f(score->shape_bits), (double)exp2f(fabsf(letters)),
            letters < 0 ? "rarer" : "more common");
}

/* A hit where the name is worth one. The label before .com must be what was registered: where .com with the label
 * before it is itself a public suffix, the names below are other people's. */
static struct hit *judge(struct hits *hits, const struct event *event, enum hit_seen seen, struct slice name)
{
    struct name_score score;
    if (!name_judge(&score, name) || score.bits < NAME_FLOOR_BITS)
        return NULL;
    if (name.p[name.len - 1] == '.')
        name.len--;
    struct slice registered = suffix_registered(name);
    if (registered.p != score.label.p || registered.len == 0)
        return NULL;
    struct hit *hit = hits_add(hits, event, HIT_DOMAIN);
    if (hit == NULL)
        return NULL;
    hit->seen = seen;
    hit->bits = score.bits;
    slice_text(name, hit->name, sizeof hit->name);
    slice_text(registered, hit->subject, sizeof hit->subject);
    slice_text(registered, hit->domain.registered, sizeof hit->domain.registered);
    slice_text(score.label, hit->domain.label, sizeof hit->domain.label);
    hit->domain.alternation = name_alternation(score.label);
    hit->domain.ngram_bits = score.ngram_bits;
    hit->domain.grammar = true;
    hit_technique(hit, "T1583.001"); /* domains acquired for the operation */
    if (seen != SEEN_DNS)
        hit_technique(hit, "T1071.001"); /* and spoken to by web protocols */
    put_why(hit, &score);
    return hit;
}

/* Names that never leave the local network, and the reverse zones, whose names are addresses (RFC 6762, RFC 4795). */
static bool local(const struct event *event, struct slice name)
{
    uint16_t sport = event->tuple.sport, dport = event->tuple.dport;
    return sport == PORT_MDNS || dport == PORT_MDNS || sport == PORT_LLMNR || dport == PORT_LLMNR || name.len == 0 ||
           slice_ends(name, S(".local")) || slice_ends(name, S(".arpa"));
}

/* What is left of a name that nobody suspects: who asked for it, so that it can be counted. An address is no name: no top
 * level domain but an encoded one may end in a digit (RFC 3696 section 2). */
static void sight(struct hits *hits, const struct event *event, enum hit_seen seen, struct slice name)
{
    if (local(event, name) || (name.p[name.len - 1] >= '0' && name.p[name.len - 1] <= '9') || slice_chr(name, ':') >= 0)
        return;
    struct hit *hit = hits_add(hits, event, HIT_SIGHTING);
    if (hit == NULL)
        return;
    hit->seen = seen;
    slice_text(name, hit->name, sizeof hit->name);
}

static void see_dns(void *state, const struct event *event, struct hits *hits)
{
    (void)state;
    const struct dns_msg *dns = event->dns;
    struct slice name = dns->question.name;
    if (dns->questions == 0 || local(event, name))
        return;
    struct addr addr[HIT_ADDRS];
    struct slice alias = {NULL, 0};
    size_t addrs = dns->answer ? dns_leads(dns, addr, dns->rcode == 0 ? HIT_ADDRS : 0, &alias) : 0;
    struct hit *hit = judge(hits, event, SEEN_DNS, name);
    if (hit == NULL) {
        if (dns->answer && addrs == 0)
            return;
        hit = hits_add(hits, event, HIT_SIGHTING);
        if (hit == NULL)
            return;
        hit->seen = SEEN_DNS;
        slice_text(name, hit->name, sizeof hit->name);
    }
    hit->answer = dns->answer;
    if (alias.len > 0)
        hit->alias = hit_alias(alias);
    hit->addrs = (uint8_t)addrs;
    for (size_t i = 0; i < addrs; i++) /* mostly one or two */
        hit->addr[i] = addr[i];
}

/* A connection goes to one server, so its first request says the name; to a proxy every request may say another. */
static bool says_name(const struct http_transaction *http)
{
    return http->ordinal == 1 || !slice_starts(http->request.target, S("/"));
}

static void see_http(void *state, const struct event *event, struct hits *hits)
{
    (void)state;
    char host[HIT_NAME];
    size_t length = hit_host(host, &event->http->request);
    const struct slice name = slice_of(host, length);
    struct hit *hit = judge(hits, event, SEEN_HTTP, name);
    if (hit != NULL)
        hit_http_set(hit, event->http);
    else if (says_name(event->http))
        sight(hits, event, SEEN_HTTP, name);
}

static void see_tls(void *state, const struct event *event, struct hits *hits)
{
    (void)state;
    const enum hit_seen seen = event->tls->quic ? SEEN_QUIC : SEEN_TLS;
    const struct slice name = slice_str(event->tls->server_name);
    if (judge(hits, event, seen, name) == NULL)
        sight(hits, event, seen, name);
}

const struct classifier domain_classifier = {.name = "domain",
    .see = {[EVENT_DNS] = see_dns, [EVENT_HTTP] = see_http, [EVENT_TLS] = see_tls}};
