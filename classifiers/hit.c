#include "classifiers/hit.h"

#include <stdarg.h>
#include <stdio.h>

#include "capture/http.h"

static void lower(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text |= 0x20;
}

/* Takes "http://" or "https://" off the front; false where the target is not in absolute form. */
static bool cut_scheme(struct slice *target)
{
    static const struct slice schemes[] = {{(const uint8_t *)"http://", 7}, {(const uint8_t *)"https://", 8}};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (slice_ieq(slice_head(*target, schemes[i].len), schemes[i])) {
            *target = slice_from(*target, schemes[i].len);
            return true;
        }
    return false;
}

/* How many bytes of an absolute target, its scheme gone, are the authority. */
static size_t authority_length(struct slice rest)
{
    size_t n = 0;
    while (n < rest.len && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#')
        n++;
    return n;
}

static struct slice authority(const struct http_message *request)
{
    struct slice target = request->target;
    if (slice_eq(request->method, S("CONNECT")))
        return target;
    if (cut_scheme(&target))
        return slice_head(target, authority_length(target));
    return slice_trim(http_header(request, S("Host")));
}

struct slice hit_path(const struct http_message *request)
{
    struct slice target = request->target;
    if (slice_eq(request->method, S("CONNECT")))
        return slice_of(target.p, 0);
    if (cut_scheme(&target))
        return slice_from(target, authority_length(target));
    return target;
}

/* user@host:port → host; [v6]:port → v6. A last dot, the root's, goes as well: names are compared without it. */
size_t hit_host(char host[static HIT_NAME], const struct http_message *request)
{
    struct slice name = authority(request);
    for (ptrdiff_t at; (at = slice_chr(name, '@')) >= 0;)
        name = slice_from(name, (size_t)at + 1);
    bool bracketed = slice_starts(name, S("["));
    if (bracketed)
        name = slice_from(name, 1);
    ptrdiff_t end = slice_chr(name, bracketed ? ']' : ':');
    if (end >= 0)
        name = slice_head(name, (size_t)end);
    if (slice_ends(name, S(".")))
        name.len--;
    slice_text(name, host, HIT_NAME);
    lower(host);
    return strlen(host);
}

void hit_http_set(struct hit *hit, const struct http_transaction *transaction)
{
    const struct http_message *request = &transaction->request, *response = &transaction->response;
    hit->seen = SEEN_HTTP;
    hit->http = (struct hit_http){.status = response->status,
                                  .request_bytes = request->body_bytes,
                                  .response_bytes = response->body_bytes};
    slice_text(request->method, hit->http.method, sizeof hit->http.method);
    slice_text(request->target, hit->http.target, sizeof hit->http.target);
    slice_text(http_header(request, S("User-Agent")), hit->http.user_agent, sizeof hit->http.user_agent);

    struct slice type = http_header(response, S("Content-Type"));
    ptrdiff_t parameters = slice_chr(type, ';');
    slice_text(slice_trim(parameters < 0 ? type : slice_head(type, (size_t)parameters)), hit->http.mime_type,
               sizeof hit->http.mime_type);
    lower(hit->http.mime_type);

    /* An address is a host but not a name: it must not be counted among the names that a client asked for. */
    struct addr ignored;
    size_t length = hit_host(hit->http.host, request);
    hit->name[0] = '\0';
    if (!addr_parse(&ignored, slice_of(hit->http.host, length)))
        memcpy(hit->name, hit->http.host, length + 1);
}

void hit_why(struct hit *hit, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(hit->why, sizeof hit->why, format, args);
    va_end(args);
}

void hit_technique(struct hit *hit, const char *id)
{
    for (size_t i = 0; i < sizeof hit->technique / sizeof *hit->technique; i++) {
        if (strcmp(hit->technique[i], id) == 0)
            return;
        if (hit->technique[i][0] == '\0') {
            slice_text(slice_str(id), hit->technique[i], sizeof hit->technique[i]);
            return;
        }
    }
}
