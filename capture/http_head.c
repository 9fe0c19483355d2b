#include "capture/http_head.h"
#include "capture/http.h"

enum { METHOD_MAX = 32 };

/* RFC 9110 section 5.6.2, without the signs that no method has ever used. */
static bool method_byte(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

static struct slice cut_method(struct slice *line)
{
    size_t n = 0;
    while (n < line->len && n <= METHOD_MAX && method_byte(line->p[n]))
        n++;
    return slice_cut(line, n);
}

/* "HTTP/1." and anything, without regard to case; 0 where it is not that. All but 1.0 counts as 1.1 (RFC 9110
 * section 2.5). */
static uint8_t version_of(struct slice text)
{
    if (text.len != 8 || !slice_ieq(slice_head(text, 7), S("HTTP/1.")))
        return 0;
    return text.p[7] == '0' ? 10 : 11;
}

/* A target with blanks in it is wrong and common: what stands between the method and the version is the target. */
bool http_request_line(struct http_request_line *r, struct slice line)
{
    r->method = cut_method(&line);
    if (r->method.len == 0 || r->method.len > METHOD_MAX || line.len == 0 || (line.p[0] != ' ' && line.p[0] != '\t'))
        return false;
    line = slice_trim(line);
    r->version = line.len > 8 ? version_of(slice_from(line, line.len - 8)) : 0;
    if (r->version != 0) {
        size_t rest = line.len - 8;
        r->target = slice_trim(slice_head(line, rest));
        return r->target.len > 0 && r->target.len < rest;
    }
    r->version = 9;
    r->target = line;
    return slice_ieq(r->method, S("GET")) && line.len > 0 && line.p[0] == '/' && slice_chr(line, ' ') < 0;
}

bool http_status_line(struct http_status_line *s, struct slice line)
{
    s->version = version_of(slice_cut(&line, 8));
    if (s->version == 0 || line.len == 0 || (line.p[0] != ' ' && line.p[0] != '\t'))
        return false;
    line = slice_trim(line);
    if (line.len < 3 || (line.len > 3 && line.p[3] != ' ' && line.p[3] != '\t'))
        return false;
    s->status = 0;
    for (size_t i = 0; i < 3; i++) {
        if (line.p[i] < '0' || line.p[i] > '9')
            return false;
        s->status = (uint16_t)(s->status * 10 + line.p[i] - '0');
    }
    return s->status >= 100;
}

enum http_field http_field(struct slice name)
{
    static const struct {
        struct slice name;
        enum http_field field;
    } fields[] = {
        {{(const uint8_t *)"content-length", 14}, HTTP_FIELD_LENGTH},
        {{(const uint8_t *)"transfer-encoding", 17}, HTTP_FIELD_TRANSFER},
        {{(const uint8_t *)"content-encoding", 16}, HTTP_FIELD_CONTENT},
        {{(const uint8_t *)"cookie", 6}, HTTP_FIELD_SECRET},
        {{(const uint8_t *)"cookie2", 7}, HTTP_FIELD_SECRET},
        {{(const uint8_t *)"set-cookie", 10}, HTTP_FIELD_SECRET},
        {{(const uint8_t *)"set-cookie2", 11}, HTTP_FIELD_SECRET},
        {{(const uint8_t *)"authorization", 13}, HTTP_FIELD_SECRET},
        {{(const uint8_t *)"proxy-authorization", 19}, HTTP_FIELD_SECRET},
    };
    /* Most names differ from all of these in length. */
    const uint32_t lengths = 1u << 6 | 1u << 7 | 1u << 10 | 1u << 11 | 1u << 13 | 1u << 14 | 1u << 16 | 1u << 17 |
                             1u << 19;
    if (name.len > 19 || !(lengths >> name.len & 1))
        return HTTP_FIELD_OTHER;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (name.len == fields[i].name.len && slice_ieq(name, fields[i].name))
            return fields[i].field;
    return HTTP_FIELD_OTHER;
}

/* A number too big to count stays the biggest: such a body never ends. Repeating the same one is allowed. */
static void see_length(struct http_framing *f, struct slice text)
{
    uint64_t length = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            f->bad_length = true;
            return;
        }
        if (__builtin_mul_overflow(length, (uint64_t)10, &length) ||
            __builtin_add_overflow(length, (uint64_t)(text.p[i] - '0'), &length))
            length = UINT64_MAX;
    }
    f->bad_length |= f->has_length && f->length != length;
    f->has_length = true;
    f->length = length;
}

static void see_coding(struct http_codings *codings, struct slice name)
{
    static const struct {
        const char *name;
        enum coding coding;
    } known[] = {
        {"gzip", CODING_GZIP}, {"x-gzip", CODING_GZIP}, {"deflate", CODING_DEFLATE}, {"br", CODING_BROTLI},
    };
    if (slice_ieq(name, S("identity")))
        return;
    codings->any = true;
    for (size_t i = 0; i < sizeof known / sizeof *known && codings->count < BODY_CODINGS; i++)
        if (slice_ieq(name, slice_str(known[i].name))) {
            codings->coding[codings->count++] = known[i].coding;
            return;
        }
    codings->unknown = true;
}

static void see_transfer(struct http_framing *f, struct slice name)
{
    ptrdiff_t parameters = slice_chr(name, ';');
    if (parameters >= 0)
        name = slice_trim(slice_head(name, (size_t)parameters));
    if (slice_ieq(name, S("chunked")))
        f->chunked = true;
    else
        see_coding(&f->transfer, name);
}

void http_framing_see(struct http_framing *f, enum http_field field, struct slice value)
{
    if (field == HTTP_FIELD_OTHER || field == HTTP_FIELD_SECRET)
        return;
    while (value.len > 0) {
        ptrdiff_t comma = slice_chr(value, ',');
        struct slice element = slice_trim(slice_cut(&value, comma < 0 ? value.len : (size_t)comma));
        if (comma >= 0)
            slice_cut(&value, 1);
        if (element.len == 0)
            continue;
        switch (field) {
        case HTTP_FIELD_OTHER:
        case HTTP_FIELD_SECRET:
            break;
        case HTTP_FIELD_LENGTH:
            see_length(f, element);
            break;
        case HTTP_FIELD_TRANSFER:
            see_transfer(f, element);
            break;
        case HTTP_FIELD_CONTENT:
            see_coding(&f->content, element);
            break;
        }
    }
}

/* The last applied is the first undone. */
static void plan_codings(struct body_plan *plan, const struct http_codings *codings)
{
    plan->unknown |= codings->unknown;
    for (unsigned i = codings->count; i-- > 0;) {
        if (plan->codings == BODY_CODINGS) {
            plan->unknown = true;
            return;
        }
        plan->coding[plan->codings++] = codings->coding[i];
    }
}

/* Where the lengths contradict each other, or none is one, RFC 9112 wants the connection closed. Here the rest of the
 * connection is that body: so nothing of it is lost, and nothing in it is taken for another message. */
struct body_plan http_framing_plan(const struct http_framing *f, bool response)
{
    struct body_plan plan = {.framing = response ? BODY_TO_END : BODY_NONE, .length = f->length};
    if (f->chunked)
        plan.framing = BODY_CHUNKED;
    else if (f->transfer.any || f->bad_length)
        plan.framing = BODY_TO_END;
    else if (f->has_length)
        plan.framing = BODY_LENGTH;
    plan.broken = !f->chunked && !f->transfer.any && f->bad_length;
    plan_codings(&plan, &f->transfer);
    plan_codings(&plan, &f->content);
    return plan;
}

struct slice http_header(const struct http_message *m, struct slice name)
{
    for (unsigned i = 0; i < m->headers; i++)
        if (slice_ieq(m->header[i].name, name))
            return m->header[i].value;
    return slice_of(NULL, 0);
}

/* Other protocols open with a word and a blank too (SMTP, FTP, IRC), and some share methods (RTSP, SIP): a known method
 * is believed on its own, any other only with the version at the end of its line. */
static bool known_method(struct slice method, bool cut)
{
    static const char *const methods[] = {
        "GET", "POST", "HEAD", "PUT", "DELETE", "CONNECT", "OPTIONS", "PATCH", "TRACE", "PROPFIND",
        "PROPPATCH", "MKCOL",
        "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "REPORT", "M-SEARCH", "NOTIFY", "SUBSCRIBE", "BITS_POST",
        "RPC_IN_DATA", "RPC_OUT_DATA",
    };
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct slice known = slice_str(methods[i]);
        if (slice_ieq(method, cut ? slice_head(known, method.len) : known))
            return true;
    }
    return false;
}

bool http_looks_like(struct slice first, int side)
{
    while (first.len > 0 && (first.p[0] == '\r' || first.p[0] == '\n'))
        first = slice_from(first, 1);
    if (first.len == 0)
        return false;
    if (side == 1)
        return slice_ieq(slice_head(first, 7), slice_head(S("HTTP/1."), first.len));
    ptrdiff_t end = slice_chr(first, '\n');
    if (end >= 0) {
        struct slice line = slice_head(first, (size_t)end);
        struct http_request_line r;
        if (slice_ends(line, S("\r")))
            line.len--;
        return http_request_line(&r, line);
    }
    struct slice rest = first, method = cut_method(&rest);
    return known_method(method, rest.len == 0) && (rest.len == 0 || rest.p[0] == ' ' || rest.p[0] == '\t');
}
