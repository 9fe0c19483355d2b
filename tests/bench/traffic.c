#include "tests/bench/traffic.h"

#include <stdlib.h>
#include <zlib.h>

static const char *const words[] = {
    "cloud", "data", "shop", "news", "mail", "photo", "game", "bank", "travel", "music", "video", "store", "north", "river",
    "stone", "light", "green", "metro", "smart", "daily", "open", "track", "pixel", "media", "stat", "edge", "soft", "press",
    "home", "book", "sport", "line", "market", "forum", "garden", "union", "direct", "global", "delta", "search"};
static const char *const fronts[] = {"www", "cdn", "static", "api", "img", "mail", "login", "assets", "events", "a1842.dscb",
                                     "update", "telemetry", "fonts", "m", "ocsp", "push"};
static const char *const ends[] = {"com", "com", "com", "net", "org", "de", "co.uk", "io", "fr", "info"};

void traffic_host(uint32_t number, char out[static 80])
{
    uint32_t n = number * 2654435761u;
    const char *first = words[n % 40], *second = words[n / 40 % 40];
    snprintf(out, 80, "%s.%s%s%s.%s", fronts[n / 1600 % 16], first, number % 3 == 0 ? "-" : "", second, ends[n / 25600 % 10]);
}

static uint8_t *filled(uint32_t len, bool text, uint64_t *state)
{
    static const char line[] = "<div class=\"item\"><a href=\"/section/%u/article-%u.html\">%s %s %s</a></div>\n";
    uint8_t *bytes = malloc(len + 200);
    for (uint32_t at = 0; text && at < len;)
        at += (uint32_t)snprintf((char *)bytes + at, 200, line, traffic_below(state, 90), traffic_below(state, 100000),
                                 words[traffic_below(state, 40)], words[traffic_below(state, 40)], words[traffic_below(state, 40)]);
    for (uint32_t at = 0; !text && at < len; at += 8) {
        uint64_t value = traffic_random(state);
        memcpy(bytes + at, &value, 8);
    }
    return bytes;
}

static void gzip(struct traffic_body *body)
{
    uint8_t *out = malloc(TRAFFIC_BODY);
    z_stream z = {.next_in = body->bytes, .avail_in = body->len, .next_out = out, .avail_out = TRAFFIC_BODY};
    deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    deflate(&z, Z_FINISH);
    body->len = (uint32_t)z.total_out;
    deflateEnd(&z);
    free(body->bytes);
    body->bytes = out;
}

void traffic_bodies(struct traffic_body body[static TRAFFIC_BODIES], uint64_t *state)
{
    static const struct {
        const char *type, *coding, *magic;
        uint32_t len;
    } rows[TRAFFIC_BODIES] = {
        {"text/html; charset=utf-8", "gzip", "", 60000},   {"text/html; charset=utf-8", NULL, "", 9000},
        {"application/javascript", "gzip", "", 90000},     {"application/json", NULL, "", 700},
        {"image/jpeg", NULL, "\xff\xd8\xff\xe0", 48000},   {"image/gif", NULL, "GIF89a", 43},
        {"application/octet-stream", NULL, "PK\3\4", 120000}, {"text/css", NULL, "", 14000},
    };
    for (int i = 0; i < TRAFFIC_BODIES; i++) {
        body[i] = (struct traffic_body){rows[i].type, rows[i].coding, filled(rows[i].len, *rows[i].magic == '\0', state), rows[i].len};
        memcpy(body[i].bytes, rows[i].magic, strlen(rows[i].magic));
        if (rows[i].coding != NULL)
            gzip(&body[i]);
    }
}

size_t traffic_request(uint8_t *out, uint32_t host, uint32_t number)
{
    char name[80];
    traffic_host(host, name);
    return (size_t)snprintf((char *)out, 1400,
        "GET /%s/%u/%s.html?id=%u&ref=%s HTTP/1.1\r\nHost: %s\r\n"
        "User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36\r\n"
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n"
        "Accept-Encoding: gzip, deflate\r\nReferer: http://%s/%s\r\nConnection: keep-alive\r\n"
        "Cookie: session=%08x%08x; theme=light\r\n\r\n",
        words[number % 40], number % 977, words[number / 40 % 40], number, words[number % 37], name, name, words[number % 29],
        number * 2654435761u, number);
}

size_t traffic_response(uint8_t *out, const struct traffic_body *body, uint32_t number)
{
    return (size_t)snprintf((char *)out, 1400,
        "HTTP/1.1 200 OK\r\nDate: Mon, 03 Nov 2025 10:%02u:%02u GMT\r\nServer: nginx\r\nContent-Type: %s\r\nContent-Length: %u\r\n"
        "%s%s%sCache-Control: max-age=600\r\nETag: \"%08x\"\r\nVary: Accept-Encoding\r\nConnection: keep-alive\r\n\r\n",
        number / 60 % 60, number % 60, body->type, body->len, body->coding != NULL ? "Content-Encoding: " : "",
        body->coding != NULL ? body->coding : "", body->coding != NULL ? "\r\n" : "", number * 2654435761u);
}

static uint8_t *put16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
    return p + 2;
}

static uint8_t *put_name(uint8_t *p, const char *name)
{
    for (size_t len; *name != '\0'; name += len + (name[len] == '.')) {
        len = strcspn(name, ".");
        *p++ = (uint8_t)len;
        memcpy(p, name, len);
        p += len;
    }
    *p++ = 0;
    return p;
}

static uint8_t *put_head(uint8_t *p, uint16_t id, unsigned flags, unsigned answers, const char *name, uint16_t type)
{
    p = put16(put16(p, id), flags);
    p = put16(put16(put16(put16(p, 1), answers), 0), 1);
    return put16(put16(put_name(p, name), type), 1);
}

static uint8_t *put_edns(uint8_t *p)
{
    memcpy(p, "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11);
    return p + 11;
}

size_t traffic_query(uint8_t *out, uint16_t id, uint32_t host, uint16_t type)
{
    char name[80];
    traffic_host(host, name);
    return (size_t)(put_edns(put_head(out, id, 0x0100, 0, name, type)) - out);
}

/* A name that leads over an alias to one or two addresses; every eighth does not exist. */
size_t traffic_answer(uint8_t *out, uint16_t id, uint32_t host, uint16_t type)
{
    char name[80], alias[80];
    unsigned missing = host % 8 == 7, addresses = missing ? 0 : 1 + host % 2, size = type == 28 ? 16 : 4;
    traffic_host(host, name);
    traffic_host(host * 7 % TRAFFIC_NAMES, alias);
    uint8_t *p = put_head(out, id, 0x8180 | (missing ? 3 : 0), missing ? 0 : 1 + addresses, name, type);
    uint8_t *target = p + 12;
    if (!missing) {
        memcpy(p, "\xc0\x0c\0\5\0\1\0\0\1\x2c", 10);
        p = put_name(target, alias);
        put16(target - 2, (unsigned)(p - target));
    }
    for (unsigned i = 0; i < addresses; i++) {
        p = put16(put16(put16(p, 0xc000 | (unsigned)(target - out)), type), 1);
        p = put16(put16(put16(p, 0), 300), size);
        memset(p, (int)(host + i) & 0x7f, size);
        put16(p + size - 2, host);
        p += size;
    }
    return (size_t)(put_edns(p) - out);
}

static uint8_t *put_extension(uint8_t *p, unsigned type, const void *bytes, size_t len)
{
    p = put16(put16(p, type), (unsigned)len);
    memcpy(p, bytes, len);
    return p + len;
}

size_t traffic_hello(uint8_t *out, uint32_t host, bool quic, uint64_t *state)
{
    char name[80];
    uint8_t text[128], key[40] = {0, 36, 0, 29, 0, 32}, *p = out + 4, *extensions;
    traffic_host(host, name);
    size_t len = strlen(name);
    p = put16(p, 0x0303);
    for (int i = 0; i < 32; i++)
        *p++ = (uint8_t)traffic_random(state);
    *p++ = quic ? 0 : 32;
    for (int i = 0; i < (quic ? 0 : 32); i++)
        *p++ = (uint8_t)traffic_random(state);
    memcpy(p, "\0\6\x13\1\x13\2\x13\3\1\0", 10);
    extensions = p + 10;
    p = extensions + 2;
    put16(put16(text, (unsigned)len + 3) + 1, (unsigned)len);
    text[2] = 0;
    memcpy(text + 5, name, len);
    p = put_extension(p, 0, text, len + 5);
    p = put_extension(p, 10, "\0\4\0\x1d\0\x17", 6);
    p = put_extension(p, 13, "\0\6\4\3\x08\4\4\1", 8);
    p = put_extension(p, 16, quic ? "\0\3\2h3" : "\0\x0c\2h2\x08http/1.1", quic ? 5 : 14);
    p = put_extension(p, 43, "\2\3\4", 3);
    p = put_extension(p, 51, key, 38);
    put16(extensions, (unsigned)(p - extensions) - 2);
    unsigned body = (unsigned)(p - out) - 4;
    out[0] = 1;
    out[1] = 0;
    put16(out + 2, body);
    return body + 4;
}
