/* Indicator lists in their four forms, and what is not one. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "feeds/builtin.h"
#include "feeds/ioc.h"
#include "tests/check.h"

#define BUNDLE(objects) "{\"type\":\"bundle\",\"id\":\"bundle--1\",\"objects\":[" objects "]}"
#define INDICATOR(pattern) "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern_type\":\"stix\",\"pattern\":\"" pattern "\"}"
#define SHA256 "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define SHA1 "71370b5a77bff01a627a0b92bdd31dc48b946fca"
#define MD5 "d41d8cd98f00b204e9800998ecf8427e"
#define CSV "type,indicator,family,provider,description\n"

struct row {
    const char *reason;
    struct slice list;
    enum indicator_type type;
    const char *asked;       /* NULL: only the counts are checked */
    bool found;
    size_t rows, unreadable, first_bad;
};

static const struct row rows[] = {
    {"CSV", S(CSV "domain-name,bad.com,DealPly,me,server\n"), INDICATOR_DOMAIN, "bad.com", true, 1, 0, 0},
    {"CSV covers what is below the name", S(CSV "domain-name,bad.com,,,\n"), INDICATOR_DOMAIN, "a.b.bad.com", true, 1, 0, 0},
    {"CSV never what is above", S(CSV "domain-name,d1.cloudfront.net,,,\n"), INDICATOR_DOMAIN, "cloudfront.net", false, 1, 0, 0},
    {"CSV nor beside", S(CSV "domain-name,d1.cloudfront.net,,,\n"), INDICATOR_DOMAIN, "d2.cloudfront.net", false, 1, 0, 0},
    {"CSV with CRLF and a mark", S("\xef\xbb\xbftype,indicator,family,provider,description\r\ndomain-name,bad.com,,,\r\n"),
     INDICATOR_DOMAIN, "bad.com", true, 1, 0, 0},
    {"CSV without a line end at the end", S(CSV "domain-name,bad.com,,,x"), INDICATOR_DOMAIN, "bad.com", true, 1, 0, 0},
    {"CSV with columns in another order", S("indicator,type\nbad.com,domain-name\n"), INDICATOR_DOMAIN, "bad.com", false, 0, 0, 0},
    {"CSV whose header has the type first, and one column more", S("type,x,indicator\ndomain-name,y,bad.com\n"), INDICATOR_DOMAIN,
     "bad.com", true, 1, 0, 0},
    {"CSV in capitals", S("Type,Indicator\nDOMAIN-NAME,BAD.COM.\n"), INDICATOR_DOMAIN, "bad.com", true, 1, 0, 0},
    {"CSV in quotes", S("\"type\",\"indicator\",\"description\"\n\"domain-name\",\"bad.com\",\"a \"\"b\"\", c\nd\"\n"),
     INDICATOR_DOMAIN, "bad.com", true, 1, 0, 0},
    {"CSV with comments and blank lines", S("# mine\n\n" CSV "# more\n\ndomain-name,bad.com,,,\n"), INDICATOR_DOMAIN, "bad.com", true,
     1, 0, 0},
    {"CSV with blanks around values", S(CSV " domain-name , bad.com ,,,\n"), INDICATOR_DOMAIN, "bad.com", true, 1, 0, 0},
    {"CSV with fewer fields", S(CSV "domain-name,bad.com\n"), INDICATOR_DOMAIN, "bad.com", true, 1, 0, 0},
    {"CSV in another script", S(CSV "domain-name,m\xc3\xbcsli.com,,,\n"), INDICATOR_DOMAIN, "xn--msli-0ra.com", true, 1, 0, 0},
    {"CSV: a type of its own is not readable", S(CSV "email,a@b.c,,,\ndomain-name,bad.com,,,\n"), INDICATOR_DOMAIN, "bad.com", true, 1,
     1, 2},
    {"CSV: an address among the names", S(CSV "domain-name,192.0.2.1,,,\ndomain-name,bad.com,,,\n"), INDICATOR_DOMAIN, "bad.com", true,
     1, 1, 2},
    {"CSV: a name of one label would cover a whole top level", S(CSV "domain-name,com,,,\ndomain-name,bad.com,,,\n"),
     INDICATOR_DOMAIN, "other.com", false, 1, 1, 2},
    {"CSV: an address", S(CSV "ipv4-addr,192.0.2.1,,,\n"), INDICATOR_IPV4, "192.0.2.1", true, 1, 0, 0},
    {"CSV: IPv6 in any notation", S(CSV "ipv6-addr,2001:DB8:0:0::1,,,\n"), INDICATOR_IPV6, "2001:db8::1", true, 1, 0, 0},
    {"CSV: IPv4 said to be IPv6", S(CSV "ipv6-addr,192.0.2.1,,,\nipv4-addr,192.0.2.2,,,\n"), INDICATOR_IPV4, "192.0.2.1", false, 1,
     1, 2},
    {"CSV: a URL, its fragment and case of host apart", S(CSV "url,HTTP://Bad.COM/A?b#c,,,\n"), INDICATOR_URL, "http://bad.com/A?b",
     true, 1, 0, 0},
    {"CSV: a URL's path has case", S(CSV "url,http://bad.com/A,,,\n"), INDICATOR_URL, "http://bad.com/a", false, 1, 0, 0},
    {"CSV: listed with https, seen with http", S(CSV "url,https://bad.com/A,,,\n"), INDICATOR_URL, "http://bad.com/A", true, 1, 0, 0},
    {"CSV: a URL without a path", S(CSV "url,http://bad.com,,,\n"), INDICATOR_URL, "http://bad.com/", true, 1, 0, 0},
    {"CSV: a port that the scheme implies", S(CSV "url,http://bad.com:80/x,,,\n"), INDICATOR_URL, "http://bad.com/x", true, 1, 0, 0},
    {"CSV: one that it does not", S(CSV "url,http://bad.com:8080/x,,,\n"), INDICATOR_URL, "http://bad.com:8080/x", true, 1, 0, 0},
    {"CSV: a URL on an address", S(CSV "url,http://192.0.2.1/x,,,\n"), INDICATOR_URL, "http://192.0.2.1/x", true, 1, 0, 0},
    {"CSV: a URL without a scheme", S(CSV "url,bad.com/x,,,\nurl,http://a.com/,,,"), INDICATOR_URL, "http://bad.com/x", false, 1, 1, 2},
    {"CSV: SHA-256 in capitals", S(CSV "file,9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08,,,\n"), INDICATOR_FILE,
     SHA256, true, 1, 0, 0},
    {"CSV: SHA-1", S(CSV "file," SHA1 ",,,\n"), INDICATOR_FILE, SHA1, true, 1, 0, 0},
    {"CSV: MD5", S(CSV "file," MD5 ",,,\n"), INDICATOR_FILE, MD5, true, 1, 0, 0},
    {"CSV: a hash of no known length", S(CSV "file,abcd,,,\nfile," MD5 ",,,\n"), INDICATOR_FILE, "abcd", false, 1, 1, 2},
    {"CSV: a hash with another letter", S(CSV "file,g41d8cd98f00b204e9800998ecf8427e,,,\nfile," MD5 ",,,\n"), INDICATOR_FILE, MD5,
     true, 1, 1, 2},
    {"CSV: a file name with blanks", S(CSV "file-name,A b.EXE,,,\n"), INDICATOR_FILE_NAME, "a B.exe", true, 1, 0, 0},
    {"CSV: an extension", S(CSV "x-extension-id,{24436206-088D-4a1a},,,\n"), INDICATOR_EXTENSION, "{24436206-088d-4a1a}", true, 1, 0,
     0},
    {"CSV: the same row twice", S(CSV "domain-name,bad.com,,,\ndomain-name,BAD.com.,,,\n"), INDICATOR_DOMAIN, "bad.com", true, 2, 0, 0},

    {"plain", S("bad.com\nworse.com\n"), INDICATOR_DOMAIN, "worse.com", true, 2, 0, 0},
    {"plain: comments", S("# list\nbad.com # why\n\n"), INDICATOR_DOMAIN, "bad.com", true, 1, 0, 0},
    {"plain: addresses", S("192.0.2.1\n2001:db8::1\n"), INDICATOR_IPV6, "2001:db8::1", true, 2, 0, 0},
    {"plain: a URL", S("http://bad.com/x\n"), INDICATOR_URL, "http://bad.com/x", true, 1, 0, 0},
    {"plain: a hash", S(SHA1 "\n"), INDICATOR_FILE, SHA1, true, 1, 0, 0},
    {"plain: a URL lists no name", S("http://bad.com/x\n"), INDICATOR_DOMAIN, "bad.com", false, 1, 0, 0},
    {"plain: a star", S("*.bad.com\n"), INDICATOR_DOMAIN, "a.bad.com", true, 1, 0, 0},
    {"plain: unreadable lines are counted, the first is named", S("bad.com\nwhat is this\n\x01\xff\nworse.com\n"), INDICATOR_DOMAIN,
     "worse.com", true, 2, 2, 2},
    {"plain: a NUL", S("bad.com\nb\0d.com\n"), INDICATOR_DOMAIN, "bad.com", true, 1, 1, 2},

    {"hosts file", S("127.0.0.1 localhost\n::1 localhost ip6-loopback\n0.0.0.0 bad.com\n"), INDICATOR_DOMAIN, "bad.com", true, 1, 0, 0},
    {"hosts: the address is no indicator", S("0.0.0.0 bad.com\n"), INDICATOR_IPV4, "0.0.0.0", false, 1, 0, 0},
    {"hosts: several names, tabs, a comment", S("0.0.0.0\tbad.com worse.com\t# two\n"), INDICATOR_DOMAIN, "worse.com", true, 2, 0, 0},
    {"hosts: CRLF", S("0.0.0.0 bad.com\r\n0.0.0.0 worse.com\r\n"), INDICATOR_DOMAIN, "bad.com", true, 2, 0, 0},
    {"hosts: the machine's own names are no part of it", S("127.0.0.1 localhost.localdomain local\n0.0.0.0 0.0.0.0\n0.0.0.0 bad.com"),
     INDICATOR_DOMAIN, "localhost.localdomain", false, 1, 0, 0},

    {"STIX", S(BUNDLE(INDICATOR("[domain-name:value = 'bad.com']"))), INDICATOR_DOMAIN, "bad.com", true, 1, 0, 0},
    {"STIX: OR within", S(BUNDLE(INDICATOR("[domain-name:value = 'bad.com' OR ipv4-addr:value='192.0.2.1']"))), INDICATOR_IPV4,
     "192.0.2.1", true, 2, 0, 0},
    {"STIX: OR between", S(BUNDLE(INDICATOR("[domain-name:value='bad.com'] OR [url:value='http://bad.com/x']"))), INDICATOR_URL,
     "http://bad.com/x", true, 2, 0, 0},
    {"STIX: parentheses", S(BUNDLE(INDICATOR("[(domain-name:value='a.com' OR domain-name:value='b.com')]"))), INDICATOR_DOMAIN, "b.com",
     true, 2, 0, 0},
    {"STIX: hashes", S(BUNDLE(INDICATOR("[file:hashes.'SHA-256' = '" SHA256 "' OR file:hashes.MD5 = '" MD5 "']"))), INDICATOR_FILE,
     MD5, true, 2, 0, 0},
    {"STIX: SHA-1", S(BUNDLE(INDICATOR("[file:hashes.'SHA-1' = '" SHA1 "']"))), INDICATOR_FILE, SHA1, true, 1, 0, 0},
    {"STIX: file name with a quote", S(BUNDLE(INDICATOR("[file:name = 'it\\\\'s.exe']"))), INDICATOR_FILE_NAME, "it's.exe", true, 1, 0,
     0},
    {"STIX: extension", S(BUNDLE(INDICATOR("[x-extension-id:value = 'abcd']"))), INDICATOR_EXTENSION, "abcd", true, 1, 0, 0},
    {"STIX: IPv6", S(BUNDLE(INDICATOR("[ipv6-addr:value = '2001:db8::1']"))), INDICATOR_IPV6, "2001:db8::1", true, 1, 0, 0},
    {"STIX: AND says less than its parts", S(BUNDLE(INDICATOR("[domain-name:value='a.com' AND url:value='http://b.com/']") ","
     INDICATOR("[domain-name:value='bad.com']"))), INDICATOR_DOMAIN, "a.com", false, 1, 1, 1},
    {"STIX: so does FOLLOWEDBY", S(BUNDLE(INDICATOR("[domain-name:value='bad.com']") ","
     INDICATOR("[domain-name:value='a.com'] FOLLOWEDBY [domain-name:value='b.com']"))), INDICATOR_DOMAIN, "a.com", false, 1, 1, 2},
    {"STIX: and a difference", S(BUNDLE(INDICATOR("[domain-name:value != 'a.com']") "," INDICATOR("[domain-name:value='bad.com']"))),
     INDICATOR_DOMAIN, "a.com", false, 1, 1, 1},
    {"STIX: an OR without a right side", S(BUNDLE(INDICATOR("[domain-name:value = 'a.com' OR") ","
     INDICATOR("[domain-name:value='bad.com']"))), INDICATOR_DOMAIN, "bad.com", true, 1, 1, 1},
    {"STIX: another pattern language", S(BUNDLE("{\"type\":\"indicator\",\"pattern_type\":\"yara\",\"pattern\":\"rule x\"},"
     INDICATOR("[domain-name:value='bad.com']"))), INDICATOR_DOMAIN, "bad.com", true, 1, 1, 1},
    {"STIX: revoked", S(BUNDLE("{\"type\":\"indicator\",\"revoked\":true,\"pattern\":\"[domain-name:value='a.com']\"},"
     INDICATOR("[domain-name:value='bad.com']"))), INDICATOR_DOMAIN, "a.com", false, 1, 0, 0},
    {"STIX: an observed name is no indicator", S(BUNDLE("{\"type\":\"domain-name\",\"value\":\"a.com\"},"
     INDICATOR("[domain-name:value='bad.com']"))), INDICATOR_DOMAIN, "a.com", false, 1, 0, 0},
    {"STIX: a path that radome cannot see beside one it can", S(BUNDLE(INDICATOR(
     "[email-addr:value='a@b.c' OR domain-name:value='bad.com']"))), INDICATOR_DOMAIN, "bad.com", true, 1, 1, 1},
    {"STIX: objects of the wrong kind", S(BUNDLE("1,null,\"x\",[],{},{\"type\":3},{\"type\":\"indicator\",\"pattern\":5},"
     INDICATOR("[domain-name:value='bad.com']"))), INDICATOR_DOMAIN, "bad.com", true, 1, 1, 7},
};

static const struct {
    const char *reason;
    struct slice list;
    const char *says;
} refused[] = {
    {"empty", S(""), "without an indicator"},
    {"only a mark", S("\xef\xbb\xbf"), "without an indicator"},
    {"only comments", S("# a\n# b\n"), "without an indicator"},
    {"only a header", S(CSV), "without an indicator"},
    {"a header without the column", S("\ntype,value\nx,y\n"), "line 2: the header must name"},
    {"nothing readable", S("\nfoo\nbar baz\n"), "line 2: not an indicator"},
    {"a web page", S("<!DOCTYPE html>\n<html></html>\n"), "line 1"},
    {"a hosts file without names", S("127.0.0.1 localhost\n"), "without an indicator"},
    {"JSON that breaks off", S("{\"type\":\"bundle\",\n\"objects\":["), "line 2"},
    {"JSON, but no bundle", S("{\"a\":1}"), "not a STIX bundle"},
    {"a bundle without objects", S("{\"type\":\"bundle\"}"), "not a STIX bundle"},
    {"a bundle without indicators", S(BUNDLE("")), "without an indicator"},
    {"a bundle with nothing readable", S(BUNDLE("{}," INDICATOR("[a:b LIKE 'c']"))), "object 2"},
};

static struct indicators *read_list(struct slice list, struct ioc_stats *stats, char err[static ERRLEN])
{
    struct indicators *set = indicators_open(5, err);
    err[0] = '\0';
    if (ioc_read(set, "dir/some.list", list, stats, err) && indicators_seal(set, err))
        return set;
    indicators_close(set);
    return NULL;
}

static void test_rows(void)
{
    char err[ERRLEN];
    struct ioc_stats stats;
    struct indicator row;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct indicators *set = read_list(guard_copy(r->list, 0), &stats, err);
        CHECK((set != NULL) == (r->rows > 0), "%s: %s", r->reason, err);
        if (set == NULL)
            continue;
        struct slice asked = guard_copy(slice_str(r->asked), 1);
        bool found = r->type == INDICATOR_DOMAIN ? indicators_find_domain(set, asked, &row) : indicators_find(set, r->type, asked, &row);
        CHECK(found == r->found, "%s", r->reason);
        CHECK(!found || row.provider[0] != '\0', "%s: provided by someone", r->reason);
        CHECK(stats.rows == r->rows && stats.unreadable == r->unreadable && stats.first_bad == r->first_bad, "%s: %zu, %zu, %zu",
              r->reason, stats.rows, stats.unreadable, stats.first_bad);
        indicators_close(set);
    }
}

static void test_refused(void)
{
    char err[ERRLEN];
    struct ioc_stats stats;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct indicators *set = read_list(guard_copy(refused[i].list, 0), &stats, err);
        CHECK(set == NULL && strstr(err, refused[i].says) != NULL && strncmp(err, "dir/some.list: ", 15) == 0, "%s: %s",
              refused[i].reason, err);
        indicators_close(set);
    }
    const char *nowhere = "/nowhere/list", *directory = "/tmp";
    CHECK(ioc_open(&nowhere, 1, true, 7, NULL, err) == NULL && strstr(err, nowhere) != NULL, "no such file: %s", err);
    CHECK(ioc_open(&directory, 1, true, 7, &stats, err) == NULL && strstr(err, directory) != NULL, "a directory: %s", err);
}

/* Words that stand beside a value, and which of two equal rows counts. */
static void test_words(void)
{
    char err[ERRLEN];
    struct ioc_stats stats;
    struct indicator row;
    struct indicators *set = read_list(S(CSV "domain-name,a.com,,first,\ndomain-name,a.com,DealPly,second,\n"
                                             "domain-name,a.com,ManageX,third,\ndomain-name,b.com,,,\n"), &stats, err);
    CHECK(indicators_find(set, INDICATOR_DOMAIN, S("a.com"), &row) && strcmp(row.provider, "second") == 0,
          "the first that names a family counts");
    CHECK(indicators_find(set, INDICATOR_DOMAIN, S("b.com"), &row) && strcmp(row.provider, "some.list") == 0,
          "a row without a provider is its list's: %s", row.provider);
    CHECK(indicators_count(set) == 2 && stats.rows == 4, "equal rows are one");
    indicators_close(set);

    set = read_list(S(BUNDLE("{\"type\":\"indicator\",\"id\":\"indicator--1\",\"created_by_ref\":\"identity--1\",\"name\":\"server\","
                             "\"pattern\":\"[domain-name:value='a.com']\"},{\"type\":\"identity\",\"id\":\"identity--1\",\"name\":\"CERT\"},"
                             "{\"type\":\"malware\",\"id\":\"malware--1\",\"name\":\"DealPly\"},{\"type\":\"relationship\","
                             "\"relationship_type\":\"indicates\",\"source_ref\":\"indicator--1\",\"target_ref\":\"malware--1\"}")),
                    &stats, err);
    CHECK(indicators_find(set, INDICATOR_DOMAIN, S("a.com"), &row) && strcmp(row.family, "DealPly") == 0 &&
              strcmp(row.provider, "CERT") == 0 && strcmp(row.description, "server") == 0,
          "a bundle's family, provider and description stand in other objects");
    indicators_close(set);
}

static void test_builtin(void)
{
    char err[ERRLEN];
    struct ioc_stats stats;
    struct indicators *set = indicators_open(5, err);
    struct indicator row;
    CHECK(ioc_builtin(set, &stats, err) && indicators_seal(set, err), "%s", err);
    CHECK(stats.unreadable == 0 && stats.rows == 223 && indicators_count(set) == 223, "every row of the built-in list counts: %zu",
          indicators_count(set));
    CHECK(indicators_find_domain(set, S("www.wagng.com"), &row) && strcmp(row.family, "IsErIk") == 0, "IsErIk's server");
    CHECK(indicators_find(set, INDICATOR_FILE_NAME, S("wa_wrup.DAT"), &row) && strcmp(row.value, "WA_WrUp.dat") == 0,
          "a file name without regard to case, told as it was published");
    CHECK(!indicators_find_domain(set, S("cloudfront.net"), &row) && !indicators_find_domain(set, S("s3.amazonaws.com"), &row),
          "a content network is never listed");
    indicators_close(set);
    set = ioc_open(NULL, 0, false, 7, NULL, err);
    CHECK(set != NULL && indicators_count(set) == 0 && !indicators_find_domain(set, S("wagng.com"), &row), "no list: nothing found");
    indicators_close(set);
    CHECK(!indicators_find_domain(NULL, S("wagng.com"), &row), "no set: nothing found");
}

/* Every list cut at every byte; then bytes changed. Whatever it says, it is read within its bounds. */
static void test_hostile(void)
{
    char err[ERRLEN], text[1024];
    struct ioc_stats stats;
    uint32_t state = 4711;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t n = 0; n <= rows[i].list.len; n++)
            indicators_close(read_list(guard_copy(slice_head(rows[i].list, n), 0), &stats, err));
    for (int i = 0; i < 5000; i++) {
        struct slice list = rows[(size_t)i % (sizeof rows / sizeof *rows)].list;
        size_t len = list.len < sizeof text ? list.len : sizeof text;
        memcpy(text, list.p, len);
        for (int k = 0; k < 4; k++) {
            state = state * 1664525 + 1013904223;
            text[(state >> 8) % len] = (char)(state >> 24);
        }
        indicators_close(read_list(guard_copy(slice_of(text, len), 0), &stats, err));
    }
    CHECK(true, "lists cut and changed are read without a crash");
}

/* Many entries of a kind, of names a million: how they are written, and what is asked for one of them and for none. */
static void write_name(char *out, unsigned i) { sprintf(out, "host%x.example%u.com", i * 2654435761u, i % 10); }
static void write_ipv4(char *out, unsigned i) { sprintf(out, "%u.%u.%u.%u", 1 + i % 223, i / 223 % 256, i / 57088 % 256, i % 256); }
static void write_ipv6(char *out, unsigned i) { sprintf(out, "2001:db8:%x:%x::%x", 1 + i / 1000, 1 + i % 1000, 1 + i % 65535); }
static void write_md5(char *out, unsigned i) { sprintf(out, "%08x%08x%08x%08x", i * 2654435761u, i, ~i, i ^ 0x5a5a5a5a); }

static void write_sha256(char *out, unsigned i)
{
    write_md5(out, i);
    write_md5(out + 32, i + 0x10000000);
}

static void write_url(char *out, unsigned i) { sprintf(out, "http://host%x.example.com/load/%x.dat", i * 2654435761u, i); }

static const struct kind {
    const char *reason;
    void (*write)(char *out, unsigned i);
    enum indicator_type type;
    unsigned entries, most; /* how many; bytes each at most */
    bool csv;
} kinds[] = {
    {"names", write_name, INDICATOR_DOMAIN, 1000000, 70, false},
    {"names as CSV", write_name, INDICATOR_DOMAIN, 250000, 70, true},
    {"IPv4 addresses", write_ipv4, INDICATOR_IPV4, 250000, 60, false},
    {"IPv6 addresses", write_ipv6, INDICATOR_IPV6, 250000, 70, false},
    {"MD5 hashes", write_md5, INDICATOR_FILE, 250000, 80, false},
    {"SHA-256 hashes", write_sha256, INDICATOR_FILE, 250000, 100, false},
    {"URLs", write_url, INDICATOR_URL, 250000, 100, false},
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What a program that only hashes every byte of it would take. */
static double least_seconds(struct slice text)
{
    double begun = seconds();
    uint64_t hash = 0;
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ text.p[i]) * 0x100000001b3u;
    CHECK(hash != 0, "something was read");
    return seconds() - begun;
}

static void test_many(const struct kind *kind)
{
    char *text = malloc(kind->entries * 100u), err[ERRLEN], value[128];
    size_t n = (size_t)sprintf(text, "%s", kind->csv ? CSV : "");
    for (unsigned i = 0; i < kind->entries; i++) {
        kind->write(value, i);
        n += (size_t)sprintf(text + n, kind->csv ? "%s,%s,DealPly,Somebody 2020,server\n" : "%s%s\n",
                             kind->csv ? indicator_type_name(kind->type) : "", value);
    }
    struct ioc_stats stats;
    struct indicator row;
    double least = least_seconds(slice_of(text, n)), begun = seconds();
    struct indicators *set = read_list(slice_of(text, n), &stats, err);
    double taken = seconds() - begun;
    CHECK(set != NULL && stats.rows == kind->entries && indicators_count(set) == kind->entries, "all of the %s: %zu %s", kind->reason, stats.rows, err);
    CHECK(indicators_bytes(set) < (size_t)kind->most * kind->entries, "%s: %zu bytes", kind->reason, indicators_bytes(set));
    CHECK(taken < 300 * least, "%s: %.2f s, where hashing their bytes takes %.2f s", kind->reason, taken, least);
    size_t found = 0, lines = 0;
    for (unsigned i = 0; i < kind->entries; i += 97) {
        kind->write(value, i);
        found += indicators_find(set, kind->type, slice_str(value), &row);
        lines += row.line == i + 1 + kind->csv;
        kind->write(value, i + kind->entries);
        found += indicators_find(set, kind->type, slice_str(value), &row);
    }
    CHECK(found == (kind->entries + 96) / 97 && lines == found, "%s: each found with its line, none beside: %zu, %zu", kind->reason, found, lines);
    printf("ioc: %u %s: %.2f s of processor time (%.1f times hashing them), %.1f bytes each\n", kind->entries, kind->reason,
           taken, taken / least, (double)indicators_bytes(set) / kind->entries);
    indicators_close(set);
    free(text);
}

/* Letters of a small alphabet, so that chance makes names that contain, end like and begin like others. */
static struct slice random_name(char *out, size_t longest)
{
    static uint64_t random = 20201125;
    size_t len = 0, wanted = 1 + (random >> 40) % longest;
    for (; len < wanted; len++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        out[len] = "abA.."[(random >> 33) % (len == 0 || len + 1 == wanted || out[len - 1] == '.' ? 3 : 5)];
    }
    return slice_of(out, len);
}

/* The nearest listed name by the letter: each end that begins behind a dot against each row. */
static bool is_listed(char listed[][16], unsigned count, struct slice name)
{
    for (size_t at = 0; at < name.len; at++)
        for (unsigned i = 0; (at == 0 || name.p[at - 1] == '.') && i < count; i++)
            if (slice_ieq(slice_from(name, at), slice_str(listed[i])))
                return true;
    return false;
}

/* Names short and long, of lists with short names and without: what is looked at first never hides a row. */
static void test_ends(void)
{
    unsigned found = 0;
    for (unsigned list = 0; list < 60; list++) {
        char err[ERRLEN], listed[12][16] = {{0}}, text[48];
        struct indicators *set = indicators_open(list, err);
        for (unsigned i = 0; i < 12; i++) {
            do
                listed[i][random_name(listed[i], 15).len] = '\0';
            while (strlen(listed[i]) < list % 10);
            indicators_add(set, &(struct indicator){INDICATOR_DOMAIN, listed[i], "", "", ""});
        }
        CHECK(indicators_seal(set, err), "%s", err);
        for (unsigned i = 0; i < 4000; i++) {
            struct indicator row;
            struct slice name = random_name(text, 20);
            if (i % 3 == 0) { /* below a listed one */
                memcpy(text + name.len, ".", 1);
                size_t len = slice_text(slice_str(listed[i % 12]), text + name.len + 1, 16);
                name.len += 1 + len;
            }
            bool expected = is_listed(listed, 12, name);
            found += expected;
            CHECK(indicators_find_domain(set, name, &row) == expected, "list %u: %.*s", list, (int)name.len, name.p);
        }
        indicators_close(set);
    }
    CHECK(found > 80000 && found < 200000, "some are listed, some are not: %u", found);
}

int main(void)
{
    test_ends();
    test_rows();
    test_refused();
    test_words();
    test_builtin();
    test_hostile();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        test_many(&kinds[i]);
    return check_report("ioc");
}
