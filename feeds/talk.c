#include "feeds/talk.h"

#include <stdio.h>

enum { ETHERNET = 14, IPV4 = 20, TCP = 6, UDP = 17, TCP_HEAD = 20, UDP_HEAD = 8, SYN = 2, ACK = 0x10, PUSH = 8, SEGMENT = 1200 };
enum side { CLIENT, SERVER };

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void begin(struct talk *t)
{
    t->used = t->taken = 0;
    t->port = (uint16_t)(t->port < 20000 ? 20000 : t->port + 1);
    t->sequence[CLIENT] = t->sequence[SERVER] = 1000;
}

static void put_tcp(struct talk *t, uint8_t *tcp, enum side side, uint8_t flags, size_t len)
{
    put16(tcp + 4, t->sequence[side] >> 16);
    put16(tcp + 6, t->sequence[side] & 0xffff);
    put16(tcp + 8, t->sequence[!side] >> 16);
    put16(tcp + 10, t->sequence[!side] & 0xffff);
    tcp[12] = TCP_HEAD / 4 << 4;
    tcp[13] = flags;
    put16(tcp + 14, 0xffff);
    t->sequence[side] += (uint32_t)len + ((flags & SYN) != 0);
}

/* Ethernet, IPv4 and the transport's header around some bytes; a conversation too long for the room ends early. */
static void put(struct talk *t, enum side side, uint8_t proto, unsigned server_port, uint8_t flags, struct slice bytes)
{
    size_t head = proto == TCP ? TCP_HEAD : UDP_HEAD, all = ETHERNET + IPV4 + head + bytes.len;
    if (t->used + 2 + all > sizeof t->room)
        return;
    uint8_t *frame = t->room + t->used + 2, *ip = frame + ETHERNET, *transport = ip + IPV4;
    put16(frame - 2, all);
    t->used += 2 + all;
    memset(frame, 0, ETHERNET + IPV4 + head);
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, all - ETHERNET);
    ip[8] = 64;
    ip[9] = proto;
    memcpy(ip + (side == CLIENT ? 12 : 16), (uint8_t[]){192, 0, 2, t->client}, 4);
    memcpy(ip + (side == CLIENT ? 16 : 12), (uint8_t[]){198, 51, 100, 7}, 4);
    put16(transport + (side == CLIENT ? 0 : 2), t->port);
    put16(transport + (side == CLIENT ? 2 : 0), server_port);
    if (proto == TCP)
        put_tcp(t, transport, side, flags, bytes.len);
    else
        put16(transport + 4, UDP_HEAD + bytes.len);
    if (bytes.len > 0)
        memcpy(transport + head, bytes.p, bytes.len);
}

static void begin_tcp(struct talk *t, unsigned port)
{
    begin(t);
    put(t, CLIENT, TCP, port, SYN, slice_of(NULL, 0));
    put(t, SERVER, TCP, port, SYN | ACK, slice_of(NULL, 0));
}

static void put_stream(struct talk *t, enum side side, unsigned port, struct slice bytes)
{
    for (; bytes.len > 0; bytes = slice_from(bytes, SEGMENT))
        put(t, side, TCP, port, PUSH | ACK, slice_head(bytes, SEGMENT));
}

static size_t put_name(uint8_t *out, struct slice name)
{
    uint8_t *at = out;
    for (struct slice label; name.len > 0; name = slice_from(name, label.len + 1)) {
        label = slice_until(name, '.');
        *at++ = (uint8_t)label.len;
        memcpy(at, label.p, label.len);
        at += label.len;
    }
    *at++ = 0;
    return (size_t)(at - out);
}

/* RFC 1035 section 4.1; AAAA by RFC 3596. */
void talk_lookup(struct talk *t, struct slice name, const char *address)
{
    uint8_t dns[512];
    struct addr addr;
    addr_parse(&addr, slice_str(address));
    bool v4 = addr_is_v4(&addr);
    size_t len = v4 ? 4 : 16;
    begin(t);
    for (enum side side = CLIENT; side <= SERVER; side++) {
        uint8_t *at = dns + 12;
        memset(dns, 0, 12);
        put16(dns, t->port);
        put16(dns + 2, side == CLIENT ? 0x0100 : 0x8180);
        put16(dns + 4, 1);
        put16(dns + 6, (size_t)side);
        at += put_name(at, name);
        put16(at, v4 ? 1 : 28);
        put16(at + 2, 1);
        at += 4;
        if (side == SERVER) {
            memcpy(at, "\xc0\x0c\0\0\0\1\0\0\0\x3c\0", 11);
            at[3] = v4 ? 1 : 28;
            at[11] = (uint8_t)len;
            memcpy(at + 12, addr.b + 16 - len, len);
            at += 12 + len;
        }
        put(t, side, UDP, 53, 0, slice_of(dns, (size_t)(at - dns)));
    }
}

/* Content-Length comes first: what stands last in a head can be evidence. */
void talk_request(struct talk *t, const char *head, struct slice body, struct slice answer)
{
    char text[1024];
    size_t line = strcspn(head, "\n") + 1;
    int len = snprintf(text, sizeof text, "%.*sContent-Length: %zu\r\n%s\r\n", (int)line, head, body.len, head + line);
    if (body.len == 0)
        len = snprintf(text, sizeof text, "%s\r\n", head);
    begin_tcp(t, 80);
    put_stream(t, CLIENT, 80, slice_of(text, (size_t)len));
    put_stream(t, CLIENT, 80, body);
    len = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", answer.len);
    put_stream(t, SERVER, 80, slice_of(text, (size_t)len));
    put_stream(t, SERVER, 80, answer);
}

/* RFC 8446 section 4.1.2, RFC 6066 section 3: nothing but the name. */
void talk_hello(struct talk *t, const char *name)
{
    uint8_t out[512] = {0x16, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3};
    size_t len = strlen(name), at = 11 + 32;
    static const uint8_t fixed[] = {0, 0, 2, 0x13, 1, 1, 0};
    memcpy(out + at, fixed, sizeof fixed);
    at += sizeof fixed;
    put16(out + at, len + 9);
    put16(out + at + 4, len + 5);
    put16(out + at + 6, len + 3);
    put16(out + at + 9, len);
    memcpy(out + at + 11, name, len);
    at += 11 + len;
    put16(out + 3, at - 5);
    put16(out + 7, at - 9);
    begin_tcp(t, 443);
    put_stream(t, CLIENT, 443, slice_of(out, at));
}

/* Sealed beforehand, so that the sensor holds no encryption of its own; tests/test_selftest.c seals it again. */
void talk_quic(struct talk *t)
{
    static const uint8_t initial[] = {
        0xc3, 0x00, 0x00, 0x00, 0x01, 0x06, 0x72, 0x61, 0x64, 0x6f, 0x6d, 0x65, 0x00, 0x00, 0x40, 0x56, 0xfb, 0xc3, 0x49, 0x60,
        0xad, 0x32, 0x0e, 0x40, 0xa1, 0x73, 0x86, 0x26, 0x4d, 0x90, 0xa7, 0x3a, 0xca, 0xb9, 0x01, 0x8c, 0x9b, 0xa5, 0xff, 0x7f,
        0xe7, 0x74, 0x25, 0x6c, 0xce, 0x87, 0x5a, 0x90, 0x20, 0x74, 0x24, 0x20, 0xb9, 0x11, 0xb9, 0x9f, 0x1a, 0x6e, 0x21, 0x21,
        0x46, 0x04, 0x31, 0x95, 0xc2, 0x5d, 0xae, 0xb0, 0x10, 0xd4, 0xc2, 0x95, 0x1a, 0xe7, 0x4a, 0x43, 0x16, 0x2b, 0xf7, 0x0b,
        0xbb, 0x12, 0x78, 0x25, 0xff, 0xe9, 0x84, 0x71, 0xb8, 0xf6, 0x0d, 0x12, 0x31, 0x32, 0x78, 0xbd, 0x54, 0xa8, 0xcc, 0x5c,
        0xb6, 0x2d,
    };
    begin(t);
    put(t, CLIENT, UDP, 443, 0, slice_of(initial, sizeof initial));
}

bool talk_next(struct talk *t, struct frame *frame)
{
    if (t->taken >= t->used)
        return false;
    const uint8_t *at = t->room + t->taken;
    size_t len = (size_t)at[0] << 8 | at[1];
    t->taken += 2 + len;
    t->us += 1000;
    *frame = (struct frame){t->us, 1, (uint32_t)len, slice_of(at + 2, len)};
    return true;
}
