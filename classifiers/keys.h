/* From a body's first bytes to the cipher and key that a program is hidden under. Pure functions: the head in, the
 * answer out; each answer was confirmed by a full PE header under its key. */
#pragma once

#include "classifiers/cipher.h"

enum {
    KEYS_SHORT = 32,    /* the DOS header's zeros show a key of up to this length as it is */
    KEYS_JUNK = 4096,   /* bytes that may stand before the program */
    KEYS_HEAD = 8192,   /* bytes of the body that are looked at */
    KEYS_CERTAIN = 10   /* bits by which a key byte has to be likelier than any other */
};

/* False: no program was found. */
bool keys_find(struct cipher *, struct slice head);

/* The parts of it. A program at head[at], short repeating keys; zero-preserving ones; keys that change; tables. */
bool keys_short(struct cipher *, struct slice head, size_t at);
bool keys_skip_zero(struct cipher *, struct slice head, size_t at);
bool keys_rolling(struct cipher *, struct slice head, size_t at);
bool keys_table(struct cipher *, struct slice head, size_t at);

/* Anywhere in the first KEYS_JUNK bytes: ciphers that show the header's zeros as a run of one value or one difference;
 * and repeating keys of any length up to CIPHER_KEY, by their period. */
bool keys_runs(struct cipher *, struct slice head);
bool keys_periodic(struct cipher *, struct slice head);

/* Makes a repeating key of CIPHER_XOR or CIPHER_SKIP_ZERO that is right in most places right in all, and confirms it; the
 * program begins at its offset. False where some place remains a guess: a wrong key is worse than none. */
bool keys_refine(struct cipher *, struct slice head);

/* Of the right key: by how many bits each of its bytes is likelier than any other, were the rest of the key known. What is
 * below KEYS_CERTAIN is a guess for anyone who has no more than the head. */
void keys_doubt(const struct cipher *, struct slice head, float bits[static CIPHER_KEY]);
