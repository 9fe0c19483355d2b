/* QUIC's first packets → ClientHello. They are encrypted with keys that everyone can derive (RFC 9001 section 5.2, RFC
 * 9369 section 3.3): versions 1 and 2 and the last drafts before them. Its .c alone names OpenSSL's ciphers. */
#pragma once

#include "capture/error.h"
#include "capture/tls.h"

struct quic; /* algorithms and scratch memory: one a thread, for all connections */

struct quic *quic_open(char err[static ERRLEN]);
void quic_close(struct quic *);

/* True where a datagram begins with an Initial or 0-RTT packet of a known version. */
bool quic_looks_like(struct slice datagram);

/* The client's direction of one connection up to its ClientHello. The struct is its own memory: a pool block. */
struct quic_stream {
    struct quic_keys {
        uint8_t key[16], iv[12], mask[16];
    } keys;
    bool keyed, done;
    uint8_t datagrams;                /* fed so far */
    uint16_t whole;                   /* bytes of buffer without a hole, from its start */
    uint64_t present[TLS_HELLO / 64]; /* a bit for each byte of buffer */
    uint8_t buffer[TLS_HELLO];        /* the handshake, as its CRYPTO frames come */
};

void quic_start(struct quic_stream *);

/* Takes a client's datagram. Answers TLS_FOUND once; after it, and after TLS_NONE, only TLS_NONE. */
enum tls_found quic_feed(struct quic *, struct quic_stream *, struct slice datagram, struct tls_hello *);
