/* A document of radome's, in either format, read back into what a person is shown. Its texts came over the network: they are
 * whole and valid, and nothing else is promised of them, except that `detail` is printable. */
#pragma once

#include "feeds/samples.h"

enum { NOTICE_DETAIL = 16384, NOTICE_TEXT = 64 };

enum notice_result {
    NOTICE_HIT,      /* clusters included */
    NOTICE_INCIDENT,
    NOTICE_STATS,    /* only us, sensor and the samples are set */
    NOTICE_RECORD,   /* a protocol record: nothing is read */
    NOTICE_BAD       /* none of radome's */
};

struct notice {
    uint64_t us, last_us;        /* the document's own time; an incident's last_seen */
    char id[NOTICE_TEXT];        /* event.id; an incident's radome.incident.id */
    char sensor[NOTICE_TEXT], kind[NOTICE_TEXT];
    char client[NOTICE_TEXT], server[NOTICE_TEXT]; /* the server with its port; "" where there is none */
    char stage[NOTICE_TEXT];     /* lookup, beacon, payload */
    char families[NOTICE_TEXT], names[256]; /* several, parted by ", "; names: what it is about, in short */
    char reason[512];
    int risk;                    /* 0 to 100 */
    unsigned repeats;            /* a summary of so many */
    bool aggregator;             /* an incident of a resolver, proxy or gateway */
    char detail[NOTICE_DETAIL];  /* all of it in lines: the reason, an incident's evidence, then every field */
};

enum notice_result notice_read(struct notice *, struct samples *, struct slice document);
