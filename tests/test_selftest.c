/* The self-test's parts: what it keeps sealed is what it says it is, it fires whatever the seeds are, and it sees what is broken. */
#include <stdio.h>
#include <stdlib.h>

#include "feeds/disguise.h"
#include "feeds/ioc.h"
#include "feeds/selftest.h"
#include "feeds/talk.h"
#include "tests/check.h"
#include "tests/quic_seal.h"

static struct talk talk;

/* The ClientHello that talk_hello makes, without its record's header, in one CRYPTO frame. */
static size_t crypto_frame(uint8_t out[static 600])
{
    struct frame frame;
    talk_hello(&talk, TALK_QUIC_NAME);
    while (talk_next(&talk, &frame))
        ;
    struct slice hello = slice_from(frame.bytes, 14 + 20 + 20 + 5);
    memcpy(out, (uint8_t[]){6, 0, 0x40, (uint8_t)hello.len}, 4);
    memcpy(out + 4, hello.p, hello.len);
    return 4 + hello.len;
}

static void test_quic(void)
{
    static const struct initial initial = {1, S("radome"), S("radome"), {NULL, 0}, 0, 1};
    uint8_t frames[600], sealed[700];
    struct frame frame;
    size_t len = crypto_frame(frames), all = quic_seal(sealed, &initial, slice_of(frames, len));
    talk_quic(&talk);
    CHECK(talk_next(&talk, &frame) && slice_eq(slice_from(frame.bytes, 14 + 20 + 8), slice_of(sealed, all)), "the Initial is that of %s", TALK_QUIC_NAME);
    CHECK(!talk_next(&talk, &frame), "one datagram");
}

/* An answer longer than the room is cut at a segment's end. */
static void test_room(void)
{
    static uint8_t answer[2 * TALK_ROOM];
    struct frame frame;
    size_t bytes = 0;
    talk_request(&talk, "GET / HTTP/1.1\r\nHost: a.example\r\n", S(""), slice_of(answer, sizeof answer));
    while (talk_next(&talk, &frame))
        bytes += frame.bytes.len;
    CHECK(bytes < TALK_ROOM && bytes > TALK_ROOM - 2000, "%zu bytes of %d", bytes, TALK_ROOM);
}

/* Runs it with that list; returns what is missing, a line each. */
static const char *run(uint64_t seed, const struct indicators *set, int threshold, unsigned *fired)
{
    static char text[64 * SELFTEST_WHY];
    char err[ERRLEN] = "", why[SELFTEST_WHY];
    struct shard_settings shard = {.capture = {8 << 20, 1 << 20, seed}, .parts = 1, .engine = {set, seed, NULL}, .sensor = "test"};
    struct desk_settings settings = {.sensor = "test", .threshold = threshold, .seed = seed};
    struct desk *desk = desk_open(&settings, err);
    struct selftest *test = selftest_run(&shard, desk, NULL, err);
    text[0] = '\0';
    if (CHECK(test != NULL, "%s", err)) {
        *fired = selftest_fired(test);
        while (selftest_missing(test, why))
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n", why);
        unsigned lines = 0;
        for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
            lines++;
        CHECK(lines == selftest_all(test) - *fired, "all that is missing is named");
    }
    selftest_close(test);
    desk_close(desk);
    return text;
}

int main(void)
{
    char err[ERRLEN] = "";
    unsigned fired = 0;
    struct indicators *set = ioc_open(NULL, 0, true, 1, NULL, err);
    test_quic();
    test_room();
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const char *missing = run(seed * 0x9e3779b97f4a7c15u, set, 50, &fired);
        CHECK(missing[0] == '\0', "seed %llu: missing: %s", (unsigned long long)seed, missing);
    }
    CHECK(strstr(run(1, NULL, 50, &fired), "a listed name in TLS") != NULL, "a sensor without lists is told");
    CHECK(strstr(run(1, set, 101, &fired), "names that share an address") != NULL && fired == 3, "one that writes nothing: records are left, %u", fired);
    indicators_close(set);
    return check_report("test_selftest");
}
