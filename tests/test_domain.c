#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "capture/dns.h"
#include "capture/http.h"
#include "capture/tls.h"
#include "classifiers/name.h"
#include "classifiers/punycode.h"
#include "classifiers/engine.h"
#include "classifiers/suffix.h"
#include "feeds/allow.h"
#include "feeds/name_chance.h"
#include "tests/check.h"

enum verdict { NOTHING, FITS, HIT }; /* not the grammar; the grammar but below the floor; a hit */

static const struct row {
    const char *name;
    enum verdict verdict;
    const char *label, *reason;
} rows[] = {
    {"tuwoqol.com", HIT, "tuwoqol", "listed, DealPly"},
    {"qamopo.com", HIT, "qamopo", "listed, ManageX"},
    {"daqah.com", HIT, "daqah", "listed, five letters"},
    {"nusojog.com", HIT, "nusojog", "listed, ends in a consonant"},
    {"pawotapu.com", HIT, "pawotapu", "listed, eight letters"},
    {"hajanac.com", HIT, "hajanac", "listed, the most ordinary of them"},
    {"www.tuwoqol.com", HIT, "tuwoqol", "a name below it is still its name"},
    {"a.b.c.d.qamopo.com", HIT, "qamopo", "far below it"},
    {"_dmarc.qamopo.com", HIT, "qamopo", "an underscore in a label that is not judged"},
    {"qamopo.com.", HIT, "qamopo", "with the last dot"},
    {"quqajuq.com", HIT, "quqajuq", "not listed, but nobody's brand"},
    {"wagng.com", NOTHING, "wagng", "listed, typed by hand: the indicators' business"},
    {"cwnpu.com", NOTHING, "cwnpu", "listed, no vowel between"},
    {"bxvdc.com", NOTHING, "bxvdc", "listed, no vowel at all"},
    {"adofd.com", NOTHING, "adofd", "listed, begins with a vowel"},
    {"color.com", FITS, "color", "a word"},
    {"local.com", FITS, "local", "a word"},
    {"total.com", FITS, "total", "a word"},
    {"honor.com", HIT, "honor", "a word and a brand: a hit of few bits, which the list of look-alikes takes back"},
    {"canon.com", HIT, "canon", "a brand made of frequent grams: likewise"},
    {"natura.com", FITS, "natura", "a word of other languages"},
    {"motorola.com", HIT, "motorola", "a brand: likewise"},
    {"google.com", NOTHING, "google", "two consonants together"},
    {"toyota.com", NOTHING, "toyota", "y is not a letter of the family"},
    {"xerox.com", NOTHING, "xerox", "x and e are not"},
    {"nivea.com", NOTHING, "nivea", "i, v and e are not"},
    {"vodafo.com", NOTHING, "vodafo", "v is not"},
    {"amazon.com", NOTHING, "amazon", "z is not, and a vowel begins it"},
    {"oqamopu.com", NOTHING, "oqamopu", "alternates, but a vowel begins it"},
    {"lyvyxor.com", NOTHING, "lyvyxor", "Simda: alternates only where y is a vowel"},
    {"qamo.com", NOTHING, "qamo", "four letters"},
    {"qamopoqab.com", NOTHING, "", "nine letters"},
    {"qamopo1.com", NOTHING, "qamopo1", "a digit"},
    {"qam-opo.com", NOTHING, "qam-opo", "a hyphen"},
    {"qamopo.net", NOTHING, "", "not .com"},
    {"qamopo.com.br", NOTHING, "", "not .com itself"},
    {"qamopo.co", NOTHING, "", "nearly .com"},
    {"qamopo.xcom", NOTHING, "", "ends in the letters, not the label"},
    {"qamopocom", NOTHING, "", "no dot"},
    {"qamopo", NOTHING, "", "one label"},
    {"com", NOTHING, "", "the top level alone"},
    {".com", NOTHING, "", "nothing before the top level"},
    {"com.", NOTHING, "", "the top level with its dot"},
    {"", NOTHING, "", "the root"},
    {".", NOTHING, "", "the root with its dot"},
    {"..", NOTHING, "", "two dots"},
    {"qamopo..com", NOTHING, "", "an empty label"},
    {"qamopo.com..", NOTHING, "", "two last dots"},
    {"QAMOPO.COM", NOTHING, "", "upper case: names are given in lower case"},
    {"qamopo.cloudfront.net", NOTHING, "", "a customer of a network, not a registered .com"},
    {"d2wv7denc1jx9z.cloudfront.net", NOTHING, "", "listed: by exact match only"},
    {"qamopo.blogspot.com", NOTHING, "", "a private suffix: the registered name is qamopo.blogspot.com"},
    {"qamopo.s3.amazonaws.com", NOTHING, "", "a private suffix of three labels"},
    {"blogspot.com", NOTHING, "blogspot", "a private suffix itself"},
    {"xn--mnchen-3ya.com", NOTHING, "", "punycode: the generator knows 20 letters"},
    {"xn--qamop-4ta.com", NOTHING, "", "punycode that would fit without its accent"},
    {"xn--qamopo.com", NOTHING, "", "punycode that is none"},
    {"qa\\000mo.com", NOTHING, "qa\\000mo", "an escaped byte"},
    {"qamop\303\266.com", NOTHING, "qamop\303\266", "bytes above ASCII"},
    {"1.0.0.127.in-addr.arpa", NOTHING, "", "a reverse name"},
    {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk.com", NOTHING, "", "a label of 63 bytes"},
    {"qaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaqaq.com", NOTHING, "", "63 bytes that alternate"},
    {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk.qamopo.com", HIT, "qamopo", "63 bytes before it"},
};

enum { ROWS = sizeof rows / sizeof *rows };

static void test_rows(void)
{
    for (unsigned i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        struct name_score score;
        bool fits = name_judge(&score, guard_copy(slice_str(row->name), 0));
        CHECK(fits == (row->verdict != NOTHING), "%s: %s", row->name, row->reason);
        CHECK(fits == score.grammar, "%s: %s", row->name, row->reason);
        CHECK((score.bits >= NAME_FLOOR_BITS) == (row->verdict == HIT), "%s: %.2f bits: %s", row->name,
              (double)score.bits, row->reason);
        CHECK(score.bits < NAME_CAP_BITS, "%s: one name alone stays below the threshold", row->name);
        if (fits)
            CHECK(slice_eq(score.label, slice_str(row->label)), "%s: label %.*s", row->name, (int)score.label.len,
                  (const char *)score.label.p);
    }
}

/* Every name, cut anywhere at either end, its last byte before a guard page. */
static void test_truncation(void)
{
    for (unsigned i = 0; i < ROWS; i++) {
        struct slice name = slice_str(rows[i].name);
        for (size_t n = 0; n <= name.len; n++) {
            struct name_score score;
            struct slice cut = guard_copy(slice_head(name, n), 0), tail = guard_copy(slice_from(name, n), 1);
            struct slice registered = suffix_registered(cut);
            char text[PUNYCODE_TEXT];
            name_judge(&score, cut);
            CHECK(score.label.len == 0 || score.label.p >= cut.p, "%s cut to %zu: the label lies within", rows[i].name,
                  n);
            CHECK(registered.len <= cut.len, "%s cut to %zu: so does the registered domain", rows[i].name, n);
            name_judge(&score, tail);
            name_alternation(tail);
            punycode_decode(cut, text);
        }
    }
}

static void test_suffix(void)
{
    static const struct {
        const char *name, *registered, *reason;
    } suffixes[] = {
        {"qamopo.com", "qamopo.com", "as it is"},
        {"www.qamopo.com", "qamopo.com", "the host goes"},
        {"www.bbc.co.uk", "bbc.co.uk", "a suffix of two labels"},
        {"d2wv7denc1jx9z.cloudfront.net", "d2wv7denc1jx9z.cloudfront.net", "the private section: a name of its own"},
        {"a.qamopo.blogspot.com", "qamopo.blogspot.com", "the private section below .com"},
        {"x.kawasaki.jp", "", "a wildcard rule"},
        {"www.city.kawasaki.jp", "city.kawasaki.jp", "and its exception"},
        {"a.b.unknowntld", "b.unknowntld", "an unknown top level"},
        {"com", "", "a public suffix"},
        {"blogspot.com", "", "a private suffix"},
        {"", "", "nothing"},
    };
    for (unsigned i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        struct slice got = suffix_registered(guard_copy(slice_str(suffixes[i].name), 0));
        CHECK(slice_eq(got, slice_str(suffixes[i].registered)), "%s gives %.*s: %s", suffixes[i].name, (int)got.len,
              (const char *)got.p, suffixes[i].reason);
    }
}

static void test_alternation(void)
{
    static const struct {
        const char *label;
        float share;
        const char *reason;
    } labels[] = {
        {"qamopo", 1, "strictly"},
        {"google", 0.6f, "three of the five pairs"},
        {"bxvdc", 0, "no vowel"},
        {"a", 0, "one letter has no neighbour"},
        {"", 0, "nothing"},
        {"a1a1", 0, "digits never match"},
        {"lyvyxor", 1.f / 3, "y is no vowel here"},
    };
    for (unsigned i = 0; i < sizeof labels / sizeof *labels; i++) {
        float got = name_alternation(guard_copy(slice_str(labels[i].label), 0)), off = got - labels[i].share;
        CHECK(off > -0.001f && off < 0.001f, "%s: %.2f: %s", labels[i].label, (double)got, labels[i].reason);
    }
}

/* What the contract says of names and clients, in numbers: one is not enough, two are, many askers need more. */
static void test_sums(void)
{
    static const char *const strict[] = {"tuwoqol.com", "qamopo.com",   "daqah.com",
                                         "hajanac.com", "gukacado.com", "mogaf.com"};
    enum { NAMES = sizeof strict / sizeof *strict };
    float bits[NAMES];
    for (unsigned i = 0; i < NAMES; i++) {
        struct name_score score;
        name_judge(&score, slice_str(strict[i]));
        bits[i] = score.bits;
        CHECK(bits[i] < 10, "%s: %.2f bits alone stay below the threshold", strict[i], (double)bits[i]);
        for (unsigned k = 0; k < i; k++)
            CHECK(bits[i] + bits[k] >= 10, "%s and %s together do not", strict[i], strict[k]);
    }
    struct name_score weaker, stronger;
    name_judge(&weaker, S("tuwoqol.com"));
    name_judge(&stronger, S("qamopo.com"));
    CHECK(weaker.ngram_bits < stronger.ngram_bits && weaker.bits < stronger.bits, "near the cap, too, more is more");
    CHECK(name_chance_bits(0) == 0 && name_chance_bits(NAME_CHANCE_HOST) == 0, "one host: nothing is taken off");
    CHECK(name_chance_bits(1600) < 8, "a few more names: two strong ones are still enough");
    CHECK(name_chance_bits(10000) > 18, "ten thousand names: two that fit are no wonder");
    CHECK(name_chance_bits(300000) > 238 * 6.9f, "three hundred thousand: 238 did, of 6.9 bits each");
    for (double asked = NAME_CHANCE_HOST; asked < 1e7; asked *= 1.1)
        CHECK(name_chance_bits(asked * 1.1) > name_chance_bits(asked), "%.0f names: the more, the more by chance",
              asked);
}

/* The built-in list: every name on it fits, and names that everybody knows are on it. */
static void test_lookalikes(void)
{
    static const char *const known[] = {"canon.com",  "www.honor.com", "kodak.com",
                                        "subaru.com", "tutanota.com",  "motorola.com"};
    char err[ERRLEN];
    struct allow_entry entry;
    struct allow *allow = allow_open(NULL, 0, true, 1, NULL, err);
    if (!CHECK(allow != NULL, "%s", err))
        return;
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
        CHECK(allow_name(allow, slice_str(known[i]), &entry), "%s", known[i]);
    CHECK(!allow_name(allow, S("tuwoqol.com"), &entry), "a family name is not");
    CHECK(allow_count(allow) > 100 && allow_count(allow) < 1000, "a short list: %zu names", allow_count(allow));
    allow_close(allow);
    struct slice text = check_file("feeds/lookalikes.txt");
    char last[64] = "";
    for (struct slice rest = text; rest.len > 0;) {
        ptrdiff_t end = slice_chr(rest, '\n');
        struct slice line = slice_cut(&rest, end < 0 ? rest.len : (size_t)end);
        struct name_score score;
        char name[64];
        slice_cut(&rest, 1);
        slice_text(line, name, sizeof name);
        CHECK(name_judge(&score, line), "%s fits the grammar, or would need no exception", name);
        CHECK(strcmp(last, name) < 0, "%s: sorted, and once", name);
        memcpy(last, name, sizeof last);
    }
    free((void *)text.p);
}

static const struct hit *see(struct engine *radome, const struct event *event, enum hit_kind kind)
{
    engine_see(radome, event);
    for (const struct hit *hit; (hit = engine_next(radome)) != NULL;)
        if (hit->kind == kind)
            return hit;
    return NULL;
}

static struct event dns_event(struct dns_msg *dns, const char *name, bool answer, uint8_t rcode, bool has_addr)
{
    memset(dns, 0, offsetof(struct dns_msg, rr) + 2 * sizeof dns->rr[0]);
    dns->text_len = 0;
    dns->questions = 1;
    dns->question.name = slice_str(name);
    dns->question.type = DNS_A;
    dns->question.class = 1;
    dns->answer = answer;
    dns->rcode = rcode;
    dns->flags = answer ? 0x8180 : 0x0100;
    if (has_addr) {
        dns->answers = 1;
        dns->rr[0] = (struct dns_rr){.name = slice_str(name), .type = DNS_A, .class = 1, .has_addr = true,
                                     .addr = addr_v4((const uint8_t[]){192, 0, 2, 7})};
    }
    return (struct event){
        .kind = EVENT_DNS, .us = 1000, .tuple = {.sport = 40000, .dport = 53, .proto = 17}, .dns = dns};
}

static void test_dns(struct engine *radome)
{
    static struct dns_msg dns;
    static const struct {
        const char *name;
        bool answer;
        uint8_t rcode;
        bool has_addr, hit, sighting;
        uint16_t port;
        const char *reason;
    } asked[] = {
        {"qamopo.com", false, 0, false, true, false, 53, "a question for a family name"},
        {"qamopo.com", true, 0, true, true, false, 53, "its answer, with the address"},
        {"qamopo.com", true, 3, false, true, false, 53, "NXDOMAIN: it was asked for all the same"},
        {"example.com", false, 0, false, false, true, 53, "a plain question: counted among the client's names"},
        {"example.com", true, 0, true, false, true, 53, "a plain answer: its addresses"},
        {"example.com", true, 0, false, false, false, 53, "an answer without addresses"},
        {"example.com", true, 2, true, false, false, 53, "an error that carries an address all the same"},
        {"natura.com", true, 0, true, false, true, 53, "fits, but honest letters: a sighting"},
        {"qamopo.com", false, 0, false, false, false, 5353, "multicast DNS"},
        {"qamopo.com", false, 0, false, false, false, 5355, "LLMNR"},
        {"printer.local", false, 0, false, false, false, 53, "a local name"},
        {"1.2.0.192.in-addr.arpa", false, 0, false, false, false, 53, "a reverse name"},
        {"", false, 0, false, false, false, 53, "the root"},
    };
    for (unsigned i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct event event = dns_event(&dns, asked[i].name, asked[i].answer, asked[i].rcode, asked[i].has_addr);
        event.tuple.dport = asked[i].port;
        const struct hit *sighting = see(radome, &event, HIT_SIGHTING);
        CHECK((sighting != NULL) == asked[i].sighting, "%s: %s", asked[i].name, asked[i].reason);
        const struct hit *hit = see(radome, &event, HIT_DOMAIN);
        CHECK((hit != NULL) == asked[i].hit, "%s: %s", asked[i].name, asked[i].reason);
        hit = hit != NULL ? hit : see(radome, &event, HIT_SIGHTING);
        if (hit != NULL) {
            CHECK(strcmp(hit->name, asked[i].name) == 0 && hit->answer == asked[i].answer && hit->seen == SEEN_DNS,
                  "%s", asked[i].reason);
            CHECK(hit->addrs == asked[i].has_addr, "%s: addresses", asked[i].reason);
        }
    }
    dns_event(&dns, "qamopo.com", false, 0, false);
    dns.questions = 0;
    struct event event = {.kind = EVENT_DNS, .dns = &dns};
    CHECK(see(radome, &event, HIT_DOMAIN) == NULL, "no question, no name");
}

/* Ordinary names that a client says without asking for them: counted, once a connection. */
static void test_said(struct engine *radome)
{
    static const struct {
        const char *name, *target;
        uint32_t ordinal;
        bool tls, sighting;
        const char *reason;
    } said[] = {
        {"www.example.com", "/", 1, false, true, "a connection's first request names its server"},
        {"www.example.com", "/a", 2, false, false, "the next names the same"},
        {"www.example.com", "http://www.example.com/a", 3, false, true, "to a proxy each may name another"},
        {"192.0.2.1", "/", 1, false, false, "an address is no name"},
        {"2001:db8::1", "/", 1, false, false, "of neither kind"},
        {"printer.local", "/", 1, false, false, "a local name"},
        {"", "/", 1, false, false, "no name"},
        {"qamopo.com", "/", 1, false, false, "a family name is a hit instead"},
        {"www.example.com", "", 0, true, true, "a hello names its server"},
        {"", "", 0, true, false, "or does not"},
    };
    for (unsigned i = 0; i < sizeof said / sizeof *said; i++) {
        static struct http_transaction http;
        struct tls_hello hello = {0};
        struct event event = {.kind = EVENT_HTTP, .us = 1000, .tuple = {.sport = 40000, .dport = 80, .proto = 6}, .http = &http};
        snprintf(hello.server_name, sizeof hello.server_name, "%s", said[i].name);
        http = (struct http_transaction){.ordinal = said[i].ordinal};
        http.request.method = S("GET");
        http.request.target = slice_str(said[i].target);
        http.request.header[0] = (struct http_header){S("Host"), slice_str(said[i].name)};
        http.request.headers = 1;
        if (said[i].tls)
            event = (struct event){.kind = EVENT_TLS, .us = 1000, .tuple = event.tuple, .tls = &hello};
        const struct hit *sighting = see(radome, &event, HIT_SIGHTING);
        if (CHECK((sighting != NULL) == said[i].sighting, "%s: %s", said[i].name, said[i].reason) && sighting != NULL)
            CHECK(strcmp(sighting->name, said[i].name) == 0 && sighting->addrs == 0 && sighting->alias == 0 && sighting->seen == (said[i].tls ? SEEN_TLS : SEEN_HTTP),
                  "%s: the name alone", said[i].reason);
    }
}

static void test_hit(struct engine *radome)
{
    static struct dns_msg dns;
    struct event event = dns_event(&dns, "cdn.qamopo.com", true, 0, true);
    const struct hit *hit = see(radome, &event, HIT_DOMAIN);
    if (!CHECK(hit != NULL, "a family name in an answer"))
        return;
    CHECK(strcmp(hit->subject, "qamopo.com") == 0, "the registered domain is the evidence: %s", hit->subject);
    CHECK(strcmp(hit->domain.registered, "qamopo.com") == 0 && strcmp(hit->domain.label, "qamopo") == 0, "domain");
    CHECK(hit->domain.grammar && hit->domain.alternation == 1, "it alternates");
    CHECK(hit->bits >= NAME_FLOOR_BITS && hit->bits <= NAME_CAP_BITS, "%.2f bits", (double)hit->bits);
    CHECK(hit->family[0] == '\0', "three families share the grammar: none is named");
    CHECK(strcmp(hit->technique[0], "T1583.001") == 0 && hit->technique[1][0] == '\0', "techniques of a look-up");
    CHECK(hit->why[0] != '\0' && strlen(hit->why) < sizeof hit->why - 1, "a reason, whole: %s", hit->why);
}

static void test_http_tls(struct engine *radome)
{
    static struct http_transaction http;
    static const struct {
        const char *method, *target, *host;
        bool hit;
        const char *reason;
    } requests[] = {
        {"GET", "/", "qamopo.com", true, "the Host field"},
        {"GET", "/", "QAMOPO.com:8080", true, "a port, and no case"},
        {"GET", "http://qamopo.com/x", "example.com", true, "the target's own host beats the field"},
        {"GET", "http://example.com/x", "qamopo.com", false, "both ways"},
        {"CONNECT", "qamopo.com:443", "", true, "a proxy's CONNECT"},
        {"GET", "/?u=http://qamopo.com", "example.com", false, "a name in a query is not the host"},
        {"GET", "/", "[2001:db8::1]:80", false, "an address"},
        {"GET", "/", "", false, "no host at all"},
    };
    for (unsigned i = 0; i < sizeof requests / sizeof *requests; i++) {
        http.request = (struct http_message){.method = slice_str(requests[i].method), .flags = HTTP_SEEN, .headers = 1,
                                             .target = slice_str(requests[i].target), .version = 11,
                                             .header = {{S("Host"), slice_str(requests[i].host)}}};
        struct event event = {.kind = EVENT_HTTP, .http = &http};
        const struct hit *hit = see(radome, &event, HIT_DOMAIN);
        CHECK((hit != NULL) == requests[i].hit, "%s: %s", requests[i].host, requests[i].reason);
        if (hit != NULL)
            CHECK(strcmp(hit->name, "qamopo.com") == 0 && hit->seen == SEEN_HTTP && hit->http.method[0] != '\0' &&
                  strcmp(hit->technique[1], "T1071.001") == 0, "%s", requests[i].reason);
    }
    static struct tls_hello tls = {.server_name = "www.qamopo.com"};
    for (int quic = 0; quic < 2; quic++) {
        struct event event = {.kind = EVENT_TLS, .tls = &tls};
        tls.quic = quic == 1;
        const struct hit *hit = see(radome, &event, HIT_DOMAIN);
        CHECK(hit != NULL && hit->seen == (quic ? SEEN_QUIC : SEEN_TLS), "a server name, %s", quic ? "QUIC" : "TLS");
    }
    tls.server_name[0] = '\0';
    struct event event = {.kind = EVENT_TLS, .tls = &tls};
    CHECK(see(radome, &event, HIT_DOMAIN) == NULL, "no server name");
}

/* Printed, not checked: a machine may be busy. */
static void time_names(void)
{
    struct timespec a, b;
    double sum = 0;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (unsigned round = 0; round < 20000; round++)
        for (unsigned i = 0; i < ROWS; i++) {
            struct name_score score;
            name_judge(&score, slice_str(rows[i].name));
            sum += (double)score.bits;
        }
    clock_gettime(CLOCK_MONOTONIC, &b);
    double ns = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
    printf("test_domain: %.1f ns a name (%.0f bits in all)\n", ns / (20000.0 * ROWS), sum);
}

int main(void)
{
    char err[ERRLEN];
    struct classifier_settings settings = {.seed = 1};
    struct engine *radome = engine_open(&settings, err);
    if (!CHECK(radome != NULL, "%s", err))
        return check_report("test_domain");
    test_rows();
    test_truncation();
    test_suffix();
    test_alternation();
    test_sums();
    test_lookalikes();
    test_dns(radome);
    test_said(radome);
    test_hit(radome);
    test_http_tls(radome);
    time_names();
    engine_close(radome);
    return check_report("test_domain");
}
