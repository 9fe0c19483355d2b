/* Documents on disk until they are sent: segment files in the state directory, written at the end of the newest, read from any
 * position, deleted when sent, and of bounded size together. Positions are ordinals. For one caller at a time. */
#pragma once

#include "feeds/batch.h"
#include "feeds/news.h"
#include "feeds/segment.h"
#include "feeds/state.h"

struct journal_settings {
    struct state *state;
    uint64_t bytes;            /* of all segments together, at most */
    uint64_t again;            /* documents from this position on will be put again: what cannot be read of them and all behind
                                  it is cut off; UINT64_MAX: none */
    struct news *news;         /* of damage; may be NULL */
};

struct journal_stats {
    uint64_t bytes, segments;  /* now */
    uint64_t damaged;          /* bytes that could not be read */
};

struct journal;

/* NULL: a sentence. A torn end is cut off and told, damage in the middle skipped and told. */
struct journal *journal_open(const struct journal_settings *, char err[static ERRLEN]);
void journal_close(struct journal *);

uint64_t journal_id(const struct journal *);
uint64_t journal_first(const struct journal *);  /* the smallest position that it may hold */
uint64_t journal_end(const struct journal *);    /* where the next document goes, unless it gives a greater position */
uint64_t journal_durable(const struct journal *);/* documents before it outlive a power cut, or never will */
uint64_t journal_sent(const struct journal *);   /* as journal_mark_sent said, in an earlier process too */

/* Written, not yet durable. False: the disk does not take them (full, broken), a sentence; none of them is in the journal. */
bool journal_append(struct journal *, const struct segment_record *, size_t count, char err[static ERRLEN]);
bool journal_sync(struct journal *, char err[static ERRLEN]);

/* The same in two steps: the first, which may take long, beside readers, as long as nobody appends. */
bool journal_flush(const struct journal *, char err[static ERRLEN]);
void journal_flushed(struct journal *, bool durable);

/* True where so many bytes more go beyond the bound and what would have to go for them was not sent. */
bool journal_full(const struct journal *, uint64_t bytes);

/* Deletes the oldest segments until so many bytes have room. Returns the position before which all is gone. */
uint64_t journal_make_room(struct journal *, uint64_t bytes);

/* Fills the batch, which is empty, with documents from that position on, before `end`. */
void journal_read(struct journal *, uint64_t from, uint64_t end, struct batch *);

/* Segments wholly before the position are deleted. */
void journal_mark_sent(struct journal *, uint64_t position);
void journal_stats(const struct journal *, struct journal_stats *);
