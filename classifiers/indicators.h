/* A set of published indicators of compromise, which nothing changes once it is sealed: share it between threads.
 * Values are compared without ASCII case; URLs from their host on, whatever the scheme. */
#pragma once

#include "capture/error.h"
#include "classifiers/hit.h"

enum { INDICATOR_VALUE = 2048,     /* the longest value kept, in bytes */
       INDICATOR_LISTS = 255 };    /* of one set */

struct indicator {                 /* one row; text borrowed from the set */
    enum indicator_type type;
    const char *value, *family, *provider, *description; /* "" where not known */
    uint32_t line;                 /* where it stands in its list: line, or place among a bundle's objects; 0: not known */
    const char *list;              /* the list's name; indicators_list gives it to the rows that follow */
};

struct indicators;

/* The published ones that come along; value NULL ends them. Written by the Makefile from feeds/indicators.csv. */
extern const struct indicator indicators_listed[];

struct indicators *indicators_open(uint64_t seed, char err[static ERRLEN]);
void indicators_close(struct indicators *);

/* Before sealing: the rows that follow are of this list. False: no memory, or more lists than INDICATOR_LISTS. */
bool indicators_list(struct indicators *, const char *list);

/* Before sealing: copies the row, file names and extension ids in their own spelling. Names are expected in punycode,
 * addresses in addr_format's notation. False: an empty value, one longer than INDICATOR_VALUE, or no memory. */
bool indicators_add(struct indicators *, const struct indicator *);

/* Builds the table. Of equal rows the first that names a family counts, else the first. False: no memory. */
bool indicators_seal(struct indicators *, char err[static ERRLEN]);

size_t indicators_count(const struct indicators *); /* different rows, once sealed */
size_t indicators_of_type(const struct indicators *, enum indicator_type); /* of those */
size_t indicators_bytes(const struct indicators *); /* memory held */
bool indicators_have(const struct indicators *, enum indicator_type); /* any row of that type */

/* The row for exactly that value; false: none. A set of NULL has no rows. */
bool indicators_find(const struct indicators *, enum indicator_type, struct slice value, struct indicator *);

/* The row for the name or the nearest name above it that is listed: x.com covers a.x.com, not the other way round. */
bool indicators_find_domain(const struct indicators *, struct slice name, struct indicator *);

/* The contract's word, as in threat.indicator.type; and back: false where there is no such word. */
const char *indicator_type_name(enum indicator_type);
bool indicator_type_of(struct slice word, enum indicator_type *);
