/* The journal on a disk: cut and damaged at every byte, at its bound, sent, opened again; and the directory it lies in. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feeds/journal.h"
#include "tests/check.h"

static char directory[] = "/tmp/radome-test.XXXXXX", err[ERRLEN];
static struct state *state;
static struct news *news;
static struct batch batch;

static void run(const char *command)
{
    char line[ERRLEN];
    snprintf(line, sizeof line, "cd %s && %s", directory, command);
    if (system(line) != 0)
        printf("%s: failed\n", line);
}

static struct slice whole; /* a file as it was before it is harmed */

static void keep(const char *name)
{
    char path[ERRLEN];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    free((uint8_t *)whole.p);
    whole = check_file(path);
}

/* The kept file again, but only so many bytes of it, and at `place` another byte. */
static void restore(const char *name, size_t bytes, size_t place, uint8_t byte)
{
    int fd = openat(state_directory(state), name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    bool written = fd >= 0 && write(fd, whole.p, bytes) == (ssize_t)bytes;
    if (written && place < bytes)
        written = pwrite(fd, &byte, 1, (off_t)place) == 1;
    CHECK(written, "%s", name);
    close(fd);
}

static void open_state(void)
{
    state = state_open(directory, err);
    CHECK(state != NULL, "%s", err);
}

static struct journal *open_journal(uint64_t bytes, uint64_t again)
{
    struct journal_settings settings = {state, bytes, again, news};
    struct journal *j = journal_open(&settings, err);
    if (!CHECK(j != NULL, "%s", err))
        exit(check_report("test_journal"));
    return j;
}

static void begin(void)
{
    state_close(state);
    run("rm -rf -- *");
    open_state();
}

static struct slice document_of(uint64_t position)
{
    static char text[64];
    snprintf(text, sizeof text, "{\"document\":%llu,\"filler\":\"%0*d\"}", (unsigned long long)position, (int)(position % 20), 0);
    return slice_str(text);
}

static void append(struct journal *j, uint64_t from, uint64_t to)
{
    for (uint64_t position = from; position < to; position++) {
        struct segment_record record = {position, position * 10, document_of(position)};
        CHECK(journal_append(j, &record, 1, err), "%s", err);
    }
}

/* Reads all from a position on: how many, each checked; *next is behind the last. */
static uint64_t read_all(struct journal *j, uint64_t from, uint64_t *next)
{
    uint64_t found = 0;
    for (*next = from;; *next = batch.next) {
        batch_clear(&batch);
        journal_read(j, *next, journal_end(j), &batch);
        if (batch.count == 0)
            return found;
        for (size_t i = 0; i < batch.count; i++)
            CHECK(slice_eq(batch.document[i], document_of(batch.first + i)), "document %llu", (unsigned long long)batch.first + i);
        CHECK(batch.first >= *next && batch.us == batch.first * 10, "in order, with its time");
        found += batch.count;
    }
}

static void there_and_back(void)
{
    uint64_t next, id;
    struct journal *j = open_journal(1 << 20, UINT64_MAX);
    CHECK(journal_end(j) == 0 && journal_sent(j) == 0, "empty");
    append(j, 0, 1000);
    CHECK(read_all(j, 0, &next) == 1000 && next == 1000, "all of it");
    CHECK(read_all(j, 950, &next) == 50, "the end of it");
    CHECK(read_all(j, 3, &next) == 997, "back again");
    CHECK(journal_durable(j) == 0 && journal_sync(j, err) && journal_durable(j) == 1000, "durable when synced");
    append(j, 1010, 1020); /* positions may leap */
    CHECK(read_all(j, 990, &next) == 20 && next == 1020, "over a gap");
    id = journal_id(j);
    journal_close(j);
    j = open_journal(1 << 20, UINT64_MAX);
    CHECK(journal_id(j) == id && journal_end(j) == 1020 && read_all(j, 0, &next) == 1010, "the same after opening again");
    journal_mark_sent(j, 700);
    journal_close(j);
    j = open_journal(1 << 20, UINT64_MAX);
    CHECK(journal_sent(j) == 700, "how far was sent outlives it too");
    journal_mark_sent(j, 2000);
    journal_close(j);
    j = open_journal(1 << 20, UINT64_MAX);
    CHECK(journal_end(j) == 2000, "no position that was sent is given again");
    journal_close(j);
}

static size_t file_size(const char *name)
{
    struct stat status;
    return fstatat(state_directory(state), name, &status, 0) == 0 ? (size_t)status.st_size : 0;
}

#define FIRST "journal.00000000000000000000"

/* Ten documents whose last two are cut at every byte: what was whole is there, and the journal goes on. */
static void torn(void)
{
    uint64_t next;
    struct journal *j = open_journal(1 << 20, UINT64_MAX);
    append(j, 0, 10);
    journal_close(j);
    keep(FIRST);
    size_t size = whole.len, last = SEGMENT_RECORD + document_of(9).len, two = last + SEGMENT_RECORD + document_of(8).len;
    for (size_t cut = size - two; cut < size; cut++) {
        uint64_t good = cut < size - last ? 8 : 9;
        restore(FIRST, cut, size, 0);
        j = open_journal(1 << 20, UINT64_MAX);
        CHECK(journal_end(j) == good, "cut to %zu of %zu", cut, size);
        CHECK(news_take(news, err) == (cut != size - two && cut != size - last), "told where something was torn: %zu", cut);
        append(j, good, 12);
        CHECK(read_all(j, 0, &next) == 12 && next == 12, "and goes on");
        journal_close(j);
    }
}

/* Any byte of the file changed: the others are there, nothing wrong is, and positions only grow. */
static void flipped(void)
{
    uint64_t next;
    struct journal *j = open_journal(1 << 20, UINT64_MAX);
    append(j, 0, 10);
    journal_close(j);
    keep(FIRST);
    for (size_t place = SEGMENT_HEAD; place < whole.len; place++) {
        uint8_t byte = whole.p[place] ^ (uint8_t)(1 << place % 8);
        restore(FIRST, whole.len, place, byte);
        j = open_journal(1 << 20, UINT64_MAX);
        CHECK(read_all(j, 0, &next) == 9, "byte %zu: one is lost", place);
        CHECK(journal_end(j) == 10 || journal_end(j) == 9, "byte %zu", place);
        CHECK(news_take(news, err), "and it is told");
        journal_close(j);
        if (place % 8 != 0)
            continue;
        restore(FIRST, whole.len, place, byte);
        j = open_journal(1 << 20, 4); /* documents from 4 on come again */
        uint64_t end = journal_end(j);
        append(j, end > 4 ? end : 4, 10);
        CHECK(end >= 4 && read_all(j, 4, &next) == 6, "byte %zu: all from 4 on are there again", place);
        journal_close(j);
        while (news_take(news, err))
            continue;
    }
}

static void bounded(void)
{
    uint64_t next, bound = 1 << 20;
    struct journal_stats stats;
    struct journal *j = open_journal(bound, UINT64_MAX);
    uint64_t end = 0, gone = 0;
    for (; gone == 0 && end < 100000; end++) {
        struct segment_record record = {end, end * 10, document_of(end)};
        if (journal_full(j, 100))
            gone = journal_make_room(j, 100);
        CHECK(journal_append(j, &record, 1, err), "%s", err);
    }
    journal_stats(j, &stats);
    CHECK(gone > 0 && stats.bytes <= bound && stats.bytes > bound - bound / 8, "%llu bytes", (unsigned long long)stats.bytes);
    CHECK(read_all(j, 0, &next) == end - gone && next == end, "only the oldest are gone");
    CHECK(journal_first(j) == gone, "and it says so");
    journal_mark_sent(j, end);
    journal_stats(j, &stats);
    CHECK(stats.segments == 1 && !journal_full(j, 100), "what is sent makes room");
    journal_close(j);
}

/* A file in the journal's place that is none of its own. */
static void strange(void)
{
    uint64_t next;
    struct journal *j = open_journal(1 << 20, UINT64_MAX);
    append(j, 0, 10);
    journal_close(j);
    run("echo nonsense > journal.00000000000000000005 && : > journal.00000000000000000006");
    j = open_journal(1 << 20, UINT64_MAX);
    CHECK(read_all(j, 0, &next) == 10 && journal_end(j) == 10, "ours is there");
    CHECK(file_size("aside.journal.00000000000000000005") == 9 && news_take(news, err) && news_take(news, err), "the others are set aside and told");
    journal_close(j);
}

static void states(void)
{
    struct slice content;
    struct stat status;
    CHECK(fstat(state_directory(state), &status) == 0 && (status.st_mode & 07777) == 0700, "for its owner alone");
    CHECK(state_open(directory, err) == NULL && strstr(err, "in use by another radome (process") != NULL, "one at a time: %s", err);
    CHECK(state_read(state, "x", 1, &content, err) == STATE_NONE, "not there");
    CHECK(state_write(state, "x", 1, S("some content"), err) && state_write(state, "x", 1, S("other content"), err), "%s", err);
    CHECK(state_read(state, "x", 1, &content, err) == STATE_FOUND && slice_eq(content, S("other content")), "the newer");
    free((uint8_t *)content.p);
    keep("x");
    for (size_t cut = 0; cut < whole.len; cut++) {
        restore("x", cut, whole.len, 0);
        CHECK(state_read(state, "x", 1, &content, err) == STATE_DAMAGED, "cut to %zu", cut);
        CHECK(file_size("x.aside") == cut && file_size("x") == 0, "and set aside");
    }
    restore("x", whole.len, whole.len, 0);
    CHECK(state_read(state, "x", 2, &content, err) == STATE_DAMAGED && strstr(err, "x.aside") != NULL, "of another version: %s", err);
    CHECK(state_remove(state, "x", err) && state_remove(state, "x", err), "gone, and no harm twice");
    state_close(state);
    run("echo 'radome state 7' > version");
    CHECK((state = state_open(directory, err)) == NULL && strstr(err, "another version") != NULL, "%s", err);
    run("rm version");
    CHECK((state = state_open(directory, err)) == NULL && strstr(err, "not radome's") != NULL, "%s", err);
    run("rm -f -- * && mkdir lost+found");
    open_state(); /* a file system of its own */
    run("rmdir lost+found");
}

int main(void)
{
    static void (*const tests[])(void) = {there_and_back, torn, flipped, bounded, strange, states};
    if (mkdtemp(directory) == NULL || (news = news_open()) == NULL)
        return 1;
    open_state();
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        begin();
        tests[i]();
    }
    state_close(state);
    news_close(news);
    run("rm -rf -- *");
    rmdir(directory);
    free((uint8_t *)whole.p);
    return check_report("test_journal");
}
