/* Floor 1 in one piece: feed a frame, pull its events. Composes packets, flows, sessions and datagrams.
 * Nothing is allocated after opening but what nDPI allocates behind capture/proto.c. */
#pragma once

#include "capture/datagram.h"
#include "capture/http.h"
#include "capture/intake.h"
#include "capture/session.h"

struct proto_module;      /* capture/proto.h */

struct capture_settings {
    size_t memory;        /* bytes for flows, reassembly and fragments together */
    uint64_t body_limit;  /* decoded bytes of one body that are followed */
    uint64_t seed;        /* of the tables' hashes */
    bool dealt;           /* fed by capture_deal alone: the share of fragments is left to whoever deals */
    struct proto_module *proto; /* borrowed, and shared by the captures of one thread; NULL: each its own */
};

struct capture_stats {
    uint64_t tcp, udp;
    struct intake_stats intake;
    struct flow_stats flow;
    struct datagram_stats datagram;
    struct session_stats session;
    struct http_stats http;
    struct pool_sum memory; /* of all rooms together, under capture_settings.memory */
};

struct capture;

struct capture *capture_open(const struct capture_settings *, char err[static ERRLEN]);
void capture_close(struct capture *);

void capture_feed(struct capture *, const struct frame *);

/* The same from a packet on, which is borrowed until its events are pulled. */
void capture_deal(struct capture *, const struct packet *);

/* What of the memory is an intake's, in bytes. */
size_t capture_intake_memory(size_t memory);

/* False: feed the next frame. The event and what it points to live until the next call. */
bool capture_next(struct capture *, struct event *);

/* After an EVENT_BODY: nobody wants the rest of that body. Where it is coded, its pieces do not come any more and it is not
 * decoded, only framed; its body_bytes are then HTTP_UNCOUNTED. */
void capture_dismiss(struct capture *);

/* No more frames: then pull what the end of all flows sets free. All memory is given back when there is no more; a frame
 * fed after that begins anew. */
void capture_finish(struct capture *);
void capture_stats(const struct capture *, struct capture_stats *);
