#include "feeds/incident.h"

#include <stdlib.h>

#include "feeds/anonymise.h"
#include "feeds/evidence.h"
#include "feeds/id.h"
#include "feeds/words.h"

static const char *kind_word(enum hit_kind kind)
{
    static const char *const words[] = {"sighting", "domain", "beacon", "payload", "ioc"};
    return words[kind];
}

static void add_text(char *list, size_t width, size_t max, uint16_t *count, const char *text)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(list + i * width, text) == 0)
            return;
    if (*count < max && text[0] != '\0')
        snprintf(list + (*count)++ * width, width, "%s", text);
}

static void add_server(struct incident_report *incident, const struct addr *server)
{
    for (size_t i = 0; i < incident->server_count; i++)
        if (addr_eq(&incident->servers[i], server))
            return;
    if (incident->server_count < REPORT_LIST)
        incident->servers[incident->server_count++] = *server;
}

static int by_first_time(const void *a, const void *b)
{
    const struct evidence_item *x = *(const struct evidence_item *const *)a, *y = *(const struct evidence_item *const *)b;
    if (x->first_us != y->first_us)
        return x->first_us < y->first_us ? -1 : 1;
    return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->id, y->id);
}

static void add_item(struct incident_report *incident, const struct evidence_item *item)
{
    char when[WORD_TIME];
    size_t n = incident->evidence_count++;
    int len = snprintf(incident->evidence[n], sizeof *incident->evidence, "%s %s, %.1f bits: %s", word_of_time(item->first_us, when), kind_word(item->kind),
                       (double)item->bits, item->what);
    if (item->count > 1 && len < (int)sizeof *incident->evidence)
        snprintf(incident->evidence[n] + len, sizeof *incident->evidence - (size_t)len, " (%u times)", item->count);
    snprintf(incident->evidence_ids[n], REPORT_ID, "%s", item->id);
    add_text(incident->names[0], sizeof *incident->names, REPORT_LIST, &incident->name_count, item->name);
    add_text(incident->families[0], sizeof *incident->families, 4, &incident->family_count, item->family);
    for (int i = 0; i < 4; i++)
        add_text(incident->techniques[0], sizeof *incident->techniques, 16, &incident->technique_count, item->technique[i]);
    if (item->has_server)
        add_server(incident, &item->server);
}

static void put_count(char *out, size_t size, unsigned count, const char *one, const char *many)
{
    size_t len = strlen(out);
    if (count > 0)
        snprintf(out + len, size - len, "%s%u %s", len > 0 ? ", " : "", count, count == 1 ? one : many);
}

/* One sentence: who, how sure, on what grounds. */
static void put_reason(struct report *report, const struct evidence_client *client)
{
    unsigned names = 0, requests = 0, programs = 0, others = 0;
    char address[ADDR_TEXT], grounds[192] = "", families[96] = "";
    for (unsigned i = 0; i < client->items; i++) {
        const struct evidence_item *item = &client->item[i];
        names += item->kind == HIT_DOMAIN || (item->kind == HIT_INDICATOR && item->name[0] != '\0' && item->stage == STAGE_LOOKUP);
        requests += item->kind == HIT_BEACON;
        programs += item->kind == HIT_PAYLOAD && item->bits >= EVIDENCE_STAGE_BITS;
    }
    others = client->items - (names + requests + programs);
    put_count(grounds, sizeof grounds, names, "suspicious name", "suspicious names");
    put_count(grounds, sizeof grounds, requests, "kind of beacon", "kinds of beacon");
    put_count(grounds, sizeof grounds, programs, "hidden program", "hidden programs");
    put_count(grounds, sizeof grounds, others, "lesser sign", "lesser signs");
    for (unsigned i = 0; i < report->incident->family_count; i++)
        snprintf(families + strlen(families), sizeof families - strlen(families), "%s%s", i > 0 ? ", " : "", report->incident->families[i]);
    struct addr shown = anonymise_shown(&client->addr);
    snprintf(report->reason, sizeof report->reason, "%s shows the marks of %s: %s; %.1f bits of evidence against a prior of %.0f",
             addr_format(&shown, address), families[0] != '\0' ? families : "adware", grounds, (double)report->bits,
             (double)EVIDENCE_PRIOR_BITS);
}

/* An incident's id: its client and its first evidence, by that one's id. */
static void incident_name(char out[static REPORT_ID], const struct evidence_client *client)
{
    char key[ADDR_TEXT + REPORT_ID], address[ADDR_TEXT];
    int len = snprintf(key, sizeof key, "%s %s", addr_format(&client->addr, address), client->first_id);
    id_of(out, "client", key, (size_t)len);
}

static void put_timeline(struct incident_report *incident, const struct evidence_client *client, bool aggregator)
{
    const struct evidence_item *order[EVIDENCE_ITEMS];
    memset(incident, 0, sizeof *incident);
    incident_name(incident->id, client);
    incident->stage = client->stage;
    incident->first_us = client->first_us;
    incident->last_us = client->last_us;
    incident->aggregator = aggregator;
    for (unsigned i = 0; i < client->items; i++)
        order[i] = &client->item[i];
    qsort(order, client->items, sizeof *order, by_first_time);
    for (unsigned i = 0; i < client->items; i++)
        add_item(incident, order[i]);
}

void incident_fill(struct incident_report *incident, const struct evidence_client *client, float bits, bool aggregator, uint64_t us,
                   struct report *report)
{
    char key[REPORT_ID + 16];
    put_timeline(incident, client, aggregator);
    snprintf(key, sizeof key, "%s %d", incident->id, (int)client->stage);
    report->kind = REPORT_INCIDENT;
    report->us = us;
    report->tuple = (struct tuple){.src = anonymise_shown(&client->addr)};
    report->bits = bits;
    report->risk_score = evidence_risk_score(bits);
    report->hit = NULL;
    report->cluster = NULL;
    report->incident = incident;
    id_of(report->id, "incident", key, strlen(key));
    put_reason(report, client);
}
