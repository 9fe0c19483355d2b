/* The large measurement: payload_report [-v] [-r MEGABYTES] [-p FOLDER]... [FOLDER]...
 * -p: every PE file below it is hidden in each way and has to be found again; else: every file below the folder is taken
 * for an honest body, and what is claimed of it is printed. -r: so much random data, 8 kB a body. -v names
 * the programs that were not found. Links are not followed. */
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "classifiers/hidden.h"
#include "tests/check.h"
#include "tests/pe_maker.h"

enum { HEAD = KEYS_HEAD, TIMES = 1 << 21 };

struct trial {
    enum way way;
    uint16_t length;
    uint16_t junk;
    uint16_t limit; /* bytes of the body that were captured */
    unsigned tried, found, right;
};

static struct trial trials[] = {
    {.way = WAY_XOR, .length = 1, .limit = HEAD}, {.way = WAY_XOR, .length = 4, .limit = HEAD},
    {.way = WAY_XOR, .length = 7, .limit = HEAD}, {.way = WAY_XOR, .length = 16, .limit = HEAD},
    {.way = WAY_XOR, .length = 31, .limit = HEAD}, {.way = WAY_XOR, .length = 32, .limit = HEAD},
    {.way = WAY_XOR, .length = 33, .limit = HEAD}, {.way = WAY_XOR, .length = 64, .limit = HEAD},
    {.way = WAY_XOR, .length = 100, .limit = HEAD}, {.way = WAY_XOR, .length = 128, .limit = HEAD},
    {.way = WAY_XOR, .length = 129, .limit = HEAD}, {.way = WAY_XOR, .length = 200, .limit = HEAD},
    {.way = WAY_XOR, .length = 255, .limit = HEAD}, {.way = WAY_XOR, .length = 256, .limit = HEAD},
    {.way = WAY_XOR, .length = 4, .limit = 600}, {.way = WAY_XOR, .length = 32, .limit = 600},
    {.way = WAY_XOR, .length = 64, .limit = 600}, {.way = WAY_XOR, .length = 128, .limit = 600},
    {.way = WAY_XOR, .length = 200, .limit = 600}, {.way = WAY_XOR, .length = 256, .limit = 600},
    {.way = WAY_XOR, .length = 1, .junk = 3, .limit = HEAD}, {.way = WAY_XOR, .length = 4, .junk = 777, .limit = HEAD},
    {.way = WAY_XOR, .length = 16, .junk = 4096, .limit = HEAD}, {.way = WAY_XOR, .length = 32, .junk = 100, .limit = HEAD},
    {.way = WAY_XOR, .length = 61, .junk = 1500, .limit = HEAD}, {.way = WAY_XOR, .length = 256, .junk = 2222, .limit = HEAD},
    {.way = WAY_SKIP_ZERO, .length = 1, .limit = HEAD}, {.way = WAY_SKIP_ZERO, .length = 4, .limit = HEAD},
    {.way = WAY_SKIP_ZERO, .length = 16, .limit = HEAD}, {.way = WAY_SKIP_ZERO, .length = 32, .limit = HEAD},
    {.way = WAY_SKIP_ZERO, .length = 56, .limit = HEAD}, {.way = WAY_SKIP_ZERO, .length = 100, .limit = HEAD},
    {.way = WAY_SKIP_ZERO, .length = 256, .limit = HEAD}, {.way = WAY_SKIP_ZERO, .length = 8, .junk = 512, .limit = HEAD},
    {.way = WAY_SKIP_ZERO, .length = 8, .limit = 600},
    {.way = WAY_ADD, .length = 1, .limit = HEAD}, {.way = WAY_ADD, .length = 1, .junk = 1000, .limit = HEAD},
    {.way = WAY_ADD, .length = 1, .limit = 600}, {.way = WAY_ADD, .length = 4, .limit = HEAD},
    {.way = WAY_INDEX, .length = 1, .limit = HEAD}, {.way = WAY_INDEX, .length = 1, .junk = 99, .limit = HEAD},
    {.way = WAY_INDEX_SUM, .length = 1, .limit = HEAD}, {.way = WAY_INDEX_SUM, .length = 1, .junk = 99, .limit = HEAD},
    {.way = WAY_CIPHER_FEEDBACK, .length = 1, .limit = HEAD}, {.way = WAY_CIPHER_FEEDBACK, .length = 1, .junk = 99, .limit = HEAD},
    {.way = WAY_PLAIN_FEEDBACK, .length = 1, .limit = HEAD}, {.way = WAY_PLAIN_FEEDBACK, .length = 1, .junk = 99, .limit = HEAD},
    {.way = WAY_SECOND_BYTE, .length = 1, .limit = HEAD}, {.way = WAY_SECOND_BYTE, .length = 4, .limit = HEAD},
    {.way = WAY_SECOND_BYTE, .length = 100, .limit = HEAD},
    {.way = WAY_TABLE, .length = 8, .limit = HEAD}, {.way = WAY_TABLE, .length = 8, .junk = 333, .limit = HEAD},
    {.way = WAY_TABLE, .length = 8, .limit = 600},
};

enum { TRIALS = sizeof trials / sizeof *trials };

static struct hidden_room room;
static bool verbose;
static uint32_t *times;
static size_t timed;
static unsigned files, plain, claims, programs;
static uint64_t chance = 88172645463325252u;

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static size_t read_head(const char *path, uint8_t head[static HEAD])
{
    FILE *file = fopen(path, "rb");
    size_t n = file == NULL ? 0 : fread(head, 1, HEAD, file);
    if (file != NULL)
        fclose(file);
    return n;
}

static bool same(const struct hidden *h, struct slice body, struct slice program)
{
    struct unwrap u;
    struct slice out;
    size_t at = 0;
    if (h->cipher.kind == CIPHER_SUBSTITUTION) {
        for (size_t i = 0; i < program.len; i++)
            if (h->cipher.known[body.p[h->cipher.offset + i]] && h->cipher.key[body.p[h->cipher.offset + i]] != program.p[i])
                return false;
        return true;
    }
    unwrap_start(&u, h, NULL);
    unwrap_feed(&u, &room, body);
    while (unwrap_next(&u, &room, &out)) {
        if (memcmp(out.p, program.p + at, out.len) != 0)
            return false;
        at += out.len;
    }
    return at == program.len;
}

static void try(struct trial *t, struct slice program)
{
    uint8_t body[HEAD], key[256];
    struct hidden hidden;
    for (unsigned i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(pe_random(&chance) >> 40);
    for (unsigned i = 0; i < t->junk; i++)
        body[i] = (uint8_t)(pe_random(&chance) >> 40);
    program = slice_head(program, (size_t)(t->limit - t->junk));
    memcpy(body + t->junk, program.p, program.len);
    way_encrypt(t->way, body + t->junk, program.len, key, t->length, 1 + 2 * (int)(pe_random(&chance) >> 58));
    t->tried++;
    struct slice whole = slice_of(body, t->junk + program.len);
    if (!hidden_find(&hidden, &room, whole, false)) {
        return;
    }
    t->found++;
    t->right += same(&hidden, whole, program);
}

static void hide(const char *path)
{
    uint8_t head[HEAD];
    struct pe pe;
    struct slice program = slice_of(head, read_head(path, head));
    if (!pe_parse(&pe, program))
        return;
    programs++;
    for (size_t i = 0; i < TRIALS; i++) {
        unsigned before = trials[i].right;
        try(&trials[i], program);
        if (verbose && trials[i].right == before)
            printf("missed: %s key %u junk %u limit %u: %s\n", way_names[trials[i].way], trials[i].length, trials[i].junk,
                   trials[i].limit, path);
    }
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

static void honest(const char *path)
{
    uint8_t head[HEAD];
    size_t n = read_head(path, head);
    judge(slice_of(head, n), n < HEAD, path);
}

static void walk(char *folder, void (*visit)(const char *))
{
    FTS *tree = fts_open((char *[]){folder, NULL}, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
    for (FTSENT *e; tree != NULL && (e = fts_read(tree)) != NULL;)
        if (e->fts_info == FTS_F)
            visit(e->fts_path);
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

int main(int argc, char **argv)
{
    times = malloc(TIMES * sizeof *times);
    tell_speed();
    for (int option; (option = getopt(argc, argv, "vr:p:")) != -1;) {
        if (option == 'v')
            verbose = true;
        else if (option == 'r')
            random_bodies((unsigned)atoi(optarg));
        else if (option == 'p')
            walk(optarg, hide);
        else
            return 2;
    }
    for (size_t i = 0; i < TRIALS && programs > 0; i++)
        printf("%-24s key %3u junk %4u head %4u: %u of %u found, %u right\n", way_names[trials[i].way], trials[i].length,
               trials[i].junk, trials[i].limit, trials[i].found, trials[i].tried, trials[i].right);
    for (int i = optind; i < argc; i++)
        walk(argv[i], honest);
    tell_times("files");
    free(times);
    return 0;
}
