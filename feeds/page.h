/* The page of radome-report: one HTML file with its own style, script and data, that asks nothing of anybody. The three stand
 * in feeds/page/ and are taken in by the build. Its Content-Security-Policy names them by their hashes, so nothing else runs. */
#pragma once

#include "feeds/page_rows.h"

struct page_facts {
    const char *title;
    const char *const *sources; /* what was read, as the user named it */
    size_t source_count;
    uint64_t lines, unreadable, records, lost;
    const char *first_unreadable; /* where, and why; "": none */
};

/* The rows must be sorted. The same rows and facts make the same bytes. False: the file takes no more, or a hash failed. */
bool page_write(FILE *out, const struct page_facts *, const struct page_rows *, char err[static ERRLEN]);
