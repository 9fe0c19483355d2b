/* What must be written once only, whichever of several sensors on one Redis finds it: a document says so behind its text. */
#pragma once

#include "feeds/report.h"

enum { ONCE = 33 };            /* REPORT_ID: 32 hex digits and a NUL */

/* An incident of a client at a stage, a cluster as it is; empty: written by everybody who sees it. */
void once_of(char out[static ONCE], const struct report *);

/* Puts both into out, room for size; returns the bytes, of the document alone where both do not fit. */
size_t once_append(uint8_t *out, size_t size, struct slice document, const char *once);

/* Takes it off again: *once is empty where there is none, and else ends with the slice. */
struct slice once_cut(struct slice, struct slice *once);
