/* The capture files that are named: files, standard input, and what is in directories, in the order of their first packets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/error.h"

struct input {
    char *path;
    uint64_t first_us;           /* for the order within a directory */
    bool growing;                /* the newest of a directory: may be cut short without an error */
};

struct inputs {
    struct input *input;
    size_t count;
    uint64_t bytes;              /* of all, as they lie on the disk; a pipe's are not known */
    bool waits;                  /* there is a pipe among them, whose writer may be waited for */
};

/* Adds what is at path. first_us tells the packet time of a file's first packet, UINT64_MAX where there is none. False: err
 * has a sentence. */
bool inputs_add(struct inputs *, const char *path, uint64_t (*first_us)(const char *path), char err[static ERRLEN]);
void inputs_free(struct inputs *);
