#include "feeds/http_view.h"

#include "capture/http.h"

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

static void set(struct http_view *view, const struct hit_http *http)
{
    memset(view, 0, offsetof(struct http_view, own));
    view->method = slice_str(http->method);
    view->target = slice_str(http->target);
    view->user_agent = slice_str(http->user_agent);
    view->mime_type = slice_str(http->mime_type);
    view->status = http->status;
    view->request_body = http->request_bytes;
    view->response_body = http->response_bytes;
}

void http_view_of_hit(struct http_view *view, const struct hit *hit)
{
    set(view, &hit->http);
    set_url(view, slice_str(hit->http.host[0] != '\0' ? hit->http.host : hit->name), hit->tuple.dport);
}

/* Head and body, the head as it is usually written. 0 where it was not kept as it came: fields left out, or values that
 * capture keeps back as secrets. */
static uint64_t bytes_of(const struct http_message *request)
{
    uint64_t bytes = request->method.len + request->target.len + sizeof "  HTTP/1.1\r\n\r\n" - 1 + request->wire_bytes;
    bool known = request->version != 9 && request->headers_left == 0 && !(request->flags & HTTP_LIMIT);
    for (size_t i = 0; i < request->headers; i++) {
        const struct http_header *field = &request->header[i];
        bytes += field->name.len + field->value.len + sizeof ": \r\n" - 1;
        known = known && field->value.len > 0;
    }
    return known ? bytes : 0;
}

void http_view_of_transaction(struct http_view *view, const struct http_transaction *transaction, uint16_t port)
{
    const struct http_message *request = &transaction->request;
    struct hit hit;
    hit_http_set(&hit, transaction);
    view->own = hit.http;
    set(view, &view->own);
    view->version = transaction->response.version;
    if (!(request->flags & HTTP_SEEN))
        return;
    view->target = request->target;
    view->user_agent = slice_head(http_header(request, S("User-Agent")), HTTP_VIEW_TEXT);
    view->referrer = slice_head(http_header(request, S("Referer")), HTTP_VIEW_TEXT);
    view->version = request->version;
    view->request_bytes = bytes_of(request);
    set_url(view, slice_str(view->own.host), port);
}
