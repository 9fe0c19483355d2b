/* Floods against the whole sensor, each in a process of its own: memory stays under its bound, a packet costs a bounded
 * multiple of an honest one, what was given up is counted, and an honest request afterwards is still seen. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/flood_packets.h"
#include "tests/flood_contents.h"

enum {
    CONSTANT_MB = 64,  /* beside --memory: nDPI's own tables, the lists, the classifiers' tables, the desk's when full */
    MULTIPLE = 60,     /* of an honest packet's cost that a flood's may be; a bomb's packet is decoded up to its limit */
    WARM_UP = 2000,    /* honest transactions before the flood */
    SANITIZED_PART = 5
};

void __asan_init(void) __attribute__((weak));

struct outcome {
    uint64_t packets, ns, honest_ns, idle_kb, peak_kb, counted;
    uint64_t beacons;
    size_t left;       /* bytes still lent when all was over */
    bool done;
};

static struct flooder flooder;

static void chain_document(struct chain *c, const struct report *report, size_t len)
{
    (void)c;
    if (len == 0)
        abort();
    flooder.beacons += report != NULL && report->kind == REPORT_BEACON;
}

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* VmRSS or VmHWM. */
static uint64_t memory_kb(const char *what)
{
    char line[200];
    unsigned long long kb = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, what, strlen(what)) == 0)
            sscanf(line + strlen(what), ": %llu", &kb);
    if (status != NULL)
        fclose(status);
    return kb;
}

/* An ordinary connection: five packets. */
static void transaction(struct flooder *f, const struct tuple *tuple, struct slice request)
{
    static const struct slice answer = S("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello");
    struct tuple back = tuple_reverse(tuple);
    flood_segment(f, tuple, 0, TCP_SYN, S(""));
    flood_segment(f, &back, 0, TCP_SYN | TCP_ACK, S(""));
    flood_segment(f, tuple, 1, TCP_ACK, request);
    flood_segment(f, &back, 1, TCP_ACK, answer);
    flood_segment(f, tuple, 1 + (uint32_t)request.len, TCP_ACK | TCP_FIN, S(""));
}

static void honest(struct flooder *f, unsigned n)
{
    struct tuple tuple = flood_talk(80, WIRE_TCP);
    tuple.src.b[13] = (uint8_t)(100 + n % 7);
    tuple.sport = (uint16_t)(2000 + n);
    transaction(f, &tuple, S("GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n"));
}

/* DealPly's request of 2015, from a client that took no part in the flood. */
static void infected(struct flooder *f)
{
    struct tuple tuple = flood_talk(80, WIRE_TCP);
    tuple.src.b[13] = 99;
    transaction(f, &tuple, S("POST /?pcrc=167877582&v=2.2 HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 0\r\n\r\n"));
}

static uint64_t counted(struct flooder *f, size_t field)
{
    struct capture_stats stats;
    capture_stats(f->chain.capture, &stats);
    return *(const uint64_t *)((const char *)&stats + field);
}

static void run(const struct flood *flood, size_t memory, struct outcome *o)
{
    struct flooder *f = &flooder;
    uint64_t steps = __asan_init != NULL ? flood->steps / SANITIZED_PART + 2 : flood->steps;
    chain_open(&f->chain, memory, false);
    f->us = 1600000000000000;
    f->random = 88172645463325252;
    o->idle_kb = memory_kb("VmRSS");
    uint64_t before = cpu_ns();
    for (unsigned i = 0; i < WARM_UP; i++)
        honest(f, i);
    o->honest_ns = (cpu_ns() - before) / f->packets;
    uint64_t told = counted(f, flood->field);
    flood->step(f, 0); /* which may take its time to make what it says */
    f->packets = 0;
    before = cpu_ns();
    for (uint64_t i = 1; i < steps; i++)
        flood->step(f, i);
    o->ns = (cpu_ns() - before) / f->packets;
    o->packets = f->packets;
    o->counted = counted(f, flood->field) - told;
    f->us += 1000000;
    f->beacons = 0;
    infected(f);
    o->left = chain_finish(&f->chain);
    o->beacons = f->beacons;
    o->peak_kb = memory_kb("VmHWM");
    chain_close(&f->chain);
    o->done = true;
}

static void test_flood(const struct flood *flood, size_t memory, struct outcome *o)
{
    unsigned mb = (unsigned)(memory >> 20);
    *o = (struct outcome){0};
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        run(flood, memory, o);
        fflush(stdout);_exit(0);
    }
    waitpid(child, NULL, 0);
    if (!CHECK(o->done, "%s, %u MB: the sensor lives on", flood->name, mb))
        return;
    printf("%-22s %4u MB %9llu packets %7llu ns each (honest %5llu) %6.1f MB at most, %5.1f idle; %s %llu\n", flood->name, mb,
           (unsigned long long)o->packets, (unsigned long long)o->ns, (unsigned long long)o->honest_ns, (double)o->peak_kb / 1024,
           (double)o->idle_kb / 1024, flood->counted, (unsigned long long)o->counted);
    CHECK(o->counted > 0, "%s, %u MB: told by %s", flood->name, mb, flood->counted);
    CHECK(o->beacons > 0, "%s, %u MB: DealPly's request afterwards is seen", flood->name, mb);
    CHECK(o->left == 0, "%s, %u MB: %zu bytes still lent at the end", flood->name, mb, o->left);
    unsigned multiple = flood->multiple > 0 ? flood->multiple : MULTIPLE;
    CHECK(o->ns < multiple * o->honest_ns, "%s, %u MB: %llu ns a packet, %llu for an honest one", flood->name, mb,
          (unsigned long long)o->ns, (unsigned long long)o->honest_ns);
    if (__asan_init == NULL)
        CHECK(o->peak_kb / 1024 < mb + CONSTANT_MB, "%s, %u MB: %llu kB at most", flood->name, mb, (unsigned long long)o->peak_kb);
}

int main(void)
{
    static const size_t memories[] = {16 << 20, 64 << 20};
    struct outcome *outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!CHECK(outcome != MAP_FAILED, "a page that parent and child share"))
        return check_report("flood");
    for (size_t m = 0; m < sizeof memories / sizeof *memories; m++) {
        for (size_t i = 0; i < sizeof packet_floods / sizeof *packet_floods; i++)
            test_flood(&packet_floods[i], memories[m], outcome);
        for (size_t i = 0; i < sizeof content_floods / sizeof *content_floods; i++)
            test_flood(&content_floods[i], memories[m], outcome);
    }
    return check_report("flood");
}
