/* What a body hides, from its head: a program or script, the codings around it and the cipher on it; and the body taken
 * out of them as it streams by. Nothing of the body is kept. */
#pragma once

#include "classifiers/armour.h"
#include "classifiers/keys.h"

enum { HIDDEN_LAYERS = 3, HIDDEN_CHUNK = 4096 };

struct hidden {
    bool script;                        /* else a program */
    unsigned layers;
    enum armour layer[HIDDEN_LAYERS];   /* outermost first */
    struct cipher cipher;               /* of a program; kind CIPHER_NONE for a script */
};

/* False: nothing that we know of. `whole`: the head is all of the body. */
bool hidden_find(struct hidden *, struct slice head, bool whole);

/* Decodes what stands under one more layer; for those who show the head of it. Returns the bytes written. */
size_t hidden_peel(enum armour, struct slice head, uint8_t *out, size_t room);

struct unwrap {
    unsigned layers;
    struct armour_stream coder[HIDDEN_LAYERS];
    struct cipher_stream cipher;
    uint64_t skip;                      /* junk bytes still to pass over */
    struct slice input;
};

struct unwrap_room {                    /* scratch that any number of streams may share, one feed after the other */
    struct slice rest[HIDDEN_LAYERS + 1];
    uint8_t bytes[HIDDEN_LAYERS + 1][HIDDEN_CHUNK];
};

/* Feed a piece, then pull decoded bytes until false before the next feed. */
void unwrap_start(struct unwrap *, const struct hidden *);
void unwrap_feed(struct unwrap *, struct unwrap_room *, struct slice piece);
bool unwrap_next(struct unwrap *, struct unwrap_room *, struct slice *plain);
