#include "capture/session.h"

#include <stdlib.h>

#include "capture/dns.h"
#include "capture/guess.h"
#include "capture/http.h"
#include "capture/proto.h"
#include "capture/tls.h"

enum {
    ASK_PACKETS = 12,  /* with payload: by then nDPI has said what it will say of a TCP flow */
    WATCH_PIECES = 24, /* of both sides: by then a mail, chat or proxy client has changed to TLS, if it ever will */
};

/* The state of a flow: nothing known; a session at work; something else, that may still lead to TLS (STARTTLS), or, where
 * it is SOCKS, to HTTP; or nothing there that radome reads. */
enum flow_state { FLOW_NEW, FLOW_SPEAKING, FLOW_WATCHED, FLOW_SOCKS, FLOW_BLIND };

struct session {
    enum speaks speaks;
    union {
        struct http *http;
        struct tls_stream *tls;
        struct dns_stream *dns[2];
        struct proto_flow *asking;
    };
};

_Static_assert(sizeof(struct session) <= SESSION_BYTES, "a session fits its block");

struct sessions {
    struct proto *proto;
    struct http_memory *http;
    struct pool *segments, *sessions, *tls, *dns;
    struct session_stats stats;

    /* The flow being pulled: which side next, how many sides are done, what is spoken on it since. */
    int side;
    unsigned sides_done;
    uint64_t us;
    struct dns_msg dns_msg;
    struct tls_hello hello;
};

struct sessions *sessions_open(const struct session_settings *settings, struct proto *proto, char err[static ERRLEN])
{
    struct sessions *s = calloc(1, sizeof *s);
    if (s == NULL) {
        error_set(err, "no memory for sessions");
        return NULL;
    }
    s->proto = proto;
    s->segments = pool_open(STREAM_BLOCK, settings->memory / 4, err);
    s->tls = s->segments != NULL ? pool_open(sizeof(struct tls_stream), settings->memory / 16, err) : NULL;
    s->dns = s->tls != NULL ? pool_open(sizeof(struct dns_stream), settings->memory / 16, err) : NULL;
    s->sessions = s->dns != NULL ? pool_open(sizeof(struct session), settings->flows * SESSION_BYTES, err) : NULL;
    s->http = s->sessions != NULL ? http_memory_open(settings->memory / 8 * 5, settings->body_limit, err) : NULL;
    if (s->http == NULL) {
        sessions_close(s);
        return NULL;
    }
    return s;
}

void sessions_close(struct sessions *s)
{
    if (s == NULL)
        return;
    http_memory_close(s->http);
    pool_close(s->segments);
    pool_close(s->tls);
    pool_close(s->dns);
    pool_close(s->sessions);
    free(s);
}

static void session_free(struct sessions *s, struct flow *flow)
{
    struct session *session = flow->session;
    if (session == NULL)
        return;
    switch (session->speaks) {
    case SPEAKS_HTTP: http_close(session->http); break;
    case SPEAKS_TLS: pool_give(s->tls, session->tls); break;
    case SPEAKS_DNS:
        pool_give(s->dns, session->dns[0]);
        pool_give(s->dns, session->dns[1]);
        break;
    case SPEAKS_ASKING: proto_give(s->proto, session->asking); break;
    }
    pool_give(s->sessions, session);
    flow->session = NULL;
}

/* Nothing more to read on this flow: from here on a packet costs its look-up in the table. */
static void go_blind(struct sessions *s, struct flow *flow)
{
    session_free(s, flow);
    stream_drop(&flow->side[0], s->segments);
    stream_drop(&flow->side[1], s->segments);
    flow->state = FLOW_BLIND;
    flow->light = true;
    s->stats.blind++;
}

static bool session_fill(struct sessions *s, struct session *session)
{
    switch (session->speaks) {
    case SPEAKS_HTTP:
        s->stats.http++;
        return (session->http = http_open(s->http)) != NULL;
    case SPEAKS_TLS:
        s->stats.tls++;
        if ((session->tls = pool_take(s->tls)) != NULL)
            tls_start(session->tls);
        return session->tls != NULL;
    case SPEAKS_DNS:
        s->stats.dns++;
        for (int side = 0; side < 2; side++)
            if ((session->dns[side] = pool_take(s->dns)) != NULL)
                dns_stream_start(session->dns[side]);
        return session->dns[0] != NULL && session->dns[1] != NULL;
    case SPEAKS_ASKING:
        s->stats.asked++;
        return (session->asking = proto_take(s->proto)) != NULL;
    }
    return false;
}

static bool session_start(struct sessions *s, struct flow *flow, enum speaks speaks)
{
    struct session *session = flow->session = pool_take(s->sessions);
    if (session != NULL) {
        *session = (struct session){.speaks = speaks};
        flow->state = FLOW_SPEAKING;
        if (session_fill(s, session))
            return true;
    }
    s->stats.no_room++;
    session_free(s, flow);
    flow->state = FLOW_NEW;
    return false;
}

/* What is spoken is not known, but it may lead on to something that is. */
static void watch(struct flow *flow, struct slice first, int side)
{
    flow->state = side == 0 && guess_socks(first) ? FLOW_SOCKS : FLOW_WATCHED;
    flow->asked = 0;
}

/* First bytes in order: whose protocol are they? A TLS server's come after its client's, or the beginning was missed. */
static void tell_apart(struct sessions *s, struct flow *flow, struct slice first, int side)
{
    bool again = flow->state != FLOW_NEW;
    int speaks = again ? guess_again(first, side, flow->state == FLOW_SOCKS) : guess_first(&flow->tuple, first, side);
    if (speaks >= 0 && !session_start(s, flow, (enum speaks)speaks))
        go_blind(s, flow);
    else if (speaks < 0 && !again)
        watch(flow, first, side);
    else if (speaks < 0 && ++flow->asked >= WATCH_PIECES)
        go_blind(s, flow);
}

/* On a port that is nobody's home, bytes that may be HTTP or TLS are shown to nDPI. Nothing is pulled from the stream
 * meanwhile, so that nothing is lost when it knows. */
static void ask(struct sessions *s, struct flow *flow, int side, const struct packet *packet)
{
    if (flow->session == NULL) {
        struct slice first = flow->side[side].fresh;
        if (first.len == 0 || flow->asked > 0)
            return; /* out of order at the very start: the bytes alone will decide, once they are there */
        int speaks = guess_first(&flow->tuple, guess_without_proxy(first), side);
        if (speaks < 0)
            return; /* looked at as it is pulled */
        if (speaks == SPEAKS_DNS) {
            flow->asked = ASK_PACKETS;
            return; /* sure enough */
        }
        if (!session_start(s, flow, SPEAKS_ASKING))
            return;
    }
    enum proto_answer answer = proto_ask(s->proto, flow->session->asking, packet->ip, packet->us);
    flow->asked++;
    if (answer == PROTO_ASKING && flow->asked < ASK_PACKETS) {
        stream_hold(&flow->side[side], s->segments, &s->stats.stream);
        return;
    }
    session_free(s, flow);
    flow->state = FLOW_NEW;
    if (answer == PROTO_OTHER)
        go_blind(s, flow);
}

void session_feed(struct sessions *s, struct flow *flow, int side, const struct packet *packet)
{
    s->side = side;
    s->sides_done = 0;
    s->us = packet->us;
    if (flow->state == FLOW_BLIND)
        return;
    flow->side[!side].now_us = packet->us; /* as stream_feed does for its own */
    stream_feed(&flow->side[side], packet, s->segments, &s->stats.stream);
    if (packet->tcp_flags & TCP_ACK)
        stream_ack(&flow->side[!side], packet->ack);
    bool asking = flow->session != NULL && flow->session->speaks == SPEAKS_ASKING;
    if (packet->payload.len > 0 && (asking || (flow->state == FLOW_NEW && guess_home(&flow->tuple) < 0)))
        ask(s, flow, side, packet);
}

static void session_take(struct sessions *s, struct flow *flow, struct piece *piece)
{
    if (flow->state == FLOW_NEW && piece->kind == PIECE_DATA && s->side == 0)
        piece->data = guess_without_proxy(piece->data);
    if (flow->session == NULL && piece->kind == PIECE_DATA && piece->data.len > 0)
        tell_apart(s, flow, piece->data, s->side);
    struct session *session = flow->session;
    if (session == NULL)
        return;
    switch (session->speaks) {
    case SPEAKS_HTTP: http_feed(session->http, s->side, piece, s->us); break;
    case SPEAKS_DNS: dns_stream_feed(session->dns[s->side], piece, &s->stats.dns_stream); break;
    case SPEAKS_TLS:
    case SPEAKS_ASKING: break;
    }
}

static bool next_dns(struct sessions *s, struct dns_stream *stream, struct event *event)
{
    struct slice message;
    while (dns_stream_next(stream, &message, &s->stats.dns_stream))
        if (dns_parse(&s->dns_msg, message)) {
            event->kind = EVENT_DNS;
            event->us = s->us;
            event->dns = &s->dns_msg;
            return true;
        }
    return false;
}

/* An event that the session has ready. */
static bool session_event(struct sessions *s, struct flow *flow, struct event *event)
{
    struct session *session = flow->session;
    if (session == NULL)
        return false;
    switch (session->speaks) {
    case SPEAKS_HTTP:
        if (http_next(session->http, event))
            return true;
        if (http_state(session->http) == HTTP_TUNNEL) { /* what follows a CONNECT is told apart anew */
            session_free(s, flow);
            flow->state = FLOW_NEW;
            flow->asked = ASK_PACKETS;
        }
        return false;
    case SPEAKS_DNS:
        return next_dns(s, session->dns[s->side], event);
    case SPEAKS_TLS:
    case SPEAKS_ASKING: break;
    }
    return false;
}

/* The hello is all that is readable of a TLS connection. */
static bool hello_found(struct sessions *s, struct flow *flow, const struct piece *piece, struct event *event)
{
    if (flow->session == NULL || flow->session->speaks != SPEAKS_TLS || s->side != 0)
        return false;
    enum tls_found found = tls_feed(flow->session->tls, piece, &s->hello);
    if (found == TLS_MORE && piece->kind == PIECE_DATA)
        return false;
    go_blind(s, flow);
    if (found != TLS_FOUND)
        return false;
    event->kind = EVENT_TLS;
    event->us = s->us;
    event->tls = &s->hello;
    return true;
}

static bool next_event(struct sessions *s, struct flow *flow, struct event *event)
{
    struct piece piece;
    for (;;) {
        if (session_event(s, flow, event))
            return true;
        if (flow->state == FLOW_BLIND || (flow->session != NULL && flow->session->speaks == SPEAKS_ASKING))
            return false;
        if (stream_next(&flow->side[s->side], &piece, s->segments, &s->stats.stream)) {
            session_take(s, flow, &piece);
            if (hello_found(s, flow, &piece, event))
                return true;
        } else if (s->sides_done++ == 0) {
            s->side = !s->side; /* an acknowledgement may have told the other side's lost from its late */
        } else {
            return false;
        }
    }
}

bool session_next(struct sessions *s, struct flow *flow, struct event *event)
{
    bool found = next_event(s, flow, event);
    if (found)
        event->tuple = flow->tuple;
    return found;
}

void session_dismiss(struct flow *flow)
{
    if (flow->session != NULL && flow->session->speaks == SPEAKS_HTTP)
        http_dismiss(flow->session->http);
}

void session_finish(struct sessions *s, struct flow *flow)
{
    s->side = 0;
    s->sides_done = 0;
    s->us = flow->last_us;
    if (flow->session != NULL && flow->session->speaks == SPEAKS_ASKING) {
        session_free(s, flow);
        flow->state = FLOW_NEW; /* nDPI had no time to answer: the bytes decide */
    }
    stream_finish(&flow->side[0]);
    stream_finish(&flow->side[1]);
}

void session_close(struct sessions *s, struct flow *flow)
{
    session_free(s, flow);
    stream_drop(&flow->side[0], s->segments);
    stream_drop(&flow->side[1], s->segments);
}

bool sessions_short(const struct sessions *s)
{
    return pool_short(s->segments) || pool_short(s->tls) || pool_short(s->dns) || http_memory_short(s->http);
}

void sessions_stats(const struct sessions *s, struct session_stats *stats)
{
    *stats = s->stats;
}

void sessions_memory(const struct sessions *s, struct pool_sum *sum)
{
    pool_sum(s->segments, sum);
    pool_sum(s->sessions, sum);
    pool_sum(s->tls, sum);
    pool_sum(s->dns, sum);
    http_memory_sum(s->http, sum);
}

const struct http_stats *sessions_http(const struct sessions *s)
{
    return http_memory_stats(s->http);
}
