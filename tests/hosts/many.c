/* A host that shows capture files to libradome again and again, each time a day later, until it has shown so many packets.
 * cc -o many many.c $(pkg-config --cflags --libs radome) -lpcap; usage: many PACKETS FILE... */
#include <pcap/pcap.h>
#include <radome.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 65536 };

struct frame {
    int linktype;
    uint64_t us;
    size_t captured, wire;
    uint8_t *bytes;
};

static void on_hit(void *context, const struct radome_hit *hit)
{
    ++*(unsigned long *)context;
    if (strlen(hit->id) + strlen(hit->why) + strlen(hit->subject) + strlen(hit->client) == 0)
        abort();
}

static size_t load(const char *path, struct frame *frame, size_t room)
{
    char err[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    const u_char *bytes;
    size_t n = 0;
    pcap_t *pcap = pcap_open_offline(path, err);
    if (pcap == NULL) {
        fprintf(stderr, "%s\n", err);
        exit(1);
    }
    for (; n < room && pcap_next_ex(pcap, &header, &bytes) == 1; n++) {
        frame[n] = (struct frame){pcap_datalink(pcap), (uint64_t)header->ts.tv_sec * 1000000 + (uint64_t)header->ts.tv_usec,
                                  header->caplen, header->len, malloc(header->caplen)};
        memcpy(frame[n].bytes, bytes, header->caplen); /* of its own: a byte too far is seen */
    }
    pcap_close(pcap);
    return n;
}

int main(int argc, char **argv)
{
    static struct frame frame[FRAMES];
    unsigned long hits = 0, packets = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
    size_t frames = 0;
    char err[512];
    struct radome_settings settings = {.hit = on_hit, .context = &hits, .memory = 16 << 20};
    struct radome_stats stats;
    for (int i = 2; i < argc; i++)
        frames += load(argv[i], frame + frames, FRAMES - frames);
    struct radome *radome = frames > 0 ? radome_open(&settings, sizeof settings, err, sizeof err) : NULL;
    if (radome == NULL)
        return 1;
    for (unsigned long n = 0; n < packets; n++) {
        const struct frame *f = &frame[n % frames];
        radome_packet(radome, f->linktype, f->us + n / frames * 86400000000, f->bytes, f->captured, f->wire);
    }
    radome_finish(radome);
    radome_stats(radome, &stats, sizeof stats);
    printf("%llu packets, %llu events, %lu hits; memory held at the end %llu of %llu\n", (unsigned long long)stats.packets,
           (unsigned long long)stats.events, hits, (unsigned long long)stats.memory_held,
           (unsigned long long)stats.memory_limit);
    radome_close(radome);
    for (size_t i = 0; i < frames; i++)
        free(frame[i].bytes);
    return 0;
}
