/* The ciphers that programs are hidden under: what is known of one, and undoing it as the bytes come. All of them keep
 * a byte's place; none needs more state than its key, a position and the byte before. */
#pragma once

#include "classifiers/pe.h"

enum { CIPHER_KEY = 256, CIPHER_PAD = 512 };

enum cipher_kind {
    CIPHER_NONE,
    CIPHER_XOR,          /* c = p ^ key[i mod length] */
    CIPHER_SKIP_ZERO,    /* the same, but a zero and a byte equal to the key's stay as they are */
    CIPHER_ROLLING,      /* one key byte that changes at every byte, by `rule` */
    CIPHER_SUBSTITUTION  /* every byte value exchanged through a table */
};

enum cipher_rule {       /* how CIPHER_ROLLING goes on from key k at byte i */
    RULE_ADD,            /* k + step; with a longer key, every byte of it after each round */
    RULE_INDEX,          /* first key ^ i */
    RULE_INDEX_SUM,      /* k ^ i, kept */
    RULE_INDEX_SUM_1,    /* the same, i counted from 1 */
    RULE_CIPHER,         /* the ciphered byte */
    RULE_CIPHER_ADD,     /* k + the ciphered byte */
    RULE_CIPHER_XOR,     /* k ^ the ciphered byte */
    RULE_PLAIN,          /* the plain byte */
    RULE_PLAIN_ADD,      /* k + the plain byte */
    RULES
};

struct cipher {
    enum cipher_kind kind;
    enum cipher_rule rule;
    uint16_t offset;             /* junk bytes before the program */
    uint16_t key_length;
    int16_t step;                /* RULE_ADD */
    uint8_t key[CIPHER_KEY];     /* key[0] applies at `offset`; SUBSTITUTION: plain byte by ciphered byte, where `known` */
    bool known[CIPHER_KEY];      /* SUBSTITUTION: the table's entries that follow from the header */
    struct pe pe;                /* of the program it uncovers */
    uint16_t zeros;              /* in its first kilobyte: of two keys that fit the header, the one with more is right */
};

struct cipher_stream {
    enum cipher_kind kind;
    enum cipher_rule rule;
    size_t period, at;           /* of pad: whole rounds of the key */
    uint8_t wrap;                /* added to all of pad after it was used up */
    uint8_t k;                   /* rules that feed back: the present key */
    uint8_t pad[CIPHER_PAD];
};

/* Begins at the program's first byte. Not for CIPHER_SUBSTITUTION, whose table is never whole. */
void cipher_start(struct cipher_stream *, const struct cipher *);
void cipher_decode(struct cipher_stream *, const uint8_t *in, uint8_t *out, size_t n);

/* True where the cipher uncovers a PE in this body's head; sets its pe. */
bool cipher_confirm(struct cipher *, struct slice head);

/* Makes the key as short as its period allows. */
void cipher_shorten(struct cipher *);
