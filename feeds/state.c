#include "feeds/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "feeds/id.h"
#include "feeds/pack.h"

/* What the directory holds is read by this version alone; another layout gets another word. */
#define LAYOUT "radome state 1\n"

static const uint8_t magic[8] = "RADOMES";

enum { HEAD = 8 + 4 + 8, FILE_MOST = 1 << 30, NAME_MOST = 64 };

struct state {
    char path[4096];
    int directory, lock;
};

bool state_put(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.p, bytes.len);
        if (n < 0 && errno != EINTR)
            return false;
        bytes = slice_from(bytes, n > 0 ? (size_t)n : 0);
    }
    return true;
}

/* One sensor at a time: two would send each other's hits. The lock goes with the process, however that ends; its number in the
 * file is for people. */
static bool take_lock(struct state *s, char err[static ERRLEN])
{
    char pid[24] = "";
    s->lock = openat(s->directory, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock < 0) {
        error_set(err, "%s/lock: %s", s->path, strerror(errno));
        return false;
    }
    int held = flock(s->lock, LOCK_EX | LOCK_NB);
    for (int i = 0; held != 0 && i < 20; i++) { /* of a sensor just killed, the copy that makes a snapshot may take a moment to go */
        nanosleep(&(struct timespec){0, 50000000}, NULL);
        held = flock(s->lock, LOCK_EX | LOCK_NB);
    }
    if (held != 0) {
        if (pread(s->lock, pid, sizeof pid - 1, 0) < 0)
            pid[0] = '\0';
        error_set(err, "%s: in use by another radome (process %.*s); give each sensor a --state of its own", s->path,
                  (int)strcspn(pid, "\n"), pid);
        return false;
    }
    int len = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(s->lock, 0) != 0 || pwrite(s->lock, pid, (size_t)len, 0) < 0)
        errno = 0; /* a full disk is no obstacle */
    return true;
}

/* A directory that holds other things is a mistyped --state; a file system of its own begins with lost+found. */
static bool is_empty(int directory)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    bool empty = list != NULL;
    for (struct dirent *entry; empty && (entry = readdir(list)) != NULL;)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 || strcmp(entry->d_name, "lost+found") == 0;
    if (list != NULL)
        closedir(list);
    return empty;
}

enum layout { LAYOUT_OURS, LAYOUT_NEW, LAYOUT_BAD };

/* Whose directory it is by its version file; BAD: a sentence. */
static enum layout find_layout(const struct state *s, char err[static ERRLEN])
{
    char text[32] = "";
    int fd = openat(s->directory, "version", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && n == (ssize_t)strlen(LAYOUT) && strcmp(text, LAYOUT) == 0)
        return LAYOUT_OURS;
    if (fd >= 0 && n > 0)
        error_set(err, "%s: made by another version ('%.*s'); move it away or give another --state", s->path, (int)strcspn(text, "\n"), text);
    else if (fd < 0 && !is_empty(s->directory))
        error_set(err, "%s: holds files that are not radome's; --state takes an empty directory, or makes one", s->path);
    else
        return LAYOUT_NEW;
    return LAYOUT_BAD;
}

static bool check_layout(struct state *s, char err[static ERRLEN])
{
    enum layout layout = find_layout(s, err);
    if (layout != LAYOUT_NEW)
        return layout == LAYOUT_OURS;
    int fd = openat(s->directory, "version", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && state_put(fd, slice_str(LAYOUT)) && fsync(fd) == 0;
    if (!written)
        error_set(err, "%s/version: %s", s->path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return written;
}

static const char *name_of(uid_t user, char out[static 64])
{
    const struct passwd *entry = getpwuid(user);
    snprintf(out, 64, "%.40s", entry != NULL ? entry->pw_name : "");
    if (entry == NULL)
        snprintf(out, 64, "user %u", (unsigned)user);
    return out;
}

/* The process that has it; 0: none. */
static long held_by(const struct state *s)
{
    char pid[24] = "";
    int lock = openat(s->directory, "lock", O_RDONLY | O_CLOEXEC);
    bool held = lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) != 0 && pread(lock, pid, sizeof pid - 1, 0) > 0;
    if (lock >= 0)
        close(lock);
    return held ? strtol(pid, NULL, 10) : 0;
}

bool state_look(const char *path, char line[static ERRLEN], char err[static ERRLEN])
{
    struct state s = {.lock = -1};
    struct stat is;
    char parent[sizeof s.path], me[64], owner[64];
    snprintf(s.path, sizeof s.path, "%s", path);
    snprintf(parent, sizeof parent, "%s", path);
    name_of(geteuid(), me);
    if (stat(path, &is) != 0) {
        bool makes = errno == ENOENT && faccessat(AT_FDCWD, dirname(parent), W_OK | X_OK, AT_EACCESS) == 0;
        if (makes)
            error_set(line, "state %.300s: is made at the start, for %s alone", path, me);
        else
            error_set(err, "%.300s: --state cannot make or open this directory as %s: %s", path, me, strerror(errno));
        return makes;
    }
    name_of(is.st_uid, owner);
    if (!S_ISDIR(is.st_mode) || faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) != 0 ||
        (s.directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        error_set(err, "%.300s: of %s, not to be used by %s as --state: %s", path, owner, me, S_ISDIR(is.st_mode) ? strerror(errno) : "no directory");
        return false;
    }
    enum layout layout = find_layout(&s, err);
    long holder = layout == LAYOUT_OURS ? held_by(&s) : 0;
    close(s.directory);
    if (holder > 0)
        error_set(line, "state %.300s: of %s, in use by process %ld", path, owner, holder);
    else
        error_set(line, "state %.300s: of %s, can be used by %s; %s", path, owner, me, layout == LAYOUT_OURS ? "holds what was known" : "empty");
    return layout != LAYOUT_BAD;
}

struct state *state_open(const char *path, char err[static ERRLEN])
{
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL || strlen(path) >= sizeof s->path) {
        error_set(err, "%.100s: %s", path, s == NULL ? "no memory" : "the path is too long");
        free(s);
        return NULL;
    }
    strcpy(s->path, path);
    s->lock = -1;
    bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
    s->directory = made ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (s->directory < 0)
        error_set(err, "%s: --state cannot make or open this directory: %s", path, strerror(errno));
    if (s->directory < 0 || !check_layout(s, err) || !take_lock(s, err)) {
        state_close(s);
        return NULL;
    }
    return s;
}

void state_close(struct state *s)
{
    if (s == NULL)
        return;
    if (s->lock >= 0)
        close(s->lock);
    if (s->directory >= 0)
        close(s->directory);
    free(s);
}

int state_directory(const struct state *s)
{
    return s->directory;
}

const char *state_path(const struct state *s)
{
    return s->path;
}

static uint64_t checksum(uint32_t version, struct slice content)
{
    return id_hash(content.p, content.len, version);
}

static bool fill(int fd, uint32_t version, struct slice content)
{
    uint8_t head[HEAD], *at = head;
    memcpy(at, magic, sizeof magic);
    at = pack_u32(at + sizeof magic, version);
    pack_u64(at, checksum(version, content));
    return state_put(fd, slice_of(head, sizeof head)) && state_put(fd, content) && fsync(fd) == 0;
}

bool state_write(struct state *s, const char *name, uint32_t version, struct slice content, char err[static ERRLEN])
{
    char fresh[NAME_MOST];
    snprintf(fresh, sizeof fresh, "%s.new", name);
    int fd = openat(s->directory, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool whole = fd >= 0 && fill(fd, version, content);
    if (fd >= 0 && close(fd) != 0)
        whole = false;
    if (whole && renameat(s->directory, fresh, s->directory, name) == 0 && fsync(s->directory) == 0)
        return true;
    error_set(err, "%s/%s: %s", s->path, name, strerror(errno));
    unlinkat(s->directory, fresh, 0);
    return false;
}

/* The whole file; p NULL: it cannot be read, errno says why. */
static struct slice load(const struct state *s, const char *name)
{
    struct stat status;
    struct slice none = {NULL, 0};
    int fd = openat(s->directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return none;
    size_t size = fstat(fd, &status) == 0 && status.st_size <= FILE_MOST ? (size_t)status.st_size : 0, len = 0;
    uint8_t *bytes = malloc(size + 1);
    for (ssize_t n = 1; bytes != NULL && len < size && n > 0; len += n > 0 ? (size_t)n : 0)
        n = read(fd, bytes + len, size - len);
    close(fd);
    return bytes != NULL ? slice_of(bytes, len) : none;
}

static bool whole(struct slice file, uint32_t version, struct slice *content)
{
    struct cursor c = cursor_of(file);
    bool known = slice_eq(cursor_take(&c, sizeof magic), slice_of(magic, sizeof magic)) && cursor_u32(&c) == version;
    uint64_t sum = unpack_u64(&c);
    *content = cursor_rest(&c);
    return !c.bad && known && sum == checksum(version, *content);
}

void state_set_aside(struct state *s, const char *name, char err[static ERRLEN])
{
    char aside[NAME_MOST];
    snprintf(aside, sizeof aside, "%s.aside", name);
    error_set(err, "%s/%s: damaged or of another version; it is set aside as %s, and the sensor goes on without it", s->path, name, aside);
    renameat(s->directory, name, s->directory, aside);
}

bool state_rename(struct state *s, const char *from, const char *to, char err[static ERRLEN])
{
    if (renameat(s->directory, from, s->directory, to) == 0 && fsync(s->directory) == 0)
        return true;
    error_set(err, "%s/%s: %s", s->path, from, strerror(errno));
    return false;
}

enum state_found state_read(struct state *s, const char *name, uint32_t version, struct slice *content, char err[static ERRLEN])
{
    struct slice file = load(s, name), inner;
    if (file.p == NULL && errno == ENOENT)
        return STATE_NONE;
    if (file.p != NULL && whole(file, version, &inner)) {
        memmove((uint8_t *)file.p, inner.p, inner.len); /* to the front, so that what is freed is what was allocated */
        *content = slice_of(file.p, inner.len);
        return STATE_FOUND;
    }
    state_set_aside(s, name, err);
    free((uint8_t *)file.p);
    return STATE_DAMAGED;
}

bool state_remove(struct state *s, const char *name, char err[static ERRLEN])
{
    if ((unlinkat(s->directory, name, 0) == 0 || errno == ENOENT) && fsync(s->directory) == 0)
        return true;
    error_set(err, "%s/%s: %s", s->path, name, strerror(errno));
    return false;
}
