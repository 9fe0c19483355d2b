/* A month of 500 clients through engine and desk, ten of them infected: each of those is named, nobody else is, and few
 * documents say so. The argument: how many months. DOCUMENTS names a file for the first month's documents. */
#include "tests/month.h"
#include "tests/pe_maker.h"

enum { CLIENTS = 500, INFECTED = 10, DAYS = 30, ROOM = 1 << 20 };

struct act {
    uint64_t us;
    enum { BROWSE, POLL, UPDATE, LOOKALIKE, LOOKUP, HELLO, ISERIK, SCRIPT, DEALPLY, PROGRAM, EXTENSION } what;
    uint16_t client;
    const char *name;          /* NULL: whatever people look at */
};

struct plan {
    struct act *act;
    size_t count;
    char family[32][24];       /* names of the family that no list has */
    char honest[8][24];        /* honest names that look like them and that programs ask for */
};

static struct addr client_of(unsigned n)
{
    return addr_v4((const uint8_t[]){10, 1, (uint8_t)(n / 250), (uint8_t)(n % 250 + 1)});
}

static void add(struct plan *p, uint64_t us, unsigned client, unsigned what, const char *name)
{
    if (p->count < ROOM)
        p->act[p->count++] = (struct act){us, what, (uint16_t)client, name};
}

static uint64_t around(struct month *m, uint64_t us, uint64_t jitter)
{
    return us - jitter + month_random(m) % (2 * jitter + 1);
}

/* Machines are on from about half past eight to about half past five, Monday to Friday; some never go off. */
static bool is_on(unsigned client, uint64_t us)
{
    uint64_t since = us - MONTH_BEGIN, hour = since % DAY / HOUR, day = since / DAY;
    return client % 7 == 0 || (day % 7 < 5 && hour >= 8 && hour < 18);
}

static void honest_day(struct month *m, struct plan *p, unsigned client, unsigned day)
{
    uint64_t morning = MONTH_BEGIN + day * DAY + 8 * HOUR;
    bool weekend = day % 7 >= 5;
    if (weekend && client % 7 != 0)
        return;
    for (unsigned n = 0; n < (weekend ? 3u : 20u); n++)
        add(p, morning + month_random(m) % (10 * HOUR), client, BROWSE, NULL);
    for (unsigned n = 0; n < 4; n++)
        add(p, around(m, morning + (1 + 2 * n) * HOUR, 60 * SECOND), client, POLL, "telemetry.vendor.example");
    add(p, around(m, morning + HOUR / 2, 20 * 60 * SECOND), client, UPDATE, "update.vendor.example");
}

/* Every so often, while the machine is on; what falls into its sleep is left out. */
static void every(struct month *m, struct plan *p, unsigned client, unsigned what, const char *name, uint64_t period, uint64_t jitter)
{
    uint64_t first = MONTH_BEGIN + (client % 3) * DAY + 9 * HOUR + month_random(m) % (7 * HOUR);
    for (uint64_t at = first; at < MONTH_BEGIN + DAYS * DAY; at += period)
        if (is_on(client, at))
            add(p, around(m, at, jitter), client, what, name);
}

static void once(struct plan *p, unsigned client, unsigned what, const char *name, unsigned day, unsigned hour)
{
    add(p, MONTH_BEGIN + day * DAY + hour * HOUR + client * SECOND, client, what, name);
}

/* One for each stage and family, and mixes; clients 40, 90, … 490. */
static void infect(struct month *m, struct plan *p)
{
    unsigned c = 40;
    const char *name = p->family[0];
    /* DealPly: two names nobody has listed, weeks apart */
    once(p, c, LOOKUP, name, 2, 10);
    once(p, c, LOOKUP, p->family[1], 24, 11);
    c += 50; /* DealPly: a request once a day to a listed server */
    every(m, p, c, DEALPLY, "tuwoqol.com", DAY, 10 * 60 * SECOND);
    c += 50; /* DealPly: the program, hidden, from a server nobody knows */
    once(p, c, PROGRAM, "files.unknown.example", 9, 14);
    c += 50; /* IsErIk: names only, listed, of a machine that sleeps */
    every(m, p, c, LOOKUP, "wagng.com", 12 * HOUR, 15 * 60 * SECOND);
    c += 50; /* IsErIk: its request every twelve hours, to a name nobody has listed */
    every(m, p, c, ISERIK, p->family[2], 12 * HOUR, 5 * 60 * SECOND);
    c += 50; /* IsErIk: the script */
    once(p, c, SCRIPT, "scripts.unknown.example", 15, 9);
    c += 50; /* ManageX: names in TLS, every hour while the browser is open */
    every(m, p, c, HELLO, p->family[3], HOUR, 3 * 60 * SECOND);
    every(m, p, c, HELLO, p->family[4], 5 * HOUR, 30 * 60 * SECOND);
    c += 50; /* ManageX: the extension's package */
    once(p, c, EXTENSION, "redirector.gvt1.com", 6, 10);
    c += 50; /* all three, of a machine that is always on */
    every(m, p, c, LOOKUP, "daqah.com", DAY, HOUR);
    every(m, p, c, ISERIK, "wagng.com", 12 * HOUR, 60 * SECOND);
    every(m, p, c, HELLO, p->family[5], 3 * HOUR, 10 * 60 * SECOND);
    once(p, c, PROGRAM, "daqah.com", 20, 12);
    c += 50; /* DealPly and ManageX, a name each */
    once(p, c, HELLO, p->family[6], 4, 15);
    every(m, p, c, LOOKUP, p->family[7], 2 * DAY, 2 * HOUR);
}

static int by_time(const void *a, const void *b)
{
    const struct act *x = a, *y = b;
    return x->us != y->us ? (x->us < y->us ? -1 : 1) : (int)x->client - (int)y->client;
}

/* Honest programs of a dozen clean clients ask for an honest name that looks like the family's, every hour. */
static void make_plan(struct month *m, struct plan *p)
{
    p->count = 0;
    for (unsigned i = 0; i < 32; i++)
        month_family(m, p->family[i]);
    for (unsigned i = 0; i < 8; i++)
        month_lookalike(m, p->honest[i]);
    for (unsigned client = 0; client < CLIENTS; client++)
        for (unsigned day = 0; day < DAYS; day++)
            honest_day(m, p, client, day);
    for (unsigned client = 3; client < CLIENTS; client += 42)
        every(m, p, client, LOOKALIKE, p->honest[client / 42 % 8], HOUR, 60 * SECOND);
    infect(m, p);
    qsort(p->act, p->count, sizeof *p->act, by_time);
}

static struct slice hidden_program(uint8_t *bytes)
{
    static const uint8_t key[] = {0x05, 0x0b, 0x02, 0x0d};
    struct slice made = pe_make(&pe_shapes[0], bytes);
    for (size_t i = 0; i < made.len; i++)
        bytes[i] ^= key[i % sizeof key];
    return made;
}

static void act(struct month *m, const struct act *a)
{
    static uint8_t program[PE_MADE];
    static const char script[] = "var s=new ActiveXObject(\"WScript.Shell\");function run(){try{s.Run(\"x\")}catch(e){}}run();"
                                 "var t=new ActiveXObject(\"Scripting.FileSystemObject\");";
    static char mirrored[512];
    const struct addr client = client_of(a->client);
    const struct slice none = {NULL, 0};
    switch (a->what) {
    case BROWSE: {
        const char *name = month_browse(m);
        month_lookup(m, &client, name, a->us);
        if (month_below(m, 4) == 0)
            month_hello(m, &client, name, a->us + 1000);
        break;
    }
    case POLL:
        month_request(m, &client, a->name, "POST /v2/collect?app=7\nUser-Agent: agent/7.1\nContent-Type: application/json",
                      S("{\"events\":\"ZXZlbnRzIGFzIHRoZXkgY29tZQ==\"}"), none, a->us);
        break;
    case UPDATE:
        month_request(m, &client, a->name, "GET /check?v=7.1.22&os=10\nUser-Agent: updater/1.0\nAccept: */*", none, S("<none/>"), a->us);
        break;
    case LOOKALIKE:
    case LOOKUP:
        month_lookup(m, &client, a->name, a->us);
        break;
    case HELLO:
        month_hello(m, &client, a->name, a->us);
        break;
    case ISERIK:
        month_lookup(m, &client, a->name, a->us);
        month_request(m, &client, a->name, "POST /?v=2.2&pcrc=167877582&rv=4.0&r=1\nUser-Agent: Mozilla/4.0", S("3f763d"), none, a->us + 50000);
        break;
    case DEALPLY:
        month_lookup(m, &client, a->name, a->us);
        month_request(m, &client, a->name, "POST /?v=2.2.0&pcrc=1234567\nUser-Agent: Mozilla/4.0", S("id=1"), none, a->us + 50000);
        break;
    case SCRIPT: {
        size_t len = text_encode(mirrored, slice_of(script, sizeof script - 1), true);
        month_request(m, &client, a->name, "POST /a\nUser-Agent: Mozilla/4.0", S("x=1"), slice_of(mirrored, len), a->us);
        break;
    }
    case PROGRAM:
        month_request(m, &client, a->name, "POST /b\nUser-Agent: Mozilla/4.0", S("x=1"), hidden_program(program), a->us);
        break;
    case EXTENSION:
        month_request(m, &client, a->name, "GET /edgedl/chromewebstore/L2Nocm/1.0_ncjbeingokdeimlmolagjaddccfdlkbd.crx\nUser-Agent: Mozilla/5.0",
                      none, none, a->us);
        break;
    }
}

static void month(uint64_t seed, FILE *out)
{
    static struct month m;
    static struct plan p;
    struct desk_stats stats;
    unsigned found = 0, clean = 0;
    month_open(&m, seed);
    m.out = out;
    p.act = malloc(ROOM * sizeof *p.act);
    make_plan(&m, &p);
    CHECK(p.count < ROOM, "room for the plan");
    for (size_t i = 0; i < p.count; i++)
        act(&m, &p.act[i]);
    desk_finish(m.desk);
    month_reports(&m);
    desk_stats(m.desk, &stats);
    for (unsigned client = 0; client < CLIENTS; client++) {
        const struct addr addr = client_of(client);
        bool infected = client % 50 == 40, named = month_named(&m, &addr);
        found += infected && named;
        clean += !infected && named;
        CHECK(named == infected, "seed %llu: client %u is %s", (unsigned long long)seed, client, named ? "named and is clean" : "infected and not named");
    }
    unsigned documents = 0;
    for (unsigned kind = 0; kind <= REPORT_INCIDENT; kind++)
        documents += (unsigned)m.documents[kind];
    printf("  seed %llu: %llu events, %llu hits; %u of %u infected found, %u clean named; %u documents (%llu names, %llu beacons, %llu "
           "payloads, %llu indicators, %llu clusters, %llu incidents; %llu of them summaries), %llu schedules\n",
           (unsigned long long)seed, (unsigned long long)m.events, (unsigned long long)stats.hits, found, INFECTED, clean, documents,
           (unsigned long long)m.documents[REPORT_DOMAIN], (unsigned long long)m.documents[REPORT_BEACON], (unsigned long long)m.documents[REPORT_PAYLOAD],
           (unsigned long long)m.documents[REPORT_IOC], (unsigned long long)m.documents[REPORT_CLUSTER], (unsigned long long)m.documents[REPORT_INCIDENT],
           (unsigned long long)m.summaries, (unsigned long long)stats.schedules);
    CHECK(documents < 300, "seed %llu: no more than ten a day: %u", (unsigned long long)seed, documents);
    free(p.act);
    month_close(&m);
}

int main(int argc, char **argv)
{
    unsigned months = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 3;
    printf("A month of %d clients, %d infected\n", CLIENTS, INFECTED);
    const char *documents = getenv("DOCUMENTS");
    FILE *out = documents != NULL ? fopen(documents, "w") : NULL;
    for (unsigned seed = 1; seed <= months; seed++)
        month(seed, seed == 1 ? out : NULL);
    if (out != NULL)
        fclose(out);
    return check_report("test_month");
}
