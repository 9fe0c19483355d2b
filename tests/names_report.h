/* What the two files of the names report share: lists of names with their scores, and chance with a fixed seed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNSEEN_NONE = -1 };

struct entry {
    char *name;
    int fold;
    bool com, fits, exception;
    float bits;            /* by the model that has not seen it, without the cap; -100 where it does not fit */
    float shipped;         /* by the model that is built in */
    float counted, counted_shipped; /* the same as evidence counts them */
    uint32_t asked;        /* the last client that asked for it */
};

struct set {
    const char *what;
    struct entry *at;
    size_t count;
};

/* From 0 up to 1. */
double report_random(void);

/* Browsing clients: honest names by popularity, in all also those of little popularity, and the family's. */
void report_clients(struct set *popular, struct set *all, struct set *family, size_t families);
