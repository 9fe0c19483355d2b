#include "feeds/metrics.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

/* Where something was lost on its way from the wire to Redis: one family, so that one rule watches them all. */
static const struct place {
    const char *group, *name, *place, *meaning;
} places[] = {
    {"source", "kernel_drops", "kernel", "packets the kernel had no room for"},
    {"source", "interface_drops", "interface", "packets lost at the network card"},
    {"workers", "outputs_lost", "ring", "hits on their way out of a worker"},
    {"flows", "evicted", "flows", "flows that had to go for new ones"},
    {"flows", "crowded_out", "memory", "flows given up for want of memory"},
    {"fragments", "evicted", "fragments", "IP fragments"},
    {"streams", "no_room", "streams", "TCP directions not put in order"},
    {"sessions", "no_room", "sessions", "connections not read"},
    {"http", "no_room", "http", "HTTP messages not read"},
    {"datagrams", "no_room", "datagrams", "datagrams not read"},
    {"engine", "hits_dropped", "engine", "hits the engine had no room for"},
    {"hits", "evidence_dropped", "evidence", "pieces of evidence"},
    {"hits", "clients_forgotten", "clients", "clients forgotten"},
    {"hits", "cluster_names_refused", "cluster_names", "suspicious names in no cluster"},
    {"hits", "schedules_forgotten", "schedules", "schedules forgotten"},
    {"hits", "repeats_forgotten", "repeats", "counts of repeats"},
    {"sharing", "dropped", "sharing", "evidence not told to other sensors"},
    {"journal", "dropped", "journal", "hits never sent to Redis"},
    {"known", "diary_dropped", "diary", "hits a restart will not know"},
};

/* What is bounded by entries: how many there are, how many there may be, how many gave way or found no room. */
enum cell { HELD, LIMIT, EVICTED, CELLS };

static const struct table {
    const char *table;
    struct {
        const char *group, *name;
    } cell[CELLS];
} tables[] = {
    {"flows", {{"flows", "held"}, {"flows", "limit"}, {"flows", "evicted"}}},
    {"fragments", {{"fragments", "held"}, {"fragments", "limit"}, {"fragments", "evicted"}}},
    {"clients", {{"tables", "clients"}, {"tables", "clients_limit"}, {"hits", "clients_forgotten"}}},
    {"asking", {{"tables", "asking"}, {"tables", "asking_limit"}, {"hits", "asking_forgotten"}}},
    {"cluster_names", {{"tables", "cluster_names"}, {"tables", "cluster_names_limit"}, {"hits", "cluster_names_refused"}}},
    {"cluster_addresses", {{"tables", "cluster_addresses"}, {"tables", "cluster_addresses_limit"}, {"hits", "cluster_addresses_forgotten"}}},
    {"schedules", {{"tables", "schedules"}, {"tables", "schedules_limit"}, {"hits", "schedules_forgotten"}}},
    {"repeats", {{"tables", "repeats"}, {"tables", "repeats_limit"}, {"hits", "repeats_forgotten"}}},
    {"summaries", {{"tables", "summaries"}, {"tables", "summaries_limit"}, {"hits", "repeats_untold"}}},
};

static const struct {
    const char *name, *type, *help;
} families[CELLS] = {
    {"radome_table_entries", "gauge", "What a bounded table holds."},
    {"radome_table_limit", "gauge", "What it has room for."},
    {"radome_table_evictions_total", "counter", "What gave way to something newer there, or found no room."},
};

/* What is held now, and what does not only grow; with the unit where there is one. All others are counters. */
static const struct gauge {
    const char *group, *name, *metric, *help;
} gauges[] = {
    {"workers", "threads", "radome_workers", "Worker threads beside the one that reads."},
    {"workers", "packets_of_the_least_busy", "radome_worker_least_packets", "Packets of the worker that had fewest."},
    {"workers", "packets_of_the_busiest", "radome_worker_most_packets", "Packets of the worker that had most."},
    {"flows", "most", "radome_flows_most", "The most flows held at once."},
    {"memory", "limit", "radome_memory_limit_bytes", "Bound of flows, reassembly and fragments (--memory)."},
    {"memory", "held", "radome_memory_held_bytes", "Of that, in use."},
    {"lists", "generation", "radome_reload_generation", "Of lists and settings: 1 at the start, one more with each reload that was taken."},
    {"lists", "reloaded_at", "radome_reload_success_timestamp_seconds", "When this generation came into force."},
    {"lists", "loaded_at", "radome_feed_loaded_timestamp_seconds", "When the lists in force were read."},
    {"lists", "seconds_since_load", "radome_lists_age_seconds", "Since the lists in force were loaded."},
    {"lists", "seconds_since_oldest_file", "radome_lists_oldest_file_age_seconds", "Since the list file longest unchanged was written."},
    {"lists", "files", "radome_lists_files", "List files in force."},
    {"lists", "indicators", "radome_lists_indicators", "Indicators in force."},
    {"lists", "indicator_bytes", "radome_lists_indicators_bytes", "Memory that indicators take."},
    {"lists", "allowed", "radome_lists_allowed", "Entries of the allowlists in force."},
    {"lists", "rows_not_understood", "radome_lists_unreadable_rows", "Lines of the lists in force that hold no entry."},
    {"hits", "clusters", "radome_clusters", "Clusters of names that share addresses."},
    {"journal", "waiting", "radome_journal_waiting_documents", "Documents not sent yet."},
    {"journal", "bytes", "radome_journal_bytes", "Size of the journal."},
    {"journal", "segments", "radome_journal_segments", "Files of the journal."},
    {"known", "bytes", "radome_known_bytes", "Size of the last snapshot."},
    {"known", "seconds_since", "radome_known_age_seconds", "Since the last snapshot."},
    {"known", "diary_bytes", "radome_known_diary_bytes", "Size of the diary since the last snapshot."},
    {"known", "diary_entries", "radome_known_diary_entries", "Entries of the diary since the last snapshot."},
};

struct text {
    char *out;
    size_t size, len;
};

static void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line that does not fit is left out whole. */
static void put(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(t->out + t->len, t->size - t->len, format, args);
    va_end(args);
    if (len >= 0 && (size_t)len < t->size - t->len)
        t->len += (size_t)len;
    t->out[t->len] = '\0';
}

static bool is(const struct stat_value *value, const char *group, const char *name)
{
    return strcmp(value->group, group) == 0 && strcmp(value->name, name) == 0;
}

static const struct place *place_of(const struct stat_value *value)
{
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (is(value, places[i].group, places[i].name))
            return &places[i];
    return NULL;
}

static const struct gauge *gauge_of(const struct stat_value *value)
{
    for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++)
        if (is(value, gauges[i].group, gauges[i].name))
            return &gauges[i];
    return NULL;
}

/* The table that has the value in that cell; NULL: none. */
static const struct table *table_of(const struct stat_value *value, enum cell cell)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (is(value, tables[i].cell[cell].group, tables[i].cell[cell].name))
            return &tables[i];
    return NULL;
}

static bool is_document(const struct stat_value *value)
{
    return strcmp(value->group, "documents") == 0;
}

/* Told by the families that have labels. */
static bool is_told(const struct stat_value *value)
{
    for (int cell = 0; cell < CELLS; cell++)
        if (table_of(value, (enum cell)cell) != NULL)
            return true;
    return place_of(value) != NULL || is_document(value) || strcmp(value->group, "confined") == 0;
}

const char *metrics_name(const char *group, const char *name, char out[static METRICS_NAME])
{
    const struct stat_value value = {.group = group, .name = name};
    const struct place *place = place_of(&value);
    const struct gauge *gauge = gauge_of(&value);
    if (place != NULL)
        snprintf(out, METRICS_NAME, "radome_drops_total{place=\"%s\"}", place->place);
    else if (strcmp(group, "confined") == 0)
        snprintf(out, METRICS_NAME, "radome_confined{layer=\"%s\"}", name);
    else if (gauge != NULL)
        snprintf(out, METRICS_NAME, "%s", gauge->metric);
    else if (is(&value, "lists", "refused"))
        snprintf(out, METRICS_NAME, "radome_reload_failures_total");
    else if (is_document(&value))
        snprintf(out, METRICS_NAME, "radome_documents_total{dataset=\"radome.%s\"}", name);
    else
        snprintf(out, METRICS_NAME, "radome_%s_%s_total", group, name); /* its group, and what is counted */
    for (int cell = 0; cell < CELLS && place == NULL; cell++)
        if (table_of(&value, (enum cell)cell) != NULL)
            snprintf(out, METRICS_NAME, "%s{table=\"%s\"}", families[cell].name, table_of(&value, (enum cell)cell)->table);
    return out;
}

bool metrics_place(size_t i, const char **place, const char **meaning)
{
    if (i >= sizeof places / sizeof *places)
        return false;
    *place = places[i].place;
    *meaning = places[i].meaning;
    return true;
}

static void put_head(struct text *t, const char *name, const char *type, const char *help)
{
    put(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_confined(struct text *t, const struct stat_value *values, size_t count)
{
    put_head(t, "radome_confined", "gauge", "Whether this layer of confinement is in force.");
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].group, "confined") == 0)
            put(t, "radome_confined{layer=\"%s\"} %llu\n", values[i].name, (unsigned long long)values[i].value);
}

static void put_drops(struct text *t, const struct stat_value *values, size_t count)
{
    put_head(t, "radome_drops_total", "counter", "What was lost, by the place where there was no room for it.");
    for (size_t i = 0; i < count; i++)
        if (place_of(&values[i]) != NULL)
            put(t, "radome_drops_total{place=\"%s\"} %llu\n", place_of(&values[i])->place, (unsigned long long)values[i].value);
}

static void put_documents(struct text *t, const struct stat_value *values, size_t count)
{
    char name[METRICS_NAME];
    put_head(t, "radome_documents_total", "counter", "Documents written, by event.dataset.");
    for (size_t i = 0; i < count; i++)
        if (is_document(&values[i]))
            put(t, "%s %llu\n", metrics_name(values[i].group, values[i].name, name), (unsigned long long)values[i].value);
}

static void put_tables(struct text *t, const struct stat_value *values, size_t count)
{
    for (int cell = 0; cell < CELLS; cell++) {
        put_head(t, families[cell].name, families[cell].type, families[cell].help);
        for (size_t i = 0; i < count; i++) {
            const struct table *table = table_of(&values[i], (enum cell)cell);
            if (table != NULL)
                put(t, "%s{table=\"%s\"} %llu\n", families[cell].name, table->table, (unsigned long long)values[i].value);
        }
    }
}

/* Sizes by kind; of each file its place among the settings, for its path is the user's. */
static void put_feeds(struct text *t, const struct lists_stats *lists)
{
    put_head(t, "radome_indicators", "gauge", "Indicators in force, by type.");
    for (int type = 0; type < INDICATOR_TYPES; type++)
        put(t, "radome_indicators{type=\"%s\"} %llu\n", indicator_type_name((enum indicator_type)type), (unsigned long long)lists->of_type[type]);
    put_head(t, "radome_allowed", "gauge", "Entries of allowlists, by kind.");
    for (int kind = 0; kind < ALLOW_KINDS; kind++)
        put(t, "radome_allowed{kind=\"%s\"} %llu\n", allow_kind_name((enum allow_kind)kind), (unsigned long long)lists->of_kind[kind]);
    put_head(t, "radome_feed_entries", "gauge", "Entries of a list file (a GeoIP database: nodes), by its setting and place there.");
    for (unsigned i = 0; i < lists->files; i++)
        put(t, "radome_feed_entries{kind=\"%s\",index=\"%u\"} %llu\n", lists_part_name(lists->file[i].part), lists->file[i].number,
            (unsigned long long)lists->file[i].entries);
    put_head(t, "radome_feed_file_timestamp_seconds", "gauge", "When a list file in force was written.");
    for (unsigned i = 0; i < lists->files; i++)
        put(t, "radome_feed_file_timestamp_seconds{kind=\"%s\",index=\"%u\"} %llu\n", lists_part_name(lists->file[i].part),
            lists->file[i].number, (unsigned long long)lists->file[i].written_s);
}

/* One that stands still is stuck: it goes round when there is nothing to do, too. */
static void put_workers(struct text *t, const struct workers_stats *workers)
{
    put_head(t, "radome_worker_rounds_total", "counter", "Heartbeat: how often a worker came round, idle or not.");
    for (unsigned i = 0; i < workers->hearts; i++)
        put(t, "radome_worker_rounds_total{worker=\"%u\"} %llu\n", i + 1, (unsigned long long)workers->rounds[i]);
}

static void put_counter(struct text *t, const struct stat_value *value)
{
    char name[METRICS_NAME], words[64];
    size_t len = strlen(value->name);
    metrics_name(value->group, value->name, name);
    for (size_t i = 0; i <= len && i < sizeof words; i++)
        words[i] = value->name[i] == '_' ? ' ' : value->name[i];
    words[sizeof words - 1] = '\0';
    put(t, "# HELP %s Of %s: %s.\n# TYPE %s counter\n%s %llu\n", name, value->group, words, name, name, (unsigned long long)value->value);
}

static void put_gauge(struct text *t, const char *name, const char *help, uint64_t value)
{
    put_head(t, name, "gauge", help);
    put(t, "%s %llu\n", name, (unsigned long long)value);
}

size_t metrics_text(char *out, size_t size, const struct figures_of *of)
{
    struct stat_value values[FIGURES];
    struct text t = {out, size, 0};
    size_t count = figures(values, of);
    put(&t, "# HELP radome_build_info The program; always 1.\n# TYPE radome_build_info gauge\nradome_build_info{version=\"%s\"} 1\n", RADOME_VERSION);
    put_gauge(&t, "radome_written_timestamp_seconds", "When these figures were taken, by the wall clock.", (uint64_t)time(NULL));
    put_confined(&t, values, count);
    put_drops(&t, values, count);
    put_documents(&t, values, count);
    put_tables(&t, values, count);
    put_feeds(&t, &of->lists.lists);
    if (!of->listening)
        put_workers(&t, &of->workers);
    for (size_t i = 0; i < count; i++) {
        const struct gauge *gauge = gauge_of(&values[i]);
        if (gauge != NULL)
            put_gauge(&t, gauge->metric, gauge->help, values[i].value);
        else if (!is_told(&values[i]))
            put_counter(&t, &values[i]);
    }
    return t.len;
}
