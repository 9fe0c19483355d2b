/* Community ID version 1: a name for a flow that other sensors give it as well, the same for both directions. */
#pragma once

#include "capture/addr.h"

enum { COMMUNITY_ID = 31 }; /* "1:", 28 characters of base64 and a NUL */

/* TCP, UDP and SCTP with their ports, others without; ICMP, whose type and code a tuple does not hold, gives an empty
 * text. Returns the digest's first 51 bits: a number for the flow, the same for both directions. */
uint64_t community_id(char out[static COMMUNITY_ID], const struct tuple *, uint16_t seed);
