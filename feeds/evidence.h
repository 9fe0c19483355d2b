/* The sum of bits per client. What is the same evidence again counts once, everything fades, and the client's posterior
 * crossing the threshold or reaching a new stage makes an incident. Bounded: the least certain client is forgotten first. */
#pragma once

#include "capture/error.h"
#include "feeds/report.h"

/* The prior: one client in a thousand. With this many bits of evidence infected and clean are equally likely. */
#define EVIDENCE_PRIOR_BITS 10.0f

/* Evidence loses half its bits in this time without being seen again: months can pass between installation and the
 * first answer of a server (Trend Micro 2020), and names change hands. */
enum { EVIDENCE_HALF_LIFE_DAYS = 45 };

/* The probability, in percent, that a client with this much evidence is infected. */
int evidence_risk_score(float bits);

struct evidence_settings {
    uint64_t seed;
    size_t clients;   /* with any evidence, at most */
    int threshold;    /* risk score that makes an incident */
};

struct evidence_stats {
    size_t clients;
    uint64_t forgotten, items_dropped, incidents;
};

struct evidence;

struct evidence *evidence_open(const struct evidence_settings *, char err[static ERRLEN]);
void evidence_close(struct evidence *);

/* Adds a hit (not a sighting), whose document id is `id`, to what is known of its client, which asked for `asked`
 * different names. True: fills the parts of *report that an incident has (kind, us, tuple, id, bits,
 * risk_score, reason, incident); they live until the next call. */
bool evidence_put(struct evidence *, const struct hit *, const char *id, double asked, struct report *);
void evidence_stats(const struct evidence *, struct evidence_stats *);
