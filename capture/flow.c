#include "capture/flow.h"

#include <stdlib.h>

#include "capture/pages.h"

/* Flows of one idle time are filed by their last packet, so the next to expire is always the oldest of a list. TCP
 * flows that have not come beyond a SYN stand apart, and so do those that hold no memory but their own. */
enum list { LIST_CLOSING, LIST_HALF_OPEN, LIST_UDP, LIST_UDP_LIGHT, LIST_TCP, LIST_TCP_LIGHT, LISTS };

static const struct {
    uint64_t idle_us;
    unsigned share; /* sixteenths of the table; beyond it, and when the table is full, its own oldest goes first */
} kinds[LISTS] = {
    [LIST_CLOSING] = {FLOW_CLOSING_IDLE_S * UINT64_C(1000000), 0},
    [LIST_HALF_OPEN] = {FLOW_TCP_IDLE_S * UINT64_C(1000000), 4},
    [LIST_UDP] = {FLOW_UDP_IDLE_S * UINT64_C(1000000), 8},
    [LIST_UDP_LIGHT] = {FLOW_UDP_IDLE_S * UINT64_C(1000000), 8},
    [LIST_TCP] = {FLOW_TCP_IDLE_S * UINT64_C(1000000), 16},
    [LIST_TCP_LIGHT] = {FLOW_TCP_IDLE_S * UINT64_C(1000000), 16},
};

enum {
    NONE = 0,        /* flows are numbered from 1, so that zeroed memory is an empty table */
    SOON = 256 << 10 /* bytes of the table that are there from the beginning: few flows touch all of it */
};

struct flows {
    struct pool *pool;
    struct flow *first;       /* number 1 */
    uint32_t *buckets;        /* numbers; a packet's bucket is cold, so many of them share a line */
    size_t mask, limit, now, now_max;
    uint64_t seed, made, reused, expired, evicted, crowded;
    struct flow *due; /* to be closed before flow_of can go on */
    uint64_t looked_us, quiet_us; /* from the last look for expired flows up to quiet_us there is none */
    struct {
        uint32_t newest, oldest;
        size_t count;
    } lists[LISTS];
};

struct flows *flows_open(size_t limit, uint64_t seed, char err[static ERRLEN])
{
    struct flows *flows = calloc(1, sizeof *flows);
    if (flows == NULL) {
        error_set(err, "no memory for a table of flows");
        return NULL;
    }
    flows->limit = limit > 0 ? limit : 1;
    flows->seed = seed;
    for (flows->mask = 1; flows->mask < flows->limit; flows->mask *= 2)
        continue;
    flows->pool = pool_open(sizeof(struct flow), flows->limit * sizeof(struct flow), err);
    flows->buckets = pages_open(flows->mask * sizeof *flows->buckets);
    if (flows->pool == NULL || flows->buckets == NULL || flows->limit >= UINT32_MAX) {
        error_set(err, "no memory for %zu flows; lower the memory setting", flows->limit);
        flows_close(flows);
        return NULL;
    }
    /* With 100,000 flows a packet's is on a page that the processor has to look for, which costs a fifth of the packet. */
    size_t bytes = flows->mask * sizeof *flows->buckets;
    pages_large(flows->buckets, bytes);
    pages_soon(flows->buckets, bytes < SOON ? bytes : SOON);
    pool_large_pages(flows->pool);
    flows->first = pool_first(flows->pool);
    flows->mask--;
    return flows;
}

void flows_close(struct flows *flows)
{
    if (flows == NULL)
        return;
    pages_close(flows->buckets, (flows->mask + 1) * sizeof *flows->buckets);
    pool_close(flows->pool);
    free(flows);
}

/* NULL where it is nobody's number. */
static struct flow *flow_at(const struct flows *flows, uint32_t number)
{
    return number != NONE ? &flows->first[number - 1] : NULL;
}

static uint32_t number_of(const struct flows *flows, const struct flow *flow)
{
    return (uint32_t)(flow - flows->first) + 1;
}

/* Packet time may step back, between the files of a replay by years. A little is nothing; a flow whose last packet lies
 * further in the future than it may be idle belongs to another time and goes like one that lies in the past. */
static bool is_over(const struct flow *flow, uint64_t now_us)
{
    if (now_us == UINT64_MAX)
        return true;
    uint64_t apart = now_us > flow->last_us ? now_us - flow->last_us : flow->last_us - now_us;
    return apart > kinds[flow->list].idle_us;
}

/* flow_expired is called for every packet, and hardly ever finds one. So the time up to which it need not look is kept:
 * it comes nearer when a flow is filed, or becomes the oldest of its list, whose time is up before. */
static void expect(struct flows *flows, const struct flow *flow)
{
    uint64_t over = is_over(flow, flows->looked_us) ? 0 : flow->last_us + kinds[flow->list].idle_us;
    if (over < flows->quiet_us)
        flows->quiet_us = over;
}

static void file_away(struct flows *flows, struct flow *flow, enum list list)
{
    uint32_t number = number_of(flows, flow);
    flow->list = (uint8_t)list;
    flow->newer = NONE;
    flow->older = flows->lists[list].newest;
    if (flow->older != NONE)
        flow_at(flows, flow->older)->newer = number;
    else
        flows->lists[list].oldest = number;
    flows->lists[list].newest = number;
    flows->lists[list].count++;
    expect(flows, flow);
}

/* The neighbours are only written to: nobody waits for their memory. */
static void take_out(struct flows *flows, struct flow *flow)
{
    if (flow->newer != NONE)
        flow_at(flows, flow->newer)->older = flow->older;
    else
        flows->lists[flow->list].newest = flow->older;
    if (flow->older != NONE)
        flow_at(flows, flow->older)->newer = flow->newer;
    else if ((flows->lists[flow->list].oldest = flow->newer) != NONE)
        expect(flows, flow_at(flows, flow->newer));
    flows->lists[flow->list].count--;
}

static uint32_t *bucket_of(const struct flows *flows, const struct tuple *tuple)
{
    return &flows->buckets[tuple_hash(tuple, flows->seed) & flows->mask];
}

static struct flow *find(const struct flows *flows, uint32_t chain, const struct tuple *tuple, int *side)
{
    struct tuple reverse = tuple_reverse(tuple);
    for (struct flow *flow; (flow = flow_at(flows, chain)) != NULL; chain = flow->chain) {
        if (tuple_eq(&flow->tuple, tuple)) {
            *side = 0;
            return flow;
        }
        if (tuple_eq(&flow->tuple, &reverse)) {
            *side = 1;
            return flow;
        }
    }
    return NULL;
}

static bool from_client(const struct packet *packet)
{
    if (packet->kind == PACKET_TCP && packet->tcp_flags & TCP_SYN)
        return !(packet->tcp_flags & TCP_ACK);
    return packet->tuple.sport >= packet->tuple.dport;
}

/* A SYN begins another connection on the same ports once the former one is over, or where its number shows that the
 * end of the former one was not seen. Inside the window it is an old or forged one (RFC 5961 section 4). A stream that
 * nobody follows any more has no window to go by. */
static bool begins_another(const struct flow *flow, const struct packet *packet, int side)
{
    if (packet->kind != PACKET_TCP || (packet->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
        return false;
    const struct stream *stream = &flow->side[side];
    return flow->closing || stream->ended || !stream_near(stream, packet->seq + 1, STREAM_WINDOW);
}

static struct flow *make(struct flows *flows, uint32_t *bucket, const struct packet *packet, int *side)
{
    struct flow *flow = pool_take(flows->pool);
    if (flow == NULL)
        return NULL;
    bool client = from_client(packet);
    *flow = (struct flow){.tuple = client ? packet->tuple : tuple_reverse(&packet->tuple), .chain = *bucket, .last_us = packet->us,
                          .first_us = packet->us};
    *side = !client;
    *bucket = number_of(flows, flow);
    file_away(flows, flow, packet->kind == PACKET_UDP ? LIST_UDP : LIST_HALF_OPEN);
    flows->made++;
    if (++flows->now > flows->now_max)
        flows->now_max = flows->now;
    return flow;
}

/* A forged RST far from the window does not end a flow for us, as it does not for the receiver. */
static enum list list_after(struct flow *flow, const struct packet *packet, int side, bool old)
{
    if (packet->kind == PACKET_UDP)
        return flow->light ? LIST_UDP_LIGHT : LIST_UDP;
    if (packet->tcp_flags & TCP_FIN)
        flow->fins |= (uint8_t)(1 << side);
    if (flow->fins == 3 || (packet->tcp_flags & TCP_RST && stream_near(&flow->side[side], packet->seq, STREAM_WINDOW)))
        flow->closing = true;
    if (flow->closing)
        return LIST_CLOSING;
    if (flow->light)
        return LIST_TCP_LIGHT;
    if (flow->list == LIST_TCP || packet->payload.len > 0 || (old && !(packet->tcp_flags & TCP_SYN)))
        return LIST_TCP;
    return LIST_HALF_OPEN;
}

struct flow *flow_of(struct flows *flows, const struct packet *packet, int *side)
{
    if (packet->kind != PACKET_TCP && packet->kind != PACKET_UDP)
        return NULL;
    uint32_t *bucket = bucket_of(flows, &packet->tuple);
    struct flow *flow = find(flows, *bucket, &packet->tuple, side);
    bool old = flow != NULL;
    if (old && begins_another(flow, packet, *side)) {
        flows->due = flow;
        flows->reused++;
        return NULL;
    }
    if (old && !flow->light) /* what hangs on it is wanted next, and as cold as it */
        __builtin_prefetch(&flow->side[*side], 1);
    if (!old && (flow = make(flows, bucket, packet, side)) == NULL)
        return NULL;
    flow->last_us = packet->us;
    enum list list = list_after(flow, packet, *side, old);
    if (flows->lists[list].newest != number_of(flows, flow)) {
        take_out(flows, flow);
        file_away(flows, flow, list);
    } else {
        expect(flows, flow);
    }
    return flow;
}

/* The longest idle, but of a list that has outgrown its share first: a flood pushes itself out. */
static struct flow *longest_idle(const struct flows *flows)
{
    struct flow *found = NULL;
    for (int list = 0; list < LISTS; list++) {
        struct flow *oldest = flow_at(flows, flows->lists[list].oldest);
        if (oldest == NULL)
            continue;
        if (flows->lists[list].count > flows->limit / 16 * kinds[list].share)
            return oldest;
        if (found == NULL || oldest->last_us < found->last_us)
            found = oldest;
    }
    return found;
}

/* Looks at the oldest of every list, and notes up to when there is nothing to look for. */
static struct flow *look_for_expired(struct flows *flows, uint64_t now_us)
{
    struct flow *found = NULL;
    flows->quiet_us = UINT64_MAX;
    for (int list = 0; list < LISTS; list++) {
        struct flow *oldest = flow_at(flows, flows->lists[list].oldest);
        if (oldest == NULL)
            continue;
        expect(flows, oldest);
        if (is_over(oldest, now_us) && (found == NULL || oldest->last_us < found->last_us))
            found = oldest;
    }
    return found;
}

struct flow *flow_expired(struct flows *flows, uint64_t now_us)
{
    if (flows->due != NULL)
        return flows->due;
    bool quiet = now_us >= flows->looked_us && now_us <= flows->quiet_us;
    flows->looked_us = now_us;
    struct flow *found = quiet ? NULL : look_for_expired(flows, now_us);
    if (found != NULL) {
        flows->expired++;
        return found;
    }
    if (flows->now < flows->limit)
        return NULL;
    flows->evicted++;
    return longest_idle(flows);
}

struct flow *flow_crowding(struct flows *flows, bool udp)
{
    struct flow *flow = flow_at(flows, flows->lists[udp ? LIST_UDP : LIST_CLOSING].oldest);
    if (flow == NULL && !udp)
        flow = flow_at(flows, flows->lists[LIST_TCP].oldest);
    flows->crowded += flow != NULL;
    return flow;
}

void flow_close(struct flows *flows, struct flow *flow)
{
    uint32_t *link = bucket_of(flows, &flow->tuple), number = number_of(flows, flow);
    while (*link != number)
        link = &flow_at(flows, *link)->chain;
    *link = flow->chain;
    take_out(flows, flow);
    if (flows->due == flow)
        flows->due = NULL;
    pool_give(flows->pool, flow);
    flows->now--;
}

void flows_stats(const struct flows *flows, struct flow_stats *stats)
{
    *stats = (struct flow_stats){flows->made, flows->reused, flows->expired, flows->evicted, flows->crowded,
                                  flows->now, flows->now_max, flows->limit};
}

void flows_memory(const struct flows *flows, struct pool_sum *sum)
{
    pool_sum(flows->pool, sum);
    sum->bytes += (flows->mask + 1) * sizeof *flows->buckets;
}
