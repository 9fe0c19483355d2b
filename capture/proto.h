/* nDPI's opinion of what a flow speaks, for flows on ports that do not tell; its .c alone names <ndpi_api.h>. Built
 * with WITH_NDPI=0 it has no opinion, and says so. */
#pragma once

#include "capture/pool.h"

enum proto_answer {
    PROTO_ASKING,  /* not known yet: ask again with the flow's next packet that has payload */
    PROTO_DNS, PROTO_HTTP, PROTO_TLS, PROTO_QUIC,
    PROTO_OTHER,   /* something else */
    PROTO_UNKNOWN  /* no opinion, and none to be had from more packets */
};

struct proto_module; /* nDPI itself: 9 MB, and 17 ms when it is first asked */
struct proto;        /* who asks it */
struct proto_flow;   /* what it remembers of one flow while it is asked */

/* What a flow costs while it is asked about, with what nDPI allocates for it by itself. */
enum { PROTO_FLOW_BYTES = 4096 };

/* For all who ask on one thread: what it says of a flow does not depend on the others'. */
struct proto_module *proto_module_open(char err[static ERRLEN]);
void proto_module_close(struct proto_module *); /* after them */

/* flows: asked about at the same time, at most. module: borrowed; NULL: one of its own. */
struct proto *proto_open(size_t flows, struct proto_module *module, char err[static ERRLEN]);
void proto_close(struct proto *);

/* NULL: `flows` are lent already, or there is no memory for nDPI. */
struct proto_flow *proto_take(struct proto *);
void proto_give(struct proto *, struct proto_flow *); /* NULL is fine */

/* Shows the IP datagram of a TCP or UDP packet (struct packet's ip), of either direction and in the order seen. */
enum proto_answer proto_ask(struct proto *, struct proto_flow *, struct slice ip, uint64_t us);

/* What `flows` can cost, in PROTO_FLOW_BYTES. */
void proto_memory(const struct proto *, struct pool_sum *);

/* nDPI's version as "4.2.0", or "none". */
const char *proto_version(void);
