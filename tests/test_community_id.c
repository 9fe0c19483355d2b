#include "tests/check.h"

#include <stdio.h>

#include "feeds/community_id.h"

/* The baseline that Corelight publishes with the specification. */
static const struct { uint8_t proto; const char *src, *dst; uint16_t sport, dport; const char *id, *reason; } rows[] = {
    {6, "2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25,
     "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=", "TCP over IPv6"},
    {6, "128.232.110.120", "66.35.250.204", 34855, 80,
     "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", "TCP, the greater address first"},
    {17, "192.168.1.52", "8.8.8.8", 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", "UDP"},
    {132, "192.168.170.8", "192.168.170.56", 7, 7, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=", "SCTP, equal ports"},
    {46, "10.1.12.1", "10.1.12.2", 0, 0, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw=", "RSVP: no ports are hashed"},
    {1, "192.168.0.89", "192.168.0.1", 8, 0, "", "ICMP: a tuple does not know enough"},
};

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tuple tuple = {.sport = rows[i].sport, .dport = rows[i].dport, .proto = rows[i].proto};
        CHECK(addr_parse(&tuple.src, slice_str(rows[i].src)) && addr_parse(&tuple.dst, slice_str(rows[i].dst)),
              "addresses");
        struct tuple back = tuple_reverse(&tuple);
        char there[COMMUNITY_ID], here[COMMUNITY_ID], seeded[COMMUNITY_ID];
        uint64_t a = community_id(there, &tuple, 0), b = community_id(here, &back, 0),
                 c = community_id(seeded, &tuple, 1);
        CHECK(strcmp(there, rows[i].id) == 0, "%s: %s", rows[i].reason, there);
        CHECK(strcmp(here, there) == 0 && a == b, "%s: the other direction is the same flow", rows[i].reason);
        CHECK(a < UINT64_C(1) << 51, "%s: a double holds it exactly", rows[i].reason);
        CHECK(a != c && (there[0] == '\0' || strcmp(there, seeded) != 0), "%s: the seed matters", rows[i].reason);
    }
    struct tuple loop = {.sport = 80, .dport = 1234, .proto = 6}, back = tuple_reverse(&loop);
    char there[COMMUNITY_ID], here[COMMUNITY_ID];
    CHECK(community_id(there, &loop, 0) == community_id(here, &back, 0), "equal addresses: the ports decide");
    return check_report("community_id");
}
