/* Lines that another program pushes to Redis: a list, which they are taken off, or a channel. Named after Suricata's words
 * for its modes, behind the URL: ?list=KEY (LPUSH, as it does by default), ?rpush=KEY, ?channel=NAME; without any,
 * ?list=suricata. */
#pragma once

#include "feeds/lines.h"
#include "feeds/redis_session.h"

struct redis_lines;

/* True where a source is a Redis. */
bool redis_lines_wanted(const char *source);

/* NULL: a wrong URL, or a Redis that is not reached or refuses; a sentence. After that one that goes away is waited for. */
struct redis_lines *redis_lines_open(const char *source, char err[static ERRLEN]);
void redis_lines_close(struct redis_lines *);
enum lines_result redis_lines_next(struct redis_lines *, struct slice *line, char err[static ERRLEN]);
