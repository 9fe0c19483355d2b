/* How many different names each client has asked for within a month: what tells a host from a resolver or a gateway.
 * Estimated (HyperLogLog of 64 registers, 13 % standard error), bounded; the longest unseen client is forgotten first. */
#pragma once

#include "capture/addr.h"
#include "capture/error.h"
#include "feeds/table.h"

enum { ASKED_DAYS = 30, ASKED_REGISTERS = 64 }; /* after so many days the count begins anew */

struct asked_news {            /* of one client, as one sensor tells another: the registers, and when they were filled */
    struct addr client;
    uint64_t first_us, last_us;
    uint8_t rank[ASKED_REGISTERS];
};

struct asked;
struct store_writer; /* feeds/store.h */
struct store_reader;

struct asked *asked_open(size_t clients, uint64_t seed, char err[static ERRLEN]);
void asked_close(struct asked *);
void asked_stats(const struct asked *, struct table_stats *);
void asked_put(struct asked *, const struct addr *client, uint64_t name, uint64_t us); /* a hash without a secret */
void asked_expect(const struct asked *, const struct addr *client, uint64_t name); /* soon: fetches what that needs */

/* The estimate, 0 for a client that is not known. */
double asked_names(const struct asked *, const struct addr *client);

/* What other sensors should know of that client; false: nothing since they were told. */
bool asked_news(struct asked *, const struct addr *client, struct asked_news *);

/* Unites what another sensor counted with what was counted here, so that a name that both saw counts once. */
void asked_put_foreign(struct asked *, const struct asked_news *);
void asked_news_save(const struct asked_news *, struct store_writer *);
void asked_news_load(struct asked_news *, struct store_reader *);

/* All that is known, as the section "asked"; false: not that, or damaged. A smaller table keeps the latest. */
void asked_save(const struct asked *, struct store_writer *);
bool asked_load(struct asked *, struct store_reader *);
