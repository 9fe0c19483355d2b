#include "capture/addr.h"

#include <stdlib.h>

#include "tests/check.h"

static const struct {
    const char *text, *printed, *reason; /* printed NULL: refused */
} rows[] = {
    {"192.0.2.1", "192.0.2.1", "dotted quad"},
    {"::ffff:192.0.2.1", "192.0.2.1", "v4-mapped prints as what it is"},
    {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "RFC 5952 section 4.2.3: the first of two equal runs"},
    {"2001:db8::0:1", "2001:db8::1", "shortest form"},
    {"::", "::", "unspecified"},
    {"::1", "::1", "loopback"},
    {"0.0.0.0", "0.0.0.0", "unspecified IPv4"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "the longest in hex"},
    {"", NULL, "nothing"},
    {"192.0.2", NULL, "three numbers"},
    {"192.0.2.256", NULL, "a number too large"},
    {"192.0.2.1 ", NULL, "a space behind"},
    {"192.0.2.01", NULL, "a leading zero may mean octal"},
    {"fe80::1%eth0", NULL, "a scope"},
    {"1::2::3", NULL, "two gaps"},
    {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", NULL, "longer than any address"},
};

static void test_text(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct addr addr;
        char out[ADDR_TEXT];
        struct slice text = guard_copy(slice_str(rows[i].text), 0);
        bool read = addr_parse(&addr, text);
        if (CHECK(read == (rows[i].printed != NULL), "%s: %s", rows[i].text, rows[i].reason) && read)
            CHECK(strcmp(addr_format(&addr, out), rows[i].printed) == 0, "%s: printed %s", rows[i].text, out);
    }
    struct addr addr;
    CHECK(!addr_parse(&addr, S("192.0.2.1\0x")), "a NUL byte does not end the text");
}

static void test_shapes(void)
{
    struct addr four = addr_v4((const uint8_t[]){192, 0, 2, 1}), six;
    CHECK(addr_parse(&six, S("2001:db8::1")) && !addr_is_v4(&six), "IPv6 is not IPv4");
    CHECK(addr_is_v4(&four) && addr_eq(&four, &four) && !addr_eq(&four, &six), "IPv4 is, and they differ");
    CHECK(addr_parse(&six, S("::ffff:192.0.2.1")) && addr_eq(&four, &six), "one address, one shape");
}

static struct tuple tuple_at(unsigned n)
{
    struct tuple t = {.sport = (uint16_t)(n * 7919), .dport = (uint16_t)(n >> 3), .proto = n & 1 ? 6 : 17};
    t.src = addr_v4((const uint8_t[]){10, 0, (uint8_t)(n >> 8), (uint8_t)n});
    t.dst = addr_v4((const uint8_t[]){10, 0, (uint8_t)(n >> 4), (uint8_t)(n * 5)});
    return t;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void test_hash(void)
{
    static uint64_t seen[65536];
    unsigned same = 0;
    for (unsigned n = 0; n < 65536; n++) {
        struct tuple t = tuple_at(n), back = tuple_reverse(&t), again = tuple_reverse(&back);
        seen[n] = tuple_hash(&t, 1);
        CHECK(seen[n] == tuple_hash(&back, 1), "tuple %u hashes alike both ways", n);
        CHECK(tuple_eq(&t, &again), "tuple %u turned twice", n);
        same += tuple_hash(&t, 1) == tuple_hash(&t, 2);
    }
    CHECK(same == 0, "another seed, another hash");
    qsort(seen, 65536, sizeof seen[0], by_value);
    for (unsigned n = 1; n < 65536; n++)
        same += seen[n] == seen[n - 1];
    CHECK(same == 0, "no two of 65536 tuples share 64 bits");
    struct tuple a = tuple_at(1), b = a;
    b.sport ^= 1;
    CHECK(!tuple_eq(&a, &b) && tuple_hash(&a, 1) != tuple_hash(&b, 1), "the port counts");
    b = a, b.proto = 17;
    CHECK(!tuple_eq(&a, &b) && tuple_hash(&a, 1) != tuple_hash(&b, 1), "the protocol counts");
    b = a, b.src = a.dst, b.dst = a.src;
    CHECK(tuple_hash(&a, 1) != tuple_hash(&b, 1), "ports stay with their addresses");
}

int main(void)
{
    test_text();
    test_shapes();
    test_hash();
    return check_report("addr");
}
