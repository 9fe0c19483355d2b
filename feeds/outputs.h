/* Where documents go: a file or standard output, and Redis. */
#pragma once

#include "feeds/delivery.h"

struct outputs_settings {
    const char *path;          /* "-" is standard output; NULL: no file; borrowed for as long as the outputs are open */
    const char *const *inputs; /* paths that must not be overwritten; NULL-terminated */
    bool append;               /* to what the file holds; else it begins empty */
};

struct outputs;

/* redis may be NULL and is taken over, whatever comes of it. NULL: a sentence that names the file. */
struct outputs *outputs_open(const struct outputs_settings *, struct redis *, char err[static ERRLEN]);

/* From now on documents go to Redis, where there is one: on threads of their own. False: a sentence. */
bool outputs_deliver(struct outputs *, const struct delivery_settings *, char err[static ERRLEN]);

/* A document with its newline, and its packet time; len 0: none. once: as of feeds/once.h, or empty. */
void outputs_put(struct outputs *, uint64_t us, const char *document, size_t len, const char *once);

/* What was written reaches the file. */
void outputs_flush(struct outputs *);

/* A file that was renamed or removed is left, and its name opened again: documents go on there. False: a sentence, and they go
 * on where they went. */
bool outputs_reopen(struct outputs *, char err[static ERRLEN]);

/* The file takes no more: hits would be lost. */
bool outputs_failed(const struct outputs *);

/* True once for each change of state of the way to Redis: a sentence for the log. */
bool outputs_news(struct outputs *, char message[static ERRLEN]);

/* As delivery_dead. */
bool outputs_dead(struct outputs *);

/* A Redis that refused is asked again now, with the password that its file holds by now. */
void outputs_retry(struct outputs *);

/* The input has ended: from now on is counted how long outputs_finish waits. */
void outputs_ends(struct outputs *);

/* Sends what is left to Redis, as delivery_finish does. */
enum delivery_end outputs_finish(struct outputs *, uint64_t ms, char err[static ERRLEN]);

/* Of the way to Redis; all zero where there is none. */
void outputs_stats(struct outputs *, struct delivery_stats *);

/* The position in the journal of the next document; 0 without one. */
uint64_t outputs_position(struct outputs *);
void outputs_close(struct outputs *);
