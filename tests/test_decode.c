/* radome-decode as a user calls it, from the directory that this test's own build made it in: what it writes is the program
 * that was hidden, to the byte. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "tests/check.h"
#include "tests/pe_maker.h"

enum { TEXT = 16384, JUNK = 4096, KEY = 256 };

static const struct row {
    enum way way;
    uint16_t key_length;         /* 0: no cipher */
    uint16_t junk;
    char layer;                  /* b base64, m mirrored, h hex, 0: none */
    const char *says[3];
} rows[] = {
    {WAY_XOR, 0, 0, 0, {"cipher: none\n", "a program not hidden, in", "time stamp: "}},
    {WAY_XOR, 4, 0, 0, {"cipher: xor\n", "key length: 4\n", "offset: 0\n"}},
    {WAY_XOR, 100, 1000, 0, {"cipher: xor\n", "key length: 100\n", "offset: 1000\n"}},
    {WAY_XOR, 256, 0, 0, {"cipher: xor\n", "key length: 256\n", "offset: 0\n"}},
    {WAY_SKIP_ZERO, 16, 0, 0, {"cipher: xor-skip-zero\n", "key length: 16\n", "machine: 0x"}},
    {WAY_ADD, 1, 0, 0, {"cipher: xor-rolling\n", "key step: 3\n", "sections: "}},
    {WAY_PLAIN_FEEDBACK, 1, 0, 0, {"cipher: xor-rolling\n", "offset: 0\n", "md5: "}},
    {WAY_XOR, 7, 0, 'b', {"cipher: xor\n", "layer: base64\n", "key length: 7\n"}},
    {WAY_XOR, 7, 0, 'h', {"cipher: xor\n", "layer: hex\n", "key length: 7\n"}},
    {WAY_XOR, 0, 0, 'm', {"cipher: atbash-base64\n", "offset: 0\n", "size declared: "}},
};

static uint8_t plain[PE_MADE], ciphered[JUNK + PE_MADE], file[3 * PE_MADE];

static struct slice dress(const struct row *row, struct slice program)
{
    uint8_t key[KEY];
    uint64_t random = 77;
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(pe_random(&random) >> 40);
    for (size_t i = 0; i < row->junk; i++)
        ciphered[i] = (uint8_t)(pe_random(&random) >> 40);
    memcpy(ciphered + row->junk, program.p, program.len);
    if (row->key_length > 0)
        way_encrypt(row->way, ciphered + row->junk, program.len, key, row->key_length, 3);
    struct slice all = slice_of(ciphered, row->junk + program.len);
    if (row->layer == 0)
        memcpy(file, all.p, all.len);
    return row->layer == 0 ? slice_of(file, all.len)
           : slice_of(file, row->layer == 'h' ? hex_encode((char *)file, all) : text_encode((char *)file, all, row->layer == 'm'));
}

static void put_file(const char *work, const char *name, struct slice bytes)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", work, name);
    FILE *out = fopen(path, "wb");
    CHECK(out != NULL && fwrite(bytes.p, 1, bytes.len, out) == bytes.len && fclose(out) == 0, "%s is written", path);
}

/* As much of it as there is room for; what is more is a file that is too long. */
static struct slice take_file(const char *work, const char *name, void *into, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", work, name);
    FILE *in = fopen(path, "rb");
    size_t n = in == NULL ? 0 : fread(into, 1, size, in);
    if (in != NULL)
        fclose(in);
    return slice_of(into, n);
}

static int shell(const char *command)
{
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void run_row(const struct row *row, const struct pe_shape *shape, const char *work)
{
    static uint8_t written[sizeof file];
    static char said[TEXT];
    uint8_t right[EVP_MAX_MD_SIZE], got[EVP_MAX_MD_SIZE];
    char line[128] = "\nsha256: ";
    struct slice program = pe_make(shape, plain);
    put_file(work, "in", dress(row, program));
    int status = shell("rm -f $W/out; $P -o $W/out $W/in > $W/said 2>&1");
    struct slice out = take_file(work, "out", written, sizeof written);
    said[take_file(work, "said", said, sizeof said - 1).len] = '\0';
    EVP_Digest(program.p, program.len, right, NULL, EVP_sha256(), NULL);
    EVP_Digest(out.p, out.len, got, NULL, EVP_sha256(), NULL);
    for (size_t i = 0; i < 32; i++)
        sprintf(line + strlen(line), "%02x", right[i]);
    const char *how = way_names[row->way];
    CHECK(status == 0, "%s, key of %u, %s: status %d: %s", how, row->key_length, shape->name, status, said);
    CHECK(out.len == program.len && memcmp(right, got, 32) == 0, "%s, key of %u, %s: %zu bytes written, the SHA-256 of the original",
          how, row->key_length, shape->name, out.len);
    CHECK(strstr(said, line) != NULL, "%s, key of %u, %s: told as such: %s", how, row->key_length, shape->name, said);
    for (size_t i = 0; i < sizeof row->says / sizeof *row->says; i++)
        CHECK(strstr(said, row->says[i]) != NULL, "%s, key of %u, %s: '%s' in: %s", how, row->key_length, shape->name, row->says[i],
              said);
}

/* The last row's file is still there. */
static void test_output(const char *work)
{
    static uint8_t bytes[64];
    static char said[TEXT];
    CHECK(shell("$P -o $W/out $W/in > $W/said 2>&1") == 1, "a file is not written over unasked");
    said[take_file(work, "said", said, sizeof said - 1).len] = '\0';
    CHECK(strstr(said, "exists; -f overwrites it") != NULL, "and what to do is said: %s", said);
    CHECK(shell("echo short > $W/out; $P -f -o $W/out $W/in > $W/said 2>&1 && $P -o - $W/in 2> $W/said | cmp - $W/out") == 0,
          "written over when asked; and to standard output");
    CHECK(shell("$P -o - - < $W/in 2> $W/said | cmp - $W/out") == 0, "from standard input");
    put_file(work, "in", slice_of(bytes, sizeof bytes));
    CHECK(shell("rm -f $W/out; $P -o $W/out $W/in > $W/said 2>&1") == 1 && shell("test -e $W/out") != 0,
          "where nothing is hidden nothing is written");
}

int main(int argc, char **argv)
{
    char program[4096], work[] = "/tmp/radome-decode-XXXXXX";
    (void)argc;
    if (!CHECK(mkdtemp(work) != NULL, "%s", work))
        return check_report("decode");
    char *slash = strrchr(argv[0], '/');
    snprintf(program, sizeof program, "%.*s/../radome-decode", slash == NULL ? 1 : (int)(slash - argv[0]), slash == NULL ? "." : argv[0]);
    setenv("P", program, 1);
    setenv("W", work, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_row(&rows[i], &pe_shapes[i % pe_shapes_count], work);
    test_output(work);
    CHECK(shell("rm -rf $W") == 0, "%s is gone again", work);
    return check_report("decode");
}
