/* The same bytes read by libpcap alone and by capture/source.c: every frame, the end and what is said of it must agree. */
#pragma once

#include <pcap.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/source.h"

enum { READING_FRAMES = 4096 };

struct reading {
    unsigned frames;
    bool opened, whole;
    char why[ERRLEN];                  /* libpcap's sentence, where it was not whole */
    long long offset;                  /* where that was */
    uint64_t us[READING_FRAMES];       /* UINT64_MAX: before 1970, which 2038 is to libpcap, or none */
    uint32_t caplen[READING_FRAMES], wirelen[READING_FRAMES];
    uint64_t sum[READING_FRAMES];         /* of the bytes */
};

static inline void reading_add(struct reading *r, uint64_t us, uint32_t wirelen, struct slice bytes)
{
    if (r->frames == READING_FRAMES)
        return;
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes.len; i++)
        sum = sum * 31 + bytes.p[i];
    r->us[r->frames] = us;
    r->caplen[r->frames] = (uint32_t)bytes.len;
    r->wirelen[r->frames] = wirelen;
    r->sum[r->frames++] = sum;
}

static inline void reading_by_pcap(struct reading *r, struct slice file, const char *filter)
{
    char why[PCAP_ERRBUF_SIZE];
    struct pcap_pkthdr *header;
    struct bpf_program program;
    const u_char *bytes;
    FILE *stream = fmemopen((void *)file.p, file.len, "rb");
    pcap_t *pcap = stream != NULL ? pcap_fopen_offline(stream, why) : NULL;
    *r = (struct reading){.opened = pcap != NULL};
    if (pcap == NULL) {
        if (stream != NULL)
            fclose(stream);
        return;
    }
    if (filter != NULL && pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0) {
        pcap_setfilter(pcap, &program);
        pcap_freecode(&program);
    }
    int result;
    while ((result = pcap_next_ex(pcap, &header, &bytes)) == 1) {
        bool time = header->ts.tv_sec >= 0 && header->ts.tv_usec >= 0 && header->ts.tv_usec < 1000000;
        reading_add(r, time ? (uint64_t)header->ts.tv_sec * 1000000 + (uint64_t)header->ts.tv_usec : UINT64_MAX, header->len,
                    slice_of(bytes, header->caplen));
    }
    r->whole = result == PCAP_ERROR_BREAK;
    r->offset = (long long)ftello(stream);
    if (!r->whole)
        snprintf(r->why, sizeof r->why, "at byte %lld: %s;", r->offset, pcap_geterr(pcap));
    pcap_close(pcap);
}

static inline void reading_by_source(struct reading *r, struct slice file, const char *filter)
{
    char path[32], err[ERRLEN];
    bool usage;
    struct frame frame;
    int fd = memfd_create("capture", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const char *paths[] = {path, NULL};
    struct source_settings settings = {.paths = paths, .filter = filter};
    bool written = write(fd, file.p, file.len) == (ssize_t)file.len;
    struct source *source = written ? source_open(&settings, &usage, err) : NULL;
    *r = (struct reading){.opened = source != NULL, .whole = true};
    for (enum source_result result = SOURCE_FRAME; source != NULL && result != SOURCE_END;) {
        result = source_next(source, &frame, err);
        if (result == SOURCE_FRAME)
            reading_add(r, frame.us, frame.wirelen, frame.bytes);
        if (result == SOURCE_ERROR) {
            r->whole = false;
            snprintf(r->why, sizeof r->why, "%s", err);
        }
    }
    source_close(source);
    close(fd);
}

/* NULL: they agree; else what differs. A file that libpcap opens and we do not has a link type of which we know nothing. */
static inline const char *reading_differs(const struct reading *pcap, const struct reading *source)
{
    if (!source->opened || !pcap->opened)
        return source->opened ? "libpcap does not open it" : NULL;
    if (pcap->frames != source->frames)
        return "the number of frames";
    if (memcmp(pcap->caplen, source->caplen, pcap->frames * sizeof *pcap->caplen) != 0)
        return "a length";
    if (memcmp(pcap->wirelen, source->wirelen, pcap->frames * sizeof *pcap->wirelen) != 0)
        return "a length on the wire";
    if (memcmp(pcap->sum, source->sum, pcap->frames * sizeof *pcap->sum) != 0)
        return "a frame's bytes";
    for (unsigned i = 0; i < pcap->frames; i++)
        if (pcap->us[i] != source->us[i] && pcap->us[i] != UINT64_MAX)
            return "a time";
    if (pcap->whole != source->whole)
        return "whether all could be read";
    return pcap->whole || strstr(source->why, pcap->why) != NULL ? NULL : "what is said of the end";
}
