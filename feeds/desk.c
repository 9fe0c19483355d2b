#include "feeds/desk_table.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "classifiers/hit_id.h"
#include "feeds/allow.h"
#include "feeds/anonymise.h"
#include "feeds/asked.h"
#include "feeds/cluster.h"
#include "feeds/evidence.h"
#include "feeds/geoip.h"
#include "feeds/id.h"
#include "feeds/repeat.h"
#include "feeds/rules.h"
#include "feeds/store.h"
#include "feeds/words.h"

struct desk *desk_open(const struct desk_settings *settings, char err[static ERRLEN])
{
    struct desk *d = calloc(1, sizeof *d);
    struct evidence_settings evidence = {settings->seed, CLIENTS, settings->threshold};
    struct cluster_settings clusters = {settings->seed, NAMES, ADDRESSES, settings->geoip};
    struct repeat_settings repeats = {settings->seed, REPEATS, HELD};
    if (d == NULL) {
        error_set(err, "no memory for the desk");
        return NULL;
    }
    d->settings = *settings;
    if (settings->anonymise != NULL && (d->anonymise = anonymise_open(settings->anonymise, err)) == NULL) {
        desk_close(d);
        return NULL;
    }
    evidence.clusters = d->clusters = cluster_open(&clusters, err);
    d->evidence = d->clusters != NULL ? evidence_open(&evidence, err) : NULL;
    d->asked = d->evidence != NULL ? asked_open(ASKING, settings->seed, err) : NULL;
    d->repeats = d->asked != NULL ? repeat_open(&repeats, err) : NULL;
    d->schedules = d->repeats != NULL ? schedule_open(SERIES, settings->seed, err) : NULL;
    if (d->schedules == NULL) {
        desk_close(d);
        return NULL;
    }
    return d;
}

void desk_close(struct desk *d)
{
    if (d == NULL)
        return;
    anonymise_close(d->anonymise);
    evidence_close(d->evidence);
    cluster_close(d->clusters);
    asked_close(d->asked);
    repeat_close(d->repeats);
    schedule_close(d->schedules);
    free(d);
}

/* The next free place of the queue, cleared of what a hit before left in it. */
static struct report *queued(struct desk *d)
{
    struct report *report = &d->queue[d->count];
    *report = (struct report){.sensor = d->settings.sensor};
    return report;
}

/* Where the servers are that it is about, beside the one that the packet went to or came from. */
static void add_places(const struct desk *d, struct report *report)
{
    if (report->incident != NULL)
        geoip_places(d->settings.geoip, report->incident->servers, report->incident->server_count, &report->places);
    else if (report->cluster != NULL)
        geoip_places(d->settings.geoip, report->cluster->ips, report->cluster->ip_count, &report->places);
    else if (report->hit->seen == SEEN_DNS)
        geoip_places(d->settings.geoip, report->hit->addr, report->hit->addrs, &report->places);
}

static void count(struct desk *d, const struct report *report)
{
    d->stats.reports++;
    d->stats.of_kind[report->kind]++;
}

/* The report in the next place goes out, if it says enough and is to be told. */
static void send(struct desk *d)
{
    if (rules_of_report(d->settings.rules, &d->queue[d->count]) != RULE_ALERT) {
        d->stats.silent++;
    } else if (d->queue[d->count].risk_score >= d->settings.threshold) {
        add_places(d, &d->queue[d->count]);
        count(d, &d->queue[d->count++]);
    } else {
        d->stats.below++;
    }
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

/* What a hit's document says; of many of the same, also how often and since when. */
static void fill(struct desk *d, struct report *report, const struct hit *hit, const char *id, const struct repeat_summary *repeat)
{
    char key[2 * REPORT_ID], first[WORD_TIME];
    report->kind = kind_of(hit->kind);
    report->us = hit->us;
    report->tuple = hit->tuple;
    report->tuple.src = anonymise_shown(&hit->tuple.src);
    report->bits = hit->bits;
    report->risk_score = evidence_risk_score(hit->bits);
    report->hit = hit;
    report->repeat = *repeat;
    snprintf(report->id, sizeof report->id, "%s", id);
    snprintf(report->reason, sizeof report->reason, "%s", hit->why);
    if (d->settings.geoip != NULL)
        geoip_find(d->settings.geoip, &hit->tuple.dst, &report->geo);
    if (repeat->count == 0)
        return;
    int len = snprintf(key, sizeof key, "%s %u", id, repeat->total);
    id_of(report->id, "repeat", key, (size_t)len);
    char *end = report->reason + strlen(report->reason);
    size_t room = sizeof report->reason - strlen(report->reason);
    if (repeat->count == 1)
        snprintf(end, room, "; again, %u times in all", repeat->total);
    else
        snprintf(end, room, "; %u more times since %s, %u in all", repeat->count, word_of_time(repeat->first_us, first), repeat->total);
}

/* A visit, and whether it is one of a schedule; *found is filled where it is. */
static enum schedule put_beat(struct desk *d, const struct hit *hit, struct schedule_found *found, bool *new)
{
    struct told *told = &d->told[d->told_count];
    *new = false;
    if (!schedule_beat(&told->beat, hit))
        return SCHEDULE_NONE;
    enum schedule schedule = schedule_put(d->schedules, &told->beat, new, found);
    told->kind = TOLD_BEAT;
    d->told_count += *new;
    d->stats.schedules += schedule == SCHEDULE_TOLD;
    if (schedule != SCHEDULE_NONE)
        schedule_hit(&d->scheduled, hit, &told->beat, found);
    return schedule;
}

/* What a document says of the schedule: of a request in its own, of a name in one beside it. */
static void fill_schedule(struct report *report, const struct hit *scheduled, const struct schedule_found *found, bool words)
{
    report->period_s = found->period.period_s;
    report->count = found->count;
    if (!words)
        return;
    report->bits += scheduled->bits;
    report->risk_score = evidence_risk_score(report->bits);
    snprintf(report->reason, sizeof report->reason, "%s", scheduled->why);
}

static void put_hit(struct desk *d, const struct hit *hit, const char *id, enum schedule schedule, const struct schedule_found *found)
{
    struct report *report = queued(d);
    struct repeat_summary repeat = {0};
    bool worth = evidence_risk_score(hit->bits) >= d->settings.threshold && rules_of_hit(d->settings.rules, hit) == RULE_ALERT;
    bool request = hit->kind == HIT_BEACON && schedule != SCHEDULE_NONE;
    if (repeat_put(d->repeats, hit, id, worth, &repeat) == REPEAT_HELD && !(request && schedule == SCHEDULE_TOLD)) {
        d->stats.repeats++;
        return;
    }
    fill(d, report, hit, id, &repeat);
    if (request)
        fill_schedule(report, &d->scheduled, found, schedule == SCHEDULE_TOLD);
    d->stats.summaries += repeat.count > 0;
    send(d);
}

/* A name's schedule is a document of its own: a beacon that nothing else shows. */
static void put_schedule(struct desk *d, const struct hit *hit, const struct schedule_found *found)
{
    struct report *report = queued(d);
    const struct repeat_summary none = {0};
    char id[REPORT_ID];
    hit_id(id, &d->scheduled);
    fill(d, report, &d->scheduled, id, &none);
    report->bits = hit->bits;
    fill_schedule(report, &d->scheduled, found, true);
    send(d);
}

/* The cluster that formed or grew, with the AS of its addresses. Who asked for its names before is looked at again. */
static void send_cluster(struct desk *d, const char *name, struct report *report)
{
    snprintf(d->grown, sizeof d->grown, "%s", name);
    d->grows = true;
    d->grown_us = report->us;
    d->reviewing = false;
    for (unsigned i = 0; d->settings.geoip != NULL && i < report->cluster->ip_count; i++) {
        struct geo geo = {0};
        if (geoip_find(d->settings.geoip, &report->cluster->ips[i], &geo))
            cluster_add_as(d->clusters, geo.asn);
    }
    send(d);
}

static void tell_name(struct desk *d)
{
    struct told *told = &d->told[d->told_count];
    told->kind = TOLD_NAME;
    d->told_count += cluster_news(d->clusters, &told->name);
}

static void tell_places(struct desk *d)
{
    const struct cluster_place_news *news;
    for (unsigned i = 0, count = cluster_place_news(d->clusters, &news); i < count; i++)
        d->told[d->told_count++] = (struct told){.kind = TOLD_PLACE, .place = news[i]};
}

/* How many names the client asked for goes along with evidence of it: an aggregator seen in parts is judged as a whole. */
static void tell_asked(struct desk *d, const struct addr *client)
{
    struct told *told = &d->told[d->told_count];
    told->kind = TOLD_ASKED;
    d->told_count += asked_news(d->asked, client, &told->asked);
}

static void put_ordinary(struct desk *d, const struct hit *hit)
{
    struct sighting sighting;
    sighting_of(&sighting, hit);
    cluster_ordinary(d->clusters, &sighting);
    tell_places(d);
}

void desk_settle(struct desk *d)
{
    if (!d->is_waiting)
        return;
    d->is_waiting = false;
    asked_put(d->asked, &d->waiting.client, d->waiting.name, d->waiting.us);
    cluster_ordinary(d->clusters, &d->waiting);
    tell_places(d);
}

/* Most names are ordinary, and of each three or four rows of large tables are touched. They are asked for here, and the name
 * is counted when the next hit comes: by then they are in the cache. */
static void put_sighting(struct desk *d, const struct hit *hit)
{
    sighting_of(&d->waiting, hit);
    d->is_waiting = true;
    asked_expect(d->asked, &d->waiting.client, d->waiting.name);
    cluster_expect(d->clusters, &d->waiting);
}

static void put_cluster(struct desk *d, const struct hit *hit)
{
    struct report *report = queued(d);
    if (evidence_name(hit)[0] == '\0' || (hit->addrs == 0 && hit->alias == 0))
        return;
    if (cluster_suspicious(d->clusters, hit, report))
        send_cluster(d, evidence_name(hit), report);
    tell_name(d);
    tell_places(d);
}

static void put_evidence(struct desk *d, const struct hit *hit, const char *id)
{
    struct report *report = queued(d);
    struct told *told = &d->told[d->told_count];
    if (evidence_put(d->evidence, hit, id, asked_names(d->asked, &hit->tuple.src), report))
        send(d);
    told->kind = TOLD_EVIDENCE;
    if (!evidence_news(d->evidence, &told->evidence))
        return;
    d->told_count++;
    tell_asked(d, &hit->tuple.src);
}

void desk_relist(struct desk *d, const struct allow *allow, struct geoip *geoip)
{
    desk_settle(d);
    d->settings.allow = allow;
    d->settings.geoip = geoip;
    cluster_relist(d->clusters, geoip);
}

static void begin(struct desk *d)
{
    d->count = d->taken = d->told_count = d->told_taken = 0;
    d->grows = false;
    desk_settle(d);
}

/* The door through which clients lose their addresses and bodies what was decoded of them: all that follows, here, in other
 * sensors and on the disk, knows nothing else. */
static const struct hit *known(struct desk *d, const struct hit *hit)
{
    if (d->anonymise == NULL && !d->settings.no_preview)
        return hit;
    memcpy(&d->known, hit, hit_size(hit));
    d->known.tuple.src = anonymise_client(d->anonymise, &hit->tuple.src);
    if (d->settings.no_preview && hit->kind == HIT_PAYLOAD)
        d->known.payload.preview[0] = '\0';
    if (d->settings.no_preview && hit->kind == HIT_BEACON && hit->beacon.decoded[0] != '\0') {
        d->known.beacon.decoded[0] = '\0';
        d->known.beacon.parameters = 0;
    }
    return &d->known;
}

void desk_put(struct desk *d, const struct hit *hit)
{
    char id[REPORT_ID];
    struct schedule_found found;
    bool beat;
    begin(d);
    if (hit->us > d->now_us)
        d->now_us = hit->us;
    enum allowed allowed = hit->kind != HIT_SIGHTING ? allow_hit(d->settings.allow, d->settings.geoip, hit) : ALLOWED_NOT;
    hit = known(d, hit);
    d->last = d->anonymise != NULL && allowed == ALLOWED_CLIENT ? NULL : hit;
    if (hit->kind == HIT_SIGHTING) {
        put_sighting(d, hit);
        return;
    }
    if (hit->kind == HIT_DOMAIN) /* by DNS or, of a proxy, in its requests and hellos */
        asked_put(d->asked, &hit->tuple.src, id_hash(hit->name, strlen(hit->name), 0), hit->us);
    d->stats.hits++;
    if (allowed != ALLOWED_NOT) {
        d->stats.allowed++;
        if (hit->kind == HIT_DOMAIN && allowed != ALLOWED_CLIENT) /* an allowed name is an ordinary one */
            put_ordinary(d, hit);
        return;
    }
    if (rules_of_hit(d->settings.rules, hit) == RULE_OFF) {
        d->stats.off++;
        return;
    }
    hit_id(id, hit);
    enum schedule schedule = put_beat(d, hit, &found, &beat);
    put_hit(d, hit, id, schedule, &found);
    if (schedule == SCHEDULE_TOLD && hit->kind != HIT_BEACON)
        put_schedule(d, hit, &found);
    put_cluster(d, hit);
    put_evidence(d, hit, id);
    if (schedule != SCHEDULE_NONE && beat && rules_of_hit(d->settings.rules, &d->scheduled) != RULE_OFF) {
        hit_id(id, &d->scheduled);
        put_evidence(d, &d->scheduled, id);
    }
}

/* Another sensor may keep its clients' addresses: here they go through the same door. */
static const struct told *heard(struct desk *d, const struct told *told)
{
    if (d->anonymise == NULL)
        return told;
    d->heard = *told;
    switch (told->kind) {
    case TOLD_EVIDENCE: d->heard.evidence.client = anonymise_client(d->anonymise, &told->evidence.client); break;
    case TOLD_BEAT: d->heard.beat.client = anonymise_client(d->anonymise, &told->beat.client); break;
    case TOLD_ASKED: d->heard.asked.client = anonymise_client(d->anonymise, &told->asked.client); break;
    case TOLD_NAME:
    case TOLD_PLACE: break;
    }
    return &d->heard;
}

void desk_put_told(struct desk *d, const struct told *told)
{
    struct schedule_found found;
    bool new;
    begin(d);
    told = d->last_told = heard(d, told);
    struct report *report = queued(d);
    switch (told->kind) {
    case TOLD_EVIDENCE:
        if (evidence_put_foreign(d->evidence, &told->evidence, asked_names(d->asked, &told->evidence.client), report))
            send(d);
        tell_asked(d, &told->evidence.client);
        break;
    case TOLD_NAME:
        if (cluster_put_foreign(d->clusters, &told->name, report))
            send_cluster(d, told->name.name, report);
        tell_places(d);
        break;
    case TOLD_BEAT: /* who saw it tells of the schedule */
        schedule_put(d->schedules, &told->beat, &new, &found);
        break;
    case TOLD_PLACE:
        cluster_put_foreign_place(d->clusters, &told->place);
        break;
    case TOLD_ASKED:
        asked_put_foreign(d->asked, &told->asked);
        break;
    }
}

const struct hit *desk_known(const struct desk *d)
{
    return d->last;
}

const struct told *desk_heard(const struct desk *d)
{
    return d->last_told;
}

const struct told *desk_next_told(struct desk *d)
{
    desk_settle(d);
    return d->told_taken < d->told_count ? &d->told[d->told_taken++] : NULL;
}

bool desk_tell_client(struct desk *d, const struct addr *client, struct report *report)
{
    struct addr inside = anonymise_client(d->anonymise, client);
    desk_settle(d);
    *report = (struct report){.sensor = d->settings.sensor};
    return evidence_tell(d->evidence, &inside, asked_names(d->asked, &inside), report);
}

bool desk_tell_name(struct desk *d, const char *name, struct report *report)
{
    desk_settle(d);
    *report = (struct report){.sensor = d->settings.sensor};
    return cluster_tell(d->clusters, name, report);
}

void desk_finish(struct desk *d)
{
    begin(d);
    d->now_us = UINT64_MAX;
}

/* A summary of days before, with the schedule that a request is on. */
static const struct report *due(struct desk *d, const struct repeat_summary *repeat)
{
    char id[REPORT_ID];
    struct schedule_beat beat;
    struct schedule_found found;
    hit_id(id, &d->due_hit);
    d->due = (struct report){.sensor = d->settings.sensor};
    fill(d, &d->due, &d->due_hit, id, repeat);
    if (d->due_hit.kind == HIT_BEACON && schedule_beat(&beat, &d->due_hit) && schedule_find(d->schedules, &beat, &found))
        fill_schedule(&d->due, NULL, &found, false);
    add_places(d, &d->due);
    d->stats.summaries++;
    count(d, &d->due);
    return &d->due;
}

/* The incident of another client that the grown cluster makes certain: one at a time, in the last place of the queue. */
static const struct report *reviewed(struct desk *d)
{
    const struct addr *client;
    while (d->grows && (client = evidence_waiting(d->evidence, d->grown, d->reviewing ? &d->reviewed : NULL)) != NULL) {
        d->reviewed = *client;
        d->reviewing = true;
        d->count = d->taken = 0;
        if (evidence_review(d->evidence, &d->reviewed, asked_names(d->asked, &d->reviewed), d->grown_us, queued(d)))
            send(d);
        if (d->count > 0)
            return &d->queue[d->taken++];
    }
    d->grows = false;
    return NULL;
}

/* What is due from days before, what the hit gave, and what follows from that for others. */
const struct report *desk_next(struct desk *d)
{
    struct repeat_summary repeat;
    if (repeat_due(d->repeats, d->now_us, &d->due_hit, &repeat))
        return due(d, &repeat);
    return d->taken < d->count ? &d->queue[d->taken++] : reviewed(d);
}
