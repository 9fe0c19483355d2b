#include "feeds/redis.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "feeds/once.h"

enum { STREAM_LENGTH = 1000000 };

#define CLAIM_S "15552000"     /* half a year: as long as sensors share evidence */

struct redis {
    struct redis_settings settings;
    struct redis_session session;
    char cursor_key[512], stream_length[16];
    char cursor[REDIS_CURSOR]; /* what stood at the key when it was last seen or set */
    bool seen;                 /* it ever was */
    bool unwatched;            /* the user may not WATCH */
    pthread_mutex_t lock;      /* guards the two below: redis_reopen leaves them for the thread that sends */
    struct redis_session other;
    bool renewed;
};

struct redis *redis_open(const struct redis_settings *settings, char err[static ERRLEN])
{
    struct redis_login login = {settings->url, settings->password_file, settings->password};
    struct redis *r = calloc(1, sizeof *r);
    if (r == NULL) {
        error_set(err, "no memory for the Redis connection");
        return NULL;
    }
    r->settings = *settings;
    snprintf(r->cursor_key, sizeof r->cursor_key, "%s:sent:%s", settings->key, settings->sensor);
    snprintf(r->stream_length, sizeof r->stream_length, "%d", STREAM_LENGTH);
    if (!redis_session_open(&r->session, &login, err)) {
        free(r);
        return NULL;
    }
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void redis_close(struct redis *r)
{
    if (r == NULL)
        return;
    redis_session_close(&r->session);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

bool redis_reopen(struct redis *r, const char *url, const char *password_file, const char *password, char err[static ERRLEN])
{
    struct redis_login login = {url, password_file, password};
    struct redis_session other = {.link = NULL};
    if (!redis_session_open(&other, &login, err))
        return false;
    pthread_mutex_lock(&r->lock);
    r->other = other;
    r->renewed = true;
    pthread_mutex_unlock(&r->lock);
    return true;
}

static void renew(struct redis *r)
{
    pthread_mutex_lock(&r->lock);
    if (r->renewed) {
        redis_session_close(&r->session);
        r->session = r->other;
        r->renewed = false;
    }
    pthread_mutex_unlock(&r->lock);
}

static bool not_permitted(const struct answer *answer)
{
    return answer != NULL && answer_kind(answer) == ANSWER_ERROR && slice_starts(answer_text(answer), S("NOPERM"));
}

/* From here to the next EXEC a change of the cursor by any other connection makes that EXEC a no-op: among them one of ours
 * that we have given up, but whose bytes a stalled server still has to read. */
static enum redis_result watch(struct redis *r, char err[static ERRLEN])
{
    enum redis_result result;
    const char *argv[] = {"WATCH", r->cursor_key};
    struct answer *answer = redis_session_ask(&r->session, 2, argv, &result, err);
    r->unwatched = not_permitted(answer);
    if (!r->unwatched)
        answer = redis_session_approve(&r->session, answer, &result, err);
    answer_free(answer);
    return result;
}

static enum redis_result read_cursor(struct redis *r, char cursor[static REDIS_CURSOR], char err[static ERRLEN])
{
    enum redis_result result;
    const char *argv[] = {"GET", r->cursor_key};
    struct answer *answer = redis_session_approve(&r->session, redis_session_ask(&r->session, 2, argv, &result, err), &result, err);
    if (answer != NULL)
        slice_text(answer_text(answer), cursor, REDIS_CURSOR);
    answer_free(answer);
    return result;
}

/* A wrong type at the key would fail inside EXEC, where the cursor would still be set: so it is asked for beforehand. It
 * also shows a cluster that keeps the key elsewhere than its cursor: there no transaction can hold both. */
static enum redis_result check_key(struct redis *r, char err[static ERRLEN])
{
    static const char *const types[] = {"list", "stream", "none"};
    const char *argv[] = {"TYPE", r->settings.key}, *wanted = types[r->settings.mode];
    struct redis_session *s = &r->session;
    unsigned calls = s->calls;
    enum redis_result result;
    struct answer *answer = redis_session_ask(s, 2, argv, &result, err);
    bool unasked = not_permitted(answer);
    if (!unasked && (answer = redis_session_approve(s, answer, &result, err)) == NULL)
        return result;
    const char *type = (const char *)answer_text(answer).p;
    if (s->calls != calls) {
        result = s->asking ? REDIS_AWAY : redis_session_judge(s, "CROSSSLOT by another node", err);
        redis_session_close(s);
    } else if (!unasked && strcmp(type, "none") != 0 && strcmp(type, wanted) != 0) {
        error_set(err, "Redis at %s: the key %s holds a %s, not a %s; choose another --redis-key", s->where, r->settings.key, type, wanted);
        result = REDIS_REFUSED;
        redis_session_close(s);
    }
    answer_free(answer);
    return result;
}

/* After connecting: what is watched is read afterwards, on the same connection. *moved: the cursor is not where it was left. */
static enum redis_result look(struct redis *r, bool *moved, char err[static ERRLEN])
{
    char cursor[REDIS_CURSOR] = "";
    enum redis_result result = watch(r, err);
    unsigned calls = r->session.calls;
    if (result == REDIS_SENT)
        result = read_cursor(r, cursor, err);
    if (result == REDIS_SENT && !r->unwatched && calls != r->session.calls) {
        error_set(err, "Redis at %s: the cluster's slots are just moving", r->session.where);
        redis_session_close(&r->session);
        return REDIS_AWAY;
    }
    if (result == REDIS_SENT && r->settings.mode != REDIS_CHANNEL)
        result = check_key(r, err);
    if (result != REDIS_SENT)
        return result;
    *moved = r->seen && strcmp(r->cursor, cursor) != 0;
    r->seen = true;
    memcpy(r->cursor, cursor, sizeof cursor);
    return REDIS_SENT;
}

enum redis_result redis_check(struct redis *r, char err[static ERRLEN])
{
    bool moved;
    renew(r);
    return r->session.link != NULL ? REDIS_SENT : look(r, &moved, err);
}

enum redis_result redis_cursor(struct redis *r, char cursor[static REDIS_CURSOR], char err[static ERRLEN])
{
    enum redis_result result = redis_check(r, err);
    memcpy(cursor, r->cursor, sizeof r->cursor);
    return result;
}

enum redis_result redis_waiting(struct redis *r, uint64_t *count, char err[static ERRLEN])
{
    enum redis_result result = redis_check(r, err);
    const char *argv[] = {"LLEN", r->settings.key};
    unsigned calls = r->session.calls;
    if (result != REDIS_SENT)
        return result;
    struct answer *answer = redis_session_approve(&r->session, redis_session_ask(&r->session, 2, argv, &result, err), &result, err);
    if (answer == NULL)
        return result;
    *count = (uint64_t)answer_number(answer);
    answer_free(answer);
    if (calls != r->session.calls) /* followed to where the slot is now: the cursor is to be looked at anew */
        redis_session_close(&r->session);
    return REDIS_SENT;
}

/* Whether a document that only one sensor may write is ours to write: the first to claim it does. A claim of our own from
 * before a break is still ours. */
static enum redis_result claim(struct redis *r, struct slice once, bool *ours, char err[static ERRLEN])
{
    char key[sizeof r->cursor_key + ONCE];
    int len = snprintf(key, sizeof key, "%s:once:", r->settings.key);
    slice_text(once, key + len, sizeof key - (size_t)len);
    enum redis_result result;
    unsigned calls = r->session.calls;
    const char *set[] = {"SET", key, r->settings.sensor, "NX", "EX", CLAIM_S}, *get[] = {"GET", key};
    answer_free(redis_session_approve(&r->session, redis_session_ask(&r->session, 6, set, &result, err), &result, err));
    if (result != REDIS_SENT)
        return result;
    struct answer *owner = redis_session_approve(&r->session, redis_session_ask(&r->session, 2, get, &result, err), &result, err);
    if (owner == NULL)
        return result;
    *ours = slice_eq(answer_text(owner), slice_str(r->settings.sensor));
    answer_free(owner);
    if (calls == r->session.calls)
        return REDIS_SENT;
    error_set(err, "Redis at %s: the cluster's slots are just moving", r->session.where);
    redis_session_close(&r->session); /* what was watched is not, where we are now */
    return REDIS_AWAY;
}

/* Leaves out what another sensor has written; *left is how many are left of the batch. What is published is not kept anywhere
 * that a claim could stand beside: there every sensor speaks for itself. */
static enum redis_result pick(struct redis *r, const struct slice *documents, size_t count, struct slice *picked, size_t *left,
                              char err[static ERRLEN])
{
    *left = 0;
    for (size_t i = 0; i < count; i++) {
        struct slice once;
        bool ours = true;
        picked[*left] = once_cut(documents[i], &once);
        enum redis_result result = once.len > 0 && r->settings.mode != REDIS_CHANNEL ? claim(r, once, &ours, err) : REDIS_SENT;
        if (result != REDIS_SENT)
            return result;
        *left += ours;
    }
    return REDIS_SENT;
}

static void append_document(struct redis *r, struct slice document)
{
    const char *key = r->settings.key, *text = (const char *)document.p;
    struct redis_link *link = r->session.link;
    switch (r->settings.mode) {
    case REDIS_LIST:
        redis_link_append(link, 3, (const char *[]){"RPUSH", key, text}, (size_t[]){5, strlen(key), document.len});
        break;
    case REDIS_STREAM:
        redis_link_append(link, 8, (const char *[]){"XADD", key, "MAXLEN", "~", r->stream_length, "*", r->settings.field, text},
                          (size_t[]){4, strlen(key), 6, 1, strlen(r->stream_length), 1, strlen(r->settings.field), document.len});
        break;
    case REDIS_CHANNEL:
        redis_link_append(link, 3, (const char *[]){"PUBLISH", key, text}, (size_t[]){7, strlen(key), document.len});
        break;
    }
}

/* Returns how many answers come up to EXEC's, and behind it. */
static size_t append_batch(struct redis *r, const struct slice *documents, size_t count, const char *cursor, size_t *behind)
{
    struct redis_link *link = r->session.link;
    bool asking = r->session.asking;
    if (asking)
        redis_link_append(link, 1, (const char *[]){"ASKING"}, NULL);
    redis_link_append(link, 1, (const char *[]){"MULTI"}, NULL);
    for (size_t i = 0; i < count; i++)
        append_document(r, documents[i]);
    redis_link_append(link, 3, (const char *[]){"SET", r->cursor_key, cursor}, NULL);
    redis_link_append(link, 1, (const char *[]){"EXEC"}, NULL);
    *behind = 0;
    if (!r->unwatched && !asking) {
        redis_link_append(link, 2, (const char *[]){"WATCH", r->cursor_key}, NULL); /* for the next batch: saves it the journey */
        *behind = 1;
    }
    return count + 3 + asking;
}

/* The documents failed inside EXEC, one and all, but SET did not: the cursor goes back to where it was. By a new connection,
 * as this one still owes an answer. */
static void take_back(struct redis *r)
{
    char why[ERRLEN];
    enum redis_result result;
    const char *argv[] = {"SET", r->cursor_key, r->cursor};
    redis_session_close(&r->session);
    answer_free(redis_session_ask(&r->session, 3, argv, &result, why));
}

/* EXEC's answer: a list without an error in it, or what became of the batch. */
static enum redis_result judge_exec(struct redis *r, const struct answer *exec, const char *queued_error, char err[static ERRLEN])
{
    const char *wrong = NULL;
    if (answer_kind(exec) == ANSWER_NONE) {
        error_set(err, "Redis at %s: %s was set by another: a sensor of the same name?", r->session.where, r->cursor_key);
        redis_session_close(&r->session);
        return REDIS_AWAY;
    }
    if (answer_kind(exec) != ANSWER_LIST)
        wrong = queued_error[0] != '\0' ? queued_error : (const char *)answer_text(exec).p; /* EXECABORT only says that something failed */
    for (size_t i = 0; wrong == NULL && i < answer_count(exec); i++)
        if (answer_kind(answer_item(exec, i)) == ANSWER_ERROR) {
            wrong = (const char *)answer_text(answer_item(exec, i)).p;
            take_back(r);
        }
    return wrong == NULL ? REDIS_SENT : redis_session_judge(&r->session, wrong, err);
}

/* Reads what MULTI, the queued commands and EXEC answer. */
static enum redis_result read_answers(struct redis *r, size_t count, size_t behind, char err[static ERRLEN])
{
    char queued_error[ERRLEN] = "", why[ERRLEN];
    enum redis_result result = REDIS_AWAY;
    for (size_t i = 0; i < count + behind; i++) {
        struct answer *answer = redis_session_read(&r->session, i < count ? err : why);
        if (answer == NULL)
            return result; /* behind EXEC it no longer matters */
        bool failed = answer_kind(answer) == ANSWER_ERROR;
        if (i + 1 == count)
            result = judge_exec(r, answer, queued_error, err);
        else if (i < count && failed && queued_error[0] == '\0')
            slice_text(answer_text(answer), queued_error, sizeof queued_error);
        else if (i >= count && failed)
            redis_session_close(&r->session);
        answer_free(answer);
        if (r->session.link == NULL)
            return result;
    }
    return result;
}

enum redis_result redis_send(struct redis *r, const struct slice *documents, size_t count, const char *cursor, char err[static ERRLEN])
{
    bool moved = false;
    size_t behind;
    renew(r);
    if (r->session.link == NULL) {
        enum redis_result result = look(r, &moved, err);
        if (result != REDIS_SENT)
            return result;
    }
    if (moved) {
        error_set(err, "Redis at %s: %s is not where it was left", r->session.where, r->cursor_key);
        return REDIS_AWAY;
    }
    struct slice picked[REDIS_BATCH];
    size_t left;
    assert(count <= REDIS_BATCH);
    enum redis_result result = pick(r, documents, count, picked, &left, err);
    if (result != REDIS_SENT)
        return result;
    size_t until_exec = append_batch(r, picked, left, cursor, &behind);
    result = read_answers(r, until_exec, behind, err);
    if (result == REDIS_SENT)
        snprintf(r->cursor, sizeof r->cursor, "%s", cursor);
    return result;
}

const char *redis_version(void)
{
    return redis_link_version();
}
