/* TLS ClientHello (RFC 8446 section 4.1.2) → server name (RFC 6066 section 3), from TCP or a QUIC Initial. */
#pragma once

#include "capture/event.h"

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
