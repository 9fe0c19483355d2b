/* STIX 2.1 bundles (OASIS, 2021): the simple comparisons in their indicators' patterns, one after the other. */
#pragma once

#include "capture/error.h"
#include "classifiers/indicators.h"

struct stix;

/* NULL with a sentence, which begins with "line N:" where the text is no JSON: not a bundle, or no memory. */
struct stix *stix_open(struct slice text, char err[static ERRLEN]);
void stix_close(struct stix *);

/* The next comparison; values as they are in the bundle. Borrowed until the next call. False: none left. */
bool stix_next(struct stix *, struct indicator *);

size_t stix_place(const struct stix *);      /* of the comparison's indicator among the bundle's objects, from 1 */
size_t stix_unreadable(const struct stix *); /* indicators so far whose pattern says more than "one of these values" */
size_t stix_first_bad(const struct stix *);  /* the first of them: its place among the bundle's objects, from 1; 0: none */
