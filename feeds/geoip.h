/* Where a server's address is: AS and country from MaxMind-format databases (GeoLite2's layout or a flat one). */
#pragma once

#include "capture/addr.h"
#include "capture/error.h"
#include "feeds/report.h"

enum { GEOIP_DATABASES = 8 };

struct geoip;

/* Opens a copy in memory of every database, which nobody can overwrite or cut: a replaced file is opened anew, and the old
 * one closed when nobody asks it any more. NULL: a sentence that names the file. None at all is fine: nothing is found. */
struct geoip *geoip_open(const char *const *paths, size_t count, char err[static ERRLEN]);
void geoip_close(struct geoip *);
/* "GeoLite2-ASN, built 2026-11-01": what database i says of itself. */
enum { GEOIP_WORDS = 96 };
const char *geoip_words(const struct geoip *, size_t i, char out[static GEOIP_WORDS]);
size_t geoip_nodes(const struct geoip *, size_t i); /* of database i's search tree: how large it is */

/* Fills what the databases know, in their order, the first word counting; false: nothing. NULL for geoip finds nothing. */
bool geoip_find(const struct geoip *, const struct addr *, struct geo *);

/* The same for several: as many as there is room for, in the order in which they first come. */
void geoip_places(const struct geoip *, const struct addr *, size_t count, struct places *);
