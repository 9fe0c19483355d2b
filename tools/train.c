/* radome-train: word lists → classifiers/model.h, on standard output. The same lists give the same bytes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "classifiers/learn.h"
#include "feeds/settings.h"

struct options {
    const char *honest, *popular, *listed, *lookalikes, *about;
    bool version, help;
};

#define FIELD(name) offsetof(struct options, name)

static const struct setting table[] = {
    {"honest", 0, SETTING_TEXT, FIELD(honest), "FILE", "registered names, one a line; what follows a tab is left out"},
    {"popular", 0, SETTING_TEXT, FIELD(popular), "FILE", "registered names in order of popularity"},
    {"listed", 0, SETTING_TEXT, FIELD(listed), "FILE", "indicators (CSV); the domain names that fit the family's grammar teach its generator"},
    {"lookalikes", 0, SETTING_TEXT, FIELD(lookalikes), "FILE", "is written: the popular names that fit the grammar, never to be flagged"},
    {"about", 0, SETTING_TEXT, FIELD(about), "TEXT", "stands in the header's comment: which lists, of what day"},
    {"version", 'V', SETTING_FLAG, FIELD(version), NULL, "version", .flag_only = true},
    {"help", 'h', SETTING_FLAG, FIELD(help), NULL, "this help", .flag_only = true},
};

struct list {
    const char *path;
    FILE *file;
    pid_t gunzip;          /* 0: the file is plain */
};

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "radome-train: %s: %s\n", what, why);
    exit(1);
}

/* A list whose name ends in .gz is read through gzip(1). */
static void list_open(struct list *list, const char *path)
{
    int ends[2];
    *list = (struct list){.path = path, .file = fopen(path, "r")};
    if (list->file == NULL)
        fail(path, strerror(errno));
    if (!slice_ends(slice_str(path), S(".gz")))
        return;
    if (pipe(ends) != 0 || (list->gunzip = fork()) < 0)
        fail(path, strerror(errno));
    if (list->gunzip == 0) {
        dup2(fileno(list->file), STDIN_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        if (freopen("/dev/null", "w", stderr) != NULL) /* what goes wrong is told once, by list_close */
            execlp("gzip", "gzip", "-dc", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    fclose(list->file);
    list->file = fdopen(ends[0], "r");
}

static void list_close(struct list *list)
{
    int status = 0;
    bool bad = ferror(list->file) != 0;
    fclose(list->file);
    if (list->gunzip > 0 && (waitpid(list->gunzip, &status, 0) < 0 || status != 0))
        bad = true;
    if (bad)
        fail(list->path, "cannot be read to its end");
}

static size_t read_names(struct learn *learn, const char *path, bool ranked)
{
    struct list list;
    char line[1024];
    uint32_t rank = 0;
    size_t read = 0;
    list_open(&list, path);
    while (fgets(line, sizeof line, list.file) != NULL)
        read += learn_honest(learn, slice_of(line, strcspn(line, "\t\r\n")), ranked ? ++rank : 0);
    list_close(&list);
    if (read == 0)
        fail(path, "no names in it");
    return read;
}

static void read_listed(struct learn *learn, const char *path)
{
    struct list list;
    char line[4096];
    size_t read = 0;
    list_open(&list, path);
    while (fgets(line, sizeof line, list.file) != NULL) {
        struct slice row = slice_of(line, strcspn(line, "\r\n")), type = S("domain-name,");
        if (!slice_starts(row, type))
            continue;
        row = slice_from(row, type.len);
        ptrdiff_t comma = slice_chr(row, ',');
        read += learn_listed(learn, comma < 0 ? row : slice_head(row, (size_t)comma));
    }
    list_close(&list);
    if (read == 0)
        fail(path, "no domain-name row that fits the family's grammar");
}

static void put_floats(const char *name, const float *value, size_t count)
{
    printf("    .%s = {", name);
    for (size_t i = 0; i < count; i++)
        printf("%s%.3ff", i == 0 ? "" : ", ", (double)value[i]);
    printf("},\n");
}

static void put_table(const char *name, const uint8_t *value, size_t count)
{
    printf("    .%s = {", name);
    for (size_t i = 0; i < count; i++)
        printf("%s%u,", i % 32 == 0 ? "\n        " : "", value[i]);
    printf("},\n");
}

static void put_model(const struct name_model *m, const struct learn_stats *stats, const size_t read[2],
                      const char *about)
{
    printf("/* Written by radome-train; not to be edited. From %zu registered names and %zu popular ones, %zu different\n"
           " * in all: a 5-gram over their first labels. Of the popular names %zu fit the grammar; what the letters say\n"
           " * was calibrated on them, out of fold. The generator's weights are those of %zu listed names.%s%s */\n"
           "#pragma once\n\n#include \"classifiers/name.h\"\n\n",
           read[0], read[1], stats->names, stats->fitting, stats->listed, about != NULL ? "\n * Lists: " : "",
           about != NULL ? about : "");
    printf("static const struct name_model builtin = {\n");
    printf("    .shape = %.3ff,\n    .offset = %.3ff,\n    .slope = %.4ff,\n", (double)m->shape, (double)m->offset,
           (double)m->slope);
    put_floats("length", m->length, NAME_LENGTHS);
    put_floats("consonant", m->consonant, NAME_CONSONANTS);
    put_floats("vowel", m->vowel, NAME_VOWELS);
    put_table("start", m->start, sizeof m->start);
    put_table("consonant_after", m->consonant_after, sizeof m->consonant_after);
    put_table("vowel_after", m->vowel_after, sizeof m->vowel_after);
    put_table("end_after_vowel", m->end_after_vowel, sizeof m->end_after_vowel);
    put_table("end_after_consonant", m->end_after_consonant, sizeof m->end_after_consonant);
    printf("};\n");
}

/* The exceptions: by popularity, whatever their letters say, so that another model flags none of them either. */
static void write_lookalikes(struct learn *learn, const char *path)
{
    FILE *file = fopen(path, "w");
    size_t at = 0;
    if (file == NULL)
        fail(path, strerror(errno));
    for (const char *name; (name = learn_lookalike(learn, &at)) != NULL;)
        fprintf(file, "%s\n", name);
    if (fclose(file) != 0)
        fail(path, strerror(errno));
}

static int train(const struct options *o)
{
    char err[ERRLEN];
    struct learn *learn = learn_open(err);
    struct name_model *model = calloc(1, sizeof *model);
    struct learn_stats stats;
    size_t read[2];
    if (learn == NULL || model == NULL)
        fail("training", learn == NULL ? err : "no memory");
    read[0] = read_names(learn, o->honest, false);
    read[1] = read_names(learn, o->popular, true);
    read_listed(learn, o->listed);
    learn_model(learn, LEARN_ALL, LEARN_ALL, model);
    learn_stats(learn, &stats);
    put_model(model, &stats, read, o->about);
    if (o->lookalikes != NULL)
        write_lookalikes(learn, o->lookalikes);
    free(model);
    learn_close(learn);
    if (fflush(stdout) != 0 || ferror(stdout))
        fail("standard output", strerror(errno));
    return 0;
}

static int print_help(const struct settings *settings)
{
    puts("usage: radome-train --honest FILE --popular FILE --listed FILE [options] > model.h\n"
         "Learns the tables of names from word lists and writes them as a C header. A list whose name ends in .gz is read through gzip.\n");
    settings_help(settings, stdout);
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct settings settings = {.table = table, .count = sizeof table / sizeof *table, .values = &o};
    char err[ERRLEN] = "";
    bool fine = settings_flags(&settings, argc, argv, err);
    if (fine && o.version)
        return puts("radome-train " RADOME_VERSION), 0;
    if (fine && o.help)
        return print_help(&settings);
    if (fine && (o.honest == NULL || o.popular == NULL || o.listed == NULL))
        error_set(err, "needs --honest, --popular and --listed; -h says what they are");
    else if (fine && o.about != NULL && strstr(o.about, "*/") != NULL)
        error_set(err, "--about stands in a comment, which it must not end");
    if (err[0] != '\0')
        return fprintf(stderr, "radome-train: %s\n", err), 2;
    return train(&o);
}
