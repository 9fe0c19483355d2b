/* One HTTP transaction as a document tells it, whether it comes from a hit or from the wire; with its URL taken apart
 * (RFC 9112 section 3.2, RFC 3986 section 3). Slices borrow the source and the view itself: it must not move. */
#pragma once

#include "capture/http.h"
#include "classifiers/hit.h"

enum { HTTP_VIEW_TARGET = 8192, HTTP_VIEW_TEXT = 2048 }; /* most bytes of a target and of a field in a document */

struct http_view {
    struct slice method, target, user_agent, mime_type, referrer;
    struct slice scheme, path, query;  /* path and query as they came; no '?' */
    struct slice domain;               /* an IPv6 literal in its brackets */
    struct slice url;                  /* the whole of it where the host is known, else the target */
    bool whole;                        /* url is a whole URL */
    uint16_t port;                     /* 0: not told */
    uint16_t status;                   /* 0: no response seen */
    uint8_t version;                   /* 10, 11, 9; 0: not known */
    uint64_t request_body, response_body; /* decoded bytes, or HTTP_UNCOUNTED: left out of documents */
    uint64_t request_bytes;            /* head and body; 0: not known */
    struct hit_http own;               /* what a transaction's head says, in our spelling */
    char domain_text[HIT_NAME + 2], url_text[HIT_NAME + HTTP_VIEW_TARGET + 16];
};

/* Of a hit that was seen in a transaction. */
void http_view_of_hit(struct http_view *, const struct hit *);

/* Of the transaction itself; the port is the server's. */
void http_view_of_transaction(struct http_view *, const struct http_transaction *, uint16_t port);
