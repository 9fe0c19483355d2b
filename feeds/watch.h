/* What fills a board: one thread for each place that news come from, which looks there a few times a second and never
 * gives up. The threads are the only ones that wait, for a disk or a socket. */
#pragma once

#include "feeds/board.h"
#include "feeds/redis_session.h"

enum { WATCH_METRICS = 262144 }; /* the longest metrics file */

struct watch;

/* NULL: a sentence. A Redis that is away is no error. The texts stay the caller's and live as long as the watch. */
struct watch *watch_redis(struct board *, const struct redis_login *, const char *key, bool channel, char err[static ERRLEN]);
struct watch *watch_lines(struct board *, const char *path, char err[static ERRLEN]); /* JSON Lines, followed; "-": standard input */
struct watch *watch_metrics(struct board *, const char *path, char err[static ERRLEN]); /* the file of --metrics */

/* Ends the thread. False: it hangs in a socket or a disk just then, and is left behind after a moment, its memory and the
 * board with it. */
bool watch_close(struct watch *);
