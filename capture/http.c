#include "capture/http_exchange.h"

#include <assert.h>

enum {
    OUTSTANDING = 64,   /* requests that may wait for their responses; with one more the oldest goes without */
    JUNK_MAX = 65536    /* bytes in a row that are no head: after them it is not HTTP that is spoken */
};

enum side_state {
    SIDE_START,  /* before a request or status line */
    SIDE_FIELDS, /* in a head */
    SIDE_BODY,
    SIDE_BLIND,  /* out of step: waits for a piece that begins like a head */
    SIDE_DONE    /* ended */
};

struct side {
    enum side_state state;
    struct slice in;            /* what is left of the piece */
    struct exchange *exchange;  /* of the message that is coming; NULL before one and in an interim response */
    uint64_t us;                /* packet time of the head's first byte */

    uint8_t *line;              /* a block, while a line comes in pieces */
    size_t line_len;            /* its bytes so far; those beyond HTTP_LINE_MAX are not in it */
    size_t taken;               /* bytes of `in` that the present line is, where it came in one piece */
    bool line_ready;
    enum http_field field;      /* of the line before, for folded ones */
    bool kept;                  /* that field's value stands last in the exchange's text */
    uint64_t head_bytes, junk;
    struct http_framing framing;

    struct body body;
    struct slice out;           /* decoded, not yet handed out */
    uint64_t id;
    bool gathering;             /* the first HTTP_BODY_HEAD bytes are not complete */
    bool flush;                 /* they never will be: hand out what is there */
    bool pieces, last;          /* a piece was handed out; the last was */
    bool hole;                  /* bytes were lost before the next piece */
    bool blind;                 /* after this message nobody knows what follows */
    bool missed;                /* whole messages may have been lost */
    bool ended;                 /* PIECE_END came */
};

struct http {
    struct http_memory *memory;
    struct side side[2];
    struct exchange *first, *last; /* outstanding, in the order of the requests */
    struct exchange *answering; /* the first whose response has not begun */
    struct exchange *lent;      /* handed out by the last call */
    struct http_piece piece;    /* so is this */
    unsigned outstanding;
    uint32_t ordinal;
    uint64_t us;
    enum http_state state;
    bool flush;                 /* nothing more will come: everything outstanding goes out */
};

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

static void line_drop(struct http *h, struct side *s)
{
    if (s->line == NULL && s->taken > 0)
        slice_cut(&s->in, s->taken);
    pool_give(h->memory->blocks, s->line);
    s->line = NULL;
    s->line_len = s->taken = 0;
    s->line_ready = false;
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
        line_drop(h, &h->side[i]);
        body_close(&h->side[i].body);
    }
    pool_give(h->memory->connections, h);
}

enum http_state http_state(const struct http *h)
{
    return h->state;
}

/* ---- messages: begun, ended, given up ---- */

/* What the body turned out to be is told with its last piece already, so it is noted before each. */
static void note_body(struct http *h, int side)
{
    const struct body *b = &h->side[side].body;
    struct http_message *m = exchange_message(h->side[side].exchange, side);
    m->wire_bytes = b->wire;
    m->body_bytes = b->decoded;
    m->flags |= (uint8_t)((b->whole ? HTTP_WHOLE : 0) | (b->hole ? HTTP_HOLE : 0) | (b->bad ? HTTP_BAD_CODING : 0) |
                          (b->limited ? HTTP_LIMIT : 0));
}

static void message_over(struct http *h, int side)
{
    struct side *s = &h->side[side];
    if (s->state == SIDE_BODY) {
        note_body(h, side);
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

/* Ends what is coming on a side, where it is: a body still hands out its last piece. Then the side is out of step. */
static void abandon(struct http *h, int side)
{
    struct side *s = &h->side[side];
    s->blind = true;
    switch (s->state) {
    case SIDE_START:
    case SIDE_FIELDS:
        line_drop(h, s);
        message_over(h, side);
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

/* Leaves the connection for good: nobody is fed any more, what is outstanding goes out. */
static void leave(struct http *h, enum http_state state)
{
    h->state = state;
    h->flush = true;
    abandon(h, 0);
    abandon(h, 1);
}

static void lose(struct http *h)
{
    h->memory->stats.blind++;
    leave(h, HTTP_LOST);
}

/* No place for another exchange: the oldest one goes out as it is, and the caller comes again with the same line. */
static void make_room(struct http *h)
{
    h->memory->stats.no_room++;
    if (h->first == NULL) {
        lose(h);
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (h->side[i].exchange == h->first)
            abandon(h, i);
        else
            h->first->ended[i] = true;
    }
}

static struct exchange *exchange_begin(struct http *h, uint64_t us)
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

static void message_begin(struct http *h, int side, struct exchange *x, uint8_t version)
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

static void body_begin(struct http *h, int side, const struct body_plan *plan)
{
    struct side *s = &h->side[side];
    body_open(&s->body, plan, &h->memory->bodies);
    s->state = SIDE_BODY;
    s->out = S("");
    s->id = ++h->memory->bodies_seen;
    s->gathering = true;
    s->flush = s->pieces = s->last = s->hole = false;
}

/* ---- heads, line by line ---- */

/* The next line without its end, where all of it is here. In the usual case it stays where it came; one that comes in
 * pieces is gathered in a block. The same line is given until line_drop. */
static bool line_next(struct http *h, struct side *s, struct slice *line)
{
    if (!s->line_ready) {
        ptrdiff_t lf = slice_chr(s->in, '\n');
        size_t n = lf < 0 ? s->in.len : (size_t)lf + 1;
        s->line_ready = lf >= 0;
        if (s->line == NULL && lf >= 0) {
            s->taken = n;
            s->line_len = n - 1;
        } else {
            if (s->line == NULL && (s->line = pool_take(h->memory->blocks)) == NULL) {
                h->memory->stats.no_room++;
                lose(h);
                return false;
            }
            struct slice more = slice_head(slice_cut(&s->in, n), lf < 0 ? n : n - 1);
            size_t room = s->line_len < HTTP_LINE_MAX ? HTTP_LINE_MAX - s->line_len : 0;
            if (more.len > 0 && room > 0)
                memcpy(s->line + s->line_len, more.p, more.len < room ? more.len : room);
            s->line_len += more.len;
        }
    }
    if (!s->line_ready)
        return false;
    *line = slice_of(s->line != NULL ? s->line : s->in.p, s->line_len < HTTP_LINE_MAX ? s->line_len : HTTP_LINE_MAX);
    if (line->len > 0 && line->p[line->len - 1] == '\r')
        line->len--;
    return true;
}

/* A line that should open a message and does not. It is passed over, like an empty one, but not for ever. */
static void junk_line(struct http *h, struct side *s, struct slice line)
{
    if (s->junk == 0)
        h->memory->stats.bad_heads++;
    s->junk += s->line_len + 1;
    line_drop(h, s);
    if (s->junk > JUNK_MAX || slice_starts(line, S("PRI * HTTP/2")))
        lose(h);
}

static void request_line(struct http *h, struct slice line)
{
    struct side *s = &h->side[0];
    struct http_request_line r;
    if (!http_request_line(&r, line)) {
        junk_line(h, s, line);
        return;
    }
    struct exchange *x = exchange_begin(h, s->us);
    if (x == NULL)
        return;
    if (h->answering == NULL)
        h->answering = x;
    message_begin(h, 0, x, r.version);
    x->t.request.method = exchange_keep(x, 0, r.method, 100);
    x->t.request.target = exchange_keep(x, 0, r.target, 75);
    line_drop(h, s);
    if (r.version == 9)
        body_begin(h, 0, &(struct body_plan){.framing = BODY_NONE});
}

/* The exchange that the next response belongs to. Where responses may have been lost, the one to answer is taken to be
 * the newest: few clients ask again before they have their answer. A response without any request makes its own. */
static struct exchange *answered(struct http *h)
{
    struct side *s = &h->side[1];
    for (; s->missed && h->answering != NULL && h->answering != h->last; h->answering = h->answering->next)
        h->answering->ended[1] = true;
    s->missed = false;
    struct exchange *x = h->answering;
    if (x != NULL) {
        h->answering = x->next;
        return x;
    }
    x = exchange_begin(h, s->us);
    if (x != NULL)
        x->ended[0] = true;
    return x;
}

static void status_line(struct http *h, struct slice line)
{
    struct side *s = &h->side[1];
    struct http_status_line r;
    if (!http_status_line(&r, line)) {
        junk_line(h, s, line);
        return;
    }
    bool interim = r.status < 200 && r.status != 101; /* RFC 9110 section 15.2: the final one follows */
    struct exchange *x = interim ? NULL : answered(h);
    if (x == NULL && !interim)
        return;
    message_begin(h, 1, x, r.version);
    if (x != NULL)
        x->t.response.status = r.status;
    line_drop(h, s);
}

/* HTTP/0.9 answers with the bare body. */
static bool answer_bare(struct http *h)
{
    const struct side *s = &h->side[1];
    if (h->answering == NULL || h->answering->t.request.version != 9 || s->line != NULL || s->line_ready ||
        (s->in.p[0] | 0x20) == 'h')
        return false;
    message_begin(h, 1, answered(h), 9);
    body_begin(h, 1, &(struct body_plan){.framing = BODY_TO_END});
    return true;
}

/* Values of these fields are nobody's business: that they were there is. */
static void field_line(struct http *h, int side, struct slice line)
{
    struct side *s = &h->side[side];
    struct exchange *x = s->exchange;
    bool keeps = x != NULL && s->head_bytes <= HTTP_HEAD_MAX;
    if (line.p[0] == ' ' || line.p[0] == '\t') {
        struct slice text = slice_trim(line);
        http_framing_see(&s->framing, s->field, text);
        if (keeps && s->kept)
            exchange_fold(x, side, text);
        return;
    }
    ptrdiff_t colon = slice_chr(line, ':');
    struct slice name = slice_trim(slice_head(line, colon > 0 ? (size_t)colon : 0));
    s->kept = false;
    s->field = HTTP_FIELD_OTHER;
    if (name.len == 0)
        return;
    struct slice value = slice_trim(slice_from(line, (size_t)colon + 1));
    s->field = http_field(name);
    http_framing_see(&s->framing, s->field, value);
    if (s->field == HTTP_FIELD_SECRET)
        value.len = 0;
    if (keeps)
        s->kept = exchange_field(x, side, name, value) && s->field != HTTP_FIELD_SECRET;
    else if (x != NULL)
        exchange_message(x, side)->headers_left++;
}

static void head_over(struct http *h, int side)
{
    struct side *s = &h->side[side];
    struct exchange *x = s->exchange;
    if (x == NULL) {
        s->state = SIDE_START;
        return;
    }
    h->memory->stats.long_heads += (exchange_message(x, side)->flags & HTTP_LIMIT) != 0;
    struct body_plan plan = http_framing_plan(&s->framing, side == 1);
    bool connect = slice_eq(x->t.request.method, S("CONNECT"));
    unsigned status = x->t.response.status;
    bool tunnel = side == 1 && (status == 101 || (connect && status / 100 == 2));
    if (side == 0 ? connect : tunnel || status == 204 || status == 304 || slice_eq(x->t.request.method, S("HEAD")))
        plan = (struct body_plan){.framing = BODY_NONE};
    if (plan.broken)
        h->memory->stats.bad_heads++;
    body_begin(h, side, &plan);
    if (!tunnel)
        return;
    message_over(h, side);
    leave(h, HTTP_TUNNEL);
}

static void head_line(struct http *h, int side)
{
    struct side *s = &h->side[side];
    struct slice line;
    if (side == 1 && s->state == SIDE_START && s->in.len > 0 && answer_bare(h))
        return;
    if (s->state == SIDE_START && s->line == NULL && !s->line_ready)
        s->us = h->us;
    if (!line_next(h, s, &line))
        return;
    bool cut = s->line_len > HTTP_LINE_MAX;
    s->head_bytes += s->line_len + 1;
    if (s->state == SIDE_FIELDS) {
        if (line.len > 0)
            field_line(h, side, line);
        line_drop(h, s);
        if (line.len == 0)
            head_over(h, side);
    } else if (line.len == 0) {
        line_drop(h, s);
    } else if (side == 0) {
        request_line(h, line);
    } else {
        status_line(h, line);
    }
    if ((cut || s->head_bytes > HTTP_HEAD_MAX) && s->exchange != NULL)
        exchange_message(s->exchange, side)->flags |= HTTP_LIMIT;
}

/* ---- bodies ---- */

static bool give_piece(struct http *h, int side, struct event *e, struct slice data, uint64_t offset, bool last)
{
    struct side *s = &h->side[side];
    note_body(h, side);
    h->piece = (struct http_piece){
        .transaction = &s->exchange->t, .response = side == 1, .id = s->id, .offset = offset, .data = data, .last = last,
        .hole = s->hole,
    };
    s->pieces = true;
    s->last = last;
    s->hole = false;
    *e = (struct event){.kind = EVENT_BODY, .us = h->us, .body = &h->piece};
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
        bool lost = s->hole;
        s->gathering = s->hole = false;
        if (head.len > 0) {
            give_piece(h, side, e, head, 0, over && s->out.len == 0);
            s->hole = lost;
            return true;
        }
        s->hole = lost;
    }
    if (!s->gathering && s->out.len > 0) {
        struct slice out = s->out;
        s->out.len = 0;
        return give_piece(h, side, e, out, b->decoded - out.len, over);
    }
    if (over && s->pieces && !s->last)
        return give_piece(h, side, e, s->out, b->decoded, true);
    if (body_over(b))
        message_over(h, side);
    return false;
}

/* ---- the two calls ---- */

static void feed_gap(struct http *h, int side, uint64_t bytes)
{
    struct side *s = &h->side[side];
    h->memory->stats.gaps++;
    switch (s->state) {
    case SIDE_START:
    case SIDE_FIELDS:
        abandon(h, side);
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
    line_drop(h, s);
    message_over(h, side);
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
        if (s->state == SIDE_BLIND && http_looks_like(piece->data, side))
            s->state = SIDE_START;
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

/* Bodies go before heads, so that what was given up has handed out its last piece before its room is asked for. */
bool http_next(struct http *h, struct event *e)
{
    give_lent(h);
    for (;;) {
        if (h->first != NULL && h->first->ended[0] && h->first->ended[1])
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
                head_line(h, i);
                moved = true;
            }
        if (moved)
            continue;
        return h->flush && h->first != NULL && give_transaction(h, e);
    }
}
