#include "feeds/resume.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "feeds/id.h"
#include "feeds/pack.h"

enum { VERSION = 1, SAMPLE = 65536, RECORD_HEAD = RESUME_ID + 16 };

_Static_assert((int)RESUME_ID == (int)REPORT_ID, "it is made by id_of");

/* Settings that change nothing in a document: where it goes, how fast, what is told beside. All others do, new ones too. */
static bool is_beside(const char *name)
{
    static const char *const beside[] = {
        "output", "redis", "redis-password-file", "redis-wait", "redis-max-queue", "redis-mode", "redis-key",
        "state", "journal-size", "workers", "progress", "metrics", "lists-may-shrink",
    };
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        if (strcmp(name, beside[i]) == 0)
            return true;
    return false;
}

/* What tells a file from another, or from itself after somebody wrote to it. */
static void describe_file(const char *path, FILE *out)
{
    static const char kind[] = "file";
    struct stat status;
    char id[REPORT_ID];
    FILE *file = stat(path, &status) == 0 && S_ISREG(status.st_mode) ? fopen(path, "re") : NULL;
    uint8_t *bytes = file != NULL ? malloc(SAMPLE) : NULL;
    if (bytes != NULL) {
        id_of(id, kind, bytes, fread(bytes, 1, SAMPLE, file));
        fprintf(out, "%s %lld %lld.%09ld %s\n", path, (long long)status.st_size, (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec, id);
    }
    free(bytes);
    if (file != NULL)
        fclose(file);
}

/* A file, or all that lie in a directory. Any other text names none, and says nothing. */
static void describe(const char *path, FILE *out)
{
    struct stat status;
    struct dirent **entry;
    char inner[4096];
    describe_file(path, out);
    int n = stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? scandir(path, &entry, NULL, alphasort) : -1;
    for (int i = 0; i < n; i++) {
        if (snprintf(inner, sizeof inner, "%s/%s", path, entry[i]->d_name) < (int)sizeof inner)
            describe_file(inner, out);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
}

static void describe_files(const struct settings *settings, FILE *out)
{
    for (unsigned i = 0; i < settings->count; i++) {
        const struct setting *row = &settings->table[i];
        const void *field = (const char *)settings->values + row->field;
        if (row->flag_only || is_beside(row->name))
            continue;
        if (row->kind == SETTING_TEXT && *(const char *const *)field != NULL)
            describe(*(const char *const *)field, out);
        for (const char *const *value = row->kind == SETTING_LIST ? ((const struct setting_list *)field)->value : NULL;
             value != NULL && *value != NULL; value++)
            describe(*value, out);
    }
}

/* The settings' values without where each came from: a flag that moved into the file says the same. */
static void describe_settings(const struct settings *settings, FILE *out)
{
    char *text = NULL, *rest;
    size_t len;
    FILE *all = open_memstream(&text, &len);
    if (all == NULL)
        return;
    settings_print(settings, false, all);
    fclose(all);
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char name[64];
        slice_text(slice_until(slice_str(line), ' '), name, sizeof name);
        bool used = strcmp(name, "redis") == 0 && line[strlen(line) - 1] != ' ';
        if (used)
            fputs("redis\n", out);
        else if (!is_beside(name))
            fprintf(out, "%s\n", line);
    }
    free(text);
}

static bool identify(struct resume *r, const struct resume_of *of)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return false;
    fprintf(out, "%s %s\n", RADOME_VERSION, of->sensor);
    describe("/proc/self/exe", out);
    describe_settings(of->settings, out);
    describe_files(of->settings, out);
    bool whole = fclose(out) == 0;
    if (whole)
        id_of(r->id, "replay", text, len);
    free(text);
    return whole;
}

/* True where every input can be read a second time from its beginning. */
static bool repeatable(const char *const *inputs)
{
    struct stat status;
    bool all = inputs != NULL && *inputs != NULL;
    for (; all && *inputs != NULL; inputs++)
        all = stat(*inputs, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
    return all;
}

static bool parse(struct resume *r, struct slice record, char label[static 256])
{
    struct cursor c = cursor_of(record);
    struct slice id = cursor_take(&c, RESUME_ID);
    uint64_t seed = unpack_u64(&c), first = unpack_u64(&c);
    slice_text(cursor_rest(&c), label, 256);
    if (c.bad || !r->possible || !slice_eq(id, slice_of(r->id, RESUME_ID)))
        return false;
    r->seed = seed;
    r->first = first;
    return true;
}

bool resume_find(struct resume *r, struct state *state, const struct resume_of *of, char news[static ERRLEN])
{
    char label[256];
    struct slice record;
    bool live = of->inputs == NULL || of->inputs[0] == NULL;
    *r = (struct resume){.state = state, .possible = repeatable(of->inputs)};
    r->possible = r->possible && identify(r, of);
    snprintf(r->label, sizeof r->label, "%s", live ? "" : of->inputs[0]);
    switch (state_read(state, "replay", VERSION, &record, news)) {
    case STATE_DAMAGED:
        return true;
    case STATE_NONE:
        if (!live && !r->possible)
            error_set(news, "%s: can be read once only: if this replay is cut short, the next begins anew", r->label);
        return !live && !r->possible;
    case STATE_FOUND:
        break;
    }
    r->again = parse(r, record, label);
    free((uint8_t *)record.p);
    if (r->again)
        error_set(news, "%s: the replay that was cut short goes on; what it found before is not sent again", label);
    else
        error_set(news, "%s: a replay was cut short, but this one has other inputs or settings; what it found before is sent, "
                  "and it is not gone on with", label);
    return true;
}

bool resume_begin(struct resume *r, uint64_t seed, uint64_t first, char err[static ERRLEN])
{
    uint8_t record[RECORD_HEAD + sizeof r->label];
    if (!r->possible)
        return resume_end(r, err);
    memcpy(record, r->id, RESUME_ID);
    pack_u64(pack_u64(record + RESUME_ID, seed), first);
    memcpy(record + RECORD_HEAD, r->label, strlen(r->label));
    return state_write(r->state, "replay", VERSION, slice_of(record, RECORD_HEAD + strlen(r->label)), err);
}

bool resume_end(struct resume *r, char err[static ERRLEN])
{
    return state_remove(r->state, "replay", err);
}
