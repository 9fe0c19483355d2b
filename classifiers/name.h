/* How much a name looks like the family's: log2 P(name | its generator) / P(name | an honest name). Pure, without
 * memory or state; the numbers are in model.h. Slices borrow the name. */
#pragma once

#include "capture/slice.h"

enum {
    NAME_CONSONANTS = 17, NAME_VOWELS = 3,
    NAME_SYLLABLE = NAME_CONSONANTS * NAME_VOWELS,
    NAME_PAIRS = NAME_SYLLABLE * NAME_SYLLABLE, /* four letters that alternate, whichever comes first */
    NAME_SHORTEST = 5, NAME_LONGEST = 8, NAME_LENGTHS = NAME_LONGEST - NAME_SHORTEST + 1,
    NAME_VOWEL = 33, /* what name_letter says for the first vowel */
    NAME_STEPS = 8   /* of a bit, in the tables */
};

#define NAME_CONSONANT_LETTERS "bcdfghjklmnpqrstw"
#define NAME_VOWEL_LETTERS "aou"

/* Below the floor a name is no hit: nearly none of the generator's are, and one at the floor still reaches the default
 * threshold beside one at the cap, where most are. The cap: one unlisted name never reaches it alone. */
#define NAME_FLOOR_BITS 3.0f
#define NAME_CAP_BITS 9.0f

struct name_model {              /* numbers learnt from word lists; tables: -log2 P in steps of 1/NAME_STEPS bit */
    float shape, offset, slope;  /* bits for fitting; calibration of the letters' part */
    float length[NAME_LENGTHS], consonant[NAME_CONSONANTS], vowel[NAME_VOWELS]; /* the generator's, log2 P */
    uint8_t start[NAME_PAIRS];   /* honest names: the first four letters */
    uint8_t consonant_after[NAME_PAIRS * NAME_CONSONANTS]; /* a letter after four */
    uint8_t vowel_after[NAME_PAIRS * NAME_VOWELS];
    uint8_t end_after_vowel[NAME_PAIRS], end_after_consonant[NAME_PAIRS]; /* the end after four */
};

struct name_score {
    struct slice label;      /* the label that was judged: the last before .com; empty where there is none */
    bool grammar;            /* it fits the family's strict grammar; where not, all bits are 0 */
    float generator_bits;    /* log2 P(label | the generator) */
    float honest_bits;       /* log2 P(label | an honest name), by the 5-gram */
    float ngram_bits;        /* their difference, calibrated: the letter model's part of the bits */
    float shape_bits;        /* what fitting the grammar says by itself */
    float bits;              /* the sum of the two, bent to stay below NAME_CAP_BITS */
};

/* The family's letters: 1 to 17 for a consonant, NAME_VOWEL to 35 for a vowel, 0 for any other byte. */
extern const uint8_t name_letter[256];

/* Judges the label before .com; lower case, with or without the last dot. True: it fits the grammar. The public suffix
 * list is not asked: whoever acts on a true asks suffix_registered. */
bool name_judge(struct name_score *, struct slice name);

/* The same by another model than the one that is built in. */
bool name_judge_by(const struct name_model *, struct name_score *, struct slice name);

/* A label's place in the strict grammar: true, and each letter as a number from 0 within its kind. */
bool name_fits(struct slice label, uint8_t letter[static NAME_LONGEST]);

/* The share of neighbouring bytes of which one is a vowel (a e i o u) and the other a consonant, 0 to 1. */
float name_alternation(struct slice label);
