#include "capture/coding.h"

#include <brotli/decode.h>
#include <limits.h>
#include <zlib.h>

/* Out: as much as the head of a body that is looked at before anyone decides whether the rest is worth undoing. */
enum { OUT = 8192, PREFIX = 512, ALIGN = 16 };

/* One allocation in the block, or a free stretch; they follow each other without a gap. */
struct cell {
    size_t bytes; /* with this header */
    size_t used;
};

struct coder {
    enum coding coding;
    bool begun, full, ended, bad, raw; /* raw: deflate without the zlib wrapping */
    bool padding;                      /* what came after the end was no gzip member */
    size_t prefix;                     /* bytes swallowed so far, of which nothing came out */
    uint64_t produced;
    z_stream z;
    BrotliDecoderState *brotli;
    uint8_t *room, *room_end;
    uint8_t kept[PREFIX];
    uint8_t out[OUT];
};

/* First fit over a handful of cells. A plain bump would do for zlib, but brotli gives back and asks anew for every
 * meta-block, so freed cells have to come round again. */
static void *cell_take(void *coder, size_t bytes)
{
    const struct coder *c = coder;
    if (bytes > (size_t)(c->room_end - c->room))
        return NULL;
    const struct cell *end = (const struct cell *)c->room_end;
    size_t need = sizeof(struct cell) + (bytes + ALIGN - 1) / ALIGN * ALIGN;
    for (uint8_t *at = c->room; at < c->room_end; at += ((struct cell *)at)->bytes) {
        struct cell *cell = (struct cell *)at;
        if (cell->used)
            continue;
        for (struct cell *next; (next = (struct cell *)(at + cell->bytes)) < end && !next->used;)
            cell->bytes += next->bytes;
        if (cell->bytes < need)
            continue;
        if (cell->bytes - need > sizeof *cell) {
            *(struct cell *)(at + need) = (struct cell){cell->bytes - need, 0};
            cell->bytes = need;
        }
        cell->used = 1;
        return cell + 1;
    }
    return NULL;
}

static void cell_give(void *coder, void *memory)
{
    (void)coder;
    if (memory != NULL)
        ((struct cell *)memory)[-1].used = 0;
}

static void *zlib_take(void *coder, unsigned items, unsigned size)
{
    return size != 0 && items > SIZE_MAX / size ? NULL : cell_take(coder, (size_t)items * size);
}

/* The checksum behind the data is not computed: it costs a quarter of the inflating, and would only say that a body is
 * damaged which was handed out already. */
struct coder *coder_open(enum coding coding, void *block, size_t bytes)
{
    struct coder *c = block;
    if (bytes < sizeof *c + 2 * ALIGN)
        return NULL;
    memset(c, 0, offsetof(struct coder, kept));
    c->coding = coding;
    c->room = (uint8_t *)block + (sizeof *c + ALIGN - 1) / ALIGN * ALIGN;
    c->room_end = (uint8_t *)block + bytes / ALIGN * ALIGN;
    *(struct cell *)c->room = (struct cell){(size_t)(c->room_end - c->room), 0};
    if (coding == CODING_BROTLI) {
        c->brotli = BrotliDecoderCreateInstance(cell_take, cell_give, c);
        return c->brotli == NULL ? NULL : c;
    }
    c->z.zalloc = zlib_take;
    c->z.zfree = cell_give;
    c->z.opaque = c;
    int window = coding == CODING_GZIP ? MAX_WBITS + 16 : MAX_WBITS;
    return inflateInit2(&c->z, window) == Z_OK && inflateValidate(&c->z, 0) == Z_OK ? c : NULL;
}

enum step { STEP_ON, STEP_END, STEP_BAD };

static enum step step_zlib(struct coder *c, struct slice *in, size_t *room)
{
    unsigned give = in->len < UINT_MAX ? (unsigned)in->len : UINT_MAX;
    c->z.next_in = (Bytef *)(uintptr_t)in->p;
    c->z.avail_in = give;
    c->z.next_out = c->out + OUT - *room;
    c->z.avail_out = (uInt)*room;
    int result = inflate(&c->z, Z_NO_FLUSH);
    bool moved = c->z.avail_in < give || c->z.avail_out < *room;
    *in = slice_from(*in, give - c->z.avail_in);
    *room = c->z.avail_out;
    if (result == Z_STREAM_END)
        return STEP_END;
    return result == Z_OK || (result == Z_BUF_ERROR && (moved || in->len == 0)) ? STEP_ON : STEP_BAD;
}

static enum step step_brotli(struct coder *c, struct slice *in, size_t *room)
{
    uint8_t *out = c->out + OUT - *room;
    BrotliDecoderResult result = BrotliDecoderDecompressStream(c->brotli, &in->len, &in->p, room, &out, NULL);
    if (result == BROTLI_DECODER_RESULT_SUCCESS)
        return STEP_END;
    return result == BROTLI_DECODER_RESULT_ERROR ? STEP_BAD : STEP_ON;
}

static enum step step(struct coder *c, struct slice *in, size_t *room)
{
    return c->coding == CODING_BROTLI ? step_brotli(c, in, room) : step_zlib(c, in, room);
}

/* "deflate" should be zlib's wrapping and is often the bare stream (RFC 9110 section 8.4.1.2). zlib tells after two
 * bytes: then the same two start over as a bare one. */
static enum step retry_raw(struct coder *c, struct slice *in, size_t *room)
{
    c->raw = true;
    if (inflateReset2(&c->z, -MAX_WBITS) != Z_OK)
        return STEP_BAD;
    struct slice swallowed = slice_of(c->kept, c->prefix);
    enum step result = step(c, &swallowed, room);
    return result == STEP_ON ? step(c, in, room) : result;
}

/* While nothing has come out, what went in is kept, so that a body which only claims to be coded loses no byte. */
static void keep(struct coder *c, struct slice swallowed)
{
    if (c->produced > 0 || c->prefix > PREFIX)
        return;
    if (swallowed.len > PREFIX - c->prefix) {
        c->prefix = PREFIX + 1;
        return;
    }
    memcpy(c->kept + c->prefix, swallowed.p, swallowed.len);
    c->prefix += swallowed.len;
}

static struct slice swallowed_of(const struct coder *c)
{
    return slice_of(c->kept, c->produced == 0 && c->prefix <= PREFIX ? c->prefix : 0);
}

/* After the end: another gzip member may follow (RFC 1952 section 2.2); anything else is padding and is dropped. */
static bool begins_again(struct coder *c, struct slice *in)
{
    if (c->coding == CODING_GZIP && !c->padding && in->len > 0 && in->p[0] == 0x1f && inflateReset(&c->z) == Z_OK) {
        c->ended = false;
        return true;
    }
    c->padding |= in->len > 0;
    *in = slice_from(*in, in->len);
    return false;
}

struct slice coder_run(struct coder *c, struct slice *in)
{
    if (c->bad)
        return slice_cut(in, in->len);
    if (c->ended && !begins_again(c, in))
        return slice_of(c->out, 0);
    size_t room = OUT;
    const uint8_t *from = in->p;
    enum step result = step(c, in, &room);
    if (room == OUT && in->p > from)
        keep(c, slice_of(from, (size_t)(in->p - from)));
    if (result == STEP_BAD && c->coding == CODING_DEFLATE && !c->raw && c->z.total_in == 2 && c->prefix == 2) {
        from = in->p;
        result = retry_raw(c, in, &room);
        if (room == OUT && in->p > from)
            keep(c, slice_of(from, (size_t)(in->p - from)));
    }
    c->produced += OUT - room;
    c->ended = result == STEP_END;
    c->bad = result == STEP_BAD;
    c->full = room == 0 && result == STEP_ON;
    return c->bad && c->produced == 0 ? swallowed_of(c) : slice_of(c->out, OUT - room);
}

bool coder_full(const struct coder *c)
{
    return c->full;
}

struct slice coder_finish(struct coder *c)
{
    if (c->ended || c->bad)
        return slice_of(c->out, 0);
    c->bad = c->produced > 0 || c->prefix > 0;
    return swallowed_of(c);
}

bool coder_bad(const struct coder *c)
{
    return c->bad;
}
