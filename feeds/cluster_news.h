/* A name and its addresses, as one sensor tells another. Shared by the files of the clusters; others use
 * feeds/cluster.h. */
#pragma once

#include "feeds/report.h"

/* Of an ordinary name no more is told than where it falls in the count. */
struct cluster_news {
    uint64_t us;
    bool suspicious;
    uint8_t ordinary;          /* the bit of an ordinary name, 0 to 63 */
    char name[HIT_NAME], family[16];
    float bits;
    struct addr client;
    uint8_t addrs;
    struct addr addr[HIT_ADDRS];
    uint64_t alias;            /* the name that its CNAMEs end in, as a number; 0: none */
    char id[REPORT_ID];        /* of the cluster it belongs to; empty: none yet */
    uint64_t formed_us;
};
