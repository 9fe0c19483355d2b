/* What radome-top keeps: documents of both formats read back, figures and their rates, tables at their bounds, the words and
 * rows that are made of it. */
#include <stdlib.h>

#include "feeds/board_rows.h"
#include "feeds/printable.h"
#include "tests/check.h"

#define INCIDENT(id, us, stage, risk, aggregator, seen) \
    "{\"timestamp\":\"" us "\",\"event_type\":\"alert\",\"src_ip\":\"10.0.0.1\",\"host\":\"north\",\"radome\":{\"kind\":\"incident\",\"id\":\"d" id \
    "\",\"risk_score\":" risk ",\"reason\":\"why " id "\",\"families\":[\"DealPly\",\"IsErIk\"],\"incident\":{\"id\":\"" id "\",\"stage\":\"" stage \
    "\",\"aggregator\":" aggregator ",\"evidence\":[\"first\",\"sec\\nond\"],\"names\":[\"a.example\",\"b.example\"],\"last_seen\":\"" seen "\"}}}"

static const struct {
    const char *document;
    enum notice_result result;
    struct notice expected; /* detail: a text that is in it */
    const char *reason;
} documents[] = {
    {INCIDENT("i1", "2020-09-01T10:00:00.000000+0000", "beacon", "94", "true", "2020-09-01T10:00:01.5Z"), NOTICE_INCIDENT,
     {.us = 1598954400000000, .last_us = 1598954401500000, .id = "i1", .sensor = "north", .kind = "incident", .client = "10.0.0.1", .stage = "beacon",
      .families = "DealPly, IsErIk", .names = "a.example, b.example", .reason = "why i1", .risk = 94, .aggregator = true,
      .detail = "why i1\n\nfirst\nsec\\u000aond\n\ntimestamp: 2020"}, "an incident in EVE"},
    {"{\"@timestamp\":\"2020-09-01T10:00:00Z\",\"observer\":{\"name\":\"south\"},\"source\":{\"ip\":\"2001:db8::1\",\"port\":5},\"destination\":{\"ip\":\"2001:db8::2\","
     "\"port\":80},\"url\":{\"domain\":\"c.example\"},\"radome\":{\"kind\":\"beacon\",\"id\":\"x\",\"risk_score\":99,\"reason\":\"POST\",\"beacon\":{\"shape\":\"pxl\"},"
     "\"repeat\":{\"count\":7}}}", NOTICE_HIT,
     {.us = 1598954400000000, .id = "x", .sensor = "south", .kind = "beacon", .client = "2001:db8::1", .server = "2001:db8::2 80", .names = "c.example pxl",
      .reason = "POST", .risk = 99, .repeats = 7, .detail = "radome.repeat.count: 7\n"}, "a beacon in ECS, a summary"},
    {"{\"dest_ip\":\"192.0.2.1\",\"dest_port\":8080,\"http\":{\"hostname\":\"d.example\"},\"radome\":{\"kind\":\"payload\",\"risk_score\":50,\"payload\":{\"kind\":\"dll\","
     "\"cipher\":\"xor\"}}}", NOTICE_HIT, {.kind = "payload", .server = "192.0.2.1:8080", .names = "d.example dll xor", .risk = 50, .detail = "radome.payload.cipher: xor\n"},
     "a payload in EVE without a time, a sensor and an id"},
    {"{\"radome\":{\"kind\":\"domain\",\"risk_score\":60,\"domain\":{\"name\":\"e.example\"}}}", NOTICE_HIT, {.kind = "domain", .names = "e.example", .risk = 60, .detail = ""}, "a name"},
    {"{\"radome\":{\"kind\":\"ioc\",\"risk_score\":60,\"ioc\":{\"name\":\"f.example\"}}}", NOTICE_HIT, {.kind = "ioc", .names = "f.example", .risk = 60, .detail = ""}, "an indicator"},
    {"{\"radome\":{\"kind\":\"cluster\",\"risk_score\":60,\"cluster\":{\"domains\":[\"g.example\",4,\"h.example\"]}}}", NOTICE_HIT,
     {.kind = "cluster", .names = "g.example, h.example", .risk = 60, .detail = "radome.cluster.domains: g.example\n"}, "a cluster, a number among its names"},
    {"{\"radome\":{\"kind\":\"dns\"}}", NOTICE_RECORD, {.kind = "dns", .detail = ""}, "a record"},
    {"{\"radome\":{\"kind\":\"stats\",\"stats\":{}}}", NOTICE_STATS, {.kind = "stats", .detail = ""}, "statistics without any"},
    {"{\"event_type\":\"alert\"}", NOTICE_BAD, {.detail = ""}, "another sensor's"},
    {"[]", NOTICE_BAD, {.detail = ""}, "a list"},
    {"{\"radome\":{\"kind\":\"dns\"}", NOTICE_BAD, {.detail = ""}, "cut"},
    {"", NOTICE_BAD, {.detail = ""}, "nothing"},
};

static struct board_scratch scratch;

static bool same(const struct notice *a, const struct notice *b)
{
    return a->us == b->us && a->last_us == b->last_us && a->risk == b->risk && a->repeats == b->repeats && a->aggregator == b->aggregator &&
           strcmp(a->id, b->id) == 0 && strcmp(a->sensor, b->sensor) == 0 && strcmp(a->kind, b->kind) == 0 && strcmp(a->client, b->client) == 0 &&
           strcmp(a->server, b->server) == 0 && strcmp(a->stage, b->stage) == 0 && strcmp(a->families, b->families) == 0 &&
           strcmp(a->names, b->names) == 0 && strcmp(a->reason, b->reason) == 0;
}

static void check_documents(void)
{
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        const struct notice *n = &scratch.notice;
        enum notice_result result = notice_read(&scratch.notice, &scratch.samples, guard_copy(slice_str(documents[i].document), 0));
        CHECK(result == documents[i].result, "%s: %d", documents[i].reason, result);
        if (result != NOTICE_BAD)
            CHECK(same(n, &documents[i].expected), "%s: %s %s %s %s", documents[i].reason, n->id, n->client, n->server, n->names);
        if (result == NOTICE_HIT || result == NOTICE_INCIDENT)
            CHECK(strstr(n->detail, documents[i].expected.detail) != NULL, "%s: %s", documents[i].reason, n->detail);
    }
}

/* A long text fills what there is, and no more. */
static void check_long(void)
{
    size_t size = 300000;
    char *document = malloc(size);
    int head = snprintf(document, size, "{\"src_ip\":\"");
    memset(document + head, 'x', 200000);
    snprintf(document + head + 200000, size - (size_t)head - 200000, "\",\"radome\":{\"kind\":\"ioc\",\"risk_score\":60}}");
    CHECK(notice_read(&scratch.notice, &scratch.samples, slice_str(document)) == NOTICE_HIT, "a long text");
    size_t len = strlen(scratch.notice.detail);
    CHECK(strlen(scratch.notice.client) == NOTICE_TEXT - 1 && len < NOTICE_DETAIL && len > NOTICE_DETAIL - 16, "is cut: %zu", len);
    free(document);
}

static void take(struct board *b, const char *format, unsigned n, uint64_t heard_us)
{
    char document[1024];
    int len = snprintf(document, sizeof document, format, n, n);
    board_take(b, &scratch, slice_of(document, (size_t)len), heard_us);
}

static void check_bounds(void)
{
    struct board *b = board_open();
    const struct board_entry *hits[BOARD_HITS], *incidents[BOARD_INCIDENTS];
    for (unsigned i = 1; i <= 2000; i++) {
        take(b, "{\"host\":\"s\",\"radome\":{\"kind\":\"ioc\",\"risk_score\":60,\"id\":\"%u\",\"ioc\":{\"name\":\"n%u.example\"}}}", i, 5);
        take(b, "{\"host\":\"s\",\"radome\":{\"kind\":\"ioc\",\"risk_score\":60,\"id\":\"%u\",\"ioc\":{\"name\":\"n%u.example\"}}}", i, 5); /* told again */
        take(b, "{\"host\":\"s\",\"radome\":{\"kind\":\"incident\",\"risk_score\":60,\"incident\":{\"id\":\"%u\"}}}", i, 5);
        take(b, "{\"host\":\"s\",\"radome\":{\"kind\":\"incident\",\"risk_score\":60,\"incident\":{\"id\":\"1\"}}}", i, 5); /* one that goes on */
    }
    CHECK(board_hits(b, "", hits) == BOARD_HITS && b->stats.hits_forgotten == 2000 - BOARD_HITS, "hits: %llu", (unsigned long long)b->stats.hits_forgotten);
    CHECK(strcmp(hits[0]->notice.id, "2000") == 0 && strcmp(hits[BOARD_HITS - 1]->notice.id, "1489") == 0, "the newest first: %s", hits[0]->notice.id);
    CHECK(board_hits(b, "N1999.", hits) == 1 && strcmp(hits[0]->notice.names, "n1999.example") == 0, "a filter, whatever its case");
    CHECK(board_incidents(b, "", false, incidents) == BOARD_INCIDENTS && b->stats.incidents_forgotten == 2000 - BOARD_INCIDENTS, "incidents");
    bool first = false;
    for (size_t i = 0; i < BOARD_INCIDENTS; i++)
        first = first || strcmp(incidents[i]->notice.id, "1") == 0;
    CHECK(first, "one that goes on is not forgotten");
    for (unsigned i = 0; i < 40; i++)
        take(b, "{\"host\":\"sensor %u\",\"radome\":{\"kind\":\"dns\"}}", i, 5);
    CHECK(b->sensors == BOARD_SENSORS && b->stats.sensors_refused == 40 - (BOARD_SENSORS - 1), "sensors");
    take(b, "%u", 7, 5);
    CHECK(b->stats.unreadable == 1 && b->stats.records == 40, "what is no document is counted");
    struct board *copy = board_copy(b);
    take(b, "{\"host\":\"s\",\"radome\":{\"kind\":\"ioc\",\"risk_score\":60,\"id\":\"new\"}}", 0, 5);
    CHECK(board_hits(copy, "", hits) == BOARD_HITS && strcmp(hits[0]->notice.id, "2000") == 0, "a copy stands still");
    board_close(copy);
    for (size_t i = 0; i < BOARD_SOURCES; i++)
        CHECK(board_source(b, "one") == i, "a source");
    CHECK(board_source(b, "one") == SIZE_MAX, "one source too many");
    board_close(b);
}

/* The worst first; of the same, the latest. */
static void check_order(void)
{
    static const char *const order[] = {
        INCIDENT("e", "2020-09-01T10:00:00Z", "lookup", "99", "false", "2020-09-01T10:00:05Z"),
        INCIDENT("f", "2020-09-01T10:00:00Z", "payload", "99", "true", "2020-09-01T10:00:09Z"),
        INCIDENT("b", "2020-09-01T10:00:00Z", "payload", "94", "false", "2020-09-01T10:00:02Z"),
        INCIDENT("a", "2020-09-01T10:00:00Z", "payload", "94", "false", "2020-09-01T10:00:03Z"),
        INCIDENT("c", "2020-09-01T10:00:00Z", "payload", "80", "false", "2020-09-01T10:00:04Z"),
        INCIDENT("d", "2020-09-01T10:00:00Z", "beacon", "99", "false", "2020-09-01T10:00:05Z"),
        INCIDENT("a", "2020-09-01T09:00:00Z", "lookup", "50", "false", "2020-09-01T09:00:00Z"), /* late: an older word on one */
    };
    struct board *b = board_open();
    const struct board_entry *incidents[BOARD_INCIDENTS];
    char worst[16] = "", latest[16] = "";
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        board_take(b, &scratch, slice_str(order[i]), 0);
    size_t count = board_incidents(b, "", false, incidents);
    for (size_t i = 0; i < count; i++)
        strcat(worst, incidents[i]->notice.id);
    board_incidents(b, "", true, incidents);
    for (size_t i = 0; i < count; i++)
        strcat(latest, incidents[i]->notice.id);
    CHECK(strcmp(worst, "abcdef") == 0, "the worst first: %s", worst);
    CHECK(strcmp(latest, "fdecab") == 0 || strcmp(latest, "fedcab") == 0, "the latest first: %s", latest);
    board_close(b);
}

static const char figures_then[] = "# HELP x y\nradome_written_timestamp_seconds 1000\nradome_source_frames_total 100\nradome_source_bytes_total 1000\n"
                                   "radome_drops_total{place=\"kernel\"} 5\nradome_drops_total{place=\"flows\"} 9\nradome_delivery_sent_total 7\n"
                                   "radome_journal_waiting_documents 2\nother_total 9\nradome_bad x\nradome_nan NaN\nradome_label{a=\"b } c\"} 3 1700000000\n"
                                   "radome_worker_rounds_total{worker=\"1\"} 7\nradome_worker_rounds_total{worker=\"2\"} 7\n";
static const char figures_now[] = "radome_written_timestamp_seconds 1015\nradome_source_frames_total 1600\nradome_source_bytes_total 31000\n"
                                  "radome_drops_total{place=\"kernel\"} 20\nradome_drops_total{place=\"flows\"} 9\nradome_delivery_sent_total 7\n"
                                  "radome_journal_waiting_documents 3\nradome_memory_held_bytes 67108864\nradome_memory_limit_bytes 268435456\n"
                                  "radome_table_entries{table=\"flows\"} 1\nradome_table_entries{table=\"clients\"} 4\nradome_table_entries{table=\"odd\"} 9\n"
                                  "radome_table_limit{table=\"flows\"} 10\nradome_table_limit{table=\"clients\"} 8\nradome_table_entries 7\n"
                                  "radome_lists_indicators 10\nradome_feed_loaded_timestamp_seconds 400\nradome_reload_failures_total 1\n"
                                  "radome_worker_rounds_total{worker=\"1\"} 60\nradome_worker_rounds_total{worker=\"2\"} 7\n";
static const char figures_anew[] = "radome_written_timestamp_seconds 1030\nradome_source_frames_total 10\n";

static void give(struct board *b, const char *text)
{
    samples_of_text(&scratch.samples, slice_str(text));
    board_figures(b, "f.prom", &scratch.samples, scratch.samples.us);
}

static void check_figures(void)
{
    struct board *b = board_open();
    struct board_sensor *s = b->sensor;
    char words[BOARD_WORDS], amount[AMOUNT_WORDS];
    double value;
    CHECK(!samples_of_text(&scratch.samples, S("node_load1 3\n")) && !samples_of_text(&scratch.samples, S("")), "figures of something else");
    give(b, figures_then);
    CHECK(s->now.count == 10 && s->now.refused == 1, "those of radome's that are numbers: %zu", s->now.count);
    CHECK(samples_get(&s->now, "radome_label{a=\"b } c\"}", &value) && value == 3, "a label of odd characters, a time behind the number");
    CHECK(!board_drops(s, words) && strcmp(words, "kernel 5, flows 9") == 0, "nothing grows yet: %s", words);
    CHECK(strcmp(board_rate(s, "radome_source_frames_total", 1, amount), "-") == 0, "no rate of one reading");
    give(b, figures_now);
    CHECK(strcmp(board_rate(s, "radome_source_frames_total", 1, amount), "100") == 0, "a rate: %s", amount);
    CHECK(strcmp(board_rate(s, "radome_source_bytes_total", 8, amount), "16.0k") == 0, "in bits: %s", amount);
    CHECK(board_drops(s, words) && strcmp(words, "kernel +15 of 20, flows 9") == 0, "what grows first: %s", words);
    board_losses(s, words);
    CHECK(strcmp(words, "worker 2 stands still, lost: 15 packets the kernel had no room for, in 15 s") == 0, "and what it means: %s", words);
    board_state(s, words);
    CHECK(strcmp(words, "memory 25% of 256 MiB, fullest table clients 50%, 10 indicators read 10 min ago, 1 reload refused") == 0, "the rest: %s", words);
    CHECK(board_delivery(s, words) && strcmp(words, "7 sent, 3 wait") == 0, "nothing is sent: %s", words);
    give(b, figures_now);
    CHECK(strcmp(board_rate(s, "radome_source_frames_total", 1, amount), "100") == 0, "the same once more changes nothing");
    CHECK(!board_is_late(s, 1015000000 + 40000000) && board_is_late(s, 1015000000 + 45000000), "late after two readings and a half");
    give(b, figures_anew);
    CHECK(strcmp(board_rate(s, "radome_source_frames_total", 1, amount), "-") == 0, "a sensor that began anew has no rate: %s", amount);
    CHECK(!board_delivery(s, words) && strcmp(words, "-") == 0, "no Redis: %s", words);
    board_take(b, &scratch, S("{\"timestamp\":\"2020-09-01T10:00:00Z\",\"host\":\"north\",\"radome\":{\"kind\":\"stats\",\"stats\":{\"source\":{\"frames\":10,\"x\":\"y\"}}}}"), 0);
    board_take(b, &scratch, S("{\"timestamp\":\"2020-09-01T10:00:10Z\",\"host\":\"north\",\"radome\":{\"kind\":\"stats\",\"stats\":{\"source\":{\"frames\":60,\"kernel_drops\":3}}}}"), 0);
    CHECK(b->sensors == 2 && strcmp(board_rate(&b->sensor[1], "radome_source_frames_total", 1, amount), "5") == 0, "figures of documents, by the same names: %s", amount);
    CHECK(samples_get(&b->sensor[1].now, "radome_drops_total{place=\"kernel\"}", &value) && value == 3, "drops as well");
    board_close(b);
}

static void check_words(void)
{
    static const struct {
        double amount;
        const char *words;
    } amounts[] = {{0, "0"}, {0.26, "0.3"}, {7, "7"}, {743, "743"}, {999.4, "999"}, {999.6, "1.0k"}, {12345, "12.3k"}, {123456, "123k"}, {98.1e6, "98.1M"}, {4e9, "4.0G"}, {1e300, "1000000000000000000"}};
    static const struct {
        uint64_t s;
        const char *words;
    } ages[] = {{0, "0 s"}, {119, "119 s"}, {120, "2 min"}, {7199, "119 min"}, {7200, "2 h"}, {172800, "2 d"}, {63072000, "2 y"}, {UINT64_MAX / 1000000, "584942 y"}};
    char out[AMOUNT_WORDS];
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
        CHECK(strncmp(board_amount(amounts[i].amount, out), amounts[i].words, AMOUNT_WORDS - 1) == 0, "%g: %s", amounts[i].amount, out);
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++)
        CHECK(strcmp(board_age(ages[i].s * 1000000, out), ages[i].words) == 0, "%llu s: %s", (unsigned long long)ages[i].s, out);
}

int main(void)
{
    printable_locale();
    check_documents();
    check_long();
    check_bounds();
    check_order();
    check_figures();
    check_words();
    return check_report("board");
}
