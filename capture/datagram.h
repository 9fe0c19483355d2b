/* What is in a UDP datagram: DNS on its ports at once, elsewhere as nDPI tells; a QUIC Initial's ClientHello. */
#pragma once

#include "capture/event.h"
#include "capture/flow.h"

struct proto;  /* capture/proto.h */

struct datagram_stats {
    uint64_t dns, dns_bad;      /* messages; datagrams on DNS ports that are none */
    uint64_t duplicates;        /* messages that a mirror port has copied, set aside */
    uint64_t quic, asked;       /* ClientHellos; flows shown to nDPI */
    uint64_t no_room;           /* flows left alone for want of memory */
};

struct datagrams;

/* memory: bytes for ClientHellos that come in parts; seed: of the hashes. */
struct datagrams *datagrams_open(struct proto *, size_t memory, uint64_t seed, char err[static ERRLEN]);
void datagrams_close(struct datagrams *);

/* True: the datagram is an event; it lives until the next call. */
bool datagram_see(struct datagrams *, struct flows *, const struct packet *, struct event *);

/* The flow goes: what hangs on it is given back. */
void datagram_close(struct datagrams *, struct flow *);
bool datagrams_short(const struct datagrams *); /* as sessions_short */
void datagrams_stats(const struct datagrams *, struct datagram_stats *);
void datagrams_memory(const struct datagrams *, struct pool_sum *);
