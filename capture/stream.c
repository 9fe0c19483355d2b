#include "capture/stream.h"

enum {
    FAR = 1 << 30,         /* bytes: the largest window there is (RFC 7323 section 2.2) */
    CROWDED = 96,          /* waiting blocks at which a hole is given up; the rest is room for one large segment */
    DOUBTFUL = 16,         /* waiting blocks at which an acknowledged hole is no longer taken for a late segment */
    LATE_US = 50000,       /* how late a segment may come on a mirror port */
    UNHEARD_US = 3000000   /* the same where the other side, and so its acknowledgements, are not captured */
};

/* One block. Bytes that the snaplen cut off behind the data count as received, and become a gap in their turn. */
struct segment {
    struct segment *next;
    uint64_t us; /* when the first of it came */
    uint32_t seq, len, lost;
    uint8_t bytes[];
};

enum { ROOM = STREAM_BLOCK - sizeof(struct segment) };

/* A part of a packet's payload on its way in. */
struct part {
    uint32_t seq;
    struct slice data;
    uint32_t lost; /* bytes behind data that were not captured */
};

/* Sequence numbers wrap (RFC 9293 section 3.4): positive where a comes after b. */
static int32_t after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static uint32_t segment_end(const struct segment *segment)
{
    return segment->seq + segment->len + segment->lost;
}

static uint32_t part_len(const struct part *part)
{
    return (uint32_t)part->data.len + part->lost;
}

/* Takes the first n bytes, or all, off *part. */
static struct part part_cut(struct part *part, uint32_t n)
{
    if (n > part_len(part))
        n = part_len(part);
    struct part head = {part->seq, slice_cut(&part->data, n), 0};
    head.lost = n - (uint32_t)head.data.len;
    part->lost -= head.lost;
    part->seq += n;
    return head;
}

static void give_lent(struct stream *stream, struct pool *pool)
{
    pool_give(pool, stream->lent);
    stream->lent = NULL;
}

bool stream_near(const struct stream *stream, uint32_t seq, uint32_t distance)
{
    return !stream->started || stream->ended || seq - stream->next + distance <= 2 * distance;
}

/* Copies as much of *part as fits behind the segment's bytes. */
static void append(struct segment *segment, struct part *part)
{
    struct part head = part_cut(part, ROOM - segment->len);
    if (head.data.len > 0)
        memcpy(segment->bytes + segment->len, head.data.p, head.data.len);
    segment->len += (uint32_t)head.data.len;
    segment->lost = head.lost;
    if (part->data.len == 0) {
        segment->lost += part->lost;
        *part = (struct part){segment_end(segment), part->data, 0};
    }
}

/* Small segments would each fill a block: what touches a segment that still has room is put to its front. */
static bool prepend(struct segment *segment, const struct part *part)
{
    if (segment == NULL || part->seq + (uint32_t)part->data.len != segment->seq || segment->len + part->data.len > ROOM)
        return false;
    memmove(segment->bytes + part->data.len, segment->bytes, segment->len);
    memcpy(segment->bytes, part->data.p, part->data.len);
    segment->seq = part->seq;
    segment->len += (uint32_t)part->data.len;
    return true;
}

/* Two neighbours that have come to touch share a block where they can. */
static bool join(struct stream *stream, struct segment *before, struct segment *segment, struct pool *pool)
{
    if (before == NULL || before->lost > 0 || segment_end(before) != segment->seq || before->len + segment->len > ROOM)
        return false;
    memcpy(before->bytes + before->len, segment->bytes, segment->len);
    before->len += segment->len;
    before->lost = segment->lost;
    before->next = segment->next;
    pool_give(pool, segment);
    stream->waiting--;
    return true;
}

/* Stores a part that overlaps nothing between `before` (or NULL, then it is the first) and what follows it. False: no
 * room, and *part is what is left of it. */
static bool store(struct stream *stream, struct segment *before, struct part *part, struct pool *pool)
{
    if (before != NULL && before->lost == 0 && segment_end(before) == part->seq)
        append(before, part);
    while (part_len(part) > 0) {
        struct segment **link = before == NULL ? &stream->first : &before->next;
        if (prepend(*link, part)) {
            *part = (struct part){part->seq + (uint32_t)part->data.len, slice_from(part->data, part->data.len), 0};
            return true;
        }
        struct segment *segment = stream->waiting < STREAM_WAITING ? pool_take(pool) : NULL;
        if (segment == NULL)
            return false;
        *segment = (struct segment){*link, stream->now_us, part->seq, 0, 0};
        *link = before = segment;
        stream->waiting++;
        append(segment, part);
    }
    return true;
}

static bool differs(const struct segment *segment, const struct part *part)
{
    struct slice had = slice_from(slice_of(segment->bytes, segment->len), part->seq - segment->seq);
    size_t n = had.len < part->data.len ? had.len : part->data.len;
    return !slice_eq(slice_head(had, n), slice_head(part->data, n));
}

/* Lays *part beside what waits already, filling only holes. False: no room, and *part is what is left of it. */
static bool keep(struct stream *stream, struct part *part, struct pool *pool, struct stream_stats *stats)
{
    struct segment *before = NULL;
    bool kept = true, known = true, ahead = false, conflict = false;
    while (kept && part_len(part) > 0) {
        struct segment *segment = before == NULL ? stream->first : before->next;
        if (segment != NULL && after(part->seq, segment_end(segment)) >= 0) {
            if (!join(stream, before, segment, pool))
                before = segment;
        } else if (segment != NULL && after(part->seq, segment->seq) >= 0) {
            conflict |= differs(segment, part);
            part_cut(part, segment_end(segment) - part->seq);
        } else {
            struct part hole = part_cut(part, segment == NULL ? UINT32_MAX : segment->seq - part->seq);
            ahead |= hole.seq != (before == NULL ? stream->next + stream->lost : segment_end(before));
            known = false;
            kept = store(stream, before, &hole, pool);
            if (!kept) /* what the holes further on would have taken is lost with it */
                *part = hole;
        }
    }
    stats->reordered += ahead;
    stats->repeated += known && stream->fresh.len == 0;
    stats->conflicting += conflict;
    stats->blind += !kept;
    return kept;
}

/* Nothing can wait, so nothing is waited for: the hole in front is given up, and what stands behind it comes out. */
static void go_blind(struct stream *stream, const struct part *part)
{
    uint32_t base = stream->next + stream->lost;
    if (stream->first != NULL) {
        stream->lost += stream->first->seq - base;
    } else {
        stream->lost += part->seq - base;
        stream->fresh = part->data;
        stream->fresh_lost = part->lost;
    }
}

/* The bytes in order stay where they are, up to what came earlier; the others are copied. */
static void take(struct stream *stream, struct part part, struct pool *pool, struct stream_stats *stats)
{
    uint32_t base = stream->next + stream->lost;
    int32_t old = after(base, part.seq);
    if (old >= 0 && (uint32_t)old >= part_len(&part)) {
        stats->repeated++;
        return;
    }
    if (old > 0)
        part_cut(&part, (uint32_t)old);
    stream->moved = true;
    if (part.seq == base && (stream->first == NULL || stream->first->seq != base)) {
        struct part head = part_cut(&part, stream->first == NULL ? UINT32_MAX : stream->first->seq - base);
        stream->fresh = head.data;
        stream->fresh_lost = head.lost;
    }
    if (part_len(&part) > 0 && !keep(stream, &part, pool, stats) && stream->fresh.len == 0)
        go_blind(stream, &part);
}

/* A SYN says where the stream begins, the latest one as long as no payload has come. Without one the first payload
 * does: a bare acknowledgement may be a keep-alive, whose number is one too low. */
static bool begin(struct stream *stream, const struct packet *packet, uint32_t seq)
{
    bool syn = packet->tcp_flags & TCP_SYN;
    if (stream->started && (!syn || stream->moved))
        return true;
    if (!syn && packet->payload.len + packet->missing == 0 && !(packet->tcp_flags & TCP_FIN))
        return false;
    stream->started = true;
    stream->next = seq;
    stream->acknowledged = stream->acknowledged && stream_near(stream, stream->acked, FAR);
    return true;
}

void stream_feed(struct stream *stream, const struct packet *packet, struct pool *pool, struct stream_stats *stats)
{
    give_lent(stream, pool);
    stream->now_us = packet->us;
    stream->fresh = slice_of(NULL, 0);
    stream->fresh_lost = 0;
    if (stream->finishing || stream->ended)
        return;
    uint32_t seq = packet->seq + !!(packet->tcp_flags & TCP_SYN);
    if (packet->tcp_flags & TCP_RST && stream_near(stream, seq, STREAM_WINDOW)) {
        stream->finishing = true;
        return;
    }
    if (!begin(stream, packet, seq))
        return;
    if (!stream_near(stream, seq, FAR)) {
        stats->bogus++;
        return;
    }
    struct part part = {seq, packet->payload, packet->missing};
    uint32_t end = seq + part_len(&part);
    if (packet->tcp_flags & TCP_FIN && !stream->has_end && after(end, stream->next + stream->lost) >= 0) {
        stream->has_end = true;
        stream->end = end;
        stream->end_us = packet->us;
    }
    if (part_len(&part) > 0)
        take(stream, part, pool, stats);
}

void stream_ack(struct stream *stream, uint32_t ack)
{
    if (!stream_near(stream, ack, FAR) || (stream->acknowledged && after(ack, stream->acked) <= 0))
        return;
    stream->acked = ack;
    stream->acknowledged = true;
}

/* An acknowledgement shows that the receiver has what is missing here; but on a mirror port it may overtake the segment
 * itself, so a little more must speak for the loss: time, or much data behind it. */
static bool hopeless(const struct stream *stream, uint32_t hole_end, uint64_t since)
{
    if (stream->finishing || stream->waiting >= CROWDED)
        return true;
    uint64_t age = stream->now_us > since ? stream->now_us - since : 0;
    if (!stream->acknowledged)
        return age >= UNHEARD_US;
    return after(stream->acked, hole_end) >= 0 && (age >= LATE_US || stream->waiting >= DOUBTFUL);
}

/* The bytes between the next and what waits behind it, or the FIN, once there is no hope for them. */
static uint32_t hole(const struct stream *stream)
{
    if (stream->lost > 0 || stream->fresh.len > 0 || stream->fresh_lost > 0)
        return stream->lost;
    uint32_t hole_end = stream->next;
    uint64_t since = 0;
    if (stream->first != NULL && !(stream->has_end && after(stream->first->seq, stream->end) > 0)) {
        hole_end = stream->first->seq;
        since = stream->first->us;
    } else if (stream->has_end) {
        hole_end = stream->end;
        since = stream->end_us;
    }
    return hole_end != stream->next && hopeless(stream, hole_end, since) ? hole_end - stream->next : 0;
}

/* The next bytes in order wherever they are, and what is known to be lost behind them. */
static struct slice bytes(struct stream *stream)
{
    if (stream->fresh.len > 0 || stream->fresh_lost > 0) {
        struct slice fresh = stream->fresh;
        stream->lost = stream->fresh_lost;
        stream->fresh = slice_of(NULL, 0);
        stream->fresh_lost = 0;
        return fresh;
    }
    struct segment *segment = stream->first;
    if (segment == NULL || segment->seq != stream->next)
        return slice_of(NULL, 0);
    stream->first = segment->next;
    stream->waiting--;
    stream->lost = segment->lost;
    stream->lent = segment;
    return slice_of(segment->bytes, segment->len);
}

/* What the peer put behind its own FIN is not the connection's. */
static uint32_t before_end(const struct stream *stream, size_t n)
{
    uint32_t left = stream->has_end ? stream->end - stream->next : UINT32_MAX;
    return n < left ? (uint32_t)n : left;
}

bool stream_next(struct stream *stream, struct piece *piece, struct pool *pool, struct stream_stats *stats)
{
    give_lent(stream, pool);
    if (stream->ended)
        return false;
    bool over = stream->has_end && stream->next == stream->end;
    stream->lost = over ? 0 : hole(stream);
    if (!over && stream->lost == 0) {
        *piece = (struct piece){PIECE_DATA, bytes(stream), 0};
        piece->data.len = before_end(stream, piece->data.len);
        stream->next += (uint32_t)piece->data.len;
        if (piece->data.len > 0)
            return true;
    }
    if (stream->lost > 0) {
        *piece = (struct piece){PIECE_GAP, slice_of(NULL, 0), before_end(stream, stream->lost)};
        stream->next += (uint32_t)piece->gap;
        stream->lost = 0;
        stats->gaps++;
        stats->gap_bytes += piece->gap;
        return true;
    }
    if (!over && !stream->finishing)
        return false;
    *piece = (struct piece){PIECE_END, slice_of(NULL, 0), 0};
    stream_drop(stream, pool);
    return true;
}

void stream_hold(struct stream *stream, struct pool *pool, struct stream_stats *stats)
{
    give_lent(stream, pool);
    struct part part = {stream->next + stream->lost, stream->fresh, stream->fresh_lost};
    stream->fresh = slice_of(NULL, 0);
    stream->fresh_lost = 0;
    if (part_len(&part) > 0 && !keep(stream, &part, pool, stats) && stream->first == NULL)
        stream->lost += part_len(&part);
}

void stream_finish(struct stream *stream)
{
    stream->finishing = true;
}

void stream_drop(struct stream *stream, struct pool *pool)
{
    give_lent(stream, pool);
    while (stream->first != NULL) {
        struct segment *segment = stream->first;
        stream->first = segment->next;
        pool_give(pool, segment);
    }
    stream->waiting = 0;
    stream->fresh = slice_of(NULL, 0);
    stream->lost = stream->fresh_lost = 0;
    stream->ended = true;
}
