#include "classifiers/indicator.h"

#include <stdlib.h>

#include "capture/dns.h"
#include "capture/http.h"
#include "capture/tls.h"
#include "classifiers/hextext.h"
#include "classifiers/hit_id.h"

/* What being listed is worth, in bits. A list is made once and traffic goes on: names expire and are bought by others,
 * addresses are shared from the first day, so the weight is that of the thing, not of the list's good name. */
enum {
    BITS_DOMAIN = 14,         /* about one client in 16,000 meets a listed name for another reason: a new owner, a researcher */
    BITS_URL = 16,            /* the name and the very page */
    BITS_FILE = 24,           /* a hash: only the file itself has it */
    BITS_EXTENSION = 14,      /* an id belongs to one extension for ever, and the list names the family */
    BITS_EXTENSION_BARE = 11, /* a list of one registrar's extensions, in which not each is known to be bad */
    BITS_ADDRESS = 6,         /* the published ones are a content network's, where thousands of honest names live too */
    BITS_FILE_NAME = 4,       /* synctask.exe, updater.exe: words that any program might be called by */
    BITS_FILE_NAME_ODD = 11   /* bapi_chmm.dat, sb703.dat, WB_CH33.dll: nobody else's, and the list names the family */
};

enum { ROWS = 8 }; /* different rows told of one event; the queue is shared with the other classifiers */

struct watch {
    const struct indicators *set;
};

struct match {
    struct hits *hits;
    const struct event *event;
    const struct indicators *set;
    const char *told[ROWS]; /* values of rows already told of this event */
    unsigned rows;
};

/* A file name with a digit or an underscore in it was made up, not picked from the words everyone uses. */
static bool odd_name(const char *name)
{
    return name[strcspn(name, "0123456789_")] != '\0';
}

static float bits_of(const struct indicator *row)
{
    bool family = row->family[0] != '\0';
    switch (row->type) {
    case INDICATOR_DOMAIN: return BITS_DOMAIN;
    case INDICATOR_URL: return BITS_URL;
    case INDICATOR_FILE: return BITS_FILE;
    case INDICATOR_EXTENSION: return family ? BITS_EXTENSION : BITS_EXTENSION_BARE;
    case INDICATOR_IPV4:
    case INDICATOR_IPV6: return BITS_ADDRESS;
    case INDICATOR_FILE_NAME: return family && odd_name(row->value) ? BITS_FILE_NAME_ODD : BITS_FILE_NAME;
    case INDICATOR_TYPES: break;
    }
    return 0;
}

static const struct {
    const char *thing, *technique;
} kinds[INDICATOR_TYPES] = {
    [INDICATOR_DOMAIN] = {"server name", "T1071.001"},
    [INDICATOR_IPV4] = {"address", "T1071.001"},
    [INDICATOR_IPV6] = {"address", "T1071.001"},
    [INDICATOR_URL] = {"URL", "T1071.001"},
    [INDICATOR_FILE] = {"file", "T1105"},
    [INDICATOR_FILE_NAME] = {"file name", "T1105"},
    [INDICATOR_EXTENSION] = {"browser extension", "T1176"},
};

static void describe(struct hit *hit, const struct event *event)
{
    switch (event->kind) {
    case EVENT_DNS:
        hit->seen = SEEN_DNS;
        hit->answer = event->dns->answer;
        slice_text(event->dns->question.name, hit->name, sizeof hit->name);
        if (hit->answer) {
            struct slice alias;
            hit->addrs = (uint8_t)dns_leads(event->dns, hit->addr, HIT_ADDRS, &alias);
            hit->alias = alias.len > 0 ? hit_alias(alias) : 0;
        }
        break;
    case EVENT_HTTP:
        hit_http_set(hit, event->http);
        break;
    case EVENT_BODY:
        hit_http_set(hit, event->body->transaction);
        break;
    case EVENT_TLS:
        hit->seen = event->tls->quic ? SEEN_QUIC : SEEN_TLS;
        slice_text(slice_str(event->tls->server_name), hit->name, sizeof hit->name);
        break;
    case EVENT_KINDS:
        break;
    }
}

static void copy(char *out, size_t size, const char *text)
{
    slice_text(slice_str(text), out, size);
}

static bool tell(struct hits *hits, const struct event *event, const struct indicator *row)
{
    struct hit *hit = hits_add(hits, event, HIT_INDICATOR);
    if (hit == NULL)
        return false;
    describe(hit, event);
    hit->bits = bits_of(row);
    hit->indicator.type = row->type;
    copy(hit->indicator.indicator, sizeof hit->indicator.indicator, row->value);
    copy(hit->indicator.provider, sizeof hit->indicator.provider, row->provider);
    copy(hit->indicator.description, sizeof hit->indicator.description, row->description);
    copy(hit->family, sizeof hit->family, row->family);
    snprintf(hit->subject, sizeof hit->subject, "%s:%s", indicator_type_name(row->type), row->value);
    hit_why(hit, "%s %.120s is listed%s%s%s%s%s%s", kinds[row->type].thing, row->value, row->family[0] ? " for " : "",
            row->family, row->provider[0] ? " by " : "", row->provider, row->description[0] ? ": " : "", row->description);
    if (row->family[0] != '\0') /* what a thing was used for is known of the families, not of any list's rows */
        hit_technique(hit, kinds[row->type].technique);
    return true;
}

bool indicator_hit(struct hits *hits, const struct event *event, const struct indicators *set, enum indicator_type type,
                   struct slice value)
{
    struct indicator row;
    return indicators_find(set, type, value, &row) && tell(hits, event, &row);
}

/* One event tells a row once, however often its value stands there: a name and its alias, an address in ten answers. */
static void tell_once(struct match *m, const struct indicator *row)
{
    for (unsigned i = 0; i < m->rows; i++)
        if (m->told[i] == row->value)
            return;
    if (m->rows < ROWS && tell(m->hits, m->event, row))
        m->told[m->rows++] = row->value;
}

static void match(struct match *m, enum indicator_type type, struct slice value)
{
    struct indicator row;
    if (indicators_find(m->set, type, value, &row))
        tell_once(m, &row);
}

static void match_name(struct match *m, struct slice name)
{
    struct indicator row;
    if (indicators_find_domain(m->set, name, &row))
        tell_once(m, &row);
}

static void match_addr(struct match *m, const struct addr *addr)
{
    enum indicator_type type = addr_is_v4(addr) ? INDICATOR_IPV4 : INDICATOR_IPV6;
    char text[ADDR_TEXT];
    if (indicators_have(m->set, type))
        match(m, type, slice_str(addr_format(addr, text)));
}

/* An ordinary name that leads to a listed one is as telling as the listed name: the client goes there. */
static void see_dns(void *state, const struct event *event, struct hits *hits)
{
    struct match m = {.hits = hits, .event = event, .set = ((const struct watch *)state)->set};
    const struct dns_msg *dns = event->dns;
    match_name(&m, dns->question.name);
    for (unsigned i = 0; dns->answer && i < dns->answers; i++) {
        const struct dns_rr *rr = &dns->rr[i];
        if (rr->type == DNS_CNAME || rr->type == DNS_HTTPS || rr->type == DNS_SVCB)
            match_name(&m, rr->target);
        if (rr->has_addr)
            match_addr(&m, &rr->addr);
    }
}

static void see_tls(void *state, const struct event *event, struct hits *hits)
{
    struct match m = {.hits = hits, .event = event, .set = ((const struct watch *)state)->set};
    match_name(&m, slice_str(event->tls->server_name));
    match_addr(&m, &event->tuple.dst);
}

/* %41 → A (RFC 3986 section 2.1); what is no escape stays as it is. An output too long is cut. */
static struct slice unescape(struct slice in, char *out, size_t size)
{
    size_t n = 0;
    while (in.len > 0 && n < size) {
        int high = in.len >= 3 && in.p[0] == '%' ? hextext_digit(in.p[1]) : -1, low = high < 0 ? -1 : hextext_digit(in.p[2]);
        bool escape = low >= 0;
        out[n++] = (char)(escape ? high * 16 + low : in.p[0]);
        in = slice_from(in, escape ? 3 : 1);
    }
    return slice_of(out, n);
}

static struct slice after_last(struct slice s, uint8_t byte)
{
    for (ptrdiff_t at; (at = slice_chr(s, byte)) >= 0;)
        s = slice_from(s, (size_t)at + 1);
    return s;
}

/* filename="…", filename=… and filename*=UTF-8''… (RFC 6266 section 4.1), folders dropped. */
static void match_disposition(struct match *m, struct slice field)
{
    char name[HIT_NAME];
    while (field.len > 0) {
        struct slice part = slice_trim(slice_until(field, ';'));
        field = slice_from(field, slice_until(field, ';').len + 1);
        struct slice key = slice_trim(slice_until(part, '='));
        struct slice value = slice_trim(slice_from(part, slice_until(part, '=').len + 1));
        if (slice_ieq(key, S("filename*")))
            value = unescape(after_last(value, '\''), name, sizeof name);
        else if (!slice_ieq(key, S("filename")))
            continue;
        if (slice_starts(value, S("\"")))
            value = slice_until(slice_from(value, 1), '"');
        match(m, INDICATOR_FILE_NAME, after_last(after_last(value, '/'), '\\'));
    }
}

/* …_<id>.crx, as the browser's store names its packages. */
static void match_package(struct match *m, struct slice name)
{
    if (name.len > 4 && slice_ieq(slice_from(name, name.len - 4), S(".crx")))
        match(m, INDICATOR_EXTENSION, after_last(slice_head(name, name.len - 4), '_'));
}

/* An update check carries x=id%3D<id>%26v%3D…, once for each extension. */
static void match_updates(struct match *m, struct slice query)
{
    char text[HIT_NAME];
    while (query.len > 0) {
        struct slice parameter = slice_until(query, '&');
        query = slice_from(query, parameter.len + 1);
        if (!slice_starts(parameter, S("x=")))
            continue;
        struct slice value = unescape(slice_from(parameter, 2), text, sizeof text);
        if (slice_starts(value, S("id=")))
            match(m, INDICATOR_EXTENSION, slice_until(slice_from(value, 3), '&'));
    }
}

/* The request's URL: what a proxy is asked for says it all; else host, the port where it is not the usual one, and target.
 * One too long for a row is listed nowhere. */
static void match_url(struct match *m, const char *host, struct slice target)
{
    char url[INDICATOR_VALUE], port[8] = "";
    if (!indicators_have(m->set, INDICATOR_URL) || target.len == 0 || target.len >= sizeof url)
        return;
    if (target.p[0] != '/') {
        match(m, INDICATOR_URL, target);
        return;
    }
    if (m->event->tuple.dport != 80 && m->event->tuple.dport != 443)
        snprintf(port, sizeof port, ":%u", m->event->tuple.dport);
    int length = snprintf(url, sizeof url, "http://%s%s%.*s", host, port, (int)target.len, target.p);
    if (length < (int)sizeof url)
        match(m, INDICATOR_URL, slice_of(url, (size_t)length));
}

static void see_http(void *state, const struct event *event, struct hits *hits)
{
    struct match m = {.hits = hits, .event = event, .set = ((const struct watch *)state)->set};
    const struct http_transaction *transaction = event->http;
    char host[HIT_NAME], text[HIT_NAME];
    struct slice name = slice_of(host, hit_host(host, &transaction->request));
    struct slice uri = slice_until(hit_path(&transaction->request), '#'), path = slice_until(uri, '?');
    struct slice file = unescape(after_last(path, '/'), text, sizeof text);
    struct addr addr;

    if (addr_parse(&addr, name))
        match_addr(&m, &addr);
    else
        match_name(&m, name);
    match_addr(&m, &event->tuple.dst);
    match_url(&m, host, transaction->request.target);
    match(&m, INDICATOR_FILE_NAME, file);
    match_package(&m, file);
    match_updates(&m, slice_from(uri, path.len + 1));
    match_disposition(&m, http_header(&transaction->response, S("Content-Disposition")));
}

static void *open_watch(const struct classifier_settings *settings, char err[static ERRLEN])
{
    struct watch *watch = malloc(sizeof *watch);
    if (watch == NULL)
        error_set(err, "no memory for the indicator classifier");
    else
        watch->set = settings->indicators;
    return watch;
}

static void relist(void *state, const struct indicators *indicators)
{
    ((struct watch *)state)->set = indicators;
}

const struct classifier indicator_classifier = {
    .name = "indicator",
    .open = open_watch,
    .close = free,
    .see[EVENT_DNS] = see_dns,
    .see[EVENT_HTTP] = see_http,
    .see[EVENT_TLS] = see_tls,
    .relist = relist,
};
