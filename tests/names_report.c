/* What the name model is worth, measured on lists that are not part of the project: names_report FOLDER, where
 * names/honest_dev.tsv.gz, names/popular_100k.txt.gz and indicators/indicators.csv lie below FOLDER. Every score is
 * from a model that has not seen the name, and so is every threshold. */
#include <math.h>
#include <ndpi_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>

#include "classifiers/learn.h"
#include "classifiers/suffix.h"
#include "tests/check.h"
#include "tests/names_report.h"

enum { POPULAR = 200000, ALL = 2000000, DRAWN = 20000, LISTED = 200 };

static struct name_model *models[LEARN_FOLDS];
static struct learn *learn;

/* All bits and the bits as counted; the model is NULL for the one that is built in. */
static bool score_by(const struct name_model *model, const char *name, float *bits, float *counted)
{
    struct name_score score;
    bool fits = model == NULL ? name_judge(&score, slice_str(name)) : name_judge_by(model, &score, slice_str(name));
    *bits = fits ? score.shape_bits + score.ngram_bits : -100;
    *counted = score.bits;
    return fits;
}

static void set_add(struct set *set, const char *name, const struct name_model *model)
{
    struct entry *e = &set->at[set->count++];
    *e = (struct entry){.name = strdup(name), .fold = learn_fold(slice_str(name))};
    e->com = slice_ends(slice_str(name), S(".com"));
    score_by(model != NULL ? model : models[e->fold], name, &e->bits, &e->counted);
    e->fits = score_by(NULL, name, &e->shipped, &e->counted_shipped);
}

double report_random(void)
{
    static uint64_t seed = 20200218;
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (double)(seed >> 11) * 0x1p-53;
}

static gzFile list(const char *folder, const char *file)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    gzFile in = gzopen(path, "r");
    if (in == NULL) {
        perror(path);
        exit(1);
    }
    return in;
}

static bool next(gzFile in, char line[static 1024])
{
    if (gzgets(in, line, 1024) == NULL) {
        gzclose(in);
        return false;
    }
    line[strcspn(line, "\t\r\n")] = '\0';
    return true;
}

static char *listed_name(char *line)
{
    if (strncmp(line, "domain-name,", 12) != 0)
        return NULL;
    line[12 + strcspn(line + 12, ",")] = '\0';
    return line + 12;
}

static void learn_lists(const char *folder)
{
    char err[ERRLEN], line[1024];
    if ((learn = learn_open(err)) == NULL) {
        fprintf(stderr, "%s\n", err);
        exit(1);
    }
    for (gzFile in = list(folder, "names/honest_dev.tsv.gz"); next(in, line);)
        learn_honest(learn, slice_str(line), 0);
    uint32_t rank = 0;
    for (gzFile in = list(folder, "names/popular_100k.txt.gz"); next(in, line);)
        learn_honest(learn, slice_str(line), ++rank);
    for (gzFile in = list(folder, "indicators/indicators.csv"); next(in, line);)
        if (listed_name(line) != NULL)
            learn_listed(learn, slice_str(listed_name(line)));
    for (int fold = 0; fold < LEARN_FOLDS; fold++)
        learn_model(learn, fold, LEARN_ALL, models[fold] = calloc(1, sizeof *models[fold]));
}

static struct set popular(const char *folder)
{
    struct set set = {"popular", calloc(POPULAR, sizeof *set.at), 0};
    char line[1024];
    for (gzFile in = list(folder, "names/popular_100k.txt.gz"); set.count < POPULAR && next(in, line);)
        set_add(&set, line, NULL);
    return set;
}

/* The popular names in their order, then the others in any. */
static struct set everything(const char *folder, const struct set *first)
{
    struct set set = {"all", calloc(ALL, sizeof *set.at), first->count};
    char line[1024];
    memcpy(set.at, first->at, first->count * sizeof *set.at);
    for (gzFile in = list(folder, "names/honest_dev.tsv.gz");
         set.count < ALL && gzgets(in, line, sizeof line) != NULL;) {
        size_t name = strcspn(line, "\t\r\n");
        bool ranked = line[name] == '\t' && line[name + 1] > '0';
        line[name] = '\0';
        if (!ranked)
            set_add(&set, line, NULL);
    }
    for (size_t i = set.count - 1; i > first->count; i--) {
        size_t other = first->count + (size_t)(report_random() * (double)(i + 1 - first->count));
        struct entry entry = set.at[i];
        set.at[i] = set.at[other];
        set.at[other] = entry;
    }
    return set;
}

/* Each listed name by a generator that was learnt from the others. */
static struct set listed(const char *folder)
{
    struct set set = {"listed", calloc(LISTED, sizeof *set.at), 0};
    struct name_model model = *models[0];
    char line[1024];
    for (gzFile in = list(folder, "indicators/indicators.csv"); set.count < LISTED && next(in, line);) {
        char *name = listed_name(line);
        float bits, counted;
        if (name != NULL && score_by(&model, name, &bits, &counted)) {
            learn_generator(learn, (int)set.count, &model);
            set_add(&set, name, &model);
        }
    }
    return set;
}

/* Fresh names: by the learnt weights, or every letter alike. */
static struct set drawn(bool even)
{
    struct set set = {even ? "drawn evenly" : "drawn", calloc(DRAWN, sizeof *set.at), 0};
    struct name_model model = *models[0];
    uint64_t seed = 42;
    for (unsigned i = 0; even && i < NAME_CONSONANTS; i++)
        model.consonant[i] = -log2f(NAME_CONSONANTS);
    for (unsigned i = 0; even && i < NAME_VOWELS; i++)
        model.vowel[i] = -log2f(NAME_VOWELS);
    for (unsigned i = 0; even && i < NAME_LENGTHS; i++)
        model.length[i] = -log2f(NAME_LENGTHS);
    while (set.count < DRAWN) {
        char name[NAME_LONGEST + 5];
        strcpy(name + learn_draw(&model, &seed, name), ".com");
        set_add(&set, name, NULL);
    }
    return set;
}

static int falling(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* The least score that no more than that share of the names outside the fold reach. */
static float threshold(const struct set *honest, int without, double rate, bool com)
{
    float *bits = calloc(honest->count, sizeof *bits);
    size_t count = 0;
    for (size_t i = 0; i < honest->count; i++)
        if (honest->at[i].fold != without && (!com || honest->at[i].com))
            bits[count++] = honest->at[i].bits;
    qsort(bits, count, sizeof *bits, falling);
    float at = bits[(size_t)(rate * (double)count)];
    free(bits);
    return at;
}

static double share_above(const struct set *set, const float *thresholds, bool com, size_t from, size_t to)
{
    size_t above = 0, all = 0;
    for (size_t i = from; i < to && i < set->count; i++) {
        const struct entry *e = &set->at[i];
        all += !com || e->com;
        above += (!com || e->com) && e->bits > thresholds[e->fold];
    }
    return all == 0 ? 0 : (double)above / (double)all;
}

/* What the model promises of the listed and of newly drawn names, on the whole popular list. */
static void check_reach(const struct set *family, double rate, double share)
{
    static const struct {
        double rate, least;
    } reach[] = {{1e-3, 0.92}, {1e-4, 0.55}};
    for (size_t i = 0; i < sizeof reach / sizeof *reach; i++)
        if (rate == reach[i].rate)
            CHECK(share >= reach[i].least, "%s names at a rate of %g: %.3f", family->what, rate, share);
}

static void put_rates(const struct set *honest, const struct set *const *family, size_t families, bool com)
{
    static const double rates[] = {1e-2, 1e-3, 1e-4};
    static const size_t bands[] = {0, 1000, 10000, 100000};
    printf("\nDetection at a false-positive rate%s; threshold and scores out of fold\n",
           com ? ", of the .com names alone" : "");
    printf("  %-8s %9s", "rate", "threshold");
    for (size_t s = 0; s < families; s++)
        printf(" %12s", family[s]->what);
    printf("   false: all    to 1,000  to 10,000  to 100,000\n");
    for (size_t r = 0; r < 3; r++) {
        float thresholds[LEARN_FOLDS], mean = 0;
        for (int fold = 0; fold < LEARN_FOLDS; fold++)
            mean += thresholds[fold] = threshold(honest, fold, rates[r], com);
        printf("  %-8g %9.2f", rates[r], (double)mean / LEARN_FOLDS);
        for (size_t s = 0; s < families; s++) {
            double share = share_above(family[s], thresholds, false, 0, family[s]->count);
            printf(" %12.4f", share);
            if (!com)
                check_reach(family[s], rates[r], share);
        }
        printf("  %11.2g", share_above(honest, thresholds, com, 0, honest->count));
        for (size_t b = 0; b < 3; b++)
            printf(" %10.2g", share_above(honest, thresholds, com, bands[b], bands[b + 1]));
        printf("\n");
    }
}

static double area(const struct set *honest, const struct set *family, bool fitting)
{
    float *bits = calloc(honest->count, sizeof *bits);
    double sum = 0;
    size_t n = 0;
    for (size_t k = 0; k < honest->count; k++)
        if (!fitting || honest->at[k].fits)
            bits[n++] = honest->at[k].bits;
    qsort(bits, n, sizeof *bits, falling);
    for (size_t i = 0; i < family->count; i++) {
        size_t above = 0, high = n; /* honest names that score higher: the list falls */
        while (above < high) {
            size_t middle = (above + high) / 2;
            if (bits[middle] > family->at[i].bits)
                above = middle + 1;
            else
                high = middle;
        }
        size_t equal = above;
        while (equal < n && bits[equal] == family->at[i].bits)
            equal++;
        sum += ((double)(n - equal) + (double)(equal - above) / 2) / (double)n;
    }
    free(bits);
    return sum / (double)family->count;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* One of the two judges over a whole set; how many names it flags (with the public suffixes asked of what it flags). */
typedef size_t judge_all(const struct set *, void *context);

static size_t by_ndpi(const struct set *set, void *ndpi)
{
    size_t flagged = 0;
    for (size_t i = 0; i < set->count; i++)
        flagged += ndpi_check_dga_name(ndpi, NULL, set->at[i].name, 1) != 0;
    return flagged;
}

static size_t by_model(const struct set *set, void *context)
{
    size_t flagged = 0;
    (void)context;
    for (size_t i = 0; i < set->count; i++) {
        struct name_score score;
        struct slice name = slice_str(set->at[i].name);
        flagged += name_judge(&score, name) && score.bits >= NAME_FLOOR_BITS && suffix_registered(name).len > 0;
    }
    return flagged;
}

/* The best of some rounds: what the machine does beside this only ever adds. */
static void put_time(const struct set *const *sets, size_t count, judge_all *judge, void *context)
{
    for (size_t s = 0; s < count; s++) {
        double best = INFINITY;
        size_t flagged = 0;
        for (unsigned round = 0; round < 20; round++) {
            double start = now();
            flagged = judge(sets[s], context);
            double took = now() - start;
            best = took < best ? took : best;
        }
        printf("  %-14s %6zu of %6zu flagged (%.4f), %.0f ns a name\n", sets[s]->what, flagged, sets[s]->count,
               (double)flagged / (double)sets[s]->count, best / (double)sets[s]->count);
    }
}

static void put_judges(const struct set *const *sets, size_t count)
{
    struct ndpi_detection_module_struct *ndpi = ndpi_init_detection_module(ndpi_no_prefs);
    NDPI_PROTOCOL_BITMASK all;
    NDPI_BITMASK_SET_ALL(all);
    ndpi_set_protocol_detection_bitmask2(ndpi, &all);
    ndpi_finalize_initialization(ndpi);
    printf("\nndpi_check_dga_name (nDPI %s)\n", ndpi_revision());
    put_time(sets, count, by_ndpi, ndpi);
    printf("\nThis model as built in, at its floor, without the exceptions, public suffixes included; %zu bytes of "
           "tables\n",
           sizeof(struct name_model));
    put_time(sets, count, by_model, NULL);
    ndpi_exit_detection_module(ndpi);
}

static void mark_exceptions(struct set *set, const char *path)
{
    FILE *file = fopen(path, "r");
    char line[1024];
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        for (size_t i = 0; i < set->count; i++)
            if (strcmp(set->at[i].name, line) == 0)
                set->at[i].exception = true;
    }
    fclose(file);
}

static void put_floor(const struct set *const *sets, size_t count)
{
    printf("\nShare of the names that fit whose bits, out of fold, are at least\n  %-14s", "");
    for (int bits = 3; bits <= 12; bits++)
        printf(" %6d", bits);
    for (size_t s = 0; s < count; s++) {
        size_t fits = 0;
        printf("\n  %-14s", sets[s]->what);
        for (size_t i = 0; i < sets[s]->count; i++)
            fits += sets[s]->at[i].fits;
        for (int bits = 3; bits <= 12; bits++) {
            size_t above = 0;
            for (size_t i = 0; i < sets[s]->count; i++)
                above += sets[s]->at[i].fits && sets[s]->at[i].bits >= (float)bits;
            printf(" %6.3f", (double)above / (double)fits);
        }
        printf("  of %zu", fits);
    }
    printf("\n");
}

static void put_fitting(const struct set *honest)
{
    size_t flagged = 0;
    printf("\nPopular names that fit: rank, bits out of fold, bits as shipped, *: an exception\n");
    for (size_t i = 0, n = 0; i < honest->count; i++) {
        const struct entry *e = &honest->at[i];
        if (!e->fits)
            continue;
        flagged += e->shipped >= NAME_FLOOR_BITS && !e->exception;
        printf("%6zu %5.1f %5.1f %c%-13s%s", i + 1, (double)e->bits, (double)e->shipped, e->exception ? '*' : ' ',
               e->name, n++ % 3 == 2 ? "\n" : "");
    }
    printf("\nflagged as shipped: %zu\n", flagged);
    CHECK(flagged == 0, "no popular name is flagged as shipped");
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: names_report FOLDER feeds/lookalikes.txt\n");
        return 2;
    }
    learn_lists(argv[1]);
    struct set honest = popular(argv[1]), family[] = {listed(argv[1]), drawn(false), drawn(true)};
    const struct set *all[] = {&honest, &family[0], &family[1], &family[2]};
    mark_exceptions(&honest, argv[2]);
    struct set everyone = everything(argv[1], &honest);
    put_rates(&honest, all + 1, 3, false);
    put_rates(&honest, all + 1, 3, true);
    printf("\nArea under the curve against the popular list, and against its names that fit\n");
    for (size_t s = 0; s < 3; s++)
        printf("  %-14s %.5f %.4f\n", family[s].what, area(&honest, &family[s], false),
               area(&honest, &family[s], true));
    put_floor(all, 4);
    put_judges(all, 3);
    report_clients(&honest, &everyone, family, 3);
    put_fitting(&honest);
    return check_report("names_report");
}
