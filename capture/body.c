#include "capture/body.h"

/* What any coding may expand to before it counts as a bomb: deflate reaches 1032, but no program or script does. */
enum { RATIO = 256, RATIO_FROM = 1 << 20 };

enum chunk {
    CHUNK_SIZE,      /* hexadecimal digits */
    CHUNK_PAD,       /* blanks after them */
    CHUNK_EXTENSION, /* up to the end of the line */
    CHUNK_DATA,
    CHUNK_AFTER,     /* the line end after the data */
    CHUNK_LINE,      /* start of a trailer line */
    CHUNK_LINE_CR,   /* a CR at its start */
    CHUNK_TRAILER    /* in a trailer line */
};

static void close_stages(struct body *b)
{
    for (unsigned i = 0; i < b->stages; i++)
        pool_give(b->coding[i] == CODING_BROTLI ? b->memory->brotli : b->memory->coders, b->stage[i].coder);
    b->stages = 0;
}

static bool open_stage(struct body *b, enum coding coding)
{
    bool brotli = coding == CODING_BROTLI;
    struct pool *pool = brotli ? b->memory->brotli : b->memory->coders;
    void *block = pool_take(pool);
    if (block == NULL)
        return false;
    struct coder *coder = coder_open(coding, block, brotli ? b->memory->brotli_bytes : CODER_BYTES);
    if (coder == NULL) {
        pool_give(pool, block);
        return false;
    }
    b->coding[b->stages] = coding;
    b->stage[b->stages++] = (struct body_stage){.coder = coder};
    return true;
}

void body_open(struct body *b, const struct body_plan *plan, struct body_memory *memory)
{
    *b = (struct body){.memory = memory, .framing = plan->framing, .left = plan->length, .broken = plan->broken};
    b->framed = b->whole = plan->framing == BODY_NONE || (plan->framing == BODY_LENGTH && plan->length == 0);
    b->bad = plan->unknown && !b->framed;
    if (plan->framing == BODY_CHUNKED)
        b->left = 0;
    for (unsigned i = 0; i < plan->codings && !plan->unknown && !b->framed; i++)
        if (!open_stage(b, plan->coding[i])) {
            close_stages(b);
            b->no_room = b->bad = true;
            break;
        }
}

void body_close(struct body *b)
{
    close_stages(b);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void size_line_over(struct body *b)
{
    b->kept = 0;
    b->chunk = b->left > 0 ? CHUNK_DATA : CHUNK_LINE;
}

static bool chunk_digit(struct body *b, uint8_t c)
{
    int digit = hex_digit(c);
    if (digit < 0 || b->left >> 60 != 0)
        return false;
    b->left = b->left << 4 | (unsigned)digit;
    return true;
}

static bool chunk_pad(struct body *b, uint8_t c)
{
    b->chunk = c == ';' ? CHUNK_EXTENSION : CHUNK_PAD;
    if (c == '\n')
        size_line_over(b);
    return c == ';' || c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

/* One byte of chunk framing (RFC 9112 section 7.1; a bare LF ends a line too). False: this is no chunked body. */
static bool chunk_byte(struct body *b, uint8_t c)
{
    switch ((enum chunk)b->chunk) {
    case CHUNK_SIZE:
        return hex_digit(c) < 0 && b->kept > 0 ? chunk_pad(b, c) : chunk_digit(b, c);
    case CHUNK_PAD:
        return chunk_pad(b, c);
    case CHUNK_EXTENSION:
        if (c == '\n')
            size_line_over(b);
        return true;
    case CHUNK_DATA:
        return true;
    case CHUNK_AFTER:
        if (c == '\n') {
            b->chunk = CHUNK_SIZE;
            b->left = 0;
        }
        return c == '\n' || (c == '\r' && b->kept == 0);
    case CHUNK_LINE:
    case CHUNK_LINE_CR:
        b->framed = b->whole = c == '\n';
        b->chunk = c == '\r' && b->chunk == CHUNK_LINE ? CHUNK_LINE_CR : CHUNK_TRAILER;
        return true;
    case CHUNK_TRAILER:
        if (c == '\n')
            b->chunk = CHUNK_LINE;
        return true;
    }
    return false;
}

/* Bytes of framing that turn out not to be any are part of the body: they are kept until their line is over. */
static bool keeps_line(const struct body *b)
{
    return b->chunk == CHUNK_SIZE || b->chunk == CHUNK_PAD || b->chunk == CHUNK_AFTER;
}

static struct slice unchunk(struct body *b, struct slice *in)
{
    while (in->len > 0 && !b->framed) {
        if (b->chunk == CHUNK_DATA) {
            struct slice data = slice_cut(in, b->left < in->len ? (size_t)b->left : in->len);
            b->left -= data.len;
            if (b->left == 0)
                b->chunk = CHUNK_AFTER;
            return data;
        }
        bool line = keeps_line(b);
        if ((line && b->kept == sizeof b->size_line) || !chunk_byte(b, in->p[0])) {
            b->framing = BODY_TO_END;
            b->bad = b->broken = true;
            return b->kept > 0 ? slice_of(b->size_line, b->kept) : slice_cut(in, in->len);
        }
        b->kept = line && keeps_line(b) && in->p[0] != '\n' ? b->kept + 1 : 0;
        if (b->kept > 0)
            b->size_line[b->kept - 1] = in->p[0];
        slice_cut(in, 1);
    }
    return slice_of(in->p, 0);
}

static struct slice unframe(struct body *b, struct slice *in)
{
    struct slice data = slice_of(in->p, 0);
    if (b->framed)
        return data;
    switch (b->framing) {
    case BODY_NONE:
        break;
    case BODY_LENGTH:
        data = slice_cut(in, b->left < in->len ? (size_t)b->left : in->len);
        b->left -= data.len;
        b->framed = b->whole = b->left == 0;
        break;
    case BODY_CHUNKED:
        data = unchunk(b, in);
        break;
    case BODY_TO_END:
        data = slice_cut(in, in->len);
        break;
    }
    b->wire += data.len;
    return data;
}

/* Pulls through the stages from the last one back: nothing is decoded that nobody has asked for. */
static struct slice decode(struct body *b, unsigned stages, struct slice *in)
{
    if (stages == 0)
        return unframe(b, in);
    struct body_stage *s = &b->stage[stages - 1];
    for (;;) {
        if (s->waiting.len == 0 && !coder_full(s->coder)) {
            s->waiting = decode(b, stages - 1, in);
            if (s->waiting.len == 0)
                break;
        }
        struct slice out = coder_run(s->coder, &s->waiting);
        if (out.len > 0)
            return out;
    }
    bool before_finished = stages == 1 ? b->framed : b->stage[stages - 2].finished;
    if (!before_finished || s->finished)
        return s->waiting;
    s->finished = true;
    struct slice left = b->whole ? coder_finish(s->coder) : s->waiting;
    b->bad |= coder_bad(s->coder);
    return left;
}

static bool over_ratio(const struct body *b)
{
    return b->decoded > RATIO_FROM && b->decoded / RATIO > b->wire;
}

struct slice body_next(struct body *b, struct slice *in)
{
    if (b->stopped) {
        close_stages(b);
        while (in->len > 0 && !b->framed)
            unframe(b, in);
        return slice_of(in->p, 0);
    }
    struct slice out = decode(b, b->stages, in);
    for (unsigned i = 0; i < b->stages; i++)
        b->bad |= coder_bad(b->stage[i].coder);
    uint64_t room = b->decoded < b->memory->limit ? b->memory->limit - b->decoded : 0; /* a gap may have passed it */
    if (out.len > room || over_ratio(b)) {
        b->limited = b->stopped = true;
        out = slice_head(out, room < out.len ? (size_t)room : out.len);
    }
    b->decoded += out.len;
    return out;
}

bool body_over(const struct body *b)
{
    return b->framed && (b->stopped || b->stages == 0 || b->stage[b->stages - 1].finished);
}

/* Where the length is known the place after the gap is too. A coding cannot be picked up again after it. */
bool body_gap(struct body *b, uint64_t bytes)
{
    bool counted = b->framing == BODY_LENGTH || (b->framing == BODY_CHUNKED && b->chunk == CHUNK_DATA);
    b->hole = true;
    b->stopped |= b->stages > 0;
    if (b->framing != BODY_TO_END && (!counted || bytes == 0 || bytes > b->left)) {
        b->framed = b->stopped = true;
        return false;
    }
    b->wire += bytes;
    if (b->stages == 0 && !b->stopped)
        b->decoded += bytes;
    if (b->framing == BODY_TO_END)
        return true;
    b->left -= bytes;
    if (b->left == 0 && b->framing == BODY_CHUNKED)
        b->chunk = CHUNK_AFTER;
    else
        b->framed = b->whole = b->left == 0;
    return true;
}

void body_end(struct body *b)
{
    if (b->framed)
        return;
    b->framed = true;
    b->whole = b->framing == BODY_TO_END && !b->broken;
}
