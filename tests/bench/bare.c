/* The measure of everything else: libpcap reads the file and an empty callback takes its packets. */
#include <pcap.h>
#include <stdio.h>

static void empty(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
    (void)user;
    (void)header;
    (void)bytes;
}

int main(int argc, char **argv)
{
    char err[PCAP_ERRBUF_SIZE] = "usage: bare CAPTURE";
    pcap_t *pcap = argc == 2 ? pcap_open_offline(argv[1], err) : NULL;
    if (pcap == NULL) {
        fprintf(stderr, "bare: %s\n", err);
        return 1;
    }
    int packets = pcap_dispatch(pcap, -1, empty, NULL);
    printf("%d packets\n", packets);
    pcap_close(pcap);
    return packets < 0;
}
