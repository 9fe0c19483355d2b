/* Two tables see the same packets. One is asked for expired flows as always, and need not look when there can be none; the
 * other is made to look every time. Both name the same flows. */
#include "capture/flow.h"
#include "tests/check.h"

enum { PORTS = 12, ROUNDS = 200000 };

static uint64_t random_state = 42;

static uint32_t below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % limit);
}

/* Mostly moments, at times minutes, back as well as forth, and now and then another year. */
static uint64_t step(uint64_t us)
{
    switch (below(200)) {
    case 0: return us + below(400) * UINT64_C(1000000);
    case 1: return us - below(400) * UINT64_C(1000000);
    case 2: return us + below(10) * UINT64_C(31536000000000);
    case 3: return us - below(3) * UINT64_C(31536000000000);
    default: return us + below(4000000) - 200000;
    }
}

static struct packet any_packet(uint64_t us)
{
    static const uint8_t flags[] = {TCP_SYN, TCP_ACK, TCP_ACK | TCP_PSH, TCP_FIN | TCP_ACK, TCP_RST};
    bool udp = below(3) == 0, answer = below(2);
    uint16_t client = (uint16_t)(40000 + below(PORTS)), server = 80;
    struct packet packet = {.us = us, .kind = udp ? PACKET_UDP : PACKET_TCP, .seq = 1000};
    packet.tuple = (struct tuple){.sport = answer ? server : client, .dport = answer ? client : server, .proto = udp ? 17 : 6};
    packet.payload = below(2) ? S("x") : S("");
    packet.tcp_flags = flags[below(sizeof flags)];
    return packet;
}

/* The next flow that must go; `always`: after having been made to look, by a time before the last it was asked for. */
static struct flow *expired(struct flows *flows, uint64_t us, bool always)
{
    if (always)
        flow_expired(flows, UINT64_MAX);
    return flow_expired(flows, us);
}

static bool drain(struct flows *a, struct flows *b, uint64_t us)
{
    for (;;) {
        struct flow *x = expired(a, us, false), *y = expired(b, us, true);
        if ((x == NULL) != (y == NULL) || (x != NULL && (!tuple_eq(&x->tuple, &y->tuple) || x->last_us != y->last_us)))
            return false;
        if (x == NULL)
            return true;
        flow_close(a, x);
        flow_close(b, y);
    }
}

int main(void)
{
    char err[ERRLEN];
    struct flows *a = flows_open(1000, 1, err), *b = flows_open(1000, 1, err);
    uint64_t us = UINT64_C(1) << 60;
    unsigned unlike = 0;
    for (unsigned i = 0; i < ROUNDS && unlike == 0; i++) {
        int side;
        us = step(us);
        struct packet packet = any_packet(us);
        unlike += !drain(a, b, us);
        flow_of(a, &packet, &side);
        flow_of(b, &packet, &side);
        unlike += !drain(a, b, us);
    }
    CHECK(unlike == 0, "what was not looked for was not there");
    struct flow_stats stats;
    flows_stats(a, &stats);
    CHECK(stats.expired > ROUNDS / 1000, "flows did expire: %llu", (unsigned long long)stats.expired);
    CHECK(drain(a, b, UINT64_MAX), "the end empties both alike");
    flows_close(a);
    flows_close(b);
    return check_report("expiry");
}
