/* Small databases of both layouts, written here (MaxMind DB format 2.0), asked and damaged. */
#include "feeds/geoip.h"
#include "tests/check.h"
#include "tests/mmdb_maker.h"

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
    static const char *const several[] = {"203.0.113.7", "192.0.2.1", "2001:db8::1", "203.0.113.8"};
    struct addr addr[4];
    struct places places;
    for (int i = 0; i < 4; i++)
        CHECK(addr_parse(&addr[i], slice_str(several[i])), "%s", several[i]);
    geoip_places(geoip, addr, 4, &places);
    CHECK(places.as_count == 1 && places.as[0] == 64500 && places.country_count == 1 && strcmp(places.country[0], "JP") == 0,
          "several addresses: each AS and country once");
    char words[GEOIP_WORDS];
    geoip_words(geoip, 1, words);
    CHECK(strcmp(words, "Test, built 2020-09-13") == 0, "what it says of itself: %s", words);
    geoip_places(NULL, addr, 4, &places);
    CHECK(places.as_count == 0 && places.country_count == 0, "no database, no places");
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
