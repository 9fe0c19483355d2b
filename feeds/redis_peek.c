#include "feeds/redis_peek.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 500, LOOK_BACK = 20, ID_MAX = 48 };

enum look { NOT_LOOKED, STREAM, LIST };

struct peek {
    struct redis_session session;
    const char *key;
    enum look look;
    struct answer *answer;
    size_t first;           /* in the answer: its document that has not been handed out yet */
    uint64_t next;          /* a list: the place to read on from */
    char *last;             /* its document before that */
    size_t last_len;
    char after[ID_MAX];     /* a stream: the id to read on from */
};

struct peek *peek_open(const struct redis_login *login, const char *key, char err[static ERRLEN])
{
    struct peek *p = calloc(1, sizeof *p);
    if (p == NULL) {
        error_set(err, "no memory for the Redis connection");
        return NULL;
    }
    p->key = key;
    snprintf(p->after, sizeof p->after, "-");
    if (!redis_session_open(&p->session, login, err)) {
        free(p);
        return NULL;
    }
    return p;
}

void peek_close(struct peek *p)
{
    if (p == NULL)
        return;
    answer_free(p->answer);
    redis_session_close(&p->session);
    free(p->last);
    free(p);
}

static struct answer *ask(struct peek *p, int argc, const char **argv, enum redis_result *result, char err[static ERRLEN])
{
    return redis_session_approve(&p->session, redis_session_ask(&p->session, argc, argv, result, err), result, err);
}

static enum redis_result look_at_key(struct peek *p, char err[static ERRLEN])
{
    enum redis_result result;
    struct answer *answer = ask(p, 2, (const char *[]){"TYPE", p->key}, &result, err);
    if (answer == NULL)
        return result;
    const char *type = (const char *)answer_text(answer).p;
    p->look = strcmp(type, "stream") == 0 ? STREAM : strcmp(type, "list") == 0 ? LIST : NOT_LOOKED;
    if (p->look == NOT_LOOKED) {
        bool none = strcmp(type, "none") == 0;
        error_set(err, "Redis at %s: the key %.200s holds %s%s, no stream or list", p->session.where, p->key, none ? "nothing" : "a ", none ? "" : type);
        result = REDIS_REFUSED;
    }
    answer_free(answer);
    return result;
}

/* The id behind this one: entries of a range stand in it with both its ends, and "(" is of Redis 6.2. */
static void go_on_after(struct peek *p, struct slice id)
{
    uint64_t ms = 0, number = 0;
    char text[ID_MAX];
    slice_text(id, text, sizeof text);
    sscanf(text, "%" SCNu64 "-%" SCNu64, &ms, &number);
    number++;
    ms += number == 0;
    snprintf(p->after, sizeof p->after, "%" PRIu64 "-%" PRIu64, ms, number);
}

static enum redis_result read_stream(struct peek *p, char err[static ERRLEN])
{
    char count[24];
    enum redis_result result;
    snprintf(count, sizeof count, "%d", PAGE);
    p->answer = ask(p, 6, (const char *[]){"XRANGE", p->key, p->after, "+", "COUNT", count}, &result, err);
    p->first = 0;
    if (answer_count(p->answer) > 0)
        go_on_after(p, answer_text(answer_item(answer_item(p->answer, answer_count(p->answer) - 1), 0)));
    return result;
}

static bool keep_last(struct peek *p, struct slice document)
{
    char *last = realloc(p->last, document.len + 1);
    if (last == NULL)
        return false;
    memcpy(last, document.p, document.len);
    p->last = last;
    p->last_len = document.len;
    return true;
}

/* The place behind the last document that was read, in an answer that begins `back` before where it was. Others may have taken
 * from the list's head meanwhile: then it stands further to the front. SIZE_MAX: further than that, or taken as well. */
static size_t place_behind_last(const struct peek *p, size_t back)
{
    for (size_t i = back < answer_count(p->answer) ? back : answer_count(p->answer); i > 0; i--)
        if (slice_eq(answer_text(answer_item(p->answer, i - 1)), slice_of(p->last, p->last_len)))
            return i;
    return SIZE_MAX;
}

/* Reads some documents over again, to see how far the list has moved; the more, the further it has. */
static enum redis_result read_list(struct peek *p, char err[static ERRLEN])
{
    for (uint64_t back = LOOK_BACK;; back *= 4) {
        char from[24], to[24];
        enum redis_result result;
        uint64_t begin = p->next > back ? p->next - back : 0;
        snprintf(from, sizeof from, "%" PRIu64, begin);
        snprintf(to, sizeof to, "%" PRIu64, p->next + PAGE - 1);
        if ((p->answer = ask(p, 4, (const char *[]){"LRANGE", p->key, from, to}, &result, err)) == NULL)
            return result;
        size_t count = answer_count(p->answer);
        p->first = place_behind_last(p, (size_t)(p->next - begin));
        if (p->first == SIZE_MAX && begin > 0) {
            answer_free(p->answer);
            continue;
        }
        p->first = p->first == SIZE_MAX ? 0 : p->first;
        p->next = begin + count;
        if (count == 0 || keep_last(p, answer_text(answer_item(p->answer, count - 1))))
            return result;
        error_set(err, "no memory for a document out of Redis");
        return REDIS_AWAY;
    }
}

enum redis_result peek_next(struct peek *p, size_t *count, char err[static ERRLEN])
{
    enum redis_result result = redis_session_connect(&p->session, err);
    *count = 0;
    answer_free(p->answer);
    p->answer = NULL;
    if (result == REDIS_SENT && p->look == NOT_LOOKED)
        result = look_at_key(p, err);
    if (result == REDIS_SENT)
        result = p->look == STREAM ? read_stream(p, err) : read_list(p, err);
    if (result == REDIS_SENT)
        *count = answer_count(p->answer) - p->first;
    return result;
}

struct slice peek_document(const struct peek *p, size_t i)
{
    const struct answer *item = answer_item(p->answer, p->first + i);
    if (p->look == LIST)
        return answer_text(item);
    item = item != NULL ? answer_item(item, 1) : NULL;
    return item != NULL && answer_count(item) >= 2 ? answer_text(answer_item(item, 1)) : S("");
}
