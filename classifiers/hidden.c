#include "classifiers/hidden.h"

enum { STAGE_CIPHER = LAYER_GZIP + 1, GZIP_LEAST = 18 /* header and trailer (RFC 1952) */, GZIP_KEY_MOST = 8 };

/* A ciphered or plain program has bytes of both halves of the range in its header alone; text has not, and most bodies
 * are text. Eight bytes at a time. */
static bool is_ascii(struct slice s)
{
    uint64_t high = 0, word;
    size_t i = 0;
    for (; i + sizeof word <= s.len && (high & 0x8080808080808080u) == 0; i += sizeof word) {
        memcpy(&word, s.p + i, sizeof word);
        high |= word;
    }
    for (; i < s.len && (high & 0x8080808080808080u) == 0; i++)
        high |= s.p[i];
    return (high & 0x8080808080808080u) == 0;
}

static size_t peel(enum armour kind, struct slice head, uint8_t *out, size_t room)
{
    struct armour_stream coder;
    armour_start(&coder, kind);
    return armour_decode(&coder, &head, out, room);
}

/* Sixteen characters under the wrong alphabet are no text, so that any text may be tried. */
static bool find_script(struct hidden *h, struct slice head, bool whole)
{
    uint8_t text[KEYS_HEAD];
    struct slice peek = slice_of(text, peel(ARMOUR_MIRRORED, slice_head(head, 64), text, sizeof text));
    if (!armour_is_text(peek, false))
        return false;
    struct slice script = slice_of(text, peel(ARMOUR_MIRRORED, head, text, sizeof text));
    if (!armour_is_script(script, whole))
        return false;
    h->layer[h->layers++] = ARMOUR_MIRRORED;
    h->script = true;
    return true;
}

static bool find(struct hidden *, struct hidden_room *, struct slice head, bool whole);

static bool is_gzip(struct slice s)
{
    return s.len >= GZIP_LEAST && slice_starts(s, S("\x1f\x8b\x08")) && (s.p[3] & 0xe0) == 0;
}

/* The first bytes of what is gzipped, as many as there are in the head. */
static size_t inflate_head(struct hidden_room *room, struct slice head, uint8_t *out, size_t size)
{
    struct coder *coder = coder_open(CODING_GZIP, room->inflate, sizeof room->inflate);
    size_t n = 0;
    while (coder != NULL && n < size) {
        struct slice more = slice_head(coder_run(coder, &head), size - n);
        if (more.len == 0)
            break;
        memcpy(out + n, more.p, more.len);
        n += more.len;
    }
    return coder == NULL || coder_bad(coder) ? 0 : n;
}

/* An XOR key of up to four bytes over a gzip header, whose first four bytes and two more are known but for a flag; or of up
 * to eight, where the time that follows is zero, as libraries write it. What it inflates to has to be a program. */
static bool find_squeezed(struct hidden *h, struct hidden_room *room, struct slice head)
{
    uint8_t plain[KEYS_HEAD], inner[KEYS_HEAD];
    for (unsigned length = 1; length <= GZIP_KEY_MOST && head.len >= GZIP_LEAST; length++)
        for (uint8_t flags = 0; flags <= 8; flags += 8) {
            const uint8_t known[GZIP_KEY_MOST] = {0x1f, 0x8b, 8, flags};
            struct cipher c = {.kind = CIPHER_XOR, .key_length = (uint16_t)length};
            for (unsigned i = 0; i < length; i++)
                c.key[i] = head.p[i] ^ known[i];
            uint8_t extra = head.p[8] ^ c.key[8 % length], system = head.p[9] ^ c.key[9 % length];
            bool fits = c.key[0] != 0 && extra <= 4 && (system <= 13 || system == 255);
            for (unsigned i = length; i < 4; i++)
                fits = fits && (head.p[i] ^ c.key[i % length]) == known[i];
            if (!fits)
                continue;
            struct cipher_stream s;
            cipher_start(&s, &c);
            cipher_decode(&s, head.p, plain, head.len);
            size_t n = inflate_head(room, slice_of(plain, head.len), inner, sizeof inner);
            if (!pe_parse(&c.pe, slice_of(inner, n)))
                continue;
            h->cipher = c;
            h->squeezed = true;
            return true;
        }
    return false;
}

static bool find_in_layer(struct hidden *h, struct hidden_room *room, uint8_t layer, struct slice head, bool whole)
{
    uint8_t inner[KEYS_HEAD];
    size_t n = layer == LAYER_GZIP ? inflate_head(room, head, inner, sizeof inner) : peel((enum armour)layer, head, inner, sizeof inner);
    h->layer[h->layers++] = layer;
    if (find(h, room, slice_of(inner, n), whole))
        return true;
    h->layers--;
    return false;
}

static bool find(struct hidden *h, struct hidden_room *room, struct slice head, bool whole)
{
    static const enum armour order[] = {ARMOUR_HEX, ARMOUR_BASE64, ARMOUR_MIRRORED};
    bool more = h->layers < HIDDEN_LAYERS;
    if (!is_ascii(head)) {
        if (more && is_gzip(head) && hidden_gzips(h) == 0)
            return find_in_layer(h, room, LAYER_GZIP, head, false);
        return keys_find(&h->cipher, head) || (hidden_gzips(h) == 0 && find_squeezed(h, room, head));
    }
    if (more && find_script(h, head, whole))
        return true;
    for (size_t i = 0; more && i < sizeof order / sizeof *order; i++)
        if (armour_looks(order[i], head) && find_in_layer(h, room, order[i], head, whole))
            return true;
    return false;
}

bool hidden_find(struct hidden *h, struct hidden_room *room, struct slice head, bool whole)
{
    memset(h, 0, sizeof *h);
    return find(h, room, slice_head(head, KEYS_HEAD), whole);
}

const char *hidden_layer_name(uint8_t layer)
{
    return layer == LAYER_GZIP ? "gzip" : armour_name((enum armour)layer);
}

unsigned hidden_gzips(const struct hidden *h)
{
    unsigned n = h->squeezed;
    for (unsigned i = 0; i < h->layers; i++)
        n += h->layer[i] == LAYER_GZIP;
    return n;
}

void unwrap_start(struct unwrap *u, const struct hidden *h, void *block)
{
    u->stages = 0;
    for (unsigned i = 0; i < h->layers; i++) {
        if (h->layer[i] != LAYER_GZIP)
            armour_start(&u->armour[u->stages], (enum armour)h->layer[i]);
        u->stage[u->stages++] = h->layer[i];
    }
    u->stage[u->stages++] = STAGE_CIPHER;
    if (h->squeezed)
        u->stage[u->stages++] = LAYER_GZIP;
    cipher_start(&u->cipher, &h->cipher);
    u->gzip = block == NULL ? NULL : coder_open(CODING_GZIP, block, CODER_BYTES);
    u->skip = h->cipher.offset;
    u->input = slice_of(NULL, 0);
}

void unwrap_feed(struct unwrap *u, struct hidden_room *room, struct slice piece)
{
    u->input = piece;
    for (unsigned i = 0; i < u->stages; i++)
        room->rest[i] = slice_of(piece.p, 0);
}

/* What this stage makes of the bytes waiting before it; nothing where it needs more of them. */
static struct slice stage_run(struct unwrap *u, unsigned stage, struct slice *in, uint8_t *out)
{
    if (u->stage[stage] == LAYER_GZIP) {
        if (u->gzip != NULL && (in->len > 0 || coder_full(u->gzip)))
            return coder_run(u->gzip, in);
        *in = slice_of(in->p, 0);
        return *in;
    }
    if (u->stage[stage] != STAGE_CIPHER)
        return slice_of(out, armour_decode(&u->armour[stage], in, out, HIDDEN_CHUNK));
    u->skip -= slice_cut(in, u->skip < in->len ? (size_t)u->skip : in->len).len;
    struct slice now = slice_cut(in, HIDDEN_CHUNK);
    cipher_decode(&u->cipher, now.p, out, now.len);
    return slice_of(out, now.len);
}

/* The next bytes out of the first `stages` stages: each pulls from the one outside of it when it has nothing left. */
static bool stages_next(struct unwrap *u, struct hidden_room *room, unsigned stages, struct slice *out)
{
    if (stages == 0) {
        *out = slice_cut(&u->input, HIDDEN_CHUNK);
        return out->len > 0;
    }
    unsigned stage = stages - 1;
    while ((*out = stage_run(u, stage, &room->rest[stage], room->bytes[stage])).len == 0)
        if (!stages_next(u, room, stage, &room->rest[stage]))
            return false;
    return true;
}

bool unwrap_next(struct unwrap *u, struct hidden_room *room, struct slice *plain)
{
    return stages_next(u, room, u->stages, plain);
}

bool unwrap_bad(const struct unwrap *u)
{
    for (unsigned i = 0; i < u->stages; i++)
        if (u->stage[i] == LAYER_GZIP)
            return u->gzip == NULL || coder_bad(u->gzip);
    return false;
}
