/* Redis URLs, good and bad. No message may repeat the URL: a password may stand in it. */
#include "feeds/redis_url.h"
#include "tests/check.h"

static const struct {
    const char *url;
    bool fine;
    struct redis_url expected;
    const char *reason;
} rows[] = {
    {"redis://localhost", true, {.host = "localhost", .port = 6379}, "the usual port"},
    {"redis://localhost:7000", true, {.host = "localhost", .port = 7000}, "another port"},
    {"redis://localhost:7000/3", true, {.host = "localhost", .port = 7000, .database = 3}, "a database"},
    {"redis://localhost/", true, {.host = "localhost", .port = 6379}, "an empty path is database 0"},
    {"redis://:pass@localhost", true, {.host = "localhost", .port = 6379, .password = "pass"}, "a password alone"},
    {"redis://me:pass@localhost", true, {.host = "localhost", .port = 6379, .user = "me", .password = "pass"}, "a user"},
    {"redis://me:p%40ss%2f@[::1]:7000/1", true, {.host = "::1", .port = 7000, .user = "me", .password = "p@ss/", .database = 1}, "IPv6, escapes"},
    {"redis://me:p@ss@localhost", true, {.host = "localhost", .port = 6379, .user = "me", .password = "p@ss"}, "a forgotten escape"},
    {"redis://me:pass/word@localhost", true, {.host = "localhost", .port = 6379, .user = "me", .password = "pass/word"}, "another"},
    {"unix:/run/redis.sock", true, {.path = "/run/redis.sock"}, "a socket"},
    {"unix:///run/redis.sock", true, {.path = "/run/redis.sock"}, "the same with an empty authority"},
    {"unix:run/redis.sock", false, {.host = ""}, "a relative path"},
    {"redis://", false, {.host = ""}, "no host"},
    {"redis://:7000", false, {.host = ""}, "no host but a port"},
    {"redis://localhost:", false, {.host = ""}, "no port after the colon"},
    {"redis://localhost:0", false, {.host = ""}, "port 0"},
    {"redis://localhost:65536", false, {.host = ""}, "a port too large"},
    {"redis://localhost:7000x", false, {.host = ""}, "a port that is none"},
    {"redis://localhost/one", false, {.host = ""}, "a database that is none"},
    {"redis://user@localhost", false, {.host = ""}, "a user without a password"},
    {"redis://:p%4@localhost", false, {.host = ""}, "half an escape"},
    {"redis://:p%00@localhost", false, {.host = ""}, "an escaped NUL"},
    {"redis://[::1", false, {.host = ""}, "an open bracket"},
    {"redis://[::1]7000", false, {.host = ""}, "no colon after it"},
    {"http://localhost", false, {.host = ""}, "another scheme"},
    {"rediss://localhost", false, {.host = ""}, "TLS, which is told apart"},
    {"localhost:6379", false, {.host = ""}, "no scheme"},
    {"", false, {.host = ""}, "nothing"},
};

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char err[ERRLEN] = "", cut[128];
        struct redis_url url;
        const struct redis_url *e = &rows[i].expected;
        CHECK(redis_url_parse(&url, rows[i].url, err) == rows[i].fine, "%s: %s", rows[i].url, rows[i].reason);
        CHECK(strstr(err, "me:") == NULL, "no password in '%s'", err);
        if (rows[i].fine)
            CHECK(strcmp(url.host, e->host) == 0 && strcmp(url.path, e->path) == 0 && strcmp(url.user, e->user) == 0 &&
                      strcmp(url.password, e->password) == 0 && url.port == e->port && url.database == e->database,
                  "%s: %s", rows[i].url, rows[i].reason);
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
