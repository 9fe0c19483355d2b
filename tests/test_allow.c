/* What is never to be flagged: what a list may look like, and which entry decides. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "classifiers/hit.h"
#include "feeds/allow.h"
#include "feeds/geoip.h"
#include "tests/check.h"
#include "tests/mmdb_maker.h"

static const char *temporary(struct slice text)
{
    static char path[] = "/tmp/test_allow.XXXXXX";
    static bool made;
    int fd = made ? -1 : mkstemp(path);
    if (fd >= 0)
        close(fd);
    made = true;
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(text.p, 1, text.len, file) != text.len || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    return path;
}

static struct allow_stats stats;

static struct allow *open_text(struct slice text, bool builtin, char err[static ERRLEN])
{
    const char *path = temporary(text);
    err[0] = '\0';
    return allow_open(&path, 1, builtin, 7, &stats, err);
}

static const struct {
    const char *reason;
    struct slice list;
    const char *name, *decides; /* NULL: nothing does */
    size_t unreadable;
} rows[] = {
    {"the name itself", S("kodak.com\n"), "kodak.com", "kodak.com", 0},
    {"a name covers its subdomains", S("kodak.com\n"), "a.b.kodak.com", "kodak.com", 0},
    {"not what only ends alike", S("kodak.com\n"), "xkodak.com", NULL, 0},
    {"not the name above", S("www.kodak.com\n"), "kodak.com", NULL, 0},
    {"the nearest entry decides", S("kodak.com\nb.kodak.com\n"), "a.b.kodak.com", "b.kodak.com", 0},
    {"rank,name", S("1,google.com\n2,kodak.com\n"), "www.kodak.com", "kodak.com", 0},
    {"rank,name,more", S("1,kodak.com,99\n"), "kodak.com", "kodak.com", 0},
    {"a rank that is none", S("x y,kodak.com\nsonos.com"), "kodak.com", NULL, 1},
    {"CRLF", S("canon.com\r\nkodak.com\r\n"), "kodak.com", "kodak.com", 0},
    {"no line end at the end", S("kodak.com"), "kodak.com", "kodak.com", 0},
    {"byte order mark", S("\xef\xbb\xbfkodak.com\n"), "kodak.com", "kodak.com", 0},
    {"comments, whole lines and behind a name", S("# honest\n\nkodak.com # cameras\n"), "kodak.com", "kodak.com", 0},
    {"capitals in the list", S("KoDak.COM\n"), "kodak.com", "kodak.com", 0},
    {"capitals in the question", S("kodak.com\n"), "KODAK.com", "kodak.com", 0},
    {"the root's dot in the list", S("kodak.com.\n"), "kodak.com", "kodak.com", 0},
    {"the root's dot in the question", S("kodak.com\n"), "kodak.com.", "kodak.com", 0},
    {"a star in front", S("*.kodak.com\n"), "a.kodak.com", "kodak.com", 0},
    {"another script", S("m\xc3\xbcsli.com\n"), "xn--msli-0ra.com", "xn--msli-0ra.com", 0},
    {"the same in capitals", S("M\xc3\x9cSLI.com\n"), "xn--msli-0ra.com", "xn--msli-0ra.com", 0},
    {"bytes that are not UTF-8", S("m\xfcsli.com\nkodak.com\n"), "kodak.com", "kodak.com", 1},
    {"a rank from zero", S("0,kodak.com\n"), "kodak.com", "kodak.com", 0},
    {"an address is a server, not a name", S("192.0.2.1\nkodak.com\n"), "kodak.com", "kodak.com", 0},
    {"another word before a name", S("servers kodak.com\nsonos.com\n"), "kodak.com", NULL, 1},
    {"a name is no network", S("server kodak.com\nsonos.com\n"), "kodak.com", NULL, 1},
    {"a label of 64 bytes", S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com\nkodak.com"), "kodak.com",
     "kodak.com", 1},
    {"an empty question", S("kodak.com\n"), "", NULL, 0},
    {"a question of dots", S("kodak.com\n"), "...", NULL, 0},
};

/* Addresses: which entry decides for one as a client, as a server. */
static const struct {
    const char *reason;
    struct slice list;
    const char *addr, *client, *server; /* the entries; NULL: none */
    size_t unreadable;
} nets[] = {
    {"a client network", S("client 10.1.2.0/24\n"), "10.1.2.3", "client 10.1.2.0/24", NULL, 0},
    {"a server network", S("server 10.1.2.0/24\n"), "10.1.2.3", NULL, "server 10.1.2.0/24", 0},
    {"a bare network is the servers'", S("10.1.2.0/24\n"), "10.1.2.3", NULL, "server 10.1.2.0/24", 0},
    {"a bare address too", S("10.1.2.3\n"), "10.1.2.3", NULL, "server 10.1.2.3/32", 0},
    {"just outside", S("client 10.1.2.0/24\n"), "10.1.3.0", NULL, NULL, 0},
    {"the last of it", S("client 10.1.2.0/23\n"), "10.1.3.255", "client 10.1.2.0/23", NULL, 0},
    {"an odd length", S("client 10.128.0.0/9\n"), "10.255.1.1", "client 10.128.0.0/9", NULL, 0},
    {"and what lies before it", S("client 10.128.0.0/9\n"), "10.127.255.255", NULL, NULL, 0},
    {"bits behind the prefix say nothing", S("client 10.1.2.3/16\n"), "10.1.9.9", "client 10.1.0.0/16", NULL, 0},
    {"the smallest network decides", S("client 10.0.0.0/8\nclient 10.1.2.3\nclient 10.1.0.0/16"), "10.1.2.3",
     "client 10.1.2.3/32", NULL, 0},
    {"both sides", S("client 10.0.0.0/8\nserver 10.1.0.0/16\n"), "10.1.2.3", "client 10.0.0.0/8", "server 10.1.0.0/16", 0},
    {"IPv6", S("client 2001:DB8::/32\n"), "2001:db8::1", "client 2001:db8::/32", NULL, 0},
    {"an IPv6 address", S("server 2001:db8::1\n"), "2001:db8::1", NULL, "server 2001:db8::1/128", 0},
    {"an IPv6 network holds no IPv4", S("server ::/1\n"), "10.1.2.3", NULL, NULL, 0},
    {"an IPv4 network holds no IPv6", S("server 128.0.0.0/1\n"), "8000::1", NULL, NULL, 0},
    {"blanks, capitals, a comment", S("  Client\t10.1.2.0/24   # the scanner\r\n"), "10.1.2.3", "client 10.1.2.0/24", NULL, 0},
    {"everything is no network", S("client 0.0.0.0/0\nserver ::/0\nclient 10.9.9.9\n"), "10.1.2.3", NULL, NULL, 2},
    {"too long a prefix", S("client 10.1.2.3/33\nclient 10.9.9.9\n"), "10.1.2.3", NULL, NULL, 1},
    {"no number behind the slash", S("client 10.1.2.3/\nclient 10.1.2.3/x\nclient 10.9.9.9\n"), "10.1.2.3", NULL, NULL, 2},
    {"a word too many", S("client 10.1.2.3 10.1.2.4\nclient 10.9.9.9\n"), "10.1.2.3", NULL, NULL, 1},
    {"half a line", S("client\nclient 10.9.9.9\n"), "10.1.2.3", NULL, NULL, 1},
    {"an AS, which only a database knows", S("as 64500\nAS64501\nas AS64502\n"), "10.1.2.3", NULL, NULL, 0},
    {"no AS", S("as\nas 0\nas 4294967296\nasn 5\nas64500x\nas 64500\n"), "10.1.2.3", NULL, NULL, 5},
};

static void check_entry(bool found, const struct allow_entry *entry, const char *what, const char *reason)
{
    CHECK(found == (what != NULL), "%s: %s", reason, found ? entry->what : "none");
    CHECK(!found || what == NULL || strcmp(entry->what, what) == 0, "%s: %s", reason, entry->what);
}

static void test_networks(void)
{
    char err[ERRLEN];
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        struct allow *allow = open_text(nets[i].list, false, err);
        struct allow_entry entry = {0};
        struct addr addr;
        if (!CHECK(allow != NULL && addr_parse(&addr, slice_str(nets[i].addr)), "%s: %s", nets[i].reason, err))
            continue;
        check_entry(allow_client(allow, &addr, &entry), &entry, nets[i].client, nets[i].reason);
        check_entry(allow_server(allow, NULL, &addr, &entry), &entry, nets[i].server, nets[i].reason);
        CHECK(stats.unreadable == nets[i].unreadable, "%s: %zu", nets[i].reason, stats.unreadable);
        allow_close(allow);
    }
}

/* What one list of every kind says of hits. The database knows 203.0.113.0/24 as AS 64500. */
static const struct {
    const char *reason;
    struct hit hit;      /* but for its addresses */
    const char *client, *server, *answer[2];
    enum allowed allowed;
} hits[] = {
    {"nothing of it is listed", {.kind = HIT_DOMAIN, .seen = SEEN_TLS, .name = "a.com"}, "10.9.9.9", "192.0.2.1", {NULL}, ALLOWED_NOT},
    {"an allowed name", {.kind = HIT_DOMAIN, .seen = SEEN_TLS, .name = "x.kodak.com"}, "10.9.9.9", "192.0.2.1", {NULL}, ALLOWED_NAME},
    {"an indicator beats it", {.kind = HIT_INDICATOR, .seen = SEEN_TLS, .name = "kodak.com"}, "10.9.9.9", "192.0.2.1", {NULL},
     ALLOWED_NOT},
    {"a beacon to it is told", {.kind = HIT_BEACON, .seen = SEEN_HTTP, .name = "kodak.com"}, "10.9.9.9", "192.0.2.1", {NULL},
     ALLOWED_NOT},
    {"a beacon to an allowed server", {.kind = HIT_BEACON, .seen = SEEN_HTTP, .name = "a.com"}, "10.9.9.9", "198.51.100.7", {NULL},
     ALLOWED_SERVER},
    {"a program from one", {.kind = HIT_PAYLOAD, .seen = SEEN_HTTP, .name = "a.com"}, "10.9.9.9", "198.51.100.7", {NULL}, ALLOWED_SERVER},
    {"an indicator beats a server", {.kind = HIT_INDICATOR, .seen = SEEN_HTTP}, "10.9.9.9", "198.51.100.7", {NULL}, ALLOWED_NOT},
    {"a server by its AS", {.kind = HIT_BEACON, .seen = SEEN_HTTP}, "10.9.9.9", "203.0.113.9", {NULL}, ALLOWED_SERVER},
    {"a client beats an indicator", {.kind = HIT_INDICATOR, .seen = SEEN_HTTP}, "10.1.2.3", "192.0.2.1", {NULL}, ALLOWED_CLIENT},
    {"a client's lookups", {.kind = HIT_DOMAIN, .seen = SEEN_DNS, .name = "a.com"}, "10.1.2.3", "192.0.2.1", {NULL}, ALLOWED_CLIENT},
    {"the client's network is no server's", {.kind = HIT_BEACON, .seen = SEEN_HTTP}, "10.9.9.9", "10.1.2.3", {NULL}, ALLOWED_NOT},
    {"a resolver is not the server", {.kind = HIT_DOMAIN, .seen = SEEN_DNS, .name = "a.com"}, "10.9.9.9", "198.51.100.7", {NULL},
     ALLOWED_NOT},
    {"an answer that leads to allowed servers", {.kind = HIT_DOMAIN, .seen = SEEN_DNS, .name = "a.com"}, "10.9.9.9", "10.0.0.1",
     {"198.51.100.7", "203.0.113.200"}, ALLOWED_SERVER},
    {"one that also leads elsewhere", {.kind = HIT_DOMAIN, .seen = SEEN_DNS, .name = "a.com"}, "10.9.9.9", "10.0.0.1",
     {"198.51.100.7", "192.0.2.1"}, ALLOWED_NOT},
};

static struct addr addr_of(const char *text)
{
    struct addr addr;
    CHECK(addr_parse(&addr, slice_str(text)), "%s", text);
    return addr;
}

static void test_hits(void)
{
    static struct out out;
    char err[ERRLEN];
    make(&out, LITE_ASN, 6);
    const char *path = write_file(0, out.byte, out.n);
    struct geoip *geoip = geoip_open(&path, 1, err);
    struct allow *allow = open_text(S("kodak.com\nclient 10.1.2.0/24\nserver 198.51.100.0/24\nas 64500\n"), false, err);
    if (!CHECK(geoip != NULL && allow != NULL, "%s", err))
        return;
    CHECK(allow_has_as(allow) && allow_count(allow) == 4, "an entry a line");
    for (size_t i = 0; i < sizeof hits / sizeof *hits; i++) {
        struct hit hit = hits[i].hit;
        hit.tuple.src = addr_of(hits[i].client);
        hit.tuple.dst = addr_of(hits[i].server);
        for (; hit.addrs < 2 && hits[i].answer[hit.addrs] != NULL; hit.addrs++)
            hit.addr[hit.addrs] = addr_of(hits[i].answer[hit.addrs]);
        enum allowed allowed = allow_hit(allow, geoip, &hit);
        CHECK(allowed == hits[i].allowed, "%s: %d", hits[i].reason, allowed);
        CHECK(allow_hit(NULL, geoip, &hit) == ALLOWED_NOT, "without a list nothing is: %s", hits[i].reason);
    }
    allow_close(allow);
    geoip_close(geoip);
    unlink(path);
}

static const struct {
    const char *reason;
    struct slice list;
    const char *says;
} refused[] = {
    {"empty", S(""), "without a name"},
    {"comments only", S("# nothing\n\n"), "without a name"},
    {"no name in any line", S("\n###\n<html>\n<body>\n"), "line 3"},
    {"bytes", S("\x00\x01\x02\xff\xfe\n\x00"), "line 1"},
};

static void test_rows(void)
{
    char err[ERRLEN];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct allow *allow = open_text(rows[i].list, false, err);
        if (!CHECK(allow != NULL, "%s: %s", rows[i].reason, err))
            continue;
        struct allow_entry entry = {0};
        bool found = allow_name(allow, guard_copy(slice_str(rows[i].name), 0), &entry);
        CHECK(found == (rows[i].decides != NULL), "%s", rows[i].reason);
        CHECK(!found || rows[i].decides == NULL || strcmp(entry.what, rows[i].decides) == 0, "%s: %s", rows[i].reason, entry.what);
        CHECK(stats.unreadable == rows[i].unreadable, "%s: %zu", rows[i].reason, stats.unreadable);
        allow_close(allow);
    }
}

static void test_refused(void)
{
    char err[ERRLEN];
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *path = temporary(refused[i].list);
        struct allow *allow = allow_open(&path, 1, true, 7, NULL, err);
        CHECK(allow == NULL && strstr(err, refused[i].says) != NULL, "%s: %s", refused[i].reason, err);
        allow_close(allow);
    }
    struct allow *allow = open_text(S("# nothing\n"), true, err);
    CHECK(allow != NULL && stats.empty && allow_count(allow) > 100, "an empty one is the caller's to judge: %s", err);
    allow_close(allow);
    const char *nowhere = "/nowhere/allow.txt", *directory = "/tmp";
    CHECK(allow_open(&nowhere, 1, true, 7, &stats, err) == NULL && strstr(err, nowhere) != NULL, "no such file: %s", err);
    CHECK(allow_open(&directory, 1, true, 7, &stats, err) == NULL && strstr(err, directory) != NULL, "a directory: %s", err);
}

static void test_builtin(void)
{
    char err[ERRLEN];
    struct allow *allow = allow_open(NULL, 0, true, 7, &stats, err);
    struct allow_entry entry = {0};
    CHECK(allow_name(allow, S("www.canon.com"), &entry) && strcmp(entry.list, "built-in look-alikes") == 0 && entry.line > 0,
          "the built-in list says where an entry stands: %s", err);
    allow_close(allow);
    allow = allow_open(NULL, 0, false, 7, &stats, err);
    CHECK(allow != NULL && allow_count(allow) == 0 && !allow_name(allow, S("kodak.com"), &entry), "nothing is allowed");
    allow_close(allow);
    CHECK(!allow_name(NULL, S("kodak.com"), &entry), "no list at all");
    allow_close(NULL);
}

/* A list of Tranco's size. */
static void test_many(void)
{
    enum { NAMES = 200000 };
    char *text = malloc(NAMES * 32), err[ERRLEN];
    size_t n = 0;
    for (int i = 1; i <= NAMES; i++)
        n += (size_t)sprintf(text + n, "%d,name%d.example%d.org\r\n", i, i, i % 97);
    struct allow *allow = open_text(slice_of(text, n), false, err);
    CHECK(allow != NULL && allow_count(allow) == NAMES, "all of %d names: %s", NAMES, err);
    struct allow_entry entry = {0};
    CHECK(allow_name(allow, S("www.name199999.example82.org"), &entry) && strcmp(entry.what, "name199999.example82.org") == 0 &&
              entry.line == 199999, "one near the end, and its line");
    CHECK(!allow_name(allow, S("name200001.example82.org"), &entry), "one behind the end");
    allow_close(allow);
    free(text);
}

int main(void)
{
    test_rows();
    test_networks();
    test_hits();
    test_refused();
    test_builtin();
    test_many();
    unlink(temporary(S("")));
    return check_report("allow");
}
