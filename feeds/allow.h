/* Names never to flag. A name covers its subdomains; an indicator beats an allowlist. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"

struct allow;

/* Reads the files (one name a line, or rank,name CSV) and the built-in list of honest look-alikes where wanted. NULL with
 * a sentence that names the file: unreadable, or without a single name. To reload, open anew and close the old one. */
struct allow *allow_open(const char *const *paths, size_t count, bool builtin, uint64_t seed, char err[static ERRLEN]);
void allow_close(struct allow *);

/* The entry that decides: the name itself or the nearest above it; NULL: none. Lives until allow_close. */
const char *allow_find(const struct allow *, struct slice name);

size_t allow_count(const struct allow *);      /* different names */
size_t allow_unreadable(const struct allow *); /* lines that held no name */
