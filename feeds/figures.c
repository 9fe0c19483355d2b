#include "feeds/figures.h"

#include <stddef.h>
#include <string.h>

#define FIELD(name) offsetof(struct figures_of, name)

/* Every reason for which something was set aside, given up or left out has a row. Counts of things held now or at most
 * are size_t, as wide as the rest wherever this is built. */
enum origin {
    OF_PACKETS,    /* the same whenever the same packets are replayed */
    OF_PACKETS_0,  /* the same, and worth a word even where it is 0 */
    OF_BOUNDS,     /* the same, and how much there may be: not worth a word in the text */
    OF_MACHINE,    /* threads, clocks, random seeds and Redis have a part in it */
    OF_CLOCK       /* the same: a moment, in seconds since 1970; not worth a word in the text */
};

static const struct figure {
    const char *group, *name;
    size_t field;
    enum origin origin;
} table[] = {
    {"source", "frames", FIELD(workers.source.frames), OF_PACKETS_0},
    {"source", "bytes", FIELD(workers.source.bytes)},
    {"source", "kernel_drops", FIELD(workers.source.kernel_drops)},
    {"source", "interface_drops", FIELD(workers.source.interface_drops)},
    {"workers", "threads", FIELD(workers.threads), OF_MACHINE},
    {"workers", "packets_of_the_least_busy", FIELD(workers.least), OF_MACHINE},
    {"workers", "packets_of_the_busiest", FIELD(workers.most), OF_MACHINE},
    {"workers", "outputs_lost", FIELD(workers.lost), OF_MACHINE},
    {"packets", "tcp", FIELD(workers.capture.tcp)},
    {"packets", "udp", FIELD(workers.capture.udp)},
    {"packets", "fragments", FIELD(workers.capture.intake.fragments)},
    {"packets", "unknown_link_type", FIELD(workers.capture.intake.packet.linktype)},
    {"packets", "malformed", FIELD(workers.capture.intake.packet.malformed)},
    {"packets", "too_deep", FIELD(workers.capture.intake.packet.too_deep)},
    {"packets", "other", FIELD(workers.capture.intake.packet.other)},
    {"fragments", "datagrams", FIELD(workers.capture.intake.fragment.datagrams)},
    {"fragments", "repeated", FIELD(workers.capture.intake.fragment.repeated)},
    {"fragments", "conflicting", FIELD(workers.capture.intake.fragment.conflicting)},
    {"fragments", "malformed", FIELD(workers.capture.intake.fragment.malformed)},
    {"fragments", "cut", FIELD(workers.capture.intake.fragment.cut)},
    {"fragments", "expired", FIELD(workers.capture.intake.fragment.expired)},
    {"fragments", "evicted", FIELD(workers.capture.intake.fragment.evicted)},
    {"fragments", "held", FIELD(workers.capture.intake.fragment.now)},
    {"fragments", "limit", FIELD(workers.capture.intake.fragment.limit), OF_BOUNDS},
    {"flows", "made", FIELD(workers.capture.flow.made)},
    {"flows", "expired", FIELD(workers.capture.flow.expired)},
    {"flows", "evicted", FIELD(workers.capture.flow.evicted)},
    {"flows", "crowded_out", FIELD(workers.capture.flow.crowded)},
    {"flows", "ports_reused", FIELD(workers.capture.flow.reused)},
    {"flows", "held", FIELD(workers.capture.flow.now)},
    {"flows", "most", FIELD(workers.capture.flow.now_max)},
    {"flows", "limit", FIELD(workers.capture.flow.limit)},
    {"streams", "reordered", FIELD(workers.capture.session.stream.reordered)},
    {"streams", "repeated", FIELD(workers.capture.session.stream.repeated)},
    {"streams", "conflicting", FIELD(workers.capture.session.stream.conflicting)},
    {"streams", "gaps", FIELD(workers.capture.session.stream.gaps)},
    {"streams", "gap_bytes", FIELD(workers.capture.session.stream.gap_bytes)},
    {"streams", "no_room", FIELD(workers.capture.session.stream.blind)},
    {"streams", "out_of_window", FIELD(workers.capture.session.stream.bogus)},
    {"sessions", "http", FIELD(workers.capture.session.http)},
    {"sessions", "tls", FIELD(workers.capture.session.tls)},
    {"sessions", "dns", FIELD(workers.capture.session.dns)},
    {"sessions", "not_read", FIELD(workers.capture.session.blind)},
    {"sessions", "asked", FIELD(workers.capture.session.asked)},
    {"sessions", "no_room", FIELD(workers.capture.session.no_room)},
    {"datagrams", "dns", FIELD(workers.capture.datagram.dns)},
    {"datagrams", "dns_malformed", FIELD(workers.capture.datagram.dns_bad)},
    {"datagrams", "duplicates", FIELD(workers.capture.datagram.duplicates)},
    {"datagrams", "quic", FIELD(workers.capture.datagram.quic)},
    {"datagrams", "asked", FIELD(workers.capture.datagram.asked)},
    {"datagrams", "no_room", FIELD(workers.capture.datagram.no_room)},
    {"dns_over_tcp", "too_long", FIELD(workers.capture.session.dns_stream.too_long)},
    {"dns_over_tcp", "lost", FIELD(workers.capture.session.dns_stream.lost)},
    {"http", "transactions", FIELD(workers.capture.http.transactions)},
    {"http", "requests", FIELD(workers.capture.http.requests)},
    {"http", "responses", FIELD(workers.capture.http.responses)},
    {"http", "malformed_heads", FIELD(workers.capture.http.bad_heads)},
    {"http", "long_heads", FIELD(workers.capture.http.long_heads)},
    {"http", "long_lines", FIELD(workers.capture.http.long_lines)},
    {"http", "given_up", FIELD(workers.capture.http.blind)},
    {"http", "gaps", FIELD(workers.capture.http.gaps)},
    {"http", "malformed_codings", FIELD(workers.capture.http.bad_codings)},
    {"http", "no_room", FIELD(workers.capture.http.no_room)},
    {"http", "body_limit", FIELD(workers.capture.http.body_limit)},
    {"memory", "limit", FIELD(workers.capture.memory.bytes)},
    {"memory", "held", FIELD(workers.capture.memory.used)},
    {"memory", "refused", FIELD(workers.capture.memory.refused)},
    {"engine", "dns", FIELD(workers.engine.events[EVENT_DNS])},
    {"engine", "http", FIELD(workers.engine.events[EVENT_HTTP])},
    {"engine", "body_pieces", FIELD(workers.engine.events[EVENT_BODY])},
    {"engine", "tls", FIELD(workers.engine.events[EVENT_TLS])},
    {"engine", "hits_dropped", FIELD(workers.engine.hits_dropped)},
    {"hits", "seen", FIELD(desk.hits), OF_PACKETS_0},
    {"hits", "allowed", FIELD(desk.allowed)},
    {"hits", "off", FIELD(desk.off)},
    {"hits", "silent", FIELD(desk.silent)},
    {"hits", "repeats", FIELD(desk.repeats)},
    {"hits", "summaries", FIELD(desk.summaries)},
    {"hits", "below_threshold", FIELD(desk.below)},
    {"hits", "documents", FIELD(desk.reports), OF_PACKETS_0},
    {"hits", "incidents", FIELD(desk.incidents)},
    {"hits", "clusters", FIELD(desk.clusters)},
    {"hits", "clients_forgotten", FIELD(desk.table.clients.evicted)},
    {"hits", "evidence_dropped", FIELD(desk.evidence_dropped)},
    {"hits", "cluster_names_refused", FIELD(desk.table.names.evicted)},
    {"hits", "cluster_addresses_forgotten", FIELD(desk.table.addresses.evicted)},
    {"hits", "asking_forgotten", FIELD(desk.table.asking.evicted)},
    {"hits", "schedules", FIELD(desk.schedules)},
    {"hits", "schedules_forgotten", FIELD(desk.table.series.evicted)},
    {"hits", "repeats_forgotten", FIELD(desk.table.repeats.evicted)},
    {"hits", "repeats_untold", FIELD(desk.table.summaries.evicted)},
    {"documents", "domain", FIELD(desk.of_kind[REPORT_DOMAIN])},
    {"documents", "beacon", FIELD(desk.of_kind[REPORT_BEACON])},
    {"documents", "payload", FIELD(desk.of_kind[REPORT_PAYLOAD])},
    {"documents", "ioc", FIELD(desk.of_kind[REPORT_IOC])},
    {"documents", "cluster", FIELD(desk.of_kind[REPORT_CLUSTER])},
    {"documents", "incident", FIELD(desk.of_kind[REPORT_INCIDENT])},
    {"tables", "clients", FIELD(desk.table.clients.held)},
    {"tables", "clients_limit", FIELD(desk.table.clients.limit), OF_BOUNDS},
    {"tables", "asking", FIELD(desk.table.asking.held)},
    {"tables", "asking_limit", FIELD(desk.table.asking.limit), OF_BOUNDS},
    {"tables", "cluster_names", FIELD(desk.table.names.held)},
    {"tables", "cluster_names_limit", FIELD(desk.table.names.limit), OF_BOUNDS},
    {"tables", "cluster_addresses", FIELD(desk.table.addresses.held)},
    {"tables", "cluster_addresses_limit", FIELD(desk.table.addresses.limit), OF_BOUNDS},
    {"tables", "schedules", FIELD(desk.table.series.held)},
    {"tables", "schedules_limit", FIELD(desk.table.series.limit), OF_BOUNDS},
    {"tables", "repeats", FIELD(desk.table.repeats.held)},
    {"tables", "repeats_limit", FIELD(desk.table.repeats.limit), OF_BOUNDS},
    {"tables", "summaries", FIELD(desk.table.summaries.held)},
    {"tables", "summaries_limit", FIELD(desk.table.summaries.limit), OF_BOUNDS},
    {"records", "lines", FIELD(listener.records.lines), OF_PACKETS_0},
    {"records", "events", FIELD(listener.records.events)},
    {"records", "of_something_else", FIELD(listener.records.other)},
    {"records", "malformed", FIELD(listener.records.malformed)},
    {"records", "refused", FIELD(listener.records.refused)},
    {"records", "alerts_joined", FIELD(listener.records.joined)},
    {"records", "alerts_given_up", FIELD(listener.records.given_up)},
    {"records", "too_long", FIELD(listener.lines.too_long)},
    {"records", "files_rotated", FIELD(listener.lines.rotated)},
    {"lists", "generation", FIELD(lists.generation), OF_MACHINE},
    {"lists", "refused", FIELD(lists.refused), OF_MACHINE},
    {"lists", "reloaded_at", FIELD(lists.reloaded_s), OF_CLOCK},
    {"lists", "loaded_at", FIELD(lists.lists.loaded_s), OF_CLOCK},
    {"lists", "files", FIELD(lists.lists.files)},
    {"lists", "rows_not_understood", FIELD(lists.lists.unreadable)},
    {"lists", "indicators", FIELD(lists.lists.indicators)},
    {"lists", "indicator_bytes", FIELD(lists.lists.indicator_bytes), OF_MACHINE},
    {"lists", "allowed", FIELD(lists.lists.allowed)},
    {"lists", "seconds_since_load", FIELD(lists.lists.age_s), OF_MACHINE},
    {"lists", "seconds_since_oldest_file", FIELD(lists.lists.oldest_s), OF_MACHINE},
    {"confined", "capabilities", FIELD(confined.capabilities), OF_MACHINE},
    {"confined", "no_new_privs", FIELD(confined.no_new_privs), OF_MACHINE},
    {"confined", "landlock", FIELD(confined.landlock), OF_MACHINE},
    {"confined", "seccomp", FIELD(confined.seccomp), OF_MACHINE},
    {"confined", "no_core", FIELD(confined.no_core), OF_MACHINE},
    {"delivery", "sent", FIELD(delivery.sent), OF_MACHINE},
    {"delivery", "breaks", FIELD(delivery.breaks), OF_MACHINE},
    {"sharing", "told", FIELD(share.told), OF_MACHINE},
    {"sharing", "heard", FIELD(share.heard), OF_MACHINE},
    {"sharing", "dropped", FIELD(share.dropped), OF_MACHINE},
    {"sharing", "unreadable", FIELD(share.unreadable), OF_MACHINE},
    {"journal", "documents", FIELD(delivery.spool.put), OF_MACHINE},
    {"journal", "sent_before", FIELD(delivery.spool.again), OF_MACHINE},
    {"journal", "waiting", FIELD(delivery.spool.waiting), OF_MACHINE},
    {"journal", "dropped", FIELD(delivery.spool.dropped), OF_MACHINE},
    {"journal", "bytes", FIELD(delivery.spool.bytes), OF_MACHINE},
    {"journal", "segments", FIELD(delivery.spool.segments), OF_MACHINE},
    {"journal", "damaged_bytes", FIELD(delivery.spool.damaged), OF_MACHINE},
    {"journal", "disk_refused", FIELD(delivery.spool.disk_refused), OF_MACHINE},
    {"known", "snapshots", FIELD(keeper.snapshots), OF_MACHINE},
    {"known", "bytes", FIELD(keeper.bytes), OF_MACHINE},
    {"known", "seconds_since", FIELD(keeper.age_s), OF_MACHINE},
    {"known", "failed", FIELD(keeper.failed), OF_MACHINE},
    {"known", "forgotten_at_start", FIELD(keeper.forgotten), OF_MACHINE},
    {"known", "diary_entries", FIELD(keeper.diary_entries), OF_MACHINE},
    {"known", "diary_bytes", FIELD(keeper.diary_bytes), OF_MACHINE},
    {"known", "diary_dropped", FIELD(keeper.diary_dropped), OF_MACHINE},
    {"known", "diary_read_at_start", FIELD(keeper.read_again), OF_MACHINE},
    {"known", "diary_damaged_bytes", FIELD(keeper.damaged_bytes), OF_MACHINE},
};

_Static_assert(sizeof table / sizeof *table <= FIGURES, "room for all");
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "rows are read as uint64_t");

/* Groups that have no part in this run say nothing: without Redis there is no delivery that could be at 0. */
static bool applies(const struct figure *row, const struct figures_of *of)
{
    bool keeping = row->field >= FIELD(keeper) && row->field < FIELD(listener);
    bool sharing = row->field >= FIELD(share) && row->field < FIELD(keeper);
    bool delivering = row->field >= FIELD(delivery) && row->field < FIELD(share);
    bool capturing = row->field < FIELD(desk), listening = row->field >= FIELD(listener);
    return (of->listening ? !capturing : !listening) && (of->sharing || !sharing) && (of->delivering || !delivering) &&
           (of->keeping || !keeping) && (!of->by_packets || row->origin < OF_MACHINE);
}

size_t figures(struct stat_value out[static FIGURES], const struct figures_of *of)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (!applies(&table[i], of))
            continue;
        out[count] = (struct stat_value){.group = table[i].group, .name = table[i].name};
        memcpy(&out[count++].value, (const char *)of + table[i].field, sizeof out->value);
    }
    return count;
}

void figures_print(const struct figures_of *of, FILE *out)
{
    const char *group = "";
    bool open = false;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint64_t value;
        memcpy(&value, (const char *)of + table[i].field, sizeof value);
        if (!applies(&table[i], of) || table[i].origin == OF_BOUNDS || table[i].origin == OF_CLOCK || (value == 0 && table[i].origin != OF_PACKETS_0))
            continue;
        bool first = !open || strcmp(group, table[i].group) != 0;
        if (first)
            fprintf(out, "%sradome: %s:", open ? "\n" : "", table[i].group);
        fprintf(out, "%s %s %llu", first ? "" : ",", table[i].name, (unsigned long long)value);
        group = table[i].group;
        open = true;
    }
    fputs(open ? "\n" : "", out);
}
