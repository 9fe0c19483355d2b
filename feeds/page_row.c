#include "feeds/page_row.h"

#include <stdlib.h>

#include "feeds/foreign_record.h"
#include "feeds/tree.h"
#include "feeds/writer.h"

enum { TEXT_MAX = 2048, LIST_MAX = 64, PATH_MAX_KEY = 32 };

enum { DOMAIN = 1, BEACON = 2, PAYLOAD = 4, IOC = 8, CLUSTER = 16, INCIDENT = 32, HIT = DOMAIN | BEACON | PAYLOAD | IOC, ALL = 63 };

enum type { TEXT, NUMBER, FLAG, TIME, TEXTS, NUMBERS };

/* What a row says, and where documents have it. Of rows with the same key that follow each other the first that is there
 * counts: EVE and ECS name the same thing differently. */
static const struct field {
    unsigned kinds;
    enum type type;
    const char *key, *path;
} fields[] = {
    {ALL, TEXT, "sensor", "host"},
    {ALL, TEXT, "sensor", "observer.name"},
    {ALL, TEXT, "client", "src_ip"},
    {ALL, TEXT, "client", "source.ip"},
    {HIT, NUMBER, "client_port", "src_port"},
    {HIT, NUMBER, "client_port", "source.port"},
    {HIT, TEXT, "server", "dest_ip"},
    {HIT, TEXT, "server", "destination.ip"},
    {HIT, NUMBER, "server_port", "dest_port"},
    {HIT, NUMBER, "server_port", "destination.port"},
    {HIT, TEXT, "transport", "proto"},
    {HIT, TEXT, "transport", "network.transport"},
    {HIT, TEXT, "protocol", "app_proto"},
    {HIT, TEXT, "protocol", "network.protocol"},
    {HIT, TEXT, "community_id", "community_id"},
    {HIT, TEXT, "community_id", "network.community_id"},
    {HIT, NUMBER, "as_number", "radome.destination.as.number"},
    {HIT, TEXT, "as_name", "radome.destination.as.organization.name"},
    {HIT, TEXT, "country", "radome.destination.geo.country_iso_code"},
    {HIT, TEXT, "name", "radome.domain.name"},
    {HIT, TEXT, "name", "dns.rrname"},
    {HIT, TEXT, "name", "dns.question.name"},
    {HIT, TEXT, "name", "tls.sni"},
    {HIT, TEXT, "name", "tls.client.server_name"},
    {HIT, TEXT, "name", "http.hostname"},
    {HIT, TEXT, "name", "url.domain"},
    {HIT, TEXT, "method", "http.http_method"},
    {HIT, TEXT, "method", "http.request.method"},
    {HIT, TEXT, "url", "http.url"},
    {HIT, TEXT, "url", "url.original"},
    {HIT, NUMBER, "port", "http.http_port"},
    {HIT, NUMBER, "port", "url.port"},
    {HIT, TEXT, "user_agent", "http.http_user_agent"},
    {HIT, TEXT, "user_agent", "user_agent.original"},
    {HIT, NUMBER, "status", "http.status"},
    {HIT, NUMBER, "status", "http.response.status_code"},
    {HIT, TEXT, "mime", "http.http_content_type"},
    {HIT, TEXT, "mime", "http.response.mime_type"},
    {HIT, NUMBER, "answer_bytes", "http.length"},
    {HIT, NUMBER, "answer_bytes", "http.response.body.bytes"},
    {ALL, TEXT, "reason", "radome.reason"},
    {ALL, NUMBER, "bits", "radome.evidence_bits"},
    {ALL, TEXTS, "families", "radome.families"},
    {ALL, TEXTS, "techniques", "radome.techniques"},
    {HIT, NUMBER, "again", "radome.repeat.count"},
    {HIT, NUMBER, "total", "radome.repeat.total"},
    {HIT, TIME, "again_first", "radome.repeat.first_seen"},
    {HIT, TIME, "again_last", "radome.repeat.last_seen"},
    {DOMAIN, TEXT, "registered", "radome.domain.registered_domain"},
    {DOMAIN, TEXT, "label", "radome.domain.label"},
    {DOMAIN, NUMBER, "alternation", "radome.domain.alternation"},
    {DOMAIN, NUMBER, "ngram_bits", "radome.domain.ngram_bits"},
    {DOMAIN, FLAG, "grammar", "radome.domain.grammar"},
    {DOMAIN, TEXT, "seen_in", "radome.domain.seen_in"},
    {DOMAIN, TEXTS, "addresses", "radome.domain.resolved_ip"},
    {BEACON, TEXT, "shape", "radome.beacon.shape"},
    {BEACON, TEXTS, "parameters", "radome.beacon.parameters"},
    {BEACON, TEXT, "decoded", "radome.beacon.decoded"},
    {BEACON, NUMBER, "period_s", "radome.beacon.period_s"},
    {BEACON, NUMBER, "beats", "radome.beacon.count"},
    {PAYLOAD, TEXT, "program", "radome.payload.kind"},
    {PAYLOAD, TEXT, "cipher", "radome.payload.cipher"},
    {PAYLOAD, TEXT, "key", "radome.payload.key"},
    {PAYLOAD, NUMBER, "key_length", "radome.payload.key_length"},
    {PAYLOAD, NUMBER, "key_step", "radome.payload.key_step"},
    {PAYLOAD, TEXTS, "layers", "radome.payload.layers"},
    {PAYLOAD, NUMBER, "offset", "radome.payload.offset"},
    {PAYLOAD, NUMBER, "size", "radome.payload.size"},
    {PAYLOAD, NUMBER, "size_declared", "radome.payload.size_declared"},
    {PAYLOAD, FLAG, "complete", "radome.payload.complete"},
    {PAYLOAD, NUMBER, "parts", "radome.payload.parts"},
    {PAYLOAD, TEXT, "machine", "radome.payload.pe.machine"},
    {PAYLOAD, TIME, "linked", "radome.payload.pe.timestamp"},
    {PAYLOAD, NUMBER, "sections", "radome.payload.pe.sections"},
    {PAYLOAD, TEXT, "sha1", "radome.payload.sha1"},
    {PAYLOAD, TEXT, "sha256", "radome.payload.sha256"},
    {PAYLOAD, TEXT, "preview", "radome.payload.preview"},
    {IOC, TEXT, "indicator_type", "radome.ioc.type"},
    {IOC, TEXT, "indicator", "radome.ioc.name"},
    {IOC, TEXT, "provider", "radome.ioc.provider"},
    {IOC, TEXT, "description", "radome.ioc.description"},
    {IOC, TEXT, "seen_in", "radome.ioc.seen_in"},
    {IOC, TEXTS, "addresses", "radome.ioc.resolved_ip"},
    {CLUSTER, TEXT, "cluster", "radome.cluster.id"},
    {CLUSTER, TEXTS, "merged", "radome.cluster.merged"},
    {CLUSTER, TEXTS, "names", "radome.cluster.domains"},
    {CLUSTER, TEXTS, "addresses", "radome.cluster.ips"},
    {CLUSTER, NUMBER, "clients", "radome.cluster.clients"},
    {CLUSTER, NUMBERS, "as_numbers", "radome.cluster.as"},
    {CLUSTER, TEXTS, "countries", "radome.cluster.countries"},
    {CLUSTER, TIME, "first", "radome.cluster.first_seen"},
    {CLUSTER, TIME, "last", "radome.cluster.last_seen"},
    {INCIDENT, TEXT, "incident", "radome.incident.id"},
    {INCIDENT, TEXT, "stage", "radome.incident.stage"},
    {INCIDENT, FLAG, "aggregator", "radome.incident.aggregator"},
    {INCIDENT, TEXTS, "evidence", "radome.incident.evidence"},
    {INCIDENT, TEXTS, "evidence_ids", "radome.incident.evidence_ids"},
    {INCIDENT, TEXTS, "names", "radome.incident.names"},
    {INCIDENT, TEXTS, "addresses", "radome.incident.servers"},
    {INCIDENT, NUMBERS, "as_numbers", "radome.incident.as"},
    {INCIDENT, TEXTS, "countries", "radome.incident.countries"},
    {INCIDENT, TIME, "first", "radome.incident.first_seen"},
    {INCIDENT, TIME, "last", "radome.incident.last_seen"},
};

static const struct {
    const char *word;
    unsigned bit;
    enum row_kind kind;
} kinds[] = {
    {"domain", DOMAIN, ROW_HIT},       {"beacon", BEACON, ROW_HIT},   {"payload", PAYLOAD, ROW_HIT}, {"ioc", IOC, ROW_HIT},
    {"cluster", CLUSTER, ROW_CLUSTER}, {"incident", INCIDENT, ROW_INCIDENT},
    {"dns", 0, ROW_RECORD},            {"http", 0, ROW_RECORD},       {"tls", 0, ROW_RECORD},        {"stats", 0, ROW_RECORD},
};

/* A nested value; the path's keys are parted by dots. */
static const struct tree *at(const struct tree *tree, const char *path)
{
    char key[PATH_MAX_KEY];
    for (; tree != NULL && *path != '\0'; path += *path == '.') {
        size_t len = strcspn(path, ".");
        slice_text(slice_of(path, len), key, sizeof key);
        tree = tree_get(tree, key);
        path += len;
    }
    return tree;
}

static struct slice text_of(const struct tree *value)
{
    return slice_head(tree_text(value), TEXT_MAX);
}

static void put_number(struct writer *w, const char *key, const struct tree *value)
{
    double number;
    if (tree_text(value).p != NULL || !tree_number(value, &number))
        return;
    if (number > -1e15 && number < 1e15 && number == (double)(int64_t)number)
        writer_int(w, key, (int64_t)number);
    else
        writer_number(w, key, number);
}

static void put_list(struct writer *w, const char *key, const struct tree *list, enum type type)
{
    writer_array(w, key);
    for (size_t i = 0; i < tree_count(list) && i < LIST_MAX; i++) {
        if (type == TEXTS)
            writer_bytes(w, NULL, text_of(tree_at(list, i)));
        else
            put_number(w, NULL, tree_at(list, i));
    }
    writer_end(w);
}

/* False: the value is not there, or of another type. */
static bool put(struct writer *w, const struct field *field, const struct tree *value)
{
    size_t before = w->len;
    uint64_t us;
    switch (field->type) {
    case TEXT: writer_bytes(w, field->key, text_of(value)); break;
    case NUMBER: put_number(w, field->key, value); break;
    case FLAG:
        if (tree_is_true(value))
            writer_bool(w, field->key, true);
        break;
    case TIME:
        if (foreign_time(tree_text(value), &us))
            writer_uint(w, field->key, us);
        break;
    case TEXTS:
    case NUMBERS: put_list(w, field->key, value, field->type); break;
    }
    return w->len > before;
}

static struct slice put_fields(const struct row *row, const struct tree *root, const char *kind, unsigned bit, char out[static ROW_MAX])
{
    struct writer w = writer_of(out, ROW_MAX);
    const char *done = "";
    writer_object(&w, NULL);
    writer_uint(&w, "us", row->us);
    writer_text(&w, "kind", kind);
    writer_text(&w, "id", row->id);
    writer_uint(&w, "score", row->score);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if ((fields[i].kinds & bit) != 0 && strcmp(fields[i].key, done) != 0 && put(&w, &fields[i], at(root, fields[i].path)))
            done = fields[i].key;
    writer_end(&w);
    return slice_of(out, writer_finish(&w));
}

/* Where the journal was full the sensor left one such document, with this value alone. */
static uint64_t lost(const struct tree *root)
{
    double number = 0;
    const struct tree *journal = at(root, "radome.stats.journal");
    if (tree_get(journal, "documents") != NULL || !tree_number(tree_get(journal, "dropped"), &number) || !(number > 0 && number < 1e15))
        return 0;
    return (uint64_t)number;
}

static unsigned score_of(const struct tree *value)
{
    double score;
    return tree_number(value, &score) && score > 0 ? score < 100 ? (unsigned)score : 100 : 0;
}

static bool read_row(struct row *row, const struct tree *root, char out[static ROW_MAX], char err[static ERRLEN])
{
    struct slice time = tree_text(tree_get(root, "timestamp")), id = tree_text(at(root, "radome.id"));
    const char *word = tree_word(at(root, "radome"), "kind");
    size_t i = 0;
    while (i < sizeof kinds / sizeof *kinds && strcmp(kinds[i].word, word) != 0)
        i++;
    if (i == sizeof kinds / sizeof *kinds || tree_text(at(root, "radome.kind")).len != strlen(word)) {
        error_set(err, "not a document of radome's");
        return false;
    }
    if (kinds[i].kind == ROW_RECORD) {
        row->lost = lost(root);
        row->kind = ROW_RECORD;
        return true;
    }
    time = time.p != NULL ? time : tree_text(tree_get(root, "@timestamp"));
    if (!foreign_time(time, &row->us) || id.len == 0 || id.len >= sizeof row->id || slice_text(id, row->id, sizeof row->id) != strlen(row->id)) {
        error_set(err, "a document without its time or id");
        return false;
    }
    row->score = score_of(at(root, "radome.risk_score"));
    row->text = put_fields(row, root, kinds[i].word, kinds[i].bit, out);
    row->kind = row->text.len > 0 ? kinds[i].kind : ROW_UNREADABLE;
    if (row->text.len == 0)
        error_set(err, "a document with more text than any of radome's has");
    return row->text.len > 0;
}

/* The line once more without what is not UTF-8, which JSON may not hold. */
static struct tree *open_mended(struct slice line, char why[static ERRLEN])
{
    struct tree *root = NULL;
    char *mended = malloc(3 * line.len + 1);
    size_t len = 0;
    for (uint32_t point; mended != NULL && line.len > 0;) {
        size_t n = writer_point(line, &point);
        struct slice good = n > 0 ? slice_head(line, n) : S("\xef\xbf\xbd");
        memcpy(mended + len, good.p, good.len);
        len += good.len;
        line = slice_from(line, n > 0 ? n : 1);
    }
    if (mended != NULL)
        root = tree_open(slice_of(mended, len), why);
    free(mended);
    return root;
}

void page_row(struct row *row, struct slice line, char out[static ROW_MAX], char err[static ERRLEN])
{
    struct tree *root;
    char why[ERRLEN] = "no memory";
    *row = (struct row){.kind = ROW_UNREADABLE};
    root = tree_open(line, why);
    root = root != NULL ? root : open_mended(line, why);
    if (root == NULL) {
        const char *behind = strstr(why, ": ");
        error_set(err, "not JSON: %.200s", behind != NULL ? behind + 2 : why);
        return;
    }
    if (!read_row(row, root, out, err))
        row->kind = ROW_UNREADABLE;
    tree_close(root);
}
