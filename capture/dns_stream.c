#include "capture/dns_stream.h"

void dns_stream_start(struct dns_stream *s)
{
    memset(s, 0, offsetof(struct dns_stream, buffer));
}

/* Nothing in a message says where the next one begins, so after lost bytes this direction is not looked at any more. */
void dns_stream_feed(struct dns_stream *s, const struct piece *piece, struct dns_stream_stats *stats)
{
    s->in = slice_of(NULL, 0);
    if (s->lost)
        return;
    switch (piece->kind) {
    case PIECE_DATA:
        s->in = piece->data;
        break;
    case PIECE_GAP:
        stats->lost++;
        s->lost = true;
        break;
    case PIECE_END:
        s->lost = true;
        break;
    }
}

/* The two bytes of length, which may come in two pieces. */
static bool take_length(struct dns_stream *s, struct dns_stream_stats *stats)
{
    while (s->head < 2 && s->in.len > 0)
        s->length[s->head++] = slice_cut(&s->in, 1).p[0];
    if (s->head < 2)
        return false;
    s->need = (uint32_t)s->length[0] << 8 | s->length[1];
    if (s->need > DNS_STREAM_MESSAGE && s->in.len < s->need)
        stats->too_long++;
    return true;
}

/* A message that lies whole in the piece is handed out where it lies; only one that is split is copied together, and
 * what is too long for that loses its end: its question, and more records than anyone keeps, stand before. */
bool dns_stream_next(struct dns_stream *s, struct slice *message, struct dns_stream_stats *stats)
{
    while (s->in.len > 0) {
        if (s->head < 2 && !take_length(s, stats))
            return false;
        struct slice part = slice_cut(&s->in, s->need - s->have);
        bool whole = part.len == s->need;
        size_t room = s->have < DNS_STREAM_MESSAGE ? DNS_STREAM_MESSAGE - s->have : 0;
        if (!whole && part.len > 0 && room > 0)
            memcpy(s->buffer + s->have, part.p, part.len < room ? part.len : room);
        s->have += (uint32_t)part.len;
        if (s->have < s->need)
            return false;
        *message = whole ? part : slice_of(s->buffer, s->need < DNS_STREAM_MESSAGE ? s->need : DNS_STREAM_MESSAGE);
        s->head = 0;
        s->have = 0;
        if (s->need > 0)
            return true;
    }
    return false;
}
