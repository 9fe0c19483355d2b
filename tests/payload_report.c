/* The large measurement: payload_report [-v] [-n FILES] [-s SECONDS] [-r MEGABYTES] [-p FOLDER]... [FOLDER]...
 * -p: every PE file below it is hidden in each way and has to be found again; else: every file below the folder, up to so
 * many or for so long, is taken for an honest body, and what is claimed of it is printed. -r: so much random data, 8 kB a
 * body. -v names the programs that were not found, and says which places of the key their head leaves open, and by how much.
 * Links are not followed. */
#include <fts.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "classifiers/digest.h"
#include "classifiers/hidden.h"
#include "tests/check.h"
#include "tests/pe_maker.h"

enum {
    HEAD = KEYS_HEAD,
    WHOLE = 1 << 18,        /* bytes of a program that are hidden and decoded */
    TIMES = 1 << 21,
    DISMISS_NS = 2000,      /* what a body that is nothing may cost, in the median, on a machine that does nothing else */
    BUSY = 5                /* how much slower a machine may be that does */
};

/* Who made a program, by the marks that linkers leave. Those with a stub of their own, or none, are no programs for Windows
 * by itself: parts of Wine, and what firmware loads. */
enum maker { MAKER_GNU_32, MAKER_GNU_64, MAKER_NET, MAKER_DELPHI, MAKER_MICROSOFT, MAKER_STUBLESS, MAKERS };

struct trial {
    enum way way;
    uint16_t length;
    uint16_t junk;
    uint16_t limit;         /* bytes of the body that were captured */
    unsigned least;         /* of a thousand: found, and decoded right; 0: nothing there shows such a key */
    bool stub;              /* shown by the DOS stub only */
    unsigned tried, found, key, hash;
    unsigned of[MAKERS], right[MAKERS];
};

static struct trial trials[] = {
    {.way = WAY_XOR, .length = 1, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 4, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 7, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 16, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 31, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 32, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 33, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 64, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 100, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 128, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 129, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 200, .limit = HEAD, .least = 900},
    {.way = WAY_XOR, .length = 255, .limit = HEAD, .least = 900},
    {.way = WAY_XOR, .length = 256, .limit = HEAD, .least = 850},
    {.way = WAY_XOR, .length = 4, .limit = 600, .least = 950},
    {.way = WAY_XOR, .length = 32, .limit = 600, .least = 950},
    {.way = WAY_XOR, .length = 64, .limit = 600, .least = 950},
    {.way = WAY_XOR, .length = 80, .limit = 600, .least = 900, .stub = true},
    {.way = WAY_XOR, .length = 100, .limit = 600, .least = 900, .stub = true},
    {.way = WAY_XOR, .length = 128, .limit = 600, .least = 850, .stub = true},
    {.way = WAY_XOR, .length = 200, .limit = 600, .least = 0},
    {.way = WAY_XOR, .length = 256, .limit = 600, .least = 0},
    {.way = WAY_XOR, .length = 1, .junk = 3, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 4, .junk = 777, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 16, .junk = 4096, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 32, .junk = 100, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 61, .junk = 1500, .limit = HEAD, .least = 950},
    {.way = WAY_XOR, .length = 256, .junk = 2222, .limit = HEAD, .least = 850},
    {.way = WAY_SKIP_ZERO, .length = 1, .limit = HEAD, .least = 950, .stub = true},
    {.way = WAY_SKIP_ZERO, .length = 4, .limit = HEAD, .least = 950, .stub = true},
    {.way = WAY_SKIP_ZERO, .length = 16, .limit = HEAD, .least = 950, .stub = true},
    {.way = WAY_SKIP_ZERO, .length = 32, .limit = HEAD, .least = 950, .stub = true},
    {.way = WAY_SKIP_ZERO, .length = 40, .limit = HEAD, .least = 950, .stub = true},
    {.way = WAY_SKIP_ZERO, .length = 56, .limit = HEAD, .least = 950, .stub = true},
    {.way = WAY_SKIP_ZERO, .length = 100, .limit = HEAD, .least = 900, .stub = true},
    {.way = WAY_SKIP_ZERO, .length = 128, .limit = HEAD, .least = 800, .stub = true},
    {.way = WAY_SKIP_ZERO, .length = 200, .limit = HEAD, .least = 700, .stub = true},
    {.way = WAY_SKIP_ZERO, .length = 256, .limit = HEAD, .least = 500, .stub = true},
    {.way = WAY_SKIP_ZERO, .length = 8, .junk = 512, .limit = HEAD, .least = 950, .stub = true},
    {.way = WAY_SKIP_ZERO, .length = 8, .limit = 600, .least = 950, .stub = true},
    {.way = WAY_ADD, .length = 1, .limit = HEAD, .least = 950},
    {.way = WAY_ADD, .length = 1, .junk = 1000, .limit = HEAD, .least = 950},
    {.way = WAY_ADD, .length = 1, .limit = 600, .least = 950},
    {.way = WAY_ADD, .length = 4, .limit = HEAD, .least = 950},
    {.way = WAY_INDEX, .length = 1, .limit = HEAD, .least = 950},
    {.way = WAY_INDEX, .length = 1, .junk = 99, .limit = HEAD, .least = 850},
    {.way = WAY_INDEX_SUM, .length = 1, .limit = HEAD, .least = 950},
    {.way = WAY_INDEX_SUM, .length = 1, .junk = 99, .limit = HEAD, .least = 850},
    {.way = WAY_CIPHER_FEEDBACK, .length = 1, .limit = HEAD, .least = 950},
    {.way = WAY_CIPHER_FEEDBACK, .length = 1, .junk = 99, .limit = HEAD, .least = 950},
    {.way = WAY_PLAIN_FEEDBACK, .length = 1, .limit = HEAD, .least = 950},
    {.way = WAY_PLAIN_FEEDBACK, .length = 1, .junk = 99, .limit = HEAD, .least = 950},
    {.way = WAY_SECOND_BYTE, .length = 1, .limit = HEAD, .least = 950},
    {.way = WAY_SECOND_BYTE, .length = 4, .limit = HEAD, .least = 950},
    {.way = WAY_SECOND_BYTE, .length = 100, .limit = HEAD, .least = 900},
    {.way = WAY_TABLE, .length = 8, .limit = HEAD, .least = 950, .stub = true},
    {.way = WAY_TABLE, .length = 8, .junk = 333, .limit = HEAD, .least = 950, .stub = true},
    {.way = WAY_TABLE, .length = 8, .limit = 600, .least = 950, .stub = true},
};

enum { TRIALS = sizeof trials / sizeof *trials };

static struct hidden_room room;
static const char *const maker_names[MAKERS] = {"GNU 32", "GNU 64", ".NET", "Delphi", "Microsoft", "no stub"};
static unsigned programs[MAKERS];
static bool verbose;
static uint32_t *times;
static size_t timed;
static unsigned files, plain, claims;
static unsigned most_files = UINT_MAX;
static uint64_t until = UINT64_MAX;
static uint64_t chance = 88172645463325252u;
static struct digests *digests;
static uint8_t program[WHOLE], body[KEYS_JUNK + WHOLE];

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static size_t read_start(const char *path, uint8_t *out, size_t size)
{
    FILE *file = fopen(path, "rb");
    size_t n = file == NULL ? 0 : fread(out, 1, size, file);
    if (file != NULL)
        fclose(file);
    return n;
}

/* The table holds no more than follows from the header: all of that has to be right. */
static bool table_right(const struct hidden *h, struct slice hidden, struct slice whole)
{
    for (size_t i = 0; i < whole.len; i++)
        if (h->cipher.known[hidden.p[i]] && h->cipher.key[hidden.p[i]] != whole.p[i])
            return false;
    return true;
}

/* A key is right where it undoes anything: bytes of chance that were ciphered in the same way come back. */
static bool key_right(const struct hidden *h, const struct trial *t, const uint8_t key[static 256], int step)
{
    uint8_t bytes[4096], ciphered[sizeof bytes], back[sizeof bytes];
    struct cipher_stream s;
    uint64_t random = 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(pe_random(&random) >> 40);
    memcpy(ciphered, bytes, sizeof ciphered);
    way_encrypt(t->way, ciphered, sizeof ciphered, key, t->length, step);
    cipher_start(&s, &h->cipher);
    cipher_decode(&s, ciphered, back, sizeof back);
    return memcmp(back, bytes, sizeof back) == 0;
}

static struct digest_value hash_of(struct slice s)
{
    struct digest_value value = {0};
    digest_start(digests, 0);
    digest_feed(digests, 0, s);
    digest_end(digests, 0, &value);
    return value;
}

static bool hash_right(const struct hidden *h, struct slice hidden, struct slice whole)
{
    struct unwrap u;
    struct slice out;
    struct digest_value value = {0}, right = hash_of(whole);
    digest_start(digests, 1);
    unwrap_start(&u, h, NULL);
    unwrap_feed(&u, &room, hidden);
    while (unwrap_next(&u, &room, &out))
        digest_feed(digests, 1, out);
    digest_end(digests, 1, &value);
    return memcmp(value.sha256, right.sha256, sizeof right.sha256) == 0;
}

/* What the head leaves open of this key, were all the rest of it known: the proof that nothing honest can be said. */
static void tell_doubt(const struct trial *t, struct slice all, const uint8_t key[static 256])
{
    float bits[CIPHER_KEY], least = INFINITY;
    unsigned guesses = 0, wrong = 0, worst = 0;
    struct cipher c = {.kind = t->way == WAY_SKIP_ZERO ? CIPHER_SKIP_ZERO : CIPHER_XOR, .offset = t->junk, .key_length = t->length};
    if (t->way != WAY_XOR && t->way != WAY_SKIP_ZERO)
        return;
    memcpy(c.key, key, t->length);
    keys_doubt(&c, slice_head(all, t->limit), bits);
    for (unsigned place = 0; place < t->length; place++) {
        guesses += bits[place] < KEYS_CERTAIN;
        wrong += bits[place] < 0;
        if (bits[place] < least) {
            least = bits[place];
            worst = place;
        }
    }
    printf("  of %u key bytes %u are less than %d bits ahead of all others, %u of them behind one; worst: place %u, %+.1f bits\n",
           t->length, guesses, KEYS_CERTAIN, wrong, worst, (double)least);
}

/* Ciphers the program behind junk, shows as much of it as was captured, and decodes all of it with what is found. */
static bool try(struct trial *t, struct slice whole, const char *path)
{
    uint8_t key[256];
    struct hidden hidden;
    int step = 1 + 2 * (int)(pe_random(&chance) >> 58);
    for (unsigned i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(pe_random(&chance) >> 40);
    key[0] |= 1; /* a key of zeros alone hides nothing */
    for (unsigned i = 0; i < t->junk; i++)
        body[i] = (uint8_t)(pe_random(&chance) >> 40);
    memcpy(body + t->junk, whole.p, whole.len);
    way_encrypt(t->way, body + t->junk, whole.len, key, t->length, step);
    t->tried++;
    struct slice all = slice_of(body, t->junk + whole.len);
    if (!hidden_find(&hidden, &room, slice_head(all, t->limit), false)) {
        if (verbose) {
            printf("missed: %s key %u junk %u head %u: %s\n", way_names[t->way], t->length, t->junk, t->limit, path);
            tell_doubt(t, all, key);
        }
        return false;
    }
    t->found++;
    if (t->way == WAY_TABLE) {
        bool right = hidden.cipher.offset == t->junk && table_right(&hidden, slice_from(all, t->junk), whole);
        t->key += right;
        return right;
    }
    bool right = hash_right(&hidden, all, whole);
    t->key += key_right(&hidden, t, key, step);
    t->hash += right;
    return right;
}

static enum maker maker_of(const struct pe *pe, struct slice whole)
{
    size_t directories = pe->header + 24 + (pe->plus ? 112 : 96);
    bool net = whole.len > directories + 8 * 14 + 3 && (whole.p[directories + 8 * 14] | whole.p[directories + 8 * 14 + 1]) != 0;
    struct slice before = slice_head(whole, pe->header);
    bool delphi = slice_find(before, S("must be run under Win")) >= 0;
    return !delphi && slice_find(before, S("cannot be run in DOS mode")) < 0 ? MAKER_STUBLESS
           : net                                                             ? MAKER_NET
           : delphi                                                          ? MAKER_DELPHI
           : slice_find(before, S("Rich")) >= 0                              ? MAKER_MICROSOFT
           : pe->plus                                                        ? MAKER_GNU_64
                                                                             : MAKER_GNU_32;
}

static bool hide(const char *path)
{
    struct pe pe;
    struct slice whole = slice_of(program, read_start(path, program, sizeof program));
    if (!pe_parse(&pe, slice_head(whole, HEAD)))
        return true;
    enum maker maker = maker_of(&pe, whole);
    programs[maker]++;
    for (size_t i = 0; i < TRIALS; i++) {
        trials[i].of[maker]++;
        trials[i].right[maker] += try(&trials[i], whole, path);
    }
    return true;
}

static void judge(struct slice head, bool whole, const char *path)
{
    struct hidden hidden;
    uint64_t taken = UINT64_MAX; /* the best of three: what the machine did besides is not the classifier's time */
    bool found = false;
    for (int i = 0; i < 3; i++) {
        uint64_t start = now();
        found = hidden_find(&hidden, &room, head, whole);
        uint64_t once = now() - start;
        taken = once < taken ? once : taken;
    }
    files++;
    if (!found) {
        if (timed < TIMES)
            times[timed++] = (uint32_t)(taken < UINT32_MAX ? taken : UINT32_MAX);
        return;
    }
    if (!hidden.script && hidden.cipher.kind == CIPHER_NONE && hidden.layers == 0 && hidden.cipher.offset == 0) {
        plain++;
        return;
    }
    claims++;
    printf("claimed: cipher %d, key of %u, %u layers, offset %u: %s\n", hidden.cipher.kind, hidden.cipher.key_length, hidden.layers,
           hidden.cipher.offset, path);
}

static bool honest(const char *path)
{
    uint8_t head[HEAD];
    size_t n = read_start(path, head, sizeof head);
    judge(slice_of(head, n), n < HEAD, path);
    return files < most_files && now() < until;
}

/* Until there is no more, or a visit wants no more. */
static void walk(char *folder, bool (*visit)(const char *))
{
    FTS *tree = fts_open((char *[]){folder, NULL}, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
    bool more = tree != NULL;
    for (FTSENT *e; more && (e = fts_read(tree)) != NULL;)
        if (e->fts_info == FTS_F)
            more = visit(e->fts_path);
    if (tree != NULL)
        fts_close(tree);
}

static int by_time(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void tell_times(const char *what)
{
    if (timed == 0)
        return;
    qsort(times, timed, sizeof *times, by_time);
    uint64_t sum = 0;
    for (size_t i = 0; i < timed; i++)
        sum += times[i];
    printf("%s: %u bodies, %u plain programs, %u claimed; to dismiss one: median %u ns, mean %llu, 90%% %u, 99%% %u, most %u\n",
           what, files, plain, claims, times[timed / 2], (unsigned long long)(sum / timed), times[timed * 9 / 10],
           times[timed * 99 / 100], times[timed - 1]);
    CHECK(claims == 0, "%s: what hides nothing is not claimed", what);
    CHECK(times[timed / 2] < BUSY * DISMISS_NS, "%s: dismissed within %u times %u ns", what, BUSY, DISMISS_NS);
    files = plain = claims = 0;
    timed = 0;
}

static void random_bodies(unsigned megabytes)
{
    static uint64_t words[HEAD / 8];
    for (uint64_t i = 0; i < (uint64_t)megabytes * 128; i++) {
        for (size_t w = 0; w < HEAD / 8; w++)
            words[w] = pe_random(&chance);
        judge(slice_of(words, HEAD), false, "random data");
    }
    tell_times("random data");
}

static void tell_speed(void)
{
    static uint8_t in[1 << 16], out[1 << 16];
    static const struct cipher ciphers[] = {
        {.kind = CIPHER_XOR, .key_length = 4, .key = {1, 2, 3, 4}},
        {.kind = CIPHER_XOR, .key_length = 255, .key = {1, 2, 3, 4}},
        {.kind = CIPHER_SKIP_ZERO, .key_length = 4, .key = {1, 2, 3, 4}},
        {.kind = CIPHER_ROLLING, .rule = RULE_ADD, .step = 7, .key_length = 1, .key = {1}},
        {.kind = CIPHER_ROLLING, .rule = RULE_CIPHER, .key_length = 1, .key = {1}},
        {.kind = CIPHER_ROLLING, .rule = RULE_CIPHER_ADD, .key_length = 1, .key = {1}},
        {.kind = CIPHER_ROLLING, .rule = RULE_PLAIN, .key_length = 1, .key = {1}},
        {.kind = CIPHER_ROLLING, .rule = RULE_PLAIN_ADD, .key_length = 1, .key = {1}},
    };
    for (size_t i = 0; i < sizeof ciphers / sizeof *ciphers; i++) {
        struct cipher_stream s;
        cipher_start(&s, &ciphers[i]);
        uint64_t start = now();
        for (int round = 0; round < 2000; round++)
            cipher_decode(&s, in, out, sizeof in);
        printf("decode: kind %d, rule %d, key of %u: %.1f GB/s\n", ciphers[i].kind, ciphers[i].rule, ciphers[i].key_length,
               2000.0 * sizeof in / (double)(now() - start));
    }
}

static unsigned right_of(const struct trial *t)
{
    return t->way == WAY_TABLE ? t->key : t->hash;
}

/* A wrong key is worse than none: what is claimed has to be right. What only a stub shows is asked of those that have one. */
static void check_trial(const struct trial *t)
{
    unsigned right = right_of(t) - t->stub * t->right[MAKER_STUBLESS], tried = t->tried - t->stub * t->of[MAKER_STUBLESS];
    CHECK(right * 1000 >= tried * t->least, "%s, key of %u, head of %u: %u of %u right", way_names[t->way], t->length, t->limit,
          right, tried);
    CHECK(right_of(t) == t->found && t->key == t->found, "%s, key of %u, head of %u: %u found, %u right, %u keys",
          way_names[t->way], t->length, t->limit, t->found, right_of(t), t->key);
}

/* All of them, then by maker. */
static void tell_trials(void)
{
    unsigned sum = 0;
    for (size_t m = 0; m < MAKERS; m++)
        sum += programs[m];
    CHECK(sum > 0, "programs to hide: see the packages that tools/setup names");
    printf("%u programs; of each the first %u kB were hidden and decoded again; right for those of each maker\n", sum, WHOLE / 1024);
    printf("%-22s %4s %5s %5s  %5s %5s %5s %5s ", "cipher", "key", "junk", "head", "tried", "found", "key", "hash");
    for (size_t m = 0; m < MAKERS; m++)
        if (programs[m] > 0)
            printf(" %9s", maker_names[m]);
    printf("\n%-40s %5u %5s %5s %5s ", "programs", sum, "", "", "");
    for (size_t m = 0; m < MAKERS; m++)
        if (programs[m] > 0)
            printf(" %9u", programs[m]);
    for (const struct trial *t = trials; t < trials + TRIALS; t++) {
        printf("\n%-22s %4u %5u %5u  %5u %5u %5u ", way_names[t->way], t->length, t->junk, t->limit, t->tried, t->found, t->key);
        printf(t->way == WAY_TABLE ? "    - " : "%5u ", t->hash);
        for (size_t m = 0; m < MAKERS; m++)
            if (programs[m] > 0)
                printf(" %9u", t->right[m]);
    }
    printf("\n");
    for (const struct trial *t = trials; t < trials + TRIALS; t++)
        check_trial(t);
}

static int usage(void)
{
    printf("usage: payload_report [-v] [-n FILES] [-s SECONDS] [-r MEGABYTES] [-p FOLDER]... [FOLDER]...\n");
    return 2;
}

int main(int argc, char **argv)
{
    char err[ERRLEN];
    bool hidden = false;
    unsigned seconds = 0;
    times = malloc(TIMES * sizeof *times);
    digests = digests_open(2, err);
    if (times == NULL || digests == NULL) {
        printf("payload_report: %s\n", times == NULL ? "no memory" : err);
        return 1;
    }
    tell_speed();
    for (int option; (option = getopt(argc, argv, "vn:s:r:p:")) != -1;) {
        if (option == 'v')
            verbose = true;
        else if (option == 'n')
            most_files = (unsigned)atoi(optarg);
        else if (option == 's')
            seconds = (unsigned)atoi(optarg);
        else if (option == 'r')
            random_bodies((unsigned)atoi(optarg));
        else if (option == 'p')
            hidden = true, walk(optarg, hide);
        else
            return usage();
    }
    if (hidden)
        tell_trials();
    if (seconds > 0)
        until = now() + seconds * 1000000000ull;
    for (int i = optind; i < argc; i++)
        walk(argv[i], honest);
    tell_times("files");
    digests_close(digests);
    free(times);
    return check_report("payload_report");
}
