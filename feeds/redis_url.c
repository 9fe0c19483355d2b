#include "feeds/redis_url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Copies up to `end`, undoing %XX. False: too long, a broken escape or an escaped NUL. */
static bool decode(const char *text, const char *end, char *out, size_t size)
{
    size_t n = 0;
    for (; text < end; text++) {
        char byte = *text;
        if (byte == '%') {
            char hex[3] = {0};
            if (end - text < 3 || !isxdigit((unsigned char)text[1]) || !isxdigit((unsigned char)text[2]))
                return false;
            memcpy(hex, text + 1, 2);
            byte = (char)strtol(hex, NULL, 16);
            text += 2;
        }
        if (byte == '\0' || n + 1 == size)
            return false;
        out[n++] = byte;
    }
    out[n] = '\0';
    return true;
}

static bool parse_count(const char *text, const char *end, unsigned long most, unsigned long *number)
{
    char *stop;
    if (text == end || !isdigit((unsigned char)*text))
        return false;
    *number = strtoul(text, &stop, 10);
    return stop == end && *number <= most;
}

static bool parse_user(struct redis_url *url, const char *text, const char *at)
{
    const char *colon = memchr(text, ':', (size_t)(at - text));
    return colon != NULL && decode(text, colon, url->user, sizeof url->user) && decode(colon + 1, at, url->password, sizeof url->password);
}

/* host, [v6], either with :port */
static bool parse_host(struct redis_url *url, const char *text, const char *end)
{
    const char *host_end;
    unsigned long port = 6379;
    if (*text == '[') {
        const char *close = memchr(text, ']', (size_t)(end - text));
        if (close == NULL || !decode(text + 1, close, url->host, sizeof url->host))
            return false;
        host_end = close + 1;
    } else {
        host_end = memchr(text, ':', (size_t)(end - text));
        host_end = host_end != NULL ? host_end : end;
        if (!decode(text, host_end, url->host, sizeof url->host))
            return false;
    }
    if (host_end != end && (*host_end != ':' || !parse_count(host_end + 1, end, 65535, &port) || port == 0))
        return false;
    url->port = (int)port;
    return url->host[0] != '\0';
}

bool redis_url_parse(struct redis_url *url, const char *text, char err[static ERRLEN])
{
    *url = (struct redis_url){0};
    if (strncmp(text, "unix:", 5) == 0) {
        const char *path = strncmp(text, "unix://", 7) == 0 ? text + 7 : text + 5;
        if (path[0] == '/' && strlen(path) < sizeof url->path)
            return memcpy(url->path, path, strlen(path) + 1), true;
        error_set(err, "the Redis socket must be an absolute path of up to %zu bytes: unix:/path/to.sock", sizeof url->path - 1);
        return false;
    }
    if (strncmp(text, "rediss://", 9) == 0) {
        error_set(err, "rediss:// needs TLS, which this build's hiredis does not have; use redis:// through a TLS tunnel, or unix:");
        return false;
    }
    const char *rest = text + 8, *end = text + strlen(text);
    bool fine = strncmp(text, "redis://", 8) == 0;
    if (fine) {
        const char *at = strrchr(rest, '@');
        const char *slash = strchr(at != NULL ? at : rest, '/');
        unsigned long database = 0;
        if (slash != NULL && slash + 1 < end)
            fine = parse_count(slash + 1, end, 1u << 20, &database);
        fine = fine && (at == NULL || parse_user(url, rest, at)) && parse_host(url, at != NULL ? at + 1 : rest, slash != NULL ? slash : end);
        url->database = (unsigned)database;
    }
    if (!fine) /* the URL itself is not repeated: a password may stand in it */
        error_set(err, "the Redis URL is not of the form redis://[[user]:password@]host[:port][/db] or unix:/path/to.sock");
    return fine;
}
