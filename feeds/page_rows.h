/* The rows of a page: each id once, within a bound on memory. Where they are too many the least telling go first: hits before
 * clusters and incidents, of hits the least certain, of those the oldest. */
#pragma once

#include <stdio.h>

#include "feeds/page_row.h"

struct page_rows_stats {
    uint64_t kept[ROW_HIT + 1], left_out[ROW_HIT + 1]; /* by kind; a row left out that comes again counts again */
    uint64_t repeats;
};

struct page_rows;

/* limit: bytes; seed: for the table of ids. */
struct page_rows *page_rows_open(uint64_t limit, uint64_t seed, char err[static ERRLEN]);
void page_rows_close(struct page_rows *);

/* Takes a copy of a row of kind ROW_INCIDENT to ROW_HIT. */
void page_rows_put(struct page_rows *, const struct row *);

/* No more will be put. Sorts: incidents, clusters, hits, each by time. */
void page_rows_sort(struct page_rows *);
size_t page_rows_count(const struct page_rows *);
struct slice page_rows_text(const struct page_rows *, size_t i);
void page_rows_stats(const struct page_rows *, struct page_rows_stats *);
