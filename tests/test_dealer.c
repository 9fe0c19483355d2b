/* Dealing in turns: one at a time, in order, each packet once, not further ahead of the slowest than there is room; and all
 * that makes it stop until the caller has seen to it. */
#include <stdlib.h>
#include <unistd.h>

#include "feeds/dealer.h"
#include "feeds/shard.h"
#include "tests/check.h"
#include "tests/frame.h"

enum { SECOND = 1000000, MOST = 1 << 17 };

static char directory[] = "/tmp/radome-dealer-XXXXXX";

struct capture_file {
    char path[64];
    FILE *file;
};

static struct capture_file begin(const char *name)
{
    static const uint32_t head[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 1 << 18, 1};
    struct capture_file c;
    snprintf(c.path, sizeof c.path, "%s/%s", directory, name);
    c.file = fopen(c.path, "wb");
    fwrite(head, sizeof head, 1, c.file);
    return c;
}

/* layers: as frame.h's, of a payload of `len` bytes. */
static void put(struct capture_file *c, const char *layers, size_t len, uint64_t us)
{
    static const uint8_t payload[1200];
    static struct frame_text text;
    if (!frame_build(&text, layers, slice_of(payload, len)))
        abort();
    struct slice frame = frame_so_far(&text);
    uint32_t head[4] = {(uint32_t)(us / SECOND), (uint32_t)(us % SECOND), (uint32_t)frame.len, (uint32_t)frame.len};
    fwrite(head, sizeof head, 1, c->file);
    fwrite(frame.p, frame.len, 1, c->file);
}

static struct dealer *open_dealer(const char *const *paths, uint64_t due_us, unsigned takers, struct source **source)
{
    char err[ERRLEN] = "";
    bool usage;
    struct source_settings from = {.paths = paths};
    struct dealer_settings settings = {1 << 20, 7, due_us, takers};
    *source = source_open(&from, &usage, err);
    struct dealer *d = *source != NULL ? dealer_open(&settings, *source, err) : NULL;
    CHECK(d != NULL, "%s", err);
    return d;
}

static void close_dealer(struct dealer *d, struct source *source)
{
    dealer_close(d);
    source_close(source);
}

/* What one taker still has before him, taken: how many packets, whose numbers follow each other. */
static uint64_t take_all(struct dealer *d, unsigned taker, uint64_t *next)
{
    uint64_t packets = 0;
    for (const struct round *round; (round = rounds_take(dealer_rounds(d), taker)) != NULL; rounds_done(dealer_rounds(d), taker)) {
        CHECK(round->first == *next && round->count > 0, "taker %u: packet %llu follows %llu", taker, (unsigned long long)round->first,
              (unsigned long long)*next - 1);
        *next += round->count;
        packets += round->count;
    }
    return packets;
}

static unsigned deal_all(struct dealer *d)
{
    unsigned rounds = 0;
    while (rounds < MOST && dealer_deal(d))
        rounds++;
    return rounds;
}

static void test_turns(struct dealer *d)
{
    CHECK(dealer_turn(d), "nobody deals: it is mine");
    CHECK(!dealer_turn(d), "and nobody else's");
    dealer_left(d);
    CHECK(dealer_turn(d), "until I have left it");
    dealer_left(d);
}

/* Two takers, one of whom does nothing for a while: what is dealt waits for him, and no more than there is room for. */
static void test_slow_taker(void)
{
    enum { PACKETS = 40000 };
    char err[ERRLEN];
    struct capture_file c = begin("many");
    for (unsigned i = 0; i < PACKETS; i++)
        put(&c, i % 3 == 0 ? "eth ip6 tcp" : "eth ip4 udp", i % 1200, SECOND + i);
    fclose(c.file);
    struct source *source;
    struct dealer *d = open_dealer((const char *const[]){c.path, NULL}, 0, 2, &source);
    uint64_t next[2] = {1, 1}, packets[2] = {0};
    test_turns(d);
    unsigned room = deal_all(d);
    CHECK(room > 1 && dealer_says(d, err) == DEALER_GOES, "%u rounds, then the takers have enough", room);
    packets[0] += take_all(d, 0, &next[0]);
    CHECK(!dealer_deal(d), "one has them done, the other not one: no more is dealt");
    CHECK(rounds_left(dealer_rounds(d), 0) == 0 && rounds_left(dealer_rounds(d), 1) == room, "and it is told who is behind");
    const struct round *first = rounds_take(dealer_rounds(d), 1);
    packets[1] = first->count;
    next[1] += first->count;
    bell_want(rounds_bell(dealer_rounds(d), 0));
    rounds_done(dealer_rounds(d), 1);
    CHECK(bell_wait(rounds_bell(dealer_rounds(d), 0), 1), "when the slow one has come on the other is rung");
    CHECK(dealer_deal(d) && !dealer_deal(d), "room for one more round, and one more only");
    do
        for (unsigned i = 0; i < 2; i++)
            packets[i] += take_all(d, i, &next[i]);
    while (deal_all(d) > 0);
    CHECK(packets[0] == PACKETS && packets[1] == PACKETS, "each sees every packet once: %llu, %llu", (unsigned long long)packets[0],
          (unsigned long long)packets[1]);
    CHECK(dealer_says(d, err) == DEALER_ENDED && dealer_number(d) == PACKETS, "and it has ended");
    CHECK(rounds_ended(dealer_rounds(d), 0) && rounds_ended(dealer_rounds(d), 1), "as the takers hear");
    CHECK(!dealer_deal(d), "after that there is no more");
    close_dealer(d, source);
}

/* Packet time: how far apart, and what is told, as far as the n-th time that dealing stops. */
static const struct {
    const char *why;
    uint64_t every;
    uint64_t us[8];     /* the packets', 0: no more */
    uint64_t told[4];   /* 0: no more */
    unsigned before[4]; /* packets dealt by then */
} clocks[] = {
    {"never, where nobody wants it", 0, {10, 20, 30}, {0}, {0}},
    {"at the first packet of the next interval, without it", 10, {100, 105, 110, 119, 120}, {110, 120}, {2, 4}},
    {"of a long silence the end alone", 10, {100, 1000001, 1000002}, {1000000}, {1}},
    {"a packet that comes late changes nothing", 10, {100, 109, 95, 111, 112}, {110}, {3}},
    {"a clock that jumps back for good begins anew", 10, {1000, 100, 105, 111}, {110}, {3}},
    {"the packet that is held is the first of its interval too", 10, {100, 110, 120, 130}, {110, 120, 130}, {1, 2, 3}},
};

static void test_clock(size_t row, unsigned takers)
{
    char err[ERRLEN];
    uint64_t next[2] = {1, 1};
    unsigned packets = 0, told = 0;
    struct capture_file c = begin("clock");
    for (; packets < 8 && clocks[row].us[packets] != 0; packets++)
        put(&c, "eth ip4 udp", 20, clocks[row].us[packets]);
    fclose(c.file);
    struct source *source;
    struct dealer *d = open_dealer((const char *const[]){c.path, NULL}, clocks[row].every, takers, &source);
    for (enum dealer_says says = DEALER_GOES; says != DEALER_ENDED && told < 4;) {
        deal_all(d);
        uint64_t dealt = dealer_number(d);
        for (unsigned i = 0; i < takers; i++)
            take_all(d, i, &next[i]);
        if ((says = dealer_says(d, err)) == DEALER_DUE) {
            CHECK(dealer_told(d) == clocks[row].told[told] && dealt == clocks[row].before[told], "%s: told %llu after %llu packets",
                  clocks[row].why, (unsigned long long)dealer_told(d), (unsigned long long)dealt);
            told++;
            bell_want(rounds_bell(dealer_rounds(d), 1));
            dealer_go_on(d);
            CHECK(bell_wait(rounds_bell(dealer_rounds(d), 1), 1), "%s: whoever sleeps meanwhile is rung", clocks[row].why);
        }
    }
    CHECK(told == 4 || clocks[row].told[told] == 0, "%s: told %u times", clocks[row].why, told);
    CHECK(next[0] == packets + 1 && next[1] == packets + 1, "%s: every packet is dealt", clocks[row].why);
    close_dealer(d, source);
}

/* A file that is cut short is told, once what came before it is dealt; the next one follows. */
static void test_error(void)
{
    char err[ERRLEN] = "";
    uint64_t next = 1;
    struct capture_file cut = begin("cut"), whole = begin("whole");
    put(&cut, "eth ip4 udp", 20, SECOND);
    put(&cut, "eth ip4 udp", 20, SECOND);
    fclose(cut.file);
    CHECK(truncate(cut.path, 24 + 16 + 62 + 16 + 10) == 0, "cut in its second packet");
    put(&whole, "eth ip4 udp", 20, SECOND);
    fclose(whole.file);
    struct source *source;
    struct dealer *d = open_dealer((const char *const[]){cut.path, whole.path, NULL}, 0, 1, &source);
    deal_all(d);
    CHECK(dealer_says(d, err) == DEALER_ERROR && strstr(err, "cut: at byte") != NULL, "told: %s", err);
    CHECK(take_all(d, 0, &next) == 1, "what came before it is there");
    CHECK(!dealer_deal(d), "and it stands");
    dealer_go_on(d);
    deal_all(d);
    CHECK(take_all(d, 0, &next) == 1 && dealer_says(d, err) == DEALER_ENDED, "then the next file, and the end");
    close_dealer(d, source);
}

/* Frames that are no packets: each call comes back, though it has dealt nothing. */
static void test_nothing(void)
{
    char err[ERRLEN];
    struct capture_file c = begin("none");
    for (unsigned i = 0; i < 20000; i++)
        put(&c, "eth", 40, SECOND + i);
    fclose(c.file);
    struct source *source;
    struct dealer *d = open_dealer((const char *const[]){c.path, NULL}, 0, 1, &source);
    unsigned rounds = deal_all(d);
    CHECK(rounds >= 5 && rounds_take(dealer_rounds(d), 0) == NULL, "%u calls, no round", rounds);
    CHECK(dealer_says(d, err) == DEALER_ENDED && dealer_number(d) == 0, "and the end");
    close_dealer(d, source);
}

/* Nobody but the caller takes, from one and the same round, over and over. */
static void test_alone(void)
{
    char err[ERRLEN];
    struct capture_file c = begin("alone");
    for (unsigned i = 0; i < 5000; i++)
        put(&c, "eth ip4 udp", 20, SECOND + i);
    fclose(c.file);
    struct source *source;
    struct dealer *d = open_dealer((const char *const[]){c.path, NULL}, 0, 0, &source);
    uint64_t packets = 0, us = 0;
    bool ordered = true;
    CHECK(dealer_round(d) == NULL, "no round before the first");
    while (dealer_deal(d))
        for (unsigned i = 0; i < dealer_round(d)->count; i++, packets++) {
            ordered = ordered && dealer_round(d)->packet[i].us > us;
            us = dealer_round(d)->packet[i].us;
        }
    CHECK(packets == 5000 && ordered && dealer_says(d, err) == DEALER_ENDED, "%llu packets in order", (unsigned long long)packets);
    close_dealer(d, source);
}

int main(void)
{
    if (!CHECK(mkdtemp(directory) != NULL, "a temporary directory"))
        return check_report("test_dealer");
    test_slow_taker();
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++)
        test_clock(i, 2);
    test_error();
    test_nothing();
    test_alone();
    for (const char *const *name = (const char *const[]){"many", "clock", "cut", "whole", "none", "alone", NULL}; *name != NULL; name++) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", directory, *name);
        unlink(path);
    }
    rmdir(directory);
    return check_report("test_dealer");
}
