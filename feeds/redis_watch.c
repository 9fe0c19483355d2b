#include "feeds/redis_watch.h"

#include <stdlib.h>

#include "feeds/id.h"
#include "feeds/subscription.h"

enum {
    QUIET_LOOKS = 20,          /* after so many without news it is asked again what stands at the key */
    TAIL = 256                 /* of a list, at once */
};

enum at_key { NOTHING, STREAM, LIST, CHANNEL };

struct redis_watch {
    struct redis_session session;
    struct subscription subscription;
    const char *key;
    enum at_key at_key;
    unsigned quiet, calls;     /* looks without news; the session's connections when it was last asked what stands there */
    char last_id[48];          /* of a stream's newest entry that was seen; "": none */
    bool has_last;             /* of a list: last is the hash of the newest document that was seen */
    uint64_t last;
    struct answer *answer;     /* the entries point into it */
    size_t count;
    struct {
        struct slice document;
        uint64_t us;
    } entry[REDIS_WATCH_BACKLOG];
};

struct redis_watch *redis_watch_open(const struct redis_login *login, const char *key, bool channel, char err[static ERRLEN])
{
    struct redis_watch *w = calloc(1, sizeof *w);
    if (w == NULL) {
        error_set(err, "no memory for the Redis connection");
        return NULL;
    }
    w->key = key;
    w->at_key = channel ? CHANNEL : NOTHING;
    if (redis_session_open(&w->session, login, err))
        return w;
    free(w);
    return NULL;
}

void redis_watch_close(struct redis_watch *w)
{
    if (w == NULL)
        return;
    answer_free(w->answer);
    subscription_end(&w->subscription);
    redis_session_close(&w->session);
    free(w);
}

static struct answer *ask(struct redis_watch *w, int argc, const char **argv, enum redis_result *result, char err[static ERRLEN])
{
    struct answer *answer = redis_session_ask(&w->session, argc, argv, result, err);
    return redis_session_approve(&w->session, answer, result, err);
}

static enum redis_result look_at_key(struct redis_watch *w, char err[static ERRLEN])
{
    enum redis_result result;
    const char *argv[] = {"TYPE", w->key};
    struct answer *answer = ask(w, 2, argv, &result, err);
    if (answer == NULL)
        return result;
    struct slice type = answer_text(answer);
    enum at_key was = w->at_key;
    w->at_key = slice_eq(type, S("stream")) ? STREAM : slice_eq(type, S("list")) ? LIST : NOTHING;
    if (w->at_key != was && w->at_key != NOTHING && was != NOTHING) {
        w->last_id[0] = '\0';
        w->has_last = false;
    }
    if (w->at_key == NOTHING && !slice_eq(type, S("none"))) {
        error_set(err, "Redis at %s: the key %s holds a %.20s, no stream or list", w->session.where, w->key, (const char *)type.p);
        result = REDIS_REFUSED;
        redis_session_close(&w->session);
    }
    answer_free(answer);
    w->quiet = 0;
    return result;
}

/* An entry is its id, which begins with milliseconds, and its fields: one, named after the format. */
static void add_entry(struct redis_watch *w, const struct answer *entry)
{
    const struct answer *fields = answer_item(entry, 1);
    const char *id = (const char *)answer_text(answer_item(entry, 0)).p;
    if (w->count == REDIS_WATCH_BACKLOG || answer_count(fields) < 2 || strlen(id) >= sizeof w->last_id)
        return;
    w->entry[w->count].document = answer_text(answer_item(fields, 1));
    w->entry[w->count++].us = strtoull(id, NULL, 10) * 1000;
    strcpy(w->last_id, id);
}

/* True where the id of a stream's newest entry lies before what was seen: then it is another stream. */
static bool began_anew(const struct redis_watch *w, const struct answer *newest)
{
    char *rest;
    const char *id = (const char *)answer_text(answer_item(answer_item(newest, 0), 0)).p;
    unsigned long long ms = strtoull(id, &rest, 10), seen_ms = strtoull(w->last_id, NULL, 10);
    const char *seen_rest = strchr(w->last_id, '-');
    if (ms != seen_ms || *rest != '-' || seen_rest == NULL)
        return ms < seen_ms;
    return strtoull(rest + 1, NULL, 10) < strtoull(seen_rest + 1, NULL, 10);
}

/* Backwards what is there already, at first; later on what came behind it. */
static enum redis_result read_stream(struct redis_watch *w, bool again, char err[static ERRLEN])
{
    enum redis_result result = REDIS_SENT;
    char most[16];
    snprintf(most, sizeof most, "%d", w->last_id[0] == '\0' ? REDIS_WATCH_BACKLOG : 1);
    const char *back[] = {"XREVRANGE", w->key, "+", "-", "COUNT", most};
    const char *on[] = {"XREAD", "COUNT", "100", "STREAMS", w->key, w->last_id};
    if (w->last_id[0] == '\0' || again) {
        struct answer *answer = ask(w, 6, back, &result, err);
        if (answer == NULL)
            return result;
        if (w->last_id[0] == '\0') {
            w->answer = answer;
            for (size_t i = answer_count(answer); i-- > 0;)
                add_entry(w, answer_item(answer, i));
            return REDIS_SENT;
        }
        if (answer_count(answer) > 0 && began_anew(w, answer))
            strcpy(w->last_id, "0-0");
        answer_free(answer);
    }
    w->answer = ask(w, 6, on, &result, err);
    const struct answer *entries = answer_item(answer_item(w->answer, 0), 1);
    for (size_t i = 0; i < answer_count(entries); i++)
        add_entry(w, answer_item(entries, i));
    return w->answer != NULL ? REDIS_SENT : result;
}

static struct answer *tail(struct redis_watch *w, int most, enum redis_result *result, char err[static ERRLEN])
{
    char from[16];
    snprintf(from, sizeof from, "-%d", most);
    const char *argv[] = {"LRANGE", w->key, from, "-1"};
    return ask(w, 4, argv, result, err);
}

static bool is_last(const struct redis_watch *w, const struct answer *document)
{
    struct slice text = answer_text(document);
    return w->has_last && id_hash(text.p, text.len, 0) == w->last;
}

/* A list's readers take from its head, so places say nothing: what is new stands behind the newest document that was seen,
 * or is all that there is where that one is gone. */
static enum redis_result read_list(struct redis_watch *w, char err[static ERRLEN])
{
    enum redis_result result;
    struct answer *newest = tail(w, 1, &result, err);
    if (newest == NULL)
        return result;
    bool news = answer_count(newest) > 0 && !is_last(w, answer_item(newest, 0));
    answer_free(newest);
    if (!news)
        return REDIS_SENT;
    if ((w->answer = tail(w, w->has_last ? TAIL : REDIS_WATCH_BACKLOG, &result, err)) == NULL)
        return result;
    size_t count = answer_count(w->answer), from = count;
    while (from > 0 && !is_last(w, answer_item(w->answer, from - 1)))
        from--;
    for (size_t i = from; i < count && w->count < REDIS_WATCH_BACKLOG; i++) {
        w->entry[w->count].us = 0;
        w->entry[w->count++].document = answer_text(answer_item(w->answer, i));
    }
    if (w->count > 0) {
        struct slice last = w->entry[w->count - 1].document;
        w->last = id_hash(last.p, last.len, 0);
        w->has_last = true;
    }
    return REDIS_SENT;
}

static enum redis_result listen(struct redis_watch *w, char err[static ERRLEN])
{
    bool heard;
    w->entry[0].us = 0;
    enum redis_result result = subscription_begin(&w->subscription, &w->session, w->key, err);
    if (result == REDIS_SENT)
        result = subscription_next(&w->subscription, &w->session, &w->entry[0].document, &heard, err);
    w->count = result == REDIS_SENT && heard;
    return result;
}

enum redis_result redis_watch_look(struct redis_watch *w, size_t *count, char err[static ERRLEN])
{
    enum redis_result result = REDIS_SENT;
    *count = w->count = 0;
    answer_free(w->answer);
    w->answer = NULL;
    if (w->at_key != CHANNEL) {
        result = redis_session_connect(&w->session, err);
        bool again = w->calls != w->session.calls;
        if (result == REDIS_SENT && (again || w->at_key == NOTHING || w->quiet >= QUIET_LOOKS))
            result = look_at_key(w, err);
        if (result == REDIS_SENT)
            w->calls = w->session.calls;
        if (result == REDIS_SENT && w->at_key == STREAM)
            result = read_stream(w, again, err);
        else if (result == REDIS_SENT && w->at_key == LIST)
            result = read_list(w, err);
    } else {
        result = listen(w, err);
    }
    if (result != REDIS_SENT)
        w->count = 0;
    w->quiet = w->count > 0 ? 0 : w->quiet + 1;
    *count = w->count;
    return result;
}

struct slice redis_watch_document(const struct redis_watch *w, size_t i, uint64_t *us)
{
    *us = w->entry[i].us;
    return w->entry[i].document;
}

void redis_watch_state(const struct redis_watch *w, char out[static ERRLEN])
{
    static const char *const words[] = {"nothing yet at", "stream", "list", "channel"};
    error_set(out, "%s %.200s at %s", words[w->at_key], w->key, w->session.where);
}
