#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "classifiers/learn.h"
#include "tests/check.h"

enum { NAMES = 3000, POPULAR = 1500 };

static const char *const listed[] = {"tuwoqol.com", "qamopo.com",   "daqah.com",
                                     "nusojog.com", "pawotapu.com", "gujujoh.com"};

static uint64_t seed = 7;

static unsigned random_below(unsigned n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (unsigned)(seed >> 33) % n;
}

/* Names that no list has: syllables of made-up tongues, some of which fit the grammar by chance. */
static void make_names(char names[NAMES][32])
{
    static const char *const syllables[] = {"ba",  "no", "tu", "ko",  "ra", "ma", "shi",
                                            "ter", "vi", "la", "com", "on", "po", "data"};
    seed = 7;
    for (unsigned i = 0; i < NAMES; i++) {
        names[i][0] = '\0';
        for (unsigned k = 2 + random_below(3); k > 0; k--)
            strcat(names[i], syllables[random_below(sizeof syllables / sizeof *syllables)]);
        strcat(names[i], random_below(3) == 0 ? ".net" : ".com");
    }
}

static struct learn *open_learn(void)
{
    char err[ERRLEN];
    struct learn *learn = learn_open(err);
    if (!CHECK(learn != NULL, "%s", err))
        exit(1);
    return learn;
}

static struct name_model *learnt(char names[NAMES][32], bool backwards, int fold)
{
    struct learn *learn = open_learn();
    struct name_model *model = calloc(1, sizeof *model);
    for (unsigned n = 0; n < NAMES; n++) {
        unsigned i = backwards ? NAMES - 1 - n : n;
        CHECK(learn_honest(learn, slice_str(names[i]), 0), "%s", names[i]);
        if (i < POPULAR)
            CHECK(learn_honest(learn, slice_str(names[i]), i + 1), "%s is popular too", names[i]);
    }
    for (unsigned n = 0; n < sizeof listed / sizeof *listed; n++)
        CHECK(learn_listed(learn, slice_str(listed[n])), "%s", listed[n]);
    learn_model(learn, fold, LEARN_ALL, model);
    learn_close(learn);
    return model;
}

static void test_determinism(char names[NAMES][32])
{
    struct name_model *a = learnt(names, false, LEARN_ALL), *b = learnt(names, true, LEARN_ALL),
                      *c = learnt(names, false, 0);
    CHECK(memcmp(a, b, sizeof *a) == 0, "the order of the lists does not matter, to the last bit");
    CHECK(memcmp(a, c, sizeof *a) != 0, "a fold left out does");
    free(a);
    free(b);
    free(c);
}

static double sum_of(const uint8_t *steps, unsigned count)
{
    double sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += exp2(-(double)steps[i] / NAME_STEPS);
    return sum;
}

static void test_probabilities(char names[NAMES][32])
{
    struct name_model *m = learnt(names, false, LEARN_ALL);
    for (unsigned pair = 0; pair < NAME_PAIRS; pair++) {
        double consonant =
            sum_of(m->consonant_after + pair * NAME_CONSONANTS, NAME_CONSONANTS) + sum_of(m->end_after_vowel + pair, 1);
        double vowel =
            sum_of(m->vowel_after + pair * NAME_VOWELS, NAME_VOWELS) + sum_of(m->end_after_consonant + pair, 1);
        CHECK(consonant < 1.05 && vowel < 1.05, "row %u: what may follow is no more than certain", pair);
    }
    double length = 0, letters = 0;
    for (unsigned i = 0; i < NAME_LENGTHS; i++)
        length += exp2((double)m->length[i]);
    for (unsigned i = 0; i < NAME_CONSONANTS; i++)
        letters += exp2((double)m->consonant[i]);
    CHECK(fabs(length - 1) < 1e-4 && fabs(letters - 1) < 1e-4, "the generator's weights are probabilities");
    CHECK(m->slope > 0, "the more the letters speak for the generator, the more bits: %g", (double)m->slope);
    struct name_score honest, family;
    name_judge_by(m, &honest, S("bakorama.com"));
    name_judge_by(m, &family, S("quwujogu.com"));
    CHECK(honest.ngram_bits < family.ngram_bits, "syllables of the list against others");
    free(m);
}

static void test_draw(char names[NAMES][32])
{
    struct name_model *m = learnt(names, false, LEARN_ALL);
    uint64_t draws = 1;
    for (unsigned i = 0; i < 5000; i++) {
        char label[NAME_LONGEST + 1];
        uint8_t letter[NAME_LONGEST];
        size_t len = learn_draw(m, &draws, label);
        CHECK(len == strlen(label) && name_fits(slice_of(label, len), letter), "%s fits", label);
    }
    free(m);
}

static void test_odd_lists(void)
{
    struct learn *learn = open_learn();
    struct name_model *m = calloc(1, sizeof *m);
    struct learn_stats stats;
    char longest[300];
    memset(longest, 'a', sizeof longest);
    learn_model(learn, LEARN_ALL, LEARN_ALL, m);
    CHECK(isfinite(m->shape) && isfinite(m->offset) && isfinite(m->slope), "no names at all: still numbers");
    CHECK(!learn_honest(learn, S(""), 0), "an empty line is no name");
    CHECK(!learn_honest(learn, slice_of(longest, sizeof longest), 0), "nor is one of 300 bytes");
    CHECK(learn_honest(learn, slice_of(longest, 200), 1), "a label of 200 bytes is cut");
    CHECK(learn_honest(learn, S("\xff\x80 \x01.com"), 2), "bytes of any kind are letters like others");
    CHECK(learn_honest(learn, S("canon.com"), 3) && learn_honest(learn, S("canon.com"), 0), "one name twice");
    CHECK(!learn_listed(learn, S("wagng.com")) && !learn_listed(learn, S("qamopo.net")),
          "what does not fit teaches nothing");
    learn_model(learn, LEARN_ALL, LEARN_ALL, m);
    CHECK(isfinite(m->shape) && isfinite(m->offset) && isfinite(m->slope), "three names: numbers");
    learn_stats(learn, &stats);
    CHECK(stats.names == 3 && stats.popular == 3 && stats.fitting == 1 && stats.listed == 0, "%zu names", stats.names);
    size_t at = 0;
    const char *lookalike = learn_lookalike(learn, &at);
    CHECK(lookalike != NULL && strcmp(lookalike, "canon.com") == 0 && learn_lookalike(learn, &at) == NULL,
          "one look-alike");
    free(m);
    learn_close(learn);
    learn_close(NULL);
}

int main(void)
{
    static char names[NAMES][32];
    make_names(names);
    test_determinism(names);
    test_probabilities(names);
    test_draw(names);
    test_odd_lists();
    return check_report("test_train");
}
