#include "feeds/reading.h"

/* Beside the list KEY stand: KEY:taken, a set of consumers; KEY:taken:NAME, what the consumer has taken and not yet
 * acknowledged; KEY:alive:NAME, which expires when it gives no more sign of life. */
enum { KEY_BYTES = 512 };

struct names {
    char consumers[KEY_BYTES], taken[KEY_BYTES], alive[KEY_BYTES];
};

static void name_all(struct names *names, const struct reading *r, const char *consumer)
{
    snprintf(names->consumers, sizeof names->consumers, "%s:taken", r->settings.key);
    snprintf(names->taken, sizeof names->taken, "%s:taken:%s", r->settings.key, consumer);
    snprintf(names->alive, sizeof names->alive, "%s:alive:%s", r->settings.key, consumer);
}

static void append(struct reading *r, int argc, const char **argv)
{
    redis_link_append(r->session.link, argc, argv, NULL);
}

/* The answer to EXEC, of a transaction of `queued` commands; NULL: it failed, judged by the first error. */
static struct answer *execute(struct reading *r, size_t queued, enum redis_result *result, char err[static ERRLEN])
{
    char error[ERRLEN] = "";
    struct answer *answer = NULL;
    *result = REDIS_AWAY;
    append(r, 1, (const char *[]){"EXEC"});
    for (size_t i = 0; i < queued + 2; i++) {
        answer_free(answer);
        if ((answer = redis_session_read(&r->session, err)) == NULL)
            return NULL;
        if (answer_kind(answer) == ANSWER_ERROR && error[0] == '\0')
            slice_text(answer_text(answer), error, sizeof error);
    }
    for (size_t i = 0; i < answer_count(answer) && error[0] == '\0'; i++)
        if (answer_kind(answer_item(answer, i)) == ANSWER_ERROR)
            slice_text(answer_text(answer_item(answer, i)), error, sizeof error);
    *result = REDIS_SENT;
    if (error[0] == '\0')
        return answer;
    answer_free(answer);
    r->gone = strncmp(error, "WRONGTYPE", 9) == 0; /* the key was looked at before: it has changed since */
    if (!r->gone)
        *result = redis_session_judge(&r->session, error, err);
    return NULL;
}

/* Takes the texts of a list from its i-th item on. */
static void collect(struct reading *r, struct answer *answer, size_t i)
{
    for (; i < answer_count(answer) && r->count < CONSUMER_BATCH; i++)
        if (answer_kind(answer_item(answer, i)) == ANSWER_TEXT)
            r->entry[r->count++].document = answer_text(answer_item(answer, i));
    if (r->count > 0)
        r->answer = answer;
    else
        answer_free(answer);
}

static struct answer *ask(struct reading *r, int argc, const char **argv, enum redis_result *result, char err[static ERRLEN])
{
    return redis_session_approve(&r->session, redis_session_ask(&r->session, argc, argv, result, err), result, err);
}

/* What a consumer has that is dead goes back to the head of the list, in its order, and the consumer off the set. */
static enum redis_result give_back(struct reading *r, const char *consumer, char err[static ERRLEN])
{
    struct names names;
    enum redis_result result;
    name_all(&names, r, consumer);
    struct answer *alive = ask(r, 2, (const char *[]){"EXISTS", names.alive}, &result, err);
    struct answer *length = alive != NULL ? ask(r, 2, (const char *[]){"LLEN", names.taken}, &result, err) : NULL;
    if (length != NULL && answer_number(alive) == 0) {
        size_t n = (size_t)answer_number(length);
        append(r, 1, (const char *[]){"MULTI"});
        for (size_t i = 0; i < n; i++)
            append(r, 5, (const char *[]){"LMOVE", names.taken, r->settings.key, "RIGHT", "LEFT"});
        append(r, 3, (const char *[]){"SREM", names.consumers, consumer});
        answer_free(execute(r, n + 1, &result, err));
    }
    answer_free(alive);
    answer_free(length);
    return result;
}

static enum redis_result claim(struct reading *r, char err[static ERRLEN])
{
    struct names names;
    enum redis_result result;
    name_all(&names, r, r->settings.consumer);
    struct answer *members = ask(r, 2, (const char *[]){"SMEMBERS", names.consumers}, &result, err);
    for (size_t i = 0; members != NULL && result == REDIS_SENT && i < answer_count(members); i++) {
        const char *consumer = (const char *)answer_text(answer_item(members, i)).p;
        if (strcmp(consumer, r->settings.consumer) != 0)
            result = give_back(r, consumer, err);
    }
    answer_free(members);
    return result;
}

/* With a sign of life, in one transaction, so that nobody can come in between who takes us for dead. */
static enum redis_result take_some(struct reading *r, const struct names *names, size_t most, char err[static ERRLEN])
{
    char lifetime[24];
    enum redis_result result;
    snprintf(lifetime, sizeof lifetime, "%llu", (unsigned long long)r->settings.claim_ms);
    append(r, 1, (const char *[]){"MULTI"});
    append(r, 3, (const char *[]){"SADD", names->consumers, r->settings.consumer});
    append(r, 5, (const char *[]){"SET", names->alive, "1", "PX", lifetime});
    for (size_t i = 0; i < most; i++)
        append(r, 5, (const char *[]){"LMOVE", r->settings.key, names->taken, "LEFT", "RIGHT"});
    struct answer *answer = execute(r, most + 2, &result, err);
    if (answer != NULL)
        collect(r, answer, 2);
    return result;
}

static enum redis_result wait_for_one(struct reading *r, const struct names *names, char err[static ERRLEN])
{
    char seconds[24];
    enum redis_result result;
    snprintf(seconds, sizeof seconds, "%d.%03d", READING_WAIT_MS / 1000, READING_WAIT_MS % 1000);
    const char *argv[] = {"BLMOVE", r->settings.key, names->taken, "LEFT", "RIGHT", seconds};
    struct answer *answer = ask(r, 6, argv, &result, err);
    if (answer == NULL)
        return result;
    if (answer_kind(answer) == ANSWER_TEXT) {
        r->entry[r->count++].document = answer_text(answer);
        r->answer = answer;
    } else {
        answer_free(answer);
    }
    return REDIS_SENT;
}

enum redis_result list_take(struct reading *r, size_t most, char err[static ERRLEN])
{
    struct names names;
    enum redis_result result = REDIS_SENT;
    char last[24];
    name_all(&names, r, r->settings.consumer);
    snprintf(last, sizeof last, "%zu", most - 1);
    if (!r->resumed) {
        struct answer *answer = ask(r, 4, (const char *[]){"LRANGE", names.taken, "0", last}, &result, err);
        if (answer != NULL)
            collect(r, answer, 0);
        r->resumed = answer != NULL && r->count == 0;
    }
    if (result == REDIS_SENT && r->count == 0 && reading_claims_now(r))
        result = claim(r, err);
    if (result == REDIS_SENT && r->count == 0)
        result = take_some(r, &names, most, err);
    if (result == REDIS_SENT && r->count == 0 && !r->gone)
        result = wait_for_one(r, &names, err);
    return result;
}

/* One by one and by their text: whatever became of the list meanwhile, nothing goes that was not handed out. */
enum redis_result list_acknowledge(struct reading *r, char err[static ERRLEN])
{
    struct names names;
    enum redis_result result = redis_session_connect(&r->session, err);
    if (result != REDIS_SENT)
        return result;
    name_all(&names, r, r->settings.consumer);
    append(r, 1, (const char *[]){"MULTI"});
    for (size_t i = 0; i < r->count; i++) {
        struct slice document = r->entry[i].document;
        redis_link_append(r->session.link, 4, (const char *[]){"LREM", names.taken, "1", (const char *)document.p},
                          (size_t[]){4, strlen(names.taken), 1, document.len});
    }
    answer_free(execute(r, r->count, &result, err));
    return result;
}
