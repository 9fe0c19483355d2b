/* The most certain first: what is saved in that order is what a smaller table keeps. Its memory comes straight from the system:
 * a copy of the process saves, and malloc's lock, which another thread may have held, is for ever held in the copy. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rank {
    float bits;
    uint32_t index;   /* of the caller's table */
    uint8_t tie[16];  /* of equal bits the least goes first, so that the order is one */
};

struct ranks {
    struct rank *rank;
    size_t count, room;
};

bool ranks_open(struct ranks *, size_t room); /* false: no memory */
void ranks_put(struct ranks *, const struct rank *); /* up to room */
void ranks_sort(struct ranks *);
void ranks_close(struct ranks *);
