/* Which files a process may still open, and whether it may connect: the kernel's landlock (Linux 5.13 and later, where it is
 * switched on), by system call. What was opened before stays open. Each version of the kernel's interface knows more kinds of
 * access; what it does not know it does not refuse. */
#pragma once

#include <stdbool.h>

#include "capture/error.h"

enum landlock_access {
    LANDLOCK_READ,     /* files are read, directories listed */
    LANDLOCK_MAKE,     /* files are made, and written on: nothing is read, cut or removed */
    LANDLOCK_CHANGE    /* files are made, read, written, renamed and removed */
};

/* The version of the kernel's interface; 0: it has none. */
int landlock_version(void);

/* An empty set of rules: nothing may be opened. tcp: connections may be made (never be listened for). -1: a sentence. */
int landlock_open(bool tcp, char err[static ERRLEN]);

/* A file, or a directory and all below it; as it is now: another that takes its name by renaming is another. What is not there,
 * or not ours to open, adds nothing. False: a sentence. */
bool landlock_allow(int rules, const char *path, enum landlock_access, char err[static ERRLEN]);

/* In force for this thread and those that it starts, for good; needs no_new_privs. Closes the rules. False: a sentence. */
bool landlock_enter(int rules, char err[static ERRLEN]);
