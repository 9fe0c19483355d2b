#include <stdio.h>

#include "feeds/cluster_table.h"
#include "feeds/evidence.h"
#include "feeds/id.h"

/* More bits than this say nothing more: the names of a cluster are not independent of each other. */
#define BITS_MAX 30.0f

static void add_ip(struct cluster_report *report, const struct addr *addr)
{
    for (unsigned i = 0; i < report->ip_count; i++)
        if (addr_eq(&report->ips[i], addr))
            return;
    if (report->ip_count < REPORT_LIST)
        report->ips[report->ip_count++] = *addr;
}

static void add_family(struct cluster_report *report, const char *family)
{
    for (unsigned i = 0; i < report->family_count; i++)
        if (strcmp(report->families[i], family) == 0)
            return;
    if (family[0] != '\0' && report->family_count < 4)
        snprintf(report->families[report->family_count++], sizeof *report->families, "%s", family);
}

/* The members by age, as many as a document holds; the last of a full list makes room. */
static unsigned members_of(const struct clusters *c, uint16_t root, uint16_t out[static REPORT_LIST])
{
    unsigned count = 0;
    uint16_t i = root;
    do {
        unsigned at = count;
        while (at > 0 && cluster_older(&c->name[i], &c->name[out[at - 1]]))
            at--;
        if (at < REPORT_LIST) {
            count += count < REPORT_LIST;
            memmove(out + at + 1, out + at, (count - at - 1) * sizeof *out);
            out[at] = i;
        }
        i = c->name[i].next;
    } while (i != root);
    return count;
}

static void report_member(struct cluster_report *report, const struct name *name)
{
    snprintf(report->domains[report->domain_count++], HIT_NAME, "%s", name->text);
    for (unsigned k = 0; k < name->addrs; k++)
        add_ip(report, &name->addr[k]);
    add_family(report, name->family);
    report->first_us = name->first_us < report->first_us ? name->first_us : report->first_us;
    report->last_us = name->last_us > report->last_us ? name->last_us : report->last_us;
}

/* The count of clients unites the members' hashes, as far as the list goes. */
static float report_members(struct clusters *c, uint16_t root)
{
    uint16_t member[REPORT_LIST];
    uint32_t clients[CLIENTS_OF_NAME * 4];
    float bits = 0;
    for (unsigned i = 0, count = members_of(c, root, member); i < count; i++) {
        const struct name *name = &c->name[member[i]];
        report_member(&c->report, name);
        for (unsigned k = 0; k < name->clients; k++) {
            unsigned m = 0;
            while (m < c->report.clients && clients[m] != name->client[k])
                m++;
            if (m == c->report.clients && m < CLIENTS_OF_NAME * 4)
                clients[c->report.clients++] = name->client[k];
        }
        bits += name->bits;
    }
    return bits < BITS_MAX ? bits : BITS_MAX;
}

void cluster_report_fill(struct clusters *c, uint16_t root, const char *merged, uint64_t us, struct report *out)
{
    struct cluster_report *report = &c->report;
    char key[REPORT_ID + 32], families[80] = "";
    memset(report, 0, sizeof *report);
    report->first_us = UINT64_MAX;
    snprintf(report->id, sizeof report->id, "%s", c->name[root].id);
    snprintf(report->merged, sizeof report->merged, "%s", merged);
    out->kind = REPORT_CLUSTER;
    out->us = us;
    out->tuple = (struct tuple){0};
    out->bits = report_members(c, root);
    out->risk_score = evidence_risk_score(out->bits);
    out->hit = NULL;
    out->incident = NULL;
    out->cluster = report;
    for (unsigned i = 0; i < report->family_count; i++)
        snprintf(families + strlen(families), sizeof families - strlen(families), "%s%s", i > 0 ? ", " : " of ", report->families[i]);
    snprintf(out->reason, sizeof out->reason, "%u suspicious names%s share %u address%s that few ordinary names use",
             report->domain_count, families, report->ip_count, report->ip_count == 1 ? "" : "es");
    int len = snprintf(key, sizeof key, "%s %u %u", report->id, report->domain_count, report->ip_count);
    id_of(out->id, "cluster", key, (size_t)len);
}

bool cluster_tell(struct clusters *c, const char *name, struct report *report)
{
    uint16_t i = cluster_find(c, name);
    if (i == NO_NAME || !is_cluster(&c->name[c->name[i].root]))
        return false;
    cluster_report_fill(c, c->name[i].root, "", c->name[i].last_us, report);
    return true;
}

void cluster_add_as(struct clusters *c, uint32_t asn)
{
    struct cluster_report *report = &c->report;
    for (unsigned i = 0; i < report->as_count; i++)
        if (report->as[i] == asn)
            return;
    if (asn != 0 && report->as_count < sizeof report->as / sizeof *report->as)
        report->as[report->as_count++] = asn;
}
