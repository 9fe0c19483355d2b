/* What is spoken on a connection, from its ports and first bytes; what stands in front of the conversation is set aside. */
#pragma once

#include "capture/addr.h"

enum speaks { SPEAKS_HTTP, SPEAKS_TLS, SPEAKS_DNS, SPEAKS_ASKING }; /* ASKING: nDPI is being asked */

/* The protocol at home on the server's port, where the first bytes decide alone; -1: none. */
int guess_home(const struct tuple *);

/* What the first bytes say that a side sends; -1: nothing that radome reads. */
int guess_first(const struct tuple *, struct slice first, int side);

/* The same of bytes in the middle of a conversation (STARTTLS, a tunnel through SOCKS), where more has to speak for it. */
int guess_again(struct slice bytes, int side, bool socks);

/* True where a client begins to talk to a SOCKS proxy (RFC 1928 section 3, and version 4). */
bool guess_socks(struct slice first);

/* Without the line or header of the PROXY protocol (versions 1 and 2), in which a load balancer tells its server the
 * client's address. */
struct slice guess_without_proxy(struct slice first);
