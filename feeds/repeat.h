/* Hits remembered so that a repeat is known as one. Bounded; the longest unseen of a bucket goes first. */
#pragma once

#include "capture/error.h"
#include "feeds/report.h"

struct repeats;
struct store_writer; /* feeds/store.h */
struct store_reader;

struct repeats *repeat_open(size_t hits, uint64_t seed, char err[static ERRLEN]);
void repeat_close(struct repeats *);

/* True where the client showed the same less than an hour before; else it is remembered. */
bool repeat_put(struct repeats *, const struct hit *);

/* All that is known, as the section "repeats"; false: not that, or damaged. */
void repeat_save(const struct repeats *, struct store_writer *);
bool repeat_load(struct repeats *, struct store_reader *);
