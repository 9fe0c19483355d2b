#include "capture/capture.h"

#include <stdlib.h>

#include "capture/proto.h"

enum { UDP = 17 };

/* How the bound is dealt out, in sixteenths. A flow also costs a session. */
enum {
    FLOWS_SHARE = 3, FRAGMENTS_SHARE = 1, ASKED_SHARE = 1, QUIC_SHARE = 1, SESSIONS_SHARE = 10
};
_Static_assert(FLOWS_SHARE + FRAGMENTS_SHARE + ASKED_SHARE + QUIC_SHARE + SESSIONS_SHARE == 16, "all of it, and no more");

struct capture {
    struct packet decoded;   /* of the frame that was fed */
    const struct packet *packet; /* in hand; borrowed where it was dealt */
    bool waiting, again;     /* it is not yet looked at; is looked at for the second time */
    bool leaving;            /* flow is on its way out */
    uint64_t now_us;         /* of the packet in hand; UINT64_MAX at the end */
    struct flow *flow;       /* being pulled */
    struct flows *flows;
    struct intake *intake;   /* NULL: packets are dealt */
    struct proto *proto;
    struct sessions *sessions;
    struct datagrams *datagrams;
    struct capture_stats stats;
};

size_t capture_intake_memory(size_t memory)
{
    return memory / 16 * FRAGMENTS_SHARE;
}

static bool open_rooms(struct capture *c, const struct capture_settings *settings, char err[static ERRLEN])
{
    size_t part = settings->memory / 16, flows = FLOWS_SHARE * part / (FLOW_BYTES + SESSION_BYTES);
    struct session_settings sessions = {SESSIONS_SHARE * part, flows, settings->body_limit};
    return (c->flows = flows_open(flows, settings->seed, err)) != NULL &&
           (settings->dealt || (c->intake = intake_open(capture_intake_memory(settings->memory), settings->seed, err)) != NULL) &&
           (c->proto = proto_open(ASKED_SHARE * part / PROTO_FLOW_BYTES, settings->proto, err)) != NULL &&
           (c->sessions = sessions_open(&sessions, c->proto, err)) != NULL &&
           (c->datagrams = datagrams_open(c->proto, QUIC_SHARE * part, settings->seed, err)) != NULL;
}

struct capture *capture_open(const struct capture_settings *settings, char err[static ERRLEN])
{
    struct capture *c = calloc(1, sizeof *c);
    if (c == NULL) {
        error_set(err, "no memory for the capture");
        return NULL;
    }
    if (!open_rooms(c, settings, err)) {
        capture_close(c);
        return NULL;
    }
    return c;
}

void capture_close(struct capture *c)
{
    if (c == NULL)
        return;
    for (struct flow *flow; c->flows != NULL && c->datagrams != NULL && (flow = flow_expired(c->flows, UINT64_MAX)) != NULL;) {
        if (flow->tuple.proto == UDP)
            datagram_close(c->datagrams, flow);
        else
            session_close(c->sessions, flow);
        flow_close(c->flows, flow);
    }
    datagrams_close(c->datagrams);
    sessions_close(c->sessions);
    proto_close(c->proto);
    intake_close(c->intake);
    flows_close(c->flows);
    free(c);
}

void capture_deal(struct capture *c, const struct packet *packet)
{
    c->packet = packet;
    c->waiting = true;
    c->again = false;
    c->now_us = packet->us; /* which may step back: a file of another day is another capture, and its flows are others */
}

void capture_feed(struct capture *c, const struct frame *frame)
{
    bool whole = intake_feed(c->intake, frame, &c->decoded);
    capture_deal(c, &c->decoded);
    c->waiting = whole;
    c->now_us = frame->us;
}

static void flow_leaves(struct capture *c, struct flow *flow)
{
    if (flow->tuple.proto == UDP) {
        datagram_close(c->datagrams, flow);
        flow_close(c->flows, flow);
        return;
    }
    session_finish(c->sessions, flow);
    c->flow = flow;
    c->leaving = true;
}

/* A TCP segment becomes its flow's, to be pulled. Where its ports belong to a connection before, that one leaves first
 * and the packet waits for another turn. */
static void take_segment(struct capture *c)
{
    int side;
    c->flow = flow_of(c->flows, c->packet, &side);
    if (c->flow != NULL)
        session_feed(c->sessions, c->flow, side, c->packet);
    c->stats.tcp += c->flow != NULL;
    c->waiting = c->flow == NULL && !c->again;
    c->again = c->waiting;
}

/* True: the packet was an event by itself. */
static bool take_packet(struct capture *c, struct event *event)
{
    c->waiting = false;
    switch (c->packet->kind) {
    case PACKET_UDP:
        c->stats.udp++;
        return datagram_see(c->datagrams, c->flows, c->packet, event);
    case PACKET_TCP:
        take_segment(c);
        return false;
    case PACKET_OTHER:
    case PACKET_FRAGMENT: break;
    }
    return false;
}

/* The flow that must go before the next packet is looked at. Where memory is short it is the longest idle: otherwise
 * connections that are begun and left would keep all that come after them from being read. */
static struct flow *to_leave(struct capture *c)
{
    struct flow *flow = flow_expired(c->flows, c->now_us);
    if (flow == NULL && c->waiting && c->packet->kind == PACKET_TCP && sessions_short(c->sessions))
        flow = flow_crowding(c->flows, false);
    if (flow == NULL && c->waiting && c->packet->kind == PACKET_UDP && datagrams_short(c->datagrams))
        flow = flow_crowding(c->flows, true);
    return flow;
}

bool capture_next(struct capture *c, struct event *event)
{
    for (;;) {
        if (c->flow != NULL) {
            if (session_next(c->sessions, c->flow, event))
                return true;
            if (c->leaving) {
                session_close(c->sessions, c->flow);
                flow_close(c->flows, c->flow);
            }
            c->flow = NULL;
            c->leaving = false;
        }
        if (!c->waiting && c->now_us != UINT64_MAX)
            return false; /* flows leave before the next packet is looked at */
        struct flow *leaving = to_leave(c);
        if (leaving != NULL) {
            flow_leaves(c, leaving);
            continue;
        }
        if (!c->waiting)
            return false;
        if (take_packet(c, event))
            return true;
    }
}

void capture_dismiss(struct capture *c)
{
    if (c->flow != NULL)
        session_dismiss(c->flow);
}

void capture_finish(struct capture *c)
{
    c->now_us = UINT64_MAX;
    c->waiting = false;
    if (c->intake != NULL)
        intake_finish(c->intake);
}

void capture_stats(const struct capture *c, struct capture_stats *stats)
{
    *stats = c->stats;
    if (c->intake != NULL) {
        intake_stats(c->intake, &stats->intake);
        intake_memory(c->intake, &stats->memory);
    }
    flows_stats(c->flows, &stats->flow);
    datagrams_stats(c->datagrams, &stats->datagram);
    sessions_stats(c->sessions, &stats->session);
    stats->http = *sessions_http(c->sessions);
    flows_memory(c->flows, &stats->memory);
    proto_memory(c->proto, &stats->memory);
    sessions_memory(c->sessions, &stats->memory);
    datagrams_memory(c->datagrams, &stats->memory);
}
