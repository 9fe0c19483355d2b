/* Small databases of both layouts, written here (MaxMind DB format 2.0), asked and damaged. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "feeds/geoip.h"
#include "tests/check.h"

enum { ROOM = 65536, NODES = 2048, EMPTY = -1 };

struct out {
    uint8_t byte[ROOM];
    size_t n;
};

struct tree {
    int child[NODES][2]; /* a node, EMPTY, or -2 minus an offset in the data */
    int nodes;
};

static void put(struct out *o, const void *bytes, size_t n)
{
    memcpy(o->byte + o->n, bytes, n);
    o->n += n;
}

static void put_number(struct out *o, uint64_t value, int bytes)
{
    while (bytes-- > 0)
        o->byte[o->n++] = (uint8_t)(value >> 8 * bytes);
}

/* A control byte: types above 7 take a second one. */
static void put_control(struct out *o, int type, size_t size)
{
    o->byte[o->n++] = (uint8_t)((type <= 7 ? type << 5 : 0) | (int)(size < 29 ? size : 29));
    if (type > 7)
        o->byte[o->n++] = (uint8_t)(type - 7);
    if (size >= 29)
        o->byte[o->n++] = (uint8_t)(size - 29);
}

enum { TEXT = 2, U16 = 5, U32 = 6, MAP = 7, U64 = 9, ARRAY = 11 };

static void put_text(struct out *o, const char *text)
{
    put_control(o, TEXT, strlen(text));
    put(o, text, strlen(text));
}

static void put_int(struct out *o, int type, uint64_t value)
{
    int bytes = type == U16 ? 2 : type == U32 ? 4 : 8;
    put_control(o, type, (size_t)bytes);
    put_number(o, value, bytes);
}

/* Puts the prefix of `bits` bits into the tree. */
static void insert(struct tree *t, const uint8_t *address, int bits, size_t offset)
{
    int at = 0;
    for (int i = 0; i < bits; i++) {
        int *child = &t->child[at][address[i / 8] >> (7 - i % 8) & 1];
        if (i == bits - 1)
            *child = -2 - (int)offset;
        else if (*child < 0) {
            *child = t->nodes;
            t->child[t->nodes][0] = t->child[t->nodes][1] = EMPTY;
            t->nodes++;
        }
        at = *child;
    }
}

static void put_tree(struct out *o, const struct tree *t)
{
    for (int i = 0; i < t->nodes; i++)
        for (int side = 0; side < 2; side++) {
            int child = t->child[i][side];
            put_number(o, (uint64_t)(child >= 0 ? child : child == EMPTY ? t->nodes : t->nodes + 16 - 2 - child), 3);
        }
    put(o, (const uint8_t[16]){0}, 16);
}

static void put_metadata(struct out *o, int nodes, int version)
{
    put(o, "\xab\xcd\xefMaxMind.com", 14);
    put_control(o, MAP, 9);
    put_text(o, "node_count"), put_int(o, U32, (uint64_t)nodes);
    put_text(o, "record_size"), put_int(o, U16, 24);
    put_text(o, "ip_version"), put_int(o, U16, (uint64_t)version);
    put_text(o, "database_type"), put_text(o, "Test");
    put_text(o, "languages"), put_control(o, ARRAY, 1), put_text(o, "en");
    put_text(o, "binary_format_major_version"), put_int(o, U16, 2);
    put_text(o, "binary_format_minor_version"), put_int(o, U16, 0);
    put_text(o, "build_epoch"), put_int(o, U64, 1600000000);
    put_text(o, "description"), put_control(o, MAP, 1), put_text(o, "en"), put_text(o, "Test");
}

enum layout { LITE_ASN, LITE_COUNTRY, FLAT, FLAT_TEXT, ODD, LAYOUTS };

static void put_record(struct out *o, enum layout layout)
{
    switch (layout) {
    case LITE_ASN:
        put_control(o, MAP, 2);
        put_text(o, "autonomous_system_number"), put_int(o, U32, 64500);
        put_text(o, "autonomous_system_organization"), put_text(o, "Example Networks");
        break;
    case LITE_COUNTRY:
        put_control(o, MAP, 1);
        put_text(o, "country"), put_control(o, MAP, 1), put_text(o, "iso_code"), put_text(o, "JP");
        break;
    case FLAT:
        put_control(o, MAP, 3);
        put_text(o, "country_code"), put_text(o, "DE");
        put_text(o, "asn"), put_int(o, U64, 64501);
        put_text(o, "organization"), put_text(o, "An organization whose name is longer than all the room that there is for "
                                              "such a name in a report, and therefore cut");
        break;
    case FLAT_TEXT:
        put_control(o, MAP, 3);
        put_text(o, "country"), put_text(o, "FR");
        put_text(o, "asn"), put_text(o, "AS64502");
        put_text(o, "as_org"), put_text(o, "Exemple");
        break;
    case ODD: /* right keys, wrong values */
        put_control(o, MAP, 3);
        put_text(o, "country_code"), put_text(o, "Germany");
        put_text(o, "asn"), put_text(o, "AS4294967296");
        put_text(o, "as_org"), put_control(o, ARRAY, 0);
        break;
    case LAYOUTS:
        break;
    }
}

/* 203.0.113.0/24 and, in a database of version 6, 2001:db8::/32 lead to one record. */
static void make(struct out *o, enum layout layout, int version)
{
    static const uint8_t net4[4] = {203, 0, 113}, net6[16] = {0x20, 0x01, 0x0d, 0xb8}, mapped[16] = {[12] = 203, 0, 113};
    struct tree *t = calloc(1, sizeof *t);
    t->child[0][0] = t->child[0][1] = EMPTY;
    t->nodes = 1;
    if (version == 4)
        insert(t, net4, 24, 0);
    else {
        insert(t, mapped, 120, 0);
        insert(t, net6, 32, 0);
    }
    o->n = 0;
    put_tree(o, t);
    put_record(o, layout);
    put_metadata(o, t->nodes, version);
    free(t);
}

static const char *file_of(int slot)
{
    static char path[4][32];
    if (path[slot][0] == '\0') {
        strcpy(path[slot], "/tmp/test_geoip.XXXXXX");
        close(mkstemp(path[slot]));
    }
    return path[slot];
}

/* A new file each time: the one before may still be mapped. */
static const char *write_file(int slot, const void *bytes, size_t n)
{
    const char *path = file_of(slot);
    unlink(path);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, n, file) != n || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    return path;
}

static struct geo ask(const struct geoip *geoip, const char *text)
{
    struct addr addr;
    struct geo geo;
    CHECK(addr_parse(&addr, slice_str(text)), "%s", text);
    bool found = geoip_find(geoip, &addr, &geo);
    CHECK(found == (geo.asn != 0 || geo.organization[0] || geo.country[0]), "%s: found says whether anything is", text);
    return geo;
}

static const struct {
    const char *reason;
    enum layout layout;
    int version;
    const char *address;
    uint32_t asn;
    const char *country, *organization; /* how it begins */
} rows[] = {
    {"GeoLite2's ASN", LITE_ASN, 6, "203.0.113.7", 64500, "", "Example Networks"},
    {"GeoLite2's ASN, IPv6", LITE_ASN, 6, "2001:db8::1", 64500, "", "Example Networks"},
    {"GeoLite2's country", LITE_COUNTRY, 6, "203.0.113.7", 0, "JP", ""},
    {"GeoLite2's country in a database of IPv4 alone", LITE_COUNTRY, 4, "203.0.113.255", 0, "JP", ""},
    {"a database of IPv4 knows no IPv6", LITE_COUNTRY, 4, "2001:db8::1", 0, "", ""},
    {"flat, the number a number; the name is cut", FLAT, 6, "203.0.113.7", 64501, "DE", "An organization whose name is longer"},
    {"flat, the number as text", FLAT_TEXT, 6, "2001:db8:ffff::", 64502, "FR", "Exemple"},
    {"flat, IPv4 alone", FLAT_TEXT, 4, "203.0.113.0", 64502, "FR", "Exemple"},
    {"just outside", FLAT, 6, "203.0.114.0", 0, "", ""},
    {"just outside, IPv6", FLAT, 6, "2001:db9::", 0, "", ""},
    {"values that are none: a country in full, a number too large, a list", ODD, 6, "203.0.113.7", 0, "", ""},
};

static void test_rows(void)
{
    static struct out out;
    char err[ERRLEN];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make(&out, rows[i].layout, rows[i].version);
        const char *path = write_file(0, out.byte, out.n);
        struct geoip *geoip = geoip_open(&path, 1, err);
        if (!CHECK(geoip != NULL, "%s: %s", rows[i].reason, err))
            continue;
        struct geo geo = ask(geoip, rows[i].address);
        CHECK(geo.asn == rows[i].asn, "%s: %u", rows[i].reason, geo.asn);
        CHECK(strcmp(geo.country, rows[i].country) == 0, "%s: %s", rows[i].reason, geo.country);
        CHECK(slice_starts(slice_str(geo.organization), slice_str(rows[i].organization)) &&
                  (geo.organization[0] == '\0') == (rows[i].organization[0] == '\0'), "%s: %s", rows[i].reason, geo.organization);
        geoip_close(geoip);
    }
}

/* Each database adds what those before it did not know. */
static void test_several(void)
{
    static struct out out;
    char err[ERRLEN];
    static const enum layout layouts[] = {LITE_COUNTRY, LITE_ASN, FLAT};
    const char *paths[3];
    for (int i = 0; i < 3; i++) {
        make(&out, layouts[i], 6);
        paths[i] = write_file(i, out.byte, out.n);
    }
    struct geoip *geoip = geoip_open(paths, 3, err);
    struct geo geo = ask(geoip, "203.0.113.7");
    CHECK(geo.asn == 64500 && strcmp(geo.country, "JP") == 0 && strcmp(geo.organization, "Example Networks") == 0,
          "the first word counts: AS%u %s %s", geo.asn, geo.country, geo.organization);
    geoip_close(geoip);

    geoip = geoip_open(NULL, 0, err);
    geo = ask(geoip, "203.0.113.7");
    CHECK(geoip != NULL && geo.asn == 0, "no database: nothing known");
    geoip_close(geoip);
    geo = ask(NULL, "203.0.113.7");
    CHECK(geo.asn == 0, "none opened: nothing known");
    geoip_close(NULL);
}

static void test_refused(void)
{
    char err[ERRLEN];
    const char *nowhere = "/nowhere/GeoLite2.mmdb", *directory = "/tmp", *text = write_file(0, "not a database\n", 15),
               *empty = write_file(1, "", 0);
    CHECK(geoip_open(&nowhere, 1, err) == NULL && strstr(err, nowhere) && strstr(err, "No such file"), "no such file: %s", err);
    CHECK(geoip_open(&directory, 1, err) == NULL && strstr(err, directory), "a directory: %s", err);
    CHECK(geoip_open(&text, 1, err) == NULL && strstr(err, text), "text: %s", err);
    CHECK(geoip_open(&empty, 1, err) == NULL && strstr(err, empty), "an empty file: %s", err);
    const char *many[GEOIP_DATABASES + 1];
    for (int i = 0; i <= GEOIP_DATABASES; i++)
        many[i] = text;
    CHECK(geoip_open(many, GEOIP_DATABASES + 1, err) == NULL && strstr(err, text), "too many: %s", err);
}

/* libmaxminddb 1.7 forgets some memory when it refuses damaged metadata; what it forgets there is not looked for. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

/* Cut at every byte, and with bytes changed: refused or read, never a crash. */
static void test_damaged(void)
{
    if (__lsan_disable != NULL)
        __lsan_disable();
    static struct out out, damaged;
    char err[ERRLEN];
    uint32_t state = 99;
    unsigned refused = 0;
    make(&out, FLAT, 4);
    for (size_t i = 0; i < out.n + 3000; i++) {
        damaged = out;
        size_t n = i < out.n ? i : out.n;
        for (int k = 0; i >= out.n && k < 3; k++) {
            state = state * 1664525 + 1013904223;
            damaged.byte[(state >> 8) % out.n] = (uint8_t)(state >> 24);
        }
        const char *path = write_file(0, damaged.byte, n);
        struct geoip *geoip = geoip_open(&path, 1, err);
        refused += geoip == NULL;
        if (geoip != NULL)
            ask(geoip, "203.0.113.7");
        geoip_close(geoip);
    }
    if (__lsan_enable != NULL)
        __lsan_enable();
    CHECK(refused >= out.n, "none that is cut opens: %u of %zu", refused, out.n);
}

int main(void)
{
    test_rows();
    test_several();
    test_refused();
    test_damaged();
    for (int i = 0; i < 3; i++)
        unlink(file_of(i));
    return check_report("geoip");
}
