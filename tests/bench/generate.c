/* A capture like an office's uplink, written to standard output: generate mix|dns|http MEGABYTES [MICROSECONDS]. Tens
 * of thousands of flows, thousands of them at once, each a client and a server that talk in bursts; packets come that far
 * apart in the mean (7). The same arguments, the same bytes. */
#include "tests/bench/traffic.h"
#include "tests/quic_seal.h"

#include <stdlib.h>

enum { TCP = 6, UDP = 17, ACTIVE = 6000, SEGMENT = 1448, FIN = 1, SYN = 2, PUSH = 8, ACK = 16 };

enum kind { KIND_TLS, KIND_QUIC, KIND_HTTP, KIND_DNS, KIND_SHELL, KINDS };

struct flow {
    enum kind kind;
    bool started, six;
    uint32_t client, server, seq[2], host;
    uint16_t port[2];
    uint32_t left, at;      /* bytes of the server's still to come, in TLS and QUIC; of HTTP's body, and where in it */
    unsigned turns;         /* requests or keystrokes still to come */
    const struct traffic_body *body;
};

struct generator {
    FILE *out;
    uint64_t random, us, written;
    uint32_t number, apart;
    const unsigned *share;  /* of new flows, by kind, in thousandths */
    struct traffic_body body[TRAFFIC_BODIES];
    uint8_t noise[1 << 16], scratch[2048];
    struct flow flow[ACTIVE];
};

static const struct {
    const char *name;
    unsigned share[KINDS];
} mixes[] = {
    {"mix", {230, 60, 60, 600, 50}},
    {"dns", {3, 1, 1, 995, 0}},
    {"http", {20, 0, 880, 100, 0}},
};

static void put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value & 0xffff);
}

/* Ethernet and IP around what stands at frame + 14 + the IP header's length. */
static size_t put_ip(uint8_t *frame, const struct flow *f, int side, uint8_t proto, size_t len)
{
    uint32_t src = side == 0 ? f->client : f->server, dst = side == 0 ? f->server : f->client;
    memcpy(frame, side == 0 ? "\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" : "\2\0\0\0\0\2\2\0\0\0\0\1\x08\0", 14);
    uint8_t *ip = frame + 14;
    if (f->six) {
        put16(frame + 12, 0x86dd);
        memcpy(ip, "\x60\0\0\0", 4);
        put16(ip + 4, (unsigned)len);
        ip[6] = proto;
        ip[7] = 64;
        memset(ip + 8, 0, 32);
        put32(ip + 8, 0x20010db8);
        put32(ip + 24, 0x20010db8);
        put32(ip + 20, src);
        put32(ip + 36, dst);
        return 14 + 40 + len;
    }
    memcpy(ip, "\x45\0\0\0\0\0\x40\0\x40\0\0\0", 12);
    put16(ip + 2, (unsigned)len + 20);
    ip[9] = proto;
    put32(ip + 12, src);
    put32(ip + 16, dst);
    return 14 + 20 + len;
}

static void write_frame(struct generator *g, const uint8_t *frame, size_t len)
{
    g->us += 1 + traffic_below(&g->random, 2 * g->apart - 2);
    uint32_t head[4] = {(uint32_t)(g->us / 1000000), (uint32_t)(g->us % 1000000), (uint32_t)len, (uint32_t)len};
    fwrite(head, sizeof head, 1, g->out);
    fwrite(frame, 1, len, g->out);
    g->written += sizeof head + len;
}

static void put_tcp(struct generator *g, struct flow *f, int side, uint8_t flags, const void *bytes, size_t len)
{
    uint8_t frame[2048], *tcp = frame + 14 + (f->six ? 40 : 20);
    memset(tcp, 0, 32);
    put16(tcp, f->port[side]);
    put16(tcp + 2, f->port[!side]);
    put32(tcp + 4, f->seq[side]);
    put32(tcp + 8, flags == SYN ? 0 : f->seq[!side]);
    tcp[12] = 0x80;
    tcp[13] = flags;
    put16(tcp + 14, 64240);
    memcpy(tcp + 20, "\1\1\x08\x0a", 4);
    put32(tcp + 24, (uint32_t)(g->us / 1000));
    if (len > 0)
        memcpy(tcp + 32, bytes, len);
    f->seq[side] += (uint32_t)len + ((flags & (SYN | FIN)) != 0);
    write_frame(g, frame, put_ip(frame, f, side, TCP, 32 + len));
}

static void put_udp(struct generator *g, const struct flow *f, int side, const void *bytes, size_t len)
{
    uint8_t frame[2048], *udp = frame + 14 + (f->six ? 40 : 20);
    put16(udp, f->port[side]);
    put16(udp + 2, f->port[!side]);
    put16(udp + 4, (unsigned)len + 8);
    put16(udp + 6, 0);
    memcpy(udp + 8, bytes, len);
    write_frame(g, frame, put_ip(frame, f, side, UDP, 8 + len));
}

static const uint8_t *noise(struct generator *g)
{
    return g->noise + traffic_below(&g->random, sizeof g->noise - 2048);
}

/* Most transfers are small, a few are large. */
static uint32_t transfer(struct generator *g)
{
    uint32_t size = 2000 + traffic_below(&g->random, 30000);
    for (int i = 0; i < 5 && traffic_below(&g->random, 3) == 0; i++)
        size *= 4;
    return size;
}

static void begin(struct generator *g, struct flow *f)
{
    static const uint16_t ports[KINDS] = {443, 443, 80, 53, 22};
    unsigned dice = traffic_below(&g->random, 1000), kind = 0;
    while (kind < KINDS - 1 && dice >= g->share[kind])
        dice -= g->share[kind++];
    *f = (struct flow){.kind = (enum kind)kind, .six = traffic_below(&g->random, 8) == 0, .host = traffic_name(&g->random)};
    f->client = 0x0a000000 + traffic_below(&g->random, 4000);
    f->server = kind == KIND_DNS ? 0x0a00ff01 : 0x17000000 + f->host * 77;
    f->port[0] = (uint16_t)(32768 + traffic_below(&g->random, 28000));
    f->port[1] = ports[kind];
    f->seq[0] = (uint32_t)traffic_random(&g->random);
    f->seq[1] = (uint32_t)traffic_random(&g->random);
    f->left = kind == KIND_HTTP ? 0 : transfer(g);
    f->turns = kind == KIND_SHELL ? 40 : 1 + traffic_below(&g->random, 6);
}

static void shake_hands(struct generator *g, struct flow *f)
{
    put_tcp(g, f, 0, SYN, NULL, 0);
    put_tcp(g, f, 1, SYN | ACK, NULL, 0);
    put_tcp(g, f, 0, ACK, NULL, 0);
}

static bool part(struct generator *g, struct flow *f)
{
    put_tcp(g, f, 0, FIN | ACK, NULL, 0);
    put_tcp(g, f, 1, FIN | ACK, NULL, 0);
    put_tcp(g, f, 0, ACK, NULL, 0);
    return false;
}

static void begin_tls(struct generator *g, struct flow *f)
{
    uint8_t record[1024] = {22, 3, 1};
    shake_hands(g, f);
    size_t len = traffic_hello(record + 5, f->host, false, &g->random);
    put16(record + 3, (unsigned)len);
    put_tcp(g, f, 0, PUSH | ACK, record, len + 5);
    memcpy(g->scratch, noise(g), SEGMENT);
    memcpy(g->scratch, "\x16\3\3\0\x7a\2\0\0\x76\3\3", 11);
    put_tcp(g, f, 1, ACK, g->scratch, SEGMENT);
    put_tcp(g, f, 1, PUSH | ACK, noise(g), SEGMENT);
    put_tcp(g, f, 0, PUSH | ACK, noise(g), 80);
}

/* Each returns false where the flow is over. */
static bool talk_tls(struct generator *g, struct flow *f)
{
    if (!f->started)
        begin_tls(g, f);
    for (int i = 0; i < 8 && f->left > 0; i++) {
        uint32_t len = f->left < SEGMENT ? f->left : SEGMENT;
        put_tcp(g, f, 1, f->left == len ? PUSH | ACK : ACK, noise(g), len);
        f->left -= len;
        if (i % 2 == 1 || f->left == 0)
            put_tcp(g, f, 0, ACK, NULL, 0);
    }
    return f->left > 0 || part(g, f);
}

static void begin_quic(struct generator *g, struct flow *f)
{
    uint8_t frames[1162] = {6, 0}; /* CRYPTO from 0 on, then padding: a datagram of 1200 bytes */
    size_t len = traffic_hello(frames + 4, f->host, true, &g->random);
    put16(frames + 2, 0x4000 | (unsigned)len);
    struct initial initial = {.version = 1, .keyed = slice_of(noise(g), 8), .number_size = 2};
    initial.connection = initial.keyed;
    put_udp(g, f, 0, g->scratch, quic_seal(g->scratch, &initial, slice_of(frames, sizeof frames)));
    memcpy(g->scratch, noise(g), 1200);
    memcpy(g->scratch, "\xc1\0\0\0\1\0", 6);
    put_udp(g, f, 1, g->scratch, 1200);
}

static bool talk_quic(struct generator *g, struct flow *f)
{
    if (!f->started)
        begin_quic(g, f);
    for (int i = 0; i < 10 && f->left > 0; i++) {
        uint32_t len = f->left < 1250 ? f->left : 1250;
        memcpy(g->scratch, noise(g), 1250);
        g->scratch[0] = 0x40 | (g->scratch[0] & 0x3f);
        put_udp(g, f, 1, g->scratch, len);
        f->left -= len;
        if (i % 4 == 3)
            put_udp(g, f, 0, g->scratch, 41);
    }
    return f->left > 0;
}

static void ask_http(struct generator *g, struct flow *f)
{
    uint32_t number = g->number++;
    f->turns--;
    f->body = &g->body[traffic_below(&g->random, TRAFFIC_BODIES)];
    f->left = f->body->len;
    f->at = 0;
    put_tcp(g, f, 0, PUSH | ACK, g->scratch, traffic_request(g->scratch, f->host, number));
    size_t head = traffic_response(g->scratch, f->body, number);
    size_t more = SEGMENT - head < f->left ? SEGMENT - head : f->left;
    memcpy(g->scratch + head, f->body->bytes, more);
    put_tcp(g, f, 1, f->left == more ? PUSH | ACK : ACK, g->scratch, head + more);
    f->left -= (uint32_t)more;
    f->at = (uint32_t)more;
    put_tcp(g, f, 0, ACK, NULL, 0);
}

static bool talk_http(struct generator *g, struct flow *f)
{
    if (!f->started)
        shake_hands(g, f);
    if (f->left == 0)
        ask_http(g, f);
    for (int i = 0; i < 8 && f->left > 0; i++) {
        uint32_t len = f->left < SEGMENT ? f->left : SEGMENT;
        put_tcp(g, f, 1, f->left == len ? PUSH | ACK : ACK, f->body->bytes + f->at, len);
        f->left -= len;
        f->at += len;
        if (i % 2 == 1 || f->left == 0)
            put_tcp(g, f, 0, ACK, NULL, 0);
    }
    return f->left > 0 || f->turns > 0 || part(g, f);
}

static bool talk_dns(struct generator *g, struct flow *f)
{
    uint16_t id = (uint16_t)traffic_random(&g->random), type = traffic_below(&g->random, 3) == 0 ? 28 : 1;
    put_udp(g, f, 0, g->scratch, traffic_query(g->scratch, id, f->host, type));
    put_udp(g, f, 1, g->scratch, traffic_answer(g->scratch, id, f->host, type));
    return false;
}

static bool talk_shell(struct generator *g, struct flow *f)
{
    static const char greeting[] = "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n";
    if (!f->started) {
        shake_hands(g, f);
        put_tcp(g, f, 0, PUSH | ACK, greeting, sizeof greeting - 1);
        put_tcp(g, f, 1, PUSH | ACK, greeting, sizeof greeting - 1);
    }
    put_tcp(g, f, 0, PUSH | ACK, noise(g), 36);
    put_tcp(g, f, 1, PUSH | ACK, noise(g), 36 + traffic_below(&g->random, 200));
    put_tcp(g, f, 0, ACK, NULL, 0);
    return --f->turns > 0 || part(g, f);
}

static bool (*const talk[KINDS])(struct generator *, struct flow *) = {
    [KIND_TLS] = talk_tls, [KIND_QUIC] = talk_quic, [KIND_HTTP] = talk_http, [KIND_DNS] = talk_dns, [KIND_SHELL] = talk_shell};

static void generate(struct generator *g, uint64_t bytes)
{
    static const uint32_t head[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 1};
    fwrite(head, sizeof head, 1, g->out);
    traffic_bodies(g->body, &g->random);
    for (size_t i = 0; i < sizeof g->noise; i++)
        g->noise[i] = (uint8_t)(traffic_random(&g->random) >> 56);
    for (unsigned i = 0; i < ACTIVE; i++)
        begin(g, &g->flow[i]);
    while (g->written < bytes) {
        struct flow *f = &g->flow[traffic_below(&g->random, ACTIVE)];
        bool on = talk[f->kind](g, f);
        f->started = true;
        if (!on)
            begin(g, f);
    }
}

int main(int argc, char **argv)
{
    static struct generator g = {.random = 88172645463325252, .us = UINT64_C(1762164000000000)};
    g.apart = argc == 4 ? (uint32_t)strtoul(argv[3], NULL, 10) : 7;
    for (size_t i = 0; (argc == 3 || argc == 4) && g.apart > 1 && i < sizeof mixes / sizeof *mixes; i++)
        if (strcmp(argv[1], mixes[i].name) == 0)
            g.share = mixes[i].share;
    if (g.share == NULL) {
        fprintf(stderr, "usage: generate mix|dns|http MEGABYTES [MICROSECONDS] > capture\n");
        return 2;
    }
    g.out = stdout;
    generate(&g, strtoull(argv[2], NULL, 10) * 1000000);
    return fflush(stdout) == 0 ? 0 : 1;
}
