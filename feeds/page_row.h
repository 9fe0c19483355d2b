/* A document of either format as the row that the page of radome-report reads: the same keys for both, known fields of known
 * types only, each text and list cut to a bound. What is in it is still text from the wire; page.c makes it inert. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"

enum row_kind {
    ROW_INCIDENT,
    ROW_CLUSTER,
    ROW_HIT,       /* domain, beacon, payload, ioc */
    ROW_RECORD,    /* a protocol record or statistics: nothing that a report shows */
    ROW_UNREADABLE /* not JSON, or no document of radome's: err says which */
};

enum { ROW_LINE = 1 << 20, ROW_MAX = 1 << 17, ROW_ID = 65 }; /* bytes: of a line that is read, of a row, of an id with its NUL */

struct row {
    enum row_kind kind;
    uint64_t us;
    unsigned score;        /* risk score, 0 to 100 */
    char id[ROW_ID];       /* the document's */
    uint64_t lost;         /* ROW_RECORD: hits that this document says were dropped before it */
    struct slice text;     /* a JSON object and a newline, in the caller's buffer; ROW_INCIDENT to ROW_HIT */
};

/* Reads a line, which need be neither UTF-8 nor JSON. A bad byte within a text becomes U+FFFD. */
void page_row(struct row *, struct slice line, char out[static ROW_MAX], char err[static ERRLEN]);
