#include "capture/proto.h"
#include "tests/check.h"

#include <stdio.h>

enum { TCP = 6, UDP = 17, FLOWS = 4 };

#define QUESTION "\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"
#define HELLO                          \
    "\x16\3\1\0\x4b\1\0\0\x47\3\3"     \
    "0123456789abcdef0123456789abcdef" \
    "\0\0\2\x13\1\1\0\0\x1c"           \
    "\0\0\0\x0e\0\x0c\0\0\x09localhost\0\x2b\0\3\2\3\4\0\x17\0\0"
#define BODY "Host: www.example.com\r\n\r\n"

static const struct {
    uint8_t protocol;
    uint16_t port;
    struct slice payload;
    enum proto_answer answer; /* to the first packet */
    const char *reason;
} rows[] = {
    {TCP, 8123, S("GET /index.html HTTP/1.1\r\n" BODY), PROTO_HTTP, "HTTP on another port"},
    {TCP, 80, S("POST /?v=1 HTTP/1.1\r\nContent-Length: 0\r\n" BODY), PROTO_HTTP, "HTTP at home"},
    {TCP, 8123, S("CONNECT www.example.com:443 HTTP/1.1\r\n" BODY), PROTO_HTTP, "a proxy's request"},
    {TCP, 9443, S(HELLO), PROTO_TLS, "TLS on another port"},
    {TCP, 993, S(HELLO), PROTO_TLS, "mail over TLS"},
    {UDP, 53, S(QUESTION), PROTO_DNS, "DNS at home"},
    {UDP, 5353, S(QUESTION), PROTO_DNS, "DNS on a port of its kin"},
    {TCP, 8123, S("some words that are no protocol at all"), PROTO_ASKING, "nothing known"},
    {UDP, 4000, S("some words that are no protocol at all"), PROTO_ASKING, "nothing known"},
};

/* An IPv4 datagram with a TCP segment or a UDP datagram in it, from a client to the port. */
static struct slice datagram(uint8_t *out, uint8_t protocol, uint16_t port, struct slice payload)
{
    size_t head = protocol == TCP ? 40 : 28, len = head + payload.len;
    memset(out, 0, head);
    memcpy(out, "\x45\0\0\0\0\1\0\0\x40\0\0\0\xc0\0\2\1\xc6\x33\x64\2\x9c\x40", 22);
    out[2] = (uint8_t)(len >> 8);
    out[3] = (uint8_t)len;
    out[9] = protocol;
    out[22] = (uint8_t)(port >> 8);
    out[23] = (uint8_t)port;
    if (protocol == TCP)
        memcpy(out + 24, "\0\0\0\1\0\0\0\1\x50\x18\xff\xff", 12);
    else
        out[25] = (uint8_t)(len - 20);
    memcpy(out + head, payload.p, payload.len);
    return slice_of(out, len);
}

static void test_rows(struct proto *proto)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[512];
        struct slice ip = datagram(bytes, rows[i].protocol, rows[i].port, rows[i].payload);
        struct proto_flow *flow = proto_take(proto);
        if (!CHECK(flow != NULL, "%s: a flow is free again", rows[i].reason))
            return;
        enum proto_answer answer = proto_ask(proto, flow, guard_copy(ip, 0), 1000000);
        CHECK(answer == (WITH_NDPI ? rows[i].answer : PROTO_UNKNOWN), "%s: %d", rows[i].reason, answer);
        for (unsigned n = 1; answer == PROTO_ASKING && n < 20; n++)
            answer = proto_ask(proto, flow, guard_copy(ip, 0), 1000000 + n);
        CHECK(answer != PROTO_ASKING, "%s: asking ends", rows[i].reason);
        proto_give(proto, flow);
    }
}

/* A datagram is shown as far as it was captured. */
static void test_truncations(struct proto *proto)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t bytes[512];
        struct slice ip = datagram(bytes, rows[i].protocol, rows[i].port, rows[i].payload);
        for (size_t len = 0; len < ip.len; len++) {
            struct proto_flow *flow = proto_take(proto);
            enum proto_answer answer = proto_ask(proto, flow, guard_copy(slice_head(ip, len), 0), 1000000);
            CHECK(answer <= PROTO_UNKNOWN, "%s, cut to %zu", rows[i].reason, len);
            proto_give(proto, flow);
        }
    }
}

static void test_bounds(struct proto *proto)
{
    struct proto_flow *flows[FLOWS];
    for (int i = 0; i < FLOWS; i++)
        CHECK((flows[i] = proto_take(proto)) != NULL, "flow %d of as many as were asked for", i);
    CHECK(proto_take(proto) == NULL, "one more is refused");
    for (int i = 0; i < FLOWS; i++)
        proto_give(proto, flows[i]);
    proto_give(proto, NULL);
}

/* Two ask by turns: each hears what it hears alone. */
static void test_shared(void)
{
    char err[ERRLEN];
    struct proto_module *module = proto_module_open(err);
    struct proto *both[2] = {proto_open(FLOWS, module, err), proto_open(FLOWS, module, err)};
    if (CHECK(module != NULL && both[0] != NULL && both[1] != NULL, "%s", err))
        for (int turn = 0; turn < 4; turn++) {
            test_rows(both[turn & 1]);
            test_truncations(both[turn & 1]);
        }
    proto_close(both[0]);
    proto_close(both[1]);
    proto_module_close(module);
    proto_module_close(NULL);
}

int main(void)
{
    char err[ERRLEN];
    struct proto *proto = proto_open(FLOWS, NULL, err);
    if (CHECK(proto != NULL, "%s", err)) {
        test_bounds(proto);
        test_rows(proto);
        test_truncations(proto);
        test_bounds(proto);
    }
    proto_close(proto);
    proto_close(NULL);
    test_shared();
    CHECK(proto_version()[0] != '\0', "a version, or none");
    return check_report("proto");
}
