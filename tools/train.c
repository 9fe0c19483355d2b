/* radome-train: word lists → classifiers/model.h. The same lists give the same bytes: names are sorted before anything is
 * counted, folds go by a hash of the name, and the only random numbers come from a fixed seed. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "classifiers/name.h"

enum {
    FOLDS = 5,
    ORDER = 5,             /* letters of a gram: four before, one after */
    SYMBOLS = 40,          /* 0 to 19 the family's letters, END, then e i v x y z, digits, hyphen, anything else */
    END = 20,              /* both ends of a label */
    BASE = END + 1,        /* symbols that a context is made of */
    STEPS = 8,             /* of a bit, in the tables */
    DRAWS = 20000          /* names drawn from the generator to calibrate against */
};

/* Each kept count gives this much to the grams that were never seen (absolute discounting); a tenth either way changes
 * nothing that can be measured. */
static const double discount = 0.75;

/* Fifty listed names are few: the letters of the generator are pulled towards equal use by this many names' worth each. */
static const double letter_prior = 10, length_prior = 2;

struct name {
    char *text;
    uint32_t rank;         /* in the popular list, from 1; 0: not in it */
    uint8_t fold, label;   /* length of the label before the first dot */
    bool com, strict;
    uint8_t letter[NAME_LONGEST];
};

struct names {
    struct name *at;
    size_t count, room;
};

struct generator {
    double length[NAME_LENGTHS], consonant[NAME_CONSONANTS], vowel[NAME_VOWELS]; /* probabilities */
    unsigned listed;
};

struct grams {
    uint32_t *count[ORDER]; /* [letters before][row * SYMBOLS + letter] */
};

struct calibration {
    double offset, slope, shape;
    unsigned honest_strict;
};

static void *need(void *memory)
{
    if (memory == NULL) {
        fprintf(stderr, "radome-train: no memory\n");
        exit(1);
    }
    return memory;
}

/* A list ending in .gz is read through gzip(1). */
static FILE *list_open(const char *path, pid_t *child)
{
    size_t len = strlen(path);
    int ends[2];
    *child = 0;
    if (len < 3 || strcmp(path + len - 3, ".gz") != 0 || access(path, R_OK) != 0 || pipe(ends) != 0)
        return fopen(path, "r");
    fflush(NULL);
    if ((*child = fork()) == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execlp("gzip", "gzip", "-dc", "--", path, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    return fdopen(ends[0], "r");
}

static void list_close(FILE *file, pid_t child, const char *path)
{
    int status = 0;
    bool bad = ferror(file) != 0;
    fclose(file);
    if (bad || (child > 0 && (waitpid(child, &status, 0) < 0 || status != 0))) {
        fprintf(stderr, "radome-train: %s: cannot be read to its end\n", path);
        exit(1);
    }
}

static uint32_t fold_hash(const char *text)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    return hash;
}

static void names_add(struct names *names, const char *text, size_t len, uint32_t rank)
{
    if (len == 0 || len > 253)
        return;
    if (names->count == names->room)
        names->at = need(realloc(names->at, (names->room = names->room * 2 + 1024) * sizeof *names->at));
    struct name *name = &names->at[names->count++];
    *name = (struct name){.text = need(strndup(text, len)), .rank = rank};
    size_t label = strcspn(name->text, ".");
    name->label = (uint8_t)(label < 63 ? label : 63);
    name->com = strcmp(name->text + label, ".com") == 0;
    name->strict = name_fits(slice_of(name->text, label), name->letter);
    name->fold = (uint8_t)(fold_hash(name->text) % FOLDS);
}

static size_t names_read(struct names *names, const char *path, bool ranked)
{
    pid_t child;
    FILE *file = list_open(path, &child);
    if (file == NULL) {
        fprintf(stderr, "radome-train: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    size_t before = names->count;
    char line[1024];
    for (uint32_t rank = 1; fgets(line, sizeof line, file) != NULL; rank++)
        names_add(names, line, strcspn(line, "\t\r\n"), ranked ? rank : 0);
    list_close(file, child, path);
    return names->count - before;
}

static int by_text(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->rank < y->rank) - (x->rank > y->rank);
}

/* One entry a name; its rank, where any entry had one. */
static void names_unite(struct names *names)
{
    size_t kept = 0;
    qsort(names->at, names->count, sizeof *names->at, by_text);
    for (size_t i = 0; i < names->count; i++)
        if (kept > 0 && strcmp(names->at[kept - 1].text, names->at[i].text) == 0)
            free(names->at[i].text);
        else
            names->at[kept++] = names->at[i];
    names->count = kept;
}

/* The listed names that fit the grammar are the generator's; the others look typed by hand and are left to the
 * indicators. */
static void generator_read(struct generator *g, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "radome-train: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    *g = (struct generator){0};
    char line[4096];
    uint8_t letter[NAME_LONGEST];
    while (fgets(line, sizeof line, file) != NULL) {
        static const char type[] = "domain-name,";
        char *name = line + sizeof type - 1;
        if (strncmp(line, type, sizeof type - 1) != 0)
            continue;
        name[strcspn(name, ",\r\n")] = '\0';
        size_t label = strcspn(name, ".");
        if (strcmp(name + label, ".com") != 0 || !name_fits(slice_of(name, label), letter))
            continue;
        g->listed++;
        g->length[label - NAME_SHORTEST]++;
        for (size_t i = 0; i < label; i++)
            (i % 2 == 0 ? g->consonant : g->vowel)[letter[i]]++;
    }
    fclose(file);
}

static void smooth(double *weight, unsigned count, double prior)
{
    double sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += weight[i] + prior;
    for (unsigned i = 0; i < count; i++)
        weight[i] = (weight[i] + prior) / sum;
}

static double generator_bits(const struct generator *g, const uint8_t *letter, size_t len)
{
    double bits = log2(g->length[len - NAME_SHORTEST]);
    for (size_t i = 0; i < len; i++)
        bits += log2((i % 2 == 0 ? g->consonant : g->vowel)[letter[i]]);
    return bits;
}

static unsigned draw(const double *weight, unsigned count, uint64_t *seed)
{
    *seed ^= *seed << 13, *seed ^= *seed >> 7, *seed ^= *seed << 17; /* xorshift64 */
    double at = (double)(*seed >> 11) * 0x1p-53;
    unsigned i = 0;
    while (i + 1 < count && at >= weight[i])
        at -= weight[i++];
    return i;
}

static size_t generator_draw(const struct generator *g, uint8_t *letter, uint64_t *seed)
{
    size_t len = NAME_SHORTEST + draw(g->length, NAME_LENGTHS, seed);
    for (size_t i = 0; i < len; i++)
        letter[i] = (uint8_t)(i % 2 == 0 ? draw(g->consonant, NAME_CONSONANTS, seed) : draw(g->vowel, NAME_VOWELS, seed));
    return len;
}

static unsigned symbol(uint8_t byte)
{
    static const char others[] = "eivxyz0123456789-";
    uint8_t code = name_letter[byte];
    if (code != 0)
        return code < 33 ? code - 1u : NAME_CONSONANTS + code - 33u;
    const char *at = byte == '\0' ? NULL : strchr(others, byte);
    return at == NULL ? SYMBOLS - 1 : BASE + (unsigned)(at - others);
}

static size_t rows(unsigned before)
{
    size_t n = 1;
    while (before-- > 0)
        n *= BASE;
    return n;
}

static void grams_open(struct grams *grams)
{
    for (unsigned k = 0; k < ORDER; k++)
        grams->count[k] = need(calloc(rows(k) * SYMBOLS, sizeof *grams->count[k]));
}

/* Counts every letter after up to four before it. A letter that the family does not use ends the context: no row that
 * the grammar can reach has one. */
static void grams_add(struct grams *grams, const struct name *name)
{
    unsigned text[66], len = 0;
    text[len++] = END;
    for (unsigned i = 0; i < name->label; i++)
        text[len++] = symbol((uint8_t)name->text[i]);
    text[len++] = END;
    for (unsigned i = 1; i < len; i++) {
        size_t row = 0, place = 1;
        grams->count[0][text[i]]++;
        for (unsigned k = 1; k < ORDER && k <= i && text[i - k] < BASE; k++, place *= BASE) {
            row += text[i - k] * place;
            grams->count[k][row * SYMBOLS + text[i]]++;
        }
    }
}

/* All names but those of one fold; FOLDS leaves none out. */
static void grams_count(struct grams *grams, const struct names *names, unsigned without)
{
    for (unsigned k = 0; k < ORDER; k++)
        memset(grams->count[k], 0, rows(k) * SYMBOLS * sizeof *grams->count[k]);
    for (size_t i = 0; i < names->count; i++)
        if (names->at[i].fold != without)
            grams_add(grams, &names->at[i]);
}

/* P(text[at] | the letters before it), every order interpolated with the next shorter one. */
static double gram(const struct grams *grams, const unsigned *text, unsigned at)
{
    double p = 1.0 / SYMBOLS;
    size_t row = 0, place = 1;
    for (unsigned k = 0; k < ORDER && k <= at; k++) {
        if (k > 0) {
            row += text[at - k] * place;
            place *= BASE;
        }
        const uint32_t *count = &grams->count[k][row * SYMBOLS];
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

static void spell(unsigned *text, const uint8_t *letter, size_t len, bool vowel_first)
{
    for (size_t i = 0; i < len; i++)
        text[i] = (i % 2 == 0) != vowel_first ? letter[i] : (unsigned)NAME_CONSONANTS + letter[i];
}

static double honest_bits(const struct grams *grams, const uint8_t *letter, size_t len)
{
    unsigned text[NAME_LONGEST + 2] = {END};
    double bits = 0;
    spell(text + 1, letter, len, false);
    text[len + 1] = END;
    for (unsigned i = 1; i < len + 2; i++)
        bits += log2(gram(grams, text, i));
    return bits;
}

struct sample {
    double x;
    bool family;
};

/* Logistic regression of one variable by Newton's method, both kinds weighing the same in all: the slope says how far the
 * difference of two imperfect models may be believed, and the result is log2 of a ratio of densities. */
static void calibrate(struct calibration *c, const struct sample *sample, size_t count, size_t family)
{
    double a = 0, b = 0.1;
    for (unsigned round = 0; round < 50; round++) {
        double ga = 0, gb = 0, haa = 1e-9, hab = 0, hbb = 1e-9;
        for (size_t i = 0; i < count; i++) {
            double weight = 1.0 / (double)(sample[i].family ? family : count - family);
            double p = 1 / (1 + exp(-a - b * sample[i].x)), error = (sample[i].family ? 1 : 0) - p, h = p * (1 - p);
            ga += weight * error;
            gb += weight * error * sample[i].x;
            haa += weight * h;
            hab += weight * h * sample[i].x;
            hbb += weight * h * sample[i].x * sample[i].x;
        }
        double det = haa * hbb - hab * hab;
        if (!(det > 0))
            break;
        a += (hbb * ga - hab * gb) / det;
        b += (haa * gb - hab * ga) / det;
    }
    c->offset = a / log(2);
    c->slope = b / log(2);
}

/* Popular names that fit, each scored by grams that have not seen it, against names drawn from the generator. */
static void calibrate_folds(struct calibration *c, struct grams *grams, const struct names *names,
                            const struct generator *g)
{
    struct sample *sample = need(calloc(names->count + DRAWS, sizeof *sample));
    size_t count = 0, popular = 0;
    uint64_t seed = 0x9e3779b97f4a7c15u;
    *c = (struct calibration){0};
    for (size_t i = 0; i < names->count; i++)
        popular += names->at[i].rank > 0;
    for (unsigned fold = 0; fold < FOLDS; fold++) {
        grams_count(grams, names, fold);
        for (size_t i = 0; i < names->count; i++) {
            const struct name *n = &names->at[i];
            if (n->fold != fold || !n->strict || !n->com || n->rank == 0)
                continue;
            sample[count++].x = generator_bits(g, n->letter, n->label) - honest_bits(grams, n->letter, n->label);
            c->honest_strict++;
        }
        uint8_t letter[NAME_LONGEST];
        for (unsigned i = 0; i < DRAWS / FOLDS; i++) {
            size_t len = generator_draw(g, letter, &seed);
            sample[count++] = (struct sample){generator_bits(g, letter, len) - honest_bits(grams, letter, len), true};
        }
    }
    calibrate(c, sample, count, DRAWS);
    c->shape = -log2((c->honest_strict + 0.5) / ((double)popular + 1));
    free(sample);
}

static unsigned steps_of(double p)
{
    double steps = -log2(p) * STEPS + 0.5;
    return steps < 255 ? (unsigned)steps : 255;
}

static void put(unsigned value, size_t index)
{
    printf("%s%u,", index % 32 == 0 ? "\n    " : "", value);
}

static void put_logs(const char *name, const double *p, unsigned count)
{
    printf("static const float model_%s[%u] = {", name, count);
    for (unsigned i = 0; i < count; i++)
        printf("%s%.3ff", i == 0 ? "" : ", ", log2(p[i]));
    printf("};\n");
}

/* The letters of a row: two syllables that begin with a consonant or with a vowel. */
static void row_letters(unsigned *text, unsigned pair, bool vowel_first)
{
    unsigned half[2] = {pair / NAME_SYLLABLE, pair % NAME_SYLLABLE}, second = vowel_first ? NAME_CONSONANTS : NAME_VOWELS;
    uint8_t letter[4];
    for (unsigned i = 0; i < 4; i++)
        letter[i] = (uint8_t)(i % 2 == 0 ? half[i / 2] / second : half[i / 2] % second);
    spell(text, letter, 4, vowel_first);
}

static void put_after(const struct grams *grams, const char *name, bool vowel_first, unsigned first, unsigned count)
{
    printf("\nstatic const uint8_t model_%s[%u] = {", name, NAME_PAIRS * count);
    for (unsigned pair = 0; pair < NAME_PAIRS; pair++)
        for (unsigned i = 0; i < count; i++) {
            unsigned text[ORDER];
            row_letters(text, pair, vowel_first);
            text[4] = first + i;
            put(steps_of(gram(grams, text, 4)), pair * count + i);
        }
    printf("};\n");
}

static void put_start(const struct grams *grams)
{
    printf("\nstatic const uint8_t model_start[%u] = {", NAME_PAIRS);
    for (unsigned pair = 0; pair < NAME_PAIRS; pair++) {
        unsigned text[ORDER] = {END};
        double p = 1;
        row_letters(text + 1, pair, false);
        for (unsigned i = 1; i < ORDER; i++)
            p *= gram(grams, text, i);
        put(steps_of(p), pair);
    }
    printf("};\n");
}

static void put_model(const struct grams *grams, const struct generator *g, const struct calibration *c,
                      const size_t read[2], size_t united)
{
    printf("/* Written by radome-train; not to be edited. From %zu registered names and %zu popular ones (%zu different in all),\n"
           " * of the popular ones %u fit the grammar; the generator's letters from %u listed names.\n"
           " * Tables: -log2 P in eighths of a bit, a 5-gram's probability of a letter after four others; which, by place:\n"
           " * letters number from 0 within b c d f g h j k l m n p q r s t w and a o u, four of them as two syllables. */\n"
           "#pragma once\n\n#include <stdint.h>\n\n", read[0], read[1], united, c->honest_strict, g->listed);
    printf("#define MODEL_STEPS %d /* of a bit */\n", STEPS);
    printf("#define MODEL_SHAPE %.3ff /* bits for fitting the grammar: %u of the popular names do */\n", c->shape,
           c->honest_strict);
    printf("#define MODEL_OFFSET %.3ff /* calibration, out of fold */\n#define MODEL_SLOPE %.4ff\n\n", c->offset, c->slope);
    put_logs("length", g->length, NAME_LENGTHS);
    put_logs("consonant", g->consonant, NAME_CONSONANTS);
    put_logs("vowel", g->vowel, NAME_VOWELS);
    put_start(grams);
    put_after(grams, "consonant_after", false, 0, NAME_CONSONANTS);
    put_after(grams, "vowel_after", true, NAME_CONSONANTS, NAME_VOWELS);
    put_after(grams, "end_after_vowel", false, END, 1);
    put_after(grams, "end_after_consonant", true, END, 1);
}

static int usage(void)
{
    fprintf(stderr, "usage: radome-train --honest FILE[.gz] --popular FILE[.gz] --listed CSV > model.h\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"honest", required_argument, NULL, 'n'}, {"popular", required_argument, NULL, 'p'},
        {"listed", required_argument, NULL, 'l'}, {"help", no_argument, NULL, 'h'}, {0}};
    const char *honest = NULL, *popular = NULL, *listed = NULL;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;)
        switch (option) {
        case 'n': honest = optarg; break;
        case 'p': popular = optarg; break;
        case 'l': listed = optarg; break;
        case 'h':
            printf("radome-train: word lists to classifiers/model.h, on standard output\n"
                   "  --honest FILE   registered names, one a line; what follows a tab is left out\n"
                   "  --popular FILE  registered names in order of popularity\n"
                   "  --listed CSV    indicators; the domain names that fit the family's grammar are its generator's\n"
                   "A file whose name ends in .gz is read through gzip.\n");
            return 0;
        default: return usage();
        }
    if (honest == NULL || popular == NULL || listed == NULL || optind != argc)
        return usage();

    struct names names = {0};
    struct generator generator;
    struct grams grams;
    struct calibration calibration;
    size_t read[2];
    read[0] = names_read(&names, honest, false);
    read[1] = names_read(&names, popular, true);
    names_unite(&names);
    generator_read(&generator, listed);
    smooth(generator.length, NAME_LENGTHS, length_prior);
    smooth(generator.consonant, NAME_CONSONANTS, letter_prior);
    smooth(generator.vowel, NAME_VOWELS, letter_prior);
    grams_open(&grams);
    calibrate_folds(&calibration, &grams, &names, &generator);
    grams_count(&grams, &names, FOLDS);
    put_model(&grams, &generator, &calibration, read, names.count);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "radome-train: standard output: %s\n", strerror(errno));
        return 1;
    }
    return 0;
}
