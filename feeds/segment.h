/* One file of the journal, as bytes: a head (magic and version, the journal's id, the first position), then records: length,
 * checksum, position, packet time, document. A record that is not whole is skipped to the next that is. */
#pragma once

#include "feeds/pack.h"

enum {
    SEGMENT_HEAD = 32,
    SEGMENT_RECORD = 28,       /* bytes of a record before its document */
    SEGMENT_DOCUMENT = 262144  /* bytes of a document, at most */
};

struct segment_head {
    uint64_t journal;          /* random: tells one --state from another */
    uint64_t base;             /* no record of the file has a smaller position */
};

struct segment_record {
    uint64_t position, us;
    struct slice document;
};

void segment_put_head(uint8_t out[static SEGMENT_HEAD], const struct segment_head *);
bool segment_parse_head(struct segment_head *, struct slice file);

/* Returns the bytes written: SEGMENT_RECORD and the document's. */
size_t segment_put(uint8_t *out, uint64_t journal, const struct segment_record *);

/* The record at the front of the bytes, which is borrowed from them and taken off. False: none that is whole. */
bool segment_next(struct segment_record *, struct slice *bytes, uint64_t journal);

/* Reads a segment from a file, record by record. The window belongs to it. */
struct segment_reader {
    int fd;
    uint64_t journal;
    uint64_t at;               /* offset in the file of what comes next */
    uint64_t skipped;          /* damaged bytes before that */
    uint64_t window_at;
    size_t window_len;
    uint8_t *window;           /* SEGMENT_WINDOW bytes */
};

enum { SEGMENT_WINDOW = 2 * (SEGMENT_RECORD + SEGMENT_DOCUMENT) };

/* Begins to read an open file behind its head. False: no memory. */
bool segment_reader_open(struct segment_reader *, int fd, uint64_t journal);
void segment_reader_close(struct segment_reader *);

/* The next whole record before offset `end`, from where the reader stands; its document lives until the next call. False: there
 * is none, or the disk does not answer. */
bool segment_peek(struct segment_reader *, uint64_t end, struct segment_record *);

/* Goes on behind that record. */
void segment_advance(struct segment_reader *, const struct segment_record *);
