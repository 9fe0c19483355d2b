#include "feeds/plugins.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "classifiers/plugin.h"

enum { TRIAL_S = 10, TRIAL_WELL = 87 }; /* a status that no library ends a process with by chance */

struct plugins {
    size_t count;
    void **handle;
    const struct classifier **classifier; /* one place more than handles: NULL */
};

/* A path without a slash is looked for among the system's libraries otherwise. */
static void *load(const char *path, char err[static ERRLEN])
{
    char here[PATH_MAX];
    snprintf(here, sizeof here, "%s%s", strchr(path, '/') != NULL ? "" : "./", path);
    void *handle = dlopen(here, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        error_set(err, "plugin %.200s: cannot be loaded: %.250s", path, dlerror());
    return handle;
}

/* The classifier in a loaded object; NULL: it is none for this sensor. */
static const struct classifier *classifier_in(void *handle, const char *path, char err[static ERRLEN])
{
    static const struct plugin_guard own = PLUGIN_GUARD;
    const struct plugin *plugin = dlsym(handle, "radome_plugin");
    if (plugin == NULL)
        error_set(err, "plugin %.300s: has no symbol radome_plugin: not a classifier, or its last line is missing", path);
    else if (plugin->guard.abi != own.abi)
        error_set(err, "plugin %.300s: built for ABI %u, and this sensor has %u; build it again with this sensor's headers",
                  path, plugin->guard.abi, own.abi);
    else if (memcmp(&plugin->guard, &own, sizeof own) != 0)
        error_set(err, "plugin %.300s: built with other headers than this sensor; build it again", path);
    else if (plugin->classifier == NULL || plugin->classifier->name == NULL)
        error_set(err, "plugin %.300s: its classifier has no name", path);
    else
        return plugin->classifier;
    return NULL;
}

/* What the sensor is going to do with it, in a process that may die of it. */
static bool try_out(const char *path, char err[static ERRLEN])
{
    const struct classifier_settings settings = {.seed = 1};
    void *handle = load(path, err);
    const struct classifier *c = handle != NULL ? classifier_in(handle, path, err) : NULL;
    if (c == NULL)
        return false;
    err[0] = '\0';
    void *state = c->open != NULL ? c->open(&settings, err) : NULL;
    if (c->open != NULL && state == NULL) {
        char why[200];
        snprintf(why, sizeof why, "%.199s", err[0] != '\0' ? err : "for no reason given");
        error_set(err, "plugin %.250s: cannot be opened: %s", path, why);
        return false;
    }
    if (c->close != NULL)
        c->close(state);
    return true;
}

/* Nothing of what it prints reaches the sensor's output, and its death leaves no core. */
static _Noreturn void trial(const char *path, int out)
{
    char err[ERRLEN];
    int nowhere = open("/dev/null", O_RDWR);
    const struct rlimit none = {0, 0};
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM, SIGTERM};
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], SIG_DFL);
    for (int fd = 0; fd < 3 && nowhere >= 0; fd++)
        dup2(nowhere, fd);
    setrlimit(RLIMIT_CORE, &none);
    alarm(TRIAL_S);
    bool well = try_out(path, err);
    if (!well && write(out, err, strlen(err)) < 0)
        _exit(1);
    _exit(well ? TRIAL_WELL : TRIAL_WELL + 1);
}

static bool survived(const char *path, char err[static ERRLEN])
{
    int end[2], status = 0;
    if (pipe(end) < 0) {
        error_set(err, "plugin %.300s: no pipe to try it out: %s", path, strerror(errno));
        return false;
    }
    pid_t child = fork();
    if (child == 0)
        trial(path, end[1]);
    close(end[1]);
    ssize_t n = 0, length = 0;
    while (child > 0 && length < ERRLEN - 1 && (n = read(end[0], err + length, (size_t)(ERRLEN - 1 - length))) > 0)
        length += n;
    err[length] = '\0';
    close(end[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (child < 0)
        error_set(err, "plugin %.300s: no process to try it out: %s", path, strerror(errno));
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        error_set(err, "plugin %.300s: was still loading after %d seconds", path, TRIAL_S);
    else if (WIFSIGNALED(status))
        error_set(err, "plugin %.300s: crashed while it was loaded (%s)", path, strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != TRIAL_WELL && WEXITSTATUS(status) != TRIAL_WELL + 1)
        error_set(err, "plugin %.300s: ended its process with status %d while it was loaded", path, WEXITSTATUS(status));
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == TRIAL_WELL;
}

static bool open_one(struct plugins *p, const char *path, char err[static ERRLEN])
{
    if (!survived(path, err) || (p->handle[p->count] = load(path, err)) == NULL)
        return false;
    p->classifier[p->count] = classifier_in(p->handle[p->count], path, err);
    return p->classifier[p->count++] != NULL;
}

struct plugins *plugins_open(const char *const *paths, size_t count, char err[static ERRLEN])
{
    struct plugins *p = calloc(1, sizeof *p);
    if (p == NULL || (p->handle = calloc(count + 1, sizeof *p->handle)) == NULL ||
        (p->classifier = calloc(count + 1, sizeof *p->classifier)) == NULL) {
        error_set(err, "no memory for plugins");
        plugins_close(p);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (!open_one(p, paths[i], err)) {
            plugins_close(p);
            return NULL;
        }
    return p;
}

void plugins_close(struct plugins *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->count; i++)
        dlclose(p->handle[i]);
    free(p->handle);
    free(p->classifier);
    free(p);
}

const struct classifier *const *plugins_classifiers(const struct plugins *p)
{
    return p->classifier;
}
