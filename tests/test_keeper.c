/* What the desk knows outlives the process: snapshots made beside the packets, and what came since. Processes of our own are
 * killed; the next goes on as one that was not. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "feeds/clock.h"
#include "feeds/json.h"
#include "feeds/keeper.h"
#include "feeds/store.h"
#include "tests/check.h"
#include "tests/hit_sequence.h"

enum { HITS = 1200, GATHER_MS = 20, STATE_BYTES = 64 << 20 };

static char directory[] = "/tmp/test_keeper.XXXXXX";

static void clear(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s/state", directory);
    CHECK(system(command) == 0, "%s", command);
}

static struct state *open_state(void)
{
    char path[100], err[ERRLEN];
    snprintf(path, sizeof path, "%s/state", directory);
    struct state *state = state_open(path, err);
    CHECK(state != NULL, "%s", err);
    return state;
}

static struct desk *open_desk(uint64_t seed)
{
    char err[ERRLEN];
    struct desk_settings settings = {.sensor = "sensor", .threshold = 50, .seed = seed};
    return desk_open(&settings, err);
}

/* A sensor in small. */
struct run {
    struct state *state;
    struct keeper *keeper;
    struct desk *desk;
    struct hit_sequence hits;
    FILE *documents;
};

static bool begin(struct run *r, uint64_t seed, unsigned snapshot_ms, uint64_t most, bool replay, bool again)
{
    char err[ERRLEN];
    r->state = open_state();
    struct keeper_settings settings = {r->state, replay, again, snapshot_ms, GATHER_MS, most};
    r->desk = open_desk(seed);
    r->keeper = keeper_open(&settings, err);
    keeper_load(r->keeper, r->desk, NULL);
    return keeper_begin(r->keeper, r->desk, err);
}

/* So many hits; sightings, which the diary does not have, only where they are asked for. */
static void put(struct run *r, unsigned hits, bool sightings)
{
    static char document[JSON_MAX];
    static struct hit hit;
    const struct report *report;
    for (unsigned i = 0; i < hits; i++) {
        do
            sequence_next(&r->hits, &hit);
        while (!sightings && hit.kind == HIT_SIGHTING);
        desk_put(r->desk, &hit);
        keeper_hit(r->keeper, &hit);
        while ((report = desk_next(r->desk)) != NULL)
            if (r->documents != NULL)
                fwrite(document, 1, json_report(document, report, JSON_EVE), r->documents);
        keeper_look(r->keeper, r->desk);
    }
}

static void end(struct run *r)
{
    keeper_close(r->keeper);
    desk_close(r->desk);
    state_close(r->state);
}

static void wait_ms(unsigned ms)
{
    for (uint64_t until = clock_ms() + ms; clock_ms() < until;)
        usleep(1000);
}

/* The keeper is looked after until it has made so many snapshots, or written so many entries. */
static bool look_until(struct run *r, uint64_t snapshots, uint64_t entries)
{
    struct keeper_stats stats = {0};
    for (unsigned i = 0; i < 10000; i++) {
        keeper_look(r->keeper, r->desk);
        keeper_stats(r->keeper, &stats);
        if (stats.snapshots >= snapshots && stats.diary_entries >= entries)
            return true;
        usleep(2000);
    }
    return CHECK(false, "snapshots %llu, diary entries %llu", (unsigned long long)stats.snapshots, (unsigned long long)stats.diary_entries);
}

static struct hit_sequence sequence(void)
{
    return (struct hit_sequence){.state = 5, .us = 1594602000000000, .clients = 60, .names = 90};
}

/* In a process that kills itself: hits, so many snapshots, more hits; what is still in memory then has long been written. */
static void live_and_die(unsigned hits, unsigned more, unsigned snapshot_ms, uint64_t snapshots)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct run r = {.hits = sequence()};
        begin(&r, 17, snapshot_ms, 0, false, false);
        put(&r, hits, false);
        look_until(&r, snapshots, snapshots > 0 ? 0 : hits);
        put(&r, more, false);
        wait_ms(25 * GATHER_MS);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it died of SIGKILL: %d", status);
}

/* Documents of the same hits after what is known was carried over, and without a break. */
static void goes_on(const char *reason, unsigned before, uint64_t seed, uint64_t read_again)
{
    char *whole = NULL, *parts = NULL;
    size_t whole_len = 0, parts_len = 0;
    struct run undisturbed = {.hits = sequence(), .desk = open_desk(17)}, after = {0};
    struct keeper_stats stats;
    put(&undisturbed, before, false);
    undisturbed.documents = open_memstream(&whole, &whole_len);
    after.hits = undisturbed.hits;
    put(&undisturbed, HITS, true);
    fclose(undisturbed.documents);
    CHECK(begin(&after, seed, 0, 0, false, false), "%s: begins", reason);
    keeper_stats(after.keeper, &stats);
    CHECK(read_again == UINT64_MAX || stats.read_again == read_again, "%s: %llu entries of the diary", reason, (unsigned long long)stats.read_again);
    after.documents = open_memstream(&parts, &parts_len);
    put(&after, HITS, true);
    fclose(after.documents);
    CHECK(whole_len > 1000 && slice_eq(slice_of(whole, whole_len), slice_of(parts, parts_len)),
          "%s: %zu bytes of documents, undisturbed %zu", reason, parts_len, whole_len);
    free(whole);
    free(parts);
    end(&undisturbed);
    end(&after);
}

static void killed(void)
{
    static const struct {
        const char *reason;
        unsigned hits, more, snapshot_ms;
        uint64_t snapshots, seed, read_again; /* of the diary; UINT64_MAX: any number */
    } rows[] = {
        {"killed before the first snapshot", 300, 0, 0, 0, 17, 300},
        {"another hash seed", 200, 100, 0, 0, 99, 300},
        {"killed after a snapshot", 300, 0, 1, 1, 17, UINT64_MAX},
        {"killed after a snapshot and more hits", 300, 200, 200, 1, 99, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        clear();
        live_and_die(rows[i].hits, rows[i].more, rows[i].snapshot_ms, rows[i].snapshots);
        goes_on(rows[i].reason, rows[i].hits + rows[i].more, rows[i].seed, rows[i].read_again);
    }
}

/* Ended in good order, three times, each with another seed: nothing of a diary is left. */
static void restarted(void)
{
    struct hit_sequence hits = sequence();
    char path[100];
    clear();
    for (uint64_t seed = 1; seed <= 3; seed++) {
        char err[ERRLEN];
        struct run r = {.hits = hits};
        CHECK(begin(&r, seed, 0, 0, false, false), "run %llu", (unsigned long long)seed);
        put(&r, 100, false);
        CHECK(keeper_end(r.keeper, r.desk, err), "%s", err);
        hits = r.hits;
        end(&r);
    }
    snprintf(path, sizeof path, "ls %s/state | grep -q diary", directory);
    CHECK(system(path) != 0, "no diary is left");
    goes_on("three restarts", 300, 7, 0);
}

/* Cut, flipped, of another version: set aside and told once; the sensor goes on. */
static void damaged(void)
{
    static const char name[] = "desk";
    char err[ERRLEN];
    struct run r = {.hits = sequence()};
    clear();
    begin(&r, 1, 0, 0, false, false);
    put(&r, 400, true);
    CHECK(keeper_end(r.keeper, r.desk, err), "%s", err);
    end(&r);
    struct state *state = open_state();
    struct slice good;
    CHECK(state_read(state, name, 1, &good, err) == STATE_FOUND, "%s", err);
    for (size_t at = 0; at < good.len; at += 1000 + good.len / 50) {
        for (unsigned way = 0; way < 2; way++) {
            struct run after = {0};
            char news[ERRLEN], more[ERRLEN];
            uint8_t was = good.p[at];
            ((uint8_t *)good.p)[at] ^= way == 0 ? 0x10 : 0;
            CHECK(state_write(state, name, 1, slice_head(good, way == 0 ? good.len : at), err), "%s", err);
            ((uint8_t *)good.p)[at] = was;
            state_close(state);
            CHECK(begin(&after, 2, 0, 0, false, false), "byte %zu, way %u", at, way);
            CHECK(keeper_news(after.keeper, news) && strstr(news, "set aside as desk.aside") != NULL && !keeper_news(after.keeper, more),
                  "byte %zu, way %u: one message: %s", at, way, news);
            end(&after);
            state = open_state();
        }
    }
    state_close(state);
    free((uint8_t *)good.p);
}

/* A replay keeps nothing before it is over, and begins again with what was known when it began. */
static void replayed(void)
{
    char err[ERRLEN];
    struct run first = {.hits = sequence()}, again = {0}, next = {0};
    struct store_writer known, then;
    clear();
    begin(&first, 1, 0, 0, false, false);
    put(&first, 200, false);
    keeper_end(first.keeper, first.desk, err);
    store_open(&known, STATE_BYTES);
    desk_save(first.desk, &known);
    end(&first);
    for (unsigned times = 0; times < 3; times++) {
        again = (struct run){.hits = sequence()};
        begin(&again, 1, 0, 0, true, times > 0);
        store_open(&then, STATE_BYTES);
        desk_save(again.desk, &then);
        CHECK(slice_eq(store_end(&then), slice_of(known.byte, known.len)) || then.len == known.len + 8, "begun %u times: as it was known", times + 1);
        store_close(&then);
        put(&again, 500, true);
        CHECK(keeper_end(again.keeper, again.desk, err), "%s", err);
        if (times == 2)
            CHECK(keeper_over(again.keeper, err), "%s", err);
        end(&again);
    }
    begin(&next, 1, 0, 0, true, false);
    store_open(&then, STATE_BYTES);
    desk_save(next.desk, &then);
    CHECK(then.len > known.len + 1000, "after it is over more is known: %zu bytes, before %zu", then.len, known.len);
    store_close(&then);
    store_close(&known);
    end(&next);
}

/* A diary that grows asks for a snapshot, and goes when there is one. */
static void bounded(void)
{
    struct run r = {.hits = sequence()};
    struct keeper_stats stats = {0};
    clear();
    begin(&r, 1, 3600000, 200000, false, false);
    for (unsigned i = 0; i < 40; i++) {
        put(&r, 100, false);
        wait_ms(3 * GATHER_MS);
        keeper_stats(r.keeper, &stats);
        CHECK(stats.diary_bytes <= 200000, "round %u: %llu bytes of diary", i, (unsigned long long)stats.diary_bytes);
    }
    look_until(&r, 1, 0);
    keeper_stats(r.keeper, &stats);
    CHECK(stats.snapshots >= 1 && stats.failed == 0, "%llu snapshots out of turn", (unsigned long long)stats.snapshots);
    end(&r);
}

int main(void)
{
    if (!CHECK(mkdtemp(directory) != NULL, "%s", directory))
        return check_report("test_keeper");
    killed();
    restarted();
    damaged();
    replayed();
    bounded();
    clear();
    rmdir(directory);
    return check_report("test_keeper");
}
