/* Classifiers out of shared objects (classifiers/plugin.h). Each is first loaded in a process of its own, so that one which
 * crashes, ends the process or does not come to an end is a sentence and not the sensor's end. */
#pragma once

#include "classifiers/classifier.h"

struct plugins;

/* Before any thread is started. NULL: a sentence that names the file. */
struct plugins *plugins_open(const char *const *paths, size_t count, char err[static ERRLEN]);
void plugins_close(struct plugins *); /* after every engine that uses them */

/* NULL-terminated. */
const struct classifier *const *plugins_classifiers(const struct plugins *);
