/* Floors 1 and 2 for a part of the traffic: the address pairs whose hash says so. A replay always has SHARDS of them,
 * whatever the number of threads: so each sees the same packets and has the same memory, and what it answers does not
 * depend on how many work. Deal a packet, then pull outputs until there are none. */
#pragma once

#include "capture/capture.h"
#include "classifiers/engine.h"
#include "feeds/json.h"

struct anonymise_settings; /* feeds/anonymise.h */
struct geoip;  /* feeds/geoip.h */

enum { SHARDS = 8 };

struct shard_settings {
    struct capture_settings capture; /* the memory of all parts together, the intake's included */
    unsigned parts;                  /* into how many the traffic is divided */
    struct classifier_settings engine;
    const struct geoip *geoip;       /* for the records; may be NULL */
    bool log[EVENT_KINDS];           /* what is also written as a record */
    enum json_format format;
    const char *sensor;
    const struct anonymise_settings *anonymise; /* of the records' clients; NULL: none */
};

struct output {
    const struct hit *hit;           /* NULL: a document */
    uint64_t us;                     /* packet time */
    const char *document;            /* with its newline */
    size_t len;
    const char *error;               /* of a live source, a sentence; then it is neither */
};

struct shard;

struct shard *shard_open(const struct shard_settings *, char err[static ERRLEN]);
void shard_close(struct shard *);
void shard_deal(struct shard *, const struct packet *);

/* False: deal the next packet. A hit is borrowed until the next call; a document is written into the room given. */
bool shard_next(struct shard *, struct output *, char document[static JSON_MAX]);
void shard_finish(struct shard *); /* as capture_finish */

void shard_relist(struct shard *, const struct indicators *, const struct geoip *); /* as engine_relist */

/* Adds to what others have: zero it first. */
void shard_stats(const struct shard *, struct capture_stats *, struct engine_stats *);

void shard_add(struct capture_stats *sum, const struct capture_stats *);

/* Which shard a packet between two addresses is for: the same for both directions, and in every run. */
unsigned shard_of(const struct tuple *);
