/* Registered domains by the public suffix list, its private section included: x.cloudfront.net is a name of its own. */
#pragma once

#include "capture/slice.h"

/* The registered domain at the end of a lower-case name without last dot; borrows the name. Empty for a public suffix
 * itself, an address, or a name of more than 253 bytes. */
struct slice suffix_registered(struct slice name);
