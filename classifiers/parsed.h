/* Events that somebody else has parsed, another sensor or a host of the library: the public struct radome_event → struct
 * event, as the classifiers know it. Texts are borrowed until the next call. */
#pragma once

#include "capture/error.h"
#include "capture/event.h"
#include "classifiers/radome.h"

struct parsed;

struct parsed *parsed_open(char err[static ERRLEN]);
void parsed_close(struct parsed *);

/* Takes an event; then pull until there are none. False: it makes no sense. */
bool parsed_set(struct parsed *, const struct radome_event *);

/* The bodies' heads as pieces first, then the transaction, as capture_next would have it. */
bool parsed_next(struct parsed *, struct event *);

/* Copies a caller's struct of `given` bytes into one of `size`: what he does not know is zero. False: he gives something
 * that is not known here, or less than `least`. */
bool parsed_struct(void *to, size_t size, const void *from, size_t given, size_t least);
