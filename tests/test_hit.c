/* Which server a request names, and what a hit keeps of a transaction. */
#include "classifiers/hit.h"
#include "tests/check.h"
#include "tests/make_http.h"

static const struct {
    const char *reason;
    struct slice request;
    const char *host, *name, *path;
} rows[] = {
    {"the Host field", S("GET /a?b\nHost: A.com"), "a.com", "a.com", "/a?b"},
    {"with a port", S("GET /\nHost: a.com:8080"), "a.com", "a.com", "/"},
    {"the root's dot, then a port", S("GET /\nhost: a.com.:80"), "a.com", "a.com", "/"},
    {"blanks around", S("GET /\nHost:  \ta.com \t"), "a.com", "a.com", "/"},
    {"none", S("GET /"), "", "", "/"},
    {"absolute form: its own authority counts", S("GET http://a.com/x\nHost: b.com"), "a.com", "a.com", "/x"},
    {"absolute form without a path", S("GET HTTP://a.com\nHost: b.com"), "a.com", "a.com", ""},
    {"absolute form with a query alone", S("GET https://a.com?q=/\nHost: b.com"), "a.com", "a.com", "?q=/"},
    {"a user, as phishers write it", S("GET http://bank.com@a.com:80/x"), "a.com", "a.com", "/x"},
    {"several at signs", S("GET http://x@y@a.com/"), "a.com", "a.com", "/"},
    {"a tunnel", S("CONNECT a.com:443\nHost: b.com"), "a.com", "a.com", ""},
    {"an address is a host, but no name", S("GET /\nHost: 192.0.2.1:80"), "192.0.2.1", "", "/"},
    {"IPv6", S("GET /\nHost: [2001:DB8::1]:80"), "2001:db8::1", "", "/"},
    {"IPv6 that breaks off", S("GET /\nHost: [2001:db8::1"), "2001:db8::1", "", "/"},
    {"an asterisk", S("OPTIONS *\nHost: a.com"), "a.com", "a.com", "*"},
    {"nothing but signs", S("GET /\nHost: @:."), "", "", "/"},
    {"no target", S("GET \nHost: a.com"), "a.com", "a.com", ""},
};

static void test_hosts(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t n = rows[i].request.len + 1; n-- > 0;) { /* whole first, then every truncation */
            struct http_transaction transaction = {.request = make_request(guard_copy(slice_head(rows[i].request, n), 0), S(""))};
            struct hit hit = {0};
            hit_http_set(&hit, &transaction);
            struct slice path = hit_path(&transaction.request);
            if (n < rows[i].request.len)
                continue;
            CHECK(strcmp(hit.http.host, rows[i].host) == 0, "%s: %s", rows[i].reason, hit.http.host);
            CHECK(strcmp(hit.name, rows[i].name) == 0, "%s: %s", rows[i].reason, hit.name);
            CHECK(slice_eq(path, slice_str(rows[i].path)), "%s: %.*s", rows[i].reason, (int)path.len, path.p);
        }
}

static void test_kept(void)
{
    static char head[9000];
    memset(head, 'x', sizeof head - 1);
    memcpy(head, "GET /", 5);
    memcpy(head + 4000, "\nHost: ", 7);
    memcpy(head + 6000, "\nUser-Agent: ", 13);
    struct http_transaction transaction = {.request = make_request(slice_str(head), S("secret")),
                                           .response = make_response(S("404\nContent-Type: Text/HTML ; charset=x"), S("abc"))};
    struct hit hit = {0};
    hit_http_set(&hit, &transaction);
    CHECK(strlen(hit.http.target) == HIT_TARGET - 1 && strlen(hit.http.host) == HIT_NAME - 1 &&
              strlen(hit.http.user_agent) == sizeof hit.http.user_agent - 1, "text too long is cut to its room");
    CHECK(hit.http.status == 404 && hit.http.request_bytes == 6 && hit.http.response_bytes == 3 && hit.seen == SEEN_HTTP,
          "what the transaction says of itself");
    CHECK(strcmp(hit.http.mime_type, "text/html") == 0, "the type without its parameters: %s", hit.http.mime_type);
    CHECK(memmem(&hit, sizeof hit, "secret", 6) == NULL, "a body is counted, never kept");
}

static void test_words(void)
{
    struct hit hit = {0};
    hit_technique(&hit, "T1041");
    hit_technique(&hit, "T1071.001");
    hit_technique(&hit, "T1041");
    CHECK(strcmp(hit.technique[1], "T1071.001") == 0 && hit.technique[2][0] == '\0', "an id stands once");
    hit_technique(&hit, "T1105");
    hit_technique(&hit, "T1132.001");
    hit_technique(&hit, "T1176");
    CHECK(strcmp(hit.technique[3], "T1132.001") == 0 && hit.why[0] == '\0', "a fifth is left out, and spills nowhere");
    hit_why(&hit, "%0300d", 7);
    CHECK(strlen(hit.why) == sizeof hit.why - 1 && hit.bits == 0, "a reason too long is cut");
}

int main(void)
{
    test_hosts();
    test_kept();
    test_words();
    return check_report("hit");
}
