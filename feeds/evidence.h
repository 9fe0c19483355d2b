/* The sum of bits per client. What is the same evidence again counts once, everything fades, and the client's posterior
 * crossing the threshold or reaching a new stage makes an incident. Bounded: the least certain client is forgotten first. */
#pragma once

#include "capture/error.h"
#include "feeds/evidence_client.h"

/* The prior: one client in a thousand. With this many bits of evidence infected and clean are equally likely. */
#define EVIDENCE_PRIOR_BITS 10.0f

/* Evidence loses half its bits in this time without being seen again: months can pass between installation and the
 * first answer of a server (Trend Micro 2020), and names change hands. */
enum { EVIDENCE_HALF_LIFE_DAYS = 45 };

/* The probability, in percent, that a client with this much evidence is infected. */
int evidence_risk_score(float bits);

/* An item this strong moves the stage: a plain program download (2 bits) does not. */
#define EVIDENCE_STAGE_BITS 5

struct clusters; /* feeds/cluster.h */

struct evidence_settings {
    uint64_t seed;
    size_t clients;   /* with any evidence, at most */
    int threshold;    /* risk score that makes an incident */
    const struct clusters *clusters; /* what a name's company is worth; may be NULL */
};

struct evidence_stats {
    size_t clients, clients_most;
    uint64_t forgotten, items_dropped, incidents;
};

struct evidence;
struct store_writer; /* feeds/store.h */
struct store_reader;

struct evidence *evidence_open(const struct evidence_settings *, char err[static ERRLEN]);
void evidence_close(struct evidence *);

/* Adds a hit (not a sighting), whose document id is `id`, to what is known of its client, which asked for `asked`
 * different names. True: fills the parts of *report that an incident has (kind, us, tuple, id, bits,
 * risk_score, reason, incident); they live until the next call but one. */
bool evidence_put(struct evidence *, const struct hit *, const char *id, double asked, struct report *);

/* What the last hit put has that other sensors should be told; false: nothing new. */
bool evidence_news(const struct evidence *, struct evidence_news *);

/* Adds what another sensor saw, as evidence_put does. The same evidence, here and there or told twice, counts once; the
 * earliest first evidence of any sensor names the incident. */
bool evidence_put_foreign(struct evidence *, const struct evidence_news *, double asked, struct report *);
void evidence_news_save(const struct evidence_news *, struct store_writer *);
void evidence_news_load(struct evidence_news *, struct store_reader *);

/* The first client by address, above `after` (NULL: of all), that has no incident and asked for a name of that name's
 * cluster; NULL: none. */
const struct addr *evidence_waiting(const struct evidence *, const char *name, const struct addr *after);

/* Whether that client's incident is due now, as evidence_put does. */
bool evidence_review(struct evidence *, const struct addr *client, double asked, uint64_t us, struct report *);

/* A reported client's incident as it stands, filled as by evidence_put. False: there is none. */
bool evidence_tell(struct evidence *, const struct addr *client, double asked, struct report *);

/* All that is known, as the section "evidence"; false: not that, or damaged. A smaller table keeps the most certain. */
void evidence_save(const struct evidence *, struct store_writer *);
bool evidence_load(struct evidence *, struct store_reader *);
/* The name as clusters know it, of a hit that is about one; else empty. */
const char *evidence_name(const struct hit *);
void evidence_stats(const struct evidence *, struct evidence_stats *);
