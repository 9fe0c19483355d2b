/* What is spoken on a TCP flow: put in order, told apart (by port and first bytes; on other ports by nDPI as well) and
 * handed to HTTP, TLS or DNS. Feed a packet of the flow, then pull events until there are none. */
#pragma once

#include "capture/dns_stream.h"
#include "capture/event.h"
#include "capture/flow.h"

enum { SESSION_BYTES = 64 };

struct session_settings {
    size_t memory;          /* bytes for segments, connections and bodies together */
    size_t flows;           /* sessions at once: SESSION_BYTES more for each */
    uint64_t body_limit;    /* decoded bytes of a body that are followed */
};

struct session_stats {
    uint64_t http, tls, dns, blind; /* flows by what was found on them */
    uint64_t asked, no_room;        /* shown to nDPI; left undissected for want of memory */
    struct stream_stats stream;
    struct dns_stream_stats dns_stream;
};

struct sessions;
struct proto;   /* capture/proto.h */
struct http_stats;

/* proto is shared with the datagrams of the same capture, and stays the caller's. */
struct sessions *sessions_open(const struct session_settings *, struct proto *, char err[static ERRLEN]);
void sessions_close(struct sessions *);

void session_feed(struct sessions *, struct flow *, int side, const struct packet *);
bool session_next(struct sessions *, struct flow *, struct event *);

/* The flow's last event was a piece of a body, and nobody wants the rest of it. */
void session_dismiss(struct flow *);

/* No more packets will come: then pull what the end sets free, then close. */
void session_finish(struct sessions *, struct flow *);
void session_close(struct sessions *, struct flow *);

/* True where the next flow may find no memory: then the longest idle one should go. */
bool sessions_short(const struct sessions *);
void sessions_stats(const struct sessions *, struct session_stats *);
void sessions_memory(const struct sessions *, struct pool_sum *);
const struct http_stats *sessions_http(const struct sessions *);
