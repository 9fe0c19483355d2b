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
static bool parse_host(struct redis_host *host, const char *text, const char *end, unsigned long port)
{
    const char *host_end;
    if (text < end && *text == '[') {
        const char *close = memchr(text, ']', (size_t)(end - text));
        if (close == NULL || !decode(text + 1, close, host->name, sizeof host->name))
            return false;
        host_end = close + 1;
    } else {
        host_end = memchr(text, ':', (size_t)(end - text));
        host_end = host_end != NULL ? host_end : end;
        if (!decode(text, host_end, host->name, sizeof host->name))
            return false;
    }
    if (host_end != end && (*host_end != ':' || !parse_count(host_end + 1, end, 65535, &port) || port == 0))
        return false;
    host->port = (int)port;
    return host->name[0] != '\0';
}

static bool parse_hosts(struct redis_url *url, const char *text, const char *end, unsigned long port)
{
    for (const char *comma; url->hosts < REDIS_HOSTS; text = comma + 1) {
        comma = memchr(text, ',', (size_t)(end - text));
        if (!parse_host(&url->host[url->hosts++], text, comma != NULL ? comma : end, port))
            return false;
        if (comma == NULL)
            return true;
    }
    return false;
}

/* What stands behind the hosts: [/db], or /name[/db] for Sentinels. */
static bool parse_path(struct redis_url *url, const char *text, const char *end, bool sentinel)
{
    unsigned long database = 0;
    if (sentinel) {
        const char *slash = memchr(text, '/', (size_t)(end - text));
        slash = slash != NULL ? slash : end;
        if (!decode(text, slash, url->primary, sizeof url->primary) || url->primary[0] == '\0')
            return false;
        text = slash < end ? slash + 1 : end;
    }
    if (text < end && !parse_count(text, end, 1u << 20, &database))
        return false;
    url->database = (unsigned)database;
    return true;
}

static bool parse_unix(struct redis_url *url, const char *path, char err[static ERRLEN])
{
    path = strncmp(path, "//", 2) == 0 ? path + 2 : path;
    if (path[0] != '/' || strlen(path) >= sizeof url->path) {
        error_set(err, "the Redis socket must be an absolute path of up to %zu bytes: unix:/path/to.sock", sizeof url->path - 1);
        return false;
    }
    memcpy(url->path, path, strlen(path) + 1);
    return true;
}

static const struct {
    const char *prefix;
    unsigned short port;
    bool tls, sentinel;
} schemes[] = {
    {"redis://", 6379, false, false},
    {"rediss://", 6379, true, false},
    {"redis+sentinel://", 26379, false, true},
};

bool redis_url_parse(struct redis_url *url, const char *text, char err[static ERRLEN])
{
    *url = (struct redis_url){.hosts = 0};
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(url, text + 5, err);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t prefix = strlen(schemes[i].prefix);
        if (strncmp(text, schemes[i].prefix, prefix) != 0)
            continue;
        const char *rest = text + prefix, *end = text + strlen(text);
        const char *at = strrchr(rest, '@'), *hosts = at != NULL ? at + 1 : rest; /* a password may hold '@' and '/' */
        const char *slash = strchr(hosts, '/');
        url->tls = schemes[i].tls;
        if ((at == NULL || parse_user(url, rest, at)) && parse_hosts(url, hosts, slash != NULL ? slash : end, schemes[i].port) &&
            parse_path(url, slash != NULL ? slash + 1 : end, end, schemes[i].sentinel))
            return true;
    }
    /* The URL itself is not repeated: a password may stand in it. */
    error_set(err, "the Redis URL is not of the form redis://[[user]:password@]host[:port][/db], rediss://..., "
                   "redis+sentinel://host[:port]/name[/db] or unix:/path/to.sock");
    return false;
}
