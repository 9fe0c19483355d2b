/* The sensor confines itself once all is open that needs a right, and before it looks at a packet: no capabilities, no new
 * privileges, only the files and system calls that its settings need, no core dump. Must come before any thread. The only
 * file that names libcap-ng. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capture/error.h"

struct options; /* feeds/options.h */

enum confine_mode { /* of --confine, in the order of its words */
    CONFINE_KILL,   /* a system call that is not on the list ends the process */
    CONFINE_LOG,    /* it is let pass, and told by the kernel's log; all else as above */
    CONFINE_OFF     /* nothing of all this */
};

struct confined { /* what is in force: 1, else 0 */
    uint64_t capabilities, no_new_privs, landlock, seccomp, no_core;
};

/* What this machine and this build offer, a line each, as -V tells it. */
enum { CONFINE_OFFERS = 256 };
void confine_offers(char text[static CONFINE_OFFERS]);

/* For settings that are read again while it is in force: what they name can be read. False: a sentence about what cannot. */
bool confine_reaches(const struct options *, char err[static ERRLEN]);

/* From here on. A kernel without one of the layers is no error: news has a sentence then, or "". False: a sentence. */
bool confine(struct confined *, const struct options *, char news[static ERRLEN], char err[static ERRLEN]);
