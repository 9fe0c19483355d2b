#include "capture/tls.h"
#include "tests/check.h"

#include <stdio.h>

#define SNI(name, len, list, ext) "\0\0\0" ext "\0" list "\0\0" len name
#define EXAMPLE SNI("www.example.com", "\x0f", "\x12", "\x14")

static const struct {
    struct slice extensions;
    const char *text; /* as tell() puts it; NULL: refused */
    const char *reason;
} rows[] = {
    {S(""), "'' '' 0303", "a TLS 1.2 hello with an empty list"},
    {S(EXAMPLE), "'www.example.com' '' 0303", "a server name"},
    {S(SNI("WWW.Example.COM.", "\x10", "\x13", "\x15")), "'www.example.com' '' 0303",
     "in lower case, without the last dot"},
    {S(SNI("a\0b\x1b[31m\xff c\\", "\x0c", "\x0f", "\x11")), "'a\\000b\\027[31m\\255\\032c\\\\' '' 0303",
     "bytes a terminal would act on"},
    {S(SNI("", "\0", "\3", "\5")), "'' '' 0303", "an empty name"},
    {S("\0\0\0\7\0\5\7\0\2xy"), "'' '' 0303", "a name of another kind"},
    {S("\0\0\0\x0a\0\x08\0\0\1a\0\0\1b"), "'a' '' 0303", "of two names the first counts"},
    {S("\0\0\0\x0a\0\x08\0\0\1a\0\0\1b"
       "\0"),
     NULL, "half an extension"},
    {S("\0\0\0\x0a\0\x08\0\0\0\1a\0\0\2"), NULL, "the second name is cut short"},
    {S("\0\0\0\x0a\0\x08\0\0\1a"), NULL, "an extension longer than the list"},
    {S("\0\0\0\6\0\5\0\0\1a"), NULL, "a list longer than its extension"},
    {S("\0\0\0\7\0\4\0\0\1a\0"), NULL, "bytes behind the list"},
    {S("\0\0\0\x0a\0\x08\0\0\1a\0\0\0"), NULL, "an extension two bytes longer than what is there"},
    {S(EXAMPLE "\0\0\0\6\0\4\0\0\2b"), NULL, "a second list that lies"},
    {S("\0\x10\0\x0e\0\x0c\2h2\x08http/1.1"), "'' 'h2' 0303", "the first protocol"},
    {S("\0\x10\0\x06\0\x04\x03\x01\x02\x03"), "'' '\\001\\002\\003' 0303", "a protocol that is no text"},
    {S("\0\x10\0\x08\0\x06\2\xda\xda\2h2"), "'' 'h2' 0303", "GREASE is no protocol"},
    {S("\0\x10\0\x08\0\x06\0\0\0\2h2"), "'' 'h2' 0303", "empty protocols, which are forbidden"},
    {S("\0\x10\0\x08\0\x06\2h2\7h2"), NULL, "a protocol longer than its list"},
    {S("\0\x10\0\x24\0\x22\x21"
       "abcdefghijklmnopqrstuvwxyz0123456"),
     "'' 'abcdefghijklmnopqrstuvwxyz01234' 0303", "a long protocol is cut"},
    {S("\0\x2b\0\7\6\x3a\x3a\3\4\3\3"), "'' '' 0304", "the highest version without GREASE"},
    {S("\0\x2b\0\5\4\3\3\3\4"), "'' '' 0304", "in any order"},
    {S("\0\x2b\0\5\4\x7f\x1c\3\3"), "'' '' 0303", "a draft is older than any version"},
    {S("\0\x2b\0\3\2\x7f\x1c"), "'' '' 7f1c", "only a draft"},
    {S("\0\x2b\0\3\2\x3a\x3a"), "'' '' 0303", "only GREASE"},
    {S("\0\x2b\0\4\3\3\4\3"), NULL, "half a version"},
    {S("\xfe\x0d\0\1\0" EXAMPLE), "'www.example.com' '' 0303 ech", "an encrypted hello with its outer name"},
    {S("\x1a\x1a\0\0" EXAMPLE "\0\x2b\0\3\2\3\4"
       "\0\x10\0\5\0\3\2h2"),
     "'www.example.com' 'h2' 0304", "all together"},
};

static const char *tell(const struct tls_hello *hello)
{
    static char text[512];
    sprintf(text, "'%s' '%s' %04x%s%s", hello->server_name, hello->alpn, hello->version, hello->ech ? " ech" : "",
            hello->quic ? " quic" : "");
    return text;
}

/* The handshake message around a list of extensions. */
static struct slice hello_of(uint8_t *out, struct slice extensions)
{
    static const struct slice head = S("\1\0\0\0\3\3"
                                       "0123456789abcdef0123456789abcdef"
                                       "\x04sess"
                                       "\0\4\x13\1\x13\2"
                                       "\1\0");
    size_t len = head.len + 2 + extensions.len;
    memcpy(out, head.p, head.len);
    out[2] = (uint8_t)((len - 4) >> 8);
    out[3] = (uint8_t)(len - 4);
    out[head.len] = (uint8_t)(extensions.len >> 8);
    out[head.len + 1] = (uint8_t)extensions.len;
    if (extensions.len > 0)
        memcpy(out + head.len + 2, extensions.p, extensions.len);
    return slice_of(out, len);
}

/* Records of at most `size` bytes around the message. */
static struct slice records_of(uint8_t *out, struct slice message, size_t size)
{
    size_t len = 0;
    while (message.len > 0) {
        struct slice part = slice_cut(&message, size);
        memcpy(out + len, "\x16\3\1", 3);
        out[len + 3] = (uint8_t)(part.len >> 8);
        out[len + 4] = (uint8_t)part.len;
        memcpy(out + len + 5, part.p, part.len);
        len += part.len + 5;
    }
    return slice_of(out, len);
}

static uint8_t message_bytes[70000], record_bytes[80000];

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tls_hello hello;
        bool parsed = tls_parse_hello(&hello, guard_copy(hello_of(message_bytes, rows[i].extensions), 0));
        if (CHECK(parsed == (rows[i].text != NULL), "%s", rows[i].reason) && parsed)
            CHECK(strcmp(tell(&hello), rows[i].text) == 0, "%s: %s", rows[i].reason, tell(&hello));
    }
}

static const struct {
    struct slice message;
    bool parsed;
    const char *reason;
} plain[] = {
    {S("\1\0\0\x29\3\1"
       "0123456789abcdef0123456789abcdef"
       "\0"
       "\0\2\0\x2f"
       "\1\0"),
     true, "TLS 1.0 without extensions"},
    {S("\1\0\0\x29\2\0"
       "0123456789abcdef0123456789abcdef"
       "\0"
       "\0\2\0\x2f"
       "\1\0"),
     false, "SSL 2"},
    {S("\1\0\0\x29\xfe\xfd"
       "0123456789abcdef0123456789abcdef"
       "\0"
       "\0\2\0\x2f"
       "\1\0"),
     false, "DTLS"},
    {S("\2\0\0\x29\3\1"
       "0123456789abcdef0123456789abcdef"
       "\0"
       "\0\2\0\x2f"
       "\1\0"),
     false, "a ServerHello"},
    {S("\1\0\0\x2a\3\1"
       "0123456789abcdef0123456789abcdef"
       "\0"
       "\0\2\0\x2f"
       "\1\0"),
     false, "a length past the end"},
    {S("\1\0\0\x2a\3\1"
       "0123456789abcdef0123456789abcdef"
       "\0"
       "\0\2\0\x2f"
       "\1\0\0"),
     false, "half a length of extensions"},
    {S("\1\0\0\x27\3\1"
       "0123456789abcdef0123456789abcdef"
       "\0"
       "\0\0"
       "\1\0"),
     false, "no cipher suite"},
    {S("\1\0\0\x28\3\1"
       "0123456789abcdef0123456789abcdef"
       "\0"
       "\0\2\0\x2f"
       "\0"),
     false, "no compression method"},
    {S("\1\0\0\x4a\3\1"
       "0123456789abcdef0123456789abcdef"
       "\x21"
       "0123456789abcdef0123456789abcdef!"
       "\0\2\0\x2f"
       "\1\0"),
     false, "a session id of 33 bytes"},
};

static void test_plain(void)
{
    struct tls_hello hello;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        CHECK(tls_parse_hello(&hello, guard_copy(plain[i].message, 0)) == plain[i].parsed, "%s", plain[i].reason);
}

static void test_truncations(void)
{
    struct tls_hello hello;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice whole = hello_of(message_bytes, rows[i].extensions);
        for (size_t len = 0; len < whole.len; len++)
            CHECK(!tls_parse_hello(&hello, guard_copy(slice_head(whole, len), 0)), "%s, cut to %zu", rows[i].reason,
                  len);
    }
}

/* What is printed stays in its fields and is safe to print, whatever came in. */
static bool sound(const struct tls_hello *hello)
{
    const char *texts[2] = {hello->server_name, hello->alpn};
    const size_t sizes[2] = {sizeof hello->server_name, sizeof hello->alpn};
    for (int i = 0; i < 2; i++) {
        size_t len = strnlen(texts[i], sizes[i]);
        if (len == sizes[i])
            return false;
        for (size_t k = 0; k < len; k++)
            if (texts[i][k] <= ' ' || texts[i][k] >= 0x7f || (texts[i][k] >= 'A' && texts[i][k] <= 'Z'))
                return false;
    }
    return true;
}

static uint64_t random_state = 20201125;

static uint32_t random_number(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33);
}

static void test_mutations(void)
{
    struct tls_stream stream;
    for (unsigned run = 0; run < 20000; run++) {
        struct tls_hello hello;
        struct slice message = hello_of(message_bytes, rows[run % (sizeof rows / sizeof *rows)].extensions);
        for (unsigned i = 0; i <= run % 4; i++)
            message_bytes[random_number() % message.len] = (uint8_t)random_number();
        if (tls_parse_hello(&hello, guard_copy(message, 0)))
            CHECK(sound(&hello), "mutation %u", run);
        struct slice wire = records_of(record_bytes, message, 1 + random_number() % 80);
        record_bytes[random_number() % wire.len] = (uint8_t)random_number();
        tls_start(&stream);
        while (wire.len > 0) {
            struct slice part = guard_copy(slice_cut(&wire, 1 + random_number() % 40), 1);
            if (tls_feed(&stream, &(struct piece){.kind = PIECE_DATA, .data = part}, &hello) == TLS_FOUND)
                CHECK(sound(&hello), "mutation %u in records", run);
        }
    }
}

/* Names at the edge of what the field holds. */
static void test_long_names(void)
{
    static const struct {
        unsigned len;
        uint8_t byte;
        size_t kept;
        const char *reason;
    } names[] = {{253, 'a', 253, "as long as a host name may be"},
                 {255, 'a', 255, "as long as the field"},
                 {256, 'a', 0, "longer than a host name"},
                 {63, 1, 252, "escaped, it still fits"},
                 {64, 1, 0, "escaped, it does not"},
                 {9000, 'a', 0, "far too long"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unsigned len = names[i].len;
        uint8_t extension[9009] = {0,
                                   0,
                                   (uint8_t)((len + 5) >> 8),
                                   (uint8_t)(len + 5),
                                   (uint8_t)((len + 3) >> 8),
                                   (uint8_t)(len + 3),
                                   0,
                                   (uint8_t)(len >> 8),
                                   (uint8_t)len};
        struct tls_hello hello;
        memset(extension + 9, names[i].byte, len);
        CHECK(tls_parse_hello(&hello, guard_copy(hello_of(message_bytes, slice_of(extension, len + 9)), 0))
                  && strlen(hello.server_name) == names[i].kept,
              "%s", names[i].reason);
    }
}

static enum tls_found feed_all(struct tls_stream *stream, struct slice wire, size_t size, struct tls_hello *hello)
{
    enum tls_found found = TLS_MORE;
    while (wire.len > 0 && found == TLS_MORE)
        found =
            tls_feed(stream, &(struct piece){.kind = PIECE_DATA, .data = guard_copy(slice_cut(&wire, size), 1)}, hello);
    return found;
}

/* However the message is cut into records and those into segments, it is found, and at its last byte. */
static void test_stream_cuts(void)
{
    struct slice message = hello_of(message_bytes, rows[sizeof rows / sizeof *rows - 1].extensions);
    for (size_t record = 1; record <= message.len; record++)
        for (size_t segment = 1; segment < 200; segment += segment < 20 ? 1 : 17) {
            struct tls_stream stream;
            struct tls_hello hello;
            struct slice wire = records_of(record_bytes, message, record);
            memset(&stream, 0xa5, sizeof stream);
            tls_start(&stream);
            CHECK(feed_all(&stream, slice_head(wire, wire.len - 1), segment, &hello) == TLS_MORE,
                  "records of %zu, segments of %zu: one byte short", record, segment);
            CHECK(feed_all(&stream, slice_from(wire, wire.len - 1), segment, &hello) == TLS_FOUND
                      && strcmp(tell(&hello), "'www.example.com' 'h2' 0304") == 0,
                  "records of %zu, segments of %zu", record, segment);
            CHECK(feed_all(&stream, wire, segment, &hello) == TLS_NONE, "found once only");
        }
}

static const struct {
    struct slice wire;
    bool looks;
    enum tls_found found;
    const char *reason;
} openings[] = {
    {S("\x16"), true, TLS_MORE, "one byte that fits"},
    {S("\x16\3\1\0\x20\1"), true, TLS_MORE, "the beginning of a hello"},
    {S("\x16\3\1\0\x20\2"), false, TLS_NONE, "a ServerHello"},
    {S("\x15\3\1\0\2\2\x28"), false, TLS_NONE, "an alert first"},
    {S("\x14\3\1\0\1\1"), false, TLS_NONE, "ChangeCipherSpec first"},
    {S("\x17\3\3\0\x20"), false, TLS_NONE, "application data: the beginning was missed"},
    {S("\x16\2\0\0\x20\1"), false, TLS_NONE, "no version of TLS"},
    {S("\x16\3\5\0\x20\1"), false, TLS_NONE, "no version of TLS"},
    {S("\x16\3\1\0\0\1"), false, TLS_NONE, "an empty record of handshake"},
    {S("\x16\3\1\x40\1\1"), false, TLS_NONE, "a record longer than may be"},
    {S("\x16\3\1\x40\0\1\0\x3f\xfc"), true, TLS_MORE, "the longest message that is followed"},
    {S("\x16\3\1\x40\0\1\0\x3f\xfd"), true, TLS_NONE, "a longer one"},
    {S("\x16\3\1\0\4\1\0\0\0"), true, TLS_NONE, "a hello of no bytes"},
    {S("\x16\3\1\0\5\1\0\0\1x"), true, TLS_NONE, "a hello that is none"},
    {S("GET / HTTP/1.1\r\n"), false, TLS_NONE, "HTTP"},
    {S("SSH-2.0-OpenSSH"), false, TLS_NONE, "SSH"},
};

static void test_openings(void)
{
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++)
        for (size_t segment = 1; segment <= openings[i].wire.len; segment++) {
            struct tls_stream stream;
            struct tls_hello hello;
            tls_start(&stream);
            CHECK(tls_looks_like(guard_copy(openings[i].wire, 0)) == openings[i].looks, "%s", openings[i].reason);
            CHECK(feed_all(&stream, openings[i].wire, segment, &hello) == openings[i].found, "%s, segments of %zu",
                  openings[i].reason, segment);
        }
    CHECK(!tls_looks_like(S("")), "nothing looks like nothing");
}

static void test_ends(void)
{
    static const enum piece_kind kinds[2] = {PIECE_GAP, PIECE_END};
    struct slice message = hello_of(message_bytes, rows[1].extensions),
                 wire = records_of(record_bytes, message, message.len);
    for (int i = 0; i < 2; i++) {
        struct tls_stream stream;
        struct tls_hello hello;
        tls_start(&stream);
        CHECK(feed_all(&stream, slice_head(wire, 20), 20, &hello) == TLS_MORE, "so far so good");
        CHECK(tls_feed(&stream, &(struct piece){.kind = kinds[i]}, &hello) == TLS_NONE,
              "then bytes are lost, or no more come");
        CHECK(feed_all(&stream, wire, wire.len, &hello) == TLS_NONE, "and that is the end of it");
    }
}

int main(void)
{
    test_rows();
    test_plain();
    test_truncations();
    test_mutations();
    test_long_names();
    test_stream_cuts();
    test_openings();
    test_ends();
    return check_report("tls");
}
