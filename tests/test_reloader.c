/* Lists loaded anew while somebody reads them: what is taken, what is refused and with which words, and who may still hold
 * what. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>

#include "feeds/reloader.h"
#include "tests/check.h"
#include "tests/mmdb_maker.h"

static char folder[] = "/tmp/test_reloader.XXXXXX";

static const char *file(const char *name, const char *text)
{
    static char path[4][128];
    static unsigned turn;
    char *out = path[turn++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", folder, name);
    FILE *f = text == NULL ? NULL : fopen(out, "w");
    if (text != NULL && (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)) {
        perror(out);
        exit(1);
    }
    return out;
}

static void nap(unsigned ms)
{
    nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
}

struct feeds {
    struct setting_list ioc, allow, geoip;
    struct lists_settings settings;
};

static struct feeds *feeds_of(struct feeds *f, const char *ioc, const char *allow, const char *geoip)
{
    *f = (struct feeds){{{ioc}, ioc != NULL}, {{allow}, allow != NULL}, {{geoip}, geoip != NULL}, {NULL}};
    f->settings = (struct lists_settings){&f->ioc, &f->allow, &f->geoip, .seed = 3};
    return f;
}

/* One file's text and the text that replaces it: taken, or refused with these words? */
static const struct {
    const char *reason, *before, *after, *says; /* NULL: no such file any more; says "": taken */
    bool is_allow, may_shrink;
} rows[] = {
    {"the same again", "a.com\nb.com\n", "a.com\nb.com\n", "", false, false},
    {"more", "a.com\nb.com\n", "a.com\nb.com\nc.com\n", "", false, false},
    {"a little less", "a.com\nb.com\nc.com\n", "a.com\nb.com\n", "", false, false},
    {"half", "a.com\nb.com\nc.com\nd.com\n", "a.com\nb.com\n", "2 entries where 4 were", false, false},
    {"less than half", "a.com\nb.com\nc.com\n", "a.com\n", "1 entries where 3 were", false, false},
    {"half, as it is meant", "a.com\nb.com\nc.com\nd.com\n", "a.com\nb.com\n", "", false, true},
    {"nothing", "a.com\n", "", "an empty list", false, false},
    {"comments alone", "a.com\n", "# soon more\n", "an empty list", false, false},
    {"nothing, as it is meant", "a.com\n", "", "", false, true},
    {"a server's excuse", "a.com\n", "<html>\n<body>503</body>\n", "line 1: not an indicator", false, false},
    {"an excuse is never meant", "a.com\n", "<html>\n<body>503</body>\n", "line 1: not an indicator", false, true},
    {"a bundle that broke off", "a.com\n", "{\"type\":\"bundle\",\n\"objects\":[", "line 2", false, true},
    {"gone", "a.com\n", NULL, "No such file", false, true},
    {"another form", "a.com\nb.com\n", "type,indicator\ndomain-name,a.com\ndomain-name,b.com\n", "", false, false},
    {"an allowlist", "a.com\nclient 10.0.0.0/8\n", "a.com\nas 5\nserver 10.0.0.0/8\n", "", true, false},
    {"half an allowlist", "a.com\nclient 10.0.0.0/8\n", "a.com\n", "1 entries where 2 were", true, false},
    {"no allowlist", "a.com\nclient 10.0.0.0/8\n", "", "an empty list", true, false},
    {"no allowlist, as it is meant", "a.com\nclient 10.0.0.0/8\n", "\n", "", true, true},
};

static void test_rows(void)
{
    char err[ERRLEN];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct feeds feeds;
        const char *path = file("list", rows[i].before);
        feeds_of(&feeds, rows[i].is_allow ? NULL : path, rows[i].is_allow ? path : NULL, NULL);
        struct lists *before = lists_open(&feeds.settings, NULL, err);
        if (!CHECK(before != NULL, "%s: %s", rows[i].reason, err))
            continue;
        if (rows[i].after == NULL)
            unlink(path);
        else
            file("list", rows[i].after);
        feeds.settings.may_shrink = rows[i].may_shrink;
        struct lists *after = lists_open(&feeds.settings, before, err);
        CHECK((after != NULL) == (rows[i].says[0] == '\0'), "%s: %s", rows[i].reason, after != NULL ? "taken" : err);
        CHECK(after != NULL || (strstr(err, rows[i].says) != NULL && strstr(err, path) != NULL), "%s: %s", rows[i].reason, err);
        lists_close(after, NULL);
        lists_close(before, NULL);
    }
}

/* Swaps what comes, until the sentence does. */
static bool wait_for(struct reloader *r, const char *sentence)
{
    char news[ERRLEN] = "";
    for (unsigned i = 0; i < 5000; i++) {
        if (reloader_swap(r))
            reloader_release(r);
        while (reloader_news(r, news))
            if (strstr(news, sentence) != NULL)
                return true;
        nap(2);
    }
    return CHECK(false, "'%s' is told; the last was '%s'", sentence, news);
}

static bool listed(const struct reloader *r, const char *name)
{
    struct indicator row;
    return indicators_find_domain(lists_indicators(reloader_lists(r)), slice_str(name), &row);
}

static struct reloader *open_reloader(const struct lists_settings *settings, unsigned look_ms)
{
    char err[ERRLEN];
    struct lists *lists = lists_open(settings, NULL, err);
    struct reloader *r = lists != NULL ? reloader_open(lists, look_ms, err) : NULL;
    CHECK(r != NULL, "%s", err);
    return r;
}

static void test_hand_over(void)
{
    struct feeds feeds;
    struct reloader_stats stats;
    struct indicator row;
    char news[ERRLEN];
    feeds_of(&feeds, file("list", "a.com\nb.com\n"), NULL, NULL);
    struct reloader *r = open_reloader(&feeds.settings, 0);
    if (r == NULL)
        return;
    CHECK(!reloader_swap(r) && !reloader_news(r, news), "nothing new at first");
    file("list", "b.com\nc.com\n");
    reloader_ask(r, &feeds.settings);
    for (unsigned i = 0; i < 5000 && !reloader_swap(r); i++) {
        CHECK(listed(r, "a.com") && !listed(r, "c.com"), "until they are swapped the old ones count");
        nap(1);
    }
    CHECK(listed(r, "c.com") && !listed(r, "a.com"), "then the new ones");
    reloader_release(r);
    CHECK(wait_for(r, "generation 2 in force: 2 indicators (list 2, "), "which is told");
    CHECK(indicators_find_domain(lists_indicators(reloader_lists(r)), S("x.c.com"), &row) && row.line == 2 &&
              strstr(row.list, "/list") != NULL, "an entry knows where it stands");

    for (unsigned i = 0; i < 1000; i++)
        reloader_ask(r, &feeds.settings);
    CHECK(wait_for(r, "generation 3 in force"), "a thousand at once are a load, and at most one more behind it");
    nap(50);
    while (reloader_swap(r))
        reloader_release(r), nap(50);
    reloader_stats(r, &stats);
    CHECK(stats.generation <= 6 && stats.lists.indicators == 2 && stats.lists.files == 1 && stats.refused == 0, "%llu generations",
          (unsigned long long)stats.generation);
    while (reloader_news(r, news))
        ;
    file("list", "");
    for (unsigned i = 0; i < 3; i++) {
        reloader_ask(r, &feeds.settings);
        CHECK(wait_for(r, "stays in force: ") && listed(r, "c.com"), "what is refused changes nothing");
    }
    reloader_stats(r, &stats);
    CHECK(stats.refused == 3, "and is counted: %llu", (unsigned long long)stats.refused);
    file("list", "c.com\nd.com\n");
    reloader_ask(r, &feeds.settings);
    reloader_close(r); /* with a load under way */
}

/* A reader that is told of a swap through a pointer, as a worker is, and asks without a pause. */
struct reader {
    _Atomic(const struct lists *) lists;
    _Atomic uint64_t asked;
    _Atomic bool end;
    bool well;
};

static void *read_on(void *data)
{
    struct reader *reader = data;
    struct indicator row;
    reader->well = true;
    while (!atomic_load(&reader->end)) {
        const struct lists *lists = atomic_load(&reader->lists);
        if (lists == NULL)
            continue;
        reader->well &= indicators_find_domain(lists_indicators(lists), S("www.always.com"), &row) && strcmp(row.value, "always.com") == 0;
        atomic_fetch_add(&reader->asked, 1);
    }
    return NULL;
}

static void test_readers(void)
{
    struct feeds feeds;
    struct reader reader = {NULL};
    pthread_t thread;
    feeds_of(&feeds, file("list", "always.com\nb.com\n"), NULL, NULL);
    struct reloader *r = open_reloader(&feeds.settings, 0);
    if (r == NULL)
        return;
    atomic_store(&reader.lists, reloader_lists(r));
    pthread_create(&thread, NULL, read_on, &reader);
    for (unsigned swaps = 0; swaps < 50;) {
        if (reloader_swap(r)) {
            /* As long as the reader may be within a question it has the old lists: two more questions later it cannot. */
            atomic_store(&reader.lists, reloader_lists(r));
            uint64_t asked = atomic_load(&reader.asked);
            while (atomic_load(&reader.asked) < asked + 2)
                ;
            reloader_release(r);
            swaps++;
        } else if (reloader_lists(r) != NULL)
            reloader_ask(r, &feeds.settings);
        nap(1);
    }
    atomic_store(&reader.end, true);
    pthread_join(thread, NULL);
    CHECK(reader.well, "fifty swaps while one reads without a pause: every question was answered");
    reloader_close(r);
}

/* GeoIP databases: replaced as they should be, and as they should not. */
static uint32_t asn(const struct reloader *r)
{
    struct addr addr;
    struct geo geo;
    addr_parse(&addr, S("203.0.113.7"));
    geoip_find(lists_geoip(reloader_lists(r)), &addr, &geo);
    return geo.asn;
}

static void write_database(const char *path, enum layout layout, size_t less)
{
    static struct out out;
    make(&out, layout, 6);
    FILE *f = fopen(path, "r+"); /* in place: the same file */
    if (f == NULL)
        f = fopen(path, "w");
    CHECK(f != NULL && fwrite(out.byte, 1, out.n - less, f) == out.n - less && fflush(f) == 0 &&
              ftruncate(fileno(f), (off_t)(out.n - less)) == 0, "%s", path);
    fclose(f);
}

static void test_geoip(void)
{
    struct feeds feeds;
    const char *path = file("geo.mmdb", NULL), *list = file("list", "a.com\n");
    char other[160];
    snprintf(other, sizeof other, "%s.new", path);
    write_database(path, LITE_ASN, 0);
    feeds_of(&feeds, list, NULL, path);
    struct reloader *r = open_reloader(&feeds.settings, 20);
    if (r == NULL)
        return;
    CHECK(asn(r) == 64500, "as it was");
    file("list", "c.com\n"); /* nobody asked for this one */
    write_database(other, FLAT, 0);
    rename(other, path);
    CHECK(wait_for(r, "generation 2 in force") && asn(r) == 64501, "replaced by another file: noticed");
    CHECK(listed(r, "a.com") && !listed(r, "c.com"), "lists that nobody asked to load anew stay");
    write_database(path, FLAT_TEXT, 0);
    CHECK(asn(r) == 64501, "overwritten in place: what is read is what was opened");
    CHECK(wait_for(r, "generation 3 in force") && asn(r) == 64502, "and then the new one");
    write_database(path, LITE_ASN, 30);
    CHECK(asn(r) == 64502, "cut in place: the same");
    CHECK(wait_for(r, "generation 3 stays in force") && asn(r) == 64502, "but nothing new");
    CHECK(truncate(path, 0) == 0 && asn(r) == 64502, "cut to nothing: nobody dies");
    CHECK(wait_for(r, "generation 3 stays in force"), "which is told");
    unlink(path);
    nap(100);
    CHECK(asn(r) == 64502, "gone");
    write_database(path, LITE_ASN, 0);
    CHECK(wait_for(r, "generation 4 in force") && asn(r) == 64500, "and back");
    reloader_close(r);
    unlink(path);
}

/* While a long list is read, whoever owns the packets is never kept waiting: it goes on asking all the time. */
static void test_no_pause(void)
{
    enum { NAMES = 300000 };
    struct feeds feeds;
    struct timespec begun, now;
    const char *path = file("list", "always.com\n");
    feeds_of(&feeds, path, NULL, NULL);
    struct reloader *r = open_reloader(&feeds.settings, 0);
    FILE *f = fopen(path, "w");
    if (r == NULL || !CHECK(f != NULL, "%s", path))
        return;
    for (unsigned i = 0; i < NAMES; i++)
        fprintf(f, "name%u.example.com\n", i);
    fprintf(f, "always.com\n");
    fclose(f);
    reloader_ask(r, &feeds.settings);
    uint64_t turns = 0, found = 0;
    for (clock_gettime(CLOCK_MONOTONIC, &begun); !reloader_swap(r); turns++) {
        found += listed(r, "www.always.com");
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec > begun.tv_sec + 60)
            break;
    }
    CHECK(turns > 1000 && found == turns, "%llu turns while %d names were read", (unsigned long long)turns, NAMES);
    reloader_release(r);
    CHECK(listed(r, "www.always.com") && listed(r, "name299999.example.com"), "then they are in force");
    reloader_close(r);
}

int main(void)
{
    if (!CHECK(mkdtemp(folder) != NULL, "%s", folder))
        return check_report("reloader");
    test_rows();
    test_hand_over();
    test_readers();
    test_geoip();
    test_no_pause();
    unlink(file("list", NULL));
    rmdir(folder);
    return check_report("reloader");
}
