#include "classifiers/hidden.h"

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

size_t hidden_peel(enum armour kind, struct slice head, uint8_t *out, size_t room)
{
    struct armour_stream coder;
    armour_start(&coder, kind);
    return armour_decode(&coder, &head, out, room);
}

/* Sixteen characters under the wrong alphabet are no text, so that any text may be tried. */
static bool find_script(struct hidden *h, struct slice head, bool whole)
{
    uint8_t text[KEYS_HEAD];
    struct slice peek = slice_of(text, hidden_peel(ARMOUR_MIRRORED, slice_head(head, 64), text, sizeof text));
    for (size_t i = 0; i < peek.len; i++)
        if (peek.p[i] < '\t' || peek.p[i] == 0x7f)
            return false;
    struct slice script = slice_of(text, hidden_peel(ARMOUR_MIRRORED, head, text, sizeof text));
    if (!armour_is_script(script, whole))
        return false;
    h->layer[h->layers++] = ARMOUR_MIRRORED;
    h->script = true;
    return true;
}

static bool find(struct hidden *h, struct slice head, bool whole)
{
    if (!is_ascii(head))
        return keys_find(&h->cipher, head);
    if (h->layers == HIDDEN_LAYERS)
        return false;
    if (find_script(h, head, whole))
        return true;
    static const enum armour order[] = {ARMOUR_HEX, ARMOUR_BASE64, ARMOUR_MIRRORED};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        uint8_t inner[KEYS_HEAD];
        if (!armour_looks(order[i], head))
            continue;
        h->layer[h->layers++] = order[i];
        if (find(h, slice_of(inner, hidden_peel(order[i], head, inner, sizeof inner)), whole))
            return true;
        h->layers--;
    }
    return false;
}

bool hidden_find(struct hidden *h, struct slice head, bool whole)
{
    memset(h, 0, sizeof *h);
    return find(h, slice_head(head, KEYS_HEAD), whole);
}

void unwrap_start(struct unwrap *u, const struct hidden *h)
{
    u->layers = h->layers;
    for (unsigned i = 0; i < h->layers; i++)
        armour_start(&u->coder[i], h->layer[i]);
    cipher_start(&u->cipher, &h->cipher);
    u->skip = h->cipher.offset;
    u->input = slice_of(NULL, 0);
}

void unwrap_feed(struct unwrap *u, struct unwrap_room *room, struct slice piece)
{
    u->input = piece;
    for (unsigned i = 0; i <= u->layers; i++)
        room->rest[i] = slice_of(piece.p, 0);
}

/* The next bytes that layer `level` has undone, pulled through the layers outside of it; level 0 is the body. */
static bool layer_next(struct unwrap *u, struct unwrap_room *room, unsigned level, struct slice *out)
{
    if (level == 0) {
        *out = slice_cut(&u->input, HIDDEN_CHUNK);
        return out->len > 0;
    }
    struct slice *in = &room->rest[level - 1];
    uint8_t *bytes = room->bytes[level - 1];
    do {
        if (in->len == 0 && !layer_next(u, room, level - 1, in))
            return false;
        *out = slice_of(bytes, armour_decode(&u->coder[level - 1], in, bytes, HIDDEN_CHUNK));
    } while (out->len == 0);
    return true;
}

bool unwrap_next(struct unwrap *u, struct unwrap_room *room, struct slice *plain)
{
    struct slice in;
    do {
        if (!layer_next(u, room, u->layers, &in))
            return false;
        u->skip -= slice_cut(&in, u->skip < in.len ? (size_t)u->skip : in.len).len;
    } while (in.len == 0);
    uint8_t *bytes = room->bytes[HIDDEN_LAYERS];
    cipher_decode(&u->cipher, in.p, bytes, in.len);
    *plain = slice_of(bytes, in.len);
    return true;
}
