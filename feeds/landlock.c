#include "feeds/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Kinds of access as the kernel's interface numbers them: the headers of a Debian may be older than its kernel. */
enum {
    EXECUTE = 1 << 0, WRITE_FILE = 1 << 1, READ_FILE = 1 << 2, READ_DIR = 1 << 3, REMOVE_DIR = 1 << 4, REMOVE_FILE = 1 << 5,
    MAKE_CHAR = 1 << 6, MAKE_DIR = 1 << 7, MAKE_REG = 1 << 8, MAKE_SOCK = 1 << 9, MAKE_FIFO = 1 << 10, MAKE_BLOCK = 1 << 11,
    MAKE_SYM = 1 << 12, REFER = 1 << 13, TRUNCATE = 1 << 14, IOCTL_DEV = 1 << 15,
    OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV /* the others are a directory's */
};
static const uint64_t granted[] = {
    [LANDLOCK_READ] = READ_FILE | READ_DIR,
    [LANDLOCK_MAKE] = WRITE_FILE | MAKE_REG,
    [LANDLOCK_CHANGE] = READ_FILE | READ_DIR | WRITE_FILE | TRUNCATE | MAKE_REG | REMOVE_FILE,
};
enum { BIND_TCP = 1 << 0, CONNECT_TCP = 1 << 1 };
enum { SCOPE_ABSTRACT_SOCKETS = 1 << 0, SCOPE_SIGNALS = 1 << 1 };

/* The kernel takes a shorter one, as older kernels know it, and a longer one whose end is zero. */
struct ruleset {
    uint64_t files, net, scoped;
};

/* From which version of the interface on what is known. */
enum { SINCE_REFER = 2, SINCE_TRUNCATE = 3, SINCE_NET = 4, SINCE_IOCTL_DEV = 5, SINCE_SCOPES = 6 };

int landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

static uint64_t known_files(int version)
{
    return (REFER - 1) | (version >= SINCE_REFER ? REFER : 0) | (version >= SINCE_TRUNCATE ? TRUNCATE : 0) |
           (version >= SINCE_IOCTL_DEV ? IOCTL_DEV : 0);
}

int landlock_open(bool tcp, char err[static ERRLEN])
{
    int version = landlock_version();
    struct ruleset refused = {.files = known_files(version)};
    if (version >= SINCE_NET)
        refused.net = tcp ? BIND_TCP : BIND_TCP | CONNECT_TCP;
    if (version >= SINCE_SCOPES)
        refused.scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
    long rules = syscall(SYS_landlock_create_ruleset, &refused, sizeof refused, 0);
    if (rules < 0)
        error_set(err, "landlock: %s", strerror(errno));
    return (int)rules;
}

bool landlock_allow(int rules, const char *path, enum landlock_access access, char err[static ERRLEN])
{
    struct stat status;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return true;
    uint64_t allowed = granted[access] & known_files(landlock_version());
    if (fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode))
        allowed &= OF_FILES;
    struct landlock_path_beneath_attr rule = {.allowed_access = allowed, .parent_fd = fd};
    bool good = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 || errno == EBADFD; /* a pipe is not ruled */
    if (!good)
        error_set(err, "%s: landlock: %s", path, strerror(errno));
    close(fd);
    return good;
}

bool landlock_enter(int rules, char err[static ERRLEN])
{
    bool good = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    if (!good)
        error_set(err, "landlock: %s", strerror(errno));
    close(rules);
    return good;
}
