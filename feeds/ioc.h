/* Indicator lists → struct indicators: radome's CSV, plain lists, hosts files and STIX 2.1 bundles, told apart by content. */
#pragma once

#include "classifiers/indicator.h"

struct ioc_stats {
    size_t rows;        /* taken, equal ones included */
    size_t of_type[INDICATOR_TYPES];
    size_t unreadable;  /* lines or patterns that say nothing radome can match */
    size_t first_bad;   /* line of the first of them, from 1 (STIX: its place among the objects); 0: none */
    bool empty;         /* read well, and nothing stands in it */
};

/* Adds a list's rows; name is what errors call it. False with a sentence: not a list, or nothing in it. */
bool ioc_read(struct indicators *, const char *name, struct slice text, struct ioc_stats *, char err[static ERRLEN]);

/* The same from a file. */
bool ioc_load(struct indicators *, const char *path, struct ioc_stats *, char err[static ERRLEN]);

/* The list that radome brings along. */
bool ioc_builtin(struct indicators *, struct ioc_stats *, char err[static ERRLEN]);

/* All of it in one: the files, the built-in list where wanted, sealed. stats has one place a file and is given
 * by those who judge empty lists themselves; else NULL, and an empty list is an error. */
struct indicators *ioc_open(const char *const *paths, size_t count, bool builtin, uint64_t seed, struct ioc_stats *stats,
                            char err[static ERRLEN]);
