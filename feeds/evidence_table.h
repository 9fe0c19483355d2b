/* How evidence is kept: for the files that sum it and save it. */
#pragma once

#include "feeds/evidence.h"

enum { EVIDENCE_WAYS = 8 };    /* clients that share a bucket */

struct evidence {
    struct evidence_settings settings;
    struct evidence_client *client; /* one mapping, touched as clients come */
    size_t buckets;
    uint64_t last_us;          /* the latest packet time of any evidence */
    struct evidence_stats stats;
    struct incident_report incident[2]; /* of the last two reports */
    unsigned turn;
    const struct evidence_item *news; /* of the last hit; NULL: none */
    const struct evidence_client *news_client;
};

/* The places in which a client may be. */
struct evidence_client *evidence_bucket(const struct evidence *, const struct addr *);

/* The sum of what is kept of a client that asked for `asked` different names. */
float evidence_client_bits(const struct evidence *, const struct evidence_client *, uint64_t us, double asked);
