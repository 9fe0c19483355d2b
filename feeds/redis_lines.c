#include "feeds/redis_lines.h"

#include <poll.h>
#include <stdlib.h>

#include "feeds/subscription.h"

enum { IDLE_MS = 100, AWAY_MS = 1000 };

struct redis_lines {
    struct redis_session session;
    char url[1024], key[256];
    const char *pop;           /* the command that takes the oldest off; NULL: a channel */
    struct answer *answer;     /* lines in hand */
    size_t next;               /* of them */
    bool away;
    struct subscription subscription;
};

static const struct {
    const char *word, *pop;
} modes[] = {{"list=", "RPOP"}, {"lpush=", "RPOP"}, {"rpush=", "LPOP"}, {"channel=", NULL}, {"publish=", NULL}};

bool redis_lines_wanted(const char *source)
{
    return strncmp(source, "redis", 5) == 0 ? strstr(source, "://") != NULL : strncmp(source, "unix:", 5) == 0;
}

static bool set_mode(struct redis_lines *l, const char *mode, char err[static ERRLEN])
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        size_t length = strlen(modes[i].word);
        if (strncmp(mode, modes[i].word, length) != 0 || mode[length] == '\0')
            continue;
        l->pop = modes[i].pop;
        slice_text(slice_str(mode + length), l->key, sizeof l->key);
        return true;
    }
    error_set(err, "--eve: behind the Redis URL stands ?list=KEY, ?rpush=KEY or ?channel=NAME, not '%.100s'", mode);
    return false;
}

/* Asked for one time: whether it is there, lets us in, and has a list where one is expected. */
static bool reachable(struct redis_lines *l, char err[static ERRLEN])
{
    enum redis_result result = redis_session_connect(&l->session, err);
    if (result != REDIS_SENT || l->pop == NULL)
        return result == REDIS_SENT;
    const char *argv[] = {"LLEN", l->key};
    struct answer *answer = redis_session_ask(&l->session, 2, argv, &result, err);
    answer = answer == NULL ? NULL : redis_session_approve(&l->session, answer, &result, err);
    answer_free(answer);
    return answer != NULL;
}

struct redis_lines *redis_lines_open(const char *source, char err[static ERRLEN])
{
    struct redis_lines *l = calloc(1, sizeof *l);
    if (l == NULL) {
        error_set(err, "no memory for lines out of Redis");
        return NULL;
    }
    struct slice url = slice_until(slice_str(source), '?');
    struct redis_login login = {.url = l->url};
    slice_text(url, l->url, sizeof l->url);
    bool well = set_mode(l, source[url.len] == '?' ? source + url.len + 1 : "list=suricata", err) &&
                redis_session_open(&l->session, &login, err);
    if (well && reachable(l, err))
        return l;
    if (well)
        redis_session_close(&l->session);
    free(l);
    return NULL;
}

void redis_lines_close(struct redis_lines *l)
{
    if (l == NULL)
        return;
    answer_free(l->answer);
    subscription_end(&l->subscription);
    redis_session_close(&l->session);
    free(l);
}

static enum lines_result wait_ms(int ms)
{
    poll(NULL, 0, ms);
    return LINES_IDLE;
}

/* Said once for each time that it goes; then quietly tried again. */
static enum lines_result gone(struct redis_lines *l, const char *why, char err[static ERRLEN])
{
    bool news = !l->away;
    char text[ERRLEN];
    snprintf(text, sizeof text, "%.400s", why);
    l->away = true;
    if (!news)
        return wait_ms(AWAY_MS);
    error_set(err, "--eve: %.400s; it is waited for%s", text,
              l->pop == NULL ? ", and what is published meanwhile is lost" : "");
    return LINES_WARNING;
}

static enum lines_result back(struct redis_lines *l, char err[static ERRLEN])
{
    l->away = false;
    error_set(err, "--eve: Redis at %.300s is back", l->session.where);
    return LINES_WARNING;
}

/* The oldest hundred. They are gone from the list then: a sensor that is killed now has not seen them. */
static enum lines_result take_off(struct redis_lines *l, char err[static ERRLEN])
{
    const char *argv[] = {l->pop, l->key, "100"};
    enum redis_result result;
    char why[ERRLEN];
    struct answer *answer = redis_session_ask(&l->session, 3, argv, &result, why);
    if (answer != NULL)
        answer = redis_session_approve(&l->session, answer, &result, why);
    if (answer == NULL)
        return gone(l, why, err);
    l->answer = answer;
    l->next = 0;
    if (l->away)
        return back(l, err);
    return answer_count(answer) > 0 ? LINES_LINE : wait_ms(IDLE_MS);
}

static enum lines_result hear(struct redis_lines *l, struct slice *line, char err[static ERRLEN])
{
    char why[ERRLEN];
    bool heard;
    if (subscription_begin(&l->subscription, &l->session, l->key, why) != REDIS_SENT)
        return gone(l, why, err);
    if (l->away)
        return back(l, err);
    if (subscription_next(&l->subscription, &l->session, line, &heard, why) != REDIS_SENT)
        return gone(l, why, err);
    return heard ? LINES_LINE : wait_ms(IDLE_MS);
}

enum lines_result redis_lines_next(struct redis_lines *l, struct slice *line, char err[static ERRLEN])
{
    if (l->pop == NULL)
        return hear(l, line, err);
    while (l->next == answer_count(l->answer)) {
        answer_free(l->answer);
        l->answer = NULL;
        l->next = 0;
        enum lines_result result = take_off(l, err);
        if (result != LINES_LINE)
            return result;
    }
    *line = answer_text(answer_item(l->answer, l->next++));
    return LINES_LINE;
}
