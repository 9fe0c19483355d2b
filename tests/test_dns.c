#include "capture/dns.h"
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>

/* Headers: id 1234, flags, then the four counts. */
#define QUERY "\x12\x34\x01\x00\0\1\0\0\0\0\0\0"
#define ANSWER(an, ns, ar) "\x12\x34\x81\x80\0\1\0" an "\0" ns "\0" ar
#define WWW "\3www\7example\3com\0"
#define IN_A "\0\1\0\1"
#define TTL "\0\0\0\x3c"

static const struct {
    struct slice wire;
    const char *text; /* as tell() puts it; NULL: refused */
    const char *reason;
} rows[] = {
    {S(QUERY WWW IN_A), "? www.example.com 1 1", "a plain query"},
    {S(QUERY "\3wWW\7EXAMPLE\3cOm\0" IN_A), "? www.example.com 1 1", "names are shown in lower case"},
    {S(QUERY "\0\0\2\0\1"), "?  2 1", "the root is the empty name"},
    {S(QUERY "\4a.b\\\2\0\xff\3 c\x7f\0" IN_A), "? a\\.b\\\\.\\000\\255.\\032c\\127 1 1",
     "a dot, a backslash and unseen bytes in labels"},
    {S(QUERY "\3www\x80xample\3com\0" IN_A), NULL, "a label type that does not exist"},
    {S(QUERY "\3www\x40xample\3com\0" IN_A), NULL, "a label of 64 bytes"},
    {S(QUERY "\3www\xc0\x0c" IN_A), NULL, "a pointer to the name it stands in"},
    {S(QUERY "\3www\xc0\x10" IN_A), NULL, "a pointer to itself"},
    {S(QUERY "\3www\xc0\x12" IN_A), NULL, "a pointer forward"},
    {S(QUERY "\3www\xc0\x02" IN_A), NULL, "a pointer into the header"},
    {S(QUERY WWW "\0\1\0\2"), NULL, "a class that does not exist"},
    {S(QUERY WWW "\0\1\x80\1"), "? www.example.com 1 32769", "multicast DNS asks for a unicast answer"},
    {S(QUERY WWW "\0\1\0"), NULL, "a question cut short"},
    {S("\x12\x34\x01\x40\0\1\0\0\0\0\0\0" WWW IN_A), "? www.example.com 1 1", "Z set: servers answer"},
    {S("\x12\x34\x19\x00\0\1\0\0\0\0\0\0" WWW IN_A), NULL, "opcode 3 was never assigned"},
    {S("\x12\x34\x30\x00\0\0\0\0\0\0\0\0"), NULL, "DSO carries no names"},
    {S("\x12\x34\x01\x00\0\0\0\0\0\0\0\0"), NULL, "a query without a question"},
    {S("\x12\x34\x81\x01\0\0\0\0\0\0\0\0"), "! rcode 1", "a server that understood nothing"},
    {S("\x12\x34\x81\x01\0\0\0\0\0\0\0\0x"), NULL, "neither question nor record, but more bytes"},
    {S("\x12\x34\x01\x00\0\2\0\0\0\0\0\0" WWW IN_A "\1b\0" IN_A), "? www.example.com 1 1 of 2",
     "of two questions the first counts"},
    {S("\x12\x34\x01\x00\0\2\0\0\0\0\0\0" WWW IN_A "\1b"), "? www.example.com 1 1 of 2 cut",
     "the second question is cut short"},
    {S("\x12\x34\x81\x00\0\2\0\1\0\0\0\0" WWW IN_A "\xc0\x21" IN_A "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1"),
     "! www.example.com 1 1 of 2 | an www.example.com 1 1 60 192.0.2.1", "the second question's name is a circle"},
    {S("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"), NULL, "HTTP"},
    {S("\x16\x03\x01\x02\0\1\0\1\xfc\3\3abcdefghijklmnop"), NULL, "TLS"},
    {S(ANSWER("\1", "\0", "\0") WWW IN_A "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1"),
     "! www.example.com 1 1 | an www.example.com 1 1 60 192.0.2.1", "an ordinary answer"},
    {S(ANSWER("\2", "\0", "\0") WWW IN_A "\xc0\x0c\0\5\0\1" TTL "\0\6\3cdn\xc0\x10\xc0\x2d" IN_A TTL "\0\4\xc0\0\2\2"),
     "! www.example.com 1 1 | an www.example.com 5 1 60 > cdn.example.com | an cdn.example.com 1 1 60 192.0.2.2",
     "an alias, compressed twice"},
    {S(ANSWER("\1", "\0", "\0") WWW "\0\x1c\0\1"
                                    "\xc0\x0c\0\x1c\0\1" TTL "\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"),
     "! www.example.com 28 1 | an www.example.com 28 1 60 2001:db8::1", "AAAA"},
    {S(ANSWER("\1", "\1", "\1") WWW "\0\x0f\0\1"
                                    "\xc0\x0c\0\x0f\0\1" TTL "\0\7\0\5\2mx\xc0\x10"
                                    "\xc0\x10\0\2\0\1" TTL "\0\2\xc0\x0c"
                                    "\0\0\x29\4\xd0\1\0\0\0\0\0"),
     "! www.example.com 15 1 | an www.example.com 15 1 60 > mx.example.com | ns example.com 2 1 60 > www.example.com"
     " | ar  41 1232 16777216 rcode 16",
     "MX, NS, and OPT with the upper bits of the code"},
    {S(ANSWER("\1", "\0", "\0") WWW "\0\x21\0\1"
                                    "\xc0\x0c\0\x21\0\1" TTL "\0\x0a\0\0\0\0\0P\1s\xc0\x10"),
     "! www.example.com 33 1 | an www.example.com 33 1 60 > s.example.com", "SRV"},
    {S(ANSWER("\1", "\0", "\0") "\1"
                                "1\1"
                                "0\7in-addr\4arpa\0\0\x0c\0\1"
                                "\xc0\x0c\0\x0c\0\1" TTL "\0\7\3abc\1d\0"),
     "! 1.0.in-addr.arpa 12 1 | an 1.0.in-addr.arpa 12 1 60 > abc.d", "PTR"},
    {S(ANSWER("\1", "\0", "\0") WWW "\0\x41\0\1"
                                    "\xc0\x0c\0\x41\0\1" TTL "\0\x1a\0\1\0"
                                    "\0\1\0\3\2h2"
                                    "\0\4\0\x08\xc0\0\2\7\xc0\0\2\x08"),
     "! www.example.com 65 1 cut", "a record longer than the message"},
    {S(ANSWER("\1", "\0", "\0") WWW "\0\x41\0\1"
                                    "\xc0\x0c\0\x41\0\1" TTL "\0\x16\0\1\0"
                                    "\0\1\0\3\2h2"
                                    "\0\4\0\x08\xc0\0\2\7\xc0\0\2\x08"),
     "! www.example.com 65 1 | an www.example.com 65 1 60 192.0.2.7", "HTTPS: the first of its IPv4 hints"},
    {S(ANSWER("\1", "\0", "\0") WWW "\0\x40\0\1"
                                    "\xc0\x0c\0\x40\0\1" TTL "\0\x19\0\1\1t\0"
                                    "\0\6\0\x10\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"),
     "! www.example.com 64 1 | an www.example.com 64 1 60 > t 2001:db8::2", "SVCB with a target and an IPv6 hint"},
    {S(ANSWER("\1", "\0", "\0") WWW "\0\x41\0\1"
                                    "\xc0\x0c\0\x41\0\1" TTL "\0\x0a\0\1\0"
                                    "\0\4\0\x08\xc0\0\2"),
     "! www.example.com 65 1 | an www.example.com 65 1 60", "a hint longer than its record is none"},
    {S(ANSWER("\2", "\0", "\0") WWW IN_A "\xc0\x0c" IN_A TTL "\0\3\xc0\0\2"
                                         "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1"),
     "! www.example.com 1 1 | an www.example.com 1 1 60 | an www.example.com 1 1 60 192.0.2.1",
     "an A of three bytes has no address"},
    {S(ANSWER("\2", "\0", "\0") WWW IN_A "\xc0\x0c\0\5\0\1" TTL "\0\4\xc0\x0c\0\0"
                                         "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1"),
     "! www.example.com 1 1 | an www.example.com 5 1 60 | an www.example.com 1 1 60 192.0.2.1",
     "a CNAME with bytes behind its name has no target"},
    {S(ANSWER("\2", "\0", "\0") WWW IN_A "\xc0\x0c\0\5\0\1" TTL "\0\4\3www"
                                         "\0" IN_A TTL "\0\4\xc0\0\2\1"),
     "! www.example.com 1 1 | an www.example.com 5 1 60 | an  1 1 60 192.0.2.1",
     "a name that leaves its record is no target"},
    {S(ANSWER("\3", "\0", "\0") WWW IN_A "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1"
                                         "\xc0\x0c" IN_A TTL "\0\x40\xc0\0\2\1"),
     "! www.example.com 1 1 | an www.example.com 1 1 60 192.0.2.1 cut", "the record before the lie is kept"},
    {S(ANSWER("\2", "\0", "\0") WWW IN_A "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1"
                                         "\xc0\xff" IN_A TTL "\0\4\xc0\0\2\1"),
     "! www.example.com 1 1 | an www.example.com 1 1 60 192.0.2.1 cut",
     "the record before a pointer to nowhere is kept"},
    {S("\0\0\x84\0\0\0\0\1\0\0\0\0\5_http\5local\0\0\x0c\0\1" TTL "\0\x07\4my x\xc0\x0c"),
     "!  0 0 | an _http.local 12 1 60 > my\\032x._http.local", "multicast DNS answers without a question"},
    {S("\0\0\x84\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NULL, "zeros are no record"},
};

static const struct {
    struct slice wire;
    bool looks;
    const char *reason;
} anywhere[] = {
    {S(QUERY WWW IN_A), true, "a plain query"},
    {S("\x12\x34\x01\x20\0\1\0\0\0\0\0\1" WWW IN_A "\0\0\x29\4\xd0\0\0\0\0\0\0"), true, "a query with EDNS"},
    {S(ANSWER("\1", "\0", "\0") WWW IN_A "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1"), true, "an answer"},
    {S("\x12\x34\x81\x83\0\1\0\0\0\0\0\0" WWW IN_A), true, "a name that does not exist"},
    {S(QUERY WWW IN_A "x"), false, "bytes behind the query"},
    {S(QUERY WWW "\0\1\0"), false, "a query cut short"},
    {S(QUERY WWW "\0\0\0\1"), false, "no type"},
    {S(QUERY WWW "\0\1\0\3"), false, "a class of old"},
    {S(QUERY "\0" IN_A), false, "the root: too little to go by"},
    {S(QUERY "\x20"
             "FHEPFCELEHFCEPFFFACACACACACACABN"
             "\0\0\x20\0\1"),
     false, "NetBIOS"},
    {S(QUERY "\3w\1w\3com\0" IN_A), false, "a name that nobody types"},
    {S("\x12\x34\x01\x00\0\2\0\0\0\0\0\0" WWW IN_A WWW IN_A), false, "two questions"},
    {S("\x12\x34\x01\x00\0\1\0\1\0\0\0\0" WWW IN_A "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1"), false,
     "a query with an answer"},
    {S("\x12\x34\x01\x03\0\1\0\0\0\0\0\0" WWW IN_A), false, "a query with an error"},
    {S("\x12\x34\x01\x40\0\1\0\0\0\0\0\0" WWW IN_A), false, "Z set"},
    {S("\x12\x34\x28\x00\0\1\0\0\0\0\0\0" WWW IN_A), false, "an update"},
    {S("\x12\x34\x81\x80\0\1\x11\1\0\0\0\0" WWW IN_A), false, "more records than there is room for"},
};

static const char *tell(const struct dns_msg *m)
{
    static char text[262144];
    char address[ADDR_TEXT];
    size_t n = (size_t)sprintf(text, "%c", m->answer ? '!' : '?');
    if (m->questions > 0 || m->answers > 0)
        n += (size_t)sprintf(text + n, " %.*s %u %u", (int)m->question.name.len, m->question.name.p, m->question.type,
                             m->question.class);
    if (m->questions > 1)
        n += (size_t)sprintf(text + n, " of %u", m->questions);
    unsigned count = (unsigned)m->answers + m->authorities + m->additionals;
    for (unsigned i = 0; i < count; i++) {
        const struct dns_rr *rr = &m->rr[i];
        const char *section = i < m->answers ? "an" : i < (unsigned)m->answers + m->authorities ? "ns" : "ar";
        n += (size_t)sprintf(text + n, " | %s %.*s %u %u %u", section, (int)rr->name.len, rr->name.p, rr->type,
                             rr->class, rr->ttl);
        if (rr->target.len > 0)
            n += (size_t)sprintf(text + n, " > %.*s", (int)rr->target.len, rr->target.p);
        if (rr->has_addr)
            n += (size_t)sprintf(text + n, " %s", addr_format(&rr->addr, address));
    }
    if (m->rcode > 0)
        n += (size_t)sprintf(text + n, " rcode %u", m->rcode);
    if (m->left_out > 0)
        n += (size_t)sprintf(text + n, " %u left out", m->left_out);
    sprintf(text + n, "%s", m->cut ? " cut" : "");
    return text;
}

static bool within(struct slice inner, const void *start, size_t size)
{
    return inner.p >= (const uint8_t *)start && inner.p + inner.len <= (const uint8_t *)start + size;
}

/* Whatever came in: no slice may leave the message, and no name may hold a byte that a terminal would act on. */
static bool sound(const struct dns_msg *m, struct slice wire)
{
    unsigned count = (unsigned)m->answers + m->authorities + m->additionals;
    bool good = count <= DNS_RRS && m->text_len <= DNS_TEXT && within(m->question.name, m->text, m->text_len);
    for (unsigned i = 0; good && i < count; i++) {
        const struct dns_rr *rr = &m->rr[i];
        good = within(rr->name, m->text, m->text_len) && within(rr->target, m->text, m->text_len)
               && within(rr->rdata, wire.p, wire.len);
    }
    for (size_t i = 0; good && i < m->text_len; i++)
        good = m->text[i] > ' ' && m->text[i] < 0x7f && !(m->text[i] >= 'A' && m->text[i] <= 'Z');
    return good;
}

static struct dns_msg msg;

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(&msg, 0xa5, sizeof msg);
        bool parsed = dns_parse(&msg, guard_copy(rows[i].wire, 0));
        if (!CHECK(parsed == (rows[i].text != NULL), "%s", rows[i].reason) || !parsed)
            continue;
        CHECK(strcmp(tell(&msg), rows[i].text) == 0, "%s: %s", rows[i].reason, tell(&msg));
    }
}

/* Every beginning of a message is refused, or it is told that something is missing; and it never tells anything that
 * the whole does not. */
static void test_truncations(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t len = 0; rows[i].text != NULL && len < rows[i].wire.len; len++) {
            struct slice part = guard_copy(slice_head(rows[i].wire, len), 0);
            memset(&msg, 0xa5, sizeof msg);
            if (!dns_parse(&msg, part))
                continue;
            CHECK(sound(&msg, part), "%s, cut to %zu", rows[i].reason, len);
            CHECK(msg.cut, "%s, cut to %zu", rows[i].reason, len);
            size_t told = strlen(tell(&msg)) - strlen(" cut");
            CHECK(strncmp(tell(&msg), rows[i].text, told) == 0, "%s, cut to %zu: %s", rows[i].reason, len, tell(&msg));
        }
}

/* What is found in one walk is what two walks find. */
static bool leads_alike(const struct dns_msg *m, size_t max)
{
    struct addr two[8], one[8];
    struct slice alias, other = dns_alias(m);
    size_t count = dns_leads(m, one, max, &alias);
    return count == dns_addresses(m, two, max) && slice_eq(alias, other) && (count == 0 || memcmp(one, two, count * sizeof *one) == 0);
}

static void test_mutations(void)
{
    uint64_t random = 20201125;
    for (unsigned run = 0; run < 20000; run++) {
        struct slice from = rows[run % (sizeof rows / sizeof *rows)].wire;
        uint8_t bytes[512];
        memcpy(bytes, from.p, from.len);
        for (unsigned i = 0; i <= run % 4; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            bytes[(random >> 33) % from.len] = (uint8_t)(random >> 25);
        }
        struct slice wire = guard_copy(slice_of(bytes, from.len), 0);
        struct addr out[4];
        memset(&msg, 0xa5, sizeof msg);
        if (dns_parse(&msg, wire))
            CHECK(sound(&msg, wire) && dns_addresses(&msg, out, 4) <= 4 && leads_alike(&msg, run % 5), "mutation %u", run);
    }
}

/* A message that is written by counting up: `count` records with the same owner. */
static struct slice many(uint8_t *out, struct slice question, unsigned count, struct slice record)
{
    const uint8_t head[12] = {0x12, 0x34, 0x81, 0x80, 0, 1, (uint8_t)(count >> 8), (uint8_t)count};
    size_t len = 0;
    const struct slice start[2] = {slice_of(head, sizeof head), question};
    for (int i = 0; i < 2; len += start[i++].len)
        memcpy(out + len, start[i].p, start[i].len);
    for (unsigned i = 0; i < count; i++, len += record.len)
        memcpy(out + len, record.p, record.len);
    return slice_of(out, len);
}

static void test_limits(void)
{
    static uint8_t bytes[65536];
    static const struct slice question = S(WWW IN_A), record = S("\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1");
    CHECK(dns_parse(&msg, many(bytes, question, DNS_RRS, record)) && msg.answers == DNS_RRS && msg.left_out == 0,
          "as many records as there is room for");
    CHECK(dns_parse(&msg, many(bytes, question, DNS_RRS + 7, record)) && msg.answers == DNS_RRS && msg.left_out == 7
              && !msg.cut,
          "seven more are counted");
    CHECK(msg.text_len == strlen("www.example.com"), "a name that is only pointed to is written once");

    uint8_t name[256] = {0};
    for (int i = 0; i < 4; i++) {
        name[64 * i] = 63;
        memset(name + 64 * i + 1, 0xee, 63);
    }
    name[192] = 61;
    name[254] = 0;
    uint8_t own[300];
    memcpy(own, name, 255);
    memcpy(own + 255, IN_A TTL "\0\4\xc0\0\2\1", 14);
    struct slice longest = slice_of(own, 269);
    uint8_t asked[300];
    memcpy(asked, name, 255);
    memcpy(asked + 255, IN_A, 4);
    CHECK(dns_parse(&msg, many(bytes, slice_of(asked, 259), 200, longest)) && msg.question.name.len == 250 * 4 + 3,
          "the longest name there is, every byte escaped");
    CHECK(msg.answers > 20 && msg.answers + msg.left_out == 200 && sound(&msg, slice_of(bytes, sizeof bytes)),
          "text runs out before records do: %u kept", msg.answers);

    name[192] = 62;
    name[255] = 0;
    memcpy(asked, name, 256);
    memcpy(asked + 256, IN_A, 4);
    CHECK(!dns_parse(&msg, many(bytes, slice_of(asked, 260), 0, record)), "a name of 256 bytes");
}

/* A ladder of pointers, each to the one before: more rungs than a name can have labels are no compression. */
static void test_jumps(void)
{
    static const struct {
        unsigned rungs;
        bool kept;
        const char *reason;
    } ladders[] = {{126, true, "as many pointers as labels could need"},
                   {127, false, "more pointers than labels"},
                   {4000, false, "a ladder"}};
    for (size_t i = 0; i < sizeof ladders / sizeof *ladders; i++) {
        uint8_t bytes[16384];
        const struct slice start = S("\x12\x34\x81\x80\0\1\0\2\0\0\0\0\1a\0" IN_A "\0\0\x10\0\1" TTL);
        memcpy(bytes, start.p, start.len);
        size_t at = start.len + 2, to = 12;
        for (unsigned rung = 0; rung < ladders[i].rungs; rung++, at += 2) {
            bytes[at] = (uint8_t)(0xc0 | to >> 8);
            bytes[at + 1] = (uint8_t)to;
            to = at;
        }
        bytes[start.len] = (uint8_t)(ladders[i].rungs * 2 >> 8);
        bytes[start.len + 1] = (uint8_t)(ladders[i].rungs * 2);
        bytes[at] = 1; /* a label first: only a bare pointer could be known already */
        bytes[at + 1] = 'b';
        bytes[at + 2] = (uint8_t)(0xc0 | to >> 8);
        bytes[at + 3] = (uint8_t)to;
        memcpy(bytes + at + 4, IN_A TTL "\0\4\xc0\0\2\1", 14);
        bool parsed = dns_parse(&msg, guard_copy(slice_of(bytes, at + 18), 0));
        CHECK(parsed && msg.cut == !ladders[i].kept && msg.answers == 1 + ladders[i].kept, "%s", ladders[i].reason);
    }
}

static const struct {
    struct slice wire;
    const char *addresses;
    const char *reason;
} chains[] = {
    {S(ANSWER("\2", "\0", "\0") WWW IN_A "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1"
                                         "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1"),
     " 192.0.2.1", "twice the same"},
    {S(ANSWER("\2", "\0", "\0") WWW IN_A "\3cdn\xc0\x10" IN_A TTL "\0\4\xc0\0\2\1"
                                         "\xc0\x0c\0\5\0\1" TTL "\0\6\3cdn\xc0\x10"),
     " 192.0.2.1", "an alias that comes after what it leads to"},
    {S(ANSWER("\2", "\0", "\0") WWW IN_A "\3CDN\xc0\x10" IN_A TTL "\0\4\xc0\0\2\1"
                                         "\xc0\x0c\0\5\0\1" TTL "\0\6\3cdN\xc0\x10"),
     " 192.0.2.1", "case does not matter"},
    {S(ANSWER("\2", "\0", "\0") WWW IN_A "\3cdn\xc0\x10" IN_A TTL "\0\4\xc0\0\2\1"
                                         "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\2"),
     " 192.0.2.2", "a name that was not asked for"},
    {S(ANSWER("\2", "\0", "\0") WWW IN_A "\xc0\x0c\0\5\0\1" TTL "\0\6\3cdn\xc0\x10"
                                         "\3cdn\xc0\x10\0\5\0\1" TTL "\0\2\xc0\x0c"),
     "", "a circle"},
    {S(ANSWER("\1", "\0", "\0") WWW IN_A "\xc0\x0c\0\5\0\1" TTL "\0\2\xc0\x0c"), "", "its own alias"},
    {S(ANSWER("\2", "\0", "\0") WWW IN_A "\xc0\x0c\0\5\0\1" TTL "\0\6\3cdn\xc0\x10"
                                         "\3cdn\xc0\x10" IN_A TTL "\0\4\xc0\0\2\1"),
     " 192.0.2.1", "an alias and what it leads to"},
    {S(ANSWER("\3", "\0", "\0") WWW IN_A "\xc0\x0c\0\5\0\1" TTL "\0\6\3cdn\xc0\x10"
                                         "\xc0\x0c\0\5\0\1" TTL "\0\6\3two\xc0\x10"
                                         "\3two\xc0\x10" IN_A TTL "\0\4\xc0\0\2\1"),
     "", "of two aliases the first counts"},
    {S(ANSWER("\3", "\0", "\0") WWW IN_A "\xc0\x0c\0\5\0\1" TTL "\0\6\3cdn\xc0\x10"
                                         "\3cdn\xc0\x10" IN_A TTL "\0\4\xc0\0\2\1"
                                         "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\2"),
     " 192.0.2.2 192.0.2.1", "an address of the name itself behind its alias's"},
    {S(ANSWER("\1", "\0", "\1") WWW IN_A "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1"
                                         "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\2"),
     " 192.0.2.1", "additional records are no answer"},
    {S(ANSWER("\1", "\0", "\0") WWW IN_A "\xc0\x0c\0\1\0\3" TTL "\0\4\xc0\0\2\1"), "", "another class"},
    {S(ANSWER("\1", "\0", "\0") WWW "\0\x41\0\1"
                                    "\xc0\x0c\0\x41\0\1" TTL "\0\x0b\0\1\0"
                                    "\0\4\0\4\xc0\0\2\7"),
     "", "a hint is no answer"},
    {S(ANSWER("\5", "\0", "\0") WWW IN_A "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\1"
                                         "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\2"
                                         "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\3"
                                         "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\4"
                                         "\xc0\x0c" IN_A TTL "\0\4\xc0\0\2\5"),
     " 192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4", "no more than asked for"},
};

static void test_addresses(void)
{
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
        struct addr out[4];
        char text[256] = "", one[ADDR_TEXT];
        if (!CHECK(dns_parse(&msg, guard_copy(chains[i].wire, 0)), "%s", chains[i].reason))
            continue;
        size_t n = dns_addresses(&msg, out, 4);
        CHECK(leads_alike(&msg, 4) && leads_alike(&msg, 0), "%s, in one walk", chains[i].reason);
        for (size_t k = 0; k < n; k++)
            strcat(strcat(text, " "), addr_format(&out[k], one));
        CHECK(strcmp(text, chains[i].addresses) == 0, "%s:%s", chains[i].reason, text);
    }
}

/* What looks like DNS can be read as such, wherever it is cut. */
static void test_anywhere(void)
{
    for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere; i++) {
        CHECK(dns_looks_like(guard_copy(anywhere[i].wire, 0)) == anywhere[i].looks, "%s", anywhere[i].reason);
        for (size_t len = 0; len <= anywhere[i].wire.len; len++) {
            struct slice part = guard_copy(slice_head(anywhere[i].wire, len), 0);
            CHECK(!dns_looks_like(part) || dns_parse(&msg, part), "%s, cut to %zu", anywhere[i].reason, len);
        }
    }
}

int main(void)
{
    test_rows();
    test_truncations();
    test_mutations();
    test_limits();
    test_jumps();
    test_addresses();
    test_anywhere();
    return check_report("dns");
}
