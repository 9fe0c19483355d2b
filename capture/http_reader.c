#include "capture/http_connection.h"

enum {
    JUNK_MAX = 65536, /* bytes in a row that are no head: a connection that begins with them does not speak HTTP */
    LOOK = 16         /* bytes that tell a head's beginning */
};

void http_line_drop(struct http *h, struct side *s)
{
    if (s->line == NULL && s->taken > 0)
        slice_cut(&s->in, s->taken);
    pool_give(h->memory->blocks, s->line);
    s->line = NULL;
    s->line_len = s->taken = 0;
    s->line_ready = false;
}

/* A line that comes in pieces is put together in a block, cut at HTTP_LINE_MAX. */
static void line_gather(struct http *h, struct side *s, struct slice more)
{
    size_t room = s->line_len < HTTP_LINE_MAX ? HTTP_LINE_MAX - s->line_len : 0;
    if (s->line == NULL && (s->line = pool_take(h->memory->blocks)) == NULL) {
        h->memory->stats.no_room++;
        http_lose(h);
        return;
    }
    if (more.len > 0 && room > 0)
        memcpy(s->line + s->line_len, more.p, more.len < room ? more.len : room);
    s->line_len += more.len;
    h->memory->stats.long_lines += s->line_len > HTTP_LINE_MAX && s->line_len - more.len <= HTTP_LINE_MAX;
}

/* The next line without its end, as soon as all of it is here. In the usual case it stays where it came. The same line
 * is given until it is dropped. */
static bool line_next(struct http *h, struct side *s, struct slice *line)
{
    if (!s->line_ready) {
        ptrdiff_t lf = slice_chr(s->in, '\n');
        s->line_ready = lf >= 0;
        if (s->line == NULL && lf >= 0) {
            s->line_len = (size_t)lf;
            s->taken = (size_t)lf + 1;
        } else {
            struct slice more = slice_cut(&s->in, lf < 0 ? s->in.len : (size_t)lf);
            slice_cut(&s->in, 1);
            line_gather(h, s, more);
        }
    }
    if (!s->line_ready)
        return false;
    *line = slice_of(s->line != NULL ? s->line : s->in.p, s->line_len < HTTP_LINE_MAX ? s->line_len : HTTP_LINE_MAX);
    if (line->len > 0 && line->p[line->len - 1] == '\r')
        line->len--;
    return true;
}

static void junk_begins(struct http *h, struct side *s)
{
    h->memory->stats.bad_heads += s->junk == 0;
    s->missed = true;
}

/* A line that should open a message and does not. It is passed over, like an empty one, but not for ever. */
static void junk_line(struct http *h, int side, struct slice line)
{
    struct side *s = &h->side[side];
    junk_begins(h, s);
    s->junk += s->line_len + 1;
    http_line_drop(h, s);
    if (slice_starts(line, S("PRI * HTTP/2")) || (s->junk > JUNK_MAX && h->ordinal == 0))
        http_lose(h);
    else if (s->junk > JUNK_MAX)
        http_abandon(h, side);
}

/* Junk need not end in a line end: a piece that begins like a head is one, unless the line before it is half a head. */
void http_resync(struct http *h, int side, struct slice data)
{
    struct side *s = &h->side[side];
    if ((s->state != SIDE_BLIND && s->line == NULL) || !http_looks_like(data, side))
        return;
    if (s->state == SIDE_BLIND) {
        s->state = SIDE_START;
    } else if (s->state == SIDE_START && data.len >= LOOK && data.p[0] > ' ' &&
               !http_looks_like(slice_of(s->line, s->line_len < LOOK ? s->line_len : LOOK), side)) {
        junk_begins(h, s);
        http_line_drop(h, s);
    }
}

static void request_line(struct http *h, struct slice line)
{
    struct side *s = &h->side[0];
    struct http_request_line r;
    if (!http_request_line(&r, line)) {
        junk_line(h, 0, line);
        return;
    }
    struct exchange *x = http_early(h, s->us);
    if (x != NULL) {
        x->t.us = s->us;
        x->ended[0] = false;
    } else if ((x = http_exchange_begin(h, s->us)) == NULL) {
        return;
    } else if (h->answering == NULL) {
        h->answering = x;
    }
    http_message_begin(h, 0, x, r.version);
    if (s->line_len > HTTP_LINE_MAX)
        x->t.request.flags |= HTTP_LIMIT;
    x->t.request.method = exchange_keep(x, 0, r.method, 100);
    x->t.request.target = exchange_keep(x, 0, r.target, 75);
    http_line_drop(h, s);
    if (r.version == 9)
        http_body_begin(h, 0, &(struct body_plan){.framing = BODY_NONE});
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
    x = http_exchange_begin(h, s->us);
    if (x != NULL)
        x->ended[0] = true;
    return x;
}

static void status_line(struct http *h, struct slice line)
{
    struct side *s = &h->side[1];
    struct http_status_line r;
    if (!http_status_line(&r, line)) {
        junk_line(h, 1, line);
        return;
    }
    bool interim = r.status < 200 && r.status != 101; /* RFC 9110 section 15.2: the final one follows */
    struct exchange *x = interim ? NULL : answered(h);
    if (x == NULL && !interim)
        return;
    http_message_begin(h, 1, x, r.version);
    if (x != NULL)
        x->t.response.status = r.status;
    http_line_drop(h, s);
}

/* HTTP/0.9 answers with the bare body. */
static bool answer_bare(struct http *h)
{
    const struct side *s = &h->side[1];
    if (h->answering == NULL || h->answering->t.request.version != 9 || s->line != NULL || s->line_ready ||
        (s->in.p[0] | 0x20) == 'h')
        return false;
    http_message_begin(h, 1, answered(h), 9);
    http_body_begin(h, 1, &(struct body_plan){.framing = BODY_TO_END});
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
        exchange_leave_out(x, side);
}

static void head_over(struct http *h, int side)
{
    struct side *s = &h->side[side];
    struct exchange *x = s->exchange;
    if (x == NULL) {
        s->state = SIDE_START;
        return;
    }
    bool told = s->head_bytes > HTTP_HEAD_MAX;
    h->memory->stats.long_heads += !told && (exchange_message(x, side)->flags & HTTP_LIMIT) != 0;
    struct body_plan plan = http_framing_plan(&s->framing, side == 1);
    bool connect = slice_eq(x->t.request.method, S("CONNECT"));
    unsigned status = x->t.response.status;
    bool tunnel = side == 1 && (status == 101 || (connect && status / 100 == 2));
    if (side == 0 ? connect : tunnel || status == 204 || status == 304 || slice_eq(x->t.request.method, S("HEAD")))
        plan = (struct body_plan){.framing = BODY_NONE};
    if (plan.broken)
        h->memory->stats.bad_heads++;
    http_body_begin(h, side, &plan);
    if (!tunnel)
        return;
    http_message_over(h, side);
    http_leave(h, HTTP_TUNNEL);
}

/* Up to the end of the head, as far as it is here. */
static void read_fields(struct http *h, int side)
{
    struct side *s = &h->side[side];
    struct slice line;
    while (line_next(h, s, &line)) {
        bool over = line.len == 0;
        s->head_bytes += s->line_len + 1;
        h->memory->stats.long_heads += s->head_bytes > HTTP_HEAD_MAX && s->head_bytes - s->line_len - 1 <= HTTP_HEAD_MAX;
        if ((s->line_len > HTTP_LINE_MAX || s->head_bytes > HTTP_HEAD_MAX) && s->exchange != NULL)
            exchange_message(s->exchange, side)->flags |= HTTP_LIMIT;
        if (!over)
            field_line(h, side, line);
        http_line_drop(h, s);
        if (over) {
            head_over(h, side);
            return;
        }
    }
}

void http_read_head(struct http *h, int side)
{
    struct side *s = &h->side[side];
    struct slice line;
    if (s->state == SIDE_FIELDS) {
        read_fields(h, side);
        return;
    }
    if (side == 1 && s->in.len > 0 && answer_bare(h))
        return;
    if (s->line == NULL && !s->line_ready)
        s->us = h->us;
    if (!line_next(h, s, &line))
        return;
    if (line.len == 0)
        http_line_drop(h, s);
    else if (side == 0)
        request_line(h, line);
    else
        status_line(h, line);
}
