/* Batches into Redis, whole and once: RPUSH, XADD or PUBLISH and the cursor in one MULTI … EXEC that counts only while the
 * cursor is where we left it. Belongs to one thread but for redis_reopen. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"
#include "feeds/redis_session.h"

enum redis_mode { REDIS_LIST, REDIS_STREAM, REDIS_CHANNEL };

enum { REDIS_BATCH = 128 };    /* documents sent at once, at most */

enum { REDIS_CURSOR = 64 };    /* bytes of a cursor and its NUL */

struct redis_settings {
    const char *url;           /* as in feeds/redis_url.h */
    const char *password_file; /* may be NULL, as the next; the file's password wins, then the URL's */
    const char *password;
    const char *key;           /* the cursor stands at KEY:sent:SENSOR */
    const char *sensor;
    const char *field;         /* of a stream's entries: eve or ecs */
    enum redis_mode mode;
};

struct redis;

/* NULL where the URL or the password file is wrong: a sentence in err. Connects with the first batch. */
struct redis *redis_open(const struct redis_settings *, char err[static ERRLEN]);
void redis_close(struct redis *);

/* Another URL or password from the next send on; the password file is read again at each connecting anyway. For any thread.
 * False: a sentence, and all stays as it was. */
bool redis_reopen(struct redis *, const char *url, const char *password_file, const char *password, char err[static ERRLEN]);

/* Connects, if it is not, and sends nothing: for a check of the settings. */
enum redis_result redis_check(struct redis *, char err[static ERRLEN]);

/* What the cursor holds, as it was sent with the last batch that arrived; empty: there is none. Connects, if it is not. To be
 * asked before the first batch and after every break: it alone tells whether a batch arrived whose answer was lost. */
enum redis_result redis_cursor(struct redis *, char cursor[static REDIS_CURSOR], char err[static ERRLEN]);

/* How many documents stand in the list, unread. */
enum redis_result redis_waiting(struct redis *, uint64_t *count, char err[static ERRLEN]);

/* Sends the documents (feeds/once.h: less those that another sensor has written), all or none, and sets the cursor; none where the cursor is no longer as redis_cursor or the last batch
 * left it (REDIS_AWAY). err says why not. Waits at most a few seconds. */
enum redis_result redis_send(struct redis *, const struct slice *documents, size_t count, const char *cursor, char err[static ERRLEN]);
const char *redis_version(void);
