/* radome-train: word lists → classifiers/model.h, on standard output. The same lists give the same bytes. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "classifiers/learn.h"

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

struct paths {
    const char *honest, *popular, *listed, *lookalikes, *about;
};

static int train(const struct paths *paths)
{
    char err[ERRLEN];
    struct learn *learn = learn_open(err);
    struct name_model *model = calloc(1, sizeof *model);
    struct learn_stats stats;
    size_t read[2];
    if (learn == NULL || model == NULL)
        fail("training", learn == NULL ? err : "no memory");
    read[0] = read_names(learn, paths->honest, false);
    read[1] = read_names(learn, paths->popular, true);
    read_listed(learn, paths->listed);
    learn_model(learn, LEARN_ALL, LEARN_ALL, model);
    learn_stats(learn, &stats);
    put_model(model, &stats, read, paths->about);
    if (paths->lookalikes != NULL)
        write_lookalikes(learn, paths->lookalikes);
    free(model);
    learn_close(learn);
    if (fflush(stdout) != 0 || ferror(stdout))
        fail("standard output", strerror(errno));
    return 0;
}

static int usage(FILE *out, int status)
{
    fprintf(out, "usage: radome-train --honest FILE --popular FILE --listed CSV [--lookalikes FILE] [--about TEXT]"
                 " > model.h\n");
    if (status == 0)
        printf("  --honest FILE      registered names, one a line; what follows a tab is left out\n"
               "  --popular FILE     registered names in order of popularity\n"
               "  --listed CSV       indicators; the domain names that fit the family's grammar teach its generator\n"
               "  --lookalikes FILE  is written: the popular names that fit the grammar, never to be flagged\n"
               "  --about TEXT       stands in the header's comment: which lists, of what day\n"
               "A file whose name ends in .gz is read through gzip.\n");
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"honest", required_argument, NULL, 'n'}, {"popular", required_argument, NULL, 'p'},
        {"listed", required_argument, NULL, 'l'}, {"lookalikes", required_argument, NULL, 'x'},
        {"about", required_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'}, {0}};
    struct paths paths = {0};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h')
            return usage(stdout, 0);
        if (option == '?')
            return usage(stderr, 2);
        *(option == 'n'   ? &paths.honest
          : option == 'p' ? &paths.popular
          : option == 'l' ? &paths.listed
          : option == 'x' ? &paths.lookalikes
                          : &paths.about) = optarg;
    }
    if (paths.honest == NULL || paths.popular == NULL || paths.listed == NULL || optind != argc ||
        (paths.about != NULL && strstr(paths.about, "*/") != NULL))
        return usage(stderr, 2);
    return train(&paths);
}
