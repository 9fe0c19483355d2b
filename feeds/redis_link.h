/* One connection to one server that speaks the Redis protocol (RESP2): commands out, answers in, each with a timeout. Once
 * broken it is dead and is closed. Belongs to one thread. The only file that names hiredis. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"

struct redis_target {
    const char *host, *path; /* path: of a Unix socket, "" where host and port count */
    int port;
    bool tls;                /* the certificate must be the host's, by the system's authorities or SSL_CERT_FILE's */
    unsigned patience_ms;    /* for connecting and for each answer */
};

enum answer_kind { ANSWER_TEXT, ANSWER_NUMBER, ANSWER_LIST, ANSWER_NONE, ANSWER_ERROR };

struct redis_link;
struct answer;

/* NULL: not reached, err says why. */
struct redis_link *redis_link_open(const struct redis_target *, char err[static ERRLEN]);
void redis_link_close(struct redis_link *);

/* Commands wait until the first read. lengths may be NULL: then the words are C strings. */
void redis_link_append(struct redis_link *, int argc, const char **argv, const size_t *lengths);

/* The next answer, the caller's to free; NULL: broken, err says how. */
struct answer *redis_link_read(struct redis_link *, char err[static ERRLEN]);

/* Of an answer that is not there (NULL) there is nothing. */
enum answer_kind answer_kind(const struct answer *);
struct slice answer_text(const struct answer *);             /* a string, status or error, a NUL behind it; else empty */
long long answer_number(const struct answer *);              /* else 0 */
size_t answer_count(const struct answer *);                  /* of a list's items; else 0 */
const struct answer *answer_item(const struct answer *, size_t i); /* NULL behind the last */
void answer_free(struct answer *);

bool redis_link_has_tls(void);
const char *redis_link_version(void);
