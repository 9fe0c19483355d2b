/* Events against lists: what is told, how heavily, and what must not be. */
#include <stdio.h>
#include <stdlib.h>

#include "capture/dns.h"
#include "capture/tls.h"
#include "classifiers/indicator.h"
#include "feeds/ioc.h"
#include "tests/check.h"
#include "tests/hits.h"
#include "tests/make_http.h"

extern const struct classifier indicator_classifier;

#define CSV "type,indicator,family,provider,description\n"
#define LIST CSV                                                                                                        \
    "domain-name,bad.com,DealPly,me,server\n"                                                                          \
    "domain-name,d1.cloudfront.net,,me,\n"                                                                             \
    "ipv4-addr,192.0.2.1,,me,\n"                                                                                       \
    "ipv6-addr,2001:db8::1,,me,\n"                                                                                     \
    "url,http://evil.org/a?b=C,IsErIk,me,\n"                                                                           \
    "url,http://evil.org:8080/,,me,\n"                                                                                 \
    "file," SHA1 ",DealPly,me,\n"                                                                                      \
    "file-name,Bapi_chmm.dat,DealPly,me,\n"                                                                            \
    "file-name,synctask.exe,DealPly,me,\n"                                                                             \
    "file-name,A b (1).exe,,me,\n"                                                                                     \
    "x-extension-id," KNOWN ",ManageX,me,\n"                                                                           \
    "x-extension-id," BARE ",,me,\n"                                                                                   \
    "x-extension-id,{24436206-088d},ManageX,me,\n"
#define SHA1 "71370b5a77bff01a627a0b92bdd31dc48b946fca"
#define KNOWN "ncjbeingokdeimlmolagjaddccfdlkbd"
#define BARE "acmnokigkgihogfbeooklgemindnbine"

static struct indicators *set;
static void *state;

static void open_list(struct slice list)
{
    char err[ERRLEN];
    struct ioc_stats stats;
    set = indicators_open(3, err);
    CHECK(ioc_read(set, "list", list, &stats, err) && indicators_seal(set, err), "%s", err);
    state = indicator_classifier.open(&(struct classifier_settings){.indicators = set}, err);
}

static void close_list(void)
{
    indicator_classifier.close(state);
    indicators_close(set);
}

/* The subjects of all hits, a blank between them. */
static const char *subjects(const struct hits *hits)
{
    static char text[16 * (HIT_NAME + 1)];
    size_t n = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < hits->count; i++)
        n += (size_t)sprintf(text + n, "%s%s", i > 0 ? " " : "", hits->hit[i].subject);
    return text;
}

static const struct {
    const char *reason;
    struct slice request, response;
    const char *server;
    uint16_t port;
    const char *subjects;
    float bits; /* of the first */
} http_rows[] = {
    {"a listed host", S("GET /\nHost: bad.com"), S("200"), "198.51.100.1", 80, "domain-name:bad.com", 14},
    {"capitals, port, dot", S("GET /\nHost: BAD.com.:80"), S("200"), "198.51.100.1", 80, "domain-name:bad.com", 14},
    {"below a listed host", S("GET /\nHost: a.b.bad.com"), S(""), "198.51.100.1", 80, "domain-name:bad.com", 14},
    {"ends alike", S("GET /\nHost: notbad.com"), S(""), "198.51.100.1", 80, "", 0},
    {"a listed content network's host, exactly", S("GET /\nHost: d1.cloudfront.net"), S(""), "198.51.100.1", 80,
     "domain-name:d1.cloudfront.net", 14},
    {"another of that network", S("GET /\nHost: d2.cloudfront.net"), S(""), "198.51.100.1", 80, "", 0},
    {"the network itself", S("GET /\nHost: cloudfront.net"), S(""), "198.51.100.1", 80, "", 0},
    {"through a proxy", S("GET http://bad.com/ \nHost: proxy"), S(""), "198.51.100.1", 3128, "domain-name:bad.com", 14},
    {"a tunnel through a proxy", S("CONNECT bad.com:443\nHost: x"), S(""), "198.51.100.1", 3128, "domain-name:bad.com", 14},
    {"a listed server's address: weak", S("GET /\nHost: shared.org"), S(""), "192.0.2.1", 80, "ipv4-addr:192.0.2.1", 6},
    {"by address: told once", S("GET /\nHost: 192.0.2.1"), S(""), "192.0.2.1", 80, "ipv4-addr:192.0.2.1", 6},
    {"by address through a proxy", S("GET http://[2001:db8::1]:80/"), S(""), "198.51.100.1", 3128, "ipv6-addr:2001:db8::1", 6},
    {"IPv6", S("GET /\nHost: shared.org"), S(""), "2001:db8::1", 80, "ipv6-addr:2001:db8::1", 6},
    {"a listed URL", S("GET /a?b=C\nHost: evil.org"), S(""), "198.51.100.1", 80, "url:http://evil.org/a?b=C", 16},
    {"the same through a proxy", S("GET http://Evil.org/a?b=C\nHost: evil.org"), S(""), "198.51.100.1", 3128,
     "url:http://evil.org/a?b=C", 16},
    {"another query", S("GET /a?b=c\nHost: evil.org"), S(""), "198.51.100.1", 80, "", 0},
    {"more of a path", S("GET /a?b=C&d\nHost: evil.org"), S(""), "198.51.100.1", 80, "", 0},
    {"on a port of its own", S("GET /\nHost: evil.org:8080"), S(""), "198.51.100.1", 8080, "url:http://evil.org:8080/", 16},
    {"not on the usual one", S("GET /\nHost: evil.org"), S(""), "198.51.100.1", 80, "", 0},
    {"an odd file name is the family's; told in the list's spelling", S("GET /x/bapi_chmm.dat?q=/y\nHost: a.org"), S(""), "198.51.100.1", 80,
     "file-name:Bapi_chmm.dat", 11},
    {"a common one is weak", S("GET /x/SyncTask.exe\nHost: a.org"), S(""), "198.51.100.1", 80, "file-name:synctask.exe", 4},
    {"escaped", S("GET /A%20b%20%281%29.exe\nHost: a.org"), S(""), "198.51.100.1", 80, "file-name:A b (1).exe", 4},
    {"part of a longer name", S("GET /xsynctask.exe\nHost: a.org"), S(""), "198.51.100.1", 80, "", 0},
    {"a folder of that name", S("GET /synctask.exe/\nHost: a.org"), S(""), "198.51.100.1", 80, "", 0},
    {"in Content-Disposition", S("GET /dl\nHost: a.org"), S("200\nContent-Disposition: attachment; filename=\"synctask.exe\""),
     "198.51.100.1", 80, "file-name:synctask.exe", 4},
    {"… without quotes", S("GET /dl\nHost: a.org"), S("200\nContent-Disposition: attachment;FileName=synctask.exe ;x=y"),
     "198.51.100.1", 80, "file-name:synctask.exe", 4},
    {"… extended", S("GET /dl\nHost: a.org"), S("200\nContent-Disposition: attachment; filename*=UTF-8''A%20b%20(1).exe"),
     "198.51.100.1", 80, "file-name:A b (1).exe", 4},
    {"… with a folder before it", S("GET /dl\nHost: a.org"), S("200\nContent-Disposition: inline; filename=\"c:\\x\\synctask.exe\""),
     "198.51.100.1", 80, "file-name:synctask.exe", 4},
    {"path and field: told once", S("GET /synctask.exe\nHost: a.org"), S("200\nContent-Disposition: x; filename=synctask.exe"),
     "198.51.100.1", 80, "file-name:synctask.exe", 4},
    {"an extension's package", S("GET /edgedl/chromewebstore/L2Nocm9t/7818_" KNOWN ".crx\nHost: redirector.gvt1.com"), S(""),
     "198.51.100.1", 80, "x-extension-id:" KNOWN, 14},
    {"one of a registrar's list", S("GET /edgedl/chromewebstore/7_" BARE ".crx\nHost: r1.gvt1.com"), S(""), "198.51.100.1", 80,
     "x-extension-id:" BARE, 11},
    {"an update check for three", S("GET /u?os=win&x=id%3D" KNOWN "%26v%3D1.0%26uc&x=id%3Dabcd%26v%3D2&x=id%3D" BARE "%26v%3D1\nHost: c.org"),
     S(""), "198.51.100.1", 80, "x-extension-id:" KNOWN " x-extension-id:" BARE, 14},
    {"an id in braces", S("GET /u?x=id%3D%7B24436206-088D%7D%26v%3D1\nHost: c.org"), S(""), "198.51.100.1", 80,
     "x-extension-id:{24436206-088d}", 14},
    {"the id in another parameter", S("GET /u?y=id%3D" KNOWN "%26v%3D1\nHost: c.org"), S(""), "198.51.100.1", 80, "", 0},
    {"several things, each told", S("GET /bapi_chmm.dat\nHost: x.bad.com"), S(""), "192.0.2.1", 80,
     "domain-name:bad.com ipv4-addr:192.0.2.1 file-name:Bapi_chmm.dat", 14},
    {"nothing at all", S(""), S(""), "198.51.100.1", 80, "", 0},
    {"escapes that break off", S("GET /%4\nHost: %"), S("200\nContent-Disposition: ;;=;filename;filename=;filename=\""),
     "198.51.100.1", 80, "", 0},
};

static void see_http(struct hits *hits, struct slice request, struct slice response, const char *server, uint16_t port)
{
    struct http_transaction transaction = {.request = make_request(request, S("")), .response = make_response(response, S(""))};
    struct event event = {.kind = EVENT_HTTP, .us = 5, .tuple = {.dport = port, .proto = 6}, .http = &transaction};
    addr_parse(&event.tuple.dst, slice_str(server));
    hits->count = 0;
    indicator_classifier.see[EVENT_HTTP](state, &event, hits);
}

static void test_http(void)
{
    static struct hits hits;
    for (size_t i = 0; i < sizeof http_rows / sizeof *http_rows; i++) {
        see_http(&hits, guard_copy(http_rows[i].request, 0), guard_copy(http_rows[i].response, 1), http_rows[i].server,
                 http_rows[i].port);
        CHECK(strcmp(subjects(&hits), http_rows[i].subjects) == 0, "%s: %s", http_rows[i].reason, subjects(&hits));
        CHECK(hits.count == 0 || hits.hit[0].bits == http_rows[i].bits, "%s: %g", http_rows[i].reason, (double)hits.hit[0].bits);
        for (unsigned k = 0; k < hits.count; k++)
            CHECK(hits.hit[k].kind == HIT_INDICATOR && hits.hit[k].seen == SEEN_HTTP && hits.hit[k].why[0] &&
                      (hits.hit[k].technique[0][0] != '\0') == (hits.hit[k].family[0] != '\0') &&
                      strcmp(hits.hit[k].indicator.provider, "me") == 0, "%s: %s", http_rows[i].reason, hits.hit[k].why);
    }
}

/* Every text cut at every byte, and bytes changed. */
static void test_hostile(void)
{
    static struct hits hits;
    char text[512];
    uint32_t seed = 77;
    for (size_t i = 0; i < sizeof http_rows / sizeof *http_rows; i++) {
        struct slice request = http_rows[i].request, response = http_rows[i].response;
        for (size_t n = 0; n <= request.len; n++)
            see_http(&hits, guard_copy(slice_head(request, n), 0), response, "192.0.2.9", 80);
        for (size_t n = 0; n <= response.len; n++)
            see_http(&hits, request, guard_copy(slice_head(response, n), 0), "192.0.2.9", 80);
        for (int k = 0; k < 200 && request.len > 0; k++) {
            memcpy(text, request.p, request.len);
            seed = seed * 1664525 + 1013904223;
            text[(seed >> 8) % request.len] = (char)(seed >> 24);
            see_http(&hits, guard_copy(slice_of(text, request.len), 0), response, "192.0.2.9", 80);
        }
    }
    static char lengthy[20000];
    memset(lengthy, 'a', sizeof lengthy - 1);
    memcpy(lengthy, "GET /", 5);
    see_http(&hits, slice_str(lengthy), S(""), "192.0.2.9", 80);
    memcpy(lengthy, "GET http://", 11);
    see_http(&hits, slice_str(lengthy), S(""), "192.0.2.9", 80);
    CHECK(hits.count == 0, "names and targets far too long are listed nowhere");
}

struct answer {
    const char *name, *target, *addr; /* CNAME or address */
};

static const struct {
    const char *reason, *question;
    struct answer answers[3];
    const char *subjects;
} dns_rows[] = {
    {"a question", "bad.com", {{0}}, "domain-name:bad.com"},
    {"a question below", "x.bad.com", {{0}}, "domain-name:bad.com"},
    {"an ordinary one", "good.com", {{"good.com", NULL, "198.51.100.7"}}, ""},
    {"an alias that leads to a listed host", "shop.org", {{"shop.org", "d1.cloudfront.net", NULL}}, "domain-name:d1.cloudfront.net"},
    {"a listed name whose alias is listed by the same row", "bad.com", {{"bad.com", "x.bad.com", NULL}}, "domain-name:bad.com"},
    {"a listed address among the answers, twice", "good.com",
     {{"good.com", NULL, "192.0.2.1"}, {"good.com", NULL, "192.0.2.1"}, {"good.com", NULL, "2001:db8::1"}},
     "ipv4-addr:192.0.2.1 ipv6-addr:2001:db8::1"},
    {"an empty question", "", {{0}}, ""},
};

static void test_dns(void)
{
    static struct hits hits;
    static struct dns_msg dns;
    for (size_t i = 0; i < sizeof dns_rows / sizeof *dns_rows; i++) {
        memset(&dns, 0, sizeof dns);
        dns.questions = 1;
        dns.question = (struct dns_question){slice_str(dns_rows[i].question), DNS_A, 1};
        for (int k = 0; k < 3 && dns_rows[i].answers[k].name != NULL; k++) {
            const struct answer *answer = &dns_rows[i].answers[k];
            struct dns_rr *rr = &dns.rr[dns.answers++];
            *rr = (struct dns_rr){.name = slice_str(answer->name), .type = DNS_CNAME, .class = 1};
            if (answer->target != NULL)
                rr->target = slice_str(answer->target);
            else {
                rr->has_addr = addr_parse(&rr->addr, slice_str(answer->addr));
                rr->type = addr_is_v4(&rr->addr) ? DNS_A : DNS_AAAA;
            }
        }
        dns.answer = dns.answers > 0;
        struct event event = {.kind = EVENT_DNS, .us = 5, .dns = &dns};
        hits.count = 0;
        indicator_classifier.see[EVENT_DNS](state, &event, &hits);
        CHECK(strcmp(subjects(&hits), dns_rows[i].subjects) == 0, "%s: %s", dns_rows[i].reason, subjects(&hits));
        CHECK(hits.count == 0 || (strcmp(hits.hit[0].name, dns_rows[i].question) == 0 && hits.hit[0].seen == SEEN_DNS &&
              hits.hit[0].answer == dns.answer), "%s", dns_rows[i].reason);
    }
    CHECK(hits.count == 0, "the last row tells nothing");
}

static void test_tls(void)
{
    static struct hits hits;
    struct tls_hello hello = {.server_name = "www.bad.com", .quic = true};
    struct event event = {.kind = EVENT_TLS, .us = 5, .tls = &hello};
    addr_parse(&event.tuple.dst, S("192.0.2.1"));
    hits.count = 0;
    indicator_classifier.see[EVENT_TLS](state, &event, &hits);
    CHECK(strcmp(subjects(&hits), "domain-name:bad.com ipv4-addr:192.0.2.1") == 0, "%s", subjects(&hits));
    CHECK(hits.hit[0].seen == SEEN_QUIC && strcmp(hits.hit[0].name, "www.bad.com") == 0, "the name as it was asked for");
    hello.server_name[0] = 0;
    event.tuple.dst = (struct addr){{0}};
    hits.count = 0;
    indicator_classifier.see[EVENT_TLS](state, &event, &hits);
    CHECK(hits.count == 0, "a hello without a name");
}

/* What the payload classifier calls. */
static void test_file(void)
{
    static struct hits hits;
    struct http_transaction transaction = {.request = make_request(S("GET /x\nHost: a.org"), S(""))};
    struct http_piece piece = {.transaction = &transaction, .response = true};
    struct event event = {.kind = EVENT_BODY, .us = 5, .body = &piece};
    hits.count = 0;
    CHECK(indicator_hit(&hits, &event, set, INDICATOR_FILE, S(SHA1)), "a listed hash");
    CHECK(hits.count == 1 && hits.hit[0].bits == 24 && strcmp(hits.hit[0].name, "a.org") == 0 &&
          strcmp(hits.hit[0].technique[0], "T1105") == 0, "with the transaction it came in");
    CHECK(!indicator_hit(&hits, &event, set, INDICATOR_FILE, S("00")), "another");
    CHECK(!indicator_hit(&hits, &event, NULL, INDICATOR_FILE, S(SHA1)), "no set");
    hits.count = 16;
    CHECK(!indicator_hit(&hits, &event, set, INDICATOR_FILE, S(SHA1)), "no room for hits");
}

/* Without any list the classifier opens and finds nothing. */
static void test_none(void)
{
    static struct hits hits;
    char err[ERRLEN];
    void *kept = state;
    state = indicator_classifier.open(&(struct classifier_settings){0}, err);
    CHECK(state != NULL, "%s", err);
    see_http(&hits, S("GET /bapi_chmm.dat\nHost: bad.com"), S(""), "192.0.2.1", 80);
    CHECK(hits.count == 0, "%s", subjects(&hits));
    indicator_classifier.close(state);
    state = kept;
}

int main(void)
{
    open_list(S(LIST));
    test_http();
    test_hostile();
    test_dns();
    test_tls();
    test_file();
    test_none();
    close_list();
    return check_report("indicator");
}
