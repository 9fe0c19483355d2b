#include "feeds/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whatever is done with what is open, with files that landlock lets be opened, with memory, and by threads. */
static const int always[] = {
    /* files */
    SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(close), SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write),
    SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate),
    SCMP_SYS(ftruncate64), SCMP_SYS(fallocate), SCMP_SYS(fadvise64), SCMP_SYS(flock), SCMP_SYS(fcntl), SCMP_SYS(fcntl64), SCMP_SYS(dup),
    SCMP_SYS(memfd_create), SCMP_SYS(copy_file_range), SCMP_SYS(sendfile), SCMP_SYS(pipe2),
    /* and their names */
    SCMP_SYS(stat), SCMP_SYS(stat64), SCMP_SYS(lstat), SCMP_SYS(lstat64), SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(newfstatat),
    SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(getdents64), SCMP_SYS(unlink),
    SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
    /* memory; what may be executed there, below */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
    /* threads, waiting, time */
    SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(set_tid_address), SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(getcpu), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(wait4), SCMP_SYS(poll), SCMP_SYS(ppoll),
    SCMP_SYS(ppoll_time64), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday),
    SCMP_SYS(time), SCMP_SYS(restart_syscall),
    /* signals */
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn), SCMP_SYS(sigaltstack),
    /* who and where we are */
    SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
    SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrusage), SCMP_SYS(getrandom),
    /* sockets that are open */
    SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recv), SCMP_SYS(sendto), SCMP_SYS(send), SCMP_SYS(getsockopt), SCMP_SYS(getsockname),
    SCMP_SYS(shutdown),
};

/* Connections, and the C library's resolver. */
static const int network[] = {
    SCMP_SYS(connect), SCMP_SYS(setsockopt), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg), SCMP_SYS(getpeername),
    SCMP_SYS(bind), SCMP_SYS(eventfd2), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
};

/* What a sanitizer does beside the program it watches: it stops its threads at the end, and calls a symbolizer. */
static const int sanitizer[] = {
    SCMP_SYS(ptrace), SCMP_SYS(clone), SCMP_SYS(prctl), SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(execve), SCMP_SYS(process_vm_readv),
    SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(prlimit64), SCMP_SYS(setrlimit), SCMP_SYS(getrlimit), SCMP_SYS(personality), SCMP_SYS(pipe),
    SCMP_SYS(dup2), SCMP_SYS(waitid), SCMP_SYS(rt_sigaction), SCMP_SYS(ioctl), SCMP_SYS(socketpair), SCMP_SYS(arch_prctl), SCMP_SYS(getpgrp), SCMP_SYS(getdents),
};

/* Calls of which only some are: an argument, as far as the mask has it, is this value. */
#define PROCESS_CLONE (CLONE_VM | CLONE_THREAD | CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
                       CLONE_NEWCGROUP)
static const struct some {
    int call;
    unsigned argument;
    uint64_t mask, value;
    bool of_network;
} some[] = {
    {SCMP_SYS(mmap), 2, PROT_EXEC, 0},                        /* memory is data, */
    {SCMP_SYS(mmap2), 2, PROT_EXEC, 0},
    {SCMP_SYS(mmap), 2, PROT_EXEC | PROT_WRITE, PROT_EXEC, true}, /* but for a library that looks names up, */
    {SCMP_SYS(mmap2), 2, PROT_EXEC | PROT_WRITE, PROT_EXEC, true},
    {SCMP_SYS(mprotect), 2, PROT_EXEC, 0},                    /* and stays it */
    {SCMP_SYS(clone), 0, PROCESS_CLONE, CLONE_VM | CLONE_THREAD}, /* a thread; */
    {SCMP_SYS(clone), 0, PROCESS_CLONE, 0},                   /* a copy of the process, for a snapshot */
    {SCMP_SYS(prctl), 0, ~0ull, PR_SET_PDEATHSIG},            /* which ends with us */
    {SCMP_SYS(prctl), 0, ~0ull, 0x53564d41},                  /* PR_SET_VMA: the C library names its memory */
    {SCMP_SYS(setsockopt), 1, ~0ull, SOL_PACKET},             /* libpcap gives its ring back */
    {SCMP_SYS(prlimit64), 2, ~0ull, 0},                       /* limits are read, not set */
    {SCMP_SYS(getrlimit), 0, 0, 0},
    {SCMP_SYS(ugetrlimit), 0, 0, 0},
    {SCMP_SYS(ioctl), 1, ~0ull, TCGETS},                      /* is it a terminal? */
    {SCMP_SYS(ioctl), 1, ~0ull, FIONREAD, true},              /* how long is the answer of a name server? */
};

/* What is said of a call that is refused; found before, since a signal handler may not look. */
static struct {
    char name[480][24];
} calls;

/* Made by the kernel on the thread that made the call: says so, and lets the default end the process when it returns. */
static void on_refused(int number, siginfo_t *info, void *context)
{
    static const char before[] = "radome: confined: a system call that is not on its list was refused: ",
                      after[] = "; ended (--confine log lets it pass and has the kernel log it)\n";
    unsigned call = (unsigned)info->si_syscall;
    const char *name = call < 480 && calls.name[call][0] != '\0' ? calls.name[call] : "one it has no name for";
    (void)context;
    if (write(STDERR_FILENO, before, sizeof before - 1) < 0 || write(STDERR_FILENO, name, strlen(name)) < 0 ||
        write(STDERR_FILENO, after, sizeof after - 1) < 0)
        raise(number);
    raise(number);
}

static void catch_refused(void)
{
    struct sigaction action = {.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | (int)SA_RESETHAND};
    for (int i = 0; i < 480; i++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
        snprintf(calls.name[i], sizeof calls.name[i], "%s", name != NULL ? name : "");
        free(name);
    }
    sigaction(SIGSYS, &action, NULL);
}

static bool allow(scmp_filter_ctx list, const int *call, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (seccomp_rule_add(list, SCMP_ACT_ALLOW, call[i], 0) != 0)
            return false;
    return true;
}

/* A raw socket sees and says anything; streams and datagrams are all that a connection needs, and a resolver, which also asks
 * the kernel for our addresses. */
static bool allow_sockets(scmp_filter_ctx list)
{
    static const struct {
        int family, type;
    } kinds[] = {{AF_INET, SOCK_STREAM}, {AF_INET, SOCK_DGRAM}, {AF_INET6, SOCK_STREAM}, {AF_INET6, SOCK_DGRAM}, {AF_UNIX, SOCK_STREAM}, {AF_UNIX, SOCK_DGRAM}};
    bool good = seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2(SCMP_CMP_EQ, NETLINK_ROUTE)) == 0;
    for (size_t i = 0; good && i < sizeof kinds / sizeof *kinds; i++)
        good = seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)kinds[i].family),
                                SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, (scmp_datum_t)kinds[i].type)) == 0;
    return good;
}

static bool allow_some(scmp_filter_ctx list, bool of_network)
{
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        const struct some *s = &some[i];
        if ((of_network || !s->of_network) &&
            seccomp_rule_add(list, SCMP_ACT_ALLOW, s->call, 1, SCMP_CMP64(s->argument, SCMP_CMP_MASKED_EQ, s->mask, s->value)) != 0)
            return false;
    }
    scmp_datum_t self = (scmp_datum_t)getpid();
    return seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, self)) == 0 && /* raise, abort */
           seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(rt_sigaction), 1, SCMP_A0(SCMP_CMP_NE, SIGSYS)) == 0 &&
           /* The C library asks by clone where this is not there, and of clone the flags can be seen. */
           (SANITIZED || seccomp_rule_add(list, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0);
}

static bool fill(scmp_filter_ctx list, const struct syscalls_settings *settings)
{
    bool good = seccomp_attr_set(list, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 && seccomp_attr_set(list, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
                seccomp_attr_set(list, SCMP_FLTATR_CTL_NNP, 0) == 0 && allow(list, always, sizeof always / sizeof *always);
    if (settings->network)
        good = good && allow(list, network, sizeof network / sizeof *network) && allow_sockets(list);
    if (SANITIZED)
        good = good && allow(list, sanitizer, sizeof sanitizer / sizeof *sanitizer) && seccomp_rule_add(list, SCMP_ACT_ALLOW, SCMP_SYS(clone3), 0) == 0;
    return good && allow_some(list, settings->network);
}

const char *syscalls_version(char version[static 16])
{
    const struct scmp_version *v = seccomp_version();
    if (v == NULL || seccomp_api_get() < 3) /* of 3: whole processes are ended, and calls are logged */
        return NULL;
    snprintf(version, 16, "%u.%u.%u", v->major, v->minor, v->micro);
    return version;
}

bool syscalls_enter(const struct syscalls_settings *settings, char err[static ERRLEN])
{
    scmp_filter_ctx list = seccomp_init(settings->log ? SCMP_ACT_LOG : SCMP_ACT_TRAP);
    if (list == NULL || !fill(list, settings)) {
        error_set(err, "the list of system calls cannot be made");
        seccomp_release(list);
        return false;
    }
    catch_refused();
    int result = seccomp_load(list);
    if (result != 0)
        error_set(err, "the kernel does not take the list of system calls: %s", strerror(-result));
    seccomp_release(list);
    return result == 0;
}
