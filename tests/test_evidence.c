/* The sum of bits per client: what adds, what does not, how it fades, when an incident is due. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "feeds/evidence.h"
#include "feeds/name_chance.h"
#include "tests/check.h"

#define DAY 86400000000ull

static struct hit hit_of(enum hit_kind kind, const char *client, const char *subject, float bits, uint64_t us)
{
    struct hit hit = {.kind = kind, .us = us, .bits = bits, .seen = SEEN_DNS};
    struct addr addr;
    addr_parse(&addr, slice_str(client));
    hit.tuple.src = addr;
    snprintf(hit.subject, sizeof hit.subject, "%s", subject);
    snprintf(hit.name, sizeof hit.name, "%s", subject);
    snprintf(hit.why, sizeof hit.why, "because of %s", subject);
    if (kind == HIT_INDICATOR)
        snprintf(hit.indicator.indicator, sizeof hit.indicator.indicator, "%s", subject);
    if (kind == HIT_BEACON)
        snprintf(hit.beacon.shape, sizeof hit.beacon.shape, "pcrc-query");
    return hit;
}

static struct evidence *fresh(size_t clients)
{
    char err[ERRLEN];
    struct evidence_settings settings = {.seed = 7, .clients = clients, .threshold = 50};
    return evidence_open(&settings, err);
}

struct step {
    enum hit_kind kind;
    const char *client, *subject;
    float bits;
    uint64_t day;
    bool incident;
    const char *reason;
};

static const struct step steps[] = {
    {HIT_DOMAIN, "10.0.0.1", "tuwoqol.com", 9, 1, false, "one unlisted name stays under the threshold"},
    {HIT_DOMAIN, "10.0.0.1", "tuwoqol.com", 9, 2, false, "the same name again is the same evidence"},
    {HIT_DOMAIN, "10.0.0.2", "qamopo.com", 9, 2, false, "another client's name is another client's"},
    {HIT_DOMAIN, "10.0.0.1", "qamopo.com", 9, 3, true, "a second different name makes an incident"},
    {HIT_DOMAIN, "10.0.0.1", "daqah.com", 9, 3, false, "a third does not tell it again"},
    {HIT_BEACON, "10.0.0.1", "pcrc", 12, 4, true, "a beacon is a new stage"},
    {HIT_BEACON, "10.0.0.1", "pcrc", 12, 5, false, "the beacon again is not"},
    {HIT_PAYLOAD, "10.0.0.1", "plain", 2, 5, false, "a plain program is too weak for a stage"},
    {HIT_PAYLOAD, "10.0.0.1", "xored", 14, 6, true, "a hidden program is the last stage"},
    {HIT_INDICATOR, "10.0.0.3", "daqah.com", 14, 6, true, "a listed name is enough alone"},
    {HIT_DOMAIN, "10.0.0.4", "buluw.com", 6, 7, false, "a weak name"},
    {HIT_INDICATOR, "10.0.0.4", "buluw.com", 6, 7, false, "the same name as an indicator does not add to it"},
    {HIT_DOMAIN, "2001:db8::1", "tuwoqol.com", 9, 8, false, "an IPv6 client is a client"},
    {HIT_DOMAIN, "2001:db8::1", "qamopo.com", 9, 8, true, "and has its incident"},
};

static void follow_steps(void)
{
    struct evidence *e = fresh(64);
    char first_id[REPORT_ID] = "";
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct step *step = &steps[i];
        struct hit hit = hit_of(step->kind, step->client, step->subject, step->bits, step->day * DAY);
        struct report report = {0};
        CHECK(evidence_put(e, &hit, "id", 100, &report) == step->incident, "%s", step->reason);
        if (!step->incident || strcmp(step->client, "10.0.0.1") != 0)
            continue;
        CHECK(report.risk_score >= 50 && report.incident->evidence_count > 0, "%s: %s", step->reason, report.reason);
        if (first_id[0] == '\0')
            memcpy(first_id, report.incident->id, sizeof first_id);
        CHECK(strcmp(first_id, report.incident->id) == 0, "%s: the incident keeps its id", step->reason);
    }
    evidence_close(e);
}

static void fading(void)
{
    static const struct {
        unsigned days;
        bool incident;
        const char *reason;
    } rows[] = {
        {1, true, "a day apart"},
        {EVIDENCE_HALF_LIFE_DAYS / 2, true, "weeks apart: installation and first answer are"},
        {EVIDENCE_HALF_LIFE_DAYS * 5, false, "most of a year apart: the first has faded"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct evidence *e = fresh(64);
        struct report report = {0};
        struct hit one = hit_of(HIT_DOMAIN, "10.0.0.1", "tuwoqol.com", 9, DAY), two = hit_of(HIT_DOMAIN, "10.0.0.1", "qamopo.com", 9, DAY + rows[i].days * DAY);
        evidence_put(e, &one, "a", 10, &report);
        CHECK(evidence_put(e, &two, "b", 10, &report) == rows[i].incident, "%s", rows[i].reason);
        evidence_close(e);
    }
}

/* A flood of clients and of evidence stays within its table, forgets the weak and keeps the strong. */
static void bounds(void)
{
    struct evidence *e = fresh(64);
    struct report report = {0};
    struct hit strong = hit_of(HIT_INDICATOR, "10.9.9.9", "daqah.com", 14, DAY);
    CHECK(evidence_put(e, &strong, "s", 10, &report), "the strong client");
    for (unsigned i = 0; i < 5000; i++) {
        char client[32], subject[32];
        snprintf(client, sizeof client, "10.1.%u.%u", i / 250, i % 250);
        snprintf(subject, sizeof subject, "n%u.com", i);
        struct hit weak = hit_of(HIT_DOMAIN, client, subject, 3, DAY);
        evidence_put(e, &weak, "w", 10, &report);
        struct hit many = hit_of(HIT_DOMAIN, "10.9.9.9", subject, 0.001f, DAY);
        evidence_put(e, &many, "m", 10, &report);
    }
    struct evidence_stats stats;
    evidence_stats(e, &stats);
    CHECK(stats.clients <= 64, "%zu clients in a table of 64", stats.clients);
    CHECK(stats.forgotten > 4000, "the forgotten are counted");
    CHECK(stats.items_dropped > 4000, "so is evidence beyond what is kept of one client");
    struct hit beacon = hit_of(HIT_BEACON, "10.9.9.9", "pcrc", 12, DAY);
    CHECK(evidence_put(e, &beacon, "b", 10, &report), "the strong client was kept");
    CHECK(report.bits > 25, "with its listed name: %.1f bits", (double)report.bits);
    evidence_close(e);
}

/* Two names make an incident of a host; of a resolver that asks for everybody they are what chance brings. A listed name
 * is no chance, whoever asks. */
static void aggregators(void)
{
    static const struct {
        double asked;
        unsigned names;
        bool listed, incident, aggregator;
        const char *reason;
    } rows[] = {
        {0, 2, false, true, false, "a host whose names were not counted"},
        {500, 2, false, true, false, "a host that browses"},
        {NAME_CHANCE_HOST, 2, false, true, false, "a busy host"},
        {100000, 2, false, false, true, "a gateway: two look-alikes are chance"},
        {10000, 2, false, false, true, "a small gateway: the same"},
        {10000, 8, false, true, true, "a small gateway: eight are not chance"},
        {1000000, 2, false, false, true, "a resolver"},
        {1000000, 0, true, true, true, "a resolver that was asked for a listed name"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct evidence *e = fresh(64);
        struct report report = {0};
        bool incident = false, aggregator = false;
        for (unsigned n = 0; n < rows[i].names + rows[i].listed; n++) {
            char name[32];
            snprintf(name, sizeof name, "n%u.com", n);
            struct hit hit = hit_of(n < rows[i].names ? HIT_DOMAIN : HIT_INDICATOR, "10.0.0.1", name, n < rows[i].names ? 9 : 14, DAY + n);
            if (evidence_put(e, &hit, "i", rows[i].asked, &report)) {
                incident = true;
                aggregator = report.incident->aggregator;
            }
        }
        CHECK(incident == rows[i].incident, "%s", rows[i].reason);
        CHECK(!incident || aggregator == rows[i].aggregator, "%s: said in the document", rows[i].reason);
        evidence_close(e);
    }
}

static void risk(void)
{
    CHECK(evidence_risk_score(EVIDENCE_PRIOR_BITS) == 50, "as many bits as the prior: even");
    CHECK(evidence_risk_score(0) == 0 && evidence_risk_score(-INFINITY) == 0, "no evidence: nothing");
    CHECK(evidence_risk_score(1000) == 100, "certainty");
    for (float bits = 0; bits < 40; bits += 0.25f)
        CHECK(evidence_risk_score(bits) <= evidence_risk_score(bits + 0.25f), "never falls, at %.2f", (double)bits);
}

int main(void)
{
    follow_steps();
    fading();
    bounds();
    aggregators();
    risk();
    return check_report("test_evidence");
}
