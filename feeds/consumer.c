#include "feeds/consumer.h"

#include <stdlib.h>
#include <time.h>

#include "feeds/reading.h"

enum { CLAIM_EVERY_MS = 1000 };

struct consumer {
    struct reading reading;
    bool is_stream;
    bool typed;      /* is_stream was seen, and not guessed because there is nothing yet */
    unsigned calls;  /* the session's, when it was last looked at */
};

struct consumer *consumer_open(const struct consumer_settings *settings, char err[static ERRLEN])
{
    struct consumer *c = calloc(1, sizeof *c);
    if (c == NULL) {
        error_set(err, "no memory for the Redis connection");
        return NULL;
    }
    c->reading.settings = *settings;
    if (!redis_session_open(&c->reading.session, &settings->login, err)) {
        free(c);
        return NULL;
    }
    return c;
}

void consumer_close(struct consumer *c)
{
    if (c == NULL)
        return;
    answer_free(c->reading.answer);
    redis_session_close(&c->reading.session);
    free(c);
}

bool reading_claims_now(struct reading *r)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    if (ms < r->claim_at_ms)
        return false;
    r->claim_at_ms = ms + CLAIM_EVERY_MS;
    return true;
}

/* A list that was emptied is gone, so nothing at the key is taken for an empty list until something else is seen. */
static enum redis_result look_at_key(struct consumer *c, char err[static ERRLEN])
{
    struct redis_session *s = &c->reading.session;
    enum redis_result result;
    const char *argv[] = {"TYPE", c->reading.settings.key};
    struct answer *answer = redis_session_approve(s, redis_session_ask(s, 2, argv, &result, err), &result, err);
    if (answer == NULL)
        return result;
    const char *type = (const char *)answer_text(answer).p;
    c->is_stream = strcmp(type, "stream") == 0;
    c->typed = c->is_stream || strcmp(type, "list") == 0;
    c->reading.gone = false;
    if (!c->typed && strcmp(type, "none") != 0) {
        error_set(err, "Redis at %s: the key %s holds a %s, no stream or list", s->where, c->reading.settings.key, type);
        result = REDIS_REFUSED;
        redis_session_close(s);
    }
    answer_free(answer);
    return result;
}

enum redis_result consumer_take(struct consumer *c, size_t most, size_t *count, char err[static ERRLEN])
{
    struct reading *r = &c->reading;
    enum redis_result result = redis_session_connect(&r->session, err);
    *count = 0;
    if (result == REDIS_SENT && (c->calls != r->session.calls || !c->typed || r->gone)) {
        result = look_at_key(c, err);
        r->resumed = r->resumed && c->calls == r->session.calls; /* an answer may have been lost on its way */
        c->calls = r->session.calls;
    }
    if (result == REDIS_SENT)
        result = c->is_stream ? stream_take(r, most, err) : list_take(r, most, err);
    *count = r->count;
    return result;
}

struct slice consumer_document(const struct consumer *c, size_t i)
{
    return c->reading.entry[i].document;
}

enum redis_result consumer_acknowledge(struct consumer *c, char err[static ERRLEN])
{
    struct reading *r = &c->reading;
    enum redis_result result = REDIS_SENT;
    if (r->count > 0)
        result = c->is_stream ? stream_acknowledge(r, err) : list_acknowledge(r, err);
    if (result == REDIS_SENT) {
        answer_free(r->answer);
        r->answer = NULL;
        r->count = 0;
    }
    return result;
}
