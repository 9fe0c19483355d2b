/* The library's door: settings and structs of other versions, events that a host has parsed, what does not make sense. */
#include "classifiers/radome.h"
#include "capture/dns.h"
#include "classifiers/indicators.h"
#include "feeds/ioc.h"
#include "tests/check.h"

enum { HITS = 32 };

struct told {
    unsigned count;
    char kind[HITS][16], subject[HITS][256], id[HITS][33], sha256[HITS][65];
    size_t addresses[HITS];
};

static void on_hit(void *context, const struct radome_hit *hit)
{
    struct told *told = context;
    unsigned i = told->count;
    if (i == HITS)
        return;
    told->count++;
    snprintf(told->kind[i], sizeof told->kind[i], "%s", hit->kind);
    snprintf(told->subject[i], sizeof told->subject[i], "%s", hit->subject);
    snprintf(told->id[i], sizeof told->id[i], "%s", hit->id);
    snprintf(told->sha256[i], sizeof told->sha256[i], "%s", hit->sha256);
    told->addresses[i] = hit->address_count;
}

static struct radome_bytes text(const char *s)
{
    return (struct radome_bytes){s, strlen(s)};
}

static bool was_told(const struct told *told, const char *kind, const char *subject)
{
    for (unsigned i = 0; i < told->count; i++)
        if (strcmp(told->kind[i], kind) == 0 && strcmp(told->subject[i], subject) == 0)
            return true;
    return false;
}

static void check_settings(void)
{
    struct told told = {0};
    char err[512];
    struct {
        struct radome_settings settings;
        uint64_t newer;
    } s = {{.hit = on_hit, .context = &told, .memory = 8 << 20}, 0};
    static const struct radome_indicator odd = {"colour", "red", NULL, NULL, NULL}, own = {"domain-name", "mine.example", "Mine", NULL, NULL};
    struct {
        const char *reason, *says;
        size_t size;
        uint64_t memory, flags, newer;
        const struct radome_indicator *indicator;
    } rows[] = {
        {"this version", NULL, sizeof s.settings, 0, 0, 0, NULL},
        {"an older host, that knew the first two fields", NULL, offsetof(struct radome_settings, memory), 1, 77, 0, NULL},
        {"a newer host that asks for nothing new", NULL, sizeof s, 0, 0, 0, NULL},
        {"a newer host that does", "does not know", sizeof s, 0, 0, 1, NULL},
        {"no version was so short", "fewer than any", 8, 0, 0, 0, NULL},
        {"too little memory", "8 MiB", sizeof s.settings, 1 << 20, 0, 0, NULL},
        {"flags of another version", "flags", sizeof s.settings, 0, 128, 0, NULL},
        {"an indicator of the host's", NULL, sizeof s.settings, 0, 0, 0, &own},
        {"one of an unknown type", "colour", sizeof s.settings, 0, 0, 0, &odd},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        s.settings.memory = rows[i].memory == 0 ? 8 << 20 : rows[i].memory;
        s.settings.flags = rows[i].flags;
        s.settings.indicators = rows[i].indicator;
        s.settings.indicator_count = rows[i].indicator != NULL;
        s.newer = rows[i].newer;
        err[0] = '\0';
        struct radome *r = radome_open(&s.settings, rows[i].size, err, sizeof err);
        CHECK((r != NULL) == (rows[i].says == NULL), "%s: %s", rows[i].reason, err);
        CHECK(rows[i].says == NULL || strstr(err, rows[i].says) != NULL, "%s: %s", rows[i].reason, err);
        radome_close(r);
    }
    CHECK(radome_open(&s.settings, 1, NULL, 0) == NULL, "an error that nobody wants to read");
    CHECK(radome_open(NULL, 0, err, 4) == NULL && strlen(err) == 3, "an error cut to the host's room");
    radome_close(NULL);
}

static struct radome *open_one(struct told *told, uint64_t flags)
{
    char err[512];
    struct radome_settings settings = {.hit = on_hit, .context = told, .memory = 8 << 20, .flags = flags, .seed = 5};
    return radome_open(&settings, sizeof settings, err, sizeof err);
}

static struct radome_event event_of(uint16_t port, uint8_t protocol)
{
    struct radome_event event = {.size = sizeof event, .time_us = 1594631771240597, .client_port = 35924, .server_port = port,
                                 .protocol = protocol};
    radome_address(event.client, "10.77.1.21");
    radome_address(event.server, "2001:db8::53");
    return event;
}

static void check_dns(void)
{
    static const uint8_t v4[4] = {192, 0, 2, 7};
    static const uint8_t wire[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\6QAMOPO\3com\0\0\1\0\1";
    struct told told = {0}, parsed = {0};
    struct radome *r = open_one(&told, 0), *other = open_one(&parsed, RADOME_SIGHTINGS);
    struct radome_event event = event_of(53, 17);
    struct radome_dns dns = {.size = sizeof dns, .wire = {wire, sizeof wire - 1}};
    event.dns = &dns;
    CHECK(radome_event(r, &event) == 0 && was_told(&told, "ioc", "domain-name:qamopo.com") && was_told(&told, "domain", "qamopo.com"),
          "a message in wire form: %u hits", told.count);
    struct radome_dns fields = {.size = sizeof fields, .question = text("QAMOPO.com."), .question_type = 1, .id = 0x1234};
    event.dns = &fields;
    CHECK(radome_event(other, &event) == 0 && parsed.count == told.count && memcmp(parsed.id, told.id, sizeof told.id) == 0,
          "the same in fields, ids included");

    struct radome_record records[] = {
        {text("www.example"), text("pacudoh.com"), {NULL, 0}, 60, 5}, {text("pacudoh.com"), {NULL, 0}, {v4, 4}, 60, 1},
        {text("pacudoh.com"), {NULL, 0}, {v4, 3}, 60, 1},
    };
    fields = (struct radome_dns){.size = sizeof fields, .question = text("www.example"), .question_type = 1, .answer = 1,
                                 .records = records, .record_count = 3};
    CHECK(radome_event(other, &event) == 0 && was_told(&parsed, "ioc", "domain-name:pacudoh.com"), "an alias that is listed");
    bool sighting = false;
    for (unsigned i = 0; i < parsed.count; i++)
        sighting |= strcmp(parsed.kind[i], "sighting") == 0 && parsed.addresses[i] == 1;
    CHECK(sighting, "an ordinary name and its address, where the host wants it; the address of three bytes is left out");
    CHECK(!was_told(&told, "sighting", ""), "and not where it does not");

    fields.size = offsetof(struct radome_dns, records);
    CHECK(radome_event(other, &event) == 0, "a host whose version had no records");
    char longest[400];
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    fields = (struct radome_dns){.size = sizeof fields, .question = text(longest)};
    CHECK(radome_event(other, &event) == -1, "a name that is none");
    fields = (struct radome_dns){.size = sizeof fields, .wire = {"abc", 3}};
    CHECK(radome_event(other, &event) == -1, "bytes that are no message");
    struct radome_stats stats;
    radome_stats(other, &stats, sizeof stats);
    CHECK(stats.malformed == 2 && stats.events == 3 && stats.packets == 0, "all counted: %llu refused", (unsigned long long)stats.malformed);
    radome_close(r);
    radome_close(other);
}

/* DealPly's 16-byte constant, and a program in the answer. */
static void check_http(void)
{
    static const struct radome_field fields[] = {
        {{"Host", 4}, {"Wagng.com", 9}}, {{"Accept", 6}, {"*/*", 3}}, {{"Cache-Control", 13}, {"no-cache", 8}}};
    static const uint8_t body[] = "id=1\x00\x08\xDC\x33\x45\xAB\x51\x29\x5F\x6C\x14\x79\x12\xD7\x0F\x4B";
    static const char script[] = "wnUbRSN0ynE6RVUqwTo7AEsKBnkoB6JlRowGB6QkxSJfF7soyTdrPGh=";
    struct told told = {0};
    struct radome *r = open_one(&told, 0);
    struct radome_event event = event_of(80, 6);
    struct radome_http http = {.size = sizeof http, .method = text("POST"), .target = text("/?v=2.2&pcrc=1&rv=4.0&r=1"),
        .request_fields = fields, .request_field_count = 3, .request_body = {body, sizeof body - 1}, .request_bytes = sizeof body - 1,
        .response_body = text(script), .response_bytes = sizeof script - 1, .ordinal = 3, .status = 200, .version = 11};
    event.http = &http;
    CHECK(radome_event(r, &event) == 0, "a transaction");
    CHECK(was_told(&told, "ioc", "domain-name:wagng.com"), "its host");
    CHECK(was_told(&told, "beacon", "body-constant wagng.com"), "its request, the constant being heavier than the URI");
    unsigned payloads = 0;
    for (unsigned i = 0; i < told.count; i++)
        payloads += strcmp(told.kind[i], "payload") == 0 && told.sha256[i][0] != '\0';
    CHECK(payloads == 1, "a script in the answer, all of it seen");

    told.count = 0;
    http.response_bytes = 4000;
    http.fields_missing = 1;
    CHECK(radome_event(r, &event) == 0 && was_told(&told, "beacon", "pcrc-query wagng.com"), "not all fields known: what is absent proves nothing");
    for (unsigned i = 0; i < told.count; i++)
        CHECK(told.sha256[i][0] == '\0', "of a body that is not all here there is no hash");
    http = (struct radome_http){.size = sizeof http};
    CHECK(radome_event(r, &event) == -1, "neither request nor answer");
    radome_close(r);
}

static void check_nonsense(void)
{
    struct told told = {0};
    struct radome *r = open_one(&told, 0);
    struct radome_tls tls = {.size = sizeof tls, .server_name = text("Tuwoqol.com")};
    struct radome_dns dns = {.size = sizeof dns, .question = text("a.example")};
    struct radome_event event = event_of(443, 6);
    event.tls = &tls;
    CHECK(radome_event(r, &event) == 0 && was_told(&told, "ioc", "domain-name:tuwoqol.com"), "a TLS name");
    event.dns = &dns;
    CHECK(radome_event(r, &event) == -1, "two things at once");
    event.dns = NULL;
    event.tls = NULL;
    CHECK(radome_event(r, &event) == -1, "nothing at all");
    event.tls = &tls;
    event.protocol = 1;
    CHECK(radome_event(r, &event) == -1, "neither TCP nor UDP");
    event.protocol = 6;
    event.size = 8;
    CHECK(radome_event(r, &event) == -1, "a struct that is too short");
    radome_packet(r, 1, 5, "\1\2\3", 3, 60);
    radome_packet(r, 147, 5, "\1\2\3", 3, 60);
    radome_finish(r);
    struct {
        struct radome_stats stats;
        uint64_t newer;
    } stats = {.newer = 9};
    radome_stats(r, &stats.stats, sizeof stats);
    CHECK(stats.stats.packets == 2 && stats.newer == 0, "statistics; what is not known is zero for a newer host");
    uint8_t address[16];
    CHECK(radome_address(address, "300.1.1.1") == -1 && radome_address(address, "192.0.2.1") == 0 && address[10] == 0xff, "addresses");
    CHECK(radome_abi() == RADOME_ABI && radome_version()[0] != '\0', "versions");
    radome_close(r);
}

/* The rows that the build makes of the list say what the list says, in the form in which they are looked up. */
static void check_listed(void)
{
    char err[ERRLEN];
    struct ioc_stats stats;
    struct indicators *set = ioc_open(NULL, 0, true, 1, NULL, err);
    struct indicators *again = indicators_open(1, err);
    size_t rows = 0;
    for (; indicators_listed[rows].value != NULL; rows++) {
        const struct indicator *row = &indicators_listed[rows];
        struct indicator found = {0};
        CHECK(indicators_find(set, row->type, slice_str(row->value), &found) && strcmp(found.description, row->description) == 0 &&
              strcmp(found.provider, row->provider) == 0 && strcmp(found.family, row->family) == 0, "%s", row->value);
    }
    CHECK(ioc_builtin(again, &stats, err) && stats.rows == rows, "all of them: %zu of %zu", rows, stats.rows);
    indicators_close(set);
    indicators_close(again);
}

int main(void)
{
    check_settings();
    check_dns();
    check_http();
    check_nonsense();
    check_listed();
    return check_report("radome");
}
