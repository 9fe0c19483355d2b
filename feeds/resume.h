/* A replay that was killed goes on where it was: over the same inputs with the same settings and hash seed it makes the same
 * documents again, so those that the journal has from before are counted off and not put in again. The record of it stands
 * in the state directory from its beginning until everything is delivered. Whoever keeps more under --state that makes
 * documents must give a replay that goes on what it had at its first beginning. */
#pragma once

#include "feeds/settings.h"
#include "feeds/state.h"

enum { RESUME_ID = 33 };       /* REPORT_ID: 32 hex digits and a NUL */

struct resume {
    struct state *state;
    char id[RESUME_ID];        /* of inputs, lists, settings that make documents, and of the program */
    char label[256];           /* the first input, for messages */
    bool possible;             /* false: live, or standard input */
    bool again;                /* the same replay was cut short: seed and first are its own */
    uint64_t seed;             /* of the hash tables */
    uint64_t first;            /* position in the journal of its first document */
};

struct resume_of {
    const struct settings *settings;
    const char *const *inputs; /* NULL-terminated; none: live */
    const char *sensor;
};

/* Looks for the record. True: news has a sentence for the log. */
bool resume_find(struct resume *, struct state *, const struct resume_of *, char news[static ERRLEN]);

/* Before the first frame of a replay that begins: writes its record. A live sensor's record of an older replay goes. */
bool resume_begin(struct resume *, uint64_t seed, uint64_t first, char err[static ERRLEN]);

/* The replay has ended and all of it is delivered, or it ended in a way that cannot be repeated. */
bool resume_end(struct resume *, char err[static ERRLEN]);
