/* A connection to Redis that sends batches whole: RPUSH, XADD or PUBLISH and the cursor in one MULTI … EXEC. Belongs to
 * one thread. The only file that names hiredis. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"

enum redis_mode { REDIS_LIST, REDIS_STREAM, REDIS_CHANNEL };

enum { REDIS_CURSOR = 64 };   /* bytes of a cursor and its NUL */

struct redis_settings {
    const char *url;           /* redis://[[user]:password@]host[:port][/db] or unix:/path/to.sock */
    const char *password_file; /* may be NULL, as the next; the file's password wins, then the URL's */
    const char *password;
    const char *key;           /* the cursor stands at KEY:sent:SENSOR */
    const char *sensor;
    const char *field;         /* of a stream's entries: eve or ecs */
    enum redis_mode mode;
};

enum redis_result {
    REDIS_SENT,
    REDIS_AWAY,   /* not reached, or not able just now (loading, out of memory, a replica): worth trying again soon */
    REDIS_REFUSED /* wrong password, no permission, wrong type at the key: until somebody mends it */
};

struct redis;

/* NULL where the URL or the password file is wrong: a sentence in err. Connects with the first batch. */
struct redis *redis_open(const struct redis_settings *, char err[static ERRLEN]);
void redis_close(struct redis *);

/* Connects, if it is not, and sends nothing: for a check of the settings. */
enum redis_result redis_check(struct redis *, char err[static ERRLEN]);

/* What the cursor holds, as it was sent with the last batch that arrived; empty: there is none. Connects, if it is not. To be
 * asked before the first batch and after every break: it alone tells whether a batch arrived whose answer was lost. */
enum redis_result redis_cursor(struct redis *, char cursor[static REDIS_CURSOR], char err[static ERRLEN]);

/* How many documents stand in the list, unread. */
enum redis_result redis_waiting(struct redis *, uint64_t *count, char err[static ERRLEN]);

/* Sends the documents, all or none, and sets the cursor. err says why not. Waits at most a few seconds. */
enum redis_result redis_send(struct redis *, const struct slice *documents, size_t count, const char *cursor, char err[static ERRLEN]);
const char *redis_version(void);
