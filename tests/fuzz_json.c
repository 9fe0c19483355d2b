/* Any bytes in any text of any document: one line, valid JSON, nothing a terminal acts upon, never lost. The first byte
 * chooses the kind and the format. */
#include <stdlib.h>

#include "capture/dns.h"
#include "capture/http.h"
#include "feeds/json.h"
#include "tests/document.h"
#include "tests/report_maker.h"

static char out[JSON_MAX];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t write_report(size_t kind, struct slice bytes, enum json_format format)
{
    static struct sample sample;
    make_sample(&sample, kind);
    flood(&sample, bytes);
    return json_report(out, &sample.report, format);
}

static size_t write_dns(struct slice bytes, enum json_format format)
{
    static struct dns_msg dns;
    struct event event = {.kind = EVENT_DNS, .us = 1, .dns = &dns};
    return dns_parse(&dns, bytes) ? json_record(out, &event, "s", format) : 1;
}

/* Method, target and fields, a line each. */
static size_t write_http(struct slice bytes, enum json_format format)
{
    static const struct slice names[] = {
        {(const uint8_t *)"Host", 4}, {(const uint8_t *)"User-Agent", 10}, {(const uint8_t *)"Referer", 7}};
    struct slice line[5];
    for (size_t i = 0; i < 5; i++) {
        ptrdiff_t end = slice_chr(bytes, '\n');
        line[i] = slice_cut(&bytes, end < 0 ? bytes.len : (size_t)end);
        slice_cut(&bytes, 1);
    }
    static struct http_transaction http;
    http = (struct http_transaction){
        .ordinal = 1,
        .request = {.method = line[0], .target = line[1], .version = 11, .flags = HTTP_SEEN, .headers = 3},
        .response = {.status = 200, .flags = HTTP_SEEN, .headers = 1}};
    for (size_t i = 0; i < 3; i++)
        http.request.header[i] = (struct http_header){names[i], line[i + 2]};
    http.response.header[0] = (struct http_header){S("Content-Type"), bytes};
    struct event event = {.kind = EVENT_HTTP, .us = 1, .http = &http};
    return json_record(out, &event, "s", format);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    enum json_format format = data[0] & 1 ? JSON_ECS : JSON_EVE;
    size_t kind = (data[0] >> 1) % (KINDS + 2);
    struct slice bytes = slice_of(data + 1, size - 1);
    size_t n = kind < KINDS    ? write_report(kind, bytes, format)
               : kind == KINDS ? write_dns(bytes, format)
                               : write_http(bytes, format);
    if (n != 1 && !document_valid(out, n)) /* 1: not a DNS message */
        abort();
    return 0;
}
