/* A name and its addresses, and how many ordinary names an address serves, as one sensor tells another. Shared by the files
 * of the clusters; others use feeds/cluster.h. */
#pragma once

#include "feeds/report.h"

struct cluster_news {          /* a suspicious name */
    uint64_t us;
    char name[HIT_NAME], family[16];
    float bits;
    struct addr client;
    uint8_t addrs;
    struct addr addr[HIT_ADDRS];
    uint64_t alias;            /* the name that its CNAMEs end in, as a number; 0: none */
    char id[REPORT_ID];        /* of the cluster it belongs to; empty: none yet */
    uint64_t formed_us;
};

/* Where a suspicious name was seen: which ordinary ones were, as bits of a count. */
struct cluster_place_news {
    struct addr addr;
    uint64_t us, ordinary;
};

enum { CLUSTER_PLACES = HIT_ADDRS + 1 }; /* of one hit: its addresses and what its CNAMEs end in */
