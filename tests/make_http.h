/* Transactions for tests, from readable text: a first line and header fields with "\n" between them. */
#pragma once

#include "capture/http.h"

static inline struct slice make_line(struct slice *text, char end)
{
    ptrdiff_t at = slice_chr(*text, (uint8_t)end);
    struct slice line = at < 0 ? *text : slice_head(*text, (size_t)at);
    *text = slice_from(*text, line.len + (at >= 0));
    return line;
}

static inline void make_fields(struct http_message *message, struct slice text, struct slice body)
{
    while (text.len > 0) {
        struct slice value = make_line(&text, '\n');
        if (message->headers == HTTP_HEADERS) {
            message->headers_left++;
            continue;
        }
        struct http_header *field = &message->header[message->headers++];
        field->name = make_line(&value, ':');
        field->value = slice_trim(value);
    }
    message->body = slice_head(body, HTTP_BODY_HEAD);
    message->wire_bytes = message->body_bytes = body.len;
    message->flags = HTTP_SEEN | HTTP_WHOLE;
    message->version = 11;
}

/* "POST /x\nHost: a.com"; everything borrows head and body. */
static inline struct http_message make_request(struct slice head, struct slice body)
{
    struct http_message request = {0};
    struct slice line = make_line(&head, '\n');
    request.method = make_line(&line, ' ');
    request.target = line;
    make_fields(&request, head, body);
    return request;
}

/* "200\nContent-Type: text/html" */
static inline struct http_message make_response(struct slice head, struct slice body)
{
    struct http_message response = {0};
    struct slice line = make_line(&head, '\n');
    for (size_t i = 0; i < line.len; i++)
        response.status = (uint16_t)(response.status * 10 + line.p[i] - '0');
    make_fields(&response, head, body);
    return response;
}
