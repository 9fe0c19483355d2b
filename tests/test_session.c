/* What is spoken on a TCP connection, told from whole conversations: where the protocol is at home, where it is not,
 * and where it only begins after something else. */
#include "capture/capture.h"
#include "capture/dns.h"
#include "capture/tls.h"
#include "tests/check.h"

#include <stdio.h>

enum { STEPS = 8, HEADERS = 54 };

#define RANDOM "0123456789abcdef0123456789abcdef"
#define HELLO "\x16\3\1\0\x41\1\0\0\x3d\3\3" RANDOM "\0\0\2\x13\1\1\0\0\x12\0\0\0\x0e\0\x0c\0\0\x09" "a.example"
#define GET "GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define QUERY "\0\x1b\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1"
#define TEXT(line) "0" line "1" line "2" line "3" line "4" line "5" line "6" line "7" line

struct step {
    char from; /* 'c' or 's'; 0: the end */
    struct slice bytes;
};

static const struct {
    uint16_t port;
    struct step step[STEPS];
    const char *seen, *reason;
} rows[] = {
    {443, {{'c', S(HELLO)}}, "tls a.example;", "TLS at home"},
    {4444, {{'c', S(HELLO)}}, "tls a.example;", "TLS elsewhere"},
    {80, {{'c', S(GET)}, {'s', S(OK)}}, "http GET /x 200;", "HTTP at home"},
    {4444, {{'c', S(GET)}, {'s', S(OK)}}, "http GET /x 200;", "HTTP elsewhere"},
    {443, {{'c', S(GET)}, {'s', S(OK)}}, "http GET /x 200;", "HTTP on TLS's port"},
    {80, {{'c', S(HELLO)}}, "tls a.example;", "TLS on HTTP's port"},
    {53, {{'c', S(QUERY)}}, "dns a.example;", "DNS at home"},
    {5300, {{'c', S(QUERY)}}, "dns a.example;", "DNS elsewhere"},
    {5300, {{'c', S(QUERY QUERY)}}, "dns a.example;dns a.example;", "two messages at once"},
    {5300, {{'c', S("\0\x1c\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1")}}, "", "a length that does not fit, elsewhere"},
    {25, {{'s', S("220 ready\r\n")}, {'c', S("EHLO me\r\n")}, {'s', S("250 STARTTLS\r\n")}, {'c', S("STARTTLS\r\n")},
          {'s', S("220 go\r\n")}, {'c', S(HELLO)}}, "tls a.example;", "STARTTLS"},
    {5432, {{'c', S("\0\0\0\x08\4\xd2\x16\x2f")}, {'s', S("S")}, {'c', S(HELLO)}}, "tls a.example;", "a database asked for TLS"},
    {25, {{'s', S("220 ready\r\n")}, {'c', S("EHLO me\r\n")}, {'s', S(HELLO)}}, "", "a hello from the server is none"},
    {25, {{'c', S("DATA\r\n")}, {'c', S(GET)}, {'s', S(OK)}}, "", "HTTP within a mail is none"},
    {1080, {{'c', S("\5\1\0")}, {'s', S("\5\0")}, {'c', S("\5\1\0\1\xc0\0\2\1\0\x50")}, {'s', S("\5\0\0\1\0\0\0\0\0\0")},
            {'c', S(GET)}, {'s', S(OK)}}, "http GET /x 200;", "HTTP through SOCKS 5"},
    {1080, {{'c', S("\4\1\0\x50\xc0\0\2\1me\0")}, {'s', S("\0\x5a\0\0\0\0\0\0")}, {'c', S(GET)}, {'s', S(OK)}},
     "http GET /x 200;", "through SOCKS 4"},
    {1080, {{'c', S("\5\1\0")}, {'s', S("\5\0")}, {'c', S("\5\1\0\1\xc0\0\2\1\1\xbb")}, {'s', S("\5\0\0\1\0\0\0\0\0\0")},
            {'c', S(HELLO)}}, "tls a.example;", "TLS through SOCKS 5"},
    {443, {{'c', S("PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n" HELLO)}}, "tls a.example;", "behind a PROXY line"},
    {443, {{'c', S("PROXY TCP4 192.0.2.1 192.0.2.2 1 443\r\n")}, {'c', S(HELLO)}}, "tls a.example;", "which comes alone"},
    {80, {{'c', S("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\2\1\xc0\0\2\2\0\1\0\x50" GET)}, {'s', S(OK)}}, "http GET /x 200;",
     "behind a binary PROXY header"},
    {443, {{'c', S("\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff\xc0")}}, "", "one that lies about its length"},
    {3128, {{'c', S("CONNECT a.example:443 HTTP/1.1\r\n\r\n")}, {'s', S("HTTP/1.1 200 go\r\n\r\n")}, {'c', S(HELLO)}},
     "http CONNECT a.example:443 200;tls a.example;", "TLS through a proxy"},
    {3128, {{'c', S("CONNECT a.example:80 HTTP/1.1\r\n\r\n")}, {'s', S("HTTP/1.1 200 go\r\n\r\n")}, {'c', S(GET)}, {'s', S(OK)}},
     "http CONNECT a.example:80 200;http GET /x 200;", "HTTP through a proxy"},
    {4444, {{'c', S(TEXT("abcdefgh"))}, {'s', S(TEXT("ijklmnop"))}}, "", "nothing that is known"},
};

struct talk {
    struct capture *capture;
    uint16_t port;
    uint32_t seq[2];
    uint64_t us;
    char seen[512];
};

static void note(struct talk *talk, const struct event *event)
{
    size_t len = strlen(talk->seen);
    char *out = talk->seen + len;
    size_t room = sizeof talk->seen - len;
    switch (event->kind) {
    case EVENT_DNS:
        snprintf(out, room, "dns %.*s;", (int)event->dns->question.name.len, event->dns->question.name.p);
        break;
    case EVENT_TLS:
        snprintf(out, room, "tls %s;", event->tls->server_name);
        break;
    case EVENT_HTTP: {
        const struct http_message *request = &event->http->request;
        snprintf(out, room, "http %.*s %.*s %u;", (int)request->method.len, request->method.p, (int)request->target.len,
                 request->target.p, event->http->response.status);
        break;
    }
    case EVENT_BODY:
    case EVENT_KINDS:
        break;
    }
}

static void pull(struct talk *talk)
{
    struct event event;
    while (capture_next(talk->capture, &event))
        note(talk, &event);
}

static void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value);
}

static void send_segment(struct talk *talk, int side, struct slice bytes, uint8_t flags)
{
    static const uint8_t plain[HEADERS] = {[12] = 8, [14] = 0x45, [22] = 64, [23] = 6, [26] = 192, 0, 2, 1, 192, 0, 2, 2, [46] = 0x50};
    uint8_t frame[4096];
    memcpy(frame, plain, HEADERS);
    memcpy(frame + HEADERS, bytes.p, bytes.len);
    frame[29 + 4 * side] = 1; /* the client's address first, where it sends */
    frame[33 - 4 * side] = 2;
    put16(frame + 16, (uint32_t)(HEADERS - 14 + bytes.len));
    put16(frame + 34, side == 0 ? 40000 : talk->port);
    put16(frame + 36, side == 0 ? talk->port : 40000);
    put32(frame + 38, talk->seq[side]);
    put32(frame + 42, talk->seq[!side]);
    frame[47] = flags;
    talk->seq[side] += (uint32_t)bytes.len + (flags & TCP_SYN ? 1 : 0);
    struct slice whole = guard_copy(slice_of(frame, HEADERS + bytes.len), 0);
    capture_feed(talk->capture, &(struct frame){++talk->us, 1, (uint32_t)whole.len, whole});
    pull(talk);
}

/* The conversation in segments of at most `cut` bytes, from its handshake on or from the middle. */
static const char *hold(const struct step *step, uint16_t port, size_t cut, bool handshake)
{
    static struct talk talk;
    char err[ERRLEN];
    talk = (struct talk){capture_open(&(struct capture_settings){16 << 20, 1 << 20, 1}, err), port, {100, 9000}, 1000, ""};
    if (handshake) {
        send_segment(&talk, 0, S(""), TCP_SYN);
        send_segment(&talk, 1, S(""), TCP_SYN | TCP_ACK);
    }
    for (size_t i = 0; i < STEPS && step[i].from != 0; i++)
        for (struct slice rest = step[i].bytes; rest.len > 0;)
            send_segment(&talk, step[i].from == 's', slice_cut(&rest, cut), TCP_ACK | TCP_PSH);
    capture_finish(talk.capture);
    pull(&talk);
    capture_close(talk.capture);
    return talk.seen;
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int handshake = 0; handshake < 2; handshake++) {
            const char *seen = hold(rows[i].step, rows[i].port, 2000, handshake);
            CHECK(strcmp(seen, rows[i].seen) == 0, "%s: '%s' instead of '%s'", rows[i].reason, seen, rows[i].seen);
        }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) /* whatever it means then: nothing breaks */
        for (size_t cut = 1; cut < 20; cut++)
            hold(rows[i].step, rows[i].port, cut, true);
    return check_report("session");
}
