/* HTTP/1 (RFC 9112) on one connection, both directions: pieces in, transactions and decoded bodies out.
 * Feed a piece, then pull events until there are none. */
#pragma once

#include "capture/event.h"
#include "capture/pool.h"
#include "capture/stream.h"

enum {
    HTTP_HEADERS = 64,      /* fields kept of one head; more are counted in headers_left */
    HTTP_BODY_HEAD = 8192,  /* decoded bytes kept of each body: the first EVENT_BODY has them all */
};

#define HTTP_UNCOUNTED UINT64_MAX

enum http_flag {
    HTTP_SEEN = 1,      /* this message's head was seen */
    HTTP_WHOLE = 2,     /* its body ended where its framing says */
    HTTP_HOLE = 4,      /* bytes of its body were lost */
    HTTP_BAD_CODING = 8,/* a transfer or content coding that could not be undone; the rest came as it was */
    HTTP_LIMIT = 16     /* cut at a limit: head text, fields or --body-limit */
};

struct http_header {
    struct slice name, value; /* value trimmed, obs-fold joined */
};

struct http_message {
    struct slice method, target; /* request */
    uint16_t status;             /* response */
    uint8_t version;             /* 10 or 11; 9 for HTTP/0.9 */
    uint8_t flags;               /* HTTP_* */
    uint16_t headers, headers_left;
    struct http_header header[HTTP_HEADERS]; /* in the order they came */
    uint64_t wire_bytes;         /* of the body, before decoding, without chunk framing */
    uint64_t body_bytes;         /* decoded; HTTP_UNCOUNTED where the body was dismissed before its end */
    struct slice body;           /* the first HTTP_BODY_HEAD decoded bytes */
};

struct http_transaction {
    uint64_t us;                 /* packet time of the request's first byte; without a request, the response's */
    uint32_t ordinal;            /* in its connection, from 1 */
    struct http_message request, response;
};

/* A piece of a decoded body. The first has all of the body's first HTTP_BODY_HEAD bytes (or the whole, if shorter). */
struct http_piece {
    const struct http_transaction *transaction; /* heads are complete up to here; body counts are not yet final */
    bool response;              /* of the response, else of the request */
    uint64_t id;                /* the same for all pieces of one body, different for any other at the same time */
    uint64_t offset;
    struct slice data;
    bool last, hole;            /* nothing follows; bytes were lost just before data */
};

/* The value of the first field of that name (compared without case), or an empty slice with p NULL. */
struct slice http_header(const struct http_message *, struct slice name);

struct http_memory;             /* the pools that all connections of one capture share */

struct http_stats {
    uint64_t requests, responses, transactions;
    uint64_t bad_heads, long_heads, long_lines, blind, gaps, bad_codings, no_room, body_limit;
};

struct http_memory *http_memory_open(size_t bytes, uint64_t body_limit, char err[static ERRLEN]);
void http_memory_close(struct http_memory *);
const struct http_stats *http_memory_stats(const struct http_memory *);
bool http_memory_short(const struct http_memory *); /* no room for one connection, message or body more */
void http_memory_sum(const struct http_memory *, struct pool_sum *);

struct http;                    /* one connection */

struct http *http_open(struct http_memory *);   /* NULL: no room, counted */
void http_close(struct http *);

/* side 0: from the client. A gap resynchronises; PIECE_END ends that direction. Pull to the end before the next. */
void http_feed(struct http *, int side, const struct piece *, uint64_t us);

/* EVENT_BODY as bodies come, EVENT_HTTP when a transaction is complete or its connection ended. Sets kind, us and the
 * union of the event; everything it points to lives until the next call. */
bool http_next(struct http *, struct event *);

/* The last event was a piece of a body, and nobody wants the rest of it: where it is coded it is not decoded any more. */
void http_dismiss(struct http *);

enum http_state {
    HTTP_SPEAKING,
    HTTP_TUNNEL,                /* CONNECT or Upgrade was accepted: what follows is not HTTP */
    HTTP_LOST                   /* not HTTP, or no room to follow it */
};
enum http_state http_state(const struct http *);

/* True where these first bytes of a connection may begin an HTTP/1 message in that direction. */
bool http_looks_like(struct slice first, int side);
