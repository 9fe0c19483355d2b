/* radome-report: JSON Lines in, one HTML page out that needs nothing but itself. Redis is read and left as it is. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/reader.h"
#include "feeds/page.h"
#include "feeds/redis_peek.h"
#include "feeds/settings.h"

enum { DONE = 0, INPUT_FAILED = 1, WRONG_USAGE = 2, NOT_REACHED = 3 };

struct options {
    const char *config, *redis, *redis_password_file, *redis_key, *output, *title;
    uint64_t memory;
    bool version, help;
};

#define FIELD(name) offsetof(struct options, name)

static const struct setting table[] = {
    {"output", 'o', SETTING_TEXT, FIELD(output), "FILE", "the page; - is standard output (the default, where that is no terminal)"},
    {"title", 0, SETTING_TEXT, FIELD(title), "TEXT", "what the page is called (radome report)"},
    {"memory", 0, SETTING_SIZE, FIELD(memory), "SIZE", "the bound on what the page holds; beyond it the least certain hits are left out, and it says so (96M)", 1 << 16, UINT64_C(1) << 40},
    {"redis", 0, SETTING_TEXT, FIELD(redis), "URL", "read a stream or list as well, and leave it as it is: redis://[[user]:password@]host[:port][,host...][/db], rediss://, redis+sentinel://, unix:"},
    {"redis-password-file", 0, SETTING_TEXT, FIELD(redis_password_file), "FILE", "the password stands in this file; or in RADOME_REDIS_PASSWORD"},
    {"redis-key", 0, SETTING_TEXT, FIELD(redis_key), "NAME", "the stream or list (radome:hits); which it is is seen"},
    {"config", 'c', SETTING_TEXT, FIELD(config), "FILE", "configuration file: key = value, keys as the long flags", .flag_only = true},
    {"version", 'V', SETTING_FLAG, FIELD(version), NULL, "version", .flag_only = true},
    {"help", 'h', SETTING_FLAG, FIELD(help), NULL, "this help", .flag_only = true},
};

static const char usage[] = "usage: radome-report [options] [FILE ...] > page.html\n"
                            "Makes one HTML page of radome's documents: JSON Lines of either format, of one sensor or several, plain, gzip or\n"
                            "zstd; - or no FILE is standard input. The page needs no network and no other file. The same input, the same page.\n";

/* What was read so far, from whatever source. */
struct reading {
    struct page_facts facts;
    struct page_rows *rows;
    char first_unreadable[ERRLEN + 300];
    char row[ROW_MAX];
};

static int complain(int status, const char *message)
{
    fprintf(stderr, "radome-report: %s\n", message);
    return status;
}

static void bad_line(struct reading *r, const char *source, uint64_t number, const char *why)
{
    if (r->facts.unreadable++ > 0)
        return;
    snprintf(r->first_unreadable, sizeof r->first_unreadable, "%.280s: line %llu: %s", source, (unsigned long long)number, why);
}

static void take(struct reading *r, const char *source, uint64_t number, struct slice line)
{
    struct row row;
    char err[ERRLEN];
    r->facts.lines++;
    page_row(&row, line, r->row, err);
    switch (row.kind) {
    case ROW_INCIDENT:
    case ROW_CLUSTER:
    case ROW_HIT: page_rows_put(r->rows, &row); break;
    case ROW_RECORD:
        r->facts.records++;
        r->facts.lost += row.lost;
        break;
    case ROW_UNREADABLE: bad_line(r, source, number, err); break;
    }
}

static struct slice trimmed(const char *bytes, size_t len)
{
    while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
        len--;
    return slice_trim(slice_of(bytes, len));
}

/* Up to the newline, or as much as fits: *whole says whether it is all of the line. False: nothing left. */
static bool next_line(FILE *in, char line[static ROW_LINE], size_t *len, bool *whole)
{
    int byte = EOF;
    *len = 0;
    while (*len < ROW_LINE && (byte = fgetc_unlocked(in)) != EOF && byte != '\n')
        line[(*len)++] = (char)byte;
    *whole = *len < ROW_LINE;
    while (!*whole && (byte = fgetc_unlocked(in)) != EOF && byte != '\n')
        continue;
    return *len > 0 || byte == '\n';
}

static bool read_lines(struct reading *r, FILE *in, const char *name)
{
    char *line = malloc(ROW_LINE);
    size_t len;
    bool whole;
    if (line == NULL)
        return false;
    errno = 0;
    for (uint64_t number = 1; next_line(in, line, &len, &whole); number++) {
        struct slice text = trimmed(line, len);
        if (!whole)
            r->facts.lines++, bad_line(r, name, number, "longer than any document");
        else if (text.len > 0)
            take(r, name, number, text);
    }
    free(line);
    return !ferror(in);
}

static int read_file(struct reading *r, const char *path)
{
    uint64_t taken = 0;
    char err[ERRLEN];
    struct reader *reader = reader_open(path, &taken, err);
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    if (reader == NULL) /* a day without hits is no failure */
        return errno == ENODATA ? DONE : complain(INPUT_FAILED, err);
    FILE *in = reader_stream(reader);
    if (in == NULL)
        return complain(INPUT_FAILED, "no memory to read a file");
    bool whole = read_lines(r, in, name);
    if (!whole)
        fprintf(stderr, "radome-report: %s: cannot be read beyond byte %llu: %s\n", name, (unsigned long long)taken, strerror(errno));
    fclose(in);
    return whole ? DONE : INPUT_FAILED;
}

static int read_redis(struct reading *r, struct peek *peek, const char *key)
{
    char err[ERRLEN];
    enum redis_result result;
    size_t count;
    uint64_t number = 0;
    while ((result = peek_next(peek, &count, err)) == REDIS_SENT && count > 0)
        for (size_t i = 0; i < count; i++)
            take(r, key, ++number, peek_document(peek, i));
    return result == REDIS_SENT ? DONE : complain(NOT_REACHED, err);
}

static int read_all(struct reading *r, struct peek *peek, const char *key, char **files, unsigned count)
{
    int worst = DONE;
    for (unsigned i = 0; i < count; i++) {
        int status = read_file(r, files[i]);
        worst = status > worst ? status : worst;
    }
    if (peek != NULL) {
        int status = read_redis(r, peek, key);
        worst = status > worst ? status : worst;
    }
    page_rows_sort(r->rows);
    return worst;
}

/* What the page says as well, for who sees only this. */
static void tell(const struct reading *r)
{
    struct page_rows_stats stats;
    page_rows_stats(r->rows, &stats);
    uint64_t left_out = stats.left_out[ROW_HIT] + stats.left_out[ROW_CLUSTER] + stats.left_out[ROW_INCIDENT];
    fprintf(stderr, "radome-report: %llu incident documents, %llu clusters, %llu hits; %llu repeats, %llu records\n", (unsigned long long)stats.kept[ROW_INCIDENT],
            (unsigned long long)stats.kept[ROW_CLUSTER], (unsigned long long)stats.kept[ROW_HIT], (unsigned long long)stats.repeats,
            (unsigned long long)r->facts.records);
    if (r->facts.unreadable > 0)
        fprintf(stderr, "radome-report: %llu of %llu lines could not be read; the first: %s\n", (unsigned long long)r->facts.unreadable,
                (unsigned long long)r->facts.lines, r->first_unreadable);
    if (left_out > 0)
        fprintf(stderr, "radome-report: %llu documents left out, the least certain first: the page holds no more (--memory)\n", (unsigned long long)left_out);
}

/* A file is replaced when the new one is whole: the name or, where it is no plain file, the thing itself. */
static FILE *open_output(const char *path, char *temporary, size_t size, char err[static ERRLEN])
{
    struct stat is;
    bool plain = stat(path, &is) != 0 || S_ISREG(is.st_mode);
    temporary[0] = '\0';
    if (plain && snprintf(temporary, size, "%s.new", path) >= (int)size) {
        error_set(err, "%.300s...: too long a name", path);
        return NULL;
    }
    FILE *out = fopen(plain ? temporary : path, "we");
    if (out == NULL)
        error_set(err, "%s: %s", path, strerror(errno));
    return out;
}

static int write_page(const struct reading *r, FILE *out, const char *path, const char *temporary)
{
    char err[ERRLEN];
    bool good = page_write(out, &r->facts, r->rows, err);
    if (out != stdout && fclose(out) != 0 && good) {
        error_set(err, "cannot be written: %s", strerror(errno));
        good = false;
    }
    if (good && temporary[0] != '\0' && rename(temporary, path) != 0) {
        error_set(err, "cannot be put in place: %s", strerror(errno));
        good = false;
    }
    if (!good && temporary[0] != '\0')
        unlink(temporary);
    if (!good)
        fprintf(stderr, "radome-report: %s: %s\n", out == stdout ? "standard output" : path, err);
    return good ? DONE : INPUT_FAILED;
}

/* NULL where no Redis is asked for, and where its URL is wrong: then err has a sentence. */
static struct peek *open_redis(const struct options *o, char err[static ERRLEN])
{
    struct redis_login login = {o->redis, o->redis_password_file, getenv("RADOME_REDIS_PASSWORD")};
    err[0] = '\0';
    return o->redis != NULL ? peek_open(&login, o->redis_key, err) : NULL;
}

static int run(const struct options *o, char **files, unsigned count)
{
    char err[ERRLEN], temporary[4096] = "";
    uint64_t seed = 0;
    FILE *out = stdout;
    bool to_file = o->output != NULL && strcmp(o->output, "-") != 0;
    if (!to_file && isatty(STDOUT_FILENO))
        return complain(WRONG_USAGE, "the page would go to the terminal: name a file with -o");
    struct peek *peek = open_redis(o, err);
    if (err[0] != '\0' || (to_file && (out = open_output(o->output, temporary, sizeof temporary, err)) == NULL)) {
        peek_close(peek);
        return complain(WRONG_USAGE, err);
    }
    struct reading *r = calloc(1, sizeof *r);
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed) /* no byte of the page depends on it */
        seed = (uint64_t)getpid();
    if (r == NULL || (r->rows = page_rows_open(o->memory, seed, err)) == NULL)
        return complain(INPUT_FAILED, "no memory for the page");
    r->facts = (struct page_facts){.title = o->title, .sources = (const char *const *)files, .source_count = count, .first_unreadable = r->first_unreadable};
    int read = read_all(r, peek, o->redis_key, files, count);
    tell(r);
    if (r->facts.lines > 0 && r->facts.unreadable == r->facts.lines)
        read = complain(read > INPUT_FAILED ? read : INPUT_FAILED, "none of the lines could be read: the page is empty, and nothing is known");
    int written = write_page(r, out, o->output, temporary);
    page_rows_close(r->rows);
    free(r);
    peek_close(peek);
    return written > read ? written : read;
}

static int start(struct options *o, struct settings *settings, int argc, char **argv)
{
    char minus[] = "-", *standard_input = minus;
    char err[ERRLEN];
    if (!settings_flags(settings, argc, argv, err) || (o->config != NULL && !settings_file(settings, o->config, err)))
        return complain(WRONG_USAGE, err);
    if (o->version)
        return puts("radome-report " RADOME_VERSION), DONE;
    if (o->help) {
        puts(usage);
        settings_help(settings, stdout);
        return DONE;
    }
    if (settings->operand_count == 0 && o->redis == NULL)
        return run(o, &standard_input, 1);
    return run(o, settings->operands, settings->operand_count);
}

int main(int argc, char **argv)
{
    struct options options = {.redis_key = "radome:hits", .title = "radome report", .memory = 96 << 20};
    struct settings settings = {.table = table, .count = sizeof table / sizeof *table, .values = &options, .operand = "FILE"};
    signal(SIGPIPE, SIG_IGN);
    int status = start(&options, &settings, argc, argv);
    settings_free(&settings);
    return status;
}
