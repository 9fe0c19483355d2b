/* The lines of an HTTP/1 head (RFC 9112 sections 3 to 5) and what they say about the body. Nothing is kept here. */
#pragma once

#include "capture/body.h"

struct http_request_line {
    struct slice method, target;
    uint8_t version;            /* 10, 11; 9: a GET without a version */
};

struct http_status_line {
    uint16_t status;
    uint8_t version;
};

/* The line comes without its line end. False: not one, or not of HTTP/1. */
bool http_request_line(struct http_request_line *, struct slice line);
bool http_status_line(struct http_status_line *, struct slice line);

enum http_field {
    HTTP_FIELD_OTHER, HTTP_FIELD_SECRET, HTTP_FIELD_LENGTH, HTTP_FIELD_TRANSFER, HTTP_FIELD_CONTENT
};

enum http_field http_field(struct slice name);

struct http_codings {
    enum coding coding[BODY_CODINGS]; /* in the order they were applied */
    uint8_t count;
    bool unknown, any;          /* a coding not known here, or too many; any but identity */
};

struct http_framing {           /* gathered line by line; zero it before a head */
    uint64_t length;
    bool has_length, bad_length, chunked;
    struct http_codings transfer, content;
};

/* Takes in one line of a field's value: a folded value comes in several calls. */
void http_framing_see(struct http_framing *, enum http_field, struct slice value);

/* RFC 9112 section 6.3, but for what method and status decide (there the body is BODY_NONE). */
struct body_plan http_framing_plan(const struct http_framing *, bool response);
