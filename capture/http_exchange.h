/* One request and its response while they are being put together, in one block of the pools that all connections of a
 * capture share. For http.c alone. */
#pragma once

#include "capture/http.h"
#include "capture/http_head.h"

enum {
    HTTP_LINE_MAX = 16384,      /* bytes kept of one line of a head */
    HTTP_HEAD_MAX = 65536,      /* bytes of one head whose fields are kept */
    HTTP_BLOCK = 20480,         /* an exchange with its text, or one line that came in pieces */
    HTTP_REQUEST_TEXT = 10240   /* of an exchange's text, the most that the request may fill */
};

struct exchange {
    struct http_transaction t;
    struct exchange *next;      /* the request after it on the same connection */
    uint8_t *head[2];           /* the first HTTP_BODY_HEAD bytes of the bodies */
    bool ended[2];              /* nothing more will come of this message */
    uint32_t text_len;
    uint8_t text[];             /* up to the end of the block */
};

struct http_memory {
    struct pool *connections, *blocks, *heads;
    struct body_memory bodies;
    struct http_stats stats;
    uint64_t bodies_seen;       /* the last http_piece.id */
};

/* `connection`: bytes of one struct http. */
struct http_memory *http_memory_new(size_t connection, size_t bytes, uint64_t body_limit, char err[static ERRLEN]);

struct exchange *exchange_open(struct http_memory *);  /* NULL: no room */
void exchange_close(struct http_memory *, struct exchange *);

static inline struct http_message *exchange_message(struct exchange *x, int side)
{
    return side == 0 ? &x->t.request : &x->t.response;
}

/* Copies into the exchange's text, cut to `share` percent of the room that this side has left; a cut is flagged. */
struct slice exchange_keep(struct exchange *, int side, struct slice text, unsigned share);

/* Counts a field that is not kept. */
void exchange_leave_out(struct exchange *, int side);

/* Both in one line, the value behind the name. False: no room for the field, it is left out. */
bool exchange_field(struct exchange *, int side, struct slice name, struct slice value);

/* Joins a folded line (RFC 9112 section 5.2) to the field that was kept last. */
void exchange_fold(struct exchange *, int side, struct slice text);
