#include "feeds/reading.h"

/* radome writes entries of one field, named after the format. A deleted entry has none left. */
static struct slice document_of(const struct answer *fields)
{
    return fields != NULL && answer_count(fields) >= 2 ? answer_text(answer_item(fields, 1)) : S("");
}

/* Keeps the answer for what it holds; entries may be NULL. */
static void collect(struct reading *r, struct answer *answer, const struct answer *entries)
{
    for (size_t i = 0; entries != NULL && i < answer_count(entries) && r->count < CONSUMER_BATCH; i++) {
        const struct answer *entry = answer_item(entries, i);
        if (answer_count(entry) != 2) /* claimed, but deleted before */
            continue;
        r->entry[r->count].id = answer_text(answer_item(entry, 0));
        r->entry[r->count++].document = document_of(answer_item(entry, 1));
    }
    if (r->count > 0)
        r->answer = answer;
    else
        answer_free(answer);
}

static bool begins(const struct answer *answer, struct slice word)
{
    return answer != NULL && answer_kind(answer) == ANSWER_ERROR && slice_starts(answer_text(answer), word);
}

/* The stream was deleted, with its groups, or something else has taken its place: to be looked at anew. */
static bool lost(struct reading *r, const struct answer *answer)
{
    r->gone = begins(answer, S("NOGROUP")) || begins(answer, S("UNBLOCKED")) || begins(answer, S("WRONGTYPE")) ||
              begins(answer, S("ERR The XGROUP"));
    if (r->gone)
        r->grouped = false;
    return r->gone;
}

/* A command's answer, NULL where there is none that matters. */
static struct answer *ask(struct reading *r, int argc, const char **argv, enum redis_result *result, char err[static ERRLEN])
{
    struct answer *answer = redis_session_ask(&r->session, argc, argv, result, err);
    if (!lost(r, answer))
        return redis_session_approve(&r->session, answer, result, err);
    answer_free(answer);
    return NULL;
}

static enum redis_result make_group(struct reading *r, char err[static ERRLEN])
{
    enum redis_result result;
    const char *from = r->settings.from;
    from = strcmp(from, "first") == 0 ? "0" : strcmp(from, "new") == 0 ? "$" : from;
    const char *argv[] = {"XGROUP", "CREATE", r->settings.key, r->settings.group, from};
    struct answer *answer = redis_session_ask(&r->session, 5, argv, &result, err);
    r->grouped = begins(answer, S("BUSYGROUP"));
    if (!r->grouped && !lost(r, answer)) {
        answer = redis_session_approve(&r->session, answer, &result, err);
        r->grouped = answer != NULL;
    }
    answer_free(answer);
    if (r->grouped)
        r->settings.from = "first"; /* should it have to be made again, nothing is passed over */
    return result;
}

/* after: "0" for what is ours and not acknowledged, ">" for what is new, which is waited for. */
static enum redis_result read_group(struct reading *r, size_t most, const char *after, char err[static ERRLEN])
{
    char count[24], wait[24];
    enum redis_result result;
    snprintf(count, sizeof count, "%zu", most);
    snprintf(wait, sizeof wait, "%d", READING_WAIT_MS);
    const char *argv[] = {"XREADGROUP", "GROUP", r->settings.group, r->settings.consumer, "COUNT", count,
                          "BLOCK", wait, "STREAMS", r->settings.key, after};
    struct answer *answer = ask(r, 11, argv, &result, err);
    if (answer == NULL)
        return result;
    const struct answer *stream = answer_item(answer, 0);
    collect(r, answer, stream != NULL ? answer_item(stream, 1) : NULL);
    return REDIS_SENT;
}

/* Redis before 6.2: first who has waited for how long, then those by their ids. */
static enum redis_result claim_by_ids(struct reading *r, size_t most, const char *idle, char err[static ERRLEN])
{
    enum redis_result result;
    const char *pending[] = {"XPENDING", r->settings.key, r->settings.group, "-", "+", "1000"};
    const char *claim[5 + CONSUMER_BATCH] = {"XCLAIM", r->settings.key, r->settings.group, r->settings.consumer, idle};
    struct answer *waiting = ask(r, 6, pending, &result, err), *answer = NULL;
    int argc = 5;
    for (size_t i = 0; waiting != NULL && i < answer_count(waiting) && argc < 5 + (int)most; i++) {
        const struct answer *entry = answer_item(waiting, i); /* id, consumer, milliseconds, deliveries */
        if (answer_count(entry) == 4 && answer_number(answer_item(entry, 2)) >= (long long)r->settings.claim_ms)
            claim[argc++] = (const char *)answer_text(answer_item(entry, 0)).p;
    }
    if (argc > 5 && (answer = ask(r, argc, claim, &result, err)) != NULL)
        collect(r, answer, answer);
    answer_free(waiting);
    return result;
}

/* What others took and did not acknowledge for too long is ours now. */
static enum redis_result claim(struct reading *r, size_t most, char err[static ERRLEN])
{
    char count[24], idle[24];
    enum redis_result result;
    snprintf(count, sizeof count, "%zu", most);
    snprintf(idle, sizeof idle, "%llu", (unsigned long long)r->settings.claim_ms);
    if (r->no_autoclaim)
        return claim_by_ids(r, most, idle, err);
    const char *from = r->claim_from[0] != '\0' ? r->claim_from : "0-0";
    const char *argv[] = {"XAUTOCLAIM", r->settings.key, r->settings.group, r->settings.consumer, idle, from, "COUNT", count};
    struct answer *answer = redis_session_ask(&r->session, 8, argv, &result, err);
    r->no_autoclaim = begins(answer, S("ERR unknown command"));
    if (r->no_autoclaim || lost(r, answer)) {
        answer_free(answer);
        return r->no_autoclaim ? claim_by_ids(r, most, idle, err) : result;
    }
    if ((answer = redis_session_approve(&r->session, answer, &result, err)) == NULL)
        return result;
    const struct answer *next = answer_item(answer, 0); /* where its search goes on, 0-0 at the end */
    slice_text(next != NULL ? answer_text(next) : S("0-0"), r->claim_from, sizeof r->claim_from);
    if (strcmp(r->claim_from, "0-0") != 0)
        r->claim_at_ms = 0;
    collect(r, answer, answer_item(answer, 1));
    return REDIS_SENT;
}

enum redis_result stream_take(struct reading *r, size_t most, char err[static ERRLEN])
{
    enum redis_result result = r->grouped ? REDIS_SENT : make_group(r, err);
    if (result == REDIS_SENT && r->grouped && !r->resumed) {
        result = read_group(r, most, "0", err);
        r->resumed = result == REDIS_SENT && r->count == 0;
    }
    if (result == REDIS_SENT && r->grouped && r->count == 0 && reading_claims_now(r))
        result = claim(r, most, err);
    if (result == REDIS_SENT && r->grouped && r->count == 0)
        result = read_group(r, most, ">", err);
    return result;
}

enum redis_result stream_acknowledge(struct reading *r, char err[static ERRLEN])
{
    enum redis_result result;
    const char *argv[3 + CONSUMER_BATCH] = {"XACK", r->settings.key, r->settings.group};
    for (size_t i = 0; i < r->count; i++)
        argv[3 + i] = (const char *)r->entry[i].id.p;
    answer_free(ask(r, 3 + (int)r->count, argv, &result, err));
    return result;
}
