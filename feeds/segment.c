#include "feeds/segment.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "feeds/id.h"

static const uint8_t magic[8] = {'R', 'A', 'D', 'O', 'M', 'E', 'J', 1}; /* the last byte is the version */

void segment_put_head(uint8_t out[static SEGMENT_HEAD], const struct segment_head *head)
{
    memcpy(out, magic, sizeof magic);
    uint8_t *at = pack_u64(pack_u64(out + sizeof magic, head->journal), head->base);
    pack_u64(at, id_hash(out, SEGMENT_HEAD - 8, 0));
}

bool segment_parse_head(struct segment_head *head, struct slice file)
{
    struct cursor c = cursor_of(file);
    bool known = slice_eq(cursor_take(&c, sizeof magic), slice_of(magic, sizeof magic));
    head->journal = unpack_u64(&c);
    head->base = unpack_u64(&c);
    uint64_t sum = unpack_u64(&c);
    return !c.bad && known && sum == id_hash(file.p, SEGMENT_HEAD - 8, 0);
}

/* Of all behind the checksum. The journal's id is in it, so that no document, whatever an attacker made it say, and no other
 * journal's file looks like a record of this one. */
static uint64_t checksum(const uint8_t *record, size_t len, uint64_t journal)
{
    return id_hash(record + 12, SEGMENT_RECORD - 12 + len, journal ^ len);
}

size_t segment_put(uint8_t *out, uint64_t journal, const struct segment_record *record)
{
    size_t len = record->document.len;
    pack_u64(pack_u64(out + 12, record->position), record->us);
    memcpy(out + SEGMENT_RECORD, record->document.p, len);
    pack_u64(pack_u32(out, (uint32_t)len), checksum(out, len, journal));
    return SEGMENT_RECORD + len;
}

bool segment_next(struct segment_record *record, struct slice *bytes, uint64_t journal)
{
    struct cursor c = cursor_of(*bytes);
    uint32_t len = cursor_u32(&c);
    uint64_t sum = unpack_u64(&c);
    record->position = unpack_u64(&c);
    record->us = unpack_u64(&c);
    record->document = cursor_take(&c, len);
    if (c.bad || len == 0 || len > SEGMENT_DOCUMENT || sum != checksum(bytes->p, len, journal))
        return false;
    *bytes = slice_from(*bytes, SEGMENT_RECORD + (size_t)len);
    return true;
}

bool segment_reader_open(struct segment_reader *r, int fd, uint64_t journal)
{
    *r = (struct segment_reader){.fd = fd, .journal = journal, .at = SEGMENT_HEAD, .window = malloc(SEGMENT_WINDOW)};
    return r->window != NULL;
}

void segment_reader_close(struct segment_reader *r)
{
    free(r->window);
    r->window = NULL;
}

/* Where the window does not surely hold a whole record, it is moved on to the place of the next. */
static struct slice look(struct segment_reader *r, uint64_t end)
{
    uint64_t window_end = r->window_at + r->window_len;
    uint64_t enough = r->at + SEGMENT_RECORD + SEGMENT_DOCUMENT;
    if (r->at < r->window_at || window_end < (enough < end ? enough : end)) {
        size_t want = end - r->at < SEGMENT_WINDOW ? (size_t)(end - r->at) : SEGMENT_WINDOW;
        r->window_at = r->at;
        r->window_len = 0;
        for (ssize_t n = 1; r->window_len < want && n > 0; r->window_len += n > 0 ? (size_t)n : 0)
            while ((n = pread(r->fd, r->window + r->window_len, want - r->window_len, (off_t)(r->at + r->window_len))) < 0 && errno == EINTR)
                continue;
        window_end = r->window_at + r->window_len;
    }
    size_t left = (size_t)((window_end < end ? window_end : end) - r->at);
    return slice_of(r->window + (r->at - r->window_at), left);
}

bool segment_peek(struct segment_reader *r, uint64_t end, struct segment_record *record)
{
    for (uint64_t at = r->at, skipped = r->skipped; r->at < end; r->at++, r->skipped++) {
        struct slice bytes = look(r, end);
        if (bytes.len == 0) { /* the disk gives no more */
            r->at = at;
            r->skipped = skipped;
            return false;
        }
        if (segment_next(record, &bytes, r->journal))
            return true;
    }
    return false;
}

void segment_advance(struct segment_reader *r, const struct segment_record *record)
{
    r->at += SEGMENT_RECORD + record->document.len;
}
