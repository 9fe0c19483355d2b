/* A Redis to talk to, wherever it is just now: finds the server (several hosts, Sentinels, the owner of a cluster's slot),
 * logs in, judges error answers. Connects when asked; after a break it is simply asked again. Belongs to one thread. */
#pragma once

#include "feeds/redis_link.h"
#include "feeds/redis_url.h"

enum redis_result {
    REDIS_SENT,
    REDIS_AWAY,   /* not reached, or not able just now (loading, out of memory, a replica): worth trying again soon */
    REDIS_REFUSED /* wrong password, no permission, wrong type at the key: until somebody mends it */
};

struct redis_login {
    const char *url;
    const char *password_file; /* may be NULL, as the next; the file's password wins, then the URL's */
    const char *password;
};

struct redis_session {
    struct redis_url url;
    char password_file[256];   /* "": none; read again at each connecting */
    struct redis_link *link;   /* NULL: not connected */
    struct redis_host moved;   /* where a cluster sent us; its name "": nowhere */
    unsigned next;             /* of the URL's hosts, the one to try first */
    bool asking;               /* the slot is on its way to where we are (ASK) */
    unsigned calls;            /* connections made so far */
    char where[300];           /* for messages */
};

/* False where URL or password file is wrong: a sentence. An open session may be given another login so; it is then closed. */
bool redis_session_open(struct redis_session *, const struct redis_login *, char err[static ERRLEN]);
void redis_session_close(struct redis_session *);

/* Reaches a server and logs in. */
enum redis_result redis_session_connect(struct redis_session *, char err[static ERRLEN]);

/* One command and its answer, followed to wherever a cluster sends it (MOVED, ASK; 5 hops), connecting as needed. NULL: not
 * reached, with result and err. Error answers are the caller's to judge. */
struct answer *redis_session_ask(struct redis_session *, int argc, const char **argv, enum redis_result *, char err[static ERRLEN]);

/* An answer to what was appended to the link; NULL: the link broke and is closed. */
struct answer *redis_session_read(struct redis_session *, char err[static ERRLEN]);

/* What an error answer means: a sentence in err. Closes the link; the next one goes where the answer points. */
enum redis_result redis_session_judge(struct redis_session *, const char *message, char err[static ERRLEN]);

/* The answer, if it is one and no error; else NULL, an error being judged. */
struct answer *redis_session_approve(struct redis_session *, struct answer *, enum redis_result *, char err[static ERRLEN]);
