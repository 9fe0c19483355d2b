/* What the clients and servers of the self-test say, as the frames that a SPAN port would show: a conversation is made, then
 * its frames are taken. Addresses are those kept for documentation (RFC 5737, RFC 3849). */
#pragma once

#include "capture/packet.h"

enum { TALK_ROOM = 1 << 16 };  /* bytes of one conversation, headers included */

struct talk {
    uint64_t us;               /* of the latest frame */
    uint8_t client;            /* the last byte of its address, of 192.0.2.0/24 */
    uint16_t port;             /* the client's: each conversation has one of its own */
    uint32_t sequence[2];
    size_t used, taken;        /* bytes of room: each frame's length, then the frame */
    uint8_t room[TALK_ROOM];
};

/* A question and its answer: an A or AAAA record with that address. */
void talk_lookup(struct talk *, struct slice name, const char *address);

/* One HTTP transaction. The head is the request's, to its last field's line end; how long the body is is added. */
void talk_request(struct talk *, const char *head, struct slice body, struct slice answer);

/* A ClientHello with that server name: over TCP; or the one that is kept sealed in a QUIC Initial, for TALK_QUIC_NAME. */
void talk_hello(struct talk *, const char *name);
void talk_quic(struct talk *);
#define TALK_QUIC_NAME "codfs.com"

/* The next frame, borrowed until the next conversation; false: that was all. */
bool talk_next(struct talk *, struct frame *);
