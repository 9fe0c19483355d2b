/* radome-decode: what a file hides, under which cipher and key; and the file that was hidden. Reads once, from front to
 * end, and keeps nothing of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "classifiers/digest.h"
#include "classifiers/hidden.h"
#include "feeds/settings.h"

enum { FOUND, NOTHING, USAGE, PIECE = 65536, PREVIEW = 240 };

struct options {
    const char *path, *output;
    bool force, json, version, help;
};

#define FIELD(name) offsetof(struct options, name)

static const struct setting table[] = {
    {"output", 'o', SETTING_TEXT, FIELD(output), "OUT", "write the decoded file (- for standard output; the report goes to standard error)"},
    {"force", 'f', SETTING_FLAG, FIELD(force), NULL, "overwrite OUT"},
    {"json", 'j', SETTING_FLAG, FIELD(json), NULL, "one line of JSON"},
    {"version", 'V', SETTING_FLAG, FIELD(version), NULL, "version", .flag_only = true},
    {"help", 'h', SETTING_FLAG, FIELD(help), NULL, "this help", .flag_only = true},
};

struct decoded {                 /* of the file that was hidden */
    uint64_t size, body;         /* its bytes; those of the file it was in */
    bool hashed, bad;
    struct digest_value digest;
    char preview[PREVIEW + 1];   /* of a script, safe to print */
};

static int fail(const char *path, const char *what)
{
    fprintf(stderr, "radome-decode: %s: %s\n", path, what);
    return NOTHING;
}

/* As much as there is of n bytes; -1: an error. */
static ssize_t read_full(int file, uint8_t *out, size_t n)
{
    size_t have = 0;
    while (have < n) {
        ssize_t got = read(file, out + have, n - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static bool write_full(int file, struct slice s)
{
    while (s.len > 0) {
        ssize_t n = write(file, s.p, s.len);
        if (n < 0 && errno != EINTR)
            return false;
        s = slice_from(s, n > 0 ? (size_t)n : 0);
    }
    return true;
}

/* Why nothing was found, in the words of someone who wants to know what to do next. */
static const char *why_none(struct slice head)
{
    static const struct {
        const char *start;
        size_t n;
        const char *why;
    } known[] = {
        {"", 0, "the file is empty"},
        {"\x7f" "ELF", 4, "an ELF program, not hidden"},
        {"\x89PNG", 4, "a PNG image, and no program or script in its first kilobytes"},
        {"\xff\xd8\xff", 3, "a JPEG image, and no program or script in its first kilobytes"},
        {"PK\3\4", 4, "a ZIP archive: unpack it first"},
        {"Rar!", 4, "a RAR archive: unpack it first"},
        {"7z\xbc\xaf", 4, "a 7z archive: unpack it first"},
        {"\x1f\x8b", 2, "gzip, and no program in what it holds"},
        {"MZ", 2, "begins like a DOS program, but no PE header follows"},
    };
    if (head.len == 0)
        return known[0].why;
    for (size_t i = 1; i < sizeof known / sizeof *known; i++)
        if (slice_starts(head, slice_of(known[i].start, known[i].n)))
            return known[i].why;
    return "no PE header under any key, table or coding that is known here, and no mirrored script";
}

static void note_preview(struct decoded *d, struct slice plain)
{
    for (size_t i = 0; i < plain.len && d->size + i < PREVIEW; i++)
        d->preview[d->size + i] = plain.p[i] >= ' ' && plain.p[i] < 0x7f ? (char)plain.p[i] : '.';
}

/* Runs all of the file through the decoder: hashes it, and writes it where `out` is a file. */
static bool decode(struct decoded *d, const struct hidden *h, struct hidden_room *room, int in, struct slice head, int out)
{
    static _Alignas(16) uint8_t block[CODER_BYTES], piece[PIECE];
    char err[ERRLEN];
    struct digests *digests = digests_open(1, err);
    struct unwrap u;
    struct slice plain;
    bool good = true;
    unwrap_start(&u, h, block);
    d->hashed = digests != NULL && h->cipher.kind != CIPHER_SUBSTITUTION && digest_start(digests, 0);
    for (ssize_t n = 0; good && n >= 0 && head.len > 0; head = slice_of(piece, n > 0 ? (size_t)n : 0)) {
        d->body += head.len;
        unwrap_feed(&u, room, head);
        while (good && unwrap_next(&u, room, &plain)) {
            note_preview(d, plain);
            d->size += plain.len;
            d->hashed = d->hashed && digest_feed(digests, 0, plain);
            good = out < 0 || write_full(out, plain);
        }
        n = read_full(in, piece, sizeof piece);
        good = good && n >= 0;
    }
    d->bad = unwrap_bad(&u);
    d->hashed = d->hashed && !d->bad && digest_end(digests, 0, &d->digest);
    digests_close(digests);
    return good;
}

static const char *cipher_name(const struct hidden *h, unsigned *layers)
{
    static const char *const names[] = {[CIPHER_NONE] = "none", [CIPHER_XOR] = "xor", [CIPHER_SKIP_ZERO] = "xor-skip-zero",
                                        [CIPHER_ROLLING] = "xor-rolling", [CIPHER_SUBSTITUTION] = "substitution"};
    *layers = h->layers;
    if (h->cipher.kind != CIPHER_NONE || h->layers == 0 || h->layer[h->layers - 1] != ARMOUR_MIRRORED)
        return names[h->cipher.kind];
    --*layers;
    return armour_name(ARMOUR_MIRRORED);
}

static void put_hex(FILE *to, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(to, "%02x", bytes[i]);
}

static void put_hash(FILE *to, const char *before, const uint8_t *bytes, size_t n, const char *after)
{
    fputs(before, to);
    put_hex(to, bytes, n);
    fputs(after, to);
}

static const char *time_text(uint32_t seconds, char out[static 32])
{
    struct tm t;
    time_t when = seconds;
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&when, &t));
    return out;
}

static void put_table(FILE *to, const struct cipher *c)
{
    unsigned known = 0;
    for (int i = 0; i < CIPHER_KEY; i++)
        known += c->known[i];
    fprintf(to, "table: %u of 256 values follow from the header (ciphered=plain):", known);
    for (int i = 0, n = 0; i < CIPHER_KEY; i++)
        if (c->known[i])
            fprintf(to, "%s%02x=%02x", n++ % 16 == 0 ? "\n  " : " ", (unsigned)i, c->key[i]);
    fputc('\n', to);
}

static const char *kind_name(const struct hidden *h)
{
    return h->script ? "script" : h->cipher.pe.dll ? "dll" : "exe";
}

static void put_cipher(FILE *to, const struct hidden *h)
{
    unsigned layers;
    const struct cipher *c = &h->cipher;
    fprintf(to, "kind: %s\ncipher: %s\n", kind_name(h), cipher_name(h, &layers));
    if (c->kind == CIPHER_SUBSTITUTION)
        put_table(to, c);
    else if (c->key_length > 0)
        put_hash(to, "key: ", c->key, c->key_length, "\n");
    if (c->key_length > 0)
        fprintf(to, "key length: %u\n", c->key_length);
    if (c->step != 0)
        fprintf(to, "key step: %d\n", c->step);
    for (unsigned i = 0; i < layers; i++)
        fprintf(to, "layer: %s\n", hidden_layer_name(h->layer[i]));
    if (h->squeezed)
        fputs("layer: gzip, under the cipher\n", to);
    if (!h->script)
        fprintf(to, "offset: %u\n", c->offset);
}

static void put_report(FILE *to, const char *path, const struct hidden *h, const struct decoded *d)
{
    char when[32];
    const struct pe *pe = &h->cipher.pe;
    bool bare = !h->script && h->layers == 0 && h->cipher.kind == CIPHER_NONE;
    fprintf(to, "%s: %s %s %llu bytes\n", path, h->script ? "a script" : "a program", bare ? "not hidden, in" : "hidden in",
            (unsigned long long)d->body);
    put_cipher(to, h);
    if (h->script)
        fprintf(to, "preview: %s\n", d->preview);
    else
        fprintf(to, "machine: 0x%04x\nsections: %u\n", pe->machine, pe->sections);
    if (!h->script && h->cipher.kind != CIPHER_SUBSTITUTION)
        fprintf(to, "time stamp: %s\nsize declared: %llu%s\n", time_text(pe->timestamp, when), (unsigned long long)pe->size_declared,
                d->size < pe->size_declared ? " (the file ends before that)" : "");
    fprintf(to, "size: %llu%s\n", (unsigned long long)d->size, d->bad ? " (damaged)" : "");
    if (!d->hashed)
        return;
    if (d->digest.has_md5)
        put_hash(to, "md5: ", d->digest.md5, sizeof d->digest.md5, "\n");
    put_hash(to, "sha1: ", d->digest.sha1, sizeof d->digest.sha1, "\n");
    put_hash(to, "sha256: ", d->digest.sha256, sizeof d->digest.sha256, "\n");
}

/* The members of the contract's radome.payload; `preview` holds nothing but printable ASCII. */
static void put_json(FILE *to, const struct hidden *h, const struct decoded *d)
{
    char when[32];
    unsigned layers;
    const struct cipher *c = &h->cipher;
    const char *cipher = cipher_name(h, &layers);
    fprintf(to, "{\"kind\":\"%s\",\"cipher\":\"%s\",\"layers\":[", kind_name(h), cipher);
    for (unsigned i = 0; i < layers; i++)
        fprintf(to, "%s\"%s\"", i > 0 ? "," : "", hidden_layer_name(h->layer[i]));
    if (h->squeezed)
        fprintf(to, "%s\"gzip\"", layers > 0 ? "," : "");
    fprintf(to, "],\"offset\":%u,\"size\":%llu", c->offset, (unsigned long long)d->size);
    if (c->kind != CIPHER_SUBSTITUTION && c->key_length > 0) {
        put_hash(to, ",\"key\":\"", c->key, c->key_length, "\"");
        fprintf(to, ",\"key_length\":%u", c->key_length);
    }
    if (c->step != 0)
        fprintf(to, ",\"key_step\":%d", c->step);
    if (!h->script) {
        fprintf(to, ",\"size_declared\":%llu,\"complete\":%s", (unsigned long long)c->pe.size_declared,
                !d->bad && d->size >= c->pe.size_declared ? "true" : "false");
        fprintf(to, ",\"pe\":{\"type\":\"%s\",\"machine\":\"0x%04x\",\"sections\":%u,\"timestamp\":\"%s\"}", kind_name(h),
                c->pe.machine, c->pe.sections, time_text(c->pe.timestamp, when));
    }
    if (d->hashed) {
        put_hash(to, ",\"sha1\":\"", d->digest.sha1, sizeof d->digest.sha1, "\"");
        put_hash(to, ",\"sha256\":\"", d->digest.sha256, sizeof d->digest.sha256, "\"");
    }
    for (const char *p = d->preview; h->script && *p != '\0'; p++)
        fprintf(to, "%s%s%c", p == d->preview ? ",\"preview\":\"" : "", *p == '"' || *p == '\\' ? "\\" : "", *p);
    fputs(h->script && d->preview[0] != '\0' ? "\"}\n" : "}\n", to);
}

/* -2: no file wanted; -1: could not be made, told. */
static int open_output(const struct options *o, const struct hidden *h)
{
    if (o->output == NULL)
        return -2;
    if (h->cipher.kind == CIPHER_SUBSTITUTION) {
        fail(o->output, "not written: only part of the table follows from the header");
        return -1;
    }
    if (strcmp(o->output, "-") == 0)
        return STDOUT_FILENO;
    int file = open(o->output, O_WRONLY | O_CREAT | O_CLOEXEC | (o->force ? O_TRUNC : O_EXCL), 0600);
    if (file < 0)
        fail(o->output, errno == EEXIST ? "exists; -f overwrites it" : strerror(errno));
    return file;
}

static int run(const struct options *o, int in)
{
    static struct hidden_room room;
    static uint8_t head[KEYS_HEAD];
    struct hidden hidden;
    struct decoded decoded = {0};
    ssize_t n = read_full(in, head, sizeof head);
    if (n < 0)
        return fail(o->path, strerror(errno));
    struct slice first = slice_of(head, (size_t)n);
    if (!hidden_find(&hidden, &room, first, (size_t)n < sizeof head)) {
        if (o->json)
            printf("{\"reason\":\"%s\"}\n", why_none(first));
        else
            printf("%s: nothing found: %s\n", o->path, why_none(first));
        return NOTHING;
    }
    int out = open_output(o, &hidden);
    FILE *report = out == STDOUT_FILENO ? stderr : stdout;
    bool good = decode(&decoded, &hidden, &room, in, first, out);
    if (!good)
        fail(o->path, strerror(errno));
    if (out >= 0 && close(out) != 0)
        good = fail(o->output, strerror(errno)) == FOUND;
    if (o->json)
        put_json(report, &hidden, &decoded);
    else
        put_report(report, o->path, &hidden, &decoded);
    return good && out != -1 ? FOUND : NOTHING;
}

static int print_help(const struct settings *settings)
{
    puts("usage: radome-decode [options] FILE\n"
         "Says what program or script FILE (- for standard input) hides, under which cipher and key.\n"
         "Exit status: 0 found, 1 nothing found or not readable, 2 wrong usage.\n");
    settings_help(settings, stdout);
    return FOUND;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    struct settings settings = {.table = table, .count = sizeof table / sizeof *table, .values = &o, .operand = "FILE"};
    char err[ERRLEN];
    bool fine = settings_flags(&settings, argc, argv, err);
    if (fine && o.version)
        return puts("radome-decode " RADOME_VERSION), FOUND;
    if (fine && o.help)
        return print_help(&settings);
    if (fine && settings.operand_count != 1)
        error_set(err, "one FILE is looked into at a time (- for standard input), not %u; -h lists the flags", settings.operand_count);
    if (!fine || settings.operand_count != 1)
        return fprintf(stderr, "radome-decode: %s\n", err), USAGE;
    o.path = settings.operands[0];
    int in = strcmp(o.path, "-") == 0 ? STDIN_FILENO : open(o.path, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return fail(o.path, strerror(errno));
    int status = run(&o, in);
    if (in != STDIN_FILENO)
        close(in);
    return fflush(stdout) == 0 ? status : fail("standard output", strerror(errno));
}
