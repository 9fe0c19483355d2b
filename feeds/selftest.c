#include "feeds/selftest.h"

#include <stdio.h>
#include <stdlib.h>

#include "feeds/disguise.h"
#include "feeds/ioc.h"
#include "feeds/talk.h"

/* Steps: what a client does. */
enum how { NOTHING, LOOKUP, CROWD, REQUEST, PROGRAM, HELLO, QUIC };

enum { STEPS = 3, WORDS = 2, CROWD_NAMES = 3000 };

struct step {
    enum how how;
    const char *text;          /* LOOKUP: a name and where it leads to; REQUEST, PROGRAM: a head; HELLO: a name */
    struct slice body, answer; /* of a REQUEST */
    enum disguise disguise;    /* of a PROGRAM, */
    bool dll;                  /* else an EXE */
};

/* Each row is a client's of its own, and passes where a document of that kind comes meanwhile that holds all its words. */
struct row {
    const char *what, *why;    /* why: what would be broken if it did not fire */
    const char *name;          /* of the server: what an allowlist may hide it by; "" where there is none */
    const char *kind, *word[WORDS];
    struct step step[STEPS];
    bool same_client;          /* as the row before */
    unsigned times, apart_s;   /* the steps over and over; 0: once */
};

/* Against the lists in force: names are the published ones or fit the families' grammar. */
static const struct row rows[] = {
    /* Names, by each way that one travels. */
    {"a listed name in DNS", "the built-in list, DNS", "adofd.com", "ioc", {"\"adofd.com\""},
     {{LOOKUP, "adofd.com 203.0.113.1"}}},
    {"a listed name in HTTP", "the built-in list, HTTP", "boqudo.com", "ioc", {"\"boqudo.com\""},
     {{REQUEST, "GET / HTTP/1.1\r\nHost: boqudo.com\r\n"}}},
    {"a listed name in TLS", "ClientHellos over TCP", "bdubnium.com", "ioc", {"\"bdubnium.com\""},
     {{HELLO, "bdubnium.com"}}},
    {"a listed name in QUIC", "Initials decrypted", TALK_QUIC_NAME, "ioc", {"\"" TALK_QUIC_NAME "\""},
     {{QUIC}}},
    {"two names of the families' grammar", "names by their letters, bits summed per client", "gobuqow.com", "incident", {"gobuqow.com", " domain, "},
     {{LOOKUP, "lohuqod.com 203.0.113.2"}, {LOOKUP, "gobuqow.com 203.0.113.3"}}},
    {"names that share an address", "clusters", "qohudow.com", "cluster", {"qohudow.com"},
     {{LOOKUP, "tuqowal.com 203.0.113.4"}, {LOOKUP, "qohudow.com 203.0.113.4"}}},

    /* Requests: each shape. */
    {"pcrc-query, IsErIk's", "its parameters", "a.example", "beacon", {"\"pcrc-query\"", "\"IsErIk\""},
     {{REQUEST, "POST /?v=2.2&pcrc=167877582&rv=4.0&r=1 HTTP/1.1\r\nHost: a.example\r\n"}}},
    {"pcrc-query, DealPly's", "its parameters", "b.example", "beacon", {"\"pcrc-query\"", "\"DealPly\""},
     {{REQUEST, "POST /?pcrc=123&v=1.2.3 HTTP/1.1\r\nHost: b.example\r\n", S("x")}}},
    {"hex-parameters", "hex undone in a query", "c.example", "beacon", {"\"hex-parameters\"", "\"IsErIk\""},
     {{REQUEST, "POST /?q=3f763d322e3226706372633d313637383737353832 HTTP/1.1\r\nHost: c.example\r\n"}}},
    {"hex-body", "request bodies, hex undone in them", "d.example", "beacon", {"\"hex-body\"", "\"IsErIk\""},
     {{REQUEST, "POST / HTTP/1.1\r\nHost: d.example\r\n", S("3f763d322e3226706372633d313637383737353832")}}},
    {"body-constant", "bytes in request bodies", "e.example", "beacon", {"\"body-constant\""},
     {{REQUEST, "POST /a HTTP/1.1\r\nHost: e.example\r\nAccept: */*\r\nCache-Control: no-cache\r\n",
       S("..\x00\x08\xDC\x33\x45\xAB\x51\x29\x5F\x6C\x14\x79\x12\xD7\x0F\x4B..")}}},
    {"pxl", "a path and its parameters", "f.example", "beacon", {"\"pxl\""},
     {{REQUEST, "POST /a/pxl/b?e=-1&x=2&c=3 HTTP/1.1\r\nHost: f.example\r\n"}}},
    {"getblob", "header fields that are absent", "g.example", "beacon", {"\"getblob\""},
     {{REQUEST, "GET /getblob?v=1&cache=77 HTTP/1.1\r\nHost: g.example\r\n"}}},
    {"vcsoap-png", "a user agent and seven parameters", "h.example", "beacon", {"\"vcsoap-png\""},
     {{REQUEST, "GET /a.png?ver=1&t=2&domain=3&file=4&ext=5&cache=6&res1=7 HTTP/1.1\r\nHost: h.example\r\nUser-Agent: VCSoapClient\r\n"}}},
    {"data-steps", "answers in the form of the list of steps", "i.example", "beacon", {"\"data-steps\""},
     {{REQUEST, "GET /list HTTP/1.1\r\nHost: i.example\r\n", .answer = S("<Data n=\"1\"><S step1=\"a\" step2=\"b\" step3=\"c\"><FName>a</FName><FHash>0</FHash></S></Data>")}}},

    /* Files: each cipher, each coding around one. */
    {"an EXE under XOR", "a key found and undone", "j.example", "payload", {"\"cipher\":\"xor\"", "\"kind\":\"exe\""},
     {{PROGRAM, "GET /a.dat HTTP/1.1\r\nHost: j.example\r\n", .disguise = DISGUISE_XOR}}},
    {"a DLL under XOR that leaves zeros", "a key found and undone", "k.example", "payload", {"\"xor-skip-zero\"", "\"kind\":\"dll\""},
     {{PROGRAM, "GET /a.dat HTTP/1.1\r\nHost: k.example\r\n", .disguise = DISGUISE_SKIP_ZERO, .dll = true}}},
    {"a DLL under a rolling key", "a key that changes at every byte", "l.example", "payload", {"\"xor-rolling\""},
     {{PROGRAM, "GET /a.dat HTTP/1.1\r\nHost: l.example\r\n", .disguise = DISGUISE_ROLLING, .dll = true}}},
    {"a program under a substituted alphabet", "a header known by its pattern", "m.example", "payload", {"\"substitution\""},
     {{PROGRAM, "GET /a.dat HTTP/1.1\r\nHost: m.example\r\n", .disguise = DISGUISE_TABLE}}},
    {"IsErIk's script in mirrored base64", "its alphabet undone", "n.example", "payload", {"\"atbash-base64\"", "\"script\""},
     {{REQUEST, "GET /s HTTP/1.1\r\nHost: n.example\r\n", .answer = S("wnUbRSN0ynE6RVUqwTo7AEsKBnkoB6JlRowGB6QkxSJfF7soyTdrPGh=")}}},
    {"base64 around XOR", "base64 undone as it comes", "o.example", "payload", {"\"layers\":[\"base64\"]", "\"xor\""},
     {{PROGRAM, "GET /a.dat HTTP/1.1\r\nHost: o.example\r\n", .disguise = DISGUISE_BASE64}}},
    {"hex around XOR", "hex undone as it comes", "p.example", "payload", {"\"layers\":[\"hex\"]", "\"xor\""},
     {{PROGRAM, "GET /a.dat HTTP/1.1\r\nHost: p.example\r\n", .disguise = DISGUISE_HEX}}},
    {"gzip around XOR", "gzip undone as it comes", "q.example", "payload", {"\"layers\":[\"gzip\"]", "\"xor\""},
     {{PROGRAM, "GET /a.dat HTTP/1.1\r\nHost: q.example\r\n", .disguise = DISGUISE_GZIP}}},
    {"a program in two files", "halves joined", "r.example", "payload", {"\"parts\":2", "\"exe\""},
     {{PROGRAM, "GET /a.dat HTTP/1.1\r\nHost: r.example\r\n", .disguise = DISGUISE_FIRST_HALF},
      {PROGRAM, "GET /b.dat HTTP/1.1\r\nHost: r.example\r\n", .disguise = DISGUISE_SECOND_HALF}}},

    /* A host: its incident grows. */
    {"an incident of a name", "its first stage", "bujot.com", "incident", {"\"lookup\"", "bujot.com"},
     {{LOOKUP, "bujot.com 203.0.113.5"}}},
    {"the same client's beacon", "its second stage", "s.example", "incident", {"\"stage\":\"beacon\"", "s.example"},
     {{REQUEST, "POST /?v=2.2&pcrc=1&rv=4.0&r=2 HTTP/1.1\r\nHost: s.example\r\n"}}, .same_client = true},
    {"the same client's program", "its third stage", "t.example", "incident", {"\"stage\":\"payload\"", "t.example"},
     {{PROGRAM, "GET /a.dat HTTP/1.1\r\nHost: t.example\r\n", .disguise = DISGUISE_XOR}}, .same_client = true},
    {"an incident of a resolver", "how many names a client asks for", "buluw.com", "incident", {"\"aggregator\":true", "buluw.com"},
     {{CROWD}, {LOOKUP, "buluw.com 203.0.113.6"}}},
    {"a request's schedule", "who sends one every twelve hours", "u.example", "beacon", {"\"getblob\"", "\"period_s\""},
     {{REQUEST, "GET /getblob?v=1&cache=78 HTTP/1.1\r\nHost: u.example\r\n"}}, .times = 12, .apart_s = 43200},
    {"a name's schedule", "who asks for one every five hours", "cabarula.com", "beacon", {"\"periodic\"", "\"period_s\""},
     {{LOOKUP, "cabarula.com 203.0.113.9"}}, .times = 24, .apart_s = 18000},

    /* Records, as --log writes them. */
    {"a DNS record", "--log dns", "", "dns", {"\"www.example\""}, {{LOOKUP, "www.example 203.0.113.7"}}},
    {"an HTTP record", "--log http", "", "http", {"/record"}, {{REQUEST, "GET /record HTTP/1.1\r\nHost: www.example\r\n"}}},
    {"a TLS record", "--log tls", "", "tls", {"\"www.example\""}, {{HELLO, "www.example"}}},
};

/* Against a list of one row of each type: what lists are in force may lack some. */
static const char list[] = "type,indicator,family,provider,description\n"
                           "domain-name,listed.example,DealPly,self-test,\n"
                           "ipv4-addr,203.0.113.99,DealPly,self-test,\n"
                           "ipv6-addr,2001:db8::99,DealPly,self-test,\n"
                           "url,http://v.example/listed,DealPly,self-test,\n"
                           "file," DISGUISE_DLL_SHA256 ",DealPly,self-test,\n"
                           "file-name,sb_703.dat,DealPly,self-test,\n"
                           "x-extension-id,abcdefghijklmnopabcdefghijklmnop,DealPly,self-test,\n";

#define LEADS_TO "an address alone is weak, so a beacon follows it"

static const struct row listed_rows[] = {
    {"domain-name", "lists of names, names below one", "listed.example", "ioc", {"\"listed.example\""},
     {{LOOKUP, "www.listed.example 203.0.113.10"}}},
    {"ipv4-addr", LEADS_TO, "w.example", "incident", {"address 203.0.113.99 is listed"},
     {{LOOKUP, "w.example 203.0.113.99"}, {REQUEST, "POST /?pcrc=123&v=1.2.3 HTTP/1.1\r\nHost: w.example\r\n", S("x")}}},
    {"ipv6-addr", LEADS_TO, "x.example", "incident", {"address 2001:db8::99 is listed"},
     {{LOOKUP, "x.example 2001:db8::99"}, {REQUEST, "POST /?pcrc=123&v=1.2.3 HTTP/1.1\r\nHost: x.example\r\n", S("x")}}},
    {"url", "host and target together", "v.example", "ioc", {"\"http://v.example/listed\""},
     {{REQUEST, "GET /listed HTTP/1.1\r\nHost: v.example\r\n"}}},
    {"file", "hashes of what was decoded", "y.example", "ioc", {"\"" DISGUISE_DLL_SHA256 "\""},
     {{PROGRAM, "GET /a.dat HTTP/1.1\r\nHost: y.example\r\n", .disguise = DISGUISE_XOR, .dll = true}}},
    {"file-name", "the last part of a path", "z.example", "ioc", {"\"sb_703.dat\""},
     {{REQUEST, "GET /a/sb_703.dat HTTP/1.1\r\nHost: z.example\r\n"}}},
    {"x-extension-id", "what browsers ask updates for", "update.example", "ioc", {"\"abcdefghijklmnopabcdefghijklmnop\""},
     {{REQUEST, "GET /service/update2/crx?x=id%3Dabcdefghijklmnopabcdefghijklmnop%26v%3D1 HTTP/1.1\r\nHost: update.example\r\n"}}},
};

enum { FORCE = sizeof rows / sizeof *rows, LISTED = sizeof listed_rows / sizeof *listed_rows, ALL = FORCE + LISTED };

struct selftest {
    struct shard_settings settings; /* those in force, and every record */
    struct shard *shard;
    struct intake *intake;
    struct desk *desk;
    struct indicators *own;
    const struct allow *allow;
    bool fired[ALL];
    unsigned playing, told;    /* the row; how many were looked at by selftest_missing */
    struct talk talk;
    uint8_t file[DISGUISE_MOST];
    char document[JSON_MAX], record[JSON_MAX];
};

static const struct row *row_at(unsigned i)
{
    return i < FORCE ? &rows[i] : &listed_rows[i - FORCE];
}

/* Is it the document that the row waits for? */
static void look(struct selftest *t, const char *document, size_t len)
{
    const struct row *row = row_at(t->playing);
    struct slice text = slice_of(document, len);
    char kind[32];
    snprintf(kind, sizeof kind, "\"kind\":\"%s\"", row->kind);
    bool all = slice_find(text, slice_str(kind)) >= 0;
    for (unsigned i = 0; i < WORDS && row->word[i] != NULL; i++)
        all = all && slice_find(text, slice_str(row->word[i])) >= 0;
    t->fired[t->playing] = t->fired[t->playing] || all;
}

static void pull(struct selftest *t)
{
    struct output output;
    const struct report *report;
    while (shard_next(t->shard, &output, t->record)) {
        if (output.hit == NULL) {
            look(t, output.document, output.len);
            continue;
        }
        desk_put(t->desk, output.hit);
        while ((report = desk_next(t->desk)) != NULL)
            look(t, t->document, json_report(t->document, report, t->settings.format));
    }
}

static void pass_on(struct selftest *t)
{
    struct frame frame;
    struct packet packet;
    while (talk_next(&t->talk, &frame))
        if (intake_feed(t->intake, &frame, &packet)) {
            shard_deal(t->shard, &packet);
            pull(t);
        }
}

static void crowd(struct selftest *t)
{
    char name[32];
    for (unsigned i = 0; i < CROWD_NAMES; i++) {
        snprintf(name, sizeof name, "www.house-%u.example", i);
        talk_lookup(&t->talk, slice_str(name), "203.0.113.8");
        pass_on(t);
    }
}

static void act(struct selftest *t, const struct step *step)
{
    size_t name;
    switch (step->how) {
    case NOTHING: break;
    case LOOKUP:
        name = strcspn(step->text, " ");
        talk_lookup(&t->talk, slice_of(step->text, name), step->text + name + 1);
        break;
    case CROWD: crowd(t); break;
    case REQUEST: talk_request(&t->talk, step->text, step->body, step->answer); break;
    case PROGRAM:
        talk_request(&t->talk, step->text, step->body, slice_of(t->file, disguise_make(t->file, step->disguise, step->dll)));
        break;
    case HELLO: talk_hello(&t->talk, step->text); break;
    case QUIC: talk_quic(&t->talk); break;
    }
    pass_on(t);
}

static void play(struct selftest *t, unsigned from, unsigned to)
{
    for (t->playing = from; t->playing < to; t->playing++) {
        const struct row *row = row_at(t->playing);
        t->talk.client += !row->same_client;
        for (unsigned time = 0; time <= row->times; time++) {
            for (unsigned i = 0; i < STEPS; i++)
                act(t, &row->step[i]);
            t->talk.us += (uint64_t)row->apart_s * 1000000;
        }
    }
}

static bool open_all(struct selftest *t, char err[static ERRLEN])
{
    const struct capture_settings *capture = &t->settings.capture;
    struct ioc_stats stats = {0};
    return (t->own = indicators_open(1, err)) != NULL && ioc_read(t->own, "self-test", slice_str(list), &stats, err) &&
           indicators_seal(t->own, err) && (t->shard = shard_open(&t->settings, err)) != NULL &&
           (t->intake = intake_open(capture_intake_memory(capture->memory), capture->seed, err)) != NULL;
}

struct selftest *selftest_run(const struct shard_settings *settings, struct desk *desk, const struct allow *allow,
                              char err[static ERRLEN])
{
    struct selftest *t = calloc(1, sizeof *t);
    if (t == NULL) {
        error_set(err, "no memory for the self-test");
        return NULL;
    }
    t->desk = desk;
    t->allow = allow;
    t->settings = *settings;
    for (int kind = 0; kind < EVENT_KINDS; kind++)
        t->settings.log[kind] = true;
    t->talk.us = UINT64_C(1767225600) * 1000000; /* 2026 began */
    if (!open_all(t, err)) {
        selftest_close(t);
        return NULL;
    }
    play(t, 0, FORCE);
    shard_relist(t->shard, t->own, NULL);
    play(t, FORCE, ALL);
    return t;
}

void selftest_close(struct selftest *t)
{
    if (t == NULL)
        return;
    shard_close(t->shard);
    intake_close(t->intake);
    indicators_close(t->own);
    free(t);
}

unsigned selftest_all(const struct selftest *t)
{
    (void)t;
    return ALL;
}

unsigned selftest_fired(const struct selftest *t)
{
    unsigned count = 0;
    for (unsigned i = 0; i < ALL; i++)
        count += t->fired[i];
    return count;
}

bool selftest_missing(struct selftest *t, char why[static SELFTEST_WHY])
{
    while (t->told < ALL && t->fired[t->told])
        t->told++;
    if (t->told == ALL)
        return false;
    const struct row *row = row_at(t->told++);
    struct allow_entry entry;
    int n = snprintf(why, SELFTEST_WHY, "%s (%s)", row->what, row->why);
    if (row->name[0] != '\0' && allow_name(t->allow, slice_str(row->name), &entry))
        snprintf(why + n, SELFTEST_WHY - (size_t)n, ": '%.60s' is allowed by %.60s, line %u", row->name, entry.list, entry.line);
    return true;
}
