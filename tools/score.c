/* radome-score: names and addresses as arguments or on standard input → what the sensor would make of a look-up of each, or
 * of a connection to it, and why. It goes through the same engine, indicators and allowlists as it would on the wire. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "capture/dns.h"
#include "capture/tls.h"
#include "classifiers/indicator.h"
#include "classifiers/name.h"
#include "classifiers/punycode.h"
#include "classifiers/engine.h"
#include "classifiers/suffix.h"
#include "feeds/evidence.h"
#include "feeds/list.h"
#include "feeds/lists.h"
#include "feeds/settings.h"
#include "feeds/writer.h"

enum { LINE = 16384, OUT = 16384, THRESHOLD = 50 };

struct options {
    struct setting_list ioc, allow, geoip;
    bool json, explain, no_builtin_ioc, no_builtin_allow, version, help;
};

#define FIELD(name) offsetof(struct options, name)

static const struct setting table[] = {
    {"json", 0, SETTING_FLAG, FIELD(json), NULL, "one JSON object a name"},
    {"explain", 0, SETTING_FLAG, FIELD(explain), NULL, "which entry of which list decides, and the parts of the score"},
    {"ioc", 0, SETTING_LIST, FIELD(ioc), "FILE", "indicators beside the built-in ones, repeatable"},
    {"allow", 0, SETTING_LIST, FIELD(allow), "FILE", "what never to flag beside the built-in names, repeatable"},
    {"geoip", 0, SETTING_LIST, FIELD(geoip), "FILE", "a MaxMind-format database, for allowed AS numbers, repeatable"},
    {"no-builtin-ioc", 0, SETTING_FLAG, FIELD(no_builtin_ioc), NULL, "without the built-in indicators"},
    {"no-builtin-allow", 0, SETTING_FLAG, FIELD(no_builtin_allow), NULL, "without the built-in list of honest look-alikes"},
    {"version", 'V', SETTING_FLAG, FIELD(version), NULL, "version", .flag_only = true},
    {"help", 'h', SETTING_FLAG, FIELD(help), NULL, "this help", .flag_only = true},
};

struct judge {
    struct lists *lists;
    struct engine *radome;
    struct dns_msg *dns;
    struct tls_hello hello;    /* that names no server */
    bool json, explain;
};

struct opinion {
    char name[HIT_NAME], text[PUNYCODE_TEXT]; /* as it is looked up; as it is read */
    struct slice registered;
    struct name_score score;
    float alternation;
    struct hit hit;            /* the heaviest of those that the look-up gave; bits 0: none */
    struct indicator indicator;
    bool listed;
    struct allow_entry entry;  /* of an allowlist: for the name, or the address as a server */
    bool allowed;
    bool is_address;
    struct addr addr;
    struct allow_entry client; /* for the address as a client */
    bool client_allowed;
    struct geo geo;
    const char *verdict;
    char why[512];
};

/* The heaviest hit in the engine of a question for the name, or of a nameless connection to the address. */
static void look_up(struct judge *j, struct opinion *o)
{
    memset(j->dns, 0, offsetof(struct dns_msg, rr));
    j->dns->questions = 1;
    j->dns->question = (struct dns_question){slice_str(o->name), DNS_A, 1};
    struct event event = {.kind = EVENT_DNS, .tuple = {.dport = 53, .proto = 17}, .dns = j->dns};
    if (o->is_address)
        event = (struct event){.kind = EVENT_TLS, .tuple = {.dst = o->addr, .dport = 443, .proto = 6}, .tls = &j->hello};
    engine_see(j->radome, &event);
    for (const struct hit *hit; (hit = engine_next(j->radome)) != NULL;)
        if (hit->kind != HIT_SIGHTING && hit->bits > o->hit.bits)
            o->hit = *hit;
}

/* A line as people write names, or as it stands where it is no name. */
static void set_name(struct opinion *o, struct slice line)
{
    if (!list_name(line, o->name)) {
        slice_text(line, o->name, sizeof o->name);
        for (char *p = o->name; *p != '\0'; p++)
            *p = (char)(*p >= 'A' && *p <= 'Z' ? *p | 0x20 : *p);
    }
    struct slice name = slice_str(o->name);
    punycode_decode(name, o->text);
    o->registered = suffix_registered(name);
    ptrdiff_t dot = slice_chr(o->registered, '.');
    struct slice label = dot < 0 ? o->registered : slice_head(o->registered, (size_t)dot);
    o->alternation = name_alternation(label);
    if (!name_judge(&o->score, name) || o->score.label.p != label.p)
        o->score = (struct name_score){0};
    o->score.label = label;
}

static void give_verdict(struct opinion *o)
{
    const struct name_score *s = &o->score;
    if (o->listed) {
        o->verdict = "listed";
        snprintf(o->why, sizeof o->why, "%s", o->hit.why);
    } else if (o->allowed) {
        o->verdict = "allowed";
        snprintf(o->why, sizeof o->why, "%s is on the allowlist%s", o->entry.what,
                 s->grammar ? "; the name fits the family's grammar" : "");
    } else if (o->hit.bits > 0) {
        o->verdict = "suspicious";
        snprintf(o->why, sizeof o->why, "%s", o->hit.why);
    } else {
        o->verdict = "ordinary";
        snprintf(o->why, sizeof o->why, "%s",
                 s->grammar               ? "fits the family's grammar, but its letters are those of an honest name"
                 : o->registered.len == 0 ? "no registered domain in it"
                                          : "does not fit the family's grammar");
    }
}

/* As a server: what connections to it are told as. What is never told of it as a client stands in the explanation. */
static void give_address_verdict(struct opinion *o)
{
    if (o->listed) {
        o->verdict = "listed";
        snprintf(o->why, sizeof o->why, "%s", o->hit.why);
    } else if (o->allowed || o->client_allowed) {
        o->verdict = "allowed";
        snprintf(o->why, sizeof o->why, "%s is on the allowlist", o->allowed ? o->entry.what : o->client.what);
    } else {
        o->verdict = "ordinary";
        snprintf(o->why, sizeof o->why, "no list names this address");
    }
}

static void judge_address(struct judge *j, struct opinion *o)
{
    const struct allow *allow = lists_allow(j->lists);
    o->is_address = true;
    addr_format(&o->addr, o->name);
    slice_text(slice_str(o->name), o->text, sizeof o->text);
    look_up(j, o);
    o->listed = indicators_find(lists_indicators(j->lists), addr_is_v4(&o->addr) ? INDICATOR_IPV4 : INDICATOR_IPV6,
                                slice_str(o->name), &o->indicator);
    o->allowed = allow_server(allow, lists_geoip(j->lists), &o->addr, &o->entry);
    o->client_allowed = allow_client(allow, &o->addr, &o->client);
    geoip_find(lists_geoip(j->lists), &o->addr, &o->geo);
    give_address_verdict(o);
}

static void judge_name(struct judge *j, struct slice line, struct opinion *o)
{
    set_name(o, line);
    struct slice name = slice_str(o->name);
    look_up(j, o);
    o->listed = indicators_find_domain(lists_indicators(j->lists), name, &o->indicator);
    o->allowed = allow_name(lists_allow(j->lists), name, &o->entry);
    give_verdict(o);
}

static void judge(struct judge *j, struct slice line, struct opinion *o)
{
    *o = (struct opinion){0};
    if (addr_parse(&o->addr, line))
        judge_address(j, o);
    else
        judge_name(j, line, o);
    if (o->allowed && !o->listed)
        o->hit.bits = 0;
}

static void put_entry(struct writer *w, const char *key, const struct allow_entry *entry)
{
    writer_object(w, key);
    writer_text(w, "entry", entry->what);
    writer_text(w, "list", entry->list);
    writer_uint(w, "line", entry->line);
    writer_end(w);
}

static void put_json(const struct opinion *o)
{
    char out[OUT];
    struct writer w = writer_of(out, sizeof out);
    writer_object(&w, NULL);
    writer_text(&w, "name", o->name);
    if (strcmp(o->name, o->text) != 0)
        writer_text(&w, "unicode", o->text);
    writer_bytes(&w, "registered_domain", o->registered);
    writer_text(&w, "verdict", o->verdict);
    writer_int(&w, "risk_score", evidence_risk_score(o->hit.bits));
    writer_number(&w, "evidence_bits", (double)o->hit.bits);
    if (!o->is_address) {
        writer_bytes(&w, "label", o->score.label);
        writer_number(&w, "alternation", (double)o->alternation);
        writer_bool(&w, "grammar", o->score.grammar);
    }
    if (o->score.grammar) {
        writer_number(&w, "name_bits", (double)(o->score.shape_bits + o->score.ngram_bits));
        writer_number(&w, "shape_bits", (double)o->score.shape_bits);
        writer_number(&w, "ngram_bits", (double)o->score.ngram_bits);
        writer_number(&w, "generator_bits", (double)o->score.generator_bits);
        writer_number(&w, "honest_bits", (double)o->score.honest_bits);
    }
    if (o->listed) {
        writer_object(&w, "indicator");
        writer_text(&w, "name", o->indicator.value);
        writer_text(&w, "family", o->indicator.family);
        writer_text(&w, "provider", o->indicator.provider);
        writer_text(&w, "description", o->indicator.description);
        writer_text(&w, "list", o->indicator.list);
        writer_uint(&w, "line", o->indicator.line);
        writer_end(&w);
    }
    if (o->allowed)
        put_entry(&w, o->is_address ? "allowed_server" : "allowed", &o->entry);
    if (o->client_allowed)
        put_entry(&w, "allowed_client", &o->client);
    writer_text(&w, "why", o->why);
    writer_end(&w);
    printf("%.*s\n", (int)w.len, out);
}

/* Text from outside goes through the JSON writer: what could steer a terminal comes out escaped. Returns the
 * columns. */
static int put_safe(struct slice text)
{
    char out[8 * PUNYCODE_TEXT];
    struct writer w = writer_of(out, sizeof out);
    writer_array(&w, NULL);
    writer_bytes(&w, NULL, text);
    writer_end(&w);
    return w.len < 4 ? 0 : printf("%.*s", (int)w.len - 4, out + 2); /* without [" and "] */
}

static void put_place(const char *list, unsigned line)
{
    printf("; ");
    put_safe(slice_str(list));
    printf(", line %u", line);
}

static void put_allowed(const char *title, const struct allow_entry *entry, const char *note)
{
    printf("    %-12s ", title);
    put_safe(slice_str(entry->what));
    put_place(entry->list, entry->line);
    printf("%s\n", note);
}

/* Which entries of lists there are, and which of them decides. */
static void put_entries(const struct opinion *o)
{
    const struct indicator *row = &o->indicator;
    if (o->listed) {
        printf("    indicator    ");
        put_safe(slice_str(row->value));
        printf(": %s%s", row->family[0] ? row->family : "no family named", row->provider[0] ? ", " : "");
        put_safe(slice_str(row->provider));
        put_place(row->list, row->line);
        printf(" (decides)\n");
    }
    if (o->allowed)
        put_allowed(o->is_address ? "as a server" : "allowlist", &o->entry, o->listed ? " (the indicator beats it)" : " (decides)");
    if (o->client_allowed)
        put_allowed("as a client", &o->client, " (nothing of this client is flagged)");
    if (!o->listed && !o->allowed && !o->client_allowed)
        printf("    lists        none has it%s\n", o->is_address ? "" : ", nor a name above it: its letters decide");
}

static void put_address(const struct opinion *o)
{
    if (o->geo.asn != 0)
        printf("    AS           %u ", o->geo.asn);
    if (o->geo.asn != 0) {
        put_safe(slice_str(o->geo.organization));
        printf("\n");
    }
    if (o->geo.country[0] != '\0')
        printf("    country      %s\n", o->geo.country);
}

static void put_name(const struct opinion *o)
{
    const struct name_score *s = &o->score;
    printf("    registered   ");
    put_safe(o->registered);
    printf("\n    label        ");
    put_safe(s->label);
    printf(", %.0f %% of its neighbouring letters alternate\n", (double)o->alternation * 100);
    if (strcmp(o->name, o->text) != 0) {
        printf("    in letters   ");
        put_safe(slice_str(o->text));
        printf("\n");
    }
    if (s->grammar) {
        float sum = s->shape_bits + s->ngram_bits;
        printf("    grammar      %+6.2f bits: 17 consonants and a o u in turn, 5 to 8 letters, .com\n",
               (double)s->shape_bits);
        printf("    letters      %+6.2f bits: 2^%.1f from the generator, 2^%.1f among honest names, calibrated\n",
               (double)s->ngram_bits, (double)s->generator_bits, (double)s->honest_bits);
        printf("    sum          %+6.2f bits", (double)sum);
        if (s->bits < sum)
            printf(", counted as %.2f: one unlisted name is never enough", (double)s->bits);
        printf("%s\n", s->bits < NAME_FLOOR_BITS ? ", too few for a hit" : "");
    }
}

static void put_text(const struct opinion *o, bool explain)
{
    int columns = put_safe(slice_str(o->name));
    printf("%*s %4d %5.1f  %-10s %4.2f  %-3s ", columns < 28 ? 28 - columns : 0, "", evidence_risk_score(o->hit.bits),
           (double)o->hit.bits, o->verdict, (double)o->alternation, o->score.grammar ? "yes" : "no");
    if (o->score.grammar)
        printf("%+6.2f  ", (double)o->score.ngram_bits);
    else
        printf("%6s  ", "-");
    put_safe(slice_str(o->why));
    printf("\n");
    if (!explain)
        return;
    put_entries(o);
    if (o->is_address)
        put_address(o);
    else
        put_name(o);
}

static void score_line(struct judge *j, struct slice line)
{
    struct opinion opinion;
    line = slice_trim(line);
    if (line.len == 0)
        return;
    judge(j, line, &opinion);
    if (j->json)
        put_json(&opinion);
    else
        put_text(&opinion, j->explain);
}

static int complain(const char *what)
{
    fprintf(stderr, "radome-score: %s\n", what);
    return 2;
}

static int run(struct judge *j, char **names, unsigned count)
{
    if (!j->json)
        printf("%-28s %4s %5s  %-10s %4s  %-3s %6s  %s\n", "name", "risk", "bits", "verdict", "alt", "fit", "ngram",
               "why");
    for (unsigned i = 0; i < count; i++)
        score_line(j, slice_str(names[i]));
    char line[LINE];
    while (count == 0 && fgets(line, sizeof line, stdin) != NULL)
        score_line(j, slice_of(line, strcspn(line, "\r\n")));
    if (count == 0 && ferror(stdin)) {
        fprintf(stderr, "radome-score: standard input: %s\n", strerror(errno));
        return 1;
    }
    if (fflush(stdout) != 0) {
        fprintf(stderr, "radome-score: standard output: %s\n", strerror(errno));
        return 1;
    }
    return 0;
}

static void judge_close(struct judge *j)
{
    engine_close(j->radome);
    lists_close(j->lists, NULL);
    free(j->dns);
}

static bool judge_open(struct judge *j, const struct lists_settings *settings, char err[static ERRLEN])
{
    struct classifier_settings classifiers = {0};
    char warning[ERRLEN];
    if ((j->lists = lists_open(settings, NULL, err)) == NULL)
        return false;
    while (lists_warning(j->lists, warning))
        complain(warning);
    classifiers.indicators = lists_indicators(j->lists);
    if ((j->dns = calloc(1, sizeof *j->dns)) == NULL)
        error_set(err, "no memory");
    return j->dns != NULL && (j->radome = engine_open(&classifiers, err)) != NULL;
}

static int print_help(const struct settings *settings)
{
    puts("usage: radome-score [options] [NAME|ADDRESS ...]\n"
         "Says of each name what the sensor would make of a look-up, of each address what of a connection to it, and why. "
         "Without any, one a line from standard input.\n"
         "Columns: name, risk score (0 to 100), bits of evidence, verdict, alternation, grammar, the letters' bits, why.\n");
    settings_help(settings, stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct settings settings = {.table = table, .count = sizeof table / sizeof *table, .values = &o, .operand = "NAME|ADDRESS"};
    char err[ERRLEN];
    if (!settings_flags(&settings, argc, argv, err))
        return complain(err);
    if (o.version)
        return puts("radome-score " RADOME_VERSION), 0;
    if (o.help)
        return print_help(&settings);
    struct lists_settings lists = {.ioc = &o.ioc, .allow = &o.allow, .geoip = &o.geoip,
                                   .builtin_ioc = !o.no_builtin_ioc, .builtin_allow = !o.no_builtin_allow};
    struct judge j = {.json = o.json, .explain = o.explain};
    int status = judge_open(&j, &lists, err) ? run(&j, settings.operands, settings.operand_count) : complain(err);
    judge_close(&j);
    return status;
}
