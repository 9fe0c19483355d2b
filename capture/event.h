/* What floor 1 yields. An event borrows everything it points to until the next call to capture_next. */
#pragma once

#include "capture/addr.h"

enum event_kind {
    EVENT_DNS,  /* one message, query or answer, UDP or TCP */
    EVENT_HTTP, /* one transaction, when it is complete or its connection ended */
    EVENT_BODY, /* a piece of a decoded body, as it comes; before its EVENT_HTTP */
    EVENT_TLS,  /* one ClientHello, TCP or QUIC */
    EVENT_KINDS
};

struct event {
    enum event_kind kind;
    uint64_t us;        /* packet time, microseconds since 1970 UTC */
    struct tuple tuple; /* client → server */
    union {
        const struct dns_msg *dns;
        const struct http_transaction *http;
        const struct http_piece *body;
        const struct tls_hello *tls;
    };
};
