/* Deals a capture's packets over N files by the pair of addresses, as if each of N sensors saw a part of the network.
 * usage: slice CAPTURE N PREFIX → PREFIX.0.pcap … */
#include <stdio.h>
#include <stdlib.h>

#include "capture/packet.h"

enum { SLICES = 16 };

static void put_u32(FILE *file, uint32_t value)
{
    fwrite(&value, sizeof value, 1, file);
}

static FILE *open_slice(const char *prefix, unsigned i, int linktype)
{
    char path[512];
    snprintf(path, sizeof path, "%s.%u.pcap", prefix, i);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return NULL;
    uint16_t version[2] = {2, 4};
    put_u32(file, 0xa1b2c3d4);
    fwrite(version, sizeof version, 1, file);
    put_u32(file, 0);
    put_u32(file, 0);
    put_u32(file, 262144);
    put_u32(file, (uint32_t)linktype);
    return file;
}

static unsigned slice_of_frame(const struct frame *frame, unsigned slices)
{
    struct packet packet;
    struct packet_stats stats = {0};
    if (!packet_decode(&packet, frame, &stats))
        return 0;
    uint8_t sum = 0;
    const uint8_t *src = (const uint8_t *)&packet.tuple.src, *dst = (const uint8_t *)&packet.tuple.dst;
    for (size_t i = 0; i < sizeof packet.tuple.src; i++)
        sum = (uint8_t)(sum + src[i] * 31 + dst[i] * 31);
    return sum % slices;
}

int main(int argc, char **argv)
{
    char err[ERRLEN];
    bool usage;
    struct frame frame;
    FILE *file[SLICES] = {NULL};
    unsigned slices = argc == 4 ? (unsigned)atoi(argv[2]) : 0;
    if (slices == 0 || slices > SLICES)
        return fprintf(stderr, "usage: slice CAPTURE N PREFIX\n"), 2;
    struct source_settings settings = {.paths = (const char *const[]){argv[1], NULL}};
    struct source *source = source_open(&settings, &usage, err);
    if (source == NULL)
        return fprintf(stderr, "slice: %s\n", err), 1;
    while (source_next(source, &frame, err) == SOURCE_FRAME) {
        unsigned i = slice_of_frame(&frame, slices);
        for (unsigned k = 0; k < slices && file[k] == NULL; k++)
            file[k] = open_slice(argv[3], k, frame.linktype);
        if (file[i] == NULL)
            return perror("slice"), 1;
        put_u32(file[i], (uint32_t)(frame.us / 1000000));
        put_u32(file[i], (uint32_t)(frame.us % 1000000));
        put_u32(file[i], (uint32_t)frame.bytes.len);
        put_u32(file[i], frame.wirelen);
        fwrite(frame.bytes.p, 1, frame.bytes.len, file[i]);
    }
    source_close(source);
    for (unsigned i = 0; i < slices; i++)
        if (file[i] != NULL && fclose(file[i]) != 0)
            return perror("slice"), 1;
    return 0;
}
