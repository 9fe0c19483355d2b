#include "feeds/http_view.h"

enum { HTTP_PORT = 80 };

static struct slice cut_scheme(struct slice *target)
{
    static const char *const schemes[] = {"http", "https"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct slice scheme = slice_str(schemes[i]), rest = slice_from(*target, scheme.len);
        if (slice_ieq(slice_head(*target, scheme.len), scheme) && slice_starts(rest, S("://"))) {
            *target = slice_from(rest, 3);
            return scheme;
        }
    }
    return slice_of(NULL, 0);
}

/* How many bytes come before the first of these. */
static size_t span(struct slice s, const char *stops)
{
    size_t n = 0;
    while (n < s.len && strchr(stops, s.p[n]) == NULL)
        n++;
    return n;
}

static void put(char *text, size_t *len, struct slice s)
{
    memcpy(text + *len, s.p, s.len);
    *len += s.len;
}

static void set_domain(struct http_view *view, struct slice host)
{
    size_t len = 0;
    bool literal = slice_chr(host, ':') >= 0;
    if (literal)
        put(view->domain_text, &len, S("["));
    put(view->domain_text, &len, slice_head(host, HIT_NAME));
    if (literal)
        put(view->domain_text, &len, S("]"));
    view->domain = slice_of(view->domain_text, len);
}

/* http://host:port/target, the port only where it is not the scheme's own. */
static void build_url(struct http_view *view)
{
    char digits[5];
    size_t len = 0, at = sizeof digits;
    put(view->url_text, &len, S("http://"));
    put(view->url_text, &len, view->domain);
    if (view->port != HTTP_PORT) {
        for (unsigned rest = view->port; at == sizeof digits || rest > 0; rest /= 10)
            digits[--at] = (char)('0' + rest % 10);
        put(view->url_text, &len, S(":"));
        put(view->url_text, &len, slice_of(digits + at, sizeof digits - at));
    }
    put(view->url_text, &len, view->target);
    view->url = slice_of(view->url_text, len);
    view->scheme = S("http");
}

/* Which of the four forms the target has decides what is known: an absolute one names its authority itself, an origin
 * form borrows the Host field and the server's port, CONNECT's and "*" are no URL. */
static void set_url(struct http_view *view, struct slice host, uint16_t server_port)
{
    struct slice rest = view->target = slice_head(view->target, HTTP_VIEW_TARGET);
    bool connect = slice_eq(view->method, S("CONNECT"));
    set_domain(view, host);
    view->url = view->target;
    view->scheme = connect ? slice_of(NULL, 0) : cut_scheme(&rest);
    view->whole = view->scheme.len > 0;
    if (view->whole) {
        rest = slice_from(rest, span(rest, "/?#"));
    } else if (!connect && host.len > 0 && slice_starts(view->target, S("/"))) {
        view->whole = true;
        view->port = server_port;
        build_url(view);
    }
    if (connect)
        return;
    view->path = slice_cut(&rest, span(rest, "?#"));
    if (slice_starts(rest, S("?")))
        view->query = slice_from(slice_head(rest, span(rest, "#")), 1);
}

void http_view_of_hit(struct http_view *view, const struct hit *hit)
{
    const struct hit_http *http = &hit->http;
    memset(view, 0, offsetof(struct http_view, domain_text));
    view->method = slice_str(http->method);
    view->target = slice_str(http->target);
    view->user_agent = slice_str(http->user_agent);
    view->mime_type = slice_str(http->mime_type);
    view->status = http->status;
    view->request_body = http->request_bytes;
    view->response_body = http->response_bytes;
    set_url(view, slice_str(http->host[0] != '\0' ? http->host : hit->name), hit->tuple.dport);
}
