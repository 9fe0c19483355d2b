/* The directory of --state: made for its owner alone (0700) and used by one sensor at a time. Its files are replaced whole
 * and durably, with a version and a checksum; one that is damaged is set aside and never fatal. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"

struct state;

/* Makes the directory where there is none, and locks it. NULL: a sentence that names it: in use by which process, made by
 * another version, not a directory of radome's. */
struct state *state_open(const char *path, char err[static ERRLEN]);
void state_close(struct state *);

/* Whether it could be opened, which changes nothing: a line on who has it. A running sensor's is as good as a free one: it is
 * his who asks, before he reloads it. False: a sentence. */
bool state_look(const char *path, char line[static ERRLEN], char err[static ERRLEN]);

int state_directory(const struct state *);     /* for openat */
const char *state_path(const struct state *);  /* for messages */

/* Writes all of it to a file there, over interruptions and short writes. False: errno. */
bool state_put(int fd, struct slice);

/* Replaces a file: after a power cut it is the old or the new one. False: a sentence; the old one stands. */
bool state_write(struct state *, const char *name, uint32_t version, struct slice content, char err[static ERRLEN]);

enum state_found {
    STATE_FOUND,
    STATE_NONE,
    STATE_DAMAGED /* or of another version: it is called NAME.aside from now on, and err says so */
};

/* The content is malloc'ed: the caller frees content->p. */
enum state_found state_read(struct state *, const char *name, uint32_t version, struct slice *content, char err[static ERRLEN]);

/* For a reader that finds more amiss than a checksum shows: the file is NAME.aside from now on, and err says so. */
void state_set_aside(struct state *, const char *name, char err[static ERRLEN]);

/* The file takes the place of another, for good. */
bool state_rename(struct state *, const char *from, const char *to, char err[static ERRLEN]);

/* It will not be found again, not after a power cut either. */
bool state_remove(struct state *, const char *name, char err[static ERRLEN]);
