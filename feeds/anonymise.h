/* Client addresses that are none: what documents, records, other sensors and the state directory know a client by.
 *
 *     hmac      fd72:6164:6f6d::/48 and 80 bits of HMAC-SHA-256 over the address (RFC 2104; v4-mapped, 16 bytes): the same
 *               key gives the same pseudonym on every sensor, and one client stays one client
 *     truncate  the /24 or /48 is shown; inside, 64 bits of the same HMAC keep the clients of a network apart
 *
 * Both are done once, before the desk: what follows of a client's address (ids, Community ID, flow_id) follows of these. */
#pragma once

#include "capture/addr.h"
#include "capture/error.h"

enum anonymise_mode { ANONYMISE_NONE, ANONYMISE_TRUNCATE, ANONYMISE_HMAC };

enum { ANONYMISE_KEY_LEAST = 16, ANONYMISE_KEY_MOST = 1024 };

struct anonymise_settings {
    enum anonymise_mode mode;
    uint8_t key[ANONYMISE_KEY_MOST];
    size_t key_length;
};

/* Reads the key; newlines at its end are no part of it. Without a file truncate takes a key of this run, from seed. False: a
 * sentence that names the file. */
bool anonymise_key(struct anonymise_settings *, enum anonymise_mode, const char *file, uint64_t seed, char err[static ERRLEN]);

struct anonymise;              /* one a thread */

/* NULL and a sentence; settings of mode none give one that changes nothing. */
struct anonymise *anonymise_open(const struct anonymise_settings *, char err[static ERRLEN]);
void anonymise_close(struct anonymise *);

/* What a client is known by inside. What is known so already, as from another sensor or the disk, stays. NULL changes nothing. */
struct addr anonymise_client(struct anonymise *, const struct addr *);

/* What is written of an address from inside. */
struct addr anonymise_shown(const struct addr *);
