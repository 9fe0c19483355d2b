/* How many different names each client has asked for within a month: what tells a host from a resolver or a gateway.
 * Estimated (HyperLogLog of 64 registers, 13 % standard error), bounded; the longest unseen client is forgotten first. */
#pragma once

#include "capture/addr.h"
#include "capture/error.h"

enum { ASKED_DAYS = 30 }; /* then the count begins anew */

struct asked;
struct store_writer; /* feeds/store.h */
struct store_reader;

struct asked *asked_open(size_t clients, uint64_t seed, char err[static ERRLEN]);
void asked_close(struct asked *);
void asked_put(struct asked *, const struct addr *client, struct slice name, uint64_t us);

/* The estimate, 0 for a client that is not known. */
double asked_names(const struct asked *, const struct addr *client);

/* All that is known, as the section "asked"; false: not that, or damaged. A smaller table keeps the latest. */
void asked_save(const struct asked *, struct store_writer *);
bool asked_load(struct asked *, struct store_reader *);
