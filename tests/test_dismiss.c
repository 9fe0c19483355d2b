/* A body that nobody wants the rest of: framed to its end, not decoded, and the connection goes on behind it. */
#include "capture/http.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

enum { PLAIN = 100000, ROOM = 2 * PLAIN };

static uint8_t plain[PLAIN], wire[2 * ROOM];

static size_t put_body(uint8_t *out, bool gzip)
{
    z_stream z = {.next_in = plain, .avail_in = PLAIN, .next_out = out, .avail_out = ROOM};
    if (!gzip)
        return (size_t)(mempcpy(out, plain, PLAIN) - (void *)out);
    deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    deflate(&z, Z_FINISH);
    deflateEnd(&z);
    return z.total_out;
}

static const struct {
    const char *reason;
    bool gzip, chunked, dismiss;
} rows[] = {
    {"gzip, dismissed", true, false, true},
    {"gzip in chunks, dismissed", true, true, true},
    {"gzip, followed", true, false, false},
    {"plain, dismissed: handed out all the same", false, false, true},
};

struct seen {
    uint64_t bytes, pieces, transactions, wire, decoded[2], whole;
};

static void pull(struct http *h, struct seen *seen, bool dismiss)
{
    struct event event;
    while (http_next(h, &event)) {
        if (event.kind == EVENT_HTTP) {
            seen->decoded[seen->transactions++ % 2] = event.http->response.body_bytes;
            seen->wire += event.http->response.wire_bytes;
            seen->whole += (event.http->response.flags & (HTTP_WHOLE | HTTP_LIMIT | HTTP_BAD_CODING)) == HTTP_WHOLE;
            continue;
        }
        seen->bytes += event.body->data.len;
        seen->pieces++;
        if (dismiss)
            http_dismiss(h);
    }
}

static struct seen talk(struct http_memory *memory, struct slice request, struct slice response, size_t step, bool dismiss)
{
    struct seen seen = {0};
    struct http *h = http_open(memory);
    struct piece asked = {PIECE_DATA, request, 0};
    http_feed(h, 0, &asked, 1);
    pull(h, &seen, dismiss);
    while (response.len > 0) {
        struct piece piece = {PIECE_DATA, slice_cut(&response, step), 0};
        http_feed(h, 1, &piece, 2);
        pull(h, &seen, dismiss);
    }
    http_close(h);
    return seen;
}

int main(void)
{
    static const char request[] = "GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    char err[ERRLEN];
    struct http_memory *memory = http_memory_open(32 << 20, 64 << 20, err);
    for (unsigned i = 0, random = 1; i < PLAIN; i++)
        plain[i] = (uint8_t)("etaoin shrdlu<>/"[(random = random * 1103515245 + 12345) >> 28]);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static uint8_t body[ROOM];
        size_t len = put_body(body, rows[i].gzip);
        int head = sprintf((char *)wire, rows[i].chunked ? "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n"
                           : rows[i].gzip ? "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n"
                                          : "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
        memcpy(wire + head, body, len);
        len += (size_t)head;
        len += (size_t)sprintf((char *)wire + len, "%sHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", rows[i].chunked ? "\r\n0\r\n\r\n" : "");
        static const size_t steps[] = {1, 1448, sizeof wire};
        for (size_t n = 0; n < sizeof steps / sizeof *steps; n++) {
            struct seen seen = talk(memory, S(request), slice_of(wire, len), steps[n], rows[i].dismiss);
            bool dismissed = rows[i].gzip && rows[i].dismiss;
            CHECK(seen.transactions == 2 && seen.whole == 2 && seen.decoded[1] == 2, "%s, %zu bytes a piece: both whole", rows[i].reason, steps[n]);
            CHECK(seen.decoded[0] == (dismissed ? HTTP_UNCOUNTED : PLAIN), "%s: how long is told where it is known", rows[i].reason);
            CHECK(dismissed ? seen.bytes == HTTP_BODY_HEAD + 2 && seen.pieces == 2 : seen.bytes == PLAIN + 2, "%s: the pieces", rows[i].reason);
        }
    }
    http_memory_close(memory);
    return check_report("dismiss");
}
