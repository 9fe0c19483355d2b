#include "capture/flow.h"

#include "tests/check.h"

static const uint64_t second = 1000000;

static struct packet packet_at(unsigned client, uint16_t sport, uint16_t dport, uint8_t flags, uint64_t us)
{
    struct packet p = {.us = us, .kind = flags == 0 ? PACKET_UDP : PACKET_TCP, .tcp_flags = flags, .seq = 1000};
    p.tuple.src = addr_v4((const uint8_t[]){10, (uint8_t)(client >> 16), (uint8_t)(client >> 8), (uint8_t)client});
    p.tuple.dst = addr_v4((const uint8_t[]){192, 0, 2, 1});
    p.tuple.sport = sport;
    p.tuple.dport = dport;
    p.tuple.proto = flags == 0 ? 17 : 6;
    return p;
}

static struct packet reply(struct packet p, uint8_t flags)
{
    p.tuple = tuple_reverse(&p.tuple);
    p.tcp_flags = flags;
    return p;
}

/* The loop that the header asks for; *ended counts the flows that had to go. */
static struct flow *ask(struct flows *flows, const struct packet *p, int *side, unsigned *ended)
{
    struct flow *flow, *old;
    for (int round = 0; round < 2; round++) {
        while ((old = flow_expired(flows, p->us)) != NULL) {
            flow_close(flows, old);
            ++*ended;
        }
        if ((flow = flow_of(flows, p, side)) != NULL)
            return flow;
    }
    return NULL;
}

static struct flows *opened(size_t limit)
{
    char err[ERRLEN] = "";
    struct flows *flows = flows_open(limit, 42, err);
    CHECK(flows != NULL && err[0] == '\0', "a table of %zu: %s", limit, err);
    return flows;
}

static const struct {
    uint16_t sport, dport;
    uint8_t flags;
    int side;
    const char *reason;
} firsts[] = {
    {40000, 80, TCP_SYN, 0, "a SYN's sender is the client"},
    {80, 40000, TCP_SYN, 0, "even from the lower port"},
    {80, 40000, TCP_SYN | TCP_ACK, 1, "a SYN and ACK is the server's"},
    {40000, 80, TCP_SYN | TCP_ACK, 1, "even from the higher port"},
    {40000, 80, TCP_ACK, 0, "in mid-stream the lower port is the server's"},
    {80, 40000, TCP_ACK, 1, "and so from the other side"},
    {5000, 5000, TCP_ACK, 0, "equal ports: the first sender"},
    {40000, 53, 0, 0, "a query"},
    {53, 40000, 0, 1, "an answer whose query was not seen"},
    {53, 53, 0, 0, "two resolvers: the first sender"},
};

static void test_client(void)
{
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        struct flows *flows = opened(4);
        struct packet p = packet_at(1, firsts[i].sport, firsts[i].dport, firsts[i].flags, second), back;
        int side = -1, again = -1;
        struct flow *flow = flow_of(flows, &p, &side);
        struct tuple expected = firsts[i].side == 0 ? p.tuple : tuple_reverse(&p.tuple);
        CHECK(flow != NULL && side == firsts[i].side && tuple_eq(&flow->tuple, &expected), "%s", firsts[i].reason);
        back = reply(p, firsts[i].flags == 0 ? 0 : TCP_ACK);
        CHECK(flow_of(flows, &back, &again) == flow && again == !side, "the reply: %s", firsts[i].reason);
        flows_close(flows);
    }
    struct flows *flows = opened(4);
    struct packet p = packet_at(1, 1, 2, TCP_SYN, 0);
    int side;
    p.kind = PACKET_FRAGMENT;
    CHECK(flow_of(flows, &p, &side) == NULL && flow_expired(flows, 0) == NULL, "a fragment has no flow");
    flows_close(flows);
}

static const struct {
    uint8_t flags, answer, third; /* flags of three packets; 0 first: UDP; 255: not sent */
    int64_t after_us;
    bool gone;
    const char *reason;
} idles[] = {
    {TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, 300000000, false, "TCP at 300 s"},
    {TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, 300000001, true, "TCP beyond 300 s"},
    {TCP_SYN, 255, 255, 300000000, false, "an unanswered SYN at 300 s"},
    {TCP_SYN, 255, 255, 300000001, true, "an unanswered SYN beyond 300 s"},
    {0, 0, 255, 60000000, false, "UDP at 60 s"},
    {0, 0, 255, 60000001, true, "UDP beyond 60 s"},
    {TCP_SYN, TCP_RST | TCP_ACK, 255, 5000000, false, "reset, at 5 s"},
    {TCP_SYN, TCP_RST | TCP_ACK, 255, 5000001, true, "reset, beyond 5 s"},
    {TCP_ACK, TCP_FIN | TCP_ACK, 255, 299000000, false, "half closed stays open"},
    {TCP_FIN, TCP_FIN | TCP_ACK, TCP_ACK, 5000001, true, "closed both ways"},
    {TCP_SYN, 255, 255, -200000000, false, "time stepped back a little"},
    {TCP_SYN, 255, 255, -400000000, true, "time stepped back to another capture"},
};

static void test_idle(void)
{
    for (size_t i = 0; i < sizeof idles / sizeof idles[0]; i++) {
        struct flows *flows = opened(4);
        struct packet p = packet_at(1, 40000, 80, idles[i].flags, 1000 * second), q;
        int side;
        struct flow *flow = flow_of(flows, &p, &side);
        q = reply(p, idles[i].answer);
        if (idles[i].answer != 255)
            CHECK(flow_of(flows, &q, &side) == flow, "answer: %s", idles[i].reason);
        q = reply(q, idles[i].third);
        if (idles[i].third != 255)
            CHECK(flow_of(flows, &q, &side) == flow, "third: %s", idles[i].reason);
        struct flow *old = flow_expired(flows, p.us + (uint64_t)idles[i].after_us);
        CHECK(old == (idles[i].gone ? flow : NULL), "%s", idles[i].reason);
        flows_close(flows);
    }
}

/* Packets between keep a flow alive, whatever list it is on and whoever was filed after it. */
static void test_order(void)
{
    struct flows *flows = opened(8);
    unsigned ended = 0;
    int side;
    for (unsigned t = 0; t < 2000; t += 100)
        for (unsigned client = 0; client < 3; client++) {
            struct packet p = packet_at(client, 40000, 80, TCP_ACK, t * second);
            if (client != 1 || t == 0)
                ask(flows, &p, &side, &ended);
        }
    CHECK(ended == 1, "only the silent one of three expired, not %u", ended);
    uint64_t last = 0;
    unsigned left = 0;
    for (struct flow *flow; (flow = flow_expired(flows, UINT64_MAX)) != NULL; left++) {
        CHECK(flow->last_us >= last, "oldest first");
        last = flow->last_us;
        flow_close(flows, flow);
    }
    struct flow_stats stats;
    flows_stats(flows, &stats);
    CHECK(left == 2 && stats.now == 0 && stats.made == 3 && stats.expired == 3, "all are out at the end");
    flows_close(flows);
}

/* All kinds lie in lists of their own, and still leave in the order of their last packets. */
static void test_kinds(void)
{
    static const uint8_t flags[] = {TCP_RST, 0, TCP_SYN, TCP_ACK};
    struct flows *flows = opened(64);
    uint64_t last = 0;
    unsigned left = 0;
    int side;
    for (unsigned i = 0; i < 40; i++) {
        struct packet p = packet_at(i, 40000, 80, flags[(i * 7 >> 2) & 3], 1 + i);
        flow_of(flows, &p, &side);
    }
    for (struct flow *flow; (flow = flow_expired(flows, UINT64_MAX)) != NULL; left++) {
        CHECK(flow->last_us == last + 1, "one after the other");
        last = flow->last_us;
        flow_close(flows, flow);
    }
    CHECK(left == 40, "all of them");
    flows_close(flows);
}

static const struct {
    uint8_t before, flags;
    uint32_t seq;
    bool another, dropped;
    const char *reason;
} reuses[] = {
    {TCP_RST, TCP_SYN, 1000, true, false, "a SYN after a reset"},
    {TCP_RST, TCP_ACK, 1001, false, false, "a late segment after a reset"},
    {TCP_RST, TCP_SYN | TCP_ACK, 9, false, false, "SYN and ACK begin nothing"},
    {TCP_ACK, TCP_SYN, 1000, false, false, "the SYN once more"},
    {TCP_ACK, TCP_SYN, 50000, false, false, "a SYN inside the window"},
    {TCP_ACK, TCP_SYN, 1000000000, true, false, "a SYN far away: the end was not seen"},
    {TCP_ACK, TCP_SYN, 4000000000, true, false, "a SYN far behind"},
    {TCP_ACK, TCP_ACK, 4000000000, false, false, "only a SYN"},
    {TCP_ACK, TCP_SYN, 50000, true, true, "inside the window of a stream that nobody follows"},
};

static void test_reuse(void)
{
    for (size_t i = 0; i < sizeof reuses / sizeof reuses[0]; i++) {
        struct flows *flows = opened(4);
        struct packet p = packet_at(1, 40000, 80, TCP_SYN, second);
        int side;
        struct flow *flow = flow_of(flows, &p, &side);
        flow->side[0].started = true;
        flow->side[0].next = 1001;
        if (reuses[i].dropped)
            stream_drop(&flow->side[0], NULL);
        p.seq = 1001;
        p.tcp_flags = reuses[i].before;
        CHECK(flow_of(flows, &p, &side) == flow, "the same flow");
        p.tcp_flags = reuses[i].flags;
        p.seq = reuses[i].seq;
        struct flow *next = flow_of(flows, &p, &side);
        CHECK((next == NULL) == reuses[i].another, "%s", reuses[i].reason);
        if (next == NULL) {
            CHECK(flow_expired(flows, p.us) == flow, "the former one is handed out: %s", reuses[i].reason);
            flow_close(flows, flow);
            CHECK(flow_expired(flows, p.us) == NULL, "once");
            next = flow_of(flows, &p, &side);
            CHECK(next != NULL && side == 0 && !next->closing && !next->side[0].started, "then a new one is made");
        }
        flows_close(flows);
    }
}

/* So many of one kind: the table stays bounded, and what was established before is still there. */
static void test_flood(uint8_t flags, unsigned count)
{
    enum { LIMIT = 4096, LIVE = 1000 };
    struct flows *flows = opened(LIMIT);
    unsigned ended = 0, kept = 0;
    int side;
    for (unsigned i = 0; i < LIVE; i++) {
        struct packet p = packet_at(i, 50000, 80, TCP_SYN, i), q = reply(p, TCP_SYN | TCP_ACK), r = reply(q, TCP_ACK);
        ask(flows, &p, &side, &ended);
        ask(flows, &q, &side, &ended);
        ask(flows, &r, &side, &ended);
    }
    for (unsigned i = 0; i < count; i++) {
        struct packet p = packet_at(i, (uint16_t)i, 443, flags, LIVE + i);
        if (ask(flows, &p, &side, &ended) == NULL) {
            CHECK(false, "no flow for packet %u", i);
            break;
        }
    }
    struct flow_stats stats;
    flows_stats(flows, &stats);
    CHECK(stats.now_max <= LIMIT && stats.made == LIVE + count, "%zu at once", stats.now_max);
    CHECK(stats.evicted + stats.now == stats.made && stats.expired == 0, "made is evicted and left");
    for (unsigned i = 0; i < LIVE; i++) {
        struct packet p = packet_at(i, 50000, 80, TCP_ACK, 2000000);
        struct flow *flow = flow_of(flows, &p, &side);
        kept += flow != NULL && flow->first_us == i;
    }
    CHECK(kept == LIVE, "%u of %d established flows outlived a flood of %d", kept, LIVE, flags);
    flows_close(flows);
}

/* Where everything is established, a new connection must still find its place and keep it. */
static void test_full(void)
{
    struct flows *flows = opened(16);
    unsigned ended = 0;
    int side;
    for (unsigned i = 0; i < 64; i++) {
        struct packet p = packet_at(i, 50000, 80, TCP_SYN, i), q = reply(p, TCP_SYN | TCP_ACK), r = reply(q, TCP_ACK);
        struct flow *flow = ask(flows, &p, &side, &ended);
        CHECK(ask(flows, &q, &side, &ended) == flow && side == 1, "flow %u is there for the answer", i);
        CHECK(ask(flows, &r, &side, &ended) == flow && side == 0, "flow %u is there for the third packet", i);
    }
    flows_close(flows);
    flows_close(NULL);
    flows = opened(0);
    struct packet p = packet_at(1, 50000, 53, 0, 0), q = packet_at(2, 50000, 53, 0, 0);
    CHECK(ask(flows, &p, &side, &ended) != NULL && ask(flows, &q, &side, &ended) != NULL, "a table of one");
    flows_close(flows);
}

/* Any order of packets, times and closings: the table agrees with a count of its own and never loses a flow. */
static void test_random(void)
{
    struct flows *flows = opened(32);
    uint64_t random = 88172645463325252u, us = 1000 * second;
    static const uint8_t flags[] = {0,       TCP_SYN, TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK,
                                    TCP_RST, TCP_ACK, TCP_ACK,           TCP_ACK};
    unsigned ended = 0;
    for (int i = 0; i < 200000; i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        us += random >> 20 & 0xfffff;
        us -= (random & 255) == 0 ? us / 2 : 0;
        struct packet p = packet_at(random >> 8 & 63, 40000, 80, flags[random & 7], us);
        p.seq = (uint32_t)(random >> 40 & 1) << 30;
        if (random >> 41 & 1)
            p.tuple = tuple_reverse(&p.tuple);
        int side = -1;
        struct flow *flow = ask(flows, &p, &side, &ended);
        struct tuple towards = flow == NULL || side == 0 ? p.tuple : tuple_reverse(&p.tuple);
        if (!CHECK(flow != NULL && tuple_eq(&flow->tuple, &towards), "step %d finds its flow", i))
            break;
        struct pool *none = NULL;
        struct stream_stats stats = {0};
        if (p.kind == PACKET_TCP && flow->side[side].first == NULL)
            stream_feed(&flow->side[side], &p, none, &stats);
    }
    struct flow_stats stats;
    flows_stats(flows, &stats);
    CHECK(stats.made == ended + stats.now && stats.now_max <= 32, "what was made has ended or is there");
    flows_close(flows);
}

int main(void)
{
    test_client();
    test_idle();
    test_order();
    test_kinds();
    test_reuse();
    test_flood(TCP_SYN, 1000000);
    test_flood(TCP_ACK, 100000);
    test_flood(TCP_RST, 100000);
    test_flood(0, 100000);
    test_full();
    test_random();
    return check_report("flow");
}
