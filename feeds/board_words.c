#include "feeds/board_words.h"

enum { STUCK_US = 5000000 };

const char *board_amount(double amount, char out[static AMOUNT_WORDS])
{
    static const char units[] = {'k', 'M', 'G', 'T', 'P'};
    size_t unit = 0;
    if (amount < 999.5 || !(amount < 1e18)) {
        bool parts = amount > 0 && amount < 9.95 && amount != (double)(int)amount;
        snprintf(out, AMOUNT_WORDS, parts ? "%.1f" : "%.0f", amount < 1e18 ? amount : 1e18);
        return out;
    }
    for (amount /= 1000; amount >= 999.5; amount /= 1000)
        unit++;
    snprintf(out, AMOUNT_WORDS, amount < 99.95 ? "%.1f%c" : "%.0f%c", amount, units[unit]);
    return out;
}

const char *board_age(uint64_t us, char out[static AMOUNT_WORDS])
{
    static const struct {
        uint64_t below, seconds;
        const char *unit;
    } units[] = {{120, 1, "s"}, {7200, 60, "min"}, {172800, 3600, "h"}, {63072000, 86400, "d"}, {UINT64_MAX, 31536000, "y"}};
    uint64_t seconds = us / 1000000;
    size_t i = 0;
    while (seconds >= units[i].below)
        i++;
    snprintf(out, AMOUNT_WORDS, "%u %s", (unsigned)(seconds / units[i].seconds), units[i].unit);
    return out;
}

const char *board_rate(const struct board_sensor *s, const char *metric, double factor, char out[static AMOUNT_WORDS])
{
    double rate;
    if (samples_rate(&s->now, &s->before, metric, &rate))
        return board_amount(rate * factor, out);
    snprintf(out, AMOUNT_WORDS, "-");
    return out;
}

__attribute__((format(printf, 2, 3))) static void put(char out[static BOARD_WORDS], const char *format, ...)
{
    size_t len = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + len, BOARD_WORDS - len, format, args);
    va_end(args);
}

static const char *parted(const char *out)
{
    return out[0] != '\0' ? ", " : "";
}

/* A place's drops in all and since the figures before; false: none were ever. */
static bool drops_at(const struct board_sensor *s, const char *place, double *all, double *added)
{
    char name[METRICS_NAME];
    snprintf(name, sizeof name, "radome_drops_total{place=\"%s\"}", place);
    if (!samples_added(&s->now, &s->before, name, added))
        *added = 0;
    return samples_get(&s->now, name, all) && *all > 0;
}

bool board_drops(const struct board_sensor *s, char out[static BOARD_WORDS])
{
    const char *place, *meaning;
    char all_words[AMOUNT_WORDS], added_words[AMOUNT_WORDS];
    double all, added;
    bool grows = false;
    out[0] = '\0';
    for (size_t i = 0; metrics_place(i, &place, &meaning); i++)
        if (drops_at(s, place, &all, &added) && added > 0) {
            put(out, "%s%s +%s of %s", parted(out), place, board_amount(added, added_words), board_amount(all, all_words));
            grows = true;
        }
    for (size_t i = 0; metrics_place(i, &place, &meaning); i++)
        if (drops_at(s, place, &all, &added) && added == 0)
            put(out, "%s%s %s", parted(out), place, board_amount(all, all_words));
    if (out[0] == '\0')
        put(out, "none");
    return grows;
}

/* A worker goes round at least once a second, work or none. */
static void put_stuck(const struct board_sensor *s, char out[static BOARD_WORDS])
{
    struct slice worker;
    double rounds;
    for (size_t i = 0; samples_labelled(&s->now, "radome_worker_rounds_total", &i, &worker); i++)
        if (samples_added(&s->now, &s->before, s->now.sample[i].name, &rounds) && rounds == 0 && s->now.us > s->before.us + STUCK_US)
            put(out, "%sworker %.*s stands still", parted(out), (int)worker.len, (const char *)worker.p);
}

void board_losses(const struct board_sensor *s, char out[static BOARD_WORDS])
{
    const char *place, *meaning;
    char words[AMOUNT_WORDS];
    double all, added;
    bool lost = false;
    out[0] = '\0';
    put_stuck(s, out);
    for (size_t i = 0; metrics_place(i, &place, &meaning); i++)
        if (drops_at(s, place, &all, &added) && added > 0) {
            put(out, "%s%s%s %s", parted(out), lost ? "" : "lost: ", board_amount(added, words), meaning);
            lost = true;
        }
    if (lost)
        put(out, ", in %s", board_age(s->now.us - s->before.us, words));
}

bool board_delivery(const struct board_sensor *s, char out[static BOARD_WORDS])
{
    char words[AMOUNT_WORDS];
    double sent, waiting = 0, breaks = 0, added;
    out[0] = '\0';
    if (!samples_get(&s->now, "radome_delivery_sent_total", &sent)) {
        put(out, "-");
        return false;
    }
    put(out, "%s sent", board_amount(sent, words));
    if (samples_get(&s->now, "radome_journal_waiting_documents", &waiting) && waiting > 0)
        put(out, ", %s wait", board_amount(waiting, words));
    if (samples_get(&s->now, "radome_delivery_breaks_total", &breaks) && breaks > 0)
        put(out, ", %s breaks", board_amount(breaks, words));
    return waiting > 0 && samples_added(&s->now, &s->before, "radome_delivery_sent_total", &added) && added == 0;
}

static double share(const struct board_sensor *s, const char *held, const char *limit, double *most)
{
    double is;
    return samples_get(&s->now, held, &is) && samples_get(&s->now, limit, most) && *most > 0 ? is / *most : -1;
}

/* The table that has least room left. */
static void put_fullest(const struct board_sensor *s, char out[static BOARD_WORDS])
{
    struct slice table, fullest = S("");
    double most, fill = -1;
    for (size_t i = 0; samples_labelled(&s->now, "radome_table_entries", &i, &table); i++) {
        char limit[METRICS_NAME];
        snprintf(limit, sizeof limit, "radome_table_limit{table=\"%.*s\"}", (int)table.len, (const char *)table.p);
        double this = share(s, s->now.sample[i].name, limit, &most);
        fullest = this > fill ? table : fullest;
        fill = this > fill ? this : fill;
    }
    if (fill >= 0)
        put(out, "%sfullest table %.*s %.0f%%", parted(out), (int)fullest.len, (const char *)fullest.p, 100 * fill);
}

/* The lists in force, and whether a reload came to nothing. */
static void put_lists(const struct board_sensor *s, char out[static BOARD_WORDS])
{
    char words[AMOUNT_WORDS];
    double n;
    if (samples_get(&s->now, "radome_lists_indicators", &n))
        put(out, "%s%s indicators", parted(out), board_amount(n, words));
    if (samples_get(&s->now, "radome_feed_loaded_timestamp_seconds", &n) && n > 0 && n * 1e6 <= (double)s->now.us)
        put(out, " read %s ago", board_age(s->now.us - (uint64_t)(n * 1e6), words));
    if (samples_get(&s->now, "radome_reload_failures_total", &n) && n > 0)
        put(out, "%s%s reload%s refused", parted(out), board_amount(n, words), n == 1 ? "" : "s");
}

void board_state(const struct board_sensor *s, char out[static BOARD_WORDS])
{
    char words[AMOUNT_WORDS];
    double n, most, memory = share(s, "radome_memory_held_bytes", "radome_memory_limit_bytes", &most);
    out[0] = '\0';
    if (memory >= 0)
        put(out, "memory %.0f%% of %s MiB", 100 * memory, board_amount(most / 1048576, words));
    put_fullest(s, out);
    if (samples_get(&s->now, "radome_workers", &n))
        put(out, "%s%.0f workers", parted(out), n);
    put_lists(s, out);
    if (samples_get(&s->now, "radome_hits_seen_total", &n))
        put(out, "%s%s hits seen", parted(out), board_amount(n, words));
}
