#include "feeds/selftest.h"

#include <stdio.h>
#include <stdlib.h>

enum how { LOOKUP, REQUEST, PROGRAM, HELLO };

enum { ROOM = 8192, PROGRAM_BYTES = 4096, SEGMENT = 1200, TCP = 6, UDP = 17, SYN = 2, PUSH = 0x18, KEY = 0x5a };

/* Each from a client of its own. The requests are the published ones; names are the lists' or fit the families' grammar. */
static const struct kind {
    const char *what;
    enum how how;
    const char *text;          /* names parted by blanks; a request's head; a server name */
    const char *body;          /* of a request; of lookups, anything: all lead to one address */
    const char *dataset, *words; /* both stand in the document that must come */
} kinds[] = {
    {"a listed name in DNS", LOOKUP, "adofd.com", "", "ioc", "adofd.com"},
    {"a listed name in a TLS hello", HELLO, "bdubnium.com", "", "ioc", "bdubnium.com"},
    {"two unlisted names of the families' grammar: an incident", LOOKUP, "lohuqod.com gobuqow.com", "", "incident", "gobuqow.com"},
    {"names that share an address: a cluster", LOOKUP, "tuqowal.com qohudow.com", "shared", "cluster", "qohudow.com"},
    {"IsErIk's request", REQUEST, "POST /?v=2.2&pcrc=167877582&rv=4.0&r=1 HTTP/1.1\r\nHost: a.example\r\n", "", "beacon", "IsErIk"},
    {"DealPly's request", REQUEST, "POST /?pcrc=123&v=1.2.3 HTTP/1.1\r\nHost: b.example\r\n", "x", "beacon", "pcrc=123"},
    {"DealPly's pixel", REQUEST, "POST /a/pxl/b?e=-1&x=2&c=3 HTTP/1.1\r\nHost: c.example\r\n", "", "beacon", "\"pxl\""},
    {"DealPly's blob", REQUEST, "GET /getblob?v=1&cache=77 HTTP/1.1\r\nHost: d.example\r\n", "", "beacon", "\"getblob\""},
    {"a request in hex", REQUEST, "POST / HTTP/1.1\r\nHost: e.example\r\n", "3f763d322e3226706372633d313637383737353832", "beacon", "\"hex-body\""},
    {"a program under XOR", PROGRAM, "GET /a.dat HTTP/1.1\r\nHost: f.example\r\n", "", "payload", "\"xor\""},
    {"an incident of a beacon alone", REQUEST, "POST /?v=2.2&pcrc=1&rv=4.0&r=2 HTTP/1.1\r\nHost: g.example\r\n", "", "incident", "g.example"},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

struct selftest {
    struct shard *shard;
    struct intake *intake;
    struct desk *desk;
    enum json_format format;
    struct selftest_result *result;
    bool fired[KINDS];
    uint64_t us;
    unsigned client;           /* the last byte of its address, out of 192.0.2.0/24 (RFC 5737) */
    uint8_t server;            /* the last byte of what names lead to, out of 203.0.113.0/24 */
    uint32_t sequence[2];
    uint8_t frame[ROOM];
    char document[JSON_MAX], record[JSON_MAX];
};

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* A document is kept against every kind that it is the one of. */
static void look(struct selftest *t, size_t len)
{
    char dataset[32];
    t->document[len < JSON_MAX ? len : JSON_MAX - 1] = '\0';
    for (unsigned i = 0; i < KINDS && len > 0; i++) {
        snprintf(dataset, sizeof dataset, "\"kind\":\"%s\"", kinds[i].dataset);
        t->fired[i] = t->fired[i] || (strstr(t->document, dataset) != NULL && strstr(t->document, kinds[i].words) != NULL);
    }
}

static void pull(struct selftest *t)
{
    struct output output;
    const struct report *report;
    while (shard_next(t->shard, &output, t->record)) {
        if (output.hit != NULL)
            desk_put(t->desk, output.hit);
        while (output.hit != NULL && (report = desk_next(t->desk)) != NULL)
            look(t, json_report(t->document, report, t->format));
    }
}

/* Ethernet, IPv4 and the transport's header before what stands in the frame from its place on. */
static void send(struct selftest *t, int side, uint8_t proto, unsigned server_port, uint8_t flags, size_t len)
{
    uint8_t *ip = t->frame + 14, *transport = ip + 20;
    size_t head = proto == TCP ? 20 : 8;
    unsigned client_port = 40000 + t->client;
    struct packet packet;
    memset(t->frame, 0, 14 + 20 + head);
    put16(t->frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, 20 + head + len);
    ip[8] = 64;
    ip[9] = proto;
    memcpy(ip + (side == 0 ? 12 : 16), (uint8_t[]){192, 0, 2, (uint8_t)t->client}, 4);
    memcpy(ip + (side == 0 ? 16 : 12), (uint8_t[]){198, 51, 100, 7}, 4);
    put16(transport + (side == 0 ? 0 : 2), client_port);
    put16(transport + (side == 0 ? 2 : 0), server_port);
    if (proto == TCP) {
        put16(transport + 4, t->sequence[side] >> 16);
        put16(transport + 6, t->sequence[side] & 0xffff);
        put16(transport + 8, t->sequence[!side] >> 16);
        put16(transport + 10, t->sequence[!side] & 0xffff);
        transport[12] = 0x50;
        transport[13] = flags;
        put16(transport + 14, 0xffff);
        t->sequence[side] += (uint32_t)len + ((flags & SYN) != 0);
    } else {
        put16(transport + 4, 8 + len);
    }
    size_t all = 14 + 20 + head + len;
    struct frame frame = {t->us += 1000, 1, (uint32_t)all, slice_of(t->frame, all)};
    if (intake_feed(t->intake, &frame, &packet)) {
        shard_deal(t->shard, &packet);
        pull(t);
    }
}

static void send_bytes(struct selftest *t, int side, unsigned port, const void *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += SEGMENT) {
        size_t part = len - at < SEGMENT ? len - at : SEGMENT;
        memcpy(t->frame + 14 + 20 + 20, (const uint8_t *)bytes + at, part);
        send(t, side, TCP, port, PUSH, part);
    }
}

static void connect_to(struct selftest *t, unsigned port)
{
    t->sequence[0] = t->sequence[1] = 1000;
    send(t, 0, TCP, port, SYN, 0);
    send(t, 1, TCP, port, SYN | 0x10, 0);
}

static size_t put_name(uint8_t *out, const char *name, size_t len)
{
    uint8_t *at = out;
    for (size_t label; len > 0; name += label, len -= label) {
        if (*name == '.')
            name++, len--;
        label = 0;
        while (label < len && name[label] != '.')
            label++;
        *at++ = (uint8_t)label;
        memcpy(at, name, label);
        at += label;
    }
    *at++ = 0;
    return (size_t)(at - out);
}

/* A question, then its answer: an address (RFC 1035 section 4.1). */
static void look_up(struct selftest *t, const char *name, size_t len)
{
    for (int side = 0; side < 2; side++) {
        uint8_t *dns = t->frame + 14 + 20 + 8, *at = dns + 12;
        memset(dns, 0, 12);
        put16(dns, 77);
        put16(dns + 2, side == 0 ? 0x0100 : 0x8180);
        put16(dns + 4, 1);
        put16(dns + 6, (size_t)side);
        at += put_name(at, name, len);
        memcpy(at, "\0\1\0\1", 4);
        at += 4;
        if (side == 1) {
            memcpy(at, "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xcb\0\x71\x09", 16);
            at[15] = t->server;
            at += 16;
        }
        send(t, side, UDP, 53, 0, (size_t)(at - dns));
    }
}

/* Headers of a 32-bit program (PE/COFF) and filler, under a key of one byte. */
static void make_program(uint8_t out[static PROGRAM_BYTES])
{
    static const char stub[] = "\x0e\x1f\xba\x0e\0\xb4\x09\xcd\x21\xb8\x01\x4c\xcd\x21This program cannot be run in DOS mode.\r\r\n$";
    static const struct { uint16_t at; uint32_t value; } words[] = {
        {0, 0x00905a4d}, {4, 3}, {8, 4}, {12, 0xffff}, {16, 0xb8}, {24, 0x40}, {0x3c, 0x80}, {0x80, 0x4550}, {0x84, 0x0001014c},
        {0x94, 0x010200e0}, {0x98, 0x10b}, {0xa8, 0x1000}, {0xac, 0x1000}, {0xb4, 0x400000}, {0xb8, 0x1000}, {0xbc, 0x200}, {0xc0, 4},
        {0xc8, 4}, {0xd0, 0x2000}, {0xd4, 0x200}, {0xdc, 3}, {0xf4, 16}, {0x178, 0x7865742e}, {0x17c, 0x74}, {0x180, 0xe00},
        {0x184, 0x1000}, {0x188, 0xe00}, {0x18c, 0x200}, {0x19c, 0x60000020},
    };
    uint32_t noise = 7;
    memset(out, 0, PROGRAM_BYTES);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (int b = 0; b < 4; b++)
            out[words[i].at + b] = (uint8_t)(words[i].value >> (8 * b));
    memcpy(out + 64, stub, sizeof stub - 1);
    for (size_t i = 0x200; i < 0xc00; i++)
        out[i] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
    for (size_t i = 0; i < PROGRAM_BYTES; i++)
        out[i] ^= KEY;
}

static void request(struct selftest *t, const struct kind *kind)
{
    uint8_t program[PROGRAM_BYTES];
    char text[1024];
    bool with = kind->how == PROGRAM;
    make_program(program);
    connect_to(t, 80);
    int len = snprintf(text, sizeof text, "%sContent-Length: %zu\r\n\r\n%s", kind->text, strlen(kind->body), kind->body);
    if (strncmp(kind->text, "GET", 3) == 0)
        len = snprintf(text, sizeof text, "%s\r\n", kind->text);
    send_bytes(t, 0, 80, text, (size_t)len);
    len = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", with ? PROGRAM_BYTES : 0);
    send_bytes(t, 1, 80, text, (size_t)len);
    if (with)
        send_bytes(t, 1, 80, program, sizeof program);
}

/* A ClientHello with a server name and nothing else (RFC 8446 section 4.1.2, RFC 6066 section 3). */
static void hello(struct selftest *t, const char *name)
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
    connect_to(t, 443);
    send_bytes(t, 0, 443, out, at);
}

static void show(struct selftest *t, const struct kind *kind)
{
    t->client++;
    switch (kind->how) {
    case LOOKUP:
        for (const char *name = kind->text; *name != '\0'; name += strcspn(name, " "), name += *name == ' ') {
            t->server += kind->body[0] == '\0' || name == kind->text;
            look_up(t, name, strcspn(name, " "));
        }
        break;
    case REQUEST:
    case PROGRAM: request(t, kind); break;
    case HELLO: hello(t, kind->text); break;
    }
}

static void sum_up(struct selftest *t)
{
    size_t used = 0;
    for (unsigned i = 0; i < KINDS; i++) {
        t->result->fired += t->fired[i];
        if (!t->fired[i] && used < sizeof t->result->missing)
            used += (size_t)snprintf(t->result->missing + used, sizeof t->result->missing - used, "%s%s", used > 0 ? "; " : "", kinds[i].what);
    }
}

bool selftest_run(struct selftest_result *result, const struct shard_settings *settings, struct desk *desk, char err[static ERRLEN])
{
    struct selftest *t = calloc(1, sizeof *t);
    *result = (struct selftest_result){.all = KINDS};
    if (t == NULL) {
        error_set(err, "no memory for the self-test");
        return false;
    }
    t->desk = desk;
    t->format = settings->format;
    t->result = result;
    t->us = UINT64_C(1767225600) * 1000000; /* 2026 began */
    bool open = (t->shard = shard_open(settings, err)) != NULL &&
                (t->intake = intake_open(capture_intake_memory(settings->capture.memory), settings->capture.seed, err)) != NULL;
    for (unsigned i = 0; i < KINDS && open; i++)
        show(t, &kinds[i]);
    if (open) {
        shard_finish(t->shard);
        pull(t);
        sum_up(t);
    }
    shard_close(t->shard);
    intake_close(t->intake);
    free(t);
    return open;
}
