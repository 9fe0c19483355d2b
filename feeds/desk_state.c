#include "feeds/desk_table.h"
#include "feeds/store.h"

void desk_save(struct desk *d, struct store_writer *w)
{
    desk_settle(d);
    evidence_save(d->evidence, w);
    cluster_save(d->clusters, w);
    asked_save(d->asked, w);
    repeat_save(d->repeats, w);
    schedule_save(d->schedules, w);
}

/* Into a new desk, which takes the place of the old only when all of it was right. */
bool desk_load(struct desk *d, struct store_reader *r)
{
    char err[ERRLEN];
    desk_settle(d);
    struct desk *new = desk_open(&d->settings, err), old = *d;
    if (new == NULL)
        return false;
    bool good = evidence_load(new->evidence, r) && cluster_load(new->clusters, r) && asked_load(new->asked, r) &&
                repeat_load(new->repeats, r) && schedule_load(new->schedules, r);
    if (good) {
        new->stats = d->stats;
        new->now_us = d->now_us;
        *d = *new;
        *new = old;
    }
    desk_close(new);
    return good;
}

void desk_stats(const struct desk *d, struct desk_stats *stats)
{
    struct evidence_stats evidence;
    struct cluster_stats clusters;
    struct repeat_stats repeats;
    repeat_stats(d->repeats, &repeats);
    evidence_stats(d->evidence, &evidence);
    cluster_stats(d->clusters, &clusters);
    *stats = d->stats;
    stats->incidents = evidence.incidents;
    stats->evidence_dropped = evidence.items_dropped;
    stats->clusters = clusters.clusters;
    stats->table = (struct desk_tables){
        .clients = {evidence.clients, evidence.clients_most, evidence.forgotten},
        .names = {clusters.names, clusters.names_most, clusters.names_refused},
        .addresses = {clusters.addresses, clusters.addresses_most, clusters.addresses_forgotten},
        .repeats = repeats.hits,
        .summaries = repeats.held,
    };
    asked_stats(d->asked, &stats->table.asking);
    schedule_stats(d->schedules, &stats->table.series);
}
