#include "classifiers/parsed.h"

#include <stdlib.h>

#include "capture/dns.h"
#include "capture/http.h"
#include "capture/name.h"
#include "capture/tls.h"

enum { NAME_LONGEST = 255, TCP = 6, UDP = 17 };

/* What is still to be handed out of the event in hand. */
enum stage { STAGE_REQUEST, STAGE_RESPONSE, STAGE_EVENT, STAGE_DONE };

struct parsed {
    struct event event;
    enum stage stage;
    struct slice body[2];      /* of the message, the part that was not handed out */
    uint64_t pieces;           /* bodies so far */
    struct http_piece piece;
    struct dns_msg dns;
    struct tls_hello hello;
    struct http_transaction http;
};

struct parsed *parsed_open(char err[static ERRLEN])
{
    struct parsed *p = calloc(1, sizeof *p);
    if (p == NULL)
        error_set(err, "no memory for parsed events");
    else
        p->stage = STAGE_DONE;
    return p;
}

void parsed_close(struct parsed *p)
{
    free(p);
}

bool parsed_struct(void *to, size_t size, const void *from, size_t given, size_t least)
{
    if (given < least)
        return false;
    for (size_t i = size; i < given; i++)
        if (((const uint8_t *)from)[i] != 0)
            return false;
    memset(to, 0, size);
    memcpy(to, from, given < size ? given : size);
    return true;
}

static struct slice slice_from_host(struct radome_bytes bytes)
{
    return slice_of(bytes.p, bytes.p == NULL ? 0 : bytes.len);
}

/* As dns_parse would show it, into the message's own text. False: no room. */
static bool put_name(struct dns_msg *dns, struct slice *out, struct radome_bytes bytes)
{
    struct slice name = slice_from_host(bytes);
    if (slice_ends(name, S(".")))
        name.len--;
    if (name.len > NAME_LONGEST || dns->text_len + name.len * NAME_ESCAPE > DNS_TEXT)
        return false;
    char *start = dns->text + dns->text_len, *end = name_put(start, name, NAME_WHOLE);
    *out = slice_of(start, (size_t)(end - start));
    dns->text_len += out->len;
    return true;
}

/* A record that cannot be right, a name that is none or an address of another length, is left out and counted. */
static void put_record(struct dns_msg *dns, const struct radome_record *record)
{
    struct dns_rr *rr = &dns->rr[dns->answers];
    size_t length = record->address.p == NULL ? 0 : record->address.len;
    if (dns->answers == DNS_RRS) {
        dns->left_out++;
        return;
    }
    *rr = (struct dns_rr){.type = record->type, .class = 1, .ttl = record->ttl};
    if (length == 4)
        rr->addr = addr_v4(record->address.p);
    else if (length == 16)
        rr->addr = addr_v6(record->address.p);
    rr->has_addr = length > 0;
    if ((length == 0 || length == 4 || length == 16) && put_name(dns, &rr->name, record->name) &&
        put_name(dns, &rr->target, record->target))
        dns->answers++;
    else
        dns->left_out++;
}

static bool set_dns(struct parsed *p, const struct radome_dns *given)
{
    struct radome_dns in;
    struct dns_msg *dns = &p->dns;
    if (!parsed_struct(&in, sizeof in, given, given->size, offsetof(struct radome_dns, question)))
        return false;
    p->event.kind = EVENT_DNS;
    p->event.dns = dns;
    if (in.wire.p != NULL)
        return dns_parse(dns, slice_from_host(in.wire));
    memset(dns, 0, offsetof(struct dns_msg, rr));
    dns->text_len = 0;
    dns->id = in.id;
    dns->answer = in.answer != 0;
    dns->rcode = in.rcode;
    dns->flags = (uint16_t)(dns->answer ? 0x8000 | (in.rcode & 15) : 0);
    dns->questions = 1;
    dns->question.type = in.question_type;
    dns->question.class = 1;
    if (!put_name(dns, &dns->question.name, in.question))
        return false;
    for (size_t i = 0; in.records != NULL && i < in.record_count; i++)
        put_record(dns, &in.records[i]);
    return true;
}

static void set_fields(struct http_message *message, const struct radome_field *fields, size_t count)
{
    message->headers = message->headers_left = 0;
    for (size_t i = 0; fields != NULL && i < count; i++) {
        if (message->headers == HTTP_HEADERS) {
            message->headers_left = (uint16_t)(count - i < UINT16_MAX ? count - i : UINT16_MAX);
            return;
        }
        struct http_header *header = &message->header[message->headers++];
        header->name = slice_from_host(fields[i].name);
        header->value = slice_from_host(fields[i].value);
    }
}

/* A body of which more went by than was kept is one cut at a limit: nobody takes its end for the file's. */
static void set_body(struct parsed *p, int side, struct http_message *message, struct radome_bytes bytes, uint64_t total)
{
    struct slice body = slice_from_host(bytes);
    p->body[side] = body;
    message->body = slice_head(body, HTTP_BODY_HEAD);
    message->body_bytes = message->wire_bytes = total;
    message->flags = (uint8_t)(HTTP_SEEN | (total == body.len ? HTTP_WHOLE : body.len > 0 ? HTTP_LIMIT : 0));
    p->pieces++;
}

static bool set_http(struct parsed *p, const struct radome_http *given)
{
    struct radome_http in;
    struct http_transaction *t = &p->http;
    if (!parsed_struct(&in, sizeof in, given, given->size, offsetof(struct radome_http, request_body)))
        return false;
    t->us = p->event.us;
    t->ordinal = in.ordinal > 0 ? in.ordinal : 1;
    t->request.method = slice_from_host(in.method);
    t->request.target = slice_from_host(in.target);
    t->request.version = t->response.version = in.version;
    t->response.status = in.status;
    set_fields(&t->request, in.request_fields, in.request_field_count);
    set_fields(&t->response, in.response_fields, in.response_field_count);
    set_body(p, 0, &t->request, in.request_body, in.request_bytes);
    set_body(p, 1, &t->response, in.response_body, in.response_bytes);
    if (in.fields_missing && t->request.headers_left < UINT16_MAX)
        t->request.headers_left++;
    if (t->request.method.len == 0)
        t->request.flags = 0;
    if (in.status == 0)
        t->response.flags = 0;
    p->event.kind = EVENT_HTTP;
    p->event.http = t;
    p->stage = STAGE_REQUEST;
    return t->request.method.len > 0 || in.status > 0;
}

static bool set_tls(struct parsed *p, const struct radome_tls *given)
{
    struct radome_tls in;
    struct tls_hello *hello = &p->hello;
    if (!parsed_struct(&in, sizeof in, given, given->size, offsetof(struct radome_tls, quic)))
        return false;
    struct slice name = slice_from_host(in.server_name);
    char text[NAME_LONGEST * NAME_ESCAPE], *end;
    if (name.len == 0 || name.len > NAME_LONGEST)
        return false;
    *hello = (struct tls_hello){.quic = in.quic != 0};
    end = name_put(text, name, NAME_WHOLE);
    slice_text(slice_of(text, (size_t)(end - text)), hello->server_name, sizeof hello->server_name);
    p->event.kind = EVENT_TLS;
    p->event.tls = hello;
    return true;
}

bool parsed_set(struct parsed *p, const struct radome_event *given)
{
    struct radome_event in;
    p->stage = STAGE_DONE;
    if (!parsed_struct(&in, sizeof in, given, given->size, offsetof(struct radome_event, dns)) ||
        (in.dns != NULL) + (in.http != NULL) + (in.tls != NULL) != 1 || (in.protocol != TCP && in.protocol != UDP))
        return false;
    p->event.us = in.time_us;
    p->event.tuple = (struct tuple){addr_v6(in.client), addr_v6(in.server), in.client_port, in.server_port, in.protocol};
    p->stage = STAGE_EVENT;
    bool taken = in.dns != NULL ? set_dns(p, in.dns) : in.http != NULL ? set_http(p, in.http) : set_tls(p, in.tls);
    if (!taken)
        p->stage = STAGE_DONE;
    return taken;
}

/* The first piece has all that is kept of a body's head, the second what else there is. */
static bool next_piece(struct parsed *p, int side, struct event *event)
{
    const struct http_message *message = side == 0 ? &p->http.request : &p->http.response;
    struct slice *rest = &p->body[side];
    if (rest->len == 0)
        return false;
    bool first = rest->p == message->body.p;
    uint64_t offset = first ? 0 : message->body.len;
    struct slice data = slice_cut(rest, first ? message->body.len : rest->len);
    p->piece = (struct http_piece){.transaction = &p->http, .response = side == 1, .id = p->pieces - (side == 0),
                                   .offset = offset, .data = data, .last = rest->len == 0};
    *event = (struct event){.kind = EVENT_BODY, .us = p->event.us, .tuple = p->event.tuple, .body = &p->piece};
    return true;
}

bool parsed_next(struct parsed *p, struct event *event)
{
    for (; p->stage < STAGE_EVENT; p->stage++)
        if (next_piece(p, p->stage == STAGE_RESPONSE, event))
            return true;
    if (p->stage == STAGE_DONE)
        return false;
    *event = p->event;
    p->stage = STAGE_DONE;
    return true;
}
