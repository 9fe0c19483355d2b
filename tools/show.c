/* radome-show: JSON Lines in, lines that a person reads out. Incidents come with their timeline. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "feeds/printable.h"
#include "feeds/settings.h"

struct options {
    bool version, help;
};

static const struct setting table[] = {
    {"version", 'V', SETTING_FLAG, offsetof(struct options, version), NULL, "version", .flag_only = true},
    {"help", 'h', SETTING_FLAG, offsetof(struct options, help), NULL, "this help", .flag_only = true},
};

static void put(const char *text)
{
    struct slice rest = slice_str(text);
    while (rest.len > 0) {
        char part[512];
        rest = slice_from(rest, printable(part, sizeof part, rest, SIZE_MAX, NULL));
        fputs(part, stdout);
    }
}

static void put_field(struct slice text, size_t width)
{
    char cell[256];
    printable_cell(cell, sizeof cell, text, width);
    fputs(cell, stdout);
}

static void put_line(const char *label, const char *text)
{
    printf("%22s- %s", "", label);
    put(text);
    printf("\n");
}

/* A nested text, "" where there is none; path is parted by dots. */
static const char *text_at(const json_t *document, const char *path)
{
    char key[64];
    for (; document != NULL && *path != '\0'; path += *path == '.') {
        size_t len = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)len, path);
        document = json_object_get(document, key);
        path += len;
    }
    return json_is_string(document) ? json_string_value(document) : "";
}

/* EVE and ECS name the same thing differently. */
static const char *either(const json_t *document, const char *eve, const char *ecs)
{
    const char *text = text_at(document, eve);
    return text[0] != '\0' ? text : text_at(document, ecs);
}

static void show_strings(const json_t *list)
{
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
        put_line("", json_is_string(entry) ? json_string_value(entry) : "");
}

static void show_payload(const json_t *payload)
{
    const json_t *size = json_object_get(payload, "size");
    if (payload == NULL)
        return;
    put_line("kind ", text_at(payload, "kind"));
    put_line("cipher ", text_at(payload, "cipher"));
    if (text_at(payload, "key")[0] != '\0')
        put_line("key ", text_at(payload, "key"));
    if (json_is_integer(size))
        printf("%22s- %lld bytes\n", "", (long long)json_integer_value(size));
    if (text_at(payload, "sha256")[0] != '\0')
        put_line("sha256 ", text_at(payload, "sha256"));
    if (text_at(payload, "preview")[0] != '\0')
        put_line("begins ", text_at(payload, "preview"));
}

static void show(const json_t *document)
{
    const json_t *radome = json_object_get(document, "radome");
    const json_t *risk = json_object_get(radome, "risk_score"), *cluster = json_object_get(radome, "cluster");
    const char *client = either(document, "src_ip", "source.ip");
    if (!json_is_integer(risk))
        return; /* a protocol record */
    put_field(slice_head(slice_str(either(document, "timestamp", "@timestamp")), 19), 19);
    printf("  ");
    put_field(client[0] != '\0' ? slice_str(client) : S("-"), 16);
    printf("%3lld%%  ", (long long)json_integer_value(risk));
    put_field(slice_str(text_at(radome, "kind")), 9);
    put(text_at(radome, "reason"));
    printf("\n");
    show_strings(json_object_get(json_object_get(radome, "incident"), "evidence"));
    show_strings(json_object_get(json_object_get(radome, "beacon"), "parameters"));
    show_strings(json_object_get(cluster, "domains"));
    show_strings(json_object_get(cluster, "ips"));
    show_payload(json_object_get(radome, "payload"));
}

static int show_file(FILE *in, const char *name)
{
    char *line = NULL;
    size_t room = 0;
    int status = 0;
    unsigned long number = 0;
    while (getline(&line, &room, in) > 0) {
        json_error_t error;
        json_t *document = json_loads(line, 0, &error);
        number++;
        if (document != NULL) {
            show(document);
        } else {
            fprintf(stderr, "radome-show: %s: line %lu: not JSON: %s\n", name, number, error.text);
            status = 1;
        }
        json_decref(document);
    }
    free(line);
    return status;
}

static int show_path(const char *path)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (in == NULL) {
        fprintf(stderr, "radome-show: %s: %s\n", path, strerror(errno));
        return 1;
    }
    int status = show_file(in, in == stdin ? "standard input" : path);
    if (in != stdin)
        fclose(in);
    return status;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct settings settings = {.table = table, .count = sizeof table / sizeof *table, .values = &o, .operand = "FILE"};
    char err[ERRLEN];
    if (!settings_flags(&settings, argc, argv, err))
        return fprintf(stderr, "radome-show: %s\n", err), 2;
    if (o.version)
        return puts("radome-show " RADOME_VERSION), 0;
    if (o.help) {
        puts("usage: radome-show [FILE ...]\nPrints radome's documents (standard input, or files of JSON Lines) for a person to read.\n");
        settings_help(&settings, stdout);
        return 0;
    }
    printable_locale();
    int status = settings.operand_count == 0 ? show_path("-") : 0;
    for (unsigned i = 0; i < settings.operand_count; i++)
        status |= show_path(settings.operands[i]);
    return status;
}
