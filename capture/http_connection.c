#include "capture/http_connection.h"

enum {
    OUTSTANDING = 64,   /* requests that may wait for their responses; with one more the oldest goes without */
    EARLY_US = 100      /* how long before its request a response may be captured */
};

/* What the body turned out to be is told with its last piece already, so it is noted before each. */
void http_note_body(struct http *h, int side)
{
    const struct body *b = &h->side[side].body;
    struct http_message *m = exchange_message(h->side[side].exchange, side);
    m->wire_bytes = b->wire;
    m->body_bytes = b->dismissed ? HTTP_UNCOUNTED : b->decoded;
    m->flags |= (uint8_t)((b->whole ? HTTP_WHOLE : 0) | (b->hole ? HTTP_HOLE : 0) | (b->bad ? HTTP_BAD_CODING : 0) |
                          (b->limited ? HTTP_LIMIT : 0));
}

void http_message_over(struct http *h, int side)
{
    struct side *s = &h->side[side];
    if (s->state == SIDE_BODY) {
        http_note_body(h, side);
        h->memory->stats.bad_codings += s->body.bad && !s->body.no_room;
        h->memory->stats.no_room += s->body.no_room;
        h->memory->stats.body_limit += s->body.limited;
        body_close(&s->body);
    }
    if (s->exchange != NULL)
        s->exchange->ended[side] = true;
    s->exchange = NULL;
    s->state = s->ended ? SIDE_DONE : s->blind ? SIDE_BLIND : SIDE_START;
    s->blind = false;
}

void http_abandon(struct http *h, int side)
{
    struct side *s = &h->side[side];
    s->blind = true;
    switch (s->state) {
    case SIDE_START:
    case SIDE_FIELDS:
        http_line_drop(h, s);
        http_message_over(h, side);
        break;
    case SIDE_BODY:
        body_end(&s->body);
        s->body.whole = false;
        s->body.stopped = true;
        break;
    case SIDE_BLIND:
    case SIDE_DONE:
        break;
    }
    s->in = S("");
}

void http_leave(struct http *h, enum http_state state)
{
    h->state = state;
    h->flush = true;
    http_abandon(h, 0);
    http_abandon(h, 1);
}

void http_lose(struct http *h)
{
    h->memory->stats.blind++;
    http_leave(h, HTTP_LOST);
}

/* No place for another exchange: the oldest one goes out as it is, and the caller comes again with the same line. */
static void make_room(struct http *h)
{
    h->memory->stats.no_room++;
    if (h->first == NULL) {
        http_lose(h);
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (h->side[i].exchange == h->first)
            http_abandon(h, i);
        else
            h->first->ended[i] = true;
    }
}

struct exchange *http_exchange_begin(struct http *h, uint64_t us)
{
    struct exchange *x = h->outstanding < OUTSTANDING ? exchange_open(h->memory) : NULL;
    if (x == NULL) {
        make_room(h);
        return NULL;
    }
    x->t.us = us;
    x->t.ordinal = ++h->ordinal;
    if (h->last != NULL)
        h->last->next = x;
    else
        h->first = x;
    h->last = x;
    h->outstanding++;
    return x;
}

/* Where the two directions come from two queues of a card, a response can be captured before its request. To take it
 * for one whose request was lost would shift every later response of the connection by one. */
struct exchange *http_early(const struct http *h, uint64_t us)
{
    struct exchange *x = h->last;
    bool possible = x != NULL && !(x->t.request.flags & HTTP_SEEN) && h->side[0].state == SIDE_START && !h->flush;
    return possible && us <= x->t.us + EARLY_US ? x : NULL;
}

void http_message_begin(struct http *h, int side, struct exchange *x, uint8_t version)
{
    struct side *s = &h->side[side];
    s->exchange = x;
    s->state = SIDE_FIELDS;
    s->field = HTTP_FIELD_OTHER;
    s->kept = false;
    s->head_bytes = s->junk = 0;
    s->framing = (struct http_framing){0};
    if (x == NULL)
        return;
    exchange_message(x, side)->version = version;
    exchange_message(x, side)->flags |= HTTP_SEEN;
    if (side == 0)
        h->memory->stats.requests++;
    else
        h->memory->stats.responses++;
}

void http_body_begin(struct http *h, int side, const struct body_plan *plan)
{
    struct side *s = &h->side[side];
    body_open(&s->body, plan, &h->memory->bodies);
    s->state = SIDE_BODY;
    s->out = S("");
    s->id = ++h->memory->bodies_seen;
    s->gathering = true;
    s->flush = s->pieces = s->last = s->hole = false;
}
