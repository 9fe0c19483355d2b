/* Suspicious names that share addresses, united. An address that serves mostly ordinary names (a CDN's) unites nothing:
 * the share of suspicious among the names seen on it decides. Bounded; the longest unseen address goes first. */
#pragma once

#include "capture/error.h"
#include "feeds/cluster_news.h"
#include "feeds/geoip.h"
#include "feeds/sighting.h"

struct cluster_settings {
    uint64_t seed;
    size_t names, addresses; /* suspicious names; addresses of any name */
    struct geoip *geoip;     /* for the AS of addresses; may be NULL */
};

struct cluster_stats {
    size_t names, clusters, addresses;
    size_t names_most, addresses_most;
    uint64_t names_refused, addresses_forgotten, merges;
};

struct clusters;
struct store_writer; /* feeds/store.h */
struct store_reader;

struct clusters *cluster_open(const struct cluster_settings *, char err[static ERRLEN]);
void cluster_close(struct clusters *);

/* Another database from now on; what was looked up stays. */
void cluster_relist(struct clusters *, struct geoip *);

/* An ordinary name and its addresses: counted on each address. One that turns out a CDN's lets go whom it united: the part
 * with the oldest name keeps the id, and nothing is written of it. */
void cluster_ordinary(struct clusters *, const struct sighting *);
void cluster_expect(const struct clusters *, const struct sighting *); /* soon: fetches what that needs */

/* A suspicious name (HIT_DOMAIN, or HIT_INDICATOR of a domain) with the addresses it resolved to. True: a cluster formed
 * or grew; fills what a cluster has of *report (kind, us, id, bits, risk_score, reason, cluster), valid until the next call. */
bool cluster_suspicious(struct clusters *, const struct hit *, struct report *);

/* Adds an AS number to the report just made; 0 and known ones are left out. */
void cluster_add_as(struct clusters *, uint32_t asn);

/* What the last hit put has that other sensors should be told; false: nothing new. */
bool cluster_news(const struct clusters *, struct cluster_news *);

/* Adds what another sensor saw, as the calls above do. Of two ids for one cluster the one that formed first stays. */
bool cluster_put_foreign(struct clusters *, const struct cluster_news *, struct report *);
void cluster_put_foreign_place(struct clusters *, const struct cluster_place_news *);

/* Of which places other sensors should know how many ordinary names they serve: those of suspicious names, mine or others'.
 * How many, borrowed until the next call that puts. */
unsigned cluster_place_news(const struct clusters *, const struct cluster_place_news **);
void cluster_place_news_save(const struct cluster_place_news *, struct store_writer *);
void cluster_place_news_load(struct cluster_place_news *, struct store_reader *);
void cluster_news_save(const struct cluster_news *, struct store_writer *);
void cluster_news_load(struct cluster_news *, struct store_reader *);

/* The bits of the strongest name in that name's cluster which is none of `names`; 0: there is no such. *cluster tells one
 * cluster from another. */
float cluster_company(const struct clusters *, const char *name, const char *const *names, unsigned count, unsigned *cluster);

/* The cluster of that name as it stands. False: it is in none. */
bool cluster_tell(struct clusters *, const char *name, struct report *);

/* All that is known, as the section "clusters"; false: not that, or damaged. A smaller table keeps the most certain. */
void cluster_save(const struct clusters *, struct store_writer *);
bool cluster_load(struct clusters *, struct store_reader *);
void cluster_stats(const struct clusters *, struct cluster_stats *);
