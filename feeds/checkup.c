#include "feeds/checkup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feeds/redis_checkup.h"

/* What is looked at, and where it is told. */
struct looking {
    const struct sensor *sensor;
    const struct options *options;
    FILE *out;
};

static void tell(const struct looking *l, const char *line)
{
    fprintf(l->out, "ok: %s\n", line);
}

static bool may(const char *path, int how)
{
    return faccessat(AT_FDCWD, path, how, AT_EACCESS) == 0;
}

/* The directory that a file to be made stands in. */
static bool directory_takes(const char *path, const char *what, char err[static ERRLEN])
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    const char *directory = dirname(copy);
    if (may(directory, W_OK | X_OK))
        return true;
    error_set(err, "%s %.200s: no file can be made in %.200s: %s", what, path, directory, strerror(errno));
    return false;
}

static bool look_at_lists(const struct looking *l, char err[static ERRLEN])
{
    char line[ERRLEN];
    (void)err; /* bad ones were told when they were opened */
    for (unsigned i = 0; lists_line(sensor_lists(l->sensor), i, line); i++)
        tell(l, line);
    return true;
}

static bool look_at_plugins(const struct looking *l, char err[static ERRLEN])
{
    char line[ERRLEN];
    const struct classifier *const *classifier = plugins_classifiers(l->sensor->plugins);
    (void)err;
    for (unsigned i = 0; classifier[i] != NULL; i++) {
        error_set(line, "plugin %.300s: classifier %.60s", l->options->plugins.value[i], classifier[i]->name);
        tell(l, line);
    }
    return true;
}

static bool look_at_clients(const struct looking *l, char err[static ERRLEN])
{
    char line[ERRLEN];
    (void)err;
    if (l->options->anonymise_key != NULL) {
        error_set(line, "key of pseudonyms %.300s: read", l->options->anonymise_key);
        tell(l, line);
    }
    return true;
}

static bool look_at_input(const struct looking *l, char err[static ERRLEN])
{
    char line[ERRLEN];
    const struct options *o = l->options;
    (void)err;
    for (unsigned i = 0; i < o->interfaces.count; i++) {
        error_set(line, "interface %.60s: opened, packets can be captured", o->interfaces.value[i]);
        tell(l, line);
    }
    for (unsigned i = 0; i < o->paths.count; i++) {
        error_set(line, "input %.300s: %s", o->paths.value[i], strcmp(o->paths.value[i], "-") == 0 ? "standard input" : "opened, a capture");
        tell(l, line);
    }
    if (o->eve != NULL) {
        error_set(line, "input %.300s: opened", o->eve);
        tell(l, line);
    }
    if (o->interfaces.count + o->paths.count == 0 && o->eve == NULL)
        tell(l, o->filter != NULL ? "no input is given; the filter could not be tried" : "no input is given");
    return true;
}

static bool look_at_output(const struct looking *l, char err[static ERRLEN])
{
    char line[ERRLEN];
    struct stat is;
    const char *path = l->options->output;
    if (path == NULL && l->options->redis != NULL)
        return true;
    if (path == NULL || strcmp(path, "-") == 0) {
        tell(l, "output: standard output");
        return true;
    }
    bool there = stat(path, &is) == 0;
    if (there && S_ISDIR(is.st_mode))
        error_set(err, "output %.300s: is a directory; give -o a file", path);
    else if (there && !may(path, W_OK))
        error_set(err, "output %.300s: cannot be written: %s", path, strerror(errno));
    if ((there && (S_ISDIR(is.st_mode) || !may(path, W_OK))) || (!there && !directory_takes(path, "output", err)))
        return false;
    error_set(line, "output %.300s: %s", path, there ? "can be written" : "can be made");
    tell(l, line);
    return true;
}

static bool look_at_metrics(const struct looking *l, char err[static ERRLEN])
{
    char line[ERRLEN];
    if (l->options->metrics == NULL)
        return true;
    if (!directory_takes(l->options->metrics, "metrics", err))
        return false;
    error_set(line, "metrics %.300s: can be written and replaced", l->options->metrics);
    tell(l, line);
    return true;
}

static bool look_at_state(const struct looking *l, char err[static ERRLEN])
{
    char line[ERRLEN];
    if (l->options->state == NULL) {
        tell(l, "state: none; nothing outlives the process");
        return true;
    }
    if (!state_look(l->options->state, line, err))
        return false;
    tell(l, line);
    return true;
}

static enum checkup look_at_redis(const struct looking *l, char err[static ERRLEN])
{
    char line[ERRLEN];
    bool wrong;
    if (l->options->redis == NULL)
        return CHECKUP_GOOD;
    struct redis_settings settings = sensor_redis_settings(l->sensor, l->options);
    if (!redis_checkup(&settings, &wrong, line, err))
        return wrong ? CHECKUP_WRONG : CHECKUP_AWAY;
    tell(l, line);
    return CHECKUP_GOOD;
}

enum checkup checkup(const struct sensor *sensor, const struct options *options, FILE *out, char err[static ERRLEN])
{
    static bool (*const parts[])(const struct looking *, char err[static ERRLEN]) = {
        look_at_lists, look_at_plugins, look_at_clients, look_at_input, look_at_output, look_at_metrics, look_at_state,
    };
    struct looking looking = {sensor, options, out};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!parts[i](&looking, err))
            return CHECKUP_WRONG;
    return look_at_redis(&looking, err);
}
