#include "capture/http_connection.h"

#include <assert.h>

struct http_memory *http_memory_open(size_t bytes, uint64_t body_limit, char err[static ERRLEN])
{
    return http_memory_new(sizeof(struct http), bytes, body_limit, err);
}

struct http *http_open(struct http_memory *memory)
{
    struct http *h = pool_take(memory->connections);
    if (h == NULL) {
        memory->stats.no_room++;
        return NULL;
    }
    *h = (struct http){.memory = memory, .side = {{.in = S("")}, {.in = S("")}}};
    return h;
}

static void give_lent(struct http *h)
{
    exchange_close(h->memory, h->lent);
    h->lent = NULL;
}

void http_close(struct http *h)
{
    if (h == NULL)
        return;
    give_lent(h);
    for (struct exchange *x = h->first, *next; x != NULL; x = next) {
        next = x->next;
        exchange_close(h->memory, x);
    }
    for (int i = 0; i < 2; i++) {
        http_line_drop(h, &h->side[i]);
        body_close(&h->side[i].body);
    }
    pool_give(h->memory->connections, h);
}

enum http_state http_state(const struct http *h)
{
    return h->state;
}

static bool give_piece(struct http *h, int side, struct event *e, struct slice data, uint64_t offset, bool last)
{
    struct side *s = &h->side[side];
    http_note_body(h, side);
    h->piece = (struct http_piece){
        .transaction = &s->exchange->t, .response = side == 1, .id = s->id, .offset = offset,
        .data = data, .last = last,
    };
    s->pieces = true;
    s->last = last;
    *e = (struct event){.kind = EVENT_BODY, .us = h->us, .body = &h->piece};
    return true;
}

/* What follows the head of a body is handed out where it lies. */
static bool give_rest(struct http *h, int side, struct event *e, struct slice data, bool last)
{
    struct side *s = &h->side[side];
    give_piece(h, side, e, data, s->body.decoded - data.len, last);
    h->piece.hole = s->hole;
    s->hole = false;
    s->out.len = 0;
    return true;
}

/* The first HTTP_BODY_HEAD bytes are put together before anyone sees them, and stay with the transaction. */
static void gather(struct http *h, int side)
{
    struct side *s = &h->side[side];
    struct slice *head = &exchange_message(s->exchange, side)->body;
    uint8_t **block = &s->exchange->head[side];
    if (s->out.len == 0)
        return;
    if (*block == NULL && (*block = pool_take(h->memory->heads)) == NULL) {
        s->body.no_room = s->body.stopped = s->body.limited = true;
        s->body.decoded = 0;
        s->out.len = 0;
        return;
    }
    struct slice part = slice_cut(&s->out, HTTP_BODY_HEAD - head->len);
    memcpy(*block + head->len, part.p, part.len);
    *head = slice_of(*block, head->len + part.len);
}

/* True: a piece. False: the body needs more input, or it is over and the side reads heads again. */
static bool body_piece(struct http *h, int side, struct event *e)
{
    struct side *s = &h->side[side];
    struct body *b = &s->body;
    struct slice head;
    bool over, more;
    do {
        if (s->out.len == 0)
            s->out = body_next(b, &s->in);
        more = s->out.len > 0;
        if (s->gathering)
            gather(h, side);
        over = b->stopped || body_over(b);
        head = exchange_message(s->exchange, side)->body;
    } while (s->gathering && more && s->out.len == 0 && head.len < HTTP_BODY_HEAD && !over);
    if (s->gathering && (head.len == HTTP_BODY_HEAD || over || s->flush)) {
        s->gathering = false;
        if (head.len > 0)
            return give_piece(h, side, e, head, 0, over && s->out.len == 0);
    }
    if (!s->gathering && (s->out.len > 0 || (over && s->pieces && !s->last)))
        return give_rest(h, side, e, s->out, over);
    if (b->stopped)
        body_next(b, &s->in);
    if (body_over(b))
        http_message_over(h, side);
    return false;
}

/* Undoing gzip costs more than all else that is done with a page, and the head of a body nearly always tells that there
 * is nothing hidden in it. A body that is not coded costs nothing to hand out, and is followed on. */
void http_dismiss(struct http *h)
{
    struct side *s = &h->side[h->piece.response];
    if (s->state != SIDE_BODY || s->last || s->gathering || s->id != h->piece.id || s->body.stages == 0)
        return;
    s->body.stopped = s->body.dismissed = s->last = true;
    s->out.len = 0;
}

static void feed_gap(struct http *h, int side, uint64_t bytes)
{
    struct side *s = &h->side[side];
    h->memory->stats.gaps++;
    switch (s->state) {
    case SIDE_START:
    case SIDE_FIELDS:
        http_abandon(h, side);
        s->missed = true;
        break;
    case SIDE_BODY:
        s->blind = s->missed = !body_gap(&s->body, bytes);
        s->hole = s->flush = true;
        break;
    case SIDE_BLIND:
        s->missed = true;
        break;
    case SIDE_DONE:
        break;
    }
}

static void feed_end(struct http *h, int side)
{
    struct side *s = &h->side[side];
    s->ended = true;
    h->flush |= h->side[!side].ended;
    if (s->state == SIDE_BODY) {
        body_end(&s->body);
        return;
    }
    http_line_drop(h, s);
    http_message_over(h, side);
}

void http_feed(struct http *h, int side, const struct piece *piece, uint64_t us)
{
    struct side *s = &h->side[side];
    assert(h->side[0].in.len == 0 && h->side[1].in.len == 0);
    h->us = us;
    if (h->state != HTTP_SPEAKING || s->ended)
        return;
    switch (piece->kind) {
    case PIECE_DATA:
        http_resync(h, side, piece->data);
        if (s->state != SIDE_BLIND)
            s->in = piece->data;
        break;
    case PIECE_GAP:
        feed_gap(h, side, piece->gap);
        break;
    case PIECE_END:
        feed_end(h, side);
        break;
    }
}

static bool give_transaction(struct http *h, struct event *e)
{
    struct exchange *x = h->first;
    assert(h->side[0].exchange != x && h->side[1].exchange != x);
    h->first = x->next;
    if (h->first == NULL)
        h->last = NULL;
    if (h->answering == x)
        h->answering = x->next;
    h->outstanding--;
    h->memory->stats.transactions++;
    h->lent = x;
    *e = (struct event){.kind = EVENT_HTTP, .us = h->us, .http = &x->t};
    return true;
}

/* A response that may be early waits for its request until something else is heard from its side. */
static bool complete(const struct http *h)
{
    const struct exchange *x = h->first;
    const struct side *server = &h->side[1];
    bool waits = x != NULL && x == http_early(h, h->us) && server->in.len == 0 && server->line == NULL;
    return x != NULL && x->ended[0] && x->ended[1] && !waits;
}

/* Bodies go before heads, so that what was given up has handed out its last piece before its room is asked for. */
bool http_next(struct http *h, struct event *e)
{
    give_lent(h);
    for (;;) {
        if (complete(h))
            return give_transaction(h, e);
        bool moved = false;
        for (int i = 0; i < 2; i++)
            if (h->side[i].state == SIDE_BODY) {
                if (body_piece(h, i, e))
                    return true;
                moved |= h->side[i].state != SIDE_BODY;
            }
        for (int i = 0; i < 2 && !moved; i++)
            if (h->side[i].in.len > 0 || h->side[i].line_ready) {
                http_read_head(h, i);
                moved = true;
            }
        if (moved)
            continue;
        return h->flush && h->first != NULL && give_transaction(h, e);
    }
}
