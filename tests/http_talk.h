/* For the tests of HTTP: a connection that is fed, whose events are checked against each other and written down. Who
 * includes it says what becomes of a claim that does not hold. */
#pragma once

#include "capture/http_exchange.h"

#include <assert.h>
#include <stdio.h>

enum { TALK_BODIES = 4096, TALK_TEXT = 1 << 20 };

struct talk_body {
    uint64_t id, end;       /* the offset after its last piece */
    uint64_t hash, seen;    /* of its content: of the bytes that came */
    size_t kept;            /* bytes of `content` */
    bool last, response;
    const struct http_transaction *transaction;
    char content[200];
};

struct talk {
    struct http_memory *memory;
    struct http *http;
    const char *reason;     /* of the row, for what is reported */
    uint64_t us, step;      /* packet time, and what every piece adds to it */
    unsigned transactions, requests, responses;
    uint64_t followed;      /* decoded bytes in pieces */
    struct talk_body body[TALK_BODIES];
    unsigned bodies;
    size_t text_len;
    char text[TALK_TEXT];   /* one line a transaction */
};

static void talk_claim(bool holds, const char *reason, const char *claim);

static void talk_open(struct talk *t, struct http_memory *memory, const char *reason)
{
    memset(t, 0, offsetof(struct talk, body));
    t->bodies = 0;
    t->text_len = 0;
    t->text[0] = '\0';
    t->memory = memory;
    t->reason = reason;
    t->step = 1000;
    memory->stats = (struct http_stats){0};
    t->http = http_open(memory);
    talk_claim(t->http != NULL, reason, "room for a connection");
}

__attribute__((format(printf, 2, 3))) static void talk_put(struct talk *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (t->text_len < TALK_TEXT - 1)
        t->text_len += (size_t)vsnprintf(t->text + t->text_len, TALK_TEXT - t->text_len, format, args);
    va_end(args);
}

static void talk_bytes(struct talk *t, struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        talk_put(t, s.p[i] < ' ' || s.p[i] > '~' ? "\\x%02x" : "%c", s.p[i]);
}

static struct talk_body *talk_body_of(struct talk *t, const struct http_transaction *x, bool response)
{
    for (unsigned i = t->bodies; i-- > 0;)
        if (t->body[i].transaction == x && t->body[i].response == response)
            return &t->body[i];
    return NULL;
}

static void talk_piece(struct talk *t, const struct http_piece *p)
{
    struct talk_body *b = talk_body_of(t, p->transaction, p->response);
    if (b == NULL) {
        assert(t->bodies < TALK_BODIES);
        b = &t->body[t->bodies++];
        *b = (struct talk_body){.id = p->id, .response = p->response, .transaction = p->transaction};
        b->hash = 14695981039346656037u;
        const struct http_message *m = p->response ? &p->transaction->response : &p->transaction->request;
        bool lost = m->flags & HTTP_HOLE;
        talk_claim(p->data.len > 0 || lost, t->reason, "the first piece has bytes");
        talk_claim(p->last || p->data.len >= HTTP_BODY_HEAD || lost, t->reason, "the first piece has the whole head");
    }
    talk_claim(!b->last, t->reason, "nothing follows the last piece");
    talk_claim(b->id == p->id, t->reason, "one id a body");
    talk_claim(p->hole ? p->offset >= b->end : p->offset == b->end, t->reason, "pieces follow each other");
    for (size_t i = 0; i < p->data.len; i++) {
        if (b->kept < sizeof b->content)
            b->content[b->kept++] = (char)p->data.p[i];
        b->hash = (b->hash ^ p->data.p[i]) * 1099511628211u;
    }
    b->end = p->offset + p->data.len;
    b->seen += p->data.len;
    b->last = p->last;
    t->followed += p->data.len;
}

static void talk_message(struct talk *t, const struct http_transaction *x, bool response)
{
    const struct http_message *m = response ? &x->response : &x->request;
    struct talk_body *b = talk_body_of(t, x, response);
    if (!(m->flags & HTTP_SEEN)) {
        talk_put(t, "-");
        talk_claim(b == NULL, t->reason, "no body without a head");
        return;
    }
    t->requests += !response;
    t->responses += response;
    if (response) {
        talk_put(t, "%u ", m->status);
    } else {
        talk_bytes(t, m->method);
        talk_put(t, " ");
        talk_bytes(t, m->target);
        talk_put(t, " ");
    }
    talk_put(t, "%u ", m->version);
    static const char letters[] = "SWHBL";
    for (unsigned i = 0; i < 5; i++)
        if (m->flags >> i & 1)
            talk_put(t, "%c", letters[i]);
    for (unsigned i = 0; i < m->headers; i++) {
        talk_put(t, " ");
        talk_bytes(t, m->header[i].name);
        talk_put(t, "=");
        talk_bytes(t, m->header[i].value);
    }
    if (m->headers_left > 0)
        talk_put(t, " +%u", m->headers_left);
    if (b == NULL) {
        talk_claim(m->body.len == 0, t->reason, "no body without pieces");
        return;
    }
    talk_claim(b->last, t->reason, "every body has a last piece");
    talk_claim(m->flags & HTTP_HOLE ? m->body_bytes >= b->end : m->body_bytes == b->end, t->reason,
        "body_bytes are the pieces'");
    talk_put(t, " [");
    talk_bytes(t, slice_of(b->content, b->kept));
    if (b->seen > b->kept)
        talk_put(t, "... %016llx", (unsigned long long)b->hash);
    if (m->body_bytes != b->kept)
        talk_put(t, " of %llu", (unsigned long long)m->body_bytes);
    talk_put(t, "]");
    if (!(m->flags & (HTTP_HOLE | HTTP_LIMIT)))
        talk_claim(m->body.len == (b->end < HTTP_BODY_HEAD ? b->end : HTTP_BODY_HEAD) &&
                   memcmp(m->body.p, b->content, m->body.len < b->kept ? m->body.len : b->kept) == 0,
                   t->reason, "the head of the body stays with the transaction");
    *b = t->body[--t->bodies];
}

static void talk_pull(struct talk *t)
{
    struct event e;
    while (http_next(t->http, &e)) {
        if (e.kind == EVENT_BODY) {
            talk_piece(t, e.body);
            continue;
        }
        talk_claim(e.kind == EVENT_HTTP && e.http->ordinal == ++t->transactions, t->reason, "transactions in order");
        talk_message(t, e.http, false);
        talk_put(t, " > ");
        talk_message(t, e.http, true);
        talk_put(t, "\n");
    }
}

static void talk_feed(struct talk *t, int side, struct piece piece)
{
    http_feed(t->http, side, &piece, t->us += t->step);
    talk_pull(t);
}

static void talk_data(struct talk *t, int side, struct slice data)
{
    if (data.len > 0)
        talk_feed(t, side, (struct piece){.kind = PIECE_DATA, .data = data});
}

static void talk_gap(struct talk *t, int side, uint64_t bytes)
{
    talk_feed(t, side, (struct piece){.kind = PIECE_GAP, .gap = bytes});
}

static void talk_end(struct talk *t, int side)
{
    talk_feed(t, side, (struct piece){.kind = PIECE_END});
}

static void talk_returned(const struct pool *pool, const char *reason, const char *what)
{
    struct pool_stats stats;
    pool_stats(pool, &stats);
    talk_claim(stats.used == 0, reason, what);
}

/* Closes the connection and sees that everything borrowed was given back. */
static void talk_drop(struct talk *t)
{
    http_close(t->http);
    talk_returned(t->memory->connections, t->reason, "connections given back");
    talk_returned(t->memory->blocks, t->reason, "blocks given back");
    talk_returned(t->memory->heads, t->reason, "body heads given back");
    talk_returned(t->memory->bodies.coders, t->reason, "coders given back");
    talk_returned(t->memory->bodies.brotli, t->reason, "brotli coders given back");
}

/* The same after both sides have ended: then nothing may be missing. */
static void talk_close(struct talk *t)
{
    const struct http_stats *stats = &t->memory->stats;
    talk_claim(t->requests == stats->requests && t->responses == stats->responses &&
               t->transactions == stats->transactions, t->reason, "all that was begun came out once");
    talk_claim(t->bodies == 0, t->reason, "no body without its transaction");
    talk_drop(t);
}
