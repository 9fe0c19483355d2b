/* Which system calls may still be made: a list, held against each call by the kernel (seccomp). The only file that names
 * libseccomp. It covers the C libraries of Debian 12 and 13, on every machine that libseccomp knows. */
#pragma once

#include <stdbool.h>

#include "capture/error.h"

struct syscalls_settings {
    bool network;      /* connections are made, and names looked up */
    bool log;          /* a call that is not on the list is let pass, and told by the kernel's log; else it ends the process */
};

/* The version of libseccomp; NULL: this kernel takes no list. */
const char *syscalls_version(char version[static 16]);

/* In force for every thread of the process, for good; needs no_new_privs. False: a sentence.
 * What ends the process ends it by SIGSYS, after a line on standard error that names the call. */
bool syscalls_enter(const struct syscalls_settings *, char err[static ERRLEN]);
