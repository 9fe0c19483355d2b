/* What a body hides, from its head: a program or script, the codings around it and the cipher on it; and the body taken
 * out of them as it streams by. Nothing of the body is kept. */
#pragma once

#include "capture/coding.h"
#include "classifiers/armour.h"
#include "classifiers/keys.h"

enum {
    HIDDEN_LAYERS = 3,
    HIDDEN_STAGES = HIDDEN_LAYERS + 2,
    HIDDEN_CHUNK = 4096,
    LAYER_GZIP = ARMOURS    /* a layer is an enum armour, or this */
};

struct hidden {
    bool script;                        /* else a program */
    bool squeezed;                      /* gzip under the cipher, too */
    unsigned layers;
    uint8_t layer[HIDDEN_LAYERS];       /* outermost first */
    struct cipher cipher;               /* of a program; kind CIPHER_NONE for a script */
};

struct hidden_room {                    /* scratch: for the search, and for any number of streams one after the other */
    struct slice rest[HIDDEN_STAGES];
    uint8_t bytes[HIDDEN_STAGES][HIDDEN_CHUNK];
    _Alignas(16) uint8_t inflate[CODER_BYTES];
};

/* False: nothing that we know of. `whole`: the head is all of the body. */
bool hidden_find(struct hidden *, struct hidden_room *, struct slice head, bool whole);

/* What the contract calls a layer; how many gzips there are to undo. */
const char *hidden_layer_name(uint8_t layer);
unsigned hidden_gzips(const struct hidden *);

struct unwrap {
    unsigned stages;
    uint8_t stage[HIDDEN_STAGES];       /* a layer, or the cipher */
    struct armour_stream armour[HIDDEN_STAGES];
    struct cipher_stream cipher;
    struct coder *gzip;                 /* in the caller's block */
    uint64_t skip;                      /* junk bytes still to pass over */
    struct slice input;
};

/* Feed a piece, then pull decoded bytes until false before the next feed. The block, of CODER_BYTES, is needed where
 * there is a gzip to undo, and then stays with the stream. */
void unwrap_start(struct unwrap *, const struct hidden *, void *block);
void unwrap_feed(struct unwrap *, struct hidden_room *, struct slice piece);
bool unwrap_next(struct unwrap *, struct hidden_room *, struct slice *plain);

/* True where what came out cannot be right: a gzip that was none further on, or for which there was no block. */
bool unwrap_bad(const struct unwrap *);
