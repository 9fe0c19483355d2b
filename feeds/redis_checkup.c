#include "feeds/redis_checkup.h"

/* Redis judges a user's rights when a command is queued in a MULTI, and DISCARD forgets what was queued: so every command
 * can be tried without one being carried out. */
struct trial {
    const char *argv[8];
    int argc;
    bool needed;               /* else it is for sharing evidence */
};

enum { TRIALS = 4 };

static unsigned trials_of(struct trial trial[static TRIALS], const struct redis_settings *settings, const char *cursor_key, const char *items)
{
    const char *key = settings->key;
    switch (settings->mode) {
    case REDIS_LIST: trial[0] = (struct trial){{"RPUSH", key, ""}, 3, true}; break;
    case REDIS_STREAM: trial[0] = (struct trial){{"XADD", key, "MAXLEN", "~", "1000000", "*", settings->field, ""}, 8, true}; break;
    case REDIS_CHANNEL: trial[0] = (struct trial){{"PUBLISH", key, ""}, 3, true}; break;
    }
    trial[1] = (struct trial){{"SET", cursor_key, ""}, 3, true};
    trial[2] = (struct trial){{"GET", cursor_key}, 2, true};
    trial[3] = (struct trial){{"EVAL", "return 1", "1", items}, 4, false};
    return TRIALS;
}

static bool is_error(const struct answer *answer)
{
    return answer_kind(answer) == ANSWER_ERROR;
}

/* The answers to MULTI, what was tried, and DISCARD. False: one that is needed was refused, or the link broke. */
static bool read_trials(struct redis_session *s, const struct trial *trial, unsigned count, bool *shares, char err[static ERRLEN])
{
    bool good = true;
    for (unsigned i = 0; i < count + 2; i++) {
        struct answer *answer = redis_session_read(s, err);
        bool tried = i > 0 && i <= count, bad = is_error(answer) && tried;
        if (answer == NULL)
            return false;
        if (bad && trial[i - 1].needed && good) {
            error_set(err, "Redis at %s does not take %s %.100s: %.200s; feeds/README.md lists the rights a sensor needs", s->where,
                      trial[i - 1].argv[0], trial[i - 1].argv[1], (const char *)answer_text(answer).p);
            good = false;
        } else if (bad) {
            *shares = false;
        }
        answer_free(answer);
    }
    return good;
}

static bool try_rights(struct redis_session *s, const struct redis_settings *settings, bool *shares, char err[static ERRLEN])
{
    struct trial trial[TRIALS];
    char cursor_key[512], items[512];
    snprintf(cursor_key, sizeof cursor_key, "%s:sent:%s", settings->key, settings->sensor);
    snprintf(items, sizeof items, "%s:told:items", settings->key);
    unsigned count = trials_of(trial, settings, cursor_key, items);
    *shares = true;
    redis_link_append(s->link, 1, (const char *[]){"MULTI"}, NULL);
    for (unsigned i = 0; i < count; i++)
        redis_link_append(s->link, trial[i].argc, trial[i].argv, NULL);
    redis_link_append(s->link, 1, (const char *[]){"DISCARD"}, NULL);
    return read_trials(s, trial, count, shares, err);
}

/* What stands at the key, as far as the user may ask. */
static void look_at_key(struct redis_session *s, const struct redis_settings *settings, char *out, size_t size)
{
    char why[ERRLEN], type[16] = "";
    enum redis_result result;
    const char *ask[] = {"TYPE", settings->key}, *length[] = {settings->mode == REDIS_STREAM ? "XLEN" : "LLEN", settings->key};
    struct answer *answer = redis_session_ask(s, 2, ask, &result, why);
    slice_text(is_error(answer) ? S("") : answer_text(answer), type, sizeof type);
    answer_free(answer);
    if (settings->mode == REDIS_CHANNEL)
        snprintf(out, size, "channel %.200s", settings->key);
    else if (type[0] == '\0')
        snprintf(out, size, "%.200s (of what type the user may not ask)", settings->key);
    else if (strcmp(type, "none") == 0)
        snprintf(out, size, "%.200s is not there yet", settings->key);
    else {
        answer = redis_session_ask(s, 2, length, &result, why);
        int n = snprintf(out, size, "%.200s is a %s", settings->key, type);
        if (answer_kind(answer) == ANSWER_NUMBER)
            snprintf(out + n, size - (size_t)n, " of %lld documents", answer_number(answer));
        answer_free(answer);
    }
}

static const char *password_of(const struct redis_settings *settings, const struct redis_session *s)
{
    if (settings->password_file != NULL)
        return "the password of --redis-password-file";
    if (s->url.password[0] == '\0')
        return "no password";
    bool environment = settings->password != NULL && strcmp(s->url.password, settings->password) == 0;
    return environment ? "the password of RADOME_REDIS_PASSWORD" : "the URL's password";
}

bool redis_checkup(const struct redis_settings *settings, bool *wrong, char line[static ERRLEN], char err[static ERRLEN])
{
    struct redis_session s = {.link = NULL};
    struct redis_login login = {settings->url, settings->password_file, settings->password};
    struct redis *redis = redis_open(settings, err);
    char key[300];
    bool shares, good;
    *wrong = redis == NULL;
    if (redis == NULL)
        return false;
    good = redis_check(redis, err) == REDIS_SENT && redis_session_open(&s, &login, err) && redis_session_connect(&s, err) == REDIS_SENT;
    if (good)
        look_at_key(&s, settings, key, sizeof key); /* where a cluster keeps it, we are then */
    good = good && (s.link != NULL || redis_session_connect(&s, err) == REDIS_SENT) && try_rights(&s, settings, &shares, err);
    if (good)
        error_set(line, "Redis at %s%s: reached, as user %.60s with %s; %s; may write there%s", s.where, s.url.tls ? " by TLS" : "",
                  s.url.user[0] != '\0' ? s.url.user : "default", password_of(settings, &s), key,
                  shares ? ", and share evidence with other sensors" : ", but not share evidence with other sensors (feeds/README.md)");
    redis_session_close(&s);
    redis_close(redis);
    return good;
}
