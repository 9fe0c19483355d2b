#include "capture/source_state.h"

#include <poll.h>

#include "capture/fanout.h"
#include "capture/packet.h"

enum {
    SNAPLEN = 262144,                   /* more than any frame, offloaded ones included */
    LATE_US = 2 * SOURCE_WAIT_MS * 1000 /* after this a frame that has arrived has been handed over by the kernel */
};

static pcap_t *live_open(struct source *s, const char *name, bool *usage, char err[static ERRLEN])
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = pcap_create(name, reason);
    if (pcap == NULL) {
        error_set(err, "interface %s: %s", name, reason);
        return NULL;
    }
    pcap_set_snaplen(pcap, SNAPLEN);
    pcap_set_promisc(pcap, 1);
    pcap_set_timeout(pcap, SOURCE_WAIT_MS);
    pcap_set_buffer_size(pcap, (int)s->ring);
    int result = pcap_activate(pcap);
    if (result < 0) {
        const char *more = pcap_geterr(pcap);
        error_set(err, "interface %s: %s%s%s", name, pcap_statustostr(result), more[0] ? ": " : "", more);
    } else if (!packet_linktype_known(pcap_datalink(pcap))) {
        error_set(err, "interface %s: link type %d is not one radome can read", name, pcap_datalink(pcap));
    } else if (pcap_setnonblock(pcap, 1, reason) != 0) {
        error_set(err, "interface %s: %s", name, reason);
    } else if (source_filter(s, pcap, name, usage, err)) {
        return pcap;
    }
    pcap_close(pcap);
    return NULL;
}

bool live_add(struct source *s, const char *name, uint16_t *group, bool *usage, char err[static ERRLEN])
{
    char why[ERRLEN];
    if (s->live == INTERFACES) {
        error_set(err, "more than %d interfaces; start a second sensor for the rest", INTERFACES);
        return false;
    }
    pcap_t *pcap = s->pcap[s->live] = live_open(s, name, usage, err);
    if (pcap == NULL)
        return false;
    s->name[s->live++] = name;
    if (group != NULL && !fanout_join(pcap_get_selectable_fd(pcap), group, why)) {
        error_set(err, "interface %s: %.400s", name, why);
        return false;
    }
    return true;
}

/* An interface that is taken away ends the capture on it; the others go on. */
static enum source_result live_lost(struct source *s, unsigned which, char err[static ERRLEN])
{
    error_set(err, "interface %s: %s", s->name[which], pcap_geterr(s->pcap[which]));
    pcap_close(s->pcap[which]);
    s->live--;
    s->pcap[which] = s->pcap[s->live];
    s->name[which] = s->name[s->live];
    s->pcap[s->live] = NULL;
    s->turn = 0;
    return SOURCE_ERROR;
}

enum source_result live_next(struct source *s, struct frame *frame, char err[static ERRLEN])
{
    uint64_t until_us = atomic_load_explicit(&s->until_us, memory_order_relaxed);
    for (unsigned tried = 0; tried < s->live;) {
        struct pcap_pkthdr *header;
        const u_char *bytes;
        pcap_t *pcap = s->pcap[s->turn];
        int result = pcap_next_ex(pcap, &header, &bytes);
        if (result == 1) {
            source_hand_out(s, pcap_datalink(pcap), header, bytes, frame);
            if (frame->us >= s->since_us && frame->us <= until_us)
                return SOURCE_FRAME;
            s->stats.frames--;
            s->stats.bytes -= header->caplen;
            if (frame->us < s->since_us)
                continue;
        } else if (result < 0) {
            return live_lost(s, s->turn, err);
        }
        s->turn = (s->turn + 1) % s->live;
        tried++;
    }
    return until_us != UINT64_MAX && source_now_us() > until_us + LATE_US ? SOURCE_END : SOURCE_IDLE;
}

void source_wait(struct source *s)
{
    struct pollfd waiting[INTERFACES];
    if (s->live == 0)
        return;
    for (unsigned i = 0; i < s->live; i++)
        waiting[i] = (struct pollfd){pcap_get_selectable_fd(s->pcap[i]), POLLIN, 0};
    poll(waiting, s->live, SOURCE_WAIT_MS);
}
