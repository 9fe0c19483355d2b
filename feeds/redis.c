#include "feeds/redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>

#include "feeds/redis_url.h"

enum { ARGS = 8, BATCH_REPLIES_MAX = 1024, STREAM_LENGTH = 1000000 };

static const struct timeval patience = {1, 0}; /* for connecting and for each answer */

struct redis {
    struct redis_settings settings;
    struct redis_url url;
    char cursor_key[512], stream_length[16];
    redisContext *context;
    char cursor[REDIS_CURSOR]; /* as it stood when it was last seen */
};

static bool read_password(struct redis *r, const char *path, char err[static ERRLEN])
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        error_set(err, "%s: %s", path, strerror(errno));
        return false;
    }
    size_t n = fread(r->url.password, 1, sizeof r->url.password - 1, file);
    fclose(file);
    r->url.password[n] = '\0';
    r->url.password[strcspn(r->url.password, "\r\n")] = '\0';
    if (r->url.password[0] == '\0')
        error_set(err, "%s: no password on its first line", path);
    return r->url.password[0] != '\0';
}

struct redis *redis_open(const struct redis_settings *settings, char err[static ERRLEN])
{
    struct redis *r = calloc(1, sizeof *r);
    if (r == NULL) {
        error_set(err, "no memory for the Redis connection");
        return NULL;
    }
    r->settings = *settings;
    snprintf(r->cursor_key, sizeof r->cursor_key, "%s:sent:%s", settings->key, settings->sensor);
    snprintf(r->stream_length, sizeof r->stream_length, "%d", STREAM_LENGTH);
    if (!redis_url_parse(&r->url, settings->url, err) ||
        (settings->password_file != NULL && !read_password(r, settings->password_file, err))) {
        free(r);
        return NULL;
    }
    if (r->url.password[0] == '\0' && settings->password != NULL)
        snprintf(r->url.password, sizeof r->url.password, "%s", settings->password);
    return r;
}

static void disconnect(struct redis *r)
{
    if (r->context != NULL)
        redisFree(r->context);
    r->context = NULL;
}

void redis_close(struct redis *r)
{
    if (r == NULL)
        return;
    disconnect(r);
    free(r);
}

/* What an error answer means. Those not named here somebody has to look at. */
static enum redis_result judge(const char *message)
{
    static const char *const passing[] = {"OOM", "NOREPLICAS", "READONLY", "LOADING", "BUSY", "MISCONF", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN"};
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (strncmp(message, passing[i], strlen(passing[i])) == 0)
            return REDIS_AWAY;
    return REDIS_REFUSED;
}

static const char *name_of(const struct redis *r)
{
    return r->url.path[0] != '\0' ? r->url.path : r->url.host;
}

/* The context is dead after any error of its own: it is dropped, and the next send connects anew. */
static enum redis_result broken(struct redis *r, char err[static ERRLEN])
{
    error_set(err, "Redis at %s: %s", name_of(r), r->context != NULL ? r->context->errstr : "no memory");
    disconnect(r);
    return REDIS_AWAY;
}

/* One command and its answer, given to the caller to free; NULL: err says why. */
static redisReply *ask(struct redis *r, int argc, const char **argv, enum redis_result *result, char err[static ERRLEN])
{
    redisReply *reply = redisCommandArgv(r->context, argc, argv, NULL);
    *result = REDIS_SENT;
    if (reply == NULL) {
        *result = broken(r, err);
    } else if (reply->type == REDIS_REPLY_ERROR) {
        error_set(err, "Redis at %s answers %s to %s", name_of(r), reply->str, argv[0]);
        *result = judge(reply->str);
        freeReplyObject(reply);
        disconnect(r);
        reply = NULL;
    }
    return reply;
}

static enum redis_result order(struct redis *r, int argc, const char **argv, char err[static ERRLEN])
{
    enum redis_result result;
    redisReply *reply = ask(r, argc, argv, &result, err);
    if (reply != NULL)
        freeReplyObject(reply);
    return result;
}

/* A wrong type at the key would fail inside EXEC, where the cursor would still be set: so it is asked for beforehand. */
static enum redis_result check_type(struct redis *r, char err[static ERRLEN])
{
    static const char *const types[] = {"list", "stream", "none"};
    const char *argv[] = {"TYPE", r->settings.key};
    enum redis_result result;
    redisReply *reply = r->settings.mode == REDIS_CHANNEL ? NULL : ask(r, 2, argv, &result, err);
    if (reply == NULL)
        return r->settings.mode == REDIS_CHANNEL ? REDIS_SENT : result;
    if (strcmp(reply->str, "none") != 0 && strcmp(reply->str, types[r->settings.mode]) != 0) {
        error_set(err, "Redis at %s: the key %s holds a %s, not a %s; choose another --redis-key", name_of(r), r->settings.key, reply->str,
                  types[r->settings.mode]);
        result = REDIS_REFUSED;
        disconnect(r);
    }
    freeReplyObject(reply);
    return result;
}

static enum redis_result greet(struct redis *r, char err[static ERRLEN])
{
    enum redis_result result = REDIS_SENT;
    char database[16];
    const char *with_user[] = {"AUTH", r->url.user, r->url.password}, *without[] = {"AUTH", r->url.password};
    const char *select[] = {"SELECT", database};
    snprintf(database, sizeof database, "%u", r->url.database);
    if (r->url.password[0] != '\0')
        result = r->url.user[0] != '\0' ? order(r, 3, with_user, err) : order(r, 2, without, err);
    if (result == REDIS_SENT && r->url.database != 0)
        result = order(r, 2, select, err);
    return result == REDIS_SENT ? check_type(r, err) : result;
}

static enum redis_result connect_now(struct redis *r, char err[static ERRLEN])
{
    r->context = r->url.path[0] != '\0' ? redisConnectUnixWithTimeout(r->url.path, patience)
                                        : redisConnectWithTimeout(r->url.host, r->url.port, patience);
    if (r->context == NULL || r->context->err != 0)
        return broken(r, err);
    redisSetTimeout(r->context, patience);
    return greet(r, err);
}

static void append(struct redis *r, int argc, const char **argv, size_t *lengths)
{
    redisAppendCommandArgv(r->context, argc, argv, lengths);
}

static void append_words(struct redis *r, int argc, const char **argv)
{
    size_t lengths[ARGS];
    for (int i = 0; i < argc; i++)
        lengths[i] = strlen(argv[i]);
    append(r, argc, argv, lengths);
}

static void append_document(struct redis *r, struct slice document)
{
    const char *key = r->settings.key, *text = (const char *)document.p;
    switch (r->settings.mode) {
    case REDIS_LIST:
        append(r, 3, (const char *[]){"RPUSH", key, text}, (size_t[]){5, strlen(key), document.len});
        break;
    case REDIS_STREAM:
        append(r, 8, (const char *[]){"XADD", key, "MAXLEN", "~", r->stream_length, "*", r->settings.field, text},
               (size_t[]){4, strlen(key), 6, 1, strlen(r->stream_length), 1, strlen(r->settings.field), document.len});
        break;
    case REDIS_CHANNEL:
        append(r, 3, (const char *[]){"PUBLISH", key, text}, (size_t[]){7, strlen(key), document.len});
        break;
    }
}

/* Of a transaction in which a document failed, the cursor was set all the same: it goes back to where it was. */
static void restore_cursor(struct redis *r)
{
    char ignored[ERRLEN];
    const char *argv[] = {"SET", r->cursor_key, r->cursor};
    order(r, 3, argv, ignored);
}

/* EXEC's answer: an array without an error in it, or an error that says what became of the batch. */
static enum redis_result judge_exec(struct redis *r, const redisReply *exec, const char *queued_error, char err[static ERRLEN])
{
    const char *wrong = exec->type == REDIS_REPLY_ERROR ? exec->str : exec->type != REDIS_REPLY_ARRAY ? "no answer to EXEC" : NULL;
    for (size_t i = 0; wrong == NULL && i < exec->elements; i++)
        if (exec->element[i]->type == REDIS_REPLY_ERROR)
            wrong = exec->element[i]->str;
    if (wrong == NULL)
        return REDIS_SENT;
    if (queued_error[0] != '\0') /* EXECABORT only says that something before it failed */
        wrong = queued_error;
    error_set(err, "Redis at %s answers %.300s", name_of(r), wrong);
    enum redis_result result = judge(wrong);
    if (exec->type == REDIS_REPLY_ARRAY)
        restore_cursor(r);
    disconnect(r);
    return result;
}

/* Reads the answers of MULTI, the queued commands and EXEC. */
static enum redis_result read_answers(struct redis *r, size_t count, char err[static ERRLEN])
{
    char queued_error[ERRLEN] = "";
    for (size_t i = 0; i < count; i++) {
        void *answer;
        if (redisGetReply(r->context, &answer) != REDIS_OK)
            return broken(r, err);
        redisReply *reply = answer;
        if (i + 1 == count) {
            enum redis_result result = judge_exec(r, reply, queued_error, err);
            freeReplyObject(reply);
            return result;
        }
        if (reply->type == REDIS_REPLY_ERROR && queued_error[0] == '\0')
            snprintf(queued_error, sizeof queued_error, "%s", reply->str);
        freeReplyObject(reply);
    }
    return REDIS_AWAY;
}

enum redis_result redis_check(struct redis *r, char err[static ERRLEN])
{
    return r->context != NULL ? REDIS_SENT : connect_now(r, err);
}

enum redis_result redis_cursor(struct redis *r, char cursor[static REDIS_CURSOR], char err[static ERRLEN])
{
    enum redis_result result = redis_check(r, err);
    if (result != REDIS_SENT)
        return result;
    const char *argv[] = {"GET", r->cursor_key};
    redisReply *reply = ask(r, 2, argv, &result, err);
    if (reply == NULL)
        return result;
    snprintf(r->cursor, sizeof r->cursor, "%s", reply->type == REDIS_REPLY_STRING ? reply->str : "");
    memcpy(cursor, r->cursor, sizeof r->cursor);
    freeReplyObject(reply);
    return REDIS_SENT;
}

enum redis_result redis_waiting(struct redis *r, uint64_t *count, char err[static ERRLEN])
{
    enum redis_result result = redis_check(r, err);
    if (result != REDIS_SENT)
        return result;
    const char *argv[] = {"LLEN", r->settings.key};
    redisReply *reply = ask(r, 2, argv, &result, err);
    if (reply == NULL)
        return result;
    *count = reply->type == REDIS_REPLY_INTEGER ? (uint64_t)reply->integer : 0;
    freeReplyObject(reply);
    return REDIS_SENT;
}

enum redis_result redis_send(struct redis *r, const struct slice *documents, size_t count, const char *cursor, char err[static ERRLEN])
{
    enum redis_result result = redis_check(r, err);
    if (result != REDIS_SENT)
        return result;
    append_words(r, 1, (const char *[]){"MULTI"});
    for (size_t i = 0; i < count; i++)
        append_document(r, documents[i]);
    append_words(r, 3, (const char *[]){"SET", r->cursor_key, cursor});
    append_words(r, 1, (const char *[]){"EXEC"});
    result = read_answers(r, count + 3, err);
    if (result == REDIS_SENT)
        snprintf(r->cursor, sizeof r->cursor, "%s", cursor);
    return result;
}

const char *redis_version(void)
{
    static const char version[] = {'0' + HIREDIS_MAJOR, '.', '0' + HIREDIS_MINOR / 10, '0' + HIREDIS_MINOR % 10, '.', '0' + HIREDIS_PATCH, 0};
    return version;
}
