/* The spool: documents in and out in order, bounded in memory and on disk, through a disk that takes nothing for a while. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "feeds/spool.h"
#include "tests/check.h"

static char directory[] = "/tmp/radome-test.XXXXXX", err[ERRLEN];
static struct state *state;
static struct news *news;
static struct batch batch;

static void clean(void)
{
    char line[ERRLEN];
    state_close(state);
    snprintf(line, sizeof line, "rm -rf -- %s/*", directory);
    if (system(line) != 0 || (state = state_open(directory, err)) == NULL)
        printf("%s\n", err);
}

static struct spool *open_spool(bool on_disk, uint64_t journal_bytes, uint64_t queue_bytes, uint64_t again)
{
    struct spool_settings settings = {on_disk ? state : NULL, journal_bytes, queue_bytes, again, 0};
    struct spool *s = spool_open(&settings, news, err);
    if (!CHECK(s != NULL, "%s", err))
        exit(check_report("test_spool"));
    return s;
}

static struct slice document_of(uint64_t position)
{
    static char text[64];
    snprintf(text, sizeof text, "{\"document\":%llu}", (unsigned long long)position);
    return slice_str(text);
}

static void put(struct spool *s, uint64_t from, uint64_t to)
{
    for (; from < to; from++)
        spool_put(s, document_of(from), from * 1000);
}

/* Takes all from a position up to another: how many documents, each of which is what its position says. Gaps are added up. */
static uint64_t take_all(struct spool *s, uint64_t *from, uint64_t to, uint64_t *lost, bool sent)
{
    uint64_t found = 0;
    *lost = 0;
    while (*from < to && CHECK(spool_take(s, *from, &batch, 20000), "it comes")) {
        for (size_t i = 0; i < batch.count; i++)
            CHECK(slice_eq(batch.document[i], document_of(batch.first + i)), "document %llu", (unsigned long long)batch.first + i);
        CHECK(batch.count == 0 || batch.us == batch.first * 1000, "with its time");
        CHECK(batch.count <= BATCH && batch.next == batch.first + batch.count, "a batch");
        *lost += batch.first - *from;
        *from = batch.next;
        found += batch.count;
        if (sent)
            spool_sent(s, *from);
    }
    return found;
}

static void through(bool on_disk)
{
    uint64_t from = 0, lost;
    struct spool_stats stats;
    struct spool *s = open_spool(on_disk, 1 << 20, 1 << 20, UINT64_MAX);
    put(s, 0, 1000);
    CHECK(take_all(s, &from, 1000, &lost, true) == 1000 && lost == 0 && from == 1000, "all, in order");
    put(s, 1000, 1001);
    CHECK(take_all(s, &from, 1001, &lost, true) == 1 && lost == 0, "one more");
    put(s, 1001, 1500);
    CHECK(spool_finish(s, 60000), "all on disk");
    CHECK(take_all(s, &from, 1500, &lost, true) == 499 && lost == 0, "what is put before the end is there after it");
    spool_stats(s, &stats);
    CHECK(stats.put == 1500 && stats.dropped == 0 && stats.waiting == 0, "counted");
    spool_close(s);
    CHECK(!news_take(news, err), "nothing to tell");
}

static void in_memory(void)
{
    uint64_t from = 0, lost, found;
    struct spool_stats stats;
    through(false);
    struct spool *s = open_spool(false, 0, 4000, UINT64_MAX);
    put(s, 0, 10);
    CHECK(spool_take(s, 0, &batch, 300) && batch.count == 10, "a batch that is on its way");
    put(s, 10, 1000);
    from = 10;
    found = take_all(s, &from, 1000, &lost, true);
    spool_stats(s, &stats);
    CHECK(found > 150 && found + lost == 990 && from == 1000, "the newest are there: %llu", (unsigned long long)found);
    CHECK(stats.dropped == lost, "dropped as counted: %llu, %llu", (unsigned long long)stats.dropped, (unsigned long long)lost);
    CHECK(news_take(news, err) && strstr(err, "queue of unsent hits is full") != NULL && !news_take(news, err), "told once");
    spool_close(s);
}

static void on_disk(void)
{
    uint64_t from = 0, lost;
    through(true);
    clean();
    struct spool *s = open_spool(true, 1 << 20, 1 << 20, UINT64_MAX);
    uint64_t id = spool_id(s);
    put(s, 0, 700);
    CHECK(spool_take(s, 0, &batch, 1000), "a batch is on its way when the process ends");
    spool_sent(s, 100);
    spool_close(s);
    s = open_spool(true, 1 << 20, 1 << 20, UINT64_MAX);
    CHECK(spool_id(s) == id && spool_next(s) == 700 && spool_sent_before(s) == 100, "the journal is the same in the next");
    from = 100;
    CHECK(take_all(s, &from, 700, &lost, true) == 600 && lost == 0, "and gives what was not sent");
    spool_close(s);
    s = open_spool(true, 1 << 20, 1 << 20, 500); /* a replay whose first document was at 500 begins again */
    put(s, 500, 900);
    from = 700;
    struct spool_stats stats;
    CHECK(take_all(s, &from, 900, &lost, true) == 200 && lost == 0, "only what is new");
    spool_stats(s, &stats);
    CHECK(stats.again == 200, "the others were there");
    spool_close(s);
}

static void bounded_on_disk(void)
{
    uint64_t from = 0, lost, found, count = 40000;
    struct spool_stats stats;
    struct spool *s = open_spool(true, 1 << 20, 8 << 20, UINT64_MAX);
    put(s, 0, count);
    CHECK(spool_finish(s, 60000), "all on disk");
    found = take_all(s, &from, count, &lost, false);
    spool_stats(s, &stats);
    CHECK(found + lost == count && lost > 0 && from == count, "the oldest are gone: %llu", (unsigned long long)lost);
    CHECK(stats.dropped == lost && stats.bytes <= 1 << 20, "as counted: %llu, %llu", (unsigned long long)stats.dropped, (unsigned long long)lost);
    CHECK(news_take(news, err) && strstr(err, "journal of unsent hits is full") != NULL && !news_take(news, err), "told once: %s", err);
    spool_close(s);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
}

/* A disk that takes nothing: documents go on through memory, and back onto the disk, each once. */
static void refused(void)
{
    uint64_t from = 0, lost;
    struct spool_stats stats;
    struct spool *s = open_spool(true, 16 << 20, 1 << 20, UINT64_MAX);
    put(s, 0, 200);
    CHECK(take_all(s, &from, 200, &lost, true) == 200, "before");
    limit_files(20000);
    put(s, 200, 2000);
    CHECK(take_all(s, &from, 2000, &lost, true) == 1800 && lost == 0 && from == 2000, "through memory");
    CHECK(news_take(news, err) && strstr(err, "File too large; capture goes on") != NULL, "told: %s", err);
    put(s, 2000, 2300);
    limit_files(RLIM_INFINITY);
    for (int i = 0; i < 300 && !news_take(news, err); i++)
        usleep(10000);
    CHECK(strstr(err, "takes hits again") != NULL, "told: %s", err);
    put(s, 2300, 2500);
    CHECK(take_all(s, &from, 2500, &lost, true) == 500 && lost == 0, "and on");
    spool_stats(s, &stats);
    CHECK(stats.disk_refused == 1 && stats.dropped == 0, "counted");
    spool_close(s);
    s = open_spool(true, 16 << 20, 1 << 20, UINT64_MAX);
    CHECK(spool_next(s) == 2500 && spool_sent_before(s) == 2500, "the next process goes on behind it");
    spool_close(s);
}

int main(void)
{
    static void (*const tests[])(void) = {in_memory, on_disk, bounded_on_disk, refused};
    signal(SIGXFSZ, SIG_IGN);
    if (mkdtemp(directory) == NULL || (news = news_open()) == NULL)
        return 1;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        clean();
        tests[i]();
    }
    clean();
    state_close(state);
    news_close(news);
    char line[ERRLEN];
    snprintf(line, sizeof line, "rm -rf -- %s", directory);
    return system(line) != 0 ? 1 : check_report("test_spool");
}
