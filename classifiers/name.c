#include "classifiers/name.h"

#include <math.h>

#include "classifiers/model.h"

/* The alphabet of the published names, without exception: no v x y z among the consonants, no e or i among the
 * vowels. */
const uint8_t name_letter[256] = {
    ['b'] = 1, ['c'] = 2, ['d'] = 3, ['f'] = 4, ['g'] = 5, ['h'] = 6, ['j'] = 7, ['k'] = 8, ['l'] = 9, ['m'] = 10,
    ['n'] = 11, ['p'] = 12, ['q'] = 13, ['r'] = 14, ['s'] = 15, ['t'] = 16, ['w'] = 17,
    ['a'] = NAME_VOWEL, ['o'] = NAME_VOWEL + 1, ['u'] = NAME_VOWEL + 2,
};

bool name_fits(struct slice label, uint8_t letter[static NAME_LONGEST])
{
    if (label.len < NAME_SHORTEST || label.len > NAME_LONGEST)
        return false;
    for (size_t i = 0; i < label.len; i++) {
        uint8_t code = name_letter[label.p[i]], first = i % 2 == 0 ? 1 : NAME_VOWEL;
        if (code < first || code - first >= (i % 2 == 0 ? NAME_CONSONANTS : NAME_VOWELS))
            return false;
        letter[i] = (uint8_t)(code - first);
    }
    return true;
}

static float generator_bits(const struct name_model *model, const uint8_t *letter, size_t len)
{
    float bits = model->length[len - NAME_SHORTEST];
    for (size_t i = 0; i < len; i++)
        bits += i % 2 == 0 ? model->consonant[letter[i]] : model->vowel[letter[i]];
    return bits;
}

/* The honest side is a 5-gram over the whole alphabet of names, of which only the rows that the grammar can reach
 * are kept, back-off and smoothing already worked in: one look-up a letter. A row is the four letters before; `pair`
 * numbers them by syllables, which begin with a consonant or, one letter later, with a vowel. */
static float honest_bits(const struct name_model *model, const uint8_t *letter, size_t len)
{
    unsigned pair = (letter[0] * NAME_VOWELS + letter[1]) * NAME_SYLLABLE + letter[2] * NAME_VOWELS + letter[3];
    unsigned steps = model->start[pair];
    for (size_t i = 4; i < len; i++) {
        unsigned kinds = i % 2 == 0 ? NAME_CONSONANTS : NAME_VOWELS;
        steps += (i % 2 == 0 ? model->consonant_after : model->vowel_after)[pair * kinds + letter[i]];
        pair = (letter[i - 3] * kinds + letter[i - 2]) * NAME_SYLLABLE + letter[i - 1] * kinds + letter[i];
    }
    steps += len % 2 == 0 ? model->end_after_vowel[pair] : model->end_after_consonant[pair];
    return -(float)steps / NAME_STEPS;
}

/* The last bit below the cap is bent so that a more suspicious name is always worth a little more. */
static float capped(float bits)
{
    const float bend = NAME_CAP_BITS - 1;
    return bits <= bend ? bits : NAME_CAP_BITS - exp2f(bend - bits);
}

/* Nearly every name leaves at the first two tests: not under .com, or not five to eight letters before it. */
bool name_judge_by(const struct name_model *model, struct name_score *score, struct slice name)
{
    *score = (struct name_score){.label = {name.p, 0}};
    if (name.len > 0 && name.p[name.len - 1] == '.')
        name.len--;
    if (!slice_ends(name, S(".com")))
        return false;
    size_t end = name.len - 4, start = end;
    while (start > 0 && end - start <= NAME_LONGEST && name.p[start - 1] != '.')
        start--;
    score->label = slice_of(name.p + start, end - start);
    uint8_t letter[NAME_LONGEST];
    if (!name_fits(score->label, letter))
        return false;
    score->grammar = true;
    score->generator_bits = generator_bits(model, letter, score->label.len);
    score->honest_bits = honest_bits(model, letter, score->label.len);
    score->ngram_bits = model->offset + model->slope * (score->generator_bits - score->honest_bits);
    score->shape_bits = model->shape;
    score->bits = capped(score->shape_bits + score->ngram_bits);
    return true;
}

bool name_judge(struct name_score *score, struct slice name)
{
    return name_judge_by(&builtin, score, name);
}

float name_alternation(struct slice label)
{
    unsigned same = 0, other = 0;
    for (size_t i = 1; i < label.len; i++) {
        uint8_t a = label.p[i - 1], b = label.p[i];
        bool letters = a >= 'a' && a <= 'z' && b >= 'a' && b <= 'z';
        bool va = memchr("aeiou", a, 5) != NULL, vb = memchr("aeiou", b, 5) != NULL;
        if (letters && va != vb)
            other++;
        else
            same++;
    }
    return same + other == 0 ? 0 : (float)other / (float)(same + other);
}
