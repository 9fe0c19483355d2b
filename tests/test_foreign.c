/* Records of Suricata and Zeek as events: what each field becomes, and what hostile ones do. */
#include <stdlib.h>
#include <unistd.h>

#include "capture/dns.h"
#include "capture/http.h"
#include "capture/tls.h"
#include "feeds/foreign.h"
#include "feeds/lines.h"
#include "tests/check.h"

#define EVE(type, from, to, proto) \
    "{\"timestamp\":\"2020-07-13T09:02:11.021566+0000\",\"flow_id\":7,\"event_type\":\"" type "\",\"src_ip\":\"" from "\",\"src_port\":40000," \
    "\"dest_ip\":\"" to "\",\"dest_port\":53,\"proto\":\"" proto "\","
#define BACK(type) \
    "{\"timestamp\":\"2020-07-13T11:02:11.021566+02:00\",\"event_type\":\"" type "\",\"src_ip\":\"10.0.0.1\",\"src_port\":53," \
    "\"dest_ip\":\"10.0.0.9\",\"dest_port\":40000,\"proto\":\"UDP\","
#define ZEEK "{\"ts\":1594630931.021566,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.9\",\"id.orig_p\":40000,\"id.resp_h\":\"10.0.0.1\",\"id.resp_p\":53,"

enum { WHEN = 1594630931 };
#define WHEN_US (WHEN * 1000000ull + 21566)

/* Events in words: what is compared with a row. */
static void describe(const struct event *event, char *out, size_t size)
{
    char client[ADDR_TEXT], server[ADDR_TEXT], address[ADDR_TEXT] = "-";
    size_t n = (size_t)snprintf(out, size, "%s:%u>%s:%u/%u ", addr_format(&event->tuple.src, client), event->tuple.sport,
                                addr_format(&event->tuple.dst, server), event->tuple.dport, event->tuple.proto);
    if (event->us != WHEN_US)
        n += (size_t)snprintf(out + n, size - n, "at %lld ", (long long)(event->us - WHEN_US));
    if (event->kind == EVENT_DNS) {
        const struct dns_msg *dns = event->dns;
        struct addr addr;
        if (dns_addresses(dns, &addr, 1) > 0)
            addr_format(&addr, address);
        snprintf(out + n, size - n, "%s %u %.*s %u rcode %u: %u, %s", dns->answer ? "answer" : "query", dns->id,
                 (int)dns->question.name.len, dns->question.name.p, dns->question.type, dns->rcode, dns->answers, address);
    } else if (event->kind == EVENT_HTTP) {
        const struct http_transaction *t = event->http;
        struct slice host = http_header(&t->request, S("Host"));
        snprintf(out + n, size - n, "http %u %.*s %.*s %.*s %u, %u fields%s, body %zu of %lld and %zu", t->ordinal, (int)t->request.method.len,
                 t->request.method.p, (int)host.len, host.p, (int)t->request.target.len, t->request.target.p, t->response.status,
                 t->request.headers, t->request.headers_left > 0 ? " and more" : "", t->request.body.len,
                 (long long)t->request.body_bytes, t->response.body.len);
    } else if (event->kind == EVENT_TLS) {
        snprintf(out + n, size - n, "%s %s", event->tls->quic ? "quic" : "tls", event->tls->server_name);
    } else {
        snprintf(out + n, size - n, "body %s %zu%s", event->body->response ? "response" : "request", event->body->data.len,
                 event->body->last ? " last" : "");
    }
}

static const struct {
    const char *reason, *line, *events;
} rows[] = {
    {"a query, version 2", EVE("dns", "10.0.0.9", "10.0.0.1", "UDP") "\"dns\":{\"version\":2,\"type\":\"query\",\"id\":9,\"rrname\":\"A.Example\",\"rrtype\":\"AAAA\"}}",
     "10.0.0.9:40000>10.0.0.1:53/17 query 9 a.example 28 rcode 0: 0, -\n"},
    {"an answer, version 1: sent by the server, a line a record", BACK("dns") "\"dns\":{\"type\":\"answer\",\"id\":9,\"rcode\":\"NOERROR\",\"rrname\":\"a.example\",\"rrtype\":\"A\",\"ttl\":8,\"rdata\":\"192.0.2.1\"}}",
     "10.0.0.9:40000>10.0.0.1:53/17 answer 9 a.example 1 rcode 0: 1, 192.0.2.1\n"},
    {"version 2: the client stands first, an alias leads to the address", EVE("dns", "10.0.0.9", "10.0.0.1", "TCP")
     "\"dns\":{\"version\":2,\"type\":\"answer\",\"id\":9,\"rcode\":\"NOERROR\",\"rrname\":\"a.example\",\"rrtype\":\"A\",\"answers\":["
     "{\"rrname\":\"a.example\",\"rrtype\":\"CNAME\",\"ttl\":5,\"rdata\":\"b.example\"},{\"rrname\":\"b.example\",\"rrtype\":\"A\",\"ttl\":5,\"rdata\":\"192.0.2.2\"},"
     "{\"rrname\":\"b.example\",\"rrtype\":\"A\",\"ttl\":5,\"rdata\":\"not an address\"}]}}",
     "10.0.0.9:40000>10.0.0.1:53/6 answer 9 a.example 1 rcode 0: 2, 192.0.2.2\n"},
    {"version 2, grouped only", EVE("dns", "10.0.0.9", "10.0.0.1", "UDP") "\"dns\":{\"version\":2,\"type\":\"answer\",\"id\":9,\"rcode\":\"NOERROR\",\"rrname\":\"a.example\",\"rrtype\":\"A\",\"grouped\":{\"A\":[\"192.0.2.3\",\"192.0.2.4\"]}}}",
     "10.0.0.9:40000>10.0.0.1:53/17 answer 9 a.example 1 rcode 0: 2, 192.0.2.3\n"},
    {"version 3, a request", EVE("dns", "10.0.0.9", "10.0.0.1", "UDP") "\"dns\":{\"version\":3,\"type\":\"request\",\"id\":9,\"queries\":[{\"rrname\":\"a.example\",\"rrtype\":\"HTTPS\"}]}}",
     "10.0.0.9:40000>10.0.0.1:53/17 query 9 a.example 65 rcode 0: 0, -\n"},
    {"version 3, a response", BACK("dns") "\"dns\":{\"version\":3,\"type\":\"response\",\"id\":9,\"rcode\":\"NXDOMAIN\",\"queries\":[{\"rrname\":\"a.example\",\"rrtype\":\"A\"}]}}",
     "10.0.0.9:40000>10.0.0.1:53/17 answer 9 a.example 1 rcode 3: 0, -\n"},
    {"a name with bytes that are no text", EVE("dns", "10.0.0.9", "10.0.0.1", "UDP") "\"dns\":{\"type\":\"query\",\"id\":9,\"rrname\":\"a\\u0000\\u001b.x\",\"rrtype\":\"A\"}}",
     "10.0.0.9:40000>10.0.0.1:53/17 query 9 a\\000\\027.x 1 rcode 0: 0, -\n"},
    {"HTTP with the whole head", EVE("http", "10.0.0.9", "2001:db8::1", "TCP") "\"tx_id\":2,\"http\":{\"hostname\":\"h.example\",\"url\":\"/x\",\"http_method\":\"GET\",\"protocol\":\"HTTP/1.0\",\"status\":404,"
     "\"request_headers\":[{\"name\":\"Host\",\"value\":\"h.example\"},{\"name\":\"Accept\",\"value\":\"*/*\"}]}}",
     "10.0.0.9:40000>2001:db8::1:53/6 http 3 GET h.example /x 404, 2 fields, body 0 of -1 and 0\n"},
    {"HTTP without it: status as text, a port", EVE("http", "10.0.0.9", "192.0.2.1", "TCP") "\"http\":{\"hostname\":\"h.example\",\"http_port\":8080,\"url\":\"/x\",\"http_user_agent\":\"u\",\"http_method\":\"POST\",\"status\":\"200\"}}",
     "10.0.0.9:40000>192.0.2.1:53/6 http 1 POST h.example:8080 /x 200, 2 fields and more, body 0 of -1 and 0\n"},
    {"HTTP bodies where they are logged, whole as their length says", EVE("http", "10.0.0.9", "192.0.2.1", "TCP") "\"http\":{\"hostname\":\"h\",\"url\":\"/\",\"http_method\":\"POST\",\"status\":200,"
     "\"http_request_body\":\"AAEC\",\"http_request_body_printable\":\"...\",\"http_body_printable\":\"text\",\"request_headers\":[{\"name\":\"content-length\",\"value\":\"3\"}]}}",
     "10.0.0.9:40000>192.0.2.1:53/6 body request 3 last\n10.0.0.9:40000>192.0.2.1:53/6 body response 4 last\n"
     "10.0.0.9:40000>192.0.2.1:53/6 http 1 POST  / 200, 1 fields, body 3 of 3 and 4\n"},
    {"TLS", EVE("tls", "10.0.0.9", "192.0.2.1", "TCP") "\"tls\":{\"sni\":\"WWW.Example\",\"version\":\"TLS 1.3\"}}", "10.0.0.9:40000>192.0.2.1:53/6 tls www.example\n"},
    {"QUIC", EVE("quic", "10.0.0.9", "192.0.2.1", "UDP") "\"quic\":{\"version\":\"1\",\"sni\":\"q.example\"}}", "10.0.0.9:40000>192.0.2.1:53/17 quic q.example\n"},
    {"Zeek, a look-up and its answer a round trip later", ZEEK "\"proto\":\"udp\",\"trans_id\":9,\"rtt\":0.25,\"query\":\"a.example\",\"qtype\":1,\"rcode\":0,\"answers\":[\"b.example\",\"192.0.2.5\"],\"TTLs\":[1.0,2.0]}",
     "10.0.0.9:40000>10.0.0.1:53/17 query 9 a.example 1 rcode 0: 0, -\n10.0.0.9:40000>10.0.0.1:53/17 at 250000 answer 9 a.example 1 rcode 0: 2, 192.0.2.5\n"},
    {"Zeek, without an answer", ZEEK "\"proto\":\"tcp\",\"trans_id\":9,\"query\":\"a.example\",\"qtype\":1}", "10.0.0.9:40000>10.0.0.1:53/6 query 9 a.example 1 rcode 0: 0, -\n"},
    {"Zeek, a transaction", ZEEK "\"trans_depth\":4,\"method\":\"GET\",\"host\":\"h.example\",\"uri\":\"/y\",\"referrer\":\"r\",\"user_agent\":\"u\",\"request_body_len\":0,\"status_code\":200}",
     "10.0.0.9:40000>10.0.0.1:53/6 http 4 GET h.example /y 200, 3 fields and more, body 0 of 0 and 0\n"},
    {"Zeek, a connection", ZEEK "\"version\":\"TLSv13\",\"server_name\":\"t.example\",\"established\":true}", "10.0.0.9:40000>10.0.0.1:53/6 tls t.example\n"},
    {"a flow is no event", EVE("flow", "10.0.0.9", "192.0.2.1", "TCP") "\"flow\":{}}", ""},
    {"an alert without a body", EVE("alert", "10.0.0.9", "192.0.2.1", "TCP") "\"alert\":{},\"http\":{\"hostname\":\"h\",\"url\":\"/\",\"http_method\":\"GET\"}}", ""},
    {"Zeek, another log", ZEEK "\"conn_state\":\"SF\"}", ""},
    {"a TLS connection without a name", EVE("tls", "10.0.0.9", "192.0.2.1", "TCP") "\"tls\":{\"version\":\"TLS 1.3\"}}", ""},
};

static void take(struct foreign *f, struct slice line, char *out, size_t size)
{
    struct event event;
    size_t n = 0;
    foreign_take(f, line);
    out[0] = '\0';
    while (foreign_next(f, &event)) {
        describe(&event, out + n, size - n - 1);
        n = strlen(out);
        n += (size_t)snprintf(out + n, size - n, "\n");
    }
}

static void check_rows(struct foreign *f)
{
    char got[4096];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        take(f, slice_str(rows[i].line), got, sizeof got);
        CHECK(strcmp(got, rows[i].events) == 0, "%s:\n%s  not\n%s", rows[i].reason, got, rows[i].events);
    }
}

static uint64_t malformed(const struct foreign *f)
{
    struct foreign_stats stats;
    foreign_stats(f, &stats);
    return stats.malformed + stats.refused;
}

/* Counted, no event, no crash. */
static void check_malformed(struct foreign *f)
{
    static const struct {
        const char *reason, *line;
    } bad[] = {
        {"not JSON", "timestamp event_type dns"}, {"half of it", "{\"event_type\":\"dns\",\"src_ip\""}, {"an array", "[1,2]"}, {"a number", "5"},
        {"invalid UTF-8", "{\"event_type\":\"\xff\xfe\"}"},
        {"no addresses", "{\"timestamp\":\"2020-07-13T09:02:11.021566+0000\",\"event_type\":\"dns\",\"dns\":{\"type\":\"query\",\"id\":1,\"rrname\":\"a\"}}"},
        {"an address that is none", EVE("tls", "10.0.0.999", "192.0.2.1", "TCP") "\"tls\":{\"sni\":\"a.b\"}}"},
        {"dns is a text", EVE("dns", "10.0.0.9", "192.0.2.1", "UDP") "\"dns\":\"query\"}"},
        {"an id that is too large", EVE("dns", "10.0.0.9", "192.0.2.1", "UDP") "\"dns\":{\"type\":\"query\",\"id\":65536,\"rrname\":\"a\"}}"},
        {"an id that is negative", EVE("dns", "10.0.0.9", "192.0.2.1", "UDP") "\"dns\":{\"type\":\"query\",\"id\":-1,\"rrname\":\"a\"}}"},
        {"a type nobody knows", EVE("dns", "10.0.0.9", "192.0.2.1", "UDP") "\"dns\":{\"type\":\"guess\",\"id\":1,\"rrname\":\"a\"}}"},
        {"a name that is an object", EVE("dns", "10.0.0.9", "192.0.2.1", "UDP") "\"dns\":{\"type\":\"query\",\"id\":1,\"rrname\":{}}}"},
        {"http is an array", EVE("http", "10.0.0.9", "192.0.2.1", "TCP") "\"http\":[]}"},
        {"tls is a number", EVE("tls", "10.0.0.9", "192.0.2.1", "TCP") "\"tls\":1e999}"},
        {"Zeek, no time", "{\"id.orig_h\":\"10.0.0.9\",\"id.orig_p\":1,\"id.resp_h\":\"10.0.0.1\",\"id.resp_p\":2,\"trans_id\":1,\"query\":\"a\"}"},
        {"Zeek, a time before all times", "{\"ts\":-5,\"id.orig_h\":\"10.0.0.9\",\"id.orig_p\":1,\"id.resp_h\":\"10.0.0.1\",\"id.resp_p\":2,\"trans_id\":1,\"query\":\"a\"}"},
        {"Zeek, a port that is a text", "{\"ts\":5,\"id.orig_h\":\"10.0.0.9\",\"id.orig_p\":\"x\",\"id.resp_h\":\"10.0.0.1\",\"id.resp_p\":2,\"trans_id\":1,\"query\":\"a\"}"},
    };
    char got[4096];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t before = malformed(f);
        take(f, slice_str(bad[i].line), got, sizeof got);
        CHECK(got[0] == '\0' && malformed(f) == before + 1, "%s: %s", bad[i].reason, got);
    }
    char deep[20000];
    memset(deep, '[', sizeof deep);
    take(f, slice_of(deep, sizeof deep), got, sizeof got);
    CHECK(got[0] == '\0', "nested 20,000 deep");
    static const struct {
        const char *text;
        bool right;
    } times[] = {{"2020-07-13T09:02:11Z", true}, {"2020-07-13T09:02:11.1+0000", true}, {"2020-07-13T09:02:11.123456789-08:00", true},
                 {"2020-07-13T09:02:11", false}, {"2020-07-13", false}, {"2020-07-13T09:02:11.Z", false}, {"1920-07-13T09:02:11Z", false},
                 {"2020-07-13T09:02:11+00", false}, {"2020-07-13T09:02:11Zz", false}, {"2020-99-13T09:02:11Z", false}, {"", false}};
    char line[512];
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        snprintf(line, sizeof line, "{\"timestamp\":\"%s\",\"event_type\":\"tls\",\"src_ip\":\"10.0.0.9\",\"src_port\":1,\"dest_ip\":\"10.0.0.1\",\"dest_port\":2,"
                 "\"proto\":\"TCP\",\"tls\":{\"sni\":\"a.b\"}}", times[i].text);
        take(f, slice_str(line), got, sizeof got);
        CHECK((got[0] != '\0') == times[i].right, "the time '%s'", times[i].text);
    }
}

/* Every value in turn becomes one of another type; every line ends at every byte; bytes are changed at random. */
static void check_hostile(struct foreign *f)
{
    static const char *const other[] = {"null", "true", "-1", "1e308", "\"\"", "[]", "{}", "[[{}]]", "18446744073709551616"};
    char line[4096], got[8192];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice whole = slice_str(rows[i].line);
        for (size_t n = 0; n < whole.len; n++)
            take(f, guard_copy(slice_head(whole, n), 0), got, sizeof got);
        for (size_t at = 0; at < whole.len; at++) {
            if (whole.p[at] != ':' || at == 0 || whole.p[at - 1] != '"')
                continue;
            struct slice value = slice_from(whole, at + 1);
            size_t end = value.p[0] == '"' ? (size_t)(slice_chr(slice_from(value, 1), '"') + 2) : strcspn((const char *)value.p, ",}");
            for (size_t k = 0; k < sizeof other / sizeof *other; k++) {
                int length = snprintf(line, sizeof line, "%.*s%s%s", (int)at + 1, rows[i].line, other[k], (const char *)value.p + end);
                take(f, guard_copy(slice_of(line, (size_t)length), 0), got, sizeof got);
            }
        }
        for (int round = 0; round < 300; round++) {
            memcpy(line, whole.p, whole.len);
            for (int change = 0; change < 3; change++, random = random * 1664525 + 1013904223)
                line[random >> 8 % 24 & 0xfff] = line[(random >> 4) % whole.len], line[(random >> 3) % whole.len] = (char)random;
            take(f, guard_copy(slice_of(line, whole.len), 0), got, sizeof got);
        }
    }
    check_rows(f); /* and after all that it reads as before */
}

/* An alert's bodies go with the heads of the same transaction's record; alone they are told when it does not come. */
static void check_joined(void)
{
    char got[4096], err[ERRLEN];
    struct foreign *f = foreign_open(err);
    static const char alert[] = BACK("alert") "\"direction\":\"to_client\",\"flow_id\":5,\"tx_id\":1,\"alert\":{},\"http\":{\"hostname\":\"h\",\"url\":\"/\",\"http_method\":\"POST\",\"http_request_body\":\"AAEC\"}}";
    static const char http[] = EVE("http", "10.0.0.9", "10.0.0.1", "TCP") "\"tx_id\":1,\"http\":{\"hostname\":\"h\",\"url\":\"/\",\"http_method\":\"POST\",\"status\":200,\"request_headers\":[{\"name\":\"Host\",\"value\":\"h\"}]}}";
    char same[sizeof http];
    snprintf(same, sizeof same, "%s", http);
    *strstr(same, "\"flow_id\":7") = '"';
    memcpy(strstr(same, "flow_id\":7") + 9, "5", 1);
    take(f, slice_str(alert), got, sizeof got);
    CHECK(got[0] == '\0', "an alert with a body waits: %s", got);
    take(f, slice_str(http), got, sizeof got);
    CHECK(strstr(got, "body request") == NULL, "for no other flow: %s", got);
    take(f, slice_str(same), got, sizeof got);
    CHECK(strstr(got, "body request 3") != NULL && strstr(got, "http 2 POST h / 200, 1 fields, body 3") != NULL, "for its own: %s", got);
    take(f, slice_str(alert), got, sizeof got);
    foreign_finish(f);
    take(f, slice_str("{}"), got, sizeof got);
    CHECK(strstr(got, "10.0.0.9:40000>10.0.0.1:53/17 http 2 POST h / 0, 1 fields and more, body 3") != NULL, "told alone at the end, client first: %s", got);
    foreign_close(f);
}

/* Lines that are too long are passed over, whatever follows is read. */
static void check_lines(void)
{
    char path[] = "/tmp/test_foreign.XXXXXX", err[ERRLEN];
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    fprintf(file, "first\r\n\n");
    for (int i = 0; i < 300000; i++)
        fputc('x', file);
    fprintf(file, "\nlast\nhalf");
    fclose(file);
    struct lines *lines = lines_open(path, 4096, err);
    struct lines_stats stats;
    struct slice line;
    CHECK(lines_next(lines, &line, err) == LINES_LINE && slice_eq(line, S("first")), "a line, its end of two bytes cut");
    CHECK(lines_next(lines, &line, err) == LINES_LINE && slice_eq(line, S("last")), "the one after one that is too long");
    CHECK(lines_next(lines, &line, err) == LINES_IDLE, "half a line waits");
    lines_stats(lines, &stats);
    CHECK(stats.too_long == 1 && stats.lines == 2, "counted");
    lines_close(lines);
    unlink(path);
    CHECK(lines_open("/nosuch/file", 4096, err) == NULL && strstr(err, "/nosuch/file: ") != NULL, "%s", err);
    lines_close(NULL);
}

int main(void)
{
    char err[ERRLEN];
    struct foreign *f = foreign_open(err);
    check_rows(f);
    check_malformed(f);
    check_joined();
    check_hostile(f);
    foreign_close(f);
    foreign_close(NULL);
    check_lines();
    return check_report("foreign");
}
