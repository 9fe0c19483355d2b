/* The one desk of floor 3: hits in packet order in, reports out. Asks the allowlist, drops repeats, adds GeoIP, sums the
 * evidence of clients and unites clusters. Put a hit, then pull its reports until there are none. */
#pragma once

#include "capture/error.h"
#include "feeds/report.h"
#include "feeds/table.h"
#include "feeds/told.h"

struct anonymise_settings; /* feeds/anonymise.h */
struct allow;  /* feeds/allow.h */
struct geoip;  /* feeds/geoip.h */
struct rules;  /* feeds/rules.h */

struct desk_settings {
    const char *sensor;
    int threshold;             /* least risk score of a report */
    uint64_t seed;
    const struct allow *allow; /* may be NULL, as the next */
    struct geoip *geoip;
    const struct anonymise_settings *anonymise; /* of clients; NULL: none */
    bool no_preview;           /* what was decoded of a body is not kept */
    const struct rules *rules; /* NULL: whatever is found is told */
};

struct desk_stats {
    uint64_t hits, allowed, off, silent, below, repeats, summaries, reports;
    uint64_t of_kind[REPORT_KINDS]; /* of the reports */
    uint64_t incidents, evidence_dropped, clusters;
    uint64_t schedules;
    struct desk_tables {
        struct table_stats clients, asking;    /* with evidence; whose names are counted */
        struct table_stats names, addresses;   /* of the clusters */
        struct table_stats repeats, summaries; /* hits remembered; those of them that wait for a summary */
        struct table_stats series;             /* of visits that may turn out a schedule */
    } table;
};

struct desk;

struct desk *desk_open(const struct desk_settings *, char err[static ERRLEN]);
void desk_close(struct desk *);

/* Other lists from now on; nothing of those before is held any longer. */
void desk_relist(struct desk *, const struct allow *, struct geoip *);

void desk_put(struct desk *, const struct hit *);

/* The last hit, and the last item told, as the desk knows them, for whoever keeps them: clients under their pseudonyms. NULL: to
 * be forgotten, its client is allowed and would not be known again. Borrowed until the next call. */
const struct hit *desk_known(const struct desk *);
const struct told *desk_heard(const struct desk *);

/* After the last hit: what waits for the end of its day comes out now. */
void desk_finish(struct desk *);

/* The next report of that hit, borrowed until the next call; NULL: none. */
const struct report *desk_next(struct desk *);

/* What that hit has that is new to other sensors, borrowed until the next call; NULL: no more. Not asking loses nothing. */
const struct told *desk_next_told(struct desk *);

/* What another sensor told. Its reports are pulled as a hit's are, with the ids that the sensor which saw it gives; what is
 * known beside it and others should know is told in answer. */
void desk_put_told(struct desk *, const struct told *);

/* The incident of a client, the cluster of a name, as they stand; false: there is none. Valid until the next call. */
bool desk_tell_client(struct desk *, const struct addr *client, struct report *);
bool desk_tell_name(struct desk *, const char *name, struct report *);

/* All that must outlive the process. A desk that loads it goes on as the one that saved it would have. False: damaged or of
 * another version; the desk is then as it was. */
void desk_save(struct desk *, struct store_writer *);
bool desk_load(struct desk *, struct store_reader *);
void desk_stats(const struct desk *, struct desk_stats *);
