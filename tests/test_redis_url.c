/* Redis URLs, good and bad. No message may repeat the URL: a password may stand in it. */
#include "feeds/redis_url.h"
#include "tests/check.h"

static const struct {
    const char *url;
    bool fine;
    struct redis_url expected;
    const char *reason;
} rows[] = {
    {"redis://localhost", true, {.hosts = 1, .host = {{"localhost", 6379}}}, "the usual port"},
    {"redis://localhost:7000", true, {.hosts = 1, .host = {{"localhost", 7000}}}, "another port"},
    {"redis://localhost:7000/3", true, {.hosts = 1, .host = {{"localhost", 7000}}, .database = 3}, "a database"},
    {"redis://localhost/", true, {.hosts = 1, .host = {{"localhost", 6379}}}, "an empty path is database 0"},
    {"redis://:pass@localhost", true, {.hosts = 1, .host = {{"localhost", 6379}}, .password = "pass"}, "a password alone"},
    {"redis://me:pass@localhost", true, {.hosts = 1, .host = {{"localhost", 6379}}, .user = "me", .password = "pass"}, "a user"},
    {"redis://me:p%40ss%2f@[::1]:7000/1", true, {.hosts = 1, .host = {{"::1", 7000}}, .user = "me", .password = "p@ss/", .database = 1}, "IPv6, escapes"},
    {"redis://me:p@ss@localhost", true, {.hosts = 1, .host = {{"localhost", 6379}}, .user = "me", .password = "p@ss"}, "a forgotten escape"},
    {"redis://me:pass/word@localhost", true, {.hosts = 1, .host = {{"localhost", 6379}}, .user = "me", .password = "pass/word"}, "another"},
    {"unix:/run/redis.sock", true, {.path = "/run/redis.sock"}, "a socket"},
    {"unix:///run/redis.sock", true, {.path = "/run/redis.sock"}, "the same with an empty authority"},
    {"unix:run/redis.sock", false, {.hosts = 0}, "a relative path"},
    {"redis://", false, {.hosts = 0}, "no host"},
    {"redis://:7000", false, {.hosts = 0}, "no host but a port"},
    {"redis://localhost:", false, {.hosts = 0}, "no port after the colon"},
    {"redis://localhost:0", false, {.hosts = 0}, "port 0"},
    {"redis://localhost:65536", false, {.hosts = 0}, "a port too large"},
    {"redis://localhost:7000x", false, {.hosts = 0}, "a port that is none"},
    {"redis://localhost/one", false, {.hosts = 0}, "a database that is none"},
    {"redis://user@localhost", false, {.hosts = 0}, "a user without a password"},
    {"redis://:p%4@localhost", false, {.hosts = 0}, "half an escape"},
    {"redis://:p%00@localhost", false, {.hosts = 0}, "an escaped NUL"},
    {"redis://[::1", false, {.hosts = 0}, "an open bracket"},
    {"redis://[::1]7000", false, {.hosts = 0}, "no colon after it"},
    {"http://localhost", false, {.hosts = 0}, "another scheme"},
    {"rediss://localhost:7000/2", true, {.hosts = 1, .host = {{"localhost", 7000}}, .tls = true, .database = 2}, "TLS"},
    {"redis://:p,w@a,b:7001,[::1]:7002/1", true, {.hosts = 3, .host = {{"a", 6379}, {"b", 7001}, {"::1", 7002}}, .password = "p,w", .database = 1}, "three nodes"},
    {"redis://a,b,c,d,e,f,g,h", true, {.hosts = 8, .host = {{"a", 6379}, {"b", 6379}, {"c", 6379}, {"d", 6379}, {"e", 6379}, {"f", 6379}, {"g", 6379}, {"h", 6379}}}, "as many as there is room for"},
    {"redis://a,b,c,d,e,f,g,h,i", false, {.hosts = 0}, "one too many"},
    {"redis://a,,b", false, {.hosts = 0}, "a host that is none"},
    {"redis://a,", false, {.hosts = 0}, "nothing after the comma"},
    {"redis+sentinel://a,b:26380/mine/2", true, {.hosts = 2, .host = {{"a", 26379}, {"b", 26380}}, .primary = "mine", .database = 2}, "Sentinels"},
    {"redis+sentinel://:pass@a/my%20own", true, {.hosts = 1, .host = {{"a", 26379}}, .primary = "my own", .password = "pass"}, "a name with an escape"},
    {"redis+sentinel://a", false, {.hosts = 0}, "Sentinels without a name to ask for"},
    {"redis+sentinel://a//2", false, {.hosts = 0}, "an empty name"},
    {"localhost:6379", false, {.hosts = 0}, "no scheme"},
    {"", false, {.hosts = 0}, "nothing"},
};

static bool same(const struct redis_url *a, const struct redis_url *b)
{
    bool same_hosts = a->hosts == b->hosts;
    for (unsigned i = 0; same_hosts && i < a->hosts; i++)
        same_hosts = strcmp(a->host[i].name, b->host[i].name) == 0 && a->host[i].port == b->host[i].port;
    return same_hosts && strcmp(a->path, b->path) == 0 && strcmp(a->user, b->user) == 0 && strcmp(a->password, b->password) == 0 &&
           strcmp(a->primary, b->primary) == 0 && a->tls == b->tls && a->database == b->database;
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char err[ERRLEN] = "", cut[128];
        struct redis_url url;
        const struct redis_url *e = &rows[i].expected;
        CHECK(redis_url_parse(&url, rows[i].url, err) == rows[i].fine, "%s: %s", rows[i].url, rows[i].reason);
        CHECK(strstr(err, "me:") == NULL, "no password in '%s'", err);
        if (rows[i].fine)
            CHECK(same(&url, e), "%s: %s", rows[i].url, rows[i].reason);
        for (size_t n = 0; n <= strlen(rows[i].url) && n < sizeof cut; n++) { /* every truncation ends in a yes or a no */
            slice_text(slice_head(slice_str(rows[i].url), n), cut, sizeof cut);
            redis_url_parse(&url, (const char *)guard_copy(slice_of(cut, n + 1), 0).p, err);
        }
    }
    char err[ERRLEN], longest[1000] = "redis://:";
    struct redis_url url;
    memset(longest + 9, 'x', 900);
    memcpy(longest + 909, "@h", 3);
    CHECK(!redis_url_parse(&url, longest, err), "a password longer than any is refused, not cut");
    return check_report("test_redis_url");
}
