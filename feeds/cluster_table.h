/* How clusters are kept: for the files that unite, report and save them. */
#pragma once

#include "capture/pages.h"
#include "feeds/cluster.h"

enum {
    CLUSTER_WAYS = 4,      /* addresses that share a bucket */
    NAMES_ON_ADDRESS = 8,  /* suspicious names remembered of one address; the rest are united through them */
    ADDRS_OF_NAME = 8,
    ALIASES_OF_NAME = 4,
    CLIENTS_OF_NAME = 32,  /* different clients counted of one name */
    NO_NAME = UINT16_MAX,
    NAMES_MOST = 60000,
    CLUSTER_AS = 8192      /* AS counted at once */
};

/* An address, or the name that aliases end in, and who was seen there: ordinary names as a bitmap of 64 hash values (linear
 * counting), suspicious by index. */
struct place {
    _Alignas(64) struct addr addr;   /* a line of cold memory each */
    uint64_t last_us, ordinary;
    uint32_t asn;                    /* its AS, where GeoIP has it; else 0 */
    uint16_t suspicious, name[NAMES_ON_ADDRESS];
};

struct as_count {
    uint32_t asn;                    /* 0: a free row */
    uint32_t addresses, ordinary;    /* places in it; ordinary names on them, together */
};

struct name {
    char text[HIT_NAME], family[16];
    float bits;
    uint64_t first_us, last_us, told_us;
    uint16_t root, next;             /* the member that keeps what is the cluster's; ring of the members */
    uint16_t members;                /* the next three are the root's: more than one member is a cluster */
    char id[REPORT_ID];
    uint64_t formed_us;
    uint16_t addrs, aliases, clients;
    struct addr addr[ADDRS_OF_NAME], alias[ALIASES_OF_NAME];
    float family_bits;               /* of the sighting that said the family */
    uint32_t client[CLIENTS_OF_NAME];
};

struct clusters {
    struct cluster_settings settings;
    struct pages_parts parts; /* of place */
    struct place *place;
    size_t buckets;
    struct name *name;
    uint16_t *slot;                  /* hash → index into name, NO_NAME where free */
    size_t slots;
    struct as_count *as;
    uint16_t *parted;                /* room for the members of one cluster */
    struct cluster_stats stats;
    struct cluster_report report;
    struct cluster_news news;        /* of the last hit */
    bool has_news;
    struct cluster_place_news place_news[CLUSTER_PLACES];
    unsigned places_told;
};

/* The name's index; NO_NAME: the table is full, or for cluster_find there is none such. */
uint16_t cluster_name(struct clusters *, const char *text, uint64_t us);
uint16_t cluster_find(const struct clusters *, const char *text);

/* The address's place, or a new one in that of its bucket's first to go. */
struct place *cluster_place(struct clusters *, const struct addr *, uint64_t us);
const struct place *cluster_place_find(const struct clusters *, const struct addr *); /* NULL: there is none */

/* Whether the names there are one cluster's: two at least, no fewer than the ordinary ones, and more than chance puts on an
 * address of that AS. */
bool cluster_place_unites(const struct clusters *, const struct place *);

/* A place begins in its AS, is gone from it, and has new ordinary names; how many names an address there has, as far as seen:
 * 0 where nothing is known. */
void cluster_as_enter(struct clusters *, struct place *);
void cluster_as_leave(struct clusters *, const struct place *);
void cluster_as_count(struct clusters *, const struct place *, uint64_t new);
double cluster_as_typical(const struct clusters *, const struct place *);

/* More ordinary names were seen there: who was united by that place alone is no longer. */
void cluster_place_add(struct clusters *, const struct addr *, uint64_t us, uint64_t bits);

/* The next time others are told they are told of that place. */
void cluster_place_tell(struct clusters *, const struct place *);

/* Two become one. Where both were clusters, the id that formed later is lost, into `merged`. False: they were one. */
bool cluster_unite(struct clusters *, uint16_t a, uint16_t b, uint64_t us, char merged[static REPORT_ID]);

/* Makes the members of one cluster, or a single name, members of the other. */
void cluster_join(struct clusters *, uint16_t to, uint16_t from);

/* The first to be seen; of two seen at once the first by letters. */
bool cluster_older(const struct name *, const struct name *);

static inline bool is_cluster(const struct name *root)
{
    return root->members > 1;
}

/* Fills c->report and *out with that root's cluster. */
void cluster_report_fill(struct clusters *c, uint16_t root, const char *merged, uint64_t us, struct report *out);
