#include "capture/savefile.h"

#include <errno.h>

enum { HEAD = 16 }; /* before every record: seconds, fraction, length captured, length on the wire */

static uint32_t number(const struct savefile *s, const uint8_t *p)
{
    uint32_t n;
    memcpy(&n, p, sizeof n);
    return s->swapped ? __builtin_bswap32(n) : n;
}

/* Microseconds or nanoseconds, either byte order, version 2.4, which is all that anybody has written since 1998. */
bool savefile_open(struct savefile *s, struct reader *reader)
{
    enum { MICROSECONDS = 0xa1b2c3d4, NANOSECONDS = 0xa1b23c4d };
    struct slice head = reader_head(reader);
    *s = (struct savefile){.reader = reader, .snaplen = SAVEFILE_LONGEST};
    if (head.len < SAVEFILE_HEAD)
        return false;
    uint32_t magic = number(s, head.p);
    s->swapped = magic == __builtin_bswap32(MICROSECONDS) || magic == __builtin_bswap32(NANOSECONDS);
    magic = number(s, head.p);
    s->nanoseconds = magic == NANOSECONDS;
    uint16_t version[2];
    memcpy(version, head.p + 4, sizeof version);
    for (int i = 0; i < 2 && s->swapped; i++)
        version[i] = __builtin_bswap16(version[i]);
    if ((magic != MICROSECONDS && magic != NANOSECONDS) || version[0] != 2 || version[1] != 4)
        return false;
    reader_skip(reader, SAVEFILE_HEAD);
    return true;
}

void savefile_room(struct savefile *s, uint8_t *room)
{
    if (s->len > s->at)
        memmove(room, s->room + s->at, s->len - s->at);
    s->room = room;
    s->len -= s->at;
    s->at = 0;
}

uint64_t savefile_offset(const struct savefile *s)
{
    return reader_offset(s->reader) - (s->len - s->at);
}

static enum savefile_result cut_short(struct savefile *s, char err[static ERRLEN])
{
    size_t left = s->len - s->at;
    if (left == 0)
        return SAVEFILE_END;
    if (left < HEAD) {
        error_set(err, "truncated dump file; tried to read %d header bytes, only got %zu", HEAD, left);
    } else {
        uint32_t caplen = number(s, s->room + s->at + 8), wanted = left - HEAD < s->snaplen && caplen > s->snaplen ? s->snaplen : caplen;
        error_set(err, "truncated dump file; tried to read %u captured bytes, only got %zu", wanted, left - HEAD);
    }
    s->at = s->len;
    errno = 0;
    return SAVEFILE_BROKEN;
}

/* Until the next `need` bytes are there; SAVEFILE_RECORD: they are. Nobody is to wait with what a pipe has brought. */
static enum savefile_result fill(struct savefile *s, size_t need, char err[static ERRLEN])
{
    while (s->len - s->at < need) {
        if (s->at > 0 && s->len >= SAVEFILE_FILL)
            return SAVEFILE_FULL;
        if (s->at > 0 && reader_waits(s->reader))
            return SAVEFILE_DRY;
        size_t upto = s->at + need > SAVEFILE_FILL ? s->at + need : SAVEFILE_FILL;
        ssize_t n = s->ended ? 0 : reader_read(s->reader, s->room + s->len, upto - s->len);
        if (n < 0) {
            error_set(err, "error reading dump file: %s", strerror(errno));
            s->at = s->len;
            return SAVEFILE_BROKEN;
        }
        s->ended = n == 0;
        if (s->ended)
            return cut_short(s, err);
        s->len += (size_t)n;
    }
    return SAVEFILE_RECORD;
}

static enum savefile_result too_long(struct savefile *s, uint32_t caplen, char err[static ERRLEN])
{
    bool snaplen = caplen > s->snaplen;
    error_set(err, "invalid packet capture length %u, bigger than %s of %u", caplen, snaplen ? "snaplen" : "maximum",
              snaplen ? s->snaplen : SAVEFILE_LONGEST);
    s->at += HEAD;
    errno = 0;
    return SAVEFILE_BROKEN;
}

/* More than the snaplen is passed over, as libpcap does. */
enum savefile_result savefile_next(struct savefile *s, struct savefile_record *record, char err[static ERRLEN])
{
    enum { SECOND, FRACTION, CAPLEN, WIRELEN, NUMBERS };
    uint32_t head[NUMBERS];
    enum savefile_result result;
    if (s->len - s->at < HEAD && (result = fill(s, HEAD, err)) != SAVEFILE_RECORD)
        return result;
    memcpy(head, s->room + s->at, sizeof head);
    for (int i = 0; i < NUMBERS && s->swapped; i++)
        head[i] = __builtin_bswap32(head[i]);
    if (head[CAPLEN] > SAVEFILE_LONGEST)
        return too_long(s, head[CAPLEN], err);
    size_t len = HEAD + head[CAPLEN];
    if (s->len - s->at < len && (result = fill(s, len, err)) != SAVEFILE_RECORD)
        return result;
    record->us = (uint64_t)head[SECOND] * 1000000 + (s->nanoseconds ? head[FRACTION] / 1000 : head[FRACTION]);
    record->wirelen = head[WIRELEN];
    record->bytes = slice_of(s->room + s->at + HEAD, head[CAPLEN] < s->snaplen ? head[CAPLEN] : s->snaplen);
    s->at += len;
    return SAVEFILE_RECORD;
}
