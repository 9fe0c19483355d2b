/* What leaves the house: a hit, a cluster or an incident with all that is known beside it. Borrowed until it is written. */
#pragma once

#include "classifiers/hit_id.h"

enum report_kind { REPORT_DOMAIN, REPORT_BEACON, REPORT_PAYLOAD, REPORT_IOC, REPORT_CLUSTER, REPORT_INCIDENT };

enum stage { STAGE_LOOKUP, STAGE_BEACON, STAGE_PAYLOAD };

enum { REPORT_KINDS = REPORT_INCIDENT + 1, REPORT_ID = HIT_ID, REPORT_LIST = 32 }; /* the most entries of one list in a document */

struct geo {                       /* of the server; zero and empty where not known */
    uint32_t asn;
    char organization[96], country[3];
};

struct places {                    /* of several servers: each AS and country once */
    uint32_t as[8];
    char country[8][3];
    uint16_t as_count, country_count;
};

struct cluster_report {
    char id[REPORT_ID], merged[REPORT_ID]; /* merged empty: none */
    char domains[REPORT_LIST][HIT_NAME];
    struct addr ips[REPORT_LIST];
    char families[4][16];
    uint32_t as[8];                /* AS numbers of the addresses, where GeoIP knows them */
    uint16_t domain_count, ip_count, family_count, as_count; /* entries above */
    uint32_t clients;
    uint64_t first_us, last_us;
};

struct incident_report {
    char id[REPORT_ID];
    enum stage stage;
    char evidence[REPORT_LIST][320]; /* "time, kind, bits, what" in words, oldest first */
    char evidence_ids[REPORT_LIST][REPORT_ID];
    char names[REPORT_LIST][HIT_NAME];
    struct addr servers[REPORT_LIST];
    char families[4][16];
    char techniques[16][12];
    uint16_t evidence_count, name_count, server_count, family_count, technique_count;
    uint64_t first_us, last_us;
    bool aggregator;               /* a resolver, proxy or gateway: many machines behind one address */
};

struct repeat_summary {            /* one document for many of the same */
    uint32_t count;                /* since the document before, the one told included; 0: no summary */
    uint32_t total;                /* since the first */
    uint64_t first_us, last_us;    /* of `count` */
};

struct report {
    enum report_kind kind;
    uint64_t us;
    char id[REPORT_ID];            /* event.id */
    struct tuple tuple;            /* client → server; CLUSTER: none; INCIDENT: src only */
    float bits;
    int risk_score;                /* 0 to 100 */
    char reason[512];              /* one sentence */
    const char *sensor;
    struct geo geo;                /* of tuple.dst */
    struct places places;          /* of what an answer, a cluster or an incident leads to */
    double period_s;               /* BEACON on a schedule: seconds from one to the next */
    uint32_t count;                /* and how many were seen; 0: no schedule */
    struct repeat_summary repeat;
    const struct hit *hit;                  /* DOMAIN, BEACON, PAYLOAD, IOC */
    const struct cluster_report *cluster;   /* CLUSTER */
    const struct incident_report *incident; /* INCIDENT */
};
