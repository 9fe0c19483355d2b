/* Sentences for the log out of threads that may not print: put in by any, taken out by the one that tells them. One for each
 * change of state; of too many at once the oldest are lost. */
#pragma once

#include <stdbool.h>

#include "capture/error.h"

struct news;

/* NULL: no memory. */
struct news *news_open(void);
void news_close(struct news *);
void news_put(struct news *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The oldest that was not told yet; false: none. */
bool news_take(struct news *, char message[static ERRLEN]);
