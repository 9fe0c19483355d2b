#include "capture/quic.h"
#include "tests/check.h"
#include "tests/quic_seal.h"

#include <stdio.h>
#include <stdlib.h>

/* RFC 9001 appendix A.2: the ClientHello that both RFCs' examples carry. */
#define HELLO                                                                                                          \
    "\x01\x00\x00\xed\x03\x03\xeb\xf8\xfa\x56\xf1\x29\x39\xb9\x58\x4a\x38\x96\x47\x2e\xc4\x0b\xb8\x63\xcf\xd3\xe8\x68" \
    "\x04\xfe\x3a\x47\xf0\x6a\x2b\x69\x48\x4c\x00\x00\x04\x13\x01\x13\x02\x01\x00\x00\xc0\x00\x00\x00\x10\x00\x0e\x00" \
    "\x00\x0b\x65\x78\x61\x6d\x70\x6c\x65\x2e\x63\x6f\x6d\xff\x01\x00\x01\x00\x00\x0a\x00\x08\x00\x06\x00\x1d\x00\x17" \
    "\x00\x18\x00\x10\x00\x07\x00\x05\x04\x61\x6c\x70\x6e\x00\x05\x00\x05\x01\x00\x00\x00\x00\x00\x33\x00\x26\x00\x24" \
    "\x00\x1d\x00\x20\x93\x70\xb2\xc9\xca\xa4\x7f\xba\xba\xf4\x55\x9f\xed\xba\x75\x3d\xe1\x71\xfa\x71\xf5\x0f\x1c\xe1" \
    "\x5d\x43\xe9\x94\xec\x74\xd7\x48\x00\x2b\x00\x03\x02\x03\x04\x00\x0d\x00\x10\x00\x0e\x04\x03\x05\x03\x06\x03\x02" \
    "\x03\x08\x04\x08\x05\x08\x06\x00\x2d\x00\x02\x01\x01\x00\x1c\x00\x02\x40\x01\x00\x39\x00\x32\x04\x08\xff\xff\xff" \
    "\xff\xff\xff\xff\xff\x05\x04\x80\x00\xff\xff\x07\x04\x80\x00\xff\xff\x08\x01\x10\x01\x04\x80\x00\x75\x30\x09\x01" \
    "\x10\x0f\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\x06\x04\x80\x00\xff\xff"
#define ID "\x83\x94\xc8\xf0\x3e\x51\x57\x08"

static struct quic *quic;
static struct quic_stream stream;

static const char *tell(enum tls_found found, const struct tls_hello *hello)
{
    static char text[512];
    if (found != TLS_FOUND)
        return found == TLS_MORE ? "more" : "none";
    snprintf(text, sizeof text, "%s %s %04x%s", hello->server_name, hello->alpn, hello->version,
             hello->quic ? " quic" : "");
    return text;
}

#define FOUND "example.com alpn 0304 quic"

static void fresh(void)
{
    memset(&stream, 0xa5, sizeof stream);
    quic_start(&stream);
}

static const char *feed(struct slice datagram)
{
    static struct tls_hello hello;
    return tell(quic_feed(quic, &stream, guard_copy(datagram, 0), &hello), &hello);
}

/* The packets of RFC 9001 and RFC 9369, appendix A.2: as AES-GCM has only one answer, the header, the first block and
 * the tag stand for all of it. */
static const struct {
    struct initial initial;
    struct slice start, tag;
    const char *reason;
} vectors[] = {
    {{1, S(ID), S(ID), S(""), 2, 4},
     S("\xc0\x00\x00\x00\x01\x08" ID
       "\x00\x00\x44\x9e\x7b\x9a\xec\x34\xd1\xb1\xc9\x8d\xd7\x68\x9f\xb8\xec\x11\xd2\x42\xb1\x23\xdc\x9b"),
     S("\xe2\x21\xaf\x44\x86\x00\x18\xab\x08\x56\x97\x2e\x19\x4c\xd9\x34"),
     "RFC 9001, version 1"},
    {{2, S(ID), S(ID), S(""), 2, 4},
     S("\xd7\x6b\x33\x43\xcf\x08" ID
       "\x00\x00\x44\x9e\xa0\xc9\x5e\x82\xff\xe6\x7b\x6a\xbc\xdb\x42\x98\xb4\x85\xdd\x04\xde\x80\x60\x71"),
     S("\xa1\x8b\x2f\xaa\x74\x5b\x6f\xe1\x89\xcf\x77\x2a\x9f\x84\xcb\xfc"),
     "RFC 9369, version 2"},
};

static struct slice rfc_packet(uint8_t *out, const struct initial *initial)
{
    uint8_t frames[1162] = {0};
    const struct slice crypto = S("\x06\x00\x40\xf1" HELLO);
    memcpy(frames, crypto.p, crypto.len);
    return slice_of(out, quic_seal(out, initial, slice_of(frames, sizeof frames)));
}

static void test_vectors(void)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint8_t bytes[1400];
        struct slice packet = rfc_packet(bytes, &vectors[i].initial);
        CHECK(packet.len == 1200 && slice_starts(packet, vectors[i].start) && slice_ends(packet, vectors[i].tag), "%s",
              vectors[i].reason);
        fresh();
        CHECK(quic_looks_like(packet), "%s", vectors[i].reason);
        CHECK(strcmp(feed(packet), FOUND) == 0, "%s", vectors[i].reason);
        CHECK(strcmp(feed(packet), "none") == 0, "%s: found once only", vectors[i].reason);
        for (size_t len = 0; len < packet.len; len++) {
            fresh();
            CHECK(strcmp(feed(slice_head(packet, len)), "more") == 0,
                  "%s, cut to %zu: without its tag nothing is believed", vectors[i].reason, len);
        }
    }
}

/* Every version that is known by its salt, with both numbers that a frame with a piece of the hello has had. */
static void test_versions(void)
{
    for (size_t i = 0; i < sizeof quic_versions / sizeof *quic_versions; i++)
        for (uint8_t type = 6; type <= 8; type += 2) {
            uint8_t bytes[1400], frames[1162] = {0};
            memcpy(frames, "\x06\x00\x40\xf1" HELLO, sizeof "\x06\x00\x40\xf1" HELLO - 1);
            frames[0] = type;
            struct initial initial = {(int)i + 1, S(ID), S(ID), S(""), 2, 4};
            struct slice packet = slice_of(bytes, quic_seal(bytes, &initial, slice_of(frames, sizeof frames)));
            fresh();
            CHECK(quic_looks_like(packet), "version %zu", i);
            CHECK(strcmp(feed(packet), FOUND) == 0, "version %zu, frame type %d", i, type);
        }
}

/* Frames that carry pieces of the hello: each step seals what `crypto` names, in this order, into one packet. */
struct part {
    size_t from, to;
};

static size_t put_part(uint8_t *out, struct part part)
{
    const uint8_t head[5] = {6, (uint8_t)(0x40 | part.from >> 8), (uint8_t)part.from,
                             (uint8_t)(0x40 | (part.to - part.from) >> 8), (uint8_t)(part.to - part.from)};
    memcpy(out, head, sizeof head);
    memcpy(out + sizeof head, S(HELLO).p + part.from, part.to - part.from);
    return sizeof head + part.to - part.from;
}

static const struct initial usual = {1, S(ID), S(ID), S(""), 0, 1};

static const struct {
    struct part parts[8];
    unsigned count;
    const char *answer;
    const char *reason;
} orders[] = {
    {{{0, 241}}, 1, FOUND, "whole"},
    {{{0, 100}, {100, 241}}, 2, FOUND, "in two"},
    {{{100, 241}, {0, 100}}, 2, FOUND, "the end first"},
    {{{200, 241}, {0, 3}, {50, 200}, {3, 50}}, 4, FOUND, "in four, shuffled"},
    {{{0, 150}, {100, 241}}, 2, FOUND, "overlapping"},
    {{{0, 241}, {0, 241}}, 2, FOUND, "twice"},
    {{{0, 100}, {101, 241}}, 2, "more", "a byte is missing"},
    {{{1, 241}}, 1, "more", "the first byte is missing"},
    {{{0, 240}}, 1, "more", "the last byte is missing"},
    {{{5, 5}, {0, 241}, {241, 241}}, 3, FOUND, "empty frames"},
};

/* The same frames in one packet, in as many coalesced packets, and in as many datagrams. */
static void test_orders(void)
{
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        uint8_t frames[2000] = {0}, bytes[4000];
        size_t len = 0;
        for (unsigned k = 0; k < orders[i].count; k++)
            len += put_part(frames + len, orders[i].parts[k]);
        fresh();
        CHECK(strcmp(feed(slice_of(bytes, quic_seal(bytes, &usual, slice_of(frames, len + 20)))), orders[i].answer)
                  == 0,
              "%s, one packet", orders[i].reason);

        struct initial initial = usual;
        const char *answer = "";
        size_t packets = 0;
        fresh();
        for (unsigned k = 0; k < orders[i].count; k++, initial.number++) {
            memset(frames, 0, sizeof frames);
            len = put_part(frames, orders[i].parts[k]);
            size_t packet = quic_seal(bytes + packets, &initial, slice_of(frames, len + 20));
            const char *now = feed(slice_of(bytes + packets, packet));
            answer = strcmp(answer, FOUND) == 0 ? answer : now;
            packets += packet;
        }
        CHECK(strcmp(answer, orders[i].answer) == 0, "%s, one datagram a frame: %s", orders[i].reason, answer);
        fresh();
        CHECK(strcmp(feed(slice_of(bytes, packets)), orders[i].answer) == 0, "%s, coalesced packets", orders[i].reason);
    }
}

#define CRYPTO "\x06\x00\x40\xf1" HELLO
#define PADDING "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static const struct {
    struct slice frames;
    const char *answer;
    const char *reason;
} payloads[] = {
    {S("\0\0\1\1\0" CRYPTO), FOUND, "padding and pings first"},
    {S("\2\x40\x09\0\2\0\1\1\2\3" CRYPTO), FOUND, "an ACK with two ranges"},
    {S("\3\7\0\0\0\1\2\x40\3" CRYPTO), FOUND, "an ACK with ECN counts"},
    {S("\2\7\0\xc0\0\0\0\0\0\1\0\0" CRYPTO), "more", "an ACK with more ranges than bytes"},
    {S("\x1c\0\0\0" CRYPTO), "more", "the connection is closed"},
    {S("\x08" CRYPTO), "more", "a frame that no Initial has"},
    {S("\x40\x06\x00\x40\xf1" HELLO), FOUND, "a frame type in two bytes"},
    {S("\x06\x80\0\0\0\xc0\0\0\0\0\0\0\xf1" HELLO), FOUND, "numbers longer than need be"},
    {S("\x06\x00\x40\xf2" HELLO), "more", "a frame longer than its packet"},
    {S("\x06\xff\xff\xff\xff\xff\xff\xff\xff\x01x" CRYPTO), FOUND, "an offset far out"},
    {S("\x06\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xffx"), "more",
     "an offset and a length far out"},
    {S("\x06\x7f\xff\x01x" CRYPTO), FOUND, "the last byte that is kept"},
    {S("\x06\x80\0\x40\0\x01x" CRYPTO), FOUND, "the first that is not"},
    {S("\x06\0\4\2\0\0\0" PADDING), "none", "a ServerHello"},
    {S("\x06\0\4\1\0\x40\0" PADDING), "none", "a hello longer than is followed"},
    {S("\x06\0\5\1\0\0\1x" PADDING), "none", "a hello that lies"},
    {S(PADDING), "more", "padding only"},
};

static void test_payloads(void)
{
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        uint8_t bytes[1000];
        fresh();
        const char *answer = feed(slice_of(bytes, quic_seal(bytes, &usual, payloads[i].frames)));
        CHECK(strcmp(answer, payloads[i].answer) == 0, "%s: %s", payloads[i].reason, answer);
    }
}

static const struct {
    struct initial initial;
    const char *answer;
    const char *reason;
} packets[] = {
    {{1, S(ID), S(ID), S("a token from a Retry"), 0, 2}, FOUND, "a token"},
    {{1, S(ID), S(ID), S(""), 0x7fffffff, 4}, FOUND, "a packet number that starts high"},
    {{1, S("0123456789abcdefghij"), S("0123456789abcdefghij"), S(""), 1, 3}, FOUND, "the longest connection id"},
    {{1, S("0123456789abcdefghijk"), S("0123456789abcdefghijk"), S(""), 1, 3}, "more", "a longer one than there is"},
    {{2, S(""), S(""), S(""), 1, 1}, FOUND, "an empty connection id"},
    {{1, S(ID), S("another id"), S(""), 0, 1}, "more", "keys of another id"},
};

static void test_packets(void)
{
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        uint8_t bytes[1000];
        fresh();
        struct slice packet = slice_of(bytes, quic_seal(bytes, &packets[i].initial, S(CRYPTO)));
        const char *answer = feed(packet);
        CHECK(strcmp(answer, packets[i].answer) == 0, "%s: %s", packets[i].reason, answer);
    }
}

/* The client goes on writing to the id that the server chose, with the keys of its own; after a Retry with new ones. */
static void test_keys_stay(void)
{
    uint8_t bytes[1000], frames[300] = {0};
    struct initial initial = usual;
    fresh();
    size_t len = put_part(frames, (struct part){0, 100});
    CHECK(strcmp(feed(slice_of(bytes, quic_seal(bytes, &initial, slice_of(frames, len)))), "more") == 0,
          "the first part");
    initial.connection = S("server's");
    initial.number = 1;
    len = put_part(frames, (struct part){100, 200});
    CHECK(strcmp(feed(slice_of(bytes, quic_seal(bytes, &initial, slice_of(frames, len)))), "more") == 0,
          "to the server's id");
    initial.keyed = initial.connection = S("from Retry");
    initial.token = S("token");
    initial.number = 2;
    len = put_part(frames, (struct part){200, 241});
    CHECK(strcmp(feed(slice_of(bytes, quic_seal(bytes, &initial, slice_of(frames, len)))), FOUND) == 0,
          "keys made anew");
}

static const struct {
    struct slice datagram;
    const char *reason;
} others[] = {
    {S(""), "nothing"},
    {S("\xc0"), "one byte"},
    {S("\xc0\0\0\0\1"), "no ids"},
    {S("\x40" ID "0123456789abcdefghijklmnop"), "a short header"},
    {S("\xc0\0\0\0\0\0\0\0\0\0\1"), "version negotiation"},
    {S("\xc0\x51\x30\x35\x30\x08" ID "\0\0\0"), "a version that is not known"},
    {S("\xf0\0\0\0\1\x08" ID "\0"
       "retry token and its tag ........"),
     "a Retry"},
    {S("\xe0\0\0\0\1\x08" ID "\0\x05hello"), "a Handshake packet"},
    {S("\xc0\0\0\0\1\x08" ID "\0\xff\xff\xff\xff\xff\xff\xff\xff\1x"), "a token longer than memory"},
    {S("\xc0\0\0\0\1\x08" ID "\0\0\xff\xff\xff\xff\xff\xff\xff\xffx"), "a packet longer than memory"},
    {S("\x80\0\0\0\1\x08" ID "\0\0\x05hello"), "without the fixed bit"},
};

static void test_others(void)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        fresh();
        CHECK(!quic_looks_like(guard_copy(others[i].datagram, 0)), "%s", others[i].reason);
        CHECK(strcmp(feed(others[i].datagram), "more") == 0, "%s", others[i].reason);
    }
    fresh();
    const char *answer = "";
    unsigned n = 0;
    for (; n < 100 && strcmp(answer, "none") != 0; n++)
        answer = feed(others[3].datagram);
    CHECK(n > 4 && n < 40, "after so many datagrams no hello comes any more: %u", n);
    CHECK(quic_looks_like(S("\xc0\0\0\0\1\x08" ID "\0\0\x05hello")),
          "an Initial that cannot be opened still looks like one");
    CHECK(quic_looks_like(S("\xd0\0\0\0\1\x08" ID "\0\x05hello")), "0-RTT data that came before the Initial");
    CHECK(quic_looks_like(S("\xe0\x6b\x33\x43\xcf\x08" ID "\0\x05hello")), "the same under version 2's number");
    fresh();
    CHECK(strcmp(feed(S("\xc0\0\0\0\1\x08" ID "\0\0\x05hello")), "more") == 0, "too short for a sample");
}

static void test_mutations(void)
{
    uint64_t random = 20201125;
    uint8_t whole[1400], bytes[1400];
    struct slice packet = rfc_packet(whole, &vectors[0].initial);
    for (unsigned run = 0; run < 3000; run++) {
        memcpy(bytes, packet.p, packet.len);
        unsigned changed = 0;
        for (unsigned i = 0; i <= run % 3; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            uint8_t *at = &bytes[(random >> 33) % (run % 2 == 0 ? 30 : packet.len)], old = *at;
            *at = (uint8_t)(random >> 25);
            changed |= old ^ *at;
        }
        fresh();
        bool found = strcmp(feed(slice_of(bytes, packet.len)), FOUND) == 0;
        CHECK(!found || slice_eq(packet, slice_of(bytes, packet.len)) || changed == 0, "mutation %u: a forged packet",
              run);
    }
}

/* The same with the tag in order: what an attacker can make, who has the keys too. */
static void test_frame_mutations(void)
{
    uint64_t random = 1125;
    for (unsigned run = 0; run < 2000; run++) {
        uint8_t frames[300] = {0}, bytes[1000];
        size_t len = put_part(frames, (struct part){0, 100});
        len += put_part(frames + len, (struct part){100, 241});
        for (unsigned i = 0; i <= run % 3; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            frames[(random >> 33) % (run % 2 == 0 ? 12 : len)] = (uint8_t)(random >> 25);
        }
        fresh();
        const char *answer = feed(slice_of(bytes, quic_seal(bytes, &usual, slice_of(frames, len))));
        CHECK(strlen(answer) < TLS_NAME + 64 && stream.whole <= TLS_HELLO, "mutation %u of frames", run);
    }
}

int main(void)
{
    char err[ERRLEN];
    quic = quic_open(err);
    if (CHECK(quic != NULL, "%s", err)) {
        test_vectors();
        test_versions();
        test_orders();
        test_payloads();
        test_packets();
        test_keys_stay();
        test_others();
        test_mutations();
        test_frame_mutations();
    }
    quic_close(quic);
    quic_close(NULL);
    return check_report("quic");
}
