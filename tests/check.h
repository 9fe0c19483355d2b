/* The test harness: a table of rows, each with its reason; CHECK counts, check_report prints the file's line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/slice.h"

#define CHECK(condition, ...) check_that((condition), __FILE__, __LINE__, #condition, __VA_ARGS__)

/* Counts one check; a failed one is printed with the reason. Returns the condition. */
bool check_that(bool holds, const char *file, int line, const char *condition, const char *reason, ...)
    __attribute__((format(printf, 5, 6)));

/* Prints "name: N passed, N failed" and returns main's exit status. */
int check_report(const char *name);

/* A copy of s whose last byte is the last before an inaccessible page: one byte too far is a crash. Freed by the next
 * call for the same slot (0 to 3). */
struct slice guard_copy(struct slice s, int slot);

/* The file's bytes (malloc'ed, exit with a sentence where it cannot be read). */
struct slice check_file(const char *path);
