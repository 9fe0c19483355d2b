#include "capture/datagram.h"

#include <stdlib.h>

#include "capture/dns.h"
#include "capture/duplicate.h"
#include "capture/pool.h"
#include "capture/proto.h"
#include "capture/quic.h"

enum { ASK_PACKETS = 8, DNS_PORT = 53, MDNS_PORT = 5353, LLMNR_PORT = 5355 };

/* What a UDP flow on another port turned out to be; kept in its state. Its session is nDPI's memory of it while it is
 * asked about, and a quic_stream up to its ClientHello. */
enum datagram_flow { DATAGRAM_NEW, DATAGRAM_ASKING, DATAGRAM_DNS, DATAGRAM_QUIC, DATAGRAM_BLIND };

struct datagrams {
    struct proto *proto;
    struct quic *quic;
    struct duplicates *duplicates;
    struct pool *streams;   /* of QUIC connections whose ClientHello is not yet whole */
    struct datagram_stats stats;
    struct dns_msg dns;
    struct tls_hello hello;
};

struct datagrams *datagrams_open(struct proto *proto, size_t memory, uint64_t seed, char err[static ERRLEN])
{
    struct datagrams *d = calloc(1, sizeof *d);
    if (d == NULL) {
        error_set(err, "no memory for datagrams");
        return NULL;
    }
    d->proto = proto;
    if ((d->quic = quic_open(err)) == NULL || (d->duplicates = duplicates_open(seed, err)) == NULL ||
        (d->streams = pool_open(sizeof(struct quic_stream), memory, err)) == NULL) {
        datagrams_close(d);
        return NULL;
    }
    return d;
}

void datagrams_close(struct datagrams *d)
{
    if (d == NULL)
        return;
    quic_close(d->quic);
    duplicates_close(d->duplicates);
    pool_close(d->streams);
    free(d);
}

static bool is_dns_port(uint16_t port)
{
    return port == DNS_PORT || port == MDNS_PORT || port == LLMNR_PORT;
}

/* A query comes from the client, an answer goes to it: the message says who is who, whatever the ports. */
static bool see_dns(struct datagrams *d, const struct packet *packet, struct event *event)
{
    if (duplicate_seen(d->duplicates, packet)) {
        d->stats.duplicates++;
        return false;
    }
    event->kind = EVENT_DNS;
    event->us = packet->us;
    event->dns = &d->dns;
    event->tuple = d->dns.answer ? tuple_reverse(&packet->tuple) : packet->tuple;
    d->stats.dns++;
    return true;
}

/* The flow is what it is; what hung on it while that was open is given back. */
static void settle(struct datagrams *d, struct flow *flow, enum datagram_flow state)
{
    if (flow->state == DATAGRAM_QUIC)
        pool_give(d->streams, flow->session);
    else
        proto_give(d->proto, (struct proto_flow *)flow->session);
    flow->session = NULL;
    flow->state = (uint8_t)state;
    flow->light = true;
}

/* A message that parses as DNS on a port that is not DNS's, but is an odd one: nDPI has the last word, where it is there. */
static void ask(struct datagrams *d, struct flow *flow, const struct packet *packet)
{
    if (flow->session == NULL) {
        d->stats.asked++;
        flow->state = DATAGRAM_ASKING;
        flow->session = (struct session *)proto_take(d->proto);
        d->stats.no_room += flow->session == NULL;
    }
    struct proto_flow *memory = (struct proto_flow *)flow->session;
    enum proto_answer answer = memory == NULL ? PROTO_UNKNOWN : proto_ask(d->proto, memory, packet->ip, packet->us);
    if (answer == PROTO_DNS)
        settle(d, flow, DATAGRAM_DNS);
    else if (answer != PROTO_ASKING || ++flow->asked >= ASK_PACKETS)
        settle(d, flow, DATAGRAM_BLIND);
}

/* The client's datagrams up to its ClientHello; the server's tell nothing. */
static bool see_quic(struct datagrams *d, struct flow *flow, const struct packet *packet, struct event *event)
{
    enum tls_found found = quic_feed(d->quic, (struct quic_stream *)flow->session, packet->payload, &d->hello);
    if (found == TLS_MORE)
        return false;
    settle(d, flow, DATAGRAM_BLIND);
    if (found != TLS_FOUND)
        return false;
    d->stats.quic++;
    event->kind = EVENT_TLS;
    event->us = packet->us;
    event->tls = &d->hello;
    event->tuple = flow->tuple;
    return true;
}

static void begin_quic(struct datagrams *d, struct flow *flow)
{
    struct quic_stream *stream = pool_take(d->streams);
    flow->session = (struct session *)stream;
    if (stream != NULL)
        quic_start(stream);
    flow->state = stream != NULL ? DATAGRAM_QUIC : DATAGRAM_BLIND;
    d->stats.no_room += stream == NULL;
}

/* First datagram of a flow on a port that says nothing: what may it be? */
static void begin(struct datagrams *d, struct flow *flow, int side, const struct packet *packet)
{
    if (side == 0 && quic_looks_like(packet->payload))
        begin_quic(d, flow);
    else if (dns_looks_like(packet->payload)) /* nDPI 4.2 knows DNS on its own ports only */
        flow->state = DATAGRAM_DNS;
    else if (dns_parse(&d->dns, packet->payload))
        ask(d, flow, packet);
    else
        settle(d, flow, DATAGRAM_BLIND);
}

bool datagram_see(struct datagrams *d, struct flows *flows, const struct packet *packet, struct event *event)
{
    int side;
    if (is_dns_port(packet->tuple.sport) || is_dns_port(packet->tuple.dport)) {
        duplicate_expect(d->duplicates, packet);
        if (dns_parse(&d->dns, packet->payload))
            return see_dns(d, packet, event);
        d->stats.dns_bad++;
        return false;
    }
    struct flow *flow = flow_of(flows, packet, &side);
    if (flow == NULL)
        return false;
    if (flow->state == DATAGRAM_NEW)
        begin(d, flow, side, packet);
    else if (flow->state == DATAGRAM_ASKING)
        ask(d, flow, packet);
    if (flow->state == DATAGRAM_QUIC && side == 0)
        return see_quic(d, flow, packet, event);
    return flow->state == DATAGRAM_DNS && dns_parse(&d->dns, packet->payload) && see_dns(d, packet, event);
}

void datagram_close(struct datagrams *d, struct flow *flow)
{
    settle(d, flow, DATAGRAM_BLIND);
}

bool datagrams_short(const struct datagrams *d)
{
    return pool_short(d->streams);
}

void datagrams_stats(const struct datagrams *d, struct datagram_stats *stats)
{
    *stats = d->stats;
}

void datagrams_memory(const struct datagrams *d, struct pool_sum *sum)
{
    pool_sum(d->streams, sum);
}
