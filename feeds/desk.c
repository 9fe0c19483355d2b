#include "feeds/desk.h"

#include <stdio.h>
#include <stdlib.h>

#include "classifiers/hit_id.h"
#include "feeds/allow.h"
#include "feeds/asked.h"
#include "feeds/cluster.h"
#include "feeds/evidence.h"
#include "feeds/geoip.h"
#include "feeds/id.h"

enum {
    CLIENTS = 8192,            /* with evidence, at once */
    ASKING = 65536,            /* whose names are counted */
    NAMES = 16384, ADDRESSES = 65536, /* of the clusters */
    REPEATS = 65536, WAYS = 4, /* hits remembered so that a repeat is known */
    QUEUE = 3                  /* reports of one hit: itself, its cluster, its client's incident */
};

/* The same evidence of the same client within this time is one document. */
#define REPEAT_US (3600 * 1000000ull)

struct repeat {
    uint64_t key, us;
};

struct desk {
    struct desk_settings settings;
    struct evidence *evidence;
    struct clusters *clusters;
    struct asked *asked;
    struct repeat *repeat;
    struct report queue[QUEUE];
    unsigned count, taken;
    struct desk_stats stats;
};

struct desk *desk_open(const struct desk_settings *settings, char err[static ERRLEN])
{
    struct desk *d = calloc(1, sizeof *d);
    struct evidence_settings evidence = {settings->seed, CLIENTS, settings->threshold};
    struct cluster_settings clusters = {settings->seed, NAMES, ADDRESSES};
    if (d == NULL || (d->repeat = calloc(REPEATS, sizeof *d->repeat)) == NULL) {
        error_set(err, "no memory for the desk");
        free(d);
        return NULL;
    }
    d->settings = *settings;
    d->evidence = evidence_open(&evidence, err);
    d->clusters = d->evidence != NULL ? cluster_open(&clusters, err) : NULL;
    d->asked = d->clusters != NULL ? asked_open(ASKING, settings->seed, err) : NULL;
    if (d->asked == NULL) {
        desk_close(d);
        return NULL;
    }
    return d;
}

void desk_close(struct desk *d)
{
    if (d == NULL)
        return;
    evidence_close(d->evidence);
    cluster_close(d->clusters);
    asked_close(d->asked);
    free(d->repeat);
    free(d);
}

/* The next free place of the queue, cleared of what a hit before left in it. */
static struct report *queued(struct desk *d)
{
    struct report *report = &d->queue[d->count];
    *report = (struct report){.sensor = d->settings.sensor};
    return report;
}

/* The report in the next place goes out, if it says enough. */
static void send(struct desk *d)
{
    if (d->queue[d->count].risk_score >= d->settings.threshold) {
        d->count++;
        d->stats.reports++;
    } else {
        d->stats.below++;
    }
}

/* True where the client showed the same less than an hour ago; else it is remembered. The oldest of a bucket makes room. */
static bool repeated(struct desk *d, const struct hit *hit)
{
    char subject[sizeof hit->subject + sizeof hit->tuple.src + 1];
    subject[0] = (char)hit->kind;
    memcpy(subject + 1, &hit->tuple.src, sizeof hit->tuple.src);
    size_t len = 1 + sizeof hit->tuple.src;
    len += slice_text(slice_str(hit->subject), subject + len, sizeof subject - len);
    uint64_t key = id_hash(subject, len, d->settings.seed) | 1; /* 0: a free place */
    struct repeat *bucket = &d->repeat[(key >> 8) % (REPEATS / WAYS) * WAYS], *place = bucket;
    for (unsigned i = 0; i < WAYS; i++) {
        if (bucket[i].key == key) {
            bool within = hit->us < bucket[i].us + REPEAT_US;
            if (!within)
                bucket[i].us = hit->us;
            return within;
        }
        if (bucket[i].us < place->us)
            place = &bucket[i];
    }
    *place = (struct repeat){key, hit->us};
    return false;
}

static enum report_kind kind_of(enum hit_kind kind)
{
    switch (kind) {
    case HIT_BEACON: return REPORT_BEACON;
    case HIT_PAYLOAD: return REPORT_PAYLOAD;
    case HIT_INDICATOR: return REPORT_IOC;
    case HIT_DOMAIN:
    case HIT_SIGHTING: break;
    }
    return REPORT_DOMAIN;
}

static void put_hit(struct desk *d, const struct hit *hit, char id[static REPORT_ID])
{
    struct report *report = queued(d);
    hit_id(id, hit);
    if (repeated(d, hit)) {
        d->stats.repeats++;
        return;
    }
    report->kind = kind_of(hit->kind);
    report->us = hit->us;
    report->tuple = hit->tuple;
    report->bits = hit->bits;
    report->risk_score = evidence_risk_score(hit->bits);
    report->hit = hit;
    snprintf(report->id, sizeof report->id, "%s", id);
    snprintf(report->reason, sizeof report->reason, "%s", hit->why);
    if (d->settings.geoip != NULL)
        geoip_find(d->settings.geoip, &hit->tuple.dst, &report->geo);
    send(d);
}

static void put_cluster(struct desk *d, const struct hit *hit)
{
    bool is_name = hit->kind == HIT_DOMAIN || (hit->kind == HIT_INDICATOR && hit->indicator.type == INDICATOR_DOMAIN);
    struct report *report = queued(d);
    if (!is_name || hit->addrs == 0 || !cluster_suspicious(d->clusters, hit, report))
        return;
    for (unsigned i = 0; d->settings.geoip != NULL && i < report->cluster->ip_count; i++) {
        struct geo geo = {0};
        if (geoip_find(d->settings.geoip, &report->cluster->ips[i], &geo))
            cluster_add_as(d->clusters, geo.asn);
    }
    send(d);
}

static void put_evidence(struct desk *d, const struct hit *hit, const char *id)
{
    struct report *report = queued(d);
    if (evidence_put(d->evidence, hit, id, asked_names(d->asked, &hit->tuple.src), report))
        send(d);
}

void desk_relist(struct desk *d, const struct allow *allow, struct geoip *geoip)
{
    d->settings.allow = allow;
    d->settings.geoip = geoip;
}

void desk_put(struct desk *d, const struct hit *hit)
{
    char id[REPORT_ID];
    d->count = d->taken = 0;
    if (hit->seen == SEEN_DNS && (hit->kind == HIT_SIGHTING || hit->kind == HIT_DOMAIN))
        asked_put(d->asked, &hit->tuple.src, slice_str(hit->name), hit->us);
    if (hit->kind == HIT_SIGHTING) {
        cluster_ordinary(d->clusters, hit);
        return;
    }
    d->stats.hits++;
    enum allowed allowed = allow_hit(d->settings.allow, d->settings.geoip, hit);
    if (allowed != ALLOWED_NOT) {
        d->stats.allowed++;
        if (hit->kind == HIT_DOMAIN && allowed != ALLOWED_CLIENT) /* an allowed name is an ordinary one */
            cluster_ordinary(d->clusters, hit);
        return;
    }
    put_hit(d, hit, id);
    put_cluster(d, hit);
    put_evidence(d, hit, id);
}

const struct report *desk_next(struct desk *d)
{
    return d->taken < d->count ? &d->queue[d->taken++] : NULL;
}

void desk_stats(const struct desk *d, struct desk_stats *stats)
{
    struct evidence_stats evidence;
    struct cluster_stats clusters;
    evidence_stats(d->evidence, &evidence);
    cluster_stats(d->clusters, &clusters);
    *stats = d->stats;
    stats->incidents = evidence.incidents;
    stats->clients_forgotten = evidence.forgotten;
    stats->clusters = clusters.clusters;
}
