#include "capture/http.h"
#include "classifiers/classifier.h"
#include "classifiers/hextext.h"

/* Requests that have the family's shape, as published: IsErIk's from Trend Micro 2020 and a deobfuscated script that agrees
 * with it, DealPly's from the rules of Emerging Threats and enSilo 2019. One row a shape; of the rows that fit a request
 * the heaviest is told. Ten bits are the prior against any one client being infected, so a row at ten or above alerts by
 * itself, and a row below only adds to what else that client does. */

enum field { /* header fields whose absence counts */
    REFERER = 1,
    USER_AGENT = 2,
    COOKIE = 4,
    ACCEPT = 8,       /* Accept itself */
    ACCEPT_DASH = 16, /* Accept-Language, Accept-Encoding … */
    CACHE = 32        /* Cache-Control … */
};

enum hex_place { HEX_NONE, HEX_PARAMETER, HEX_BODY };

struct request {
    const struct http_transaction *transaction;
    struct slice uri;      /* from the path on */
    unsigned present;      /* fields; all of them where some were not kept */
    enum hex_place hex;
    struct slice text;     /* hex undone */
    unsigned pairs;        /* name=value in text */
    char *buffer;          /* HEXTEXT_MAX bytes, where text is */
};

struct shape {
    const char *word, *family;
    float bits;
    const char *method;    /* NULL: any */
    const char *form;      /* of the URI: %d 1 to 10 digits, %v digits and dots, * anything */
    unsigned without;      /* fields that must be absent */
    bool (*also)(const struct request *);
    const char *technique[2]; /* beside T1071.001 */
    const char *why;
};

static size_t run(struct slice s, bool dots)
{
    size_t n = 0;
    while (n < s.len && ((s.p[n] >= '0' && s.p[n] <= '9') || (dots && n > 0 && s.p[n] == '.')))
        n++;
    return n;
}

/* Numbers are taken whole, and what follows a star is looked for at its first place: no form needs to try twice, so the
 * time is that of one pass over the URI. */
static bool fits(struct slice uri, const char *form)
{
    while (*form != '\0') {
        size_t literal = strcspn(form, "%*");
        if (literal > 0) {
            if (!slice_starts(uri, slice_of(form, literal)))
                return false;
            uri = slice_from(uri, literal);
            form += literal;
        } else if (*form == '*') {
            literal = strcspn(++form, "%*");
            ptrdiff_t at = literal == 0 ? (ptrdiff_t)uri.len : slice_find(uri, slice_of(form, literal));
            if (at < 0)
                return false;
            uri = slice_from(uri, (size_t)at);
        } else {
            size_t digits = run(uri, form[1] == 'v');
            if (digits == 0 || (form[1] == 'd' && digits > 10))
                return false;
            uri = slice_from(uri, digits);
            form += 2;
        }
    }
    return uri.len == 0;
}

/* The value of a parameter behind "?" or "&"; p NULL where there is none. */
static struct slice parameter(struct slice query, struct slice name)
{
    while (query.len > 0) {
        struct slice pair = slice_until(query, '&'), key = slice_until(pair, '=');
        if (slice_eq(key, name) && pair.len > key.len)
            return slice_from(pair, key.len + 1);
        query = slice_from(query, pair.len + 1);
    }
    return slice_of(NULL, 0);
}

static bool numeric(struct slice value)
{
    return value.len > 0 && value.len <= 10 && run(value, false) == value.len;
}

/* A query's text with what may stand in front of it removed. */
static struct slice query_of(struct slice uri)
{
    if (slice_starts(uri, S("/")))
        uri = slice_from(uri, 1);
    return slice_starts(uri, S("?")) ? slice_from(uri, 1) : uri;
}

/* What all forms with a pcrc have in common, and anchored, because video players send a pcrc further back. */
static bool anchored_pcrc(struct slice query)
{
    return (slice_starts(query, S("v=")) || slice_starts(query, S("pcrc="))) && numeric(parameter(query, S("pcrc")));
}

static bool has_pcrc(const struct request *r)
{
    return anchored_pcrc(query_of(r->uri));
}

static bool has_pcrc_and_rv(const struct request *r)
{
    return has_pcrc(r) && parameter(query_of(r->uri), S("rv")).p != NULL;
}

/* The 16 bytes and the three header conditions are one published rule: none is dropped. */
static bool has_constant(const struct request *r)
{
    static const uint8_t constant[] = {0x00, 0x08, 0xDC, 0x33, 0x45, 0xAB, 0x51, 0x29,
                                       0x5F, 0x6C, 0x14, 0x79, 0x12, 0xD7, 0x0F, 0x4B};
    const struct http_message *request = &r->transaction->request;
    if (request->headers == 0 || request->headers_left > 0)
        return false;
    const struct http_header *last = &request->header[request->headers - 1];
    return slice_ieq(last->name, S("Cache-Control")) && slice_ieq(last->value, S("no-cache")) &&
           slice_eq(http_header(request, S("Accept")), S("*/*")) &&
           slice_find(request->body, slice_of(constant, sizeof constant)) >= 0;
}

static bool is_vcsoap(const struct request *r)
{
    return slice_eq(http_header(&r->transaction->request, S("User-Agent")), S("VCSoapClient"));
}

static bool has_steps(const struct request *r)
{
    static const char *const steps[] = {"step1=\"", "step2=\"", "step3=\"", "</FName><FHash>"};
    const struct http_message *response = &r->transaction->response;
    struct slice rest = response->body;
    if (response->status != 200 || !slice_starts(rest, S("<Data ")))
        return false;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        ptrdiff_t at = slice_find(rest, slice_str(steps[i]));
        if (at < 0)
            return false;
        rest = slice_from(rest, (size_t)at);
    }
    return true;
}

static bool hex_parameter(const struct request *r)
{
    return r->hex == HEX_PARAMETER;
}

static bool hex_body(const struct request *r)
{
    return r->hex == HEX_BODY;
}

/* The family posts to its server's root and sets no header of its own; programs that post hex to an interface of their
 * maker's name the interface in the path. */
static bool bare_root(const struct request *r)
{
    return slice_eq(slice_until(r->uri, '?'), S("/")) && r->pairs >= 2;
}

static bool hex_parameter_bare(const struct request *r)
{
    return hex_parameter(r) && bare_root(r);
}

static bool hex_body_bare(const struct request *r)
{
    return hex_body(r) && bare_root(r);
}

static bool hex_parameter_pcrc(const struct request *r)
{
    return hex_parameter(r) && anchored_pcrc(query_of(r->text));
}

static bool hex_body_pcrc(const struct request *r)
{
    return hex_body(r) && anchored_pcrc(query_of(r->text));
}

/* Families: rv= and r= stand in IsErIk's script and in no published request of DealPly's; the pcrc text that is known in
 * hex is an argument of IsErIk's task. All other pcrc forms were published as DealPly's. Hex without a pcrc is anyone's. */
static const struct shape shapes[] = {
    /* The script's own words, to the last parameter: chance has no part in it. */
    {"pcrc-query", "IsErIk", 18, "POST", "/?v=%v&pcrc=%d&rv=%v&r=%d", REFERER | COOKIE, NULL, {"T1041"},
     "exactly the request of IsErIk's script"},
    /* Whole URIs with a field missing that every browser sends; seen in no honest program. */
    {"pcrc-query", "DealPly", 18, "POST", "/?pcrc=%d&v=%v", REFERER, NULL, {"T1041"}, "exactly DealPly's request of 2015"},
    {"pcrc-query", "DealPly", 18, NULL, "/?v=*&pcrc=*&LSVRDT=*&ty=*", REFERER | USER_AGENT, has_pcrc, {"T1041"},
     "DealPly's request of 2015 with LSVRDT and ty"},
    {"pcrc-query", "DealPly", 18, "POST", "/?v=*&pcrc=*&LUDT=*", REFERER | USER_AGENT, has_pcrc, {"T1041"},
     "DealPly's request of 2015 with LUDT"},
    {"pcrc-query", "DealPly", 18, "POST", "/?v=%v&pcrc=%d", REFERER | ACCEPT_DASH, NULL, {"T1041"},
     "exactly DealPly's request of 2016"},
    /* What the forms have in common, whatever else is sent: an unknown program might pick the same two words. */
    {"pcrc-query", "IsErIk", 13, NULL, "/?v=*", 0, has_pcrc_and_rv, {"T1041"}, "IsErIk's parameters v, pcrc and rv"},
    {"pcrc-query", "DealPly", 12, NULL, "/?v=*", 0, has_pcrc, {"T1041"}, "the parameters v and pcrc that all forms share"},
    {"pcrc-query", "DealPly", 12, NULL, "/?pcrc=*", 0, has_pcrc, {"T1041"}, "the parameter pcrc that all forms share"},
    /* Sixteen given bytes do not come about by chance. */
    {"body-constant", "DealPly", 24, NULL, "*", REFERER, has_constant, {"T1041"}, "DealPly's 16-byte constant in the body"},
    /* Pixels are often called pxl, but fetched with GET and a Referer: a published rule, and no more than that. */
    {"pxl", "DealPly", 12, "POST", "*/pxl/*e=-1*&c=*", REFERER, NULL, {"T1041"}, "DealPly's request of 2014 to /pxl/"},
    /* A bare request line in which an honest client would send at least one of four fields. */
    {"getblob", "DealPly", 16, "GET", "/getblob?v=*&cache=*", REFERER | USER_AGENT | CACHE | ACCEPT | ACCEPT_DASH, NULL,
     {"T1105"}, "DealPly's request of 2019 for a blob"},
    /* The user agent is a library's default and nothing by itself; the seven parameters in this order are the evidence. */
    {"vcsoap-png", "DealPly", 14, "GET", "*.png?ver=*&t=*&domain=*&file=*&ext=*&cache=*&res1=*", 0, is_vcsoap, {"T1041"},
     "DealPly's request of 2019 for a picture, with its seven parameters"},
    /* Hex around the very text of the script's second argument. */
    {"hex-parameters", "IsErIk", 18, NULL, "*", 0, hex_parameter_pcrc, {"T1041", "T1132.001"},
     "a parameter in hex that holds v and pcrc"},
    {"hex-body", "IsErIk", 18, NULL, "*", 0, hex_body_pcrc, {"T1041", "T1132.001"}, "a body in hex that holds v and pcrc"},
    /* Several pairs in hex, to the root, without the fields that browsers send: each common enough, together hardly. */
    {"hex-parameters", "", 11, "POST", "*", REFERER | COOKIE, hex_parameter_bare, {"T1041", "T1132.001"},
     "parameters in hex, posted to the server's root without Referer or Cookie"},
    {"hex-body", "", 11, "POST", "*", REFERER | COOKIE, hex_body_bare, {"T1041", "T1132.001"},
     "a body of parameters in hex, posted to the server's root without Referer or Cookie"},
    /* Licence checks and telemetry do it at times: support for other evidence, not a finding. */
    {"hex-parameters", "", 7, "POST", "*", 0, hex_parameter, {"T1041", "T1132.001"}, "parameters in hex in a POST"},
    {"hex-body", "", 7, "POST", "*", 0, hex_body, {"T1041", "T1132.001"}, "a body of parameters in hex in a POST"},
};

/* Told beside the request's shape: it is the server that answers so. */
static const struct shape answer = {"data-steps", "DealPly", 18, NULL, "*", 0, has_steps, {"T1105"},
                                    "an answer in the form of DealPly's list of steps and file hashes"};

static unsigned present_fields(const struct http_message *request)
{
    static const struct {
        const char *prefix;
        bool whole;
        unsigned field;
    } known[] = {{"Referer", true, REFERER}, {"User-Agent", true, USER_AGENT}, {"Cookie", true, COOKIE},
                 {"Accept", true, ACCEPT},   {"Accept-", false, ACCEPT_DASH},  {"Cache", false, CACHE}};
    if (request->headers_left > 0 || (request->flags & HTTP_LIMIT) != 0)
        return ~0u; /* what was not kept may have been any of them */
    unsigned present = 0;
    for (unsigned i = 0; i < request->headers; i++)
        for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
            struct slice prefix = slice_str(known[k].prefix), name = request->header[i].name;
            if (slice_ieq(known[k].whole ? name : slice_head(name, prefix.len), prefix))
                present |= known[k].field;
        }
    return present;
}

/* A parameter's value, or a parameter that is nothing but hex; the first that holds pairs is enough. */
static bool hex_in(struct request *r, struct slice query)
{
    while (query.len > 0) {
        struct slice pair = slice_until(query, '&'), value = slice_from(pair, slice_until(pair, '=').len + 1);
        if (hextext_decode(value.len > 0 ? value : pair, r->buffer, &r->text))
            return true;
        query = slice_from(query, pair.len + 1);
    }
    return false;
}

static void find_hex(struct request *r)
{
    struct slice path = slice_until(r->uri, '?'), body = r->transaction->request.body, name, value;
    while (body.len > 0 && (body.p[body.len - 1] == '\r' || body.p[body.len - 1] == '\n'))
        body.len--;
    if (hex_in(r, slice_from(r->uri, path.len + 1)))
        r->hex = HEX_PARAMETER;
    else if (hextext_decode(body, r->buffer, &r->text))
        r->hex = HEX_BODY;
    else if (slice_chr(body, '=') > 0 && hex_in(r, body))
        r->hex = HEX_PARAMETER;
    else
        r->text = slice_of(r->buffer, 0);
    for (struct slice rest = r->text; hextext_pair(&rest, &name, &value);)
        r->pairs++;
}

static const struct shape *heaviest(const struct request *r)
{
    const struct shape *best = NULL;
    const struct http_message *request = &r->transaction->request;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *shape = &shapes[i];
        if ((best == NULL || shape->bits > best->bits) && (r->present & shape->without) == 0 &&
            (shape->method == NULL || slice_eq(request->method, slice_str(shape->method))) && fits(r->uri, shape->form) &&
            (shape->also == NULL || shape->also(r)))
            best = shape;
    }
    return best;
}

/* The decoded pairs where there was hex, else the query's. Of a body that is not hex nothing is kept. */
static void put_parameters(struct hit_beacon *beacon, const struct request *r)
{
    struct slice text = r->hex ? r->text : slice_from(r->uri, slice_until(r->uri, '?').len + 1), name, value;
    for (size_t i = 0; i < HIT_PARAMETERS && hextext_pair(&text, &name, &value); i++) {
        slice_text(slice_of(name.p, (size_t)(value.p + value.len - name.p)), beacon->parameter[i], sizeof beacon->parameter[i]);
        beacon->parameters = (uint8_t)(i + 1);
    }
    slice_text(r->text, beacon->decoded, sizeof beacon->decoded);
}

static void tell(struct hits *hits, const struct event *event, const struct request *r, const struct shape *shape)
{
    struct hit *hit = hits_add(hits, event, HIT_BEACON);
    if (hit == NULL)
        return;
    hit_http_set(hit, r->transaction);
    hit->bits = shape->bits;
    slice_text(slice_str(shape->family), hit->family, sizeof hit->family);
    hit_technique(hit, "T1071.001");
    for (size_t i = 0; i < 2 && shape->technique[i] != NULL; i++)
        hit_technique(hit, shape->technique[i]);
    slice_text(slice_str(shape->word), hit->beacon.shape, sizeof hit->beacon.shape);
    put_parameters(&hit->beacon, r);
    /* The same client's next request of that shape to that server is no new evidence, whatever number it carries: a
     * program that does this honestly does it every day. */
    char server[ADDR_TEXT];
    const char *host = hit->http.host[0] != '\0' ? hit->http.host : addr_format(&event->tuple.dst, server);
    snprintf(hit->subject, sizeof hit->subject, "%s %.200s", shape->word, host);
    hit_why(hit, "%s to %.100s: %s", hit->http.method[0] != '\0' ? hit->http.method : "request", host, shape->why);
}

static void see_http(void *state, const struct event *event, struct hits *hits)
{
    (void)state;
    char buffer[HEXTEXT_MAX];
    struct slice uri = slice_until(hit_path(&event->http->request), '#');
    struct request r = {.transaction = event->http, .uri = uri, .buffer = buffer};
    if (event->http->request.flags & HTTP_SEEN) {
        r.present = present_fields(&event->http->request);
        find_hex(&r);
        const struct shape *shape = heaviest(&r);
        if (shape != NULL)
            tell(hits, event, &r, shape);
    }
    if (answer.also(&r))
        tell(hits, event, &r, &answer);
}

const struct classifier beacon_classifier = {.name = "beacon", .see[EVENT_HTTP] = see_http};
