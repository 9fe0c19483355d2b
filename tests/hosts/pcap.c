/* A host of libradome with a libpcap loop of its own: prints the hits of a capture file, a line each.
 * cc -o pcap pcap.c $(pkg-config --cflags --libs radome) -lpcap */
#include <pcap/pcap.h>
#include <radome.h>
#include <stdio.h>

static void on_hit(void *context, const struct radome_hit *hit)
{
    (void)context;
    printf("%llu %s %s %.1f %s %s\n", (unsigned long long)hit->time_us, hit->kind, hit->id, hit->bits, hit->client,
           hit->subject);
}

static void on_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
    void **both = (void **)user;
    uint64_t time_us = (uint64_t)header->ts.tv_sec * 1000000 + (uint64_t)header->ts.tv_usec;
    radome_packet(both[0], pcap_datalink(both[1]), time_us, bytes, header->caplen, header->len);
}

int main(int argc, char **argv)
{
    char err[512];
    struct radome_settings settings = {.hit = on_hit};
    pcap_t *pcap = argc == 2 ? pcap_open_offline(argv[1], err) : NULL;
    struct radome *radome = pcap != NULL ? radome_open(&settings, sizeof settings, err, sizeof err) : NULL;
    if (radome == NULL) {
        fprintf(stderr, "%s\n", argc == 2 ? err : "usage: pcap FILE");
        return 1;
    }
    void *both[] = {radome, pcap};
    int status = pcap_loop(pcap, -1, on_packet, (u_char *)both);
    radome_finish(radome);
    radome_close(radome);
    pcap_close(pcap);
    return status < 0;
}
