/* What is published on a channel, over a session that is used for nothing else. Who was away has missed what was published. */
#pragma once

#include "feeds/redis_session.h"

struct subscription {
    bool begun, asked;         /* asked: a PING whose answer has not come */
    struct answer *answer;     /* the message handed out last lives in it */
};

/* Connects and subscribes, where that has not been done. Other than REDIS_SENT: a sentence. */
enum redis_result subscription_begin(struct subscription *, struct redis_session *, const char *channel, char err[static ERRLEN]);

/* The next message, until the next call; *heard false: there is none just now. After a break it is to be begun anew. */
enum redis_result subscription_next(struct subscription *, struct redis_session *, struct slice *message, bool *heard,
                                    char err[static ERRLEN]);
void subscription_end(struct subscription *);
