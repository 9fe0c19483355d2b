#include "feeds/confine.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feeds/landlock.h"
#include "feeds/options.h"
#include "feeds/redis_lines.h"
#include "feeds/syscalls.h"

/* What the C library reads to find a host by its name, modules that look it up included, and what TLS reads of certificates.
 * Whole directories, since the files are replaced by renaming. */
static const char *const for_names[] = {"/etc", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates"};

/* Always: how a GeoIP database's copy is opened; a sanitizer looks at all of the process. */
static const char *const for_all[] = {SANITIZED ? "/proc" : "/proc/self/fd"};

void confine_offers(char text[static CONFINE_OFFERS])
{
    char version[16] = "";
    int landlock = landlock_version();
    const char *seccomp = syscalls_version(version);
    int len = snprintf(text, CONFINE_OFFERS, "seccomp %s%s\n", seccomp != NULL ? "by libseccomp " : "not offered here", version);
    snprintf(text + len, CONFINE_OFFERS - (size_t)len, landlock > 0 ? "landlock version %d\n" : "landlock not offered here\n", landlock);
}

static bool listens_to_redis(const struct options *o)
{
    return o->eve != NULL && redis_lines_wanted(o->eve);
}

static bool connects(const struct options *o)
{
    return o->redis != NULL || listens_to_redis(o);
}

/* A replay's filter is made again for each file, and may hold names. */
static bool looks_names_up(const struct options *o)
{
    return connects(o) || (o->filter != NULL && o->paths.count > 1);
}

/* A file that others replace by renaming is found in its directory, whatever it is by then. */
static bool allow_beside(int rules, const char *path, enum landlock_access access, char err[static ERRLEN])
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 1 : slash == path ? 1 : (int)(slash - path);
    snprintf(directory, sizeof directory, "%.*s", len, slash == NULL ? "." : path);
    return landlock_allow(rules, directory, access, err);
}

/* Where the name is a link, what it leads to is replaced in its own directory. */
static bool allow_file(int rules, const char *path, char err[static ERRLEN])
{
    char *real = path != NULL ? realpath(path, NULL) : NULL;
    bool good = path == NULL || (allow_beside(rules, path, LANDLOCK_READ, err) && (real == NULL || allow_beside(rules, real, LANDLOCK_READ, err)));
    free(real);
    return good;
}

static bool allow_files(int rules, const struct setting_list *list, char err[static ERRLEN])
{
    for (unsigned i = 0; i < list->count; i++)
        if (!allow_file(rules, list->value[i], err))
            return false;
    return true;
}

/* Of an interface libpcap reads the counters. */
static bool allow_interfaces(int rules, const struct setting_list *list, char err[static ERRLEN])
{
    char path[PATH_MAX];
    for (unsigned i = 0; i < list->count; i++) {
        snprintf(path, sizeof path, "/sys/class/net/%.64s/statistics", list->value[i]);
        if (!landlock_allow(rules, path, LANDLOCK_READ, err))
            return false;
    }
    return true;
}

static bool allow_paths(int rules, const char *const *paths, size_t count, char err[static ERRLEN])
{
    for (size_t i = 0; i < count; i++)
        if (!landlock_allow(rules, paths[i], LANDLOCK_READ, err))
            return false;
    return true;
}

static bool allow_names(int rules, const struct options *o, char err[static ERRLEN])
{
    const char *directory = getenv("SSL_CERT_DIR");
    return !looks_names_up(o) || (allow_paths(rules, for_names, sizeof for_names / sizeof *for_names, err) &&
                                  allow_file(rules, "/etc/resolv.conf", err) && allow_file(rules, getenv("SSL_CERT_FILE"), err) &&
                                  (directory == NULL || landlock_allow(rules, directory, LANDLOCK_READ, err)));
}

/* An output that was renamed is opened again by its name. What is no file is not. */
static bool allow_output(int rules, const char *path, char err[static ERRLEN])
{
    struct stat status;
    return path == NULL || stat(path, &status) != 0 || !S_ISREG(status.st_mode) || allow_beside(rules, path, LANDLOCK_MAKE, err);
}

/* All that the sensor opens from now on, or opens again. */
static bool allow_all(int rules, const struct options *o, char err[static ERRLEN])
{
    const char *followed = listens_to_redis(o) ? NULL : o->eve;
    return allow_paths(rules, for_all, sizeof for_all / sizeof *for_all, err) && allow_paths(rules, o->paths.value, o->paths.count, err) &&
           allow_interfaces(rules, &o->interfaces, err) && allow_files(rules, &o->ioc, err) && allow_files(rules, &o->allow, err) &&
           allow_files(rules, &o->geoip, err) && allow_file(rules, o->config, err) && allow_file(rules, o->redis_password_file, err) &&
           allow_file(rules, followed, err) && allow_names(rules, o, err) &&
           (o->state == NULL || landlock_allow(rules, o->state, LANDLOCK_CHANGE, err)) &&
           allow_output(rules, o->output, err) && (o->metrics == NULL || allow_beside(rules, o->metrics, LANDLOCK_CHANGE, err));
}

static bool lock_files(struct confined *now, const struct options *o, char err[static ERRLEN])
{
    int rules = landlock_open(connects(o), err);
    if (rules < 0)
        return false;
    if (!allow_all(rules, o, err)) {
        close(rules);
        return false;
    }
    now->landlock = landlock_enter(rules, err);
    return now->landlock;
}

/* The bounding set can be emptied by who has the right to it; without new privileges it bounds nothing any more. */
static bool drop_capabilities(struct confined *now, char err[static ERRLEN])
{
    capng_clear(CAPNG_SELECT_BOTH);
    int bounds = capng_apply(CAPNG_SELECT_BOUNDS), result = capng_apply(CAPNG_SELECT_CAPS);
    (void)bounds;
    now->capabilities = result == 0;
    if (result != 0)
        error_set(err, "capabilities cannot be dropped: %s", strerror(errno));
    return result == 0;
}

static void leave_no_core(struct confined *now)
{
    const struct rlimit none = {0, 0};
    bool limited = setrlimit(RLIMIT_CORE, &none) == 0;
    now->no_core = prctl(PR_SET_DUMPABLE, 0) == 0 && limited;
}

static bool list_calls(struct confined *now, const struct options *o, char err[static ERRLEN])
{
    struct syscalls_settings settings = {.network = looks_names_up(o), .log = o->confine == CONFINE_LOG};
    now->seccomp = syscalls_enter(&settings, err);
    return now->seccomp;
}

/* A file that may be read by its mode and not by what is in force: that is no question of the file's rights. */
static bool reaches(const char *path, char err[static ERRLEN])
{
    int fd = path != NULL ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    bool refused = path != NULL && fd < 0 && errno == EACCES && access(path, R_OK) == 0;
    if (refused)
        error_set(err, "%.400s: lies in no directory that the sensor read from when it was started; start it again", path);
    if (fd >= 0)
        close(fd);
    return !refused;
}

bool confine_reaches(const struct options *o, char err[static ERRLEN])
{
    const struct setting_list *const lists[] = {&o->ioc, &o->allow, &o->geoip};
    for (size_t p = 0; p < sizeof lists / sizeof *lists; p++)
        for (unsigned i = 0; i < lists[p]->count; i++)
            if (!reaches(lists[p]->value[i], err))
                return false;
    return reaches(o->redis_password_file, err);
}

bool confine(struct confined *now, const struct options *o, char news[static ERRLEN], char err[static ERRLEN])
{
    char version[16];
    *now = (struct confined){0};
    news[0] = '\0';
    if (o->confine == CONFINE_OFF)
        return true;
    bool landlock = landlock_version() > 0, seccomp = syscalls_version(version) != NULL;
    leave_no_core(now);
    if (!drop_capabilities(now, err))
        return false;
    now->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    if (!now->no_new_privs) {
        error_set(err, "no_new_privs: %s", strerror(errno));
        return false;
    }
    if (!landlock || !seccomp)
        error_set(news, "confined without %s%s%s: neither the kernel nor what the sensor runs in offers it; all else is in force", landlock ? "" : "landlock",
                  landlock || seccomp ? "" : " and ", seccomp ? "" : "seccomp");
    return (!landlock || lock_files(now, o, err)) && (!seccomp || list_calls(now, o, err));
}
