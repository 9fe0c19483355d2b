/* How a source is kept: source.c opens it and reads files, live.c interfaces. The only file that names <pcap.h>. */
#pragma once

#include <pcap.h>
#include <stdatomic.h>

#include "capture/inputs.h"
#include "capture/savefile.h"
#include "capture/source.h"

enum { INTERFACES = 16 };

struct source {
    struct inputs inputs;
    size_t at;                   /* which of them is open, or the next to be */
    FILE *file;                  /* its bytes, or its header alone; owned by its pcap */
    struct reader *reader;       /* a classic one's records, which are read past libpcap, */
    struct savefile savefile;
    struct bpf_program program;  /* and the filter for them */
    uint8_t *room, *own;         /* where they are put; own: by ourselves, where nobody gave a room */
    bool used;                   /* the room given has frames */
    pcap_t *pcap[INTERFACES];    /* live: one an interface; files: the first is the open one */
    int linktype;                /* of the open file */
    const char *name[INTERFACES];
    unsigned live, turn;
    uint16_t group[INTERFACES];  /* 0: reads alone */
    const char *filter;
    size_t ring;
    uint64_t since_us;           /* live frames from before are not counted on */
    atomic_uint_fast64_t until_us; /* and later ones not waited for */
    struct source *next;         /* the next part */
    struct source_stats stats;
};

/* Sets the filter, where there is one, on what was opened as `name`. *usage as in source_open. */
bool source_filter(struct source *, pcap_t *, const char *name, bool *usage, char err[static ERRLEN]);
enum source_result source_hand_out(struct source *, int linktype, const struct pcap_pkthdr *, const u_char *bytes, struct frame *);
uint64_t source_now_us(void); /* by the clock that the kernel stamps packets with */

/* One interface more; group: as fanout_join, NULL: it is read by this source alone. */
bool live_add(struct source *, const char *name, uint16_t *group, bool *usage, char err[static ERRLEN]);

/* As source_next: reads one interface until it has nothing, then the next. */
enum source_result live_next(struct source *, struct frame *, char err[static ERRLEN]);
