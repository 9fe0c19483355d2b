/* A classifier that was taken over: at the first look-up of a name it tries what ATTEMPT says, and tells what came of it. */
#include "classifiers/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static long run_program(void)
{
    pid_t child = fork();
    int status = -1;
    if (child == 0) {
        execl("/bin/true", "true", NULL);
        _exit(errno);
    }
    waitpid(child, &status, 0);
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
    return status == 0 ? 0 : -1;
}

static long read_passwords(void)
{
    return open("/etc/shadow", O_RDONLY);
}

static long write_outside(void)
{
    return open(getenv("OUTSIDE"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
}

static long remove_outside(void)
{
    return unlink(getenv("OUTSIDE"));
}

static long open_raw_socket(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0);
}

/* Nobody listens there: refused by the peer means that it was asked. */
static long connect_somewhere(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    return errno == ECONNREFUSED ? 0 : -1;
}

static long run_data(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static long make_data_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static long trace_parent(void)
{
    long result = ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
    return result == 0 ? ptrace(PTRACE_DETACH, getppid(), NULL, NULL), 0 : -1;
}

static long signal_parent(void)
{
    return kill(getppid(), 0);
}

static long regain_rights(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct all[2] = {{1 << CAP_NET_RAW, 1 << CAP_NET_RAW, 0}};
    return syscall(SYS_capset, &header, all);
}

static long enter_namespace(void)
{
    return unshare(CLONE_NEWNS);
}

static long catch_refusals(void)
{
    return signal(SIGSYS, SIG_IGN) == SIG_ERR ? -1 : 0;
}

static long use_ring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL) == -1 && errno == EFAULT ? 0 : -1;
}

static long lift_core_limit(void)
{
    return syscall(SYS_prlimit64, 0, 4, (uint64_t[2]){0, 0}, NULL);
}

static long end_thread(void)
{
    return syscall(SYS_exit, 0);
}

static long loop(void)
{
    static atomic_int for_ever = 1;
    dprintf(2, "attempt: loop: begins\n");
    while (for_ever)
        continue;
    return 0;
}

static const struct attempt {
    const char *name;
    long (*make)(void);
} attempts[] = {
    {"execve", run_program},       {"shadow", read_passwords},     {"write", write_outside}, {"unlink", remove_outside},
    {"raw", open_raw_socket},      {"connect", connect_somewhere}, {"mmap", run_data},       {"mprotect", make_data_code},
    {"ptrace", trace_parent},      {"kill", signal_parent},        {"capset", regain_rights}, {"unshare", enter_namespace},
    {"sigaction", catch_refusals}, {"io_uring", use_ring},         {"prlimit", lift_core_limit},
    {"exit", end_thread},          {"loop", loop},
};

static void see_dns(void *state, const struct event *event, struct hits *hits)
{
    static atomic_flag tried = ATOMIC_FLAG_INIT;
    const char *name = getenv("ATTEMPT");
    (void)state, (void)event, (void)hits;
    if (name == NULL || atomic_flag_test_and_set(&tried))
        return;
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        if (strcmp(attempts[i].name, name) == 0) {
            errno = 0;
            long result = attempts[i].make();
            dprintf(2, "attempt: %s: %s\n", name, result >= 0 ? "done" : strerror(errno));
            return;
        }
    dprintf(2, "attempt: %s: unknown\n", name);
}

static const struct classifier attempt_classifier = {.name = "attempt", .see = {[EVENT_DNS] = see_dns}};

const struct plugin radome_plugin = {PLUGIN_GUARD, &attempt_classifier};
