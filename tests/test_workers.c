/* What comes out of a replay, and when something is due between, is the same for every number of workers, also where memory
 * is short and the traffic means harm: floods of every kind, woven into each other, replayed by one to eight. */
#include <stdlib.h>
#include <unistd.h>

#include "feeds/workers.h"
#include "tests/check.h"
#include "tests/flood_packets.h"
#include "tests/flood_contents.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { ROUNDS = 40, STEPS = 100, BIG_EVERY = 10, SANITIZED_ROUNDS = 4 };

void __asan_init(void) __attribute__((weak));
void __tsan_init(void) __attribute__((weak));

static struct flooder flooder;

static void chain_document(struct chain *c, const struct report *report, size_t len)
{
    (void)c, (void)report, (void)len;
}

/* DealPly's request, from ever another client. */
static void beacon(struct flooder *f, unsigned n)
{
    static const struct slice request = S("POST /?pcrc=167877582&v=2.2 HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 0\r\n\r\n");
    struct tuple tuple = flood_talk(80, WIRE_TCP);
    tuple.src.b[13] = (uint8_t)(n % 50);
    tuple.sport = (uint16_t)(2000 + n);
    flood_segment(f, &tuple, 0, TCP_SYN, S(""));
    flood_segment(f, &tuple, 1, TCP_ACK, request);
    flood_segment(f, &tuple, 1 + (uint32_t)request.len, TCP_ACK | TCP_FIN, S(""));
}

static void steps(struct flooder *f, const struct flood *flood, unsigned round)
{
    unsigned count = flood->steps >= 1000 ? STEPS : round % BIG_EVERY == 0; /* megabytes in one step, where there are few */
    for (unsigned i = 0; i < count; i++)
        flood->step(f, (uint64_t)round * count + i);
}

static void write_capture(const char *path)
{
    static const uint32_t head[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 1 << 18, WIRE_RAW};
    struct flooder *f = &flooder;
    unsigned rounds = __asan_init != NULL || __tsan_init != NULL ? SANITIZED_ROUNDS : ROUNDS;
    f->us = 1600000000000000;
    f->random = 88172645463325252;
    f->capture = fopen(path, "wb");
    fwrite(head, sizeof head, 1, f->capture);
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t i = 0; i < sizeof packet_floods / sizeof *packet_floods; i++)
            steps(f, &packet_floods[i], round);
        for (size_t i = 0; i < sizeof content_floods / sizeof *content_floods; i++)
            steps(f, &content_floods[i], round);
        beacon(f, round);
    }
    fclose(f->capture);
}

struct outcome {
    XXH128_hash_t all;         /* of everything that came out, in its order */
    uint64_t hits, documents, due;
    struct workers_stats stats;
    bool ended;
};

/* A tuple's padding may hold anything. */
static void see_hit(XXH3_state_t *hash, const struct hit *hit)
{
    static struct hit copy;
    size_t size = hit_size(hit);
    memcpy(&copy, hit, size);
    memset(&copy.tuple, 0, sizeof copy.tuple);
    XXH3_128bits_update(hash, &copy, size);
    XXH3_128bits_update(hash, &hit->tuple, offsetof(struct tuple, proto) + sizeof hit->tuple.proto);
}

static void see(XXH3_state_t *hash, const struct output *output, struct outcome *o)
{
    o->hits += output->hit != NULL;
    o->documents += output->hit == NULL;
    if (output->hit == NULL)
        XXH3_128bits_update(hash, output->document, output->len);
    else
        see_hit(hash, output->hit);
}

static void replay(const char *path, unsigned count, size_t memory, uint64_t seed, struct outcome *o)
{
    char err[ERRLEN];
    bool usage;
    const char *paths[] = {path, NULL};
    struct source_settings from = {.paths = paths};
    struct workers_settings settings = {.count = count, .due_us = 50000, .shard = {.capture = {memory, 1 << 20, seed}, .engine = {NULL, seed},
                                        .log = {true, true, false, true}, .sensor = "sensor"}};
    struct source *source = source_open(&from, &usage, err);
    struct workers *workers = workers_open(&settings, source, err);
    XXH3_state_t *hash = XXH3_createState();
    struct output output;
    *o = (struct outcome){0};
    if (!CHECK(source != NULL && workers != NULL && hash != NULL, "%u workers: %s", count, err))
        return;
    XXH3_128bits_reset(hash);
    enum workers_result result;
    while ((result = workers_next(workers, &output, err)) != WORKERS_END && result != WORKERS_ERROR && result != WORKERS_DEAD)
        if (result == WORKERS_OUTPUT) {
            see(hash, &output, o);
        } else if (result == WORKERS_DUE) {
            o->due++;
            XXH3_128bits_update(hash, &output.us, sizeof output.us);
            workers_stats(workers, &o->stats);
            XXH3_128bits_update(hash, &o->stats.capture, sizeof o->stats.capture);
        }
    o->ended = result == WORKERS_END;
    o->all = XXH3_128bits_digest(hash);
    workers_stats(workers, &o->stats);
    workers_close(workers);
    source_close(source);
    XXH3_freeState(hash);
}

/* The figures that tell what was seen and given up: all but those of the source, whose reading is one thread's anyway. */
static bool same_figures(const struct workers_stats *a, const struct workers_stats *b)
{
    return memcmp(&a->capture, &b->capture, sizeof a->capture) == 0 && memcmp(&a->engine, &b->engine, sizeof a->engine) == 0;
}

static void compare(const char *path, size_t memory)
{
    static const unsigned counts[] = {2, 3, 4, 8, 64};
    struct outcome one, other;
    replay(path, 1, memory, 7, &one);
    printf("%zu MB: %llu hits, %llu documents; %llu flows evicted, %llu crowded out\n", memory >> 20, (unsigned long long)one.hits,
           (unsigned long long)one.documents, (unsigned long long)one.stats.capture.flow.evicted,
           (unsigned long long)one.stats.capture.flow.crowded);
    CHECK(one.ended && one.hits > 0 && one.documents > 0 && one.due > 10, "%zu MB: one worker comes to the end, with hits and documents, %llu times due",
          memory >> 20, (unsigned long long)one.due);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        replay(path, counts[i], memory, 1000 + i, &other);
        CHECK(other.ended && other.hits == one.hits && other.documents == one.documents,
              "%u workers, %zu MB: as many hits and documents as one", counts[i], memory >> 20);
        CHECK(XXH128_isEqual(one.all, other.all), "%u workers, %zu MB: the same, byte for byte, in the same order", counts[i], memory >> 20);
        CHECK(same_figures(&one.stats, &other.stats), "%u workers, %zu MB: the same figures", counts[i], memory >> 20);
    }
}

/* Told to stop in the middle, everything that was read comes to its end. */
static void test_stop(const char *path)
{
    char err[ERRLEN];
    bool usage;
    const char *paths[] = {path, NULL};
    struct source_settings from = {.paths = paths};
    struct workers_settings settings = {.count = 3, .shard = {.capture = {64 << 20, 1 << 20, 7}, .log = {true, true, false, true}, .sensor = "s"}};
    struct source *source = source_open(&from, &usage, err);
    struct workers *workers = workers_open(&settings, source, err);
    struct output output;
    enum workers_result result = WORKERS_OUTPUT;
    for (unsigned i = 0; i < 10000000 && result != WORKERS_END; i++) {
        if (i == 500)
            workers_stop(workers);
        result = workers_next(workers, &output, err);
    }
    struct workers_stats stats;
    workers_stats(workers, &stats);
    CHECK(result == WORKERS_END, "it comes to an end");
    CHECK(stats.capture.memory.used == 0, "nothing is lent any more: %zu bytes", stats.capture.memory.used);
    CHECK(stats.capture.intake.frames == stats.source.frames, "all that was read was taken in");
    workers_close(workers);
    source_close(source);
}

/* Closed in the middle, with full rings: no thread stays behind. */
static void test_close(const char *path)
{
    char err[ERRLEN];
    bool usage;
    const char *paths[] = {path, NULL};
    struct source_settings from = {.paths = paths};
    struct workers_settings settings = {.count = 8, .shard = {.capture = {64 << 20, 1 << 20, 7}, .log = {true, true, false, true}, .sensor = "s"}};
    struct source *source = source_open(&from, &usage, err);
    struct workers *workers = workers_open(&settings, source, err);
    struct output output;
    unsigned outputs = 0;
    for (unsigned i = 0; i < 5000; i++)
        outputs += workers_next(workers, &output, err) == WORKERS_OUTPUT;
    CHECK(outputs > 0, "something came before");
    workers_close(workers);
    source_close(source);
}

/* A capture that comes through a pipe, and no more of it for now: what it had to say is told all the same. */
static void test_pipe(const char *path, unsigned count)
{
    enum { MUCH = 48 << 10, AGAIN = 10000 };
    static char bytes[MUCH];
    char err[ERRLEN], name[32];
    bool usage;
    int ends[2];
    FILE *file = fopen(path, "rb");
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    CHECK(pipe(ends) == 0 && write(ends[1], bytes, len) == (ssize_t)len, "a pipe");
    snprintf(name, sizeof name, "/proc/self/fd/%d", ends[0]);
    const char *paths[] = {name, NULL};
    struct source_settings from = {.paths = paths};
    struct workers_settings settings = {.count = count, .shard = {.capture = {64 << 20, 1 << 20, 7}, .log = {true, true, false, true}, .sensor = "s"}};
    struct source *source = source_open(&from, &usage, err);
    struct workers *workers = workers_open(&settings, source, err);
    struct output output;
    struct workers_stats before = {0}, after = {0};
    unsigned outputs = 0;
    alarm(120); /* a call that waits for the pipe never comes back */
    do {
        enum workers_result result = workers_next(workers, &output, err);
        outputs += result == WORKERS_OUTPUT;
        workers_stats(workers, &after);
        if (result == WORKERS_PAUSE && after.capture.tcp + after.capture.udp > 0 && after.source.frames == before.source.frames)
            break;
        before = after;
    } while (outputs < AGAIN);
    alarm(0);
    CHECK(outputs > 0 && after.source.frames > 100, "%u workers: %u outputs of %llu frames, and the pipe is still open", count, outputs,
          (unsigned long long)after.source.frames);
    close(ends[1]);
    workers_stop(workers);
    workers_close(workers);
    source_close(source);
    close(ends[0]);
}

int main(void)
{
    char path[] = "/tmp/radome-workers-XXXXXX";
    int fd = mkstemp(path);
    if (!CHECK(fd >= 0, "a temporary file"))
        return check_report("workers");
    close(fd);
    write_capture(path);
    compare(path, 8 << 20);
    compare(path, 64 << 20);
    test_stop(path);
    test_close(path);
    test_pipe("pcaps/dealply.pcap", 1);
    test_pipe("pcaps/dealply.pcap", 3);
    unlink(path);
    return check_report("workers");
}
