#include "tests/check.h"

#include <jansson.h>
#include <stdio.h>

#include "feeds/json.h"
#include "feeds/signature.h"
#include "tests/report_maker.h"

static char out[JSON_MAX];

static struct sample sample;

static size_t write_sample(enum json_format format)
{
    return json_report(out, &sample.report, format);
}

/* No array of objects inside, at any depth: some readers drop them. */
static bool is_flat(json_t *value)
{
    const char *key;
    json_t *inner;
    size_t i;
    json_object_foreach(value, key, inner)
        if (!is_flat(inner) || strchr(key, '.') != NULL)
            return false;
    json_array_foreach(value, i, inner)
        if (json_is_object(inner) || json_is_array(inner))
            return false;
    return true;
}

static bool is_one_safe_line(size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        if ((uint8_t)out[i] < 0x20 || out[i] == 0x7f)
            return false;
    return n > 1 && out[n - 1] == '\n';
}

static void check_document(size_t n, const char *what)
{
    json_error_t error;
    json_t *document = json_loadb(out, n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    CHECK(document != NULL, "%s: valid JSON without a key twice: %s", what, document == NULL ? error.text : "");
    CHECK(is_one_safe_line(n), "%s: one line, no control character", what);
    CHECK(is_flat(json_object_get(document, "radome")), "%s: no array of objects, no dotted key", what);
    json_decref(document);
}

static void check_hostile(void)
{
    static const char bytes[] = {1, '"', '\\', 0x7f, (char)0x80, (char)0xff, (char)0xc2, '\n', 'a', '/', '?'};
    size_t largest = 0;
    for (size_t kind = 0; kind < KINDS; kind++)
        for (size_t b = 0; b < sizeof bytes; b++)
            for (enum json_format format = JSON_EVE; format <= JSON_ECS; format++) {
                make_sample(&sample, kind);
                flood(&sample, slice_of(&bytes[b], 1));
                size_t n = write_sample(format);
                check_document(n, kinds[kind].name);
                largest = n > largest ? n : largest;
            }
    CHECK(largest < JSON_MAX / 4 * 3, "the largest document leaves room: %zu", largest);
}

/* Random bytes in every text, ended anywhere by a NUL. */
static void check_random(void)
{
    uint64_t random = 11;
    for (int run = 0; run < 3000; run++) {
        size_t kind = (size_t)run % KINDS;
        uint8_t bytes[1009];
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            bytes[i] = (uint8_t)(random >> 56);
        }
        make_sample(&sample, kind);
        flood(&sample, slice_of(bytes, sizeof bytes));
        check_document(write_sample(run & 1 ? JSON_ECS : JSON_EVE), kinds[kind].name);
    }
}

static const struct { const char *method, *host, *target; uint16_t port; const char *expected, *reason; } urls[] = {
    {"GET", "a.com", "/p?q#f", 80, "original=http://a.com/p?q#f domain=a.com path=/p query=q port=80 ", "origin form"},
    {"GET", "a.com", "/p", 8080, "original=http://a.com:8080/p domain=a.com path=/p port=8080 ",
     "a port that is not the scheme's"},
    {"GET", "a.com", "/?", 80, "original=http://a.com/? domain=a.com path=/ port=80 ", "an empty query is none"},
    {"GET", "a.com", "/p#f?q", 80, "original=http://a.com/p#f?q domain=a.com path=/p port=80 ",
     "a '?' in the fragment starts no query"},
    {"GET", "", "/p?q=?", 80, "original=/p?q=? path=/p query=q=? ", "no host: no whole URL"},
    {"GET", "b.com", "HTTPS://b.com:444/p?q", 3128, "original=HTTPS://b.com:444/p?q domain=b.com path=/p query=q ",
     "absolute form, to a proxy"},
    {"GET", "b.com", "http://b.com?q", 80, "original=http://b.com?q domain=b.com query=q ",
     "absolute form without a path"},
    {"CONNECT", "b.com", "b.com:443", 3128, "original=b.com:443 domain=b.com ", "authority form is no path"},
    {"OPTIONS", "b.com", "*", 80, "original=* domain=b.com path=* ", "asterisk form"},
    {"GET", "2001:db8::1", "/", 80, "original=http://[2001:db8::1]/ domain=[2001:db8::1] path=/ port=80 ",
     "an IPv6 literal"},
};

static void check_urls(void)
{
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        static const char *const keys[] = {"original", "domain", "path", "query"};
        char text[512] = "";
        make_sample(&sample, 3);
        snprintf(sample.hit.http.method, sizeof sample.hit.http.method, "%s", urls[i].method);
        snprintf(sample.hit.http.host, sizeof sample.hit.http.host, "%s", urls[i].host);
        snprintf(sample.hit.http.target, sizeof sample.hit.http.target, "%s", urls[i].target);
        sample.hit.tuple.dport = urls[i].port;
        json_t *document = json_loadb(out, write_sample(JSON_ECS), 0, NULL), *url = json_object_get(document, "url");
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            if (json_object_get(url, keys[k]) != NULL)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s=%s ", keys[k],
                         json_string_value(json_object_get(url, keys[k])));
        if (json_object_get(url, "port") != NULL)
            snprintf(text + strlen(text), sizeof text - strlen(text), "port=%d ",
                     (int)json_integer_value(json_object_get(url, "port")));
        CHECK(strcmp(text, urls[i].expected) == 0, "%s: %s", urls[i].reason, text);
        json_decref(document);
    }
}

/* Ids are public: a type or stage that the table forgot would fall into its kind's last row. */
static void check_signatures(void)
{
    make_sample(&sample, 5);
    for (int type = 0; type < INDICATOR_TYPES; type++) {
        sample.hit.indicator.type = (enum indicator_type)type;
        CHECK(signature_of(&sample.report)->id == 4001 + (uint32_t)type, "indicator type %d has its row", type);
    }
    make_sample(&sample, KINDS - 1);
    for (int stage = STAGE_LOOKUP; stage <= STAGE_PAYLOAD; stage++) {
        sample.incident.stage = (enum stage)stage;
        CHECK(signature_of(&sample.report)->id == 6001 + (uint32_t)stage, "stage %d has its row", stage);
    }
    for (size_t kind = 0; kind < KINDS; kind++) {
        make_sample(&sample, kind);
        flood(&sample, S("?"));
        const struct signature *signature = signature_of(&sample.report);
        CHECK(signature->kind == kinds[kind].report, "%s: a word that nobody knows has a row as well", kinds[kind].name);
    }
}

int main(void)
{
    check_hostile();
    check_signatures();
    check_random();
    check_urls();
    return check_report("json_hostile");
}
