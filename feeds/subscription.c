#include "feeds/subscription.h"

void subscription_end(struct subscription *s)
{
    answer_free(s->answer);
    *s = (struct subscription){0};
}

enum redis_result subscription_begin(struct subscription *s, struct redis_session *session, const char *channel, char err[static ERRLEN])
{
    const char *argv[] = {"SUBSCRIBE", channel};
    enum redis_result result = REDIS_SENT;
    if (s->begun)
        return REDIS_SENT;
    struct answer *answer = redis_session_approve(session, redis_session_ask(session, 2, argv, &result, err), &result, err);
    s->begun = answer != NULL;
    answer_free(answer);
    return s->begun ? REDIS_SENT : result;
}

/* A quiet channel looks like a dead connection, so a PING goes ahead of each wait: its answer comes behind all messages that
 * were there. */
enum redis_result subscription_next(struct subscription *s, struct redis_session *session, struct slice *message, bool *heard,
                                    char err[static ERRLEN])
{
    *heard = false;
    if (!s->asked)
        redis_link_append(session->link, 1, (const char *[]){"PING"}, NULL);
    s->asked = true;
    answer_free(s->answer);
    s->answer = redis_session_read(session, err);
    if (s->answer == NULL) {
        subscription_end(s);
        return REDIS_AWAY;
    }
    *heard = slice_eq(answer_text(answer_item(s->answer, 0)), S("message"));
    if (*heard)
        *message = answer_text(answer_item(s->answer, 2));
    else
        s->asked = false;
    return REDIS_SENT;
}
