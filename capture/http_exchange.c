#include "capture/http_exchange.h"

#include <stdlib.h>

enum { TEXT = HTTP_BLOCK - offsetof(struct exchange, text) };

static void message_clear(struct http_message *m)
{
    memset(m, 0, offsetof(struct http_message, header)); /* the 64 fields are written as they come */
    m->wire_bytes = m->body_bytes = 0;
    m->body = slice_of(NULL, 0);
}

struct exchange *exchange_open(struct http_memory *memory)
{
    struct exchange *x = pool_take(memory->blocks);
    if (x == NULL)
        return NULL;
    message_clear(&x->t.request);
    message_clear(&x->t.response);
    x->next = NULL;
    x->head[0] = x->head[1] = NULL;
    x->ended[0] = x->ended[1] = false;
    x->text_len = 0;
    return x;
}

void exchange_close(struct http_memory *memory, struct exchange *x)
{
    if (x == NULL)
        return;
    pool_give(memory->heads, x->head[0]);
    pool_give(memory->heads, x->head[1]);
    pool_give(memory->blocks, x);
}

/* The request leaves some room to the response, whatever it says. */
static size_t room_of(const struct exchange *x, int side)
{
    size_t limit = side == 0 ? HTTP_REQUEST_TEXT : TEXT;
    return x->text_len < limit ? limit - x->text_len : 0;
}

/* No single text takes all the room, or one long junk field would hide what follows it. */
struct slice exchange_keep(struct exchange *x, int side, struct slice text, unsigned share)
{
    size_t room = room_of(x, side) * share / 100;
    struct slice kept = slice_of(x->text + x->text_len, text.len < room ? text.len : room);
    if (kept.len > 0)
        memcpy(x->text + x->text_len, text.p, kept.len);
    x->text_len += (uint32_t)kept.len;
    if (kept.len < text.len)
        exchange_message(x, side)->flags |= HTTP_LIMIT;
    return kept;
}

void exchange_leave_out(struct exchange *x, int side)
{
    struct http_message *m = exchange_message(x, side);
    m->headers_left += m->headers_left < UINT16_MAX;
    m->flags |= HTTP_LIMIT;
}

/* Name and value stand in one line, so in the usual case one copy takes both. */
bool exchange_field(struct exchange *x, int side, struct slice name, struct slice value)
{
    struct http_message *m = exchange_message(x, side);
    size_t room = room_of(x, side), value_at = (size_t)(value.p - name.p);
    if (m->headers == HTTP_HEADERS || name.len > room / 2) {
        exchange_leave_out(x, side);
        return false;
    }
    struct http_header *field = &m->header[m->headers++];
    if (value_at + value.len <= room / 2) {
        const uint8_t *text = memcpy(x->text + x->text_len, name.p, value_at + value.len);
        x->text_len += (uint32_t)(value_at + value.len);
        field->name = slice_of(text, name.len);
        field->value = slice_of(text + value_at, value.len);
    } else {
        field->name = exchange_keep(x, side, name, 100);
        field->value = exchange_keep(x, side, value, 50);
    }
    return true;
}

void exchange_fold(struct exchange *x, int side, struct slice text)
{
    struct slice *value = &exchange_message(x, side)->header[exchange_message(x, side)->headers - 1].value;
    if (text.len == 0)
        return;
    if (value->len > 0)
        value->len += exchange_keep(x, side, S(" "), 100).len;
    value->len += exchange_keep(x, side, text, 50).len;
}

/* How the bound is dealt out, in eighths. Most connections hold nothing but themselves between two requests; bodies in
 * flight hold 8 KB each; few are compressed, and br over plain HTTP is rare but wants megabytes at once. */
static bool open_pools(struct http_memory *memory, size_t connection, size_t bytes, char err[static ERRLEN])
{
    size_t eighth = bytes / 8;
    memory->bodies.brotli_bytes = eighth < CODER_BROTLI_BYTES ? eighth : CODER_BROTLI_BYTES;
    return (memory->connections = pool_open(connection, eighth, err)) != NULL &&
           (memory->blocks = pool_open(HTTP_BLOCK, 3 * eighth, err)) != NULL &&
           (memory->heads = pool_open(HTTP_BODY_HEAD, 2 * eighth, err)) != NULL &&
           (memory->bodies.coders = pool_open(CODER_BYTES, eighth, err)) != NULL &&
           (memory->bodies.brotli = pool_open(memory->bodies.brotli_bytes, eighth, err)) != NULL;
}

struct http_memory *http_memory_new(size_t connection, size_t bytes, uint64_t body_limit, char err[static ERRLEN])
{
    struct http_memory *memory = calloc(1, sizeof *memory);
    if (memory == NULL) {
        error_set(err, "no memory for HTTP");
        return NULL;
    }
    memory->bodies.limit = body_limit;
    if (!open_pools(memory, connection, bytes, err)) {
        http_memory_close(memory);
        return NULL;
    }
    return memory;
}

void http_memory_close(struct http_memory *memory)
{
    if (memory == NULL)
        return;
    pool_close(memory->connections);
    pool_close(memory->blocks);
    pool_close(memory->heads);
    pool_close(memory->bodies.coders);
    pool_close(memory->bodies.brotli);
    free(memory);
}

/* Coders do not count: when they are all lent, bodies come as they are, and to end connections for them would cost more. */
bool http_memory_short(const struct http_memory *memory)
{
    return pool_short(memory->connections) || pool_short(memory->blocks) || pool_short(memory->heads);
}

void http_memory_sum(const struct http_memory *memory, struct pool_sum *sum)
{
    pool_sum(memory->connections, sum);
    pool_sum(memory->blocks, sum);
    pool_sum(memory->heads, sum);
    pool_sum(memory->bodies.coders, sum);
    pool_sum(memory->bodies.brotli, sum);
}

const struct http_stats *http_memory_stats(const struct http_memory *memory)
{
    return &memory->stats;
}
