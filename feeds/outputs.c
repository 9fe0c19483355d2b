#include "feeds/outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "feeds/once.h"

struct outputs {
    const char *path;
    FILE *file;
    bool failed;
    struct redis *redis;       /* until it is delivered to */
    struct delivery *delivery;
    uint8_t marked[JSON_MAX];  /* a document that is to be written once only, on its way to Redis */
};

/* A replay's output begins empty: onto one of its own inputs it would destroy the capture. */
static bool is_input(const struct outputs_settings *settings, char err[static ERRLEN])
{
    struct stat output, input;
    for (const char *const *path = settings->inputs; *path != NULL && stat(settings->path, &output) == 0; path++)
        if (stat(*path, &input) == 0 && S_ISREG(input.st_mode) && input.st_dev == output.st_dev && input.st_ino == output.st_ino) {
            error_set(err, "%s: is an input; give -o another file", settings->path);
            return true;
        }
    return false;
}

static FILE *open_file(const struct outputs_settings *settings, char err[static ERRLEN])
{
    if (strcmp(settings->path, "-") == 0)
        return stdout;
    if (is_input(settings, err))
        return NULL;
    FILE *file = fopen(settings->path, settings->append ? "ae" : "we");
    if (file == NULL)
        error_set(err, "%s: %s", settings->path, strerror(errno));
    return file;
}

struct outputs *outputs_open(const struct outputs_settings *settings, struct redis *redis, char err[static ERRLEN])
{
    struct outputs *o = calloc(1, sizeof *o);
    if (o != NULL)
        o->path = settings->path;
    if (o == NULL || (settings->path != NULL && (o->file = open_file(settings, err)) == NULL)) {
        if (o == NULL)
            error_set(err, "no memory for the outputs");
        redis_close(redis);
        free(o);
        return NULL;
    }
    o->redis = redis;
    return o;
}

bool outputs_deliver(struct outputs *o, const struct delivery_settings *settings, char err[static ERRLEN])
{
    struct redis *redis = o->redis;
    o->redis = NULL;
    return redis == NULL || (o->delivery = delivery_open(redis, settings, err)) != NULL;
}

void outputs_put(struct outputs *o, uint64_t us, const char *document, size_t len, const char *once)
{
    if (len == 0)
        return;
    struct slice text = slice_of(document, len - 1);
    if (o->delivery != NULL && once[0] != '\0')
        text = slice_of(o->marked, once_append(o->marked, sizeof o->marked, text, once));
    if (o->delivery != NULL)
        delivery_put(o->delivery, text, us);
    if (o->file != NULL && !o->failed && fwrite(document, 1, len, o->file) != len)
        o->failed = true;
}

void outputs_flush(struct outputs *o)
{
    if (o->file != NULL && fflush(o->file) != 0)
        o->failed = true;
}

bool outputs_failed(const struct outputs *o)
{
    return o->failed;
}

/* A regular file that another name has by now, or none. What is no file (a pipe, a terminal) is not opened twice: it might wait. */
static bool is_moved(const struct outputs *o)
{
    struct stat opened, named;
    if (o->file == NULL || o->file == stdout || fstat(fileno(o->file), &opened) != 0 || !S_ISREG(opened.st_mode))
        return false;
    if (stat(o->path, &named) != 0)
        return errno == ENOENT;
    return S_ISREG(named.st_mode) && (named.st_dev != opened.st_dev || named.st_ino != opened.st_ino);
}

bool outputs_reopen(struct outputs *o, char err[static ERRLEN])
{
    if (!is_moved(o))
        return true;
    FILE *file = fopen(o->path, "ae");
    if (file == NULL) {
        error_set(err, "%s: %s; the file that was opened before is written on", o->path, strerror(errno));
        return false;
    }
    if (fclose(o->file) != 0) /* with what waited in it: only whole documents */
        o->failed = true;
    o->file = file;
    return true;
}

bool outputs_news(struct outputs *o, char message[static ERRLEN])
{
    return o->delivery != NULL && delivery_news(o->delivery, message);
}

bool outputs_dead(struct outputs *o)
{
    return o->delivery != NULL && delivery_dead(o->delivery);
}

void outputs_retry(struct outputs *o)
{
    if (o->delivery != NULL)
        delivery_retry(o->delivery);
}

void outputs_ends(struct outputs *o)
{
    if (o->delivery != NULL)
        delivery_ends(o->delivery);
}

enum delivery_end outputs_finish(struct outputs *o, uint64_t ms, char err[static ERRLEN])
{
    return o->delivery != NULL ? delivery_finish(o->delivery, ms, err) : DELIVERY_DONE;
}

void outputs_stats(struct outputs *o, struct delivery_stats *stats)
{
    *stats = (struct delivery_stats){0};
    if (o->delivery != NULL)
        delivery_stats(o->delivery, stats);
}

uint64_t outputs_position(struct outputs *o)
{
    return o->delivery != NULL ? delivery_next(o->delivery) : 0;
}

void outputs_close(struct outputs *o)
{
    if (o == NULL)
        return;
    delivery_close(o->delivery);
    redis_close(o->redis);
    if (o->file != NULL && o->file != stdout)
        fclose(o->file);
    free(o);
}
