/* The classifier behind the engine's door: bodies in pieces, several at once, with holes, broken off, honest. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "capture/http.h"
#include "classifiers/payload_hit.h"
#include "classifiers/engine.h"
#include "feeds/ioc.h"
#include "tests/check.h"
#include "tests/pe_maker.h"

static uint8_t plain[PE_MADE], body[3 * PE_MADE];

static struct http_transaction transaction_of(unsigned ordinal)
{
    struct http_transaction t = {.us = 1000, .ordinal = ordinal};
    t.request = (struct http_message){.method = S("POST"), .target = S("/?v=1&pcrc=2"), .flags = HTTP_SEEN | HTTP_WHOLE, .headers = 1};
    t.request.header[0] = (struct http_header){S("Host"), S("Tuwoqol.com")};
    t.response = (struct http_message){.status = 200, .flags = HTTP_SEEN | HTTP_WHOLE, .headers = 1};
    t.response.header[0] = (struct http_header){S("Content-Type"), S("application/octet-stream")};
    return t;
}

struct feed {
    struct engine *radome;
    bool request;        /* the body is the request's */
    uint16_t status;     /* of responses; 0: 200 */
    struct hit hit;      /* the last of HIT_PAYLOAD */
    unsigned hits, indicators;
};

static void see(struct feed *f, const struct event *event)
{
    engine_see(f->radome, event);
    for (const struct hit *hit; (hit = engine_next(f->radome)) != NULL;) {
        if (hit->kind == HIT_PAYLOAD) {
            f->hits++;
            f->hit = *hit;
        } else if (hit->kind == HIT_INDICATOR) {
            f->indicators++;
        }
    }
}

static struct event event_of(enum event_kind kind)
{
    struct event e = {.kind = kind, .us = 5000};
    e.tuple = (struct tuple){.src = addr_v4((const uint8_t[]){10, 0, 0, 1}), .dst = addr_v4((const uint8_t[]){192, 0, 2, 1}),
                             .sport = 40000, .dport = 80, .proto = 6};
    return e;
}

/* The body in pieces of chance lengths, the first of at least HTTP_BODY_HEAD; `hole` leaves one out, `cut` ends early
 * without a last piece. */
static void send(struct feed *f, struct slice bytes, unsigned ordinal, bool hole, size_t cut)
{
    char target[32];
    struct http_transaction t = transaction_of(ordinal);
    if (cut != SIZE_MAX)
        t.response.flags &= (uint8_t)~HTTP_WHOLE;
    if (f->status != 0)
        t.response.status = f->status;
    snprintf(target, sizeof target, "/part%u", ordinal);
    t.request.target = slice_str(target);
    uint64_t random = bytes.len + ordinal;
    struct event e = event_of(EVENT_BODY);
    bool lost = false;
    for (size_t at = 0, n; at < bytes.len && at < cut; at += n) {
        n = 1 + pe_random(&random) % 3000 + (at == 0 ? HTTP_BODY_HEAD : 0);
        n = n < bytes.len - at ? n : bytes.len - at;
        struct http_piece piece = {.transaction = &t, .response = !f->request, .id = ordinal, .offset = at, .hole = lost};
        piece.data = guard_copy(slice_of(bytes.p + at, n), 0);
        piece.last = at + n == bytes.len;
        lost = hole && at > 0 && !lost && !piece.last;
        if (lost && hole) {
            hole = false;
            continue;
        }
        e.body = &piece;
        see(f, &e);
        lost = false;
    }
    e = event_of(EVENT_HTTP);
    e.http = &t;
    t.response.body_bytes = bytes.len;
    see(f, &e);
}

static struct engine *engine(const struct indicators *set)
{
    char err[ERRLEN] = "";
    struct engine *r = engine_open(&(struct classifier_settings){.indicators = set, .seed = 1}, err);
    if (r == NULL) {
        printf("%s\n", err);
        exit(1);
    }
    return r;
}

static void sha256_of(struct slice s, uint8_t out[static 32])
{
    EVP_Digest(s.p, s.len, out, NULL, EVP_sha256(), NULL);
}

struct row {
    const char *reason;
    enum way way;
    int layer;              /* 0 none, 1 base64, 2 mirrored, 3 hex */
    size_t key_length;      /* 0: no cipher */
    const char *cipher, *layer_name;
    float bits;
    const char *family;
    const char *how;        /* in words */
};

static const struct row rows[] = {
    {"a program as it is", WAY_XOR, 0, 0, "none", "", 1, "", "in the clear"},
    {"four key bytes, as published", WAY_XOR, 0, 4, "xor", "", 14, "", "hidden by XOR with a 4-byte key"},
    {"zeros left alone", WAY_SKIP_ZERO, 0, 4, "xor-skip-zero", "", 14, "",
     "hidden by XOR with a 4-byte key that leaves zeros alone"},
    {"rolling", WAY_ADD, 0, 1, "xor-rolling", "", 14, "", "hidden by XOR with a rolling 1-byte key"},
    {"base64", WAY_XOR, 1, 0, "none", "base64", 6, "", "in base64"},
    {"base64 around XOR", WAY_XOR, 1, 7, "xor", "base64", 14, "", "hidden by XOR with a 7-byte key in base64"},
    {"hex around XOR", WAY_XOR, 3, 16, "xor", "hex", 14, "", "hidden by XOR with a 16-byte key in hex"},
    {"mirrored base64 around a program", WAY_XOR, 2, 0, "atbash-base64", "", 16, "IsErIk", "in mirrored base64"},
    {"mirrored base64 around XOR", WAY_XOR, 2, 3, "xor", "atbash-base64", 16, "IsErIk",
     "hidden by XOR with a 3-byte key in mirrored base64"},
};

static struct slice dress(const struct row *row, struct slice program)
{
    static uint8_t ciphered[PE_MADE];
    memcpy(ciphered, program.p, program.len);
    if (row->key_length > 0)
        way_encrypt(row->way, ciphered, program.len, (const uint8_t *)"\x0b\x03\x0d\x07zyxwvutsrqponmlk", row->key_length, 3);
    struct slice s = slice_of(ciphered, program.len);
    if (row->layer == 0)
        memcpy(body, ciphered, program.len);
    return slice_of(body, row->layer == 3   ? hex_encode((char *)body, s)
                          : row->layer != 0 ? text_encode((char *)body, s, row->layer == 2)
                                            : program.len);
}

static void test_programs(void)
{
    struct feed f = {.radome = engine(NULL)};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (size_t shape = 0; shape < pe_shapes_count; shape++) {
            const struct row *row = &rows[r];
            struct slice program = pe_make(&pe_shapes[shape], plain);
            uint8_t sha256[32];
            sha256_of(program, sha256);
            f.hits = 0;
            send(&f, dress(row, program), (unsigned)r * 100 + (unsigned)shape, false, SIZE_MAX);
            const struct hit_payload *p = &f.hit.payload;
            if (!CHECK(f.hits == 1, "%s, %s: %u hits", row->reason, pe_shapes[shape].name, f.hits))
                continue;
            CHECK(strcmp(p->cipher, row->cipher) == 0, "%s: %s", row->reason, p->cipher);
            CHECK(strcmp(p->layer[0], row->layer_name) == 0, "%s: %s", row->reason, p->layer[0]);
            CHECK(strcmp(p->kind, pe_shapes[shape].dll ? "dll" : "exe") == 0, "%s: %s", row->reason, p->kind);
            CHECK(p->key_length == row->key_length, "%s: key of %u", row->reason, p->key_length);
            CHECK(p->size == program.len && p->size_declared == program.len, "%s: %llu of %llu", row->reason,
                  (unsigned long long)p->size, (unsigned long long)p->size_declared);
            CHECK(p->complete && p->has_hash && memcmp(p->sha256, sha256, 32) == 0, "%s: hash", row->reason);
            CHECK(f.hit.bits == row->bits && strcmp(f.hit.family, row->family) == 0, "%s: weight", row->reason);
            char why[256];
            snprintf(why, sizeof why, "%s %s (%zu bytes) in the answer to POST tuwoqol.com/part%u",
                     pe_shapes[shape].dll ? "a DLL" : "an EXE", row->how, program.len, (unsigned)r * 100 + (unsigned)shape);
            CHECK(strcmp(f.hit.why, why) == 0, "%s: not: %s", why, f.hit.why);
            CHECK(strcmp(f.hit.name, "tuwoqol.com") == 0 && f.hit.http.status == 200, "%s: transaction", row->reason);
        }
    engine_close(f.radome);
}

/* What a table hides is found but not decoded, as most of the table is not known: there is nothing to hash. */
static void test_substituted(void)
{
    struct feed f = {.radome = engine(NULL)};
    for (size_t shape = 0; shape < pe_shapes_count; shape++) {
        struct slice program = pe_make(&pe_shapes[shape], plain);
        memcpy(body, program.p, program.len);
        way_encrypt(WAY_TABLE, body, program.len, (const uint8_t *)"any", 3, 0);
        f.hits = 0;
        send(&f, slice_of(body, program.len), (unsigned)shape, false, SIZE_MAX);
        const struct hit_payload *p = &f.hit.payload;
        CHECK(f.hits == 1 && strcmp(p->cipher, "substitution") == 0, "%s: found", pe_shapes[shape].name);
        CHECK(!p->has_hash && p->key_length == 0, "%s: no hash of what was not decoded, no key", pe_shapes[shape].name);
        CHECK(f.hit.bits == 16 && strcmp(f.hit.family, "DealPly") == 0, "%s: weight", pe_shapes[shape].name);
    }
    engine_close(f.radome);
}

static void test_broken(void)
{
    struct feed f = {.radome = engine(NULL)};
    struct slice program = pe_make(&pe_shapes[5], plain);
    struct slice bytes = dress(&rows[1], program);
    send(&f, bytes, 1, true, SIZE_MAX);
    CHECK(f.hits == 1 && !f.hit.payload.complete && !f.hit.payload.has_hash, "a hole leaves no hash");
    send(&f, bytes, 2, false, 20000);
    CHECK(f.hits == 2 && !f.hit.payload.complete && !f.hit.payload.has_hash, "a connection that was lost");
    CHECK(f.hit.payload.size_declared == program.len && f.hit.payload.size < program.len, "sizes of it");
    engine_close(f.radome);
}

/* Cut before ciphering, or after; and a second part that does not fit. */
static void test_halves(void)
{
    static const struct {
        size_t key_length;
        bool anew;              /* the key begins anew in the second part */
        int wrong;              /* bytes too many */
        uint16_t status;
        unsigned hits;
        float bits;
        const char *reason;
    } halves[] = {
        {0, false, 0, 200, 2, 12, "a plain program in two files"},
        {4, false, 0, 200, 2, 14, "cut after it was ciphered"},
        {7, true, 0, 200, 2, 14, "cut before it was ciphered"},
        {4, false, 1, 200, 1, 14, "a byte too many"},
        {0, false, 0, 206, 1, 1, "ranges of an honest download"},
    };
    static uint8_t second[PE_MADE];
    const uint8_t *key = (const uint8_t *)"\x0b\x03\x0d\x07zyx";
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
        struct feed f = {.radome = engine(NULL), .status = halves[i].status};
        struct slice program = pe_make(&pe_shapes[3], plain);
        uint8_t sha256[32];
        size_t cut = 20001, rest = program.len - cut;
        sha256_of(program, sha256);
        memcpy(body, program.p, program.len);
        memcpy(second, program.p + cut, rest);
        if (halves[i].key_length > 0)
            way_encrypt(WAY_XOR, body, program.len, key, halves[i].key_length, 0);
        if (halves[i].anew)
            way_encrypt(WAY_XOR, second, rest, key, halves[i].key_length, 0);
        else
            memcpy(second, body + cut, rest);
        send(&f, slice_of(body, cut), 1, false, SIZE_MAX);
        CHECK(f.hits == 1 && !f.hit.payload.complete, "%s: the first part alone", halves[i].reason);
        send(&f, slice_of(second, rest + (size_t)halves[i].wrong), 2, false, SIZE_MAX);
        const struct hit_payload *p = &f.hit.payload;
        CHECK(f.hits == halves[i].hits && f.hit.bits == halves[i].bits, "%s: %u hits, %f bits", halves[i].reason, f.hits,
              (double)f.hit.bits);
        if (halves[i].hits == 2) {
            CHECK(p->parts == 2 && p->complete && p->size == program.len, "%s: both", halves[i].reason);
            CHECK(p->has_hash && memcmp(p->sha256, sha256, 32) == 0, "%s: hash of both", halves[i].reason);
            CHECK(strstr(f.hit.why, "/part1") != NULL && strstr(f.hit.why, "/part2") != NULL, "both named: %s", f.hit.why);
        }
        engine_close(f.radome);
    }
}

static void test_many(void)
{
    struct feed f = {.radome = engine(NULL)};
    struct slice bytes = dress(&rows[1], pe_make(&pe_shapes[0], plain));
    for (unsigned i = 0; i < 100; i++) { /* begun and never ended: no EVENT_HTTP comes */
        struct http_transaction t = transaction_of(i);
        struct http_piece piece = {.transaction = &t, .response = true, .id = i, .data = slice_head(bytes, HTTP_BODY_HEAD)};
        struct event e = event_of(EVENT_BODY);
        e.tuple.sport = (uint16_t)i;
        e.body = &piece;
        see(&f, &e);
    }
    CHECK(f.hits == 36, "the oldest of a hundred make room: %u told", f.hits);
    CHECK(f.hit.tuple.sport == 35, "each under its own connection");
    engine_close(f.radome);
}

static void test_scripts(void)
{
    static const struct {
        const char *body, *preview;
        bool found;
        const char *reason;
    } scripts[] = {
        {"wnUbRSN0ynE6RVUqwTo7AEsKBnkoB6JlRowGB6QkxSJfF7soyTdrPGh=", "var s=new ActiveXObject(\"WScript.Shell\");", true, "published"},
        {"wnUbRSN0ynE6RVUq\r\nwTo7AEsKBnkoB6Jl\r\nRowGB6QkxSJfF7soyTdrPGh=", "var s=new ActiveXObject(\"WScript.Shell\");", true,
         "line ends are passed over"},
        {"var s=new ActiveXObject(\"WScript.Shell\");", "", false, "a script as it is hides nothing"},
        {"dmFyIHM9bmV3IEFjdGl2ZVhPYmplY3QoIldTY3JpcHQuU2hlbGwiKTs=", "", false, "base64 in the usual alphabet"},
        {"<html><body>This program cannot be run in DOS mode</body></html>", "", false, "text that quotes the stub"},
        {"The quick brown fox jumps over the lazy dog and over the lazy dog again", "", false, "English"},
        {"", "", false, "nothing"},
    };
    struct feed f = {.radome = engine(NULL)};
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        f.hits = 0;
        send(&f, slice_str(scripts[i].body), (unsigned)i, false, SIZE_MAX);
        CHECK(f.hits == scripts[i].found, "%s", scripts[i].reason);
        if (f.hits == 1) {
            CHECK(strcmp(f.hit.payload.kind, "script") == 0 && strcmp(f.hit.payload.cipher, "atbash-base64") == 0, "words");
            CHECK(strcmp(f.hit.payload.preview, scripts[i].preview) == 0, "preview: %s", f.hit.payload.preview);
            CHECK(strcmp(f.hit.family, "IsErIk") == 0 && f.hit.payload.complete && f.hit.payload.has_hash, "facts");
        }
    }
    engine_close(f.radome);
}

/* A list names a file by any one of three hashes, in any case. */
static void test_indicator(void)
{
    static const struct {
        const char *hash, *reason;
    } lists[] = {{"MD5", "a known file by its MD5"}, {"SHA1", "by its SHA-1"}, {"SHA256", "by its SHA-256"}};
    struct slice program = pe_make(&pe_shapes[2], plain);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char err[ERRLEN] = "", list[256];
        uint8_t digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        struct ioc_stats stats;
        EVP_Digest(program.p, program.len, digest, &size, EVP_get_digestbyname(lists[i].hash), NULL);
        size_t n = (size_t)sprintf(list, "type,indicator,family,provider,description\nfile,");
        for (unsigned j = 0; j < size; j++)
            n += (size_t)sprintf(list + n, i % 2 == 0 ? "%02X" : "%02x", digest[j]);
        sprintf(list + n, ",DealPly,someone,%s\n", lists[i].reason);
        struct indicators *set = indicators_open(1, err);
        CHECK(ioc_read(set, "list", slice_str(list), &stats, err) && stats.rows == 1, "%s: %s", lists[i].reason, err);
        indicators_seal(set, err);
        struct feed f = {.radome = engine(set)};
        send(&f, dress(&rows[1], program), 1, false, SIZE_MAX);
        CHECK(f.hits == 1 && f.indicators == 1, "%s: %u hits, %u of indicators", lists[i].reason, f.hits, f.indicators);
        plain[program.len - 1] ^= 1;
        send(&f, dress(&rows[1], program), 2, false, SIZE_MAX);
        CHECK(f.hits == 2 && f.indicators == 1, "%s: not a file that differs in a bit", lists[i].reason);
        plain[program.len - 1] ^= 1;
        engine_close(f.radome);
        indicators_close(set);
    }
}

/* Programs leave, too. */
static void test_request(void)
{
    struct feed f = {.radome = engine(NULL), .request = true};
    struct slice program = pe_make(&pe_shapes[1], plain);
    uint8_t sha256[32];
    sha256_of(program, sha256);
    send(&f, dress(&rows[1], program), 1, false, SIZE_MAX);
    const struct hit_payload *p = &f.hit.payload;
    CHECK(f.hits == 1 && p->complete && p->has_hash && memcmp(p->sha256, sha256, 32) == 0, "a program in a request: %u hits", f.hits);
    const char *why = "a DLL hidden by XOR with a 4-byte key (40960 bytes) in the body sent with POST tuwoqol.com/part1";
    CHECK(strcmp(f.hit.why, why) == 0, "%s: not: %s", why, f.hit.why);
    bool exfiltration = false;
    for (size_t i = 0; i < sizeof f.hit.technique / sizeof *f.hit.technique; i++)
        exfiltration = exfiltration || strcmp(f.hit.technique[i], "T1041") == 0;
    CHECK(exfiltration, "which is exfiltration");
    engine_close(f.radome);
}

/* `z` gzips, `1` to `9` is XOR with a key of so many bytes, `b` base64, `m` mirrored, `h` hex: from the program outwards. */
static const struct {
    const char *steps, *cipher, *layer[3], *how;
} wrappings[] = {
    {"z", "none", {"gzip"}, "in gzip"},
    {"z1", "xor", {"gzip"}, "hidden by XOR with a 1-byte key in gzip"},
    {"z4", "xor", {"gzip"}, "hidden by XOR with a 4-byte key in gzip"},
    {"z5", "xor", {"gzip"}, "hidden by XOR with a 5-byte key in gzip"},
    {"z8", "xor", {"gzip"}, "hidden by XOR with an 8-byte key in gzip"},
    {"4z", "xor", {"gzip"}, "hidden by XOR with a 4-byte key in gzip"},
    {"zb", "none", {"base64", "gzip"}, "in base64 and gzip"},
    {"zh", "none", {"hex", "gzip"}, "in hex and gzip"},
    {"zm", "none", {"atbash-base64", "gzip"}, "in mirrored base64 and gzip"},
    {"z4b", "xor", {"base64", "gzip"}, "hidden by XOR with a 4-byte key in base64 and gzip"},
    {"4zb", "xor", {"base64", "gzip"}, "hidden by XOR with a 4-byte key in base64 and gzip"},
    {"bz", "none", {"gzip", "base64"}, "in gzip and base64"},
};

static struct slice wrap(const char *steps, struct slice program)
{
    static uint8_t from[sizeof body];
    struct slice s = slice_of(body, program.len);
    memcpy(body, program.p, program.len);
    for (; *steps != '\0'; steps++) {
        memcpy(from, s.p, s.len);
        s = slice_of(from, s.len);
        if (*steps == 'z') {
            z_stream z = {.next_in = from, .avail_in = (uInt)s.len, .next_out = body, .avail_out = sizeof body};
            deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
            CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END, "the test's own compression");
            s = slice_of(body, z.total_out);
            deflateEnd(&z);
        } else if (*steps >= '1' && *steps <= '9') {
            way_encrypt(WAY_XOR, from, s.len, (const uint8_t *)"\x91\x03\xd7\x44\x0f\xe0\x21\x68\x5a", (size_t)(*steps - '0'), 0);
            memcpy(body, from, s.len);
            s = slice_of(body, s.len);
        } else {
            s = slice_of(body, *steps == 'h' ? hex_encode((char *)body, s) : text_encode((char *)body, s, *steps == 'm'));
        }
    }
    return s;
}

static void test_wrappings(void)
{
    struct feed f = {.radome = engine(NULL)};
    for (size_t w = 0; w < sizeof wrappings / sizeof *wrappings; w++) {
        const char *steps = wrappings[w].steps;
        struct slice program = pe_make(&pe_shapes[w % pe_shapes_count], plain);
        const struct hit_payload *p = &f.hit.payload;
        uint8_t sha256[32];
        sha256_of(program, sha256);
        f.hits = 0;
        send(&f, wrap(steps, program), (unsigned)w, false, SIZE_MAX);
        if (!CHECK(f.hits == 1, "wrapped as %s: %u hits", steps, f.hits))
            continue;
        CHECK(strcmp(p->cipher, wrappings[w].cipher) == 0, "wrapped as %s: cipher %s", steps, p->cipher);
        for (size_t i = 0; i < sizeof wrappings[w].layer / sizeof *wrappings[w].layer; i++) {
            const char *layer = wrappings[w].layer[i] != NULL ? wrappings[w].layer[i] : "";
            CHECK(strcmp(p->layer[i], layer) == 0, "wrapped as %s: layer %zu is %s", steps, i, p->layer[i]);
        }
        CHECK(strstr(f.hit.why, wrappings[w].how) != NULL, "wrapped as %s: %s", steps, f.hit.why);
        CHECK(p->complete && p->size == program.len && p->has_hash && memcmp(p->sha256, sha256, 32) == 0, "wrapped as %s: hash",
              steps);
    }
    engine_close(f.radome);
}

static void test_sentences(void)
{
    static const struct {
        struct hit_payload facts;
        const char *method;
        bool response;
        const char *first, *why;
    } sentences[] = {
        {{"exe", "xor", .key_length = 8, .size = 9000, .size_declared = 12288}, "GET", true, NULL,
         "an EXE hidden by XOR with an 8-byte key (9000 of 12288 bytes) in the answer to GET a.com/b"},
        {{"dll", "xor", .key_length = 110, .size = 9000, .offset = 77, .complete = true}, "POST", false, NULL,
         "a DLL hidden by XOR with a 110-byte key (9000 bytes after 77 of junk) in the body sent with POST a.com/b"},
        {{"exe", "substitution", .size = 5, .complete = true}, "GET", true, NULL,
         "an EXE hidden by a substitution table (5 bytes) in the answer to GET a.com/b"},
        {{"script", "atbash-base64", .size = 5}, "POST", true, NULL,
         "a script in mirrored base64 (5 bytes, incomplete) in the answer to POST a.com/b"},
        {{"dll", "none", .layer = {"atbash-base64", "gzip"}, .size = 5, .complete = true}, "PUT", false, NULL,
         "a DLL in mirrored base64 and gzip (5 bytes) in the body sent with PUT a.com/b"},
        {{"exe", "none", .size = 5, .parts = 2, .complete = true}, "GET", true, "/a",
         "an EXE in the clear (5 bytes in two parts) in the answer to GET a.com/a and /b"},
        {{"exe", "none", .size = 5, .complete = true}, "", true, NULL,
         "an EXE in the clear (5 bytes) in the answer to a request not seen, a.com/b"},
    };
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        struct hit hit = {.payload = sentences[i].facts, .http = {.host = "a.com", .target = "/b"}};
        strcpy(hit.http.method, sentences[i].method);
        payload_hit_explain(&hit, sentences[i].response, sentences[i].first);
        CHECK(strcmp(hit.why, sentences[i].why) == 0, "%s: not: %s", sentences[i].why, hit.why);
    }
}

int main(void)
{
    test_sentences();
    test_programs();
    test_substituted();
    test_broken();
    test_halves();
    test_many();
    test_scripts();
    test_indicator();
    test_request();
    test_wrappings();
    return check_report("payload");
}
