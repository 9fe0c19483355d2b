/* The desk: what is written, what is held back, and what is known beside it. */
#include <stdio.h>

#include "feeds/allow.h"
#include "feeds/desk.h"
#include "feeds/geoip.h"
#include "tests/check.h"
#include "tests/mmdb_maker.h"

#define HOUR 3600000000ull

struct step {
    enum hit_kind kind;
    const char *client, *name;
    float bits;
    uint64_t hour;
    const char *expected; /* kinds of the reports, a letter each: d b p i (an indicator) c (a cluster) I (an incident) */
    const char *reason;
};

static const struct step steps[] = {
    {HIT_SIGHTING, "10.0.0.1", "www.example", 0, 0, "", "an ordinary name writes nothing"},
    {HIT_DOMAIN, "10.0.0.1", "guqoduf.com", 9, 0, "", "one unlisted name stays below the threshold"},
    {HIT_DOMAIN, "10.0.0.1", "kodak.com", 9, 0, "", "an allowed name is nothing"},
    {HIT_DOMAIN, "10.0.0.1", "www.kodak.com", 9, 0, "", "nor is one below it"},
    {HIT_DOMAIN, "10.0.0.1", "nowuqak.com", 9, 1, "I", "a second name makes the incident; alone it is still below"},
    {HIT_INDICATOR, "10.0.0.1", "kodak.com", 14, 2, "i", "an indicator beats the allowlist"},
    {HIT_INDICATOR, "10.0.0.1", "kodak.com", 14, 2, "", "the same again is a repeat"},
    {HIT_INDICATOR, "10.0.0.2", "kodak.com", 14, 2, "iI", "another client's is its own"},
    {HIT_INDICATOR, "10.0.0.1", "kodak.com", 14, 4, "", "and hours later it still is"},
    {HIT_BEACON, "10.0.0.1", "tuwoqol.com", 18, 4, "bI", "a beacon, and a new stage"},
    {HIT_PAYLOAD, "10.0.0.1", "plain", 1, 4, "", "a plain program is no news"},
    {HIT_PAYLOAD, "10.0.0.1", "hidden", 14, 4, "pI", "a hidden one is"},
    {HIT_INDICATOR, "10.0.0.1", "kodak.com", 14, 27, "i", "after a day one document stands for all repeats"},
    {HIT_INDICATOR, "10.0.0.1", "kodak.com", 14, 28, "", "and the next day begins"},
    {HIT_SIGHTING, "10.0.0.1", "www.example", 0, 52, "i", "when it is over the summary is told, whatever comes in"},
};

static void fill(struct hit *hit, const struct step *step)
{
    *hit = (struct hit){.kind = step->kind, .seen = SEEN_DNS, .us = 1594602000000000 + step->hour * HOUR, .bits = step->bits, .transaction = (uint32_t)(uintptr_t)step};
    addr_parse(&hit->tuple.src, slice_str(step->client));
    addr_parse(&hit->tuple.dst, S("203.0.113.9"));
    snprintf(hit->name, sizeof hit->name, "%s", step->name);
    snprintf(hit->subject, sizeof hit->subject, "%s", step->name);
    if (step->kind == HIT_INDICATOR)
        snprintf(hit->indicator.indicator, sizeof hit->indicator.indicator, "%s", step->name);
}

static struct desk *open_desk(const struct allow *allow, struct geoip *geoip, int threshold)
{
    char err[ERRLEN];
    struct desk_settings settings = {"sensor", threshold, 11, allow, geoip};
    return desk_open(&settings, err);
}

static void reports_of(struct desk *desk, const struct hit *hit, char letters[static 8])
{
    static const char words[] = "dbpicI";
    const struct report *report;
    size_t n = 0;
    desk_put(desk, hit);
    while ((report = desk_next(desk)) != NULL) {
        letters[n++] = words[report->kind];
        CHECK(strcmp(report->sensor, "sensor") == 0 && strlen(report->id) == 32, "%c: sensor and id", words[report->kind]);
        if (report->hit != NULL)
            CHECK(report->geo.asn == 64500, "%c: the server's AS", words[report->kind]);
        else if (report->incident != NULL)
            CHECK(report->places.as_count == (report->incident->server_count > 0), "%c: its servers' AS", words[report->kind]);
    }
    letters[n] = '\0';
}

/* Behind a proxy nobody looks up: what it is asked for counts all the same, so that two chance look-alikes name nobody. */
static void proxy(void)
{
    static const struct {
        enum hit_seen seen;
        unsigned names;
        const char *expected, *reason;
    } rows[] = {
        {SEEN_HTTP, 100, "I", "one host's hundred names explain nothing"},
        {SEEN_HTTP, 60000, "", "requests for tens of thousands of names do"},
        {SEEN_TLS, 60000, "", "so do hellos"},
        {SEEN_QUIC, 60000, "", "of either transport"},
    };
    static struct hit hit;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk *desk = open_desk(NULL, NULL, 50);
        char letters[8] = "";
        for (unsigned n = 0; n < rows[i].names; n++) {
            fill(&hit, &(struct step){HIT_SIGHTING, "10.0.0.1", "", 0, 0, "", ""});
            hit.seen = rows[i].seen;
            snprintf(hit.name, sizeof hit.name, "site-%u.example", n);
            desk_put(desk, &hit);
        }
        for (unsigned n = 0; n < 2; n++) {
            fill(&hit, &(struct step){HIT_DOMAIN, "10.0.0.1", n == 0 ? "guqoduf.com" : "nowuqak.com", 9, n, "", ""});
            hit.seen = rows[i].seen;
            desk_put(desk, &hit);
        }
        const struct report *report = desk_next(desk);
        snprintf(letters, sizeof letters, "%s", report == NULL ? "" : report->kind == REPORT_INCIDENT ? "I" : "?");
        CHECK(strcmp(letters, rows[i].expected) == 0, "%u names: '%s': %s", rows[i].names, letters, rows[i].reason);
        desk_close(desk);
    }
}

static void follow_steps(const struct allow *allow, struct geoip *geoip)
{
    struct desk *desk = open_desk(allow, geoip, 50);
    struct desk_stats stats;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        static struct hit hit;
        char letters[8];
        fill(&hit, &steps[i]);
        reports_of(desk, &hit, letters);
        CHECK(strcmp(letters, steps[i].expected) == 0, "'%s' instead of '%s': %s", letters, steps[i].expected, steps[i].reason);
    }
    desk_stats(desk, &stats);
    CHECK(stats.allowed == 2 && stats.repeats == 3 && stats.summaries == 2 && stats.incidents == 4, "counted: %llu allowed, %llu repeats, %llu incidents",
          (unsigned long long)stats.allowed, (unsigned long long)stats.repeats, (unsigned long long)stats.incidents);
    desk_close(desk);
}

/* With a threshold of 0 everything is told; with 100 nothing that leaves a doubt. */
static void thresholds(struct geoip *geoip)
{
    static const struct {
        int threshold;
        const char *expected, *reason;
    } rows[] = {{0, "dI", "all of it"}, {33, "dI", "as much as the score"}, {34, "", "one more"}, {100, "", "certainty only"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct hit hit;
        char letters[8];
        struct desk *desk = open_desk(NULL, geoip, rows[i].threshold);
        fill(&hit, &steps[1]);
        reports_of(desk, &hit, letters);
        CHECK(strcmp(letters, rows[i].expected) == 0, "threshold %d, '%s': %s", rows[i].threshold, letters, rows[i].reason);
        desk_close(desk);
    }
}

/* Two suspicious names on one address come out as a cluster, with the AS that GeoIP knows. */
static void clusters(struct geoip *geoip)
{
    struct desk *desk = open_desk(NULL, geoip, 50);
    const struct report *report;
    static const struct step names[] = {{HIT_INDICATOR, "10.0.0.1", "qamopo.com", 14}, {HIT_INDICATOR, "10.0.0.1", "tuwoqol.com", 14}};
    for (size_t i = 0; i < 2; i++) {
        static struct hit hit;
        fill(&hit, &names[i]);
        hit.addr[hit.addrs++] = hit.tuple.dst;
        desk_put(desk, &hit);
    }
    while ((report = desk_next(desk)) != NULL && report->kind != REPORT_CLUSTER)
        ;
    if (CHECK(report != NULL, "a cluster"))
        CHECK(report->cluster->as_count == 1 && report->cluster->as[0] == 64500 && report->places.as_count == 1 &&
                  report->places.as[0] == 64500, "with its AS");
    desk_close(desk);
}

/* What a name is worth with its company: a client that asked for one unlisted name is named once that name's address turns
 * out to be a listed one's too, whoever asked for it; not when the company is as uncertain as itself. */
static void company(void)
{
    static const struct {
        enum hit_kind kind;
        float bits;
        bool shares;
        unsigned incidents; /* after the second client's name */
        const char *reason;
    } rows[] = {
        {HIT_INDICATOR, 14, true, 2, "a listed name on the same address: of both clients"},
        {HIT_INDICATOR, 14, false, 1, "a listed name elsewhere: of its own client"},
        {HIT_DOMAIN, 9, true, 0, "another unlisted name on the same address: neither is certain"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct hit first, second;
        struct desk *desk = open_desk(NULL, NULL, 50);
        const struct step unlisted = {HIT_DOMAIN, "10.0.0.1", "guqoduf.com", 9, 0, "", ""};
        const struct step other = {rows[i].kind, "10.0.0.2", "nowuqak.com", rows[i].bits, 1, "", ""};
        const struct report *report;
        unsigned incidents = 0, ours = 0;
        fill(&first, &unlisted);
        fill(&second, &other);
        addr_parse(&first.addr[0], S("203.0.113.70"));
        addr_parse(&second.addr[0], rows[i].shares ? S("203.0.113.70") : S("203.0.113.71"));
        first.addrs = second.addrs = 1;
        desk_put(desk, &first);
        CHECK(desk_next(desk) == NULL, "one unlisted name alone writes nothing");
        desk_put(desk, &second);
        while ((report = desk_next(desk)) != NULL)
            if (report->kind == REPORT_INCIDENT) {
                incidents++;
                ours += addr_eq(&report->tuple.src, &first.tuple.src);
            }
        CHECK(incidents == rows[i].incidents && ours == (rows[i].incidents == 2), "%s: %u incidents", rows[i].reason, incidents);
        desk_close(desk);
    }
}

int main(void)
{
    static struct out database;
    char err[ERRLEN] = "";
    char list[] = "/tmp/test_desk.XXXXXX";
    make(&database, LITE_ASN, 6);
    const char *path = write_file(0, database.byte, database.n), *allowed = list;
    FILE *file = fdopen(mkstemp(list), "w");
    fputs("kodak.com\n", file);
    fclose(file);
    struct geoip *geoip = geoip_open(&path, 1, err);
    struct allow *allow = allow_open(&allowed, 1, false, 1, NULL, err);
    if (CHECK(geoip != NULL && allow != NULL, "feeds: %s", err)) {
        follow_steps(allow, geoip);
        thresholds(geoip);
        clusters(geoip);
        company();
    }
    allow_close(allow);
    geoip_close(geoip);
    unlink(path);
    unlink(list);
    proxy();
    return check_report("test_desk");
}
