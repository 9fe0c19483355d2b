/* Copies of one packet. A mirror port sees a packet on its way in and on its way out, perhaps a hop apart: the same IP
 * datagram twice within a moment, but for its time to live and what is around it. TCP puts itself in order; for datagrams
 * a table of the latest tells the copies. */
#pragma once

#include "capture/packet.h"

enum { DUPLICATE_US = 5000 }; /* how much later a copy comes at most; nobody asks again so soon */

struct duplicates;

struct duplicates *duplicates_open(uint64_t seed, char err[static ERRLEN]);
void duplicates_close(struct duplicates *);

/* True: the same IP datagram was seen less than DUPLICATE_US ago. */
bool duplicate_seen(struct duplicates *, const struct packet *);

/* It will be asked for soon: what that takes is fetched. */
void duplicate_expect(struct duplicates *, const struct packet *);
