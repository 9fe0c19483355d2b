/* What a packet costs while so many TCP connections are open: curve FLOWS [PACKETS] prints nanoseconds of CPU time a packet.
 * Every connection is begun, then the packets fall on all of them at random, as data under way. */
#include "capture/capture.h"
#include "tests/bench/traffic.h"

#include <stdlib.h>
#include <time.h>

enum { HEADERS = 14 + 20 + 20, DATA = 1000, SEED = 7, SYN = 2, ACK = 16, FLOW_MEMORY = 4096 };

struct line {
    struct capture *capture;
    uint8_t frame[HEADERS + DATA];
    uint32_t *next; /* sequence number of each connection's client */
    uint64_t us, events;
};

static void put32(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void start_frame(uint8_t *frame)
{
    static const uint8_t ethernet_ip[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6};
    memcpy(frame, ethernet_ip, sizeof ethernet_ip);
    put32(frame + 30, 0x17000001);
    frame[36] = 443 >> 8;
    frame[37] = 443 & 255;
    frame[46] = 5 << 4;
}

static void send(struct line *l, uint32_t number, uint8_t flags, uint32_t len)
{
    struct event event;
    uint32_t ip = 20 + 20 + len;
    l->frame[16] = (uint8_t)(ip >> 8);
    l->frame[17] = (uint8_t)ip;
    put32(l->frame + 26, 0x0a000000 + number / 16);
    l->frame[34] = (uint8_t)(40 + number % 16);
    put32(l->frame + 38, l->next[number]);
    l->frame[47] = flags;
    l->next[number] += len + (flags == SYN);
    struct frame frame = {.us = l->us++, .linktype = 1, .wirelen = HEADERS + len, .bytes = slice_of(l->frame, HEADERS + len)};
    capture_feed(l->capture, &frame);
    while (capture_next(l->capture, &event))
        l->events++;
}

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    static struct line line = {.us = UINT64_C(1762164000000000)};
    char err[ERRLEN] = "usage: curve FLOWS [PACKETS]";
    uint32_t flows = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    uint32_t packets = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 2000000;
    uint64_t random = 88172645463325252;
    struct capture_settings settings = {(size_t)(flows + 1000) * FLOW_MEMORY, 64 << 20, SEED, false};
    line.next = calloc(flows + 1, sizeof *line.next);
    if (flows == 0 || line.next == NULL || (line.capture = capture_open(&settings, err)) == NULL) {
        fprintf(stderr, "curve: %s\n", err);
        return 1;
    }
    start_frame(line.frame);
    for (uint32_t i = 0; i < flows; i++) {
        send(&line, i, SYN, 0);
        send(&line, i, ACK, DATA);
    }
    double began = cpu_ns();
    for (uint32_t i = 0; i < packets; i++)
        send(&line, traffic_below(&random, flows), ACK, i % 2 == 0 ? DATA : 0);
    double ns = (cpu_ns() - began) / packets;
    struct capture_stats stats;
    capture_stats(line.capture, &stats);
    printf("%zu flows %.0f ns\n", stats.flow.now, ns);
    capture_close(line.capture);
    free(line.next);
    return stats.flow.now != flows;
}
