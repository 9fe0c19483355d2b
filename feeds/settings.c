#include "feeds/settings.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

static void *field_of(const struct settings *s, const struct setting *row)
{
    return (char *)s->values + row->field;
}

static bool parse_number(const char *text, bool with_unit, uint64_t *number)
{
    char *end;
    if (!isdigit((unsigned char)text[0]))
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    unsigned shift = 0;
    if (with_unit && *end != '\0') {
        const char *units = "KMGT", *unit = strchr(units, toupper((unsigned char)*end));
        if (unit == NULL)
            return false;
        shift = 10 * (unsigned)(unit - units + 1);
        end++;
    }
    *number = value << shift;
    return errno == 0 && *end == '\0' && *number >> shift == value;
}

/* The place of value among words parted by |, or -1. */
static int word_index(const char *words, const char *value)
{
    size_t len = strlen(value);
    for (int i = 0; words != NULL; i++) {
        if (strncmp(words, value, len) == 0 && (words[len] == '|' || words[len] == '\0') && len > 0)
            return i;
        words = strchr(words, '|');
        words = words != NULL ? words + 1 : NULL;
    }
    return -1;
}

static bool set_number(const struct settings *s, const struct setting *row, const char *value, char err[static ERRLEN])
{
    uint64_t number;
    if (!parse_number(value, row->kind == SETTING_SIZE, &number) || number < row->least || number > row->most) {
        error_set(err, "%s takes a %s from %llu to %llu, not '%s'", row->name,
                  row->kind == SETTING_SIZE ? "size (bytes, or with K, M, G)" : "number", (unsigned long long)row->least,
                  (unsigned long long)row->most, value);
        return false;
    }
    *(uint64_t *)field_of(s, row) = number;
    return true;
}

static bool set_flag(const struct settings *s, const struct setting *row, const char *value, char err[static ERRLEN])
{
    int answer = value == NULL ? 0 : word_index("yes|no|true|false|1|0|on|off", value);
    if (answer < 0) {
        error_set(err, "%s is yes or no, not '%s'", row->name, value);
        return false;
    }
    *(bool *)field_of(s, row) = answer % 2 == 0;
    return true;
}

/* Gives a row its value, unless something stronger already did. value is kept, not copied. */
static bool set(struct settings *s, const struct setting *row, const char *value, enum setting_origin origin, unsigned line,
                char err[static ERRLEN])
{
    enum setting_origin *was = &s->origin[row - s->table];
    if (*was > origin)
        return true;
    bool first = *was != origin;
    *was = origin;
    s->line[row - s->table] = line;
    switch (row->kind) {
    case SETTING_FLAG:
        return set_flag(s, row, value, err);
    case SETTING_NUMBER:
    case SETTING_SIZE:
        return set_number(s, row, value, err);
    case SETTING_TEXT:
        *(const char **)field_of(s, row) = value;
        return true;
    case SETTING_WORD: {
        int word = word_index(row->argument, value);
        if (word < 0)
            error_set(err, "%s is one of %s, not '%s'", row->name, row->argument, value);
        else
            *(int *)field_of(s, row) = word;
        return word >= 0;
    }
    case SETTING_LIST: {
        struct setting_list *list = field_of(s, row);
        if (first)
            *list = (struct setting_list){0};
        if (list->count == SETTING_LIST_MAX) {
            error_set(err, "%s given more than %d times", row->name, SETTING_LIST_MAX);
            return false;
        }
        list->line[list->count] = line;
        list->value[list->count++] = value;
        return true;
    }
    }
    return false;
}

static const struct setting *by_name(const struct settings *s, const char *name, size_t len)
{
    for (unsigned i = 0; i < s->count; i++)
        if (strlen(s->table[i].name) == len && strncmp(s->table[i].name, name, len) == 0)
            return &s->table[i];
    return NULL;
}

static const struct setting *by_letter(const struct settings *s, char letter)
{
    for (unsigned i = 0; i < s->count; i++)
        if (s->table[i].letter == letter && letter != '\0')
            return &s->table[i];
    return NULL;
}

/* The row an argument names; *value points at what stands in the same argument behind it, or is NULL. */
static const struct setting *row_of(const struct settings *s, const char *argument, const char **value)
{
    *value = NULL;
    if (argument[0] != '-' || argument[1] == '\0')
        return NULL;
    if (argument[1] != '-') {
        *value = argument[2] != '\0' ? argument + 2 : NULL;
        return by_letter(s, argument[1]);
    }
    const char *equals = strchr(argument, '=');
    *value = equals != NULL ? equals + 1 : NULL;
    return by_name(s, argument + 2, equals != NULL ? (size_t)(equals - argument - 2) : strlen(argument + 2));
}

bool settings_flags(struct settings *s, int argc, char **argv, char err[static ERRLEN])
{
    assert(s->count <= sizeof s->origin / sizeof *s->origin);
    s->argc = argc;
    s->argv = argv;
    s->operands = argv + 1;
    bool flags = true;
    for (int i = 1; i < argc; i++) {
        const char *value;
        if (s->operand != NULL && flags && strcmp(argv[i], "--") == 0) {
            flags = false;
            continue;
        }
        if (s->operand != NULL && (!flags || argv[i][0] != '-' || argv[i][1] == '\0')) {
            s->operands[s->operand_count++] = argv[i];
            continue;
        }
        const struct setting *row = row_of(s, argv[i], &value);
        if (row == NULL) {
            error_set(err, "unknown argument '%s'; -h lists them all", argv[i]);
            return false;
        }
        if (row->kind == SETTING_FLAG && value != NULL) {
            error_set(err, "'%s': --%s takes no value", argv[i], row->name);
            return false;
        }
        if (row->kind != SETTING_FLAG && value == NULL && (value = argv[++i]) == NULL) {
            error_set(err, "%s needs a value: %s", argv[i - 1], row->argument);
            return false;
        }
        char why[ERRLEN];
        if (!set(s, row, value, ORIGIN_FLAG, 0, why)) {
            error_set(err, "--%.480s", why);
            return false;
        }
    }
    return true;
}

struct file_reading {
    struct settings *settings;
    FILE *file;
    unsigned line;            /* the one in hand */
    bool inside, failed;      /* its end has not been seen; why is set */
    char why[ERRLEN];
};

/* Keeps a copy of a file's text for as long as the settings live. */
static const char *own(struct settings *s, const char *text)
{
    char **grown = realloc(s->owned, (s->owned_count + 1) * sizeof *grown);
    char *copy = strdup(text);
    if (grown == NULL || copy == NULL)
        abort();
    s->owned = grown;
    return s->owned[s->owned_count++] = copy;
}

/* For inih, which counts lines and does not tell them, and takes a line that is longer than its buffer for two. */
static char *file_line(char *text, int room, void *user)
{
    struct file_reading *reading = user;
    if (reading->failed || fgets(text, room, reading->file) == NULL)
        return NULL;
    reading->line += !reading->inside;
    if (reading->inside) {
        error_set(reading->why, "longer than %d characters", room - 2);
        reading->failed = true;
        return NULL;
    }
    reading->inside = strchr(text, '\n') == NULL;
    return text;
}

static int file_key(void *user, const char *section, const char *name, const char *value)
{
    struct file_reading *reading = user;
    const struct setting *row = by_name(reading->settings, name, strlen(name));
    if (reading->failed)
        return 1;
    if (section[0] != '\0')
        error_set(reading->why, "a section [%.100s]; there are none", section);
    else if (row == NULL || row->flag_only)
        error_set(reading->why, "unknown key '%.100s'", name);
    else if (set(reading->settings, row, own(reading->settings, value), ORIGIN_FILE, reading->line, reading->why))
        return 1;
    reading->failed = true;
    return 0;
}

bool settings_file(struct settings *s, const char *path, char err[static ERRLEN])
{
    struct file_reading reading = {.settings = s, .file = fopen(path, "re")};
    if (reading.file == NULL) {
        error_set(err, "%s: %s", path, strerror(errno));
        return false;
    }
    s->path = path;
    errno = 0;
    int line = ini_parse_stream(file_line, &reading, file_key, &reading);
    bool unread = ferror(reading.file) != 0; /* a directory opens like a file */
    if (unread)
        error_set(err, "%s: cannot be read: %s", path, strerror(errno));
    else if (reading.failed)
        error_set(err, "%s: line %u: %.300s", path, reading.line, reading.why);
    else if (line != 0)
        error_set(err, "%s: line %d: not a 'key = value' line", path, line);
    fclose(reading.file);
    return !unread && !reading.failed && line == 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_list(const struct setting_list *a, const struct setting_list *b)
{
    bool same = a->count == b->count;
    for (unsigned i = 0; same && i < a->count; i++)
        same = strcmp(a->value[i], b->value[i]) == 0;
    return same;
}

static bool same_value(const struct setting *row, const void *a, const void *b)
{
    switch (row->kind) {
    case SETTING_FLAG: return *(const bool *)a == *(const bool *)b;
    case SETTING_NUMBER:
    case SETTING_SIZE: return *(const uint64_t *)a == *(const uint64_t *)b;
    case SETTING_TEXT: return same_text(*(const char *const *)a, *(const char *const *)b);
    case SETTING_WORD: return *(const int *)a == *(const int *)b;
    case SETTING_LIST: return same_list(a, b);
    }
    return true;
}

bool settings_differ(const struct settings *s, const struct settings *again, char names[static ERRLEN])
{
    size_t used = 0;
    for (unsigned i = 0; i < s->count; i++) {
        const struct setting *row = &s->table[i];
        if (row->live || same_value(row, field_of(s, row), field_of(again, row)) || used >= ERRLEN)
            continue;
        used += (size_t)snprintf(names + used, ERRLEN - used, "%s%s", used > 0 ? ", " : "", row->name);
    }
    return used > 0;
}

void settings_free(struct settings *s)
{
    for (unsigned i = 0; i < s->owned_count; i++)
        free(s->owned[i]);
    free(s->owned);
    s->owned = NULL;
    s->owned_count = 0;
}

void settings_help(const struct settings *s, FILE *out)
{
    for (unsigned i = 0; i < s->count; i++) {
        const struct setting *row = &s->table[i];
        char left[64], letter[8] = "    ";
        if (row->letter != '\0')
            snprintf(letter, sizeof letter, "-%c, ", row->letter);
        snprintf(left, sizeof left, "%s--%s %s", letter, row->name, row->argument != NULL ? row->argument : "");
        fprintf(out, "  %-38s %s\n", left, row->help);
    }
}

/* A URL's password stands in no output. */
static void print_text(const char *text, FILE *out)
{
    const char *user = strstr(text, "://"), *at = user != NULL ? strrchr(user, '@') : NULL;
    const char *colon = at != NULL ? memchr(user + 3, ':', (size_t)(at - user - 3)) : NULL;
    if (colon != NULL)
        fprintf(out, "%.*s:***%s", (int)(colon - text), text, at);
    else
        fputs(text, out);
}

/* A list's: the one at index. */
static void print_value(const struct settings *s, const struct setting *row, unsigned index, FILE *out)
{
    const void *field = field_of(s, row);
    switch (row->kind) {
    case SETTING_FLAG: fputs(*(const bool *)field ? "yes" : "no", out); break;
    case SETTING_NUMBER:
    case SETTING_SIZE: fprintf(out, "%llu", (unsigned long long)*(const uint64_t *)field); break;
    case SETTING_TEXT: print_text(*(const char *const *)field != NULL ? *(const char *const *)field : "", out); break;
    case SETTING_WORD: {
        const char *word = row->argument;
        for (int i = *(const int *)field; i > 0; i--)
            word = strchr(word, '|') + 1;
        fprintf(out, "%.*s", (int)strcspn(word, "|"), word);
        break;
    }
    case SETTING_LIST: {
        const struct setting_list *list = field;
        fputs(index < list->count ? list->value[index] : "", out);
        break;
    }
    }
}

static void print_origin(const struct settings *s, const struct setting *row, unsigned index, FILE *out)
{
    const struct setting_list *list = row->kind == SETTING_LIST ? field_of(s, row) : NULL;
    switch (s->origin[row - s->table]) {
    case ORIGIN_DEFAULT: fputs("  (default)", out); break;
    case ORIGIN_FLAG: fputs("  (command line)", out); break;
    case ORIGIN_FILE: fprintf(out, "  (file %s:%u)", s->path, list != NULL ? list->line[index] : s->line[row - s->table]); break;
    }
}

void settings_print(const struct settings *s, bool with_origin, FILE *out)
{
    for (unsigned i = 0; i < s->count; i++) {
        const struct setting *row = &s->table[i];
        if (row->flag_only)
            continue;
        unsigned values = row->kind == SETTING_LIST ? ((const struct setting_list *)field_of(s, row))->count : 1;
        for (unsigned index = 0; index == 0 || index < values; index++) {
            fprintf(out, "%-20s = ", row->name);
            print_value(s, row, index, out);
            if (with_origin)
                print_origin(s, row, index, out);
            fputc('\n', out);
        }
    }
}
