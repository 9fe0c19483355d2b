/* Made-up people and programs: names that honest people ask for, names as the family makes them, and the events of a network
 * shown to the engine and the desk. The same seed, the same month. */
#pragma once

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/dns.h"
#include "capture/tls.h"
#include "classifiers/engine.h"
#include "classifiers/name.h"
#include "feeds/allow.h"
#include "feeds/builtin.h"
#include "feeds/desk.h"
#include "feeds/ioc.h"
#include "feeds/json.h"
#include "tests/check.h"
#include "tests/make_http.h"

#define MONTH_BEGIN 1593993600000000ull /* Monday, 6 July 2020 */
#define SECOND 1000000ull
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

enum { MONTH_NAMES = 30000 };

struct month {
    uint64_t state;
    struct indicators *indicators;
    struct allow *allow;
    struct engine *engine;
    struct desk *desk;
    char name[MONTH_NAMES][24];    /* of honest sites, in order of popularity */
    double sums[MONTH_NAMES];      /* of their shares: Zipf's law */
    uint64_t events, documents[REPORT_INCIDENT + 1], summaries;
    struct addr named[4096];       /* clients with an incident */
    unsigned incidents, aggregators;
    FILE *out;                     /* takes the documents; NULL: nobody does */
};

static inline uint64_t month_random(struct month *m)
{
    m->state ^= m->state << 13;
    m->state ^= m->state >> 7;
    return m->state ^= m->state << 17;
}

static inline unsigned month_below(struct month *m, unsigned n)
{
    return (unsigned)((month_random(m) >> 11) % n);
}

static inline double month_share(struct month *m)
{
    return (double)(month_random(m) >> 11) / 9007199254740992.0;
}

/* As the family's generator: any letters of its own, in turn. */
static inline void month_family(struct month *m, char out[24])
{
    unsigned len = 5 + month_below(m, 4);
    for (unsigned i = 0; i < len; i++)
        out[i] = i % 2 == 0 ? NAME_CONSONANT_LETTERS[month_below(m, NAME_CONSONANTS)] : NAME_VOWEL_LETTERS[month_below(m, NAME_VOWELS)];
    snprintf(out + len, 24 - len, ".com");
}

/* An honest name that fits the grammar: of many that do, one by how much likelier honest people are to choose it. */
static inline void month_drawn(struct month *m, char out[24])
{
    char drawn[48][24];
    double sum[48], total = 0;
    for (unsigned i = 0; i < 48; i++) {
        struct name_score score = {0};
        month_family(m, drawn[i]);
        name_judge(&score, slice_str(drawn[i]));
        sum[i] = total += exp2((double)(score.honest_bits - score.generator_bits));
    }
    double at = month_share(m) * total;
    unsigned i = 0;
    while (i < 47 && sum[i] < at)
        i++;
    snprintf(out, 24, "%s", drawn[i]);
}

/* One that gets bits. */
static inline void month_lookalike(struct month *m, char out[24])
{
    struct name_score score = {0};
    do
        month_drawn(m, out);
    while (!name_judge(&score, slice_str(out)) || score.bits < NAME_FLOOR_BITS);
}

static inline void month_listed(char out[24], unsigned n)
{
    struct slice list = builtin_lookalikes(), line = {NULL, 0};
    for (unsigned i = 0; i <= n; i++)
        line = make_line(&list, '\n');
    slice_text(line, out, 24);
}

/* Syllables of all letters. */
static inline void month_site(struct month *m, unsigned n, char out[24])
{
    static const char *const first[] = {"st", "br", "ve", "mi", "tre", "sha", "gle", "pri", "ex", "zo", "che", "fly"};
    static const char *const second[] = {"nel", "rix", "ver", "ling", "smi", "ype", "ders", "ick", "est", "view", "zen", "my"};
    snprintf(out, 24, "%s%s%u%s", first[month_below(m, 12)], second[month_below(m, 12)], n, n % 3 == 0 ? ".net" : ".com");
}

/* Of the popular names that fit the grammar all are on the list that comes along: one in a hundred here. */
static inline void month_open(struct month *m, uint64_t seed)
{
    char err[ERRLEN] = "";
    *m = (struct month){.state = seed * 0x9e3779b97f4a7c15u + 1};
    m->indicators = ioc_open(NULL, 0, true, 7, NULL, err);
    m->allow = allow_open(NULL, 0, true, 7, NULL, err);
    struct classifier_settings engine = {m->indicators, 7};
    struct desk_settings desk = {"month", 50, 7, m->allow, NULL};
    m->engine = engine_open(&engine, err);
    m->desk = desk_open(&desk, err);
    if (m->engine == NULL || m->desk == NULL || m->indicators == NULL) {
        printf("month: %s\n", err);
        exit(1);
    }
    for (unsigned i = 0; i < MONTH_NAMES; i++) {
        if (i < 2000 && i % 100 == 50)
            month_listed(m->name[i], i / 100);
        else
            month_site(m, i, m->name[i]);
        m->sums[i] = (i > 0 ? m->sums[i - 1] : 0) + 1.0 / (i + 1);
    }
}

static inline void month_close(struct month *m)
{
    desk_close(m->desk);
    engine_close(m->engine);
    allow_close(m->allow);
    indicators_close(m->indicators);
}

/* One in twenty is a name that few people know; of those 7.5 in ten thousand look like the family's and are on no list, as
 * was measured (feeds/name_chance.c). */
static inline const char *month_browse(struct month *m)
{
    static char unknown[24];
    if (month_below(m, 20) == 0) {
        if (month_below(m, 20000) < 15)
            month_lookalike(m, unknown);
        else
            month_site(m, MONTH_NAMES + month_below(m, 1000000), unknown);
        return unknown;
    }
    double at = month_share(m) * m->sums[MONTH_NAMES - 1];
    unsigned low = 0, high = MONTH_NAMES - 1;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (m->sums[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    return m->name[low];
}

static inline void month_reports(struct month *m)
{
    static char line[JSON_MAX];
    const struct report *report;
    while ((report = desk_next(m->desk)) != NULL) {
        if (m->out != NULL)
            fwrite(line, 1, json_report(line, report, JSON_EVE), m->out);
        m->documents[report->kind]++;
        m->summaries += report->repeat.count > 0;
        if (report->kind != REPORT_INCIDENT)
            continue;
        bool known = false;
        for (unsigned i = 0; i < m->incidents && !known; i++)
            known = addr_eq(&m->named[i], &report->tuple.src);
        m->aggregators += report->incident->aggregator;
        if (!known && m->incidents < 4096)
            m->named[m->incidents++] = report->tuple.src;
    }
}

static inline void month_see(struct month *m, struct event *event, const struct addr *client)
{
    const struct hit *hit;
    event->tuple.src = *client;
    event->tuple.sport = (uint16_t)(1024 + month_below(m, 60000));
    m->events++;
    engine_see(m->engine, event);
    while ((hit = engine_next(m->engine)) != NULL) {
        desk_put(m->desk, hit);
        month_reports(m);
    }
}

/* Where a name lives: alike for the same name, most of them at one of some content networks' addresses. */
static inline struct addr month_server(const char *name)
{
    unsigned hash = 5381;
    for (; *name != '\0'; name++)
        hash = hash * 33 + (uint8_t)*name;
    return hash % 3 ? addr_v4((const uint8_t[]){198, 18, 0, (uint8_t)(hash >> 8)}) :
                      addr_v4((const uint8_t[]){198, 19, (uint8_t)(hash >> 8), (uint8_t)(hash >> 16)});
}

static inline void month_lookup(struct month *m, const struct addr *client, const char *name, uint64_t us)
{
    static struct dns_msg msg;
    struct event event = {.kind = EVENT_DNS, .us = us, .dns = &msg, .tuple = {.dport = 53, .proto = 17}};
    event.tuple.dst = addr_v4((const uint8_t[]){10, 255, 0, 53});
    msg.answer = true;
    msg.id = (uint16_t)month_random(m);
    msg.questions = msg.answers = 1;
    msg.question = (struct dns_question){slice_str(name), DNS_A, 1};
    msg.rr[0] = (struct dns_rr){.name = slice_str(name), .type = DNS_A, .class = 1, .has_addr = true, .addr = month_server(name)};
    month_see(m, &event, client);
}

static inline void month_hello(struct month *m, const struct addr *client, const char *name, uint64_t us)
{
    static struct tls_hello hello;
    struct event event = {.kind = EVENT_TLS, .us = us, .tls = &hello, .tuple = {.dst = month_server(name), .dport = 443, .proto = 6}};
    snprintf(hello.server_name, sizeof hello.server_name, "%s", name);
    month_see(m, &event, client);
}

/* A request with its head as text, its body, and what is answered. */
static inline void month_request(struct month *m, const struct addr *client, const char *name, const char *head, struct slice body,
                                 struct slice answer, uint64_t us)
{
    static struct http_transaction transaction;
    struct event event = {.kind = EVENT_HTTP, .us = us, .http = &transaction, .tuple = {.dst = month_server(name), .dport = 80, .proto = 6}};
    char text[512];
    snprintf(text, sizeof text, "%s\nHost: %s", head, name);
    transaction = (struct http_transaction){.us = us, .ordinal = 1, .request = make_request(slice_str(text), body)};
    transaction.response = (struct http_message){.status = 200, .version = 11, .body = slice_head(answer, HTTP_BODY_HEAD)};
    transaction.response.wire_bytes = transaction.response.body_bytes = answer.len;
    transaction.response.flags = HTTP_SEEN | HTTP_WHOLE;
    if (answer.len > 0) {
        struct http_piece piece = {.transaction = &transaction, .response = true, .id = month_random(m), .data = answer, .last = true};
        struct event part = event;
        part.kind = EVENT_BODY;
        part.body = &piece;
        month_see(m, &part, client);
    }
    month_see(m, &event, client);
}

static inline bool month_named(const struct month *m, const struct addr *client)
{
    for (unsigned i = 0; i < m->incidents; i++)
        if (addr_eq(&m->named[i], client))
            return true;
    return false;
}
