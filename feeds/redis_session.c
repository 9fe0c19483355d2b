#include "feeds/redis_session.h"

#include <errno.h>
#include <stdlib.h>

enum { HOPS = 5, PATIENCE_MS = 1000 };

static bool read_password(struct redis_url *url, const char *path, char err[static ERRLEN])
{
    char password[sizeof url->password];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        error_set(err, "%s: %s", path, strerror(errno));
        return false;
    }
    size_t n = fread(password, 1, sizeof password - 1, file);
    fclose(file);
    password[n] = '\0';
    password[strcspn(password, "\r\n")] = '\0';
    if (password[0] == '\0') {
        error_set(err, "%s: no password on its first line", path);
        return false;
    }
    memcpy(url->password, password, sizeof password);
    return true;
}

bool redis_session_open(struct redis_session *s, const struct redis_login *login, char err[static ERRLEN])
{
    struct redis_url url;
    const char *file = login->password_file != NULL ? login->password_file : "";
    if (!redis_url_parse(&url, login->url, err) || (file[0] != '\0' && !read_password(&url, file, err)))
        return false;
    if (url.tls && !redis_link_has_tls()) {
        error_set(err, "rediss:// needs TLS, which this build's hiredis does not have; use redis:// through a TLS tunnel, or unix:");
        return false;
    }
    if (strlen(file) >= sizeof s->password_file) {
        error_set(err, "the path of the password file is too long");
        return false;
    }
    if (url.password[0] == '\0' && login->password != NULL)
        snprintf(url.password, sizeof url.password, "%s", login->password);
    redis_session_close(s);
    s->url = url;
    s->next = 0;
    snprintf(s->password_file, sizeof s->password_file, "%s", file);
    return true;
}

static void hang_up(struct redis_session *s)
{
    redis_link_close(s->link);
    s->link = NULL;
    s->asking = false;
}

void redis_session_close(struct redis_session *s)
{
    hang_up(s);
    s->moved.name[0] = '\0';
}

/* What error answers mean, by how they begin. Those not named here somebody has to look at. */
static const struct {
    const char *begins;
    enum redis_result result;
    const char *advice;
} meanings[] = {
    {"OOM ", REDIS_AWAY, "it is out of memory"},
    {"NOREPLICAS ", REDIS_AWAY, NULL},
    {"READONLY ", REDIS_AWAY, "it is a replica"},
    {"LOADING ", REDIS_AWAY, NULL},
    {"BUSY ", REDIS_AWAY, NULL},
    {"MISCONF ", REDIS_AWAY, "it cannot save to its disk"},
    {"MASTERDOWN ", REDIS_AWAY, NULL},
    {"CLUSTERDOWN ", REDIS_AWAY, NULL},
    {"TRYAGAIN ", REDIS_AWAY, NULL},
    {"MOVED ", REDIS_AWAY, "the slot moves about"},
    {"ASK ", REDIS_AWAY, "the slot moves about"},
    {"ERR max number of clients", REDIS_AWAY, NULL},
    {"ERR unknown command", REDIS_REFUSED, "it is too old for this, or the command is renamed"},
    {"WRONGTYPE ", REDIS_REFUSED, "the key holds something else; choose another --redis-key"},
    {"CROSSSLOT ", REDIS_REFUSED, "the key and what belongs to it are in different slots of the cluster; use --redis-key {radome}:hits"},
    {"NOPERM ", REDIS_REFUSED, "the user's rights (ACL) do not allow it"},
    {"NOAUTH ", REDIS_REFUSED, "it wants a password: --redis-password-file, or RADOME_REDIS_PASSWORD in the environment"},
    {"WRONGPASS ", REDIS_REFUSED, "user or password is wrong"},
};

/* Into *host, the end of "MOVED slot host:port" or "ASK slot host:port"; an empty host is the one that we asked. */
static bool redirected(const struct redis_session *s, const char *message, struct redis_host *host)
{
    const char *colon = strrchr(message, ':'), *space = strrchr(message, ' ');
    if ((strncmp(message, "MOVED ", 6) != 0 && strncmp(message, "ASK ", 4) != 0) || colon == NULL || colon < space)
        return false;
    const char *same = s->moved.name[0] != '\0' ? s->moved.name : s->url.host[s->next].name;
    long port = strtol(colon + 1, NULL, 10);
    if (colon == space + 1)
        snprintf(host->name, sizeof host->name, "%s", same);
    else
        slice_text(slice_of(space + 1, (size_t)(colon - space - 1)), host->name, sizeof host->name);
    host->port = (int)port;
    return host->name[0] != '\0' && port > 0 && port < 65536;
}

enum redis_result redis_session_judge(struct redis_session *s, const char *message, char err[static ERRLEN])
{
    struct redis_host host = {.port = 0};
    enum redis_result result = REDIS_REFUSED;
    const char *advice = NULL;
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (strncmp(message, meanings[i].begins, strlen(meanings[i].begins)) == 0) {
            result = meanings[i].result;
            advice = meanings[i].advice;
        }
    error_set(err, "Redis at %s answers %.150s%s%s%s", s->where, message, advice != NULL ? " (" : "", advice != NULL ? advice : "",
              advice != NULL ? ")" : "");
    bool sent_on = redirected(s, message, &host);
    if (strncmp(message, "READONLY", 8) == 0 && s->url.hosts > 0)
        s->next = (s->next + 1) % s->url.hosts;
    redis_session_close(s);
    if (sent_on) {
        s->moved = host;
        s->asking = message[0] == 'A';
    }
    return result;
}

struct answer *redis_session_read(struct redis_session *s, char err[static ERRLEN])
{
    char why[ERRLEN];
    struct answer *answer = redis_link_read(s->link, why);
    if (answer != NULL)
        return answer;
    error_set(err, "Redis at %s: %.200s", s->where, why);
    redis_session_close(s);
    return NULL;
}

static struct answer *order(struct redis_session *s, int argc, const char **argv, char err[static ERRLEN])
{
    redis_link_append(s->link, argc, argv, NULL);
    return redis_session_read(s, err);
}

struct answer *redis_session_approve(struct redis_session *s, struct answer *answer, enum redis_result *result, char err[static ERRLEN])
{
    if (answer != NULL && answer_kind(answer) != ANSWER_ERROR)
        return answer;
    if (answer != NULL)
        *result = redis_session_judge(s, (const char *)answer_text(answer).p, err);
    answer_free(answer);
    return NULL;
}

static enum redis_result obey(struct redis_session *s, int argc, const char **argv, char err[static ERRLEN])
{
    enum redis_result result = REDIS_AWAY;
    struct answer *answer = redis_session_approve(s, order(s, argc, argv, err), &result, err);
    if (answer != NULL)
        result = REDIS_SENT;
    answer_free(answer);
    return result;
}

/* A password file that cannot be read again (its rights were dropped, it is being replaced) leaves the password as it was. */
static enum redis_result log_in(struct redis_session *s, char err[static ERRLEN])
{
    enum redis_result result = REDIS_SENT;
    char database[16], why[ERRLEN];
    if (s->password_file[0] != '\0')
        read_password(&s->url, s->password_file, why);
    const char *with_user[] = {"AUTH", s->url.user, s->url.password}, *without[] = {"AUTH", s->url.password};
    const char *select[] = {"SELECT", database};
    snprintf(database, sizeof database, "%u", s->url.database);
    if (s->url.password[0] != '\0')
        result = s->url.user[0] != '\0' ? obey(s, 3, with_user, err) : obey(s, 2, without, err);
    if (result == REDIS_SENT && s->url.database != 0)
        result = obey(s, 2, select, err);
    return result;
}

static bool call(struct redis_session *s, const struct redis_host *host, char err[static ERRLEN])
{
    char why[ERRLEN];
    struct redis_target target = {.host = host->name, .port = host->port, .path = s->url.path, .tls = s->url.tls, .patience_ms = PATIENCE_MS};
    if (host->name[0] != '\0') {
        snprintf(s->where, sizeof s->where, strchr(host->name, ':') != NULL ? "[%s]:%d" : "%s:%d", host->name, host->port);
        target.path = "";
    } else {
        snprintf(s->where, sizeof s->where, "%s", s->url.path);
    }
    s->link = redis_link_open(&target, why);
    s->calls++;
    if (s->link == NULL)
        error_set(err, "Redis at %s: %.200s", s->where, why);
    return s->link != NULL;
}

/* What the Sentinel we are connected to says of the primary; the link to it is closed. */
static bool ask_sentinel(struct redis_session *s, struct redis_host *primary, char err[static ERRLEN])
{
    enum redis_result result;
    const char *argv[] = {"SENTINEL", "get-master-addr-by-name", s->url.primary};
    struct answer *answer = redis_session_approve(s, order(s, 3, argv, err), &result, err);
    if (answer == NULL)
        return false;
    if (answer_count(answer) == 2) {
        slice_text(answer_text(answer_item(answer, 0)), primary->name, sizeof primary->name);
        primary->port = atoi((const char *)answer_text(answer_item(answer, 1)).p);
    } else {
        error_set(err, "the Sentinel at %s knows no primary named %s", s->where, s->url.primary);
    }
    answer_free(answer);
    hang_up(s);
    return primary->name[0] != '\0';
}

/* The host itself, or the primary that the Sentinel there names. */
static bool reach(struct redis_session *s, const struct redis_host *host, char err[static ERRLEN])
{
    struct redis_host primary = {.port = 0};
    if (s->url.primary[0] == '\0' || host == &s->moved)
        return call(s, host, err);
    return call(s, host, err) && ask_sentinel(s, &primary, err) && call(s, &primary, err);
}

static bool find(struct redis_session *s, char err[static ERRLEN])
{
    static const struct redis_host local = {.port = 0};
    if (s->moved.name[0] != '\0') {
        bool asking = s->asking;
        if (reach(s, &s->moved, err))
            return s->asking = asking, true;
        redis_session_close(s); /* the next try begins with the URL's hosts */
        return false;
    }
    if (s->url.hosts == 0)
        return reach(s, &local, err);
    for (unsigned tried = 0; tried < s->url.hosts; tried++) {
        if (reach(s, &s->url.host[s->next], err))
            return true;
        s->next = (s->next + 1) % s->url.hosts;
    }
    return false;
}

enum redis_result redis_session_connect(struct redis_session *s, char err[static ERRLEN])
{
    if (s->link != NULL)
        return REDIS_SENT;
    return find(s, err) ? log_in(s, err) : REDIS_AWAY;
}

struct answer *redis_session_ask(struct redis_session *s, int argc, const char **argv, enum redis_result *result, char err[static ERRLEN])
{
    const char *asking[] = {"ASKING"};
    for (unsigned hops = 0; hops <= HOPS; hops++) {
        struct redis_host host;
        if ((*result = redis_session_connect(s, err)) != REDIS_SENT)
            return NULL;
        if (s->asking && (*result = obey(s, 1, asking, err)) != REDIS_SENT)
            return NULL;
        struct answer *answer = order(s, argc, argv, err);
        if (answer == NULL)
            *result = REDIS_AWAY;
        if (answer == NULL || answer_kind(answer) != ANSWER_ERROR || !redirected(s, (const char *)answer_text(answer).p, &host))
            return answer;
        *result = redis_session_judge(s, (const char *)answer_text(answer).p, err);
        answer_free(answer);
    }
    return NULL;
}
