#include "classifiers/learn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    ORDER = 5,             /* letters of a gram: four before, one after */
    SYMBOLS = 40,          /* 0 to 19 the family's letters, END, then e i v x y z, digits, hyphen, anything else */
    END = 20,              /* both ends of a label */
    BASE = END + 1,        /* symbols that a context is made of */
    DRAWS = 20000,         /* names drawn from the generator to calibrate against */
    LONGEST_LABEL = 63, LONGEST_NAME = 253
};

/* Each kept count gives this much to the grams that were never seen (absolute discounting); a tenth either way changes
 * nothing that can be measured. */
static const double discount = 0.75;

/* Fifty listed names are few: every letter is credited with this many more. Left-one-out, their likelihood is best
 * from 40 on: the family's letters are used nearly alike, and weights for first letters or pairs make it worse. */
static const double letter_prior = 40, length_prior = 2;

struct known {
    char *text;
    uint32_t rank;
    int8_t fold;
    uint8_t label;         /* length of the label before the first dot */
    bool strict;           /* fits the grammar, .com included */
    uint8_t letter[NAME_LONGEST];
};

struct listed {
    uint8_t len, letter[NAME_LONGEST];
};

struct learn {
    struct known *known;
    size_t count, room;
    bool sorted;
    struct listed *listed;
    size_t listed_count, listed_room;
    uint32_t *grams[ORDER]; /* [letters before][row * SYMBOLS + letter] */
};

static size_t rows(unsigned before)
{
    size_t n = 1;
    while (before-- > 0)
        n *= BASE;
    return n;
}

struct learn *learn_open(char err[static ERRLEN])
{
    struct learn *l = calloc(1, sizeof *l);
    bool whole = l != NULL;
    for (unsigned k = 0; k < ORDER && whole; k++)
        whole = (l->grams[k] = calloc(rows(k) * SYMBOLS, sizeof *l->grams[k])) != NULL;
    if (!whole) {
        learn_close(l);
        error_set(err, "no memory for the counts of letters");
        return NULL;
    }
    return l;
}

void learn_close(struct learn *l)
{
    if (l == NULL)
        return;
    for (unsigned k = 0; k < ORDER; k++)
        free(l->grams[k]);
    for (size_t i = 0; i < l->count; i++)
        free(l->known[i].text);
    free(l->known);
    free(l->listed);
    free(l);
}

/* One more place in a list that doubles; NULL: no memory. */
static void *grown(void *list, size_t *room, size_t count, size_t size)
{
    if (count < *room)
        return list;
    *room = *room * 2 + 64;
    return realloc(list, *room * size);
}

int learn_fold(struct slice name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ name.p[i]) * 16777619u;
    return (int)(hash % LEARN_FOLDS);
}

bool learn_honest(struct learn *l, struct slice name, uint32_t rank)
{
    if (name.len == 0 || name.len > LONGEST_NAME)
        return false;
    struct known *list = grown(l->known, &l->room, l->count, sizeof *list);
    if (list == NULL)
        return false;
    l->known = list;
    struct known *known = &list[l->count];
    *known =
        (struct known){.text = strndup((const char *)name.p, name.len), .rank = rank, .fold = (int8_t)learn_fold(name)};
    if (known->text == NULL)
        return false;
    size_t label = strcspn(known->text, ".");
    known->label = (uint8_t)(label < LONGEST_LABEL ? label : LONGEST_LABEL);
    known->strict = strcmp(known->text + label, ".com") == 0 && name_fits(slice_head(name, label), known->letter);
    l->count++;
    l->sorted = false;
    return true;
}

/* Listed names that do not fit look typed by hand and are left to the indicators. */
bool learn_listed(struct learn *l, struct slice name)
{
    struct listed one, *list;
    if (!slice_ends(name, S(".com")) || !name_fits(slice_head(name, name.len - 4), one.letter))
        return false;
    list = grown(l->listed, &l->listed_room, l->listed_count, sizeof *list);
    if (list == NULL)
        return false;
    l->listed = list;
    one.len = (uint8_t)(name.len - 4);
    list[l->listed_count++] = one;
    return true;
}

static int by_text(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->rank < y->rank) - (x->rank > y->rank);
}

/* One entry a name, with its rank where any entry had one. */
static void unite(struct learn *l)
{
    size_t kept = 0;
    if (l->sorted || l->count == 0)
        return;
    qsort(l->known, l->count, sizeof *l->known, by_text);
    for (size_t i = 0; i < l->count; i++)
        if (kept > 0 && strcmp(l->known[kept - 1].text, l->known[i].text) == 0)
            free(l->known[i].text);
        else
            l->known[kept++] = l->known[i];
    l->count = kept;
    l->sorted = true;
}

static void smooth(const double *weight, float *bits, unsigned count, double prior)
{
    double sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += weight[i] + prior;
    for (unsigned i = 0; i < count; i++)
        bits[i] = (float)log2((weight[i] + prior) / sum);
}

void learn_generator(const struct learn *l, int listed, struct name_model *model)
{
    double length[NAME_LENGTHS] = {0}, consonant[NAME_CONSONANTS] = {0}, vowel[NAME_VOWELS] = {0};
    for (size_t n = 0; n < l->listed_count; n++) {
        const struct listed *one = &l->listed[n];
        if ((int)n == listed)
            continue;
        length[one->len - NAME_SHORTEST]++;
        for (size_t i = 0; i < one->len; i++)
            (i % 2 == 0 ? consonant : vowel)[one->letter[i]]++;
    }
    smooth(length, model->length, NAME_LENGTHS, length_prior);
    smooth(consonant, model->consonant, NAME_CONSONANTS, letter_prior);
    smooth(vowel, model->vowel, NAME_VOWELS, letter_prior);
}

static unsigned draw(const float *bits, unsigned count, uint64_t *seed)
{
    *seed ^= *seed << 13, *seed ^= *seed >> 7, *seed ^= *seed << 17; /* xorshift64 */
    double at = (double)(*seed >> 11) * 0x1p-53;
    unsigned i = 0;
    while (i + 1 < count && at >= exp2((double)bits[i]))
        at -= exp2((double)bits[i++]);
    return i;
}

size_t learn_draw(const struct name_model *model, uint64_t *seed, char label[static NAME_LONGEST + 1])
{
    size_t len = NAME_SHORTEST + draw(model->length, NAME_LENGTHS, seed);
    for (size_t i = 0; i < len; i++)
        label[i] = i % 2 == 0 ? NAME_CONSONANT_LETTERS[draw(model->consonant, NAME_CONSONANTS, seed)]
                              : NAME_VOWEL_LETTERS[draw(model->vowel, NAME_VOWELS, seed)];
    label[len] = '\0';
    return len;
}

static unsigned symbol(uint8_t byte)
{
    static const char others[] = "eivxyz0123456789-";
    uint8_t code = name_letter[byte];
    if (code != 0)
        return code < NAME_VOWEL ? code - 1u : NAME_CONSONANTS + code - (unsigned)NAME_VOWEL;
    const char *at = byte == '\0' ? NULL : strchr(others, byte);
    return at == NULL ? SYMBOLS - 1 : BASE + (unsigned)(at - others);
}

/* Counts every letter after up to four before it. A letter that the family does not use ends the context: no row that
 * the grammar can reach has one. */
static void count_label(struct learn *l, const struct known *known)
{
    unsigned text[LONGEST_LABEL + 2], len = 0;
    text[len++] = END;
    for (unsigned i = 0; i < known->label; i++)
        text[len++] = symbol((uint8_t)known->text[i]);
    text[len++] = END;
    for (unsigned i = 1; i < len; i++) {
        size_t row = 0, place = 1;
        l->grams[0][text[i]]++;
        for (unsigned k = 1; k < ORDER && k <= i && text[i - k] < BASE; k++, place *= BASE) {
            row += text[i - k] * place;
            l->grams[k][row * SYMBOLS + text[i]]++;
        }
    }
}

static void count_all(struct learn *l, int fold, int other)
{
    for (unsigned k = 0; k < ORDER; k++)
        memset(l->grams[k], 0, rows(k) * SYMBOLS * sizeof *l->grams[k]);
    for (size_t i = 0; i < l->count; i++)
        if (l->known[i].fold != fold && l->known[i].fold != other)
            count_label(l, &l->known[i]);
}

/* P(text[at] | the letters before it), every order interpolated with the next shorter one. */
static double gram(const struct learn *l, const unsigned *text, unsigned at)
{
    double p = 1.0 / SYMBOLS;
    size_t row = 0, place = 1;
    for (unsigned k = 0; k < ORDER && k <= at; k++) {
        if (k > 0) {
            row += text[at - k] * place;
            place *= BASE;
        }
        const uint32_t *count = &l->grams[k][row * SYMBOLS];
        double total = 0, kinds = 0;
        for (unsigned s = 0; s < SYMBOLS; s++) {
            total += count[s];
            kinds += count[s] > 0;
        }
        if (total == 0)
            break;
        double kept = count[text[at]] > 0 ? count[text[at]] - discount : 0;
        p = kept / total + discount * kinds / total * p;
    }
    return p;
}

static uint8_t steps_of(double p)
{
    double steps = -log2(p) * NAME_STEPS + 0.5;
    return steps < 255 ? (uint8_t)steps : 255;
}

/* The letters of a row: two syllables that begin with a consonant or with a vowel. */
static void row_letters(unsigned *text, unsigned pair, bool vowel_first)
{
    unsigned second = vowel_first ? NAME_CONSONANTS : NAME_VOWELS;
    unsigned number[4] = {pair / NAME_SYLLABLE / second, pair / NAME_SYLLABLE % second, pair % NAME_SYLLABLE / second,
                          pair % NAME_SYLLABLE % second};
    for (unsigned i = 0; i < 4; i++)
        text[i] = (i % 2 == 0) != vowel_first ? number[i] : NAME_CONSONANTS + number[i];
}

static void fill_after(const struct learn *l, uint8_t *table, bool vowel_first, unsigned first, unsigned count)
{
    for (unsigned pair = 0; pair < NAME_PAIRS; pair++)
        for (unsigned i = 0; i < count; i++) {
            unsigned text[ORDER];
            row_letters(text, pair, vowel_first);
            text[4] = first + i;
            table[pair * count + i] = steps_of(gram(l, text, 4));
        }
}

/* The first four letters go in one step: P of each after the start and those before it. */
static void fill_start(const struct learn *l, uint8_t *table)
{
    for (unsigned pair = 0; pair < NAME_PAIRS; pair++) {
        unsigned text[ORDER] = {END};
        double p = 1;
        row_letters(text + 1, pair, false);
        for (unsigned i = 1; i < ORDER; i++)
            p *= gram(l, text, i);
        table[pair] = steps_of(p);
    }
}

static void fill_honest(struct learn *l, int fold, int other, struct name_model *model)
{
    count_all(l, fold, other);
    fill_start(l, model->start);
    fill_after(l, model->consonant_after, false, 0, NAME_CONSONANTS);
    fill_after(l, model->vowel_after, true, NAME_CONSONANTS, NAME_VOWELS);
    fill_after(l, model->end_after_vowel, false, END, 1);
    fill_after(l, model->end_after_consonant, true, END, 1);
}

struct sample {
    double x;
    bool family;
};

/* Logistic regression of one variable by Newton's method, both kinds weighing the same in all: the slope says how
 * far the difference of two imperfect models may be believed, and the result is log2 of a ratio of densities. */
static void regress(const struct sample *sample, size_t count, size_t family, struct name_model *model)
{
    double a = 0, b = 0.1;
    for (unsigned round = 0; round < 50 && family > 0 && family < count; round++) {
        double ga = 0, gb = 0, haa = 1e-9, hab = 0, hbb = 1e-9;
        for (size_t i = 0; i < count; i++) {
            double weight = 1.0 / (double)(sample[i].family ? family : count - family), x = sample[i].x;
            double p = 1 / (1 + exp(-a - b * x)), error = (sample[i].family ? 1 : 0) - p, h = p * (1 - p);
            ga += weight * error;
            gb += weight * error * x;
            haa += weight * h;
            hab += weight * h * x;
            hbb += weight * h * x * x;
        }
        double det = haa * hbb - hab * hab;
        if (!(det > 1e-12))
            break;
        a += (hbb * ga - hab * gb) / det;
        b += (haa * gb - hab * ga) / det;
    }
    model->offset = (float)(a / log(2));
    model->slope = (float)(b / log(2));
}

static double raw(const struct name_model *model, struct slice label)
{
    char name[NAME_LONGEST + 5];
    struct name_score score;
    snprintf(name, sizeof name, "%.*s.com", (int)label.len, (const char *)label.p);
    name_judge_by(model, &score, slice_str(name));
    return (double)(score.generator_bits - score.honest_bits);
}

/* Popular names that fit, each scored by grams that have not seen it, against names drawn from the generator. */
static void calibrate(struct learn *l, int without, struct name_model *model)
{
    struct sample *sample = calloc(l->count + DRAWS, sizeof *sample);
    size_t count = 0, popular = 0, family = 0;
    uint64_t seed = 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < l->count; i++)
        popular += l->known[i].rank > 0 && l->known[i].fold != without;
    for (int fold = 0; fold < LEARN_FOLDS && sample != NULL; fold++) {
        if (fold == without)
            continue;
        fill_honest(l, fold, without, model);
        for (size_t i = 0; i < l->count; i++) {
            const struct known *known = &l->known[i];
            if (known->fold == fold && known->strict && known->rank > 0)
                sample[count++].x = raw(model, slice_of(known->text, known->label));
        }
        for (unsigned i = 0; i < DRAWS / LEARN_FOLDS; i++, family++) {
            char label[NAME_LONGEST + 1];
            size_t len = learn_draw(model, &seed, label);
            sample[count++] = (struct sample){raw(model, slice_of(label, len)), true};
        }
    }
    regress(sample, count, family, model);
    model->shape = (float)-log2(((double)(count - family) + 0.5) / ((double)popular + 1));
    free(sample);
}

void learn_model(struct learn *l, int fold, int listed, struct name_model *model)
{
    unite(l);
    learn_generator(l, listed, model);
    calibrate(l, fold, model);
    fill_honest(l, fold, fold, model);
}

const char *learn_lookalike(struct learn *l, size_t *at)
{
    unite(l);
    while (*at < l->count) {
        const struct known *known = &l->known[(*at)++];
        if (known->strict && known->rank > 0)
            return known->text;
    }
    return NULL;
}

void learn_stats(struct learn *l, struct learn_stats *stats)
{
    unite(l);
    *stats = (struct learn_stats){.names = l->count, .listed = l->listed_count};
    for (size_t i = 0; i < l->count; i++) {
        stats->popular += l->known[i].rank > 0;
        stats->fitting += l->known[i].rank > 0 && l->known[i].strict;
    }
}
