/* Which hits are the same evidence, and which are not. */
#include "classifiers/hit_id.h"
#include "tests/check.h"

#define DAY_US (86400ull * 1000000)

static const struct hit base = {
    .kind = HIT_BEACON, .us = 18456 * DAY_US + 1000, .transaction = 2, .subject = "pcrc-query wagng.com",
    .tuple = {.src = {{10}}, .dst = {{192}}, .sport = 40000, .dport = 80, .proto = 6}, .bits = 18,
};

int main(void)
{
    char id[HIT_ID], other[HIT_ID];
    struct {
        const char *reason;
        bool same;
        struct hit hit;
    } rows[] = {
        {"itself", true, base}, {"told when its transaction had ended", true, base}, {"weighed otherwise: fewer fields were known", true, base},
        {"the next day", false, base}, {"another client port: another connection", false, base}, {"another server port", false, base},
        {"another protocol", false, base}, {"the connection's next request", false, base}, {"another kind", false, base},
        {"another subject", false, base}, {"another client", false, base}, {"another server", false, base},
    };
    rows[1].hit.us += 40 * 1000000;
    rows[2].hit.bits = 12;
    rows[3].hit.us += DAY_US;
    rows[4].hit.tuple.sport++;
    rows[5].hit.tuple.dport++;
    rows[6].hit.tuple.proto = 17;
    rows[7].hit.transaction++;
    rows[8].hit.kind = HIT_PAYLOAD;
    rows[9].hit.subject[0] = 'P';
    rows[10].hit.tuple.src.b[15] = 1;
    rows[11].hit.tuple.dst.b[15] = 1;
    hit_id(id, &base);
    CHECK(strcmp(id, "f419e4af5635d8dff3adc677fa368a33") == 0, "the same on every machine and in every version: %s", id);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hit_id(other, &rows[i].hit);
        CHECK((strcmp(id, other) == 0) == rows[i].same, "%s", rows[i].reason);
    }
    return check_report("test_hit_id");
}
