/* The published requests, what differs from each in one thing, and the honest traffic that looks alike. */
#include <stdlib.h>

#include "tests/check.h"
#include "tests/hits.h"
#include "tests/make_http.h"

extern const struct classifier beacon_classifier;

#define CONSTANT "\x00\x08\xDC\x33\x45\xAB\x51\x29\x5F\x6C\x14\x79\x12\xD7\x0F\x4B"
#define HEX_PCRC "3f763d322e3226706372633d313637383737353832" /* ?v=2.2&pcrc=167877582 */
#define HEX_PAIRS "6f733d31302e302669643d3432"                 /* os=10.0&id=42 */
#define STEPS "<Data step1=\"a\" step2=\"b\" step3=\"c\"><FName>x</FName><FHash>y</FHash></Data>"
#define PNG "/a/b.png?ver=1&t=2&domain=d&file=f&ext=e&cache=c&res1=r"
#define BARE "\nHost: wagng.com"
#define BROWSER "\nHost: a.com\nUser-Agent: Mozilla/5.0\nAccept: */*\nAccept-Language: en\nReferer: http://a.com/"

struct row {
    const char *reason;
    struct slice head, body;
    const char *shape, *family; /* shape NULL: nothing is told */
    float bits;
    const char *decoded, *parameter; /* the first parameter; NULL: not checked */
};

static const struct row rows[] = {
    {"IsErIk's request as its script sends it", S("POST /?v=2.2&pcrc=167877582&rv=4.0&r=1" BARE "\nAccept: */*"),
     S("3a4b"), "pcrc-query", "IsErIk", 18, "", "v=2.2"},
    {"its second try", S("POST /?v=2.2&pcrc=167877582&rv=4.0&r=2" BARE), S(""), "pcrc-query", "IsErIk", 18, "", NULL},
    {"a proxy gets the same in absolute form", S("POST http://wagng.com/?v=2.2&pcrc=1&rv=4.0&r=1"), S(""), "pcrc-query",
     "IsErIk", 18, "", NULL},
    {"with a Referer it is not the script, but still the anchored form",
     S("POST /?v=2.2&pcrc=167877582&rv=4.0&r=1" BARE "\nReferer: http://x/"), S(""), "pcrc-query", "IsErIk", 13, "", NULL},
    {"field names are without case", S("POST /?v=2.2&pcrc=167877582&rv=4.0&r=1" BARE "\nREFERER: http://x/"), S(""),
     "pcrc-query", "IsErIk", 13, "", NULL},
    {"eleven digits are no pcrc", S("POST /?v=2.2&pcrc=16787758211&rv=4.0&r=1" BARE), S(""), NULL, NULL, 0, NULL, NULL},
    {"ten are", S("POST /?v=2.2&pcrc=1678775821&rv=4.0&r=1" BARE), S(""), "pcrc-query", "IsErIk", 18, "", NULL},
    {"letters are no pcrc", S("POST /?v=2.2&pcrc=12ab&rv=4.0&r=1" BARE), S(""), NULL, NULL, 0, NULL, NULL},
    {"an empty pcrc is none", S("POST /?v=2.2&pcrc=&rv=4.0&r=1" BARE), S(""), NULL, NULL, 0, NULL, NULL},
    {"another parameter that ends in pcrc", S("POST /?v=2.2&xpcrc=12" BARE), S(""), NULL, NULL, 0, NULL, NULL},
    {"a percent sign in the target is a byte like any other", S("POST /?v=%v&pcrc=%d" BARE), S(""), NULL, NULL, 0, NULL, NULL},

    {"DealPly 2015, exactly", S("POST /?pcrc=123&v=1.2.3" BARE), S("x"), "pcrc-query", "DealPly", 18, "", "pcrc=123"},
    {"the same with a Referer is the loose form", S("POST /?pcrc=123&v=1.2.3" BARE "\nReferer: x"), S(""), "pcrc-query",
     "DealPly", 12, "", NULL},
    {"something behind it: the loose form", S("POST /?pcrc=123&v=1.2.3&z=1" BARE), S(""), "pcrc-query", "DealPly", 12, "", NULL},
    {"DealPly 2015 with LSVRDT", S("GET /?v=1&pcrc=77&LSVRDT=a&ty=b" BARE), S(""), "pcrc-query", "DealPly", 18, "", NULL},
    {"the same with a user agent", S("GET /?v=1&pcrc=77&LSVRDT=a&ty=b" BARE "\nUser-Agent: x"), S(""), "pcrc-query",
     "DealPly", 12, "", NULL},
    {"DealPly 2015 with LUDT", S("POST /?v=1&pcrc=77&LUDT=a" BARE), S(""), "pcrc-query", "DealPly", 18, "", NULL},
    {"LUDT in a GET", S("GET /?v=1&pcrc=77&LUDT=a" BARE), S(""), "pcrc-query", "DealPly", 12, "", NULL},
    {"DealPly 2016, exactly; Accept itself is allowed", S("POST /?v=1.5&pcrc=9" BARE "\nAccept: */*"), S(""), "pcrc-query",
     "DealPly", 18, "", NULL},
    {"the same with Accept-Encoding", S("POST /?v=1.5&pcrc=9" BARE "\nAccept-Encoding: gzip"), S(""), "pcrc-query", "DealPly",
     12, "", NULL},

    {"DealPly 2014", S("POST /a/pxl/b?e=-1&x=2&c=3" BARE), S(""), "pxl", "DealPly", 12, "", NULL},
    {"the pixel by GET", S("GET /a/pxl/b?e=-1&x=2&c=3" BARE), S(""), NULL, NULL, 0, NULL, NULL},
    {"with a Referer", S("POST /a/pxl/b?e=-1&x=2&c=3" BROWSER), S(""), NULL, NULL, 0, NULL, NULL},
    {"c before e", S("POST /a/pxl/b?c=3&e=-1" BARE), S(""), NULL, NULL, 0, NULL, NULL},

    {"DealPly 2019 asks for a blob", S("GET /getblob?v=1&cache=77\nHost: a.com"), S(""), "getblob", "DealPly", 16, "", NULL},
    {"the same from a program that sends Accept", S("GET /getblob?v=1&cache=77\nHost: a.com\nAccept: */*"), S(""), NULL, NULL,
     0, NULL, NULL},
    {"… Accept-Encoding", S("GET /getblob?v=1&cache=77\nHost: a.com\nAccept-Encoding: gzip"), S(""), NULL, NULL, 0, NULL, NULL},
    {"… Cache-Control", S("GET /getblob?v=1&cache=77\nHost: a.com\nCache-Control: no-cache"), S(""), NULL, NULL, 0, NULL, NULL},
    {"… a user agent", S("GET /getblob?v=1&cache=77\nHost: a.com\nUser-Agent: x"), S(""), NULL, NULL, 0, NULL, NULL},
    {"not at the start of the path", S("GET /x/getblob?v=1&cache=77\nHost: a.com"), S(""), NULL, NULL, 0, NULL, NULL},

    {"VCSoapClient's picture", S("GET " PNG "\nUser-Agent: VCSoapClient"), S(""), "vcsoap-png", "DealPly", 14, "", "ver=1"},
    {"the picture from a browser", S("GET " PNG "\nUser-Agent: Mozilla/5.0"), S(""), NULL, NULL, 0, NULL, NULL},
    {"VCSoapClient alone is a library's default", S("GET /a.png\nUser-Agent: VCSoapClient"), S(""), NULL, NULL, 0, NULL, NULL},

    {"the constant in a body", S("POST /x\nHost: a\nAccept: */*\nCache-Control: no-cache"), S("ab" CONSTANT "cd"),
     "body-constant", "DealPly", 24, "", NULL},
    {"at the body's very end", S("POST /x\nAccept: */*\nCache-Control: no-cache"), S("ab" CONSTANT), "body-constant",
     "DealPly", 24, "", NULL},
    {"one byte of it missing", S("POST /x\nAccept: */*\nCache-Control: no-cache"),
     {(const uint8_t *)"ab" CONSTANT, 2 + 15}, NULL, NULL, 0, NULL, NULL},
    {"Cache-Control is not the last field", S("POST /x\nAccept: */*\nCache-Control: no-cache\nHost: a"), S(CONSTANT), NULL, NULL,
     0, NULL, NULL},
    {"another Accept", S("POST /x\nAccept: text/html\nCache-Control: no-cache"), S(CONSTANT), NULL, NULL, 0, NULL, NULL},
    {"a Referer", S("POST /x\nReferer: http://a/\nAccept: */*\nCache-Control: no-cache"), S(CONSTANT), NULL, NULL, 0, NULL, NULL},

    {"a query in hex", S("POST /?" HEX_PCRC BARE), S(""), "hex-parameters", "IsErIk", 18, "?v=2.2&pcrc=167877582", "v=2.2"},
    {"a parameter in hex", S("POST /x?a=1&q=" HEX_PCRC BARE), S(""), "hex-parameters", "IsErIk", 18, "?v=2.2&pcrc=167877582",
     "v=2.2"},
    {"hex in capitals", S("POST /x?q=3F763D322E3226706372633D31" BARE), S(""), "hex-parameters", "IsErIk", 18, "?v=2.2&pcrc=1",
     NULL},
    {"a form's parameter in hex", S("POST /x" BROWSER), S("a=1&q=" HEX_PCRC "&z=2"), "hex-parameters", "IsErIk", 18,
     "?v=2.2&pcrc=167877582", NULL},
    {"a body in hex", S("POST /x" BROWSER), S(HEX_PCRC), "hex-body", "IsErIk", 18, "?v=2.2&pcrc=167877582", NULL},
    {"… with a line end behind it", S("POST /x" BROWSER), S(HEX_PCRC "\r\n"), "hex-body", "IsErIk", 18, NULL, NULL},
    {"an odd number of digits is no hex text", S("POST /x" BROWSER), S(HEX_PCRC "3"), NULL, NULL, 0, NULL, NULL},
    {"other pairs in a body in hex, to some interface: support only", S("POST /licence" BARE), S(HEX_PAIRS), "hex-body", "", 7,
     "os=10.0&id=42", "os=10.0"},
    {"other pairs in a parameter", S("POST /licence?k=" HEX_PAIRS BARE), S(""), "hex-parameters", "", 7, "os=10.0&id=42", NULL},
    {"other pairs, to the root, without Referer or Cookie", S("POST /" BARE), S(HEX_PAIRS), "hex-body", "", 11, "os=10.0&id=42",
     NULL},
    {"the same with a Cookie", S("POST /" BARE "\nCookie: a=b"), S(HEX_PAIRS), "hex-body", "", 7, NULL, NULL},
    {"one pair only, to the root", S("POST /" BARE), S("6c6963656e63653d3432"), "hex-body", "", 7, "licence=42", NULL},
    {"other pairs in a GET are nobody's shape", S("GET /licence?k=" HEX_PAIRS BARE), S(""), NULL, NULL, 0, NULL, NULL},
    {"IsErIk's request with a body in hex is one finding, with both said", S("POST /?v=2.2&pcrc=1&rv=4.0&r=1" BARE),
     S(HEX_PAIRS), "pcrc-query", "IsErIk", 18, "os=10.0&id=42", "os=10.0"},

    {"TikTok's player: pcrc in the middle of a query that begins otherwise",
     S("GET /video/tos/abc/?a=1233&br=2&pcrc=123456&v=2" BROWSER), S(""), NULL, NULL, 0, NULL, NULL},
    {"… and on the root", S("GET /?a=1233&v=2&pcrc=123456" BROWSER), S(""), NULL, NULL, 0, NULL, NULL},
    {"a POST to the root with a query and no Referer", S("POST /?id=42&token=abc" BARE), S("data"), NULL, NULL, 0, NULL, NULL},
    {"a version in a query on the root", S("POST /?v=2.2" BARE), S("{}"), NULL, NULL, 0, NULL, NULL},
    {"telemetry with a SHA-256 in hex",
     S("POST /t?d=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" BARE), S(""), NULL, NULL, 0, NULL, NULL},
    {"… in a form", S("POST /" BARE), S("sig=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08&n=1"), NULL, NULL, 0,
     NULL, NULL},
    {"… as the whole body", S("POST /" BARE), S("d41d8cd98f00b204e9800998ecf8427e"), NULL, NULL, 0, NULL, NULL},
    {"a long number is hex too, but no text", S("POST /" BARE), S("31323334353637383930313233343536"), NULL, NULL, 0, NULL, NULL},
    {"base64 with its padding, in hex: a token, not a pair", S("POST /" BARE), S("64475679645756314f513d3d"), NULL, NULL, 0, NULL,
     NULL},
    {"a sentence in hex", S("POST /" BARE), S("68656c6c6f2c20776f726c64206f66206865782e"), NULL, NULL, 0, NULL, NULL},
    {"geoplugin is asked by honest sites", S("GET /json.gp\nHost: www.geoplugin.net"), S(""), NULL, NULL, 0, NULL, NULL},
    {"an empty target", S("GET "), S(""), NULL, NULL, 0, NULL, NULL},
    {"a tunnel's request", S("CONNECT a.com:443\nHost: a.com:443"), S(""), NULL, NULL, 0, NULL, NULL},
};

static const struct {
    const char *reason;
    struct slice head, body;
    bool told;
} answers[] = {
    {"the list of steps", S("200\nContent-Type: text/xml"), S(STEPS), true},
    {"refused", S("404"), S(STEPS), false},
    {"a step missing", S("200"), S("<Data step1=\"a\" step2=\"b\"></FName><FHash>"), false},
    {"not at the start", S("200"), S(" " STEPS), false},
    {"the file before the steps", S("200"), S("<Data </FName><FHash> step1=\"a\" step2=\"b\" step3=\"c\">"), false},
    {"a line for each step", S("200"), S("<Data \r\nstep1=\"\"\nstep2=\"\"\nstep3=\"\">\n</FName><FHash>"), true},
    {"no file", S("200"), S("<Data step1=\"a\" step2=\"b\" step3=\"c\"/>"), false},
};

static void see(struct hits *hits, const struct http_transaction *transaction)
{
    struct event event = {.kind = EVENT_HTTP, .us = 1, .http = transaction};
    hits->count = 0;
    beacon_classifier.see[EVENT_HTTP](NULL, &event, hits);
}

static void test_rows(void)
{
    static struct hits hits;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct http_transaction transaction = {.request = make_request(row->head, guard_copy(row->body, 0))};
        see(&hits, &transaction);
        CHECK(hits.count == (row->shape != NULL), "%s", row->reason);
        if (hits.count == 0 || row->shape == NULL)
            continue;
        const struct hit *hit = &hits.hit[0];
        CHECK(strcmp(hit->beacon.shape, row->shape) == 0, "%s: %s", row->reason, hit->beacon.shape);
        CHECK(strcmp(hit->family, row->family) == 0, "%s: %s", row->reason, hit->family);
        CHECK(hit->bits == row->bits, "%s: %g bits", row->reason, (double)hit->bits);
        CHECK(hit->why[0] != '\0' && strcmp(hit->technique[0], "T1071.001") == 0 && hit->technique[1][0], "%s", row->reason);
        CHECK(hit->kind == HIT_BEACON && hit->seen == SEEN_HTTP && hit->http.method[0] != '\0', "%s", row->reason);
        if (row->decoded != NULL)
            CHECK(strcmp(hit->beacon.decoded, row->decoded) == 0, "%s: %s", row->reason, hit->beacon.decoded);
        if (row->parameter != NULL)
            CHECK(strcmp(hit->beacon.parameter[0], row->parameter) == 0, "%s: %s", row->reason, hit->beacon.parameter[0]);
    }
}

static void test_answers(void)
{
    static struct hits hits;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct http_transaction transaction = {.request = make_request(S("GET /x\nHost: a.com"), S("")),
                                               .response = make_response(answers[i].head, guard_copy(answers[i].body, 1))};
        see(&hits, &transaction);
        CHECK(hits.count == answers[i].told, "%s", answers[i].reason);
        CHECK(!answers[i].told || strcmp(hits.hit[0].beacon.shape, "data-steps") == 0, "%s", answers[i].reason);
        transaction.request = (struct http_message){0};
        see(&hits, &transaction);
        CHECK(hits.count == answers[i].told, "%s, its request not seen", answers[i].reason);
    }
}

/* Every head cut at every byte, and its body likewise: nothing is read past the end. */
static void test_truncations(void)
{
    static struct hits hits;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t n = 0; n <= rows[i].head.len; n++) {
            struct http_transaction transaction = {
                .request = make_request(guard_copy(slice_head(rows[i].head, n), 0), guard_copy(rows[i].body, 1))};
            see(&hits, &transaction);
            CHECK(hits.count <= 1, "%s, head cut at %zu", rows[i].reason, n);
        }
        for (size_t n = 0; n <= rows[i].body.len; n++) {
            struct http_transaction transaction = {
                .request = make_request(rows[i].head, guard_copy(slice_head(rows[i].body, n), 0))};
            see(&hits, &transaction);
            CHECK(hits.count <= 1, "%s, body cut at %zu", rows[i].reason, n);
        }
    }
}

/* The longest of everything: text is cut, never spilt. */
static void test_bounds(void)
{
    static struct hits hits;
    static char head[20000], body[20000];
    size_t n = (size_t)snprintf(head, sizeof head, "POST /?v=2.2&pcrc=1&z=");
    memset(head + n, 'a', 15000);
    snprintf(head + n + 15000, sizeof head - n - 15000, "\nHost: %0*d.com\nUser-Agent: %01000d", 1000, 7, 7);
    for (size_t i = 0; i < sizeof body; i += 8)
        memcpy(body + i, "613d6226", 8); /* a=b& */
    struct http_transaction transaction = {.request = make_request(slice_str(head), slice_of(body, sizeof body))};
    see(&hits, &transaction);
    CHECK(hits.count == 1 && hits.hit[0].bits == 12, "a query of 15,000 bytes");
    CHECK(strlen(hits.hit[0].beacon.decoded) == sizeof hits.hit[0].beacon.decoded - 1, "the preview is as long as its room");
    CHECK(hits.hit[0].beacon.parameters == HIT_PARAMETERS, "no more parameters than places");

    transaction.request = make_request(S("POST /x\nHost: a"), slice_of(body, sizeof body));
    see(&hits, &transaction);
    CHECK(hits.count == 1 && strcmp(hits.hit[0].beacon.shape, "hex-body") == 0, "a hex body longer than what is kept of it");
}

/* Fields that were not kept may have been any: absence is not claimed. */
static void test_many_fields(void)
{
    static struct hits hits;
    static char head[4096];
    size_t n = (size_t)snprintf(head, sizeof head, "GET /getblob?v=1&cache=2");
    for (int i = 0; i < HTTP_HEADERS + 1; i++)
        n += (size_t)snprintf(head + n, sizeof head - n, "\nX-%d: y", i);
    struct http_transaction transaction = {.request = make_request(slice_str(head), S(""))};
    see(&hits, &transaction);
    CHECK(hits.count == 0, "65 fields, the last of them unknown");
    transaction.request = make_request(S("GET /getblob?v=1&cache=2"), S(""));
    transaction.request.flags |= HTTP_LIMIT;
    see(&hits, &transaction);
    CHECK(hits.count == 0, "a head cut at a limit");
}

static void test_subject(void)
{
    static struct hits hits;
    char first[HIT_NAME];
    struct http_transaction transaction = {.request = make_request(S("POST /?v=2.2&pcrc=1&rv=4.0&r=1" BARE), S(""))};
    see(&hits, &transaction);
    memcpy(first, hits.hit[0].subject, sizeof first);
    transaction.request = make_request(S("POST /?v=2.2&pcrc=1&rv=4.0&r=2" BARE), S(""));
    see(&hits, &transaction);
    CHECK(strcmp(first, hits.hit[0].subject) == 0, "the second try is the same evidence");
    CHECK(strcmp(first, "pcrc-query wagng.com") == 0, "%s", first);
    transaction.request = make_request(S("POST /?v=2.2&pcrc=1&rv=4.0&r=2"), S(""));
    see(&hits, &transaction);
    CHECK(strcmp(hits.hit[0].subject, "pcrc-query ::") == 0, "no host named: the server's address: %s", hits.hit[0].subject);
}

static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

static void test_mutations(void)
{
    static struct hits hits;
    char head[1024], body[256];
    uint32_t state = 20201;
    for (int i = 0; i < 20000; i++) {
        const struct row *row = &rows[next(&state) % (sizeof rows / sizeof *rows)];
        size_t head_length = slice_text(row->head, head, sizeof head);
        size_t body_length = row->body.len < sizeof body ? row->body.len : sizeof body;
        memcpy(body, row->body.p, body_length);
        for (uint32_t k = next(&state) % 6; k > 0; k--) {
            head[next(&state) % head_length] = (char)next(&state);
            if (body_length > 0)
                body[next(&state) % body_length] = (char)next(&state);
        }
        struct http_transaction transaction = {
            .request = make_request(guard_copy(slice_of(head, head_length), 0), guard_copy(slice_of(body, body_length), 1))};
        see(&hits, &transaction);
    }
    CHECK(true, "20,000 mutated requests are seen without a crash");
}

int main(void)
{
    test_rows();
    test_answers();
    test_truncations();
    test_bounds();
    test_many_fields();
    test_subject();
    test_mutations();
    return check_report("beacon");
}
