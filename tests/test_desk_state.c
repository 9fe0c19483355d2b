/* What outlives the process: a desk that loads what another saved goes on as that one would have, byte for byte; what is
 * damaged changes nothing. */
#include <stdio.h>
#include <stdlib.h>

#include "feeds/desk.h"
#include "feeds/json.h"
#include "feeds/store.h"
#include "tests/check.h"
#include "tests/hit_sequence.h"

enum { HITS = 4000, STATE_BYTES = 64 << 20 };

static struct desk *open_desk(void)
{
    char err[ERRLEN];
    struct desk_settings settings = {.sensor = "sensor", .threshold = 50, .seed = 11};
    return desk_open(&settings, err);
}

static struct hit_sequence sequence(uint64_t seed)
{
    return (struct hit_sequence){.state = seed, .us = 1594602000000000, .clients = 60, .names = 90};
}

/* Puts so many hits and appends the documents. */
static void go_on(struct desk *desk, struct hit_sequence *s, unsigned hits, FILE *documents)
{
    static char document[JSON_MAX];
    static struct hit hit;
    const struct report *report;
    for (unsigned i = 0; i < hits; i++) {
        sequence_next(s, &hit);
        desk_put(desk, &hit);
        while ((report = desk_next(desk)) != NULL)
            fwrite(document, 1, json_report(document, report, JSON_EVE), documents);
    }
}

static struct slice saved(struct store_writer *w, struct desk *desk)
{
    store_open(w, STATE_BYTES);
    desk_save(desk, w);
    return store_end(w);
}

/* The same hits, with the state carried over to a new desk after `at` of them. */
static void interrupted(uint64_t seed, unsigned at)
{
    char *whole = NULL, *parts = NULL;
    size_t whole_len = 0, parts_len = 0;
    FILE *one = open_memstream(&whole, &whole_len), *two = open_memstream(&parts, &parts_len);
    struct hit_sequence a = sequence(seed), b = a;
    struct store_writer w, again;
    struct store_reader r;
    struct desk *undisturbed = open_desk(), *before = open_desk(), *after = open_desk();
    go_on(undisturbed, &a, HITS, one);
    go_on(before, &b, at, two);
    struct slice state = saved(&w, before);
    CHECK(store_read(&r, state) && desk_load(after, &r), "saved after %u hits, %zu bytes, and loaded", at, state.len);
    struct slice twice = saved(&again, after);
    CHECK(slice_eq(state, twice) || twice.len == state.len, "saved again it is as long: %zu", twice.len);
    desk_close(before);
    go_on(after, &b, HITS - at, two);
    fclose(one);
    fclose(two);
    CHECK(whole_len > 1000 && slice_eq(slice_of(whole, whole_len), slice_of(parts, parts_len)),
          "seed %llu, carried over after %u hits: %zu bytes of documents, undisturbed %zu", (unsigned long long)seed, at, parts_len, whole_len);
    free(whole);
    free(parts);
    store_close(&w);
    store_close(&again);
    desk_close(undisturbed);
    desk_close(after);
}

/* A damaged section changes nothing, even one that the checksum vouches for. */
static void damaged(void)
{
    struct store_writer w, none;
    struct store_reader r;
    struct hit_sequence s = sequence(3);
    FILE *nowhere = fopen("/dev/null", "w");
    struct desk *desk = open_desk(), *other = open_desk();
    go_on(desk, &s, 300, nowhere);
    go_on(other, &s, 300, nowhere);
    struct slice state = saved(&w, desk);
    uint64_t random = 1;
    for (unsigned i = 0; i < 400; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t at = 40 + (size_t)(random >> 33) % (state.len - 48);
        uint8_t was = w.byte[at];
        w.byte[at] ^= (uint8_t)(1 << (random >> 30 & 7));
        CHECK(!store_read(&r, state), "byte %zu: the checksum tells", at);
        r.sections = slice_from(slice_head(state, state.len - 8), 8); /* as if it did not */
        r.at.bad = false;
        desk_load(other, &r);
        w.byte[at] = was;
    }
    for (size_t len = 8; len < state.len; len += 1 + len / 40) {
        r.sections = guard_copy(slice_from(slice_head(state, len), 8), 0);
        CHECK(!desk_load(other, &r), "cut to %zu bytes", len);
    }
    store_open(&none, 100);
    desk_save(desk, &none);
    CHECK(store_end(&none).len == 0, "no room: nothing is saved");
    go_on(other, &s, 300, nowhere);
    fclose(nowhere);
    store_close(&none);
    store_close(&w);
    desk_close(desk);
    desk_close(other);
}

int main(void)
{
    static const unsigned places[] = {0, 1, 500, HITS / 2, HITS - 1, HITS};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        interrupted(i + 1, places[i]);
    damaged();
    return check_report("test_desk_state");
}
