/* TLS ClientHello (RFC 8446 section 4.1.2) → server name (RFC 6066 section 3), from TCP or a QUIC Initial. */
#pragma once

#include "capture/event.h"
#include "capture/stream.h"

enum { TLS_NAME = 256, TLS_HELLO = 16384 };

struct tls_hello {
    char server_name[TLS_NAME]; /* lower case, safely printable; empty where there is none */
    char alpn[32];              /* the first protocol offered (RFC 7301) */
    uint16_t version;           /* the highest offered */
    bool ech;                   /* encrypted ClientHello present: server_name is the outer one */
    bool quic;
};

/* A whole ClientHello handshake message (type byte 1 first). False: none, or one that lies about its lengths. */
bool tls_parse_hello(struct tls_hello *, struct slice handshake);

/* How long the ClientHello is that begins here, in bytes with its own header (4 while that is not all there). 0: it is
 * none, or one longer than TLS_HELLO. */
size_t tls_hello_length(struct slice start);

/* True where a connection's first bytes, as many as there are, begin a record with a ClientHello. */
bool tls_looks_like(struct slice first);

enum tls_found {
    TLS_MORE,  /* feed the next piece */
    TLS_FOUND, /* hello is filled in */
    TLS_NONE   /* there is none */
};

/* The client's direction of one connection up to its ClientHello. The struct is its own memory: a pool block. */
struct tls_stream {
    uint8_t record[5];          /* the present record's header */
    uint8_t head;               /* bytes of it taken so far */
    uint16_t left;              /* bytes of the record's fragment still to come */
    uint16_t have;              /* bytes of the handshake message in buffer */
    bool done;
    uint8_t buffer[TLS_HELLO];
};

void tls_start(struct tls_stream *);

/* Answers TLS_FOUND once; after it, and after TLS_NONE, only TLS_NONE. */
enum tls_found tls_feed(struct tls_stream *, const struct piece *, struct tls_hello *);
