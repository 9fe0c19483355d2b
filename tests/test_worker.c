/* A worker's heartbeat: it goes on when there is nothing to do, stands still when a classifier does not come back, and who
 * asks for statistics then does not wait for ever. */
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/intake.h"
#include "feeds/talk.h"
#include "feeds/worker.h"
#include "tests/check.h"

static atomic_bool entered, leave;

/* Comes back when it is told to. */
static void see(void *state, const struct event *event, struct hits *hits)
{
    (void)state, (void)event, (void)hits;
    atomic_store(&entered, true);
    while (!atomic_load(&leave))
        usleep(1000);
}

static const struct classifier slow = {.name = "slow", .see = {[EVENT_DNS] = see}};

static bool within(bool (*is)(const struct worker *), const struct worker *w)
{
    for (unsigned i = 0; i < 30000 && !is(w); i++)
        usleep(1000);
    return is(w);
}

static uint64_t rounds;

static bool goes_round(const struct worker *w)
{
    return worker_rounds(w) > rounds + 1;
}

static bool is_in(const struct worker *w)
{
    (void)w;
    return atomic_load(&entered);
}

static void deal_lookup(struct rounds *dealt, struct intake *intake)
{
    static struct talk talk;
    struct frame frame;
    struct round *round = rounds_room(dealt, 1);
    talk_lookup(&talk, S("www.example"), "192.0.2.9");
    while (round != NULL && talk_next(&talk, &frame))
        CHECK(intake_feed(intake, &frame, &round->packet[round->count]) && round_add(round, 0), "dealt");
    CHECK(round != NULL && round->count > 0, "a round with packets");
    rounds_publish(dealt);
}

int main(void)
{
    char err[ERRLEN] = "";
    const struct classifier *const plugins[] = {&slow, NULL};
    struct shard_settings settings = {.capture = {8 << 20, 1 << 20, 1}, .parts = 1, .engine = {NULL, 1, plugins}, .sensor = "s"};
    struct shard *shards[SHARDS] = {shard_open(&settings, err)};
    struct intake *intake = intake_open(1 << 20, 1, err);
    struct rounds *dealt = rounds_open(1, err);
    struct bell desk;
    bell_open(&desk);
    struct worker *w = dealt != NULL ? worker_open(shards, dealt, 0, NULL, &desk, err) : NULL;
    if (!CHECK(w != NULL && intake != NULL, "%s", err))
        return check_report("test_worker");
    CHECK(within(goes_round, w), "with nothing to do it goes round: %llu times", (unsigned long long)worker_rounds(w));
    CHECK(worker_hold(w, 30000), "and can be held");
    worker_release(w);

    deal_lookup(dealt, intake);
    CHECK(within(is_in, w), "the classifier is asked");
    rounds = worker_rounds(w);
    CHECK(!worker_hold(w, 50), "one that does not come back cannot be held");
    CHECK(!worker_hold(w, 50), "nor the next time");
    usleep(1500000); /* longer than it ever sleeps */
    CHECK(worker_rounds(w) == rounds, "and its heart stands still");
    CHECK(!worker_dead(w), "though it is not dead");

    atomic_store(&leave, true);
    CHECK(within(goes_round, w), "it goes on");
    CHECK(worker_hold(w, 30000), "and can be held again");
    worker_release(w);
    worker_close(w);
    rounds_close(dealt);
    shard_close(shards[0]);
    intake_close(intake);
    bell_close(&desk);
    return check_report("test_worker");
}
