/* Floods within connections and messages: what keeps parsers busy. */
#pragma once

#include "tests/flood.h"
#include "tests/quic_seal.h"

#include <brotli/encode.h>
#include <zlib.h>

static void header_lines(struct flooder *f, uint64_t step)
{
    if (step == 0) {
        flood_say(f, 80, 0, S("GET / HTTP/1.1\r\n"));
        flood_fill(f, S("X-Field: value\r\n"), FLOOD_SEGMENT);
    }
    flood_say(f, 80, 0, flood_content(f));
}

static void endless_line(struct flooder *f, uint64_t step)
{
    if (step == 0) {
        flood_say(f, 80, 0, S("GET /"));
        flood_fill(f, S("a"), FLOOD_SEGMENT);
    }
    flood_say(f, 80, 0, flood_content(f));
}

static void pipelined(struct flooder *f, uint64_t step)
{
    (void)step;
    flood_say(f, 80, 0, S("GET /never/answered HTTP/1.1\r\nHost: example.com\r\n\r\n"));
}

static void one_byte_chunks(struct flooder *f, uint64_t step)
{
    if (step == 0) {
        flood_say(f, 80, 0, S("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        flood_say(f, 80, 1, S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
        flood_fill(f, S("1\r\na\r\n"), FLOOD_SEGMENT);
    }
    flood_say(f, 80, 1, flood_content(f));
}

/* A response whose coded body is the content, said again and again. */
static void coded(struct flooder *f, uint64_t step, const char *coding)
{
    char head[200];
    if (step == 0 && f->seq[0] == 0)
        flood_say(f, 80, 0, S("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    else
        flood_say(f, 80, 0, S("GET /again HTTP/1.1\r\nHost: a\r\n\r\n"));
    int n = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %zu\r\n\r\n", coding, f->len);
    flood_say(f, 80, 1, slice_of(head, (size_t)n));
    flood_say(f, 80, 1, flood_content(f));
}

/* window: as deflateInit2 takes it. */
static void squeeze(struct flooder *f, int window)
{
    z_stream z = {0};
    static uint8_t zeros[1 << 20];
    deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
    z.next_out = f->content;
    z.avail_out = sizeof f->content;
    for (unsigned i = 0; i < 100; i++) {
        z.next_in = zeros;
        z.avail_in = sizeof zeros;
        deflate(&z, i < 99 ? Z_NO_FLUSH : Z_FINISH);
    }
    f->len = z.total_out;
    deflateEnd(&z);
}

static void gzip_bomb(struct flooder *f, uint64_t step)
{
    if (step == 0)
        squeeze(f, 31);
    coded(f, step, "gzip");
}

static void stacked_bomb(struct flooder *f, uint64_t step)
{
    if (step == 0)
        squeeze(f, 15);
    coded(f, step, "deflate, deflate, deflate");
}

static void brotli_bomb(struct flooder *f, uint64_t step)
{
    if (step == 0) {
        uint8_t *zeros = calloc(1, 64 << 20);
        f->len = sizeof f->content;
        BrotliEncoderCompress(9, 16, BROTLI_MODE_GENERIC, 64 << 20, zeros, &f->len, f->content);
        free(zeros);
    }
    coded(f, step, "br");
}

/* Members and blocks of nothing: much work for the decoder, little that comes out. */
static void tiny_deflate(struct flooder *f, uint64_t step)
{
    if (step == 0)
        flood_fill(f, S("\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0"), 60000);
    coded(f, step, "gzip");
}

static void empty_blocks(struct flooder *f, uint64_t step)
{
    if (step == 0) {
        flood_fill(f, S("\0\0\0\xff\xff"), 60000);
        memcpy(f->content, "\x78\x9c\0\0\0", 5);
    }
    coded(f, step, "deflate");
}

/* Names that are pointers to pointers, and one that is itself. */
static void dns_loops(struct flooder *f, uint64_t step)
{
    if (step == 0) {
        uint8_t *at = wire_put(wire_put(f->content, UINT64_C(0x1234818000010fff), 8), 0, 4);
        for (unsigned i = 12; i < 1400; i += 2)
            at = wire_put(at, 0xc000 | (i > 12 ? i - 2 : 12), 2);
        f->len = (size_t)(at - f->content);
    }
    wire_put(f->content, step, 2);
    struct tuple tuple = flood_talk(53, WIRE_UDP), back = tuple_reverse(&tuple);
    flood_datagram(f, &back, flood_content(f));
}

/* As many records as fit, each with the longest way to its name. */
static void dns_records(struct flooder *f, uint64_t step)
{
    if (step == 0) {
        uint8_t *at = wire_put(wire_put(f->content, UINT64_C(0x123481800001ffff), 8), UINT64_C(0xffffffff), 4);
        for (unsigned i = 0; i < 120; i++)
            at = wire_put(at, 0x0161, 2);
        at = wire_put(at, 0x0000010001, 5);
        while (at + 16 < f->content + 60000)
            at = wire_put(wire_put(at, UINT64_C(0xc00c000100010000), 8), UINT64_C(0x003c00040a000001), 8);
        f->len = (size_t)(at - f->content);
    }
    wire_put(f->content, step, 2);
    struct tuple tuple = flood_talk(53, WIRE_UDP), back = tuple_reverse(&tuple);
    flood_datagram(f, &back, flood_content(f));
}

/* Messages of 64 kB begun on many connections, a byte a packet. */
static void dns_drip(struct flooder *f, uint64_t step)
{
    struct tuple tuple = flood_tuple(f, 53, WIRE_TCP);
    (void)step;
    flood_segment(f, &tuple, 1, TCP_ACK, S("\xff\xff"));
    for (uint32_t i = 0; i < 8; i++)
        flood_segment(f, &tuple, 3 + i, TCP_ACK, S("a"));
}

/* A hello in records of one byte. */
static void tls_records(struct flooder *f, uint64_t step)
{
    struct tuple tuple = flood_tuple(f, 443, WIRE_TCP);
    (void)step;
    if (f->len == 0) {
        static const struct slice start = S("\x16\x03\x01\0\x01\x01\x16\x03\x01\0\x01\0\x16\x03\x01\0\x01\x3e\x16\x03\x01\0\x01\xff");
        flood_fill(f, S("\x16\x03\x01\0\x01\x03"), 1300);
        memcpy(f->content, start.p, start.len);
    }
    flood_segment(f, &tuple, 1, TCP_ACK, flood_content(f));
    flood_segment(f, &tuple, 1 + (uint32_t)f->len, TCP_ACK, slice_of(f->content + 24, f->len - 24));
}

/* Initials whose CRYPTO frames are a byte here and a byte there of a hello that never gets whole. */
static void quic_scattered(struct flooder *f, uint64_t step)
{
    enum { SEALED = 32, ROOM = 1400 };
    struct tuple tuple = flood_tuple(f, 443, WIRE_UDP);
    static size_t len[SEALED];
    for (unsigned n = 0; step == 0 && n < SEALED; n++) {
        uint8_t frames[1000], *at = frames, id[8] = {1, 2, 3, 4, 5, 6, 7, (uint8_t)n};
        for (unsigned i = 0; at + 5 < frames + sizeof frames; i++)
            at = wire_put(at, UINT64_C(0x0640000100) | (uint64_t)((i * 97 + n) % 8000) << 16 | 1 << 8 | 3, 5);
        struct initial initial = {1, slice_of(id, 8), slice_of(id, 8), S(""), n, 2};
        len[n] = quic_seal(f->content + n * ROOM, &initial, slice_of(frames, (size_t)(at - frames)));
    }
    flood_datagram(f, &tuple, slice_of(f->content + step % SEALED * ROOM, len[step % SEALED]));
}

/* Names as the family's, from ever new clients: evidence for every table of the desk. */
static void family_names(struct flooder *f, uint64_t step)
{
    static const char consonants[] = "bcdfghjklmnpqrst", vowels[] = "aouu";
    struct tuple tuple = flood_tuple(f, 53, WIRE_UDP);
    uint64_t r = flood_random(f);
    uint8_t *at = wire_put(wire_put(f->content, step << 48 | UINT64_C(0x010000010000), 8), 6, 5);
    for (unsigned i = 0; i < 6; i++, r >>= 4)
        *at++ = (uint8_t)(i % 2 == 0 ? consonants[r & 15] : vowels[r & 3]);
    at = wire_put(wire_copy(at, S("\3com\0")), 0x00010001, 4);
    flood_datagram(f, &tuple, slice_of(f->content, (size_t)(at - f->content)));
}

static const struct flood content_floods[] = {
    {"header lines", 30000, header_lines, FIELD(http.long_heads)},
    {"one endless line", 30000, endless_line, FIELD(http.long_lines)},
    {"requests, no answer", 100000, pipelined, FIELD(http.no_room)},
    {"chunks of a byte", 10000, one_byte_chunks, FIELD(http.responses)},
    {"gzip bombs", 40, gzip_bomb, FIELD(http.body_limit)},
    {"deflate in deflate", 40, stacked_bomb, FIELD(http.bad_codings)},
    {"brotli bombs", 40, brotli_bomb, FIELD(http.body_limit), .multiple = 1500},
    {"gzip of nothing", 100, tiny_deflate, FIELD(http.responses)},
    {"empty blocks", 100, empty_blocks, FIELD(http.responses)},
    {"DNS pointer loops", 50000, dns_loops, FIELD(datagram.dns_bad)},
    {"DNS records, 64 kB", 2000, dns_records, FIELD(datagram.dns), .multiple = 400},
    {"DNS over TCP, drip", 20000, dns_drip, FIELD(flow.crowded)},
    {"TLS, tiny records", 40000, tls_records, FIELD(flow.crowded)},
    {"QUIC, scattered", 100000, quic_scattered, FIELD(flow.crowded)},
    {"family's names", 40000, family_names, FIELD(datagram.dns)},
};
