/* What is known of one client, as it is kept, saved and told to other sensors: pieces of evidence and what was made of
 * them. Shared by the files of the evidence table; others use feeds/evidence.h. */
#pragma once

#include "feeds/report.h"

enum { EVIDENCE_ITEMS = REPORT_LIST }; /* different pieces kept of one client */

struct evidence_item {
    uint64_t key;              /* of what makes it the same evidence again: the same on every sensor */
    uint64_t first_us, last_us;
    uint64_t us;               /* of the sighting that the rest describes: the strongest, then the earliest */
    float bits;
    uint32_t count;
    enum hit_kind kind;
    enum stage stage;
    char what[256], name[HIT_NAME], family[16], technique[4][12], id[REPORT_ID];
    char cluster_name[HIT_NAME]; /* the name as the clusters know it; empty: none */
    struct addr server;
    bool has_server;
    uint64_t told_us;          /* last_us when other sensors were told of it */
};

struct evidence_client {
    struct addr addr;
    bool used, reported;
    enum stage stage;          /* of the last incident document */
    char first_id[REPORT_ID];  /* of the first evidence there was: what the incident's id follows from */
    uint64_t first_us, last_us;
    unsigned items;
    struct evidence_item item[EVIDENCE_ITEMS];
};

/* A piece of evidence as one sensor tells it to another. */
struct evidence_news {
    struct addr client;
    char first_id[REPORT_ID];  /* the client's first evidence, and when that was */
    uint64_t first_us;
    bool reported;             /* an incident document of that client was written, with that stage at most */
    enum stage stage;
    struct evidence_item item;
};

/* Bits that an item still has at a time. */
float evidence_item_bits(const struct evidence_item *, uint64_t us);
