#include "feeds/notice.h"

#include "feeds/foreign_record.h"
#include "feeds/printable.h"

enum { DEEPEST = 8, PATH = 160 };

/* What a path leads to ("source.ip"), NULL where nowhere. */
static struct tree *at(const struct tree *document, const char *path)
{
    char key[NOTICE_TEXT];
    struct tree *found = (struct tree *)document;
    while (found != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");
        slice_text(slice_of(path, len), key, sizeof key);
        found = tree_get(found, key);
        path += len + (path[len] == '.');
    }
    return found;
}

/* EVE and ECS name the same thing differently. */
static const struct tree *either(const struct tree *document, const char *eve, const char *ecs)
{
    const struct tree *found = at(document, eve);
    return found != NULL ? found : at(document, ecs);
}

static void put_text(char *out, size_t size, const struct tree *text)
{
    slice_text(tree_text(text), out, size);
}

/* What a list has room for of its texts. */
static void put_list(char *out, size_t size, const struct tree *list)
{
    size_t len = strlen(out);
    for (size_t i = 0; i < tree_count(list) && len + 3 < size; i++) {
        if (tree_text(tree_at(list, i)).p == NULL)
            continue;
        len += (size_t)snprintf(out + len, size - len, "%s", len > 0 ? ", " : "");
        len += slice_text(tree_text(tree_at(list, i)), out + len, size - len);
    }
}

static uint64_t time_of(const struct tree *text)
{
    uint64_t us;
    return foreign_time(tree_text(text), &us) ? us : 0;
}

struct detail {
    char *out;
    size_t len;
};

/* As much as there is room for, three bytes kept for what stands behind it. */
static void put(struct detail *d, struct slice text, const char *behind)
{
    if (NOTICE_DETAIL - d->len <= 4)
        return;
    printable(d->out + d->len, NOTICE_DETAIL - d->len - 3, text, SIZE_MAX, NULL);
    d->len += strlen(d->out + d->len);
    d->len += (size_t)snprintf(d->out + d->len, NOTICE_DETAIL - d->len, "%s", behind);
}

static void put_line(struct detail *d, const char *label, struct slice text)
{
    if (label[0] != '\0')
        put(d, slice_str(label), ": ");
    put(d, text, "\n");
}

static void put_value(struct detail *d, const char *path, const struct tree *value)
{
    char number[32];
    double n;
    if (tree_text(value).p != NULL)
        put_line(d, path, tree_text(value));
    else if (tree_number(value, &n))
        put_line(d, path, slice_of(number, (size_t)snprintf(number, sizeof number, "%.15g", n)));
    else
        put_line(d, path, tree_is_true(value) ? S("true") : S("false"));
}

/* Every field with its path, as the document has them; lists as one line a text. What was said before is left out. */
static void put_fields(struct detail *d, const char *path, const struct tree *object, unsigned depth)
{
    const char *key = NULL;
    struct tree *value;
    while (tree_next(object, &key, &value)) {
        char below[PATH];
        snprintf(below, sizeof below, "%s%s%s", path, path[0] != '\0' ? "." : "", key);
        if (tree_is_object(value) && depth < DEEPEST)
            put_fields(d, below, value, depth + 1);
        for (size_t i = 0; i < tree_count(value); i++)
            if (tree_is_object(tree_at(value, i)) && depth < DEEPEST)
                put_fields(d, below, tree_at(value, i), depth + 1);
            else if (strcmp(key, "evidence") != 0)
                put_value(d, below, tree_at(value, i));
        if (!tree_is_object(value) && !tree_is_array(value) && strcmp(key, "reason") != 0)
            put_value(d, below, value);
    }
}

static void put_detail(struct notice *n, const struct tree *document)
{
    struct detail d = {n->detail, 0};
    const struct tree *evidence = at(document, "radome.incident.evidence");
    d.out[0] = '\0';
    put_line(&d, "", slice_str(n->reason));
    if (tree_count(evidence) > 0)
        put_line(&d, "", S(""));
    for (size_t i = 0; i < tree_count(evidence); i++)
        put_line(&d, "", tree_text(tree_at(evidence, i)));
    put_line(&d, "", S(""));
    put_fields(&d, "", document, 0);
}

/* What a hit is about, in the fewest words: a name where there is one, and what was seen. */
static void put_subject(struct notice *n, const struct tree *document)
{
    static const char *const names[] = {"radome.domain.name", "radome.ioc.name", "http.hostname", "url.domain"};
    static const char *const seen[] = {"radome.beacon.shape", "radome.payload.kind", "radome.payload.cipher"};
    for (size_t i = 0; i < sizeof names / sizeof *names && n->names[0] == '\0'; i++)
        put_text(n->names, sizeof n->names, at(document, names[i]));
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
        size_t len = strlen(n->names);
        if (at(document, seen[i]) != NULL && len + 1 < sizeof n->names) {
            n->names[len] = ' ';
            put_text(n->names + len + 1, sizeof n->names - len - 1, at(document, seen[i]));
        }
    }
    put_list(n->names, sizeof n->names, at(document, "radome.cluster.domains"));
}

static void put_ends(struct notice *n, const struct tree *document)
{
    double port;
    put_text(n->client, sizeof n->client, either(document, "src_ip", "source.ip"));
    put_text(n->server, sizeof n->server - 8, either(document, "dest_ip", "destination.ip"));
    size_t len = strlen(n->server);
    if (len > 0 && tree_number(either(document, "dest_port", "destination.port"), &port) && port >= 0 && port < 65536)
        snprintf(n->server + len, sizeof n->server - len, strchr(n->server, ':') != NULL ? " %u" : ":%u", (unsigned)port);
}

static void put_incident(struct notice *n, const struct tree *incident)
{
    put_text(n->id, sizeof n->id, tree_get(incident, "id"));
    put_text(n->stage, sizeof n->stage, tree_get(incident, "stage"));
    put_list(n->names, sizeof n->names, tree_get(incident, "names"));
    n->aggregator = tree_is_true(tree_get(incident, "aggregator"));
    n->last_us = time_of(tree_get(incident, "last_seen"));
    n->last_us = n->last_us != 0 ? n->last_us : n->us;
}

static enum notice_result read_tree(struct notice *n, struct samples *samples, const struct tree *document)
{
    const struct tree *radome = tree_get(document, "radome");
    double number = 0;
    put_text(n->kind, sizeof n->kind, tree_get(radome, "kind"));
    put_text(n->sensor, sizeof n->sensor, either(document, "host", "observer.name"));
    n->us = time_of(either(document, "timestamp", "@timestamp"));
    if (n->kind[0] == '\0')
        return NOTICE_BAD;
    if (strcmp(n->kind, "stats") == 0) {
        samples_of_stats(samples, tree_get(radome, "stats"), n->us);
        return NOTICE_STATS;
    }
    if (!tree_number(tree_get(radome, "risk_score"), &number))
        return NOTICE_RECORD;
    n->risk = number >= 0 && number <= 100 ? (int)number : 0;
    put_text(n->id, sizeof n->id, tree_get(radome, "id"));
    put_text(n->reason, sizeof n->reason, tree_get(radome, "reason"));
    put_list(n->families, sizeof n->families, tree_get(radome, "families"));
    put_ends(n, document);
    if (tree_number(at(radome, "repeat.count"), &number) && number > 0 && number < 1e9)
        n->repeats = (unsigned)number;
    bool incident = strcmp(n->kind, "incident") == 0;
    if (incident)
        put_incident(n, tree_get(radome, "incident"));
    else
        put_subject(n, document);
    put_detail(n, document);
    return incident ? NOTICE_INCIDENT : NOTICE_HIT;
}

enum notice_result notice_read(struct notice *n, struct samples *samples, struct slice document)
{
    char err[ERRLEN];
    struct tree *tree = tree_open(document, err);
    memset(n, 0, offsetof(struct notice, detail));
    enum notice_result result = tree_is_object(tree) ? read_tree(n, samples, tree) : NOTICE_BAD;
    tree_close(tree);
    return result;
}
