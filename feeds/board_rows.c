#include "feeds/board_rows.h"

#include <stdlib.h>

#include "feeds/clock.h"
#include "feeds/printable.h"
#include "feeds/words.h"

enum { FRESH_US = 60 * 1000000, WIDE = 120, DAY_S = 86400, NAME = 14, RATE = 9 };

__attribute__((format(printf, 4, 5))) static void put(struct board_row *row, int columns, enum board_style style, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(row->cell[row->cells].text, BOARD_WORDS, format, args);
    va_end(args);
    row->cell[row->cells].columns = columns;
    row->cell[row->cells++].style = style;
}

/* The columns that the longest of such texts takes, within bounds. */
static int widest(const struct board_entry *const *entries, size_t count, size_t field, size_t least, size_t most)
{
    size_t width = least;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen((const char *)&entries[i]->notice + field);
        width = len > width ? len : width;
    }
    return (int)(width > most ? most : width);
}

/* When an incident was last heard of is what counts; of a hit it is its time. */
static uint64_t time_of(const struct notice *n)
{
    return n->last_us != 0 ? n->last_us : n->us;
}

/* Wide enough for the date where one of them is not of today. */
static int time_columns(const struct board_table *t, const struct board_entry *const *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (time_of(&entries[i]->notice) / 1000000 / DAY_S != t->now_us / 1000000 / DAY_S)
            return t->columns >= WIDE ? 19 : 14;
    return 8;
}

static void put_time(struct board_row *row, const struct board_table *t, enum board_style style, uint64_t us)
{
    char text[WORD_TIME] = "-";
    put(row, t->time, style, "%s", us == 0 ? text : word_of_time(us, text) + (19 - t->time));
}

static bool fresh(const struct board_table *t, const struct board_entry *e)
{
    return e->heard_us + FRESH_US > t->now_us;
}

void board_incident_head(struct board_row *row, struct board_table *t, const struct board_entry *const *entries, size_t shown,
                         size_t count, bool by_time)
{
    bool wide = t->columns >= WIDE;
    t->time = time_columns(t, entries, shown);
    t->client = widest(entries, shown, offsetof(struct notice, client), 6, wide ? 39 : 17);
    t->other = widest(entries, shown, offsetof(struct notice, families), 8, wide ? 24 : 13);
    row->cells = 0;
    put(row, 4, STYLE_PLAIN, "risk");
    put(row, 8, STYLE_PLAIN, "stage");
    put(row, t->client, STYLE_PLAIN, "client");
    put(row, t->time, STYLE_PLAIN, t->time > 8 ? "last seen" : "seen");
    put(row, t->other, STYLE_PLAIN, "families");
    put(row, 0, STYLE_PLAIN, "names  (%zu incident%s%s)", count, count == 1 ? "" : "s", by_time ? ", the latest first" : "");
}

void board_incident_row(struct board_row *row, const struct board_table *t, const struct board_entry *e)
{
    const struct notice *n = &e->notice;
    enum board_style plain = fresh(t, e) ? STYLE_STRONG : STYLE_PLAIN;
    enum board_style stage = strcmp(n->stage, "payload") == 0 ? STYLE_ALARM : strcmp(n->stage, "beacon") == 0 ? STYLE_WARNING : plain;
    row->cells = 0;
    put(row, 4, plain, "%3d%%", n->risk);
    put(row, 8, stage, "%s%s", n->stage, n->aggregator ? "*" : "");
    put(row, t->client, plain, "%s", n->client);
    put_time(row, t, plain, time_of(n));
    put(row, t->other, plain, "%s", n->families[0] != '\0' ? n->families : "-");
    put(row, 0, plain, "%s", n->names);
}

void board_hit_head(struct board_row *row, struct board_table *t, const struct board_entry *const *entries, size_t shown, size_t count)
{
    bool wide = t->columns >= WIDE;
    t->time = time_columns(t, entries, shown);
    t->client = widest(entries, shown, offsetof(struct notice, client), 6, wide ? 39 : 15);
    t->other = widest(entries, shown, offsetof(struct notice, server), 6, wide ? 45 : 21);
    row->cells = 0;
    put(row, t->time, STYLE_PLAIN, "time");
    put(row, 4, STYLE_PLAIN, "risk");
    put(row, 7, STYLE_PLAIN, "kind");
    put(row, t->client, STYLE_PLAIN, "client");
    put(row, t->other, STYLE_PLAIN, "server");
    put(row, 0, STYLE_PLAIN, "what  (%zu hit%s)", count, count == 1 ? "" : "s");
}

void board_hit_row(struct board_row *row, const struct board_table *t, const struct board_entry *e)
{
    const struct notice *n = &e->notice;
    enum board_style plain = fresh(t, e) ? STYLE_STRONG : STYLE_PLAIN;
    const char *what = t->columns >= WIDE && n->reason[0] != '\0' ? n->reason : n->names;
    row->cells = 0;
    put_time(row, t, plain, n->us);
    put(row, 4, plain, "%3d%%", n->risk);
    put(row, 7, plain, "%s", n->kind);
    put(row, t->client, plain, "%s", n->client[0] != '\0' ? n->client : "-");
    put(row, t->other, plain, "%s", n->server[0] != '\0' ? n->server : "-");
    if (n->repeats > 1)
        put(row, 0, plain, "%u times: %s", n->repeats, what);
    else
        put(row, 0, plain, "%s", what);
}

static int drops_columns(const struct board_table *t)
{
    return t->columns >= WIDE ? t->columns / 3 : 17;
}

void board_sensor_head(struct board_row *row, const struct board_table *t, size_t count)
{
    row->cells = 0;
    put(row, NAME, STYLE_PLAIN, count == 1 ? "sensor" : "%zu sensors", count);
    put(row, 7, STYLE_PLAIN, "heard");
    put(row, RATE, STYLE_PLAIN, "packets/s");
    put(row, RATE, STYLE_PLAIN, "bits/s");
    put(row, drops_columns(t), STYLE_PLAIN, "drops");
    put(row, 0, STYLE_PLAIN, "to Redis");
}

void board_sensor_row(struct board_row *row, const struct board_table *t, const struct board_sensor *s)
{
    char words[BOARD_WORDS], amount[AMOUNT_WORDS];
    row->cells = 0;
    put(row, NAME, STYLE_PLAIN, "%s", s->name);
    board_age(t->now_us > s->heard_us ? t->now_us - s->heard_us : 0, amount);
    if (board_is_late(s, t->now_us)) {
        put(row, 7 + 2 * (RATE + 1), STYLE_ALARM, "no news for %s", amount);
    } else {
        put(row, 7, STYLE_PLAIN, "%s", amount);
        put(row, RATE, STYLE_PLAIN, "%s", board_rate(s, "radome_source_frames_total", 1, amount));
        put(row, RATE, STYLE_PLAIN, "%s", board_rate(s, "radome_source_bytes_total", 8, amount));
    }
    if (s->now.count == 0) {
        put(row, 0, STYLE_FAINT, "no figures: radome --stats, or --metrics here");
        return;
    }
    bool bad = board_drops(s, words);
    put(row, drops_columns(t), bad ? STYLE_ALARM : STYLE_PLAIN, "%s", words);
    bad = board_delivery(s, words);
    put(row, 0, bad ? STYLE_ALARM : STYLE_PLAIN, "%s", words);
}

void board_sensor_more(struct board_row *row, const struct board_sensor *s)
{
    char words[BOARD_WORDS];
    row->cells = 0;
    board_losses(s, words);
    if (words[0] != '\0') {
        put(row, 0, STYLE_ALARM, "  %.250s", words);
        return;
    }
    board_state(s, words);
    put(row, 0, STYLE_FAINT, "  %.250s", words);
}

void board_source_row(struct board_row *row, const struct board *b)
{
    char age[AMOUNT_WORDS], words[BOARD_WORDS] = "";
    row->cells = 0;
    for (size_t i = 0; i < b->sources; i++)
        if (b->source[i].away) {
            board_age((clock_ms() - b->source[i].since_ms) * 1000, age);
            put(row, 0, STYLE_ALARM, "%.200s (%s)", b->source[i].state, age);
            return;
        }
    for (size_t i = 0; i < b->sources; i++) {
        size_t len = strlen(words);
        const struct board_source *s = &b->source[i];
        snprintf(words + len, sizeof words - len, "%s%s%s%s", i > 0 ? "; " : "", s->name, s->name[0] != '\0' ? " " : "", s->state);
    }
    put(row, 0, STYLE_PLAIN, "%s", words);
}

/* Keys of a document came over the network too, and a line's end in one begins no line. */
static const char *one_line(const char *name, char out[static METRICS_NAME * 4])
{
    printable(out, METRICS_NAME * 4, slice_str(name), SIZE_MAX, NULL);
    return out;
}

char *board_sensor_page(const struct board_sensor *s)
{
    char *text = NULL, amount[AMOUNT_WORDS], when[WORD_TIME], name[METRICS_NAME * 4];
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return NULL;
    fprintf(out, "%s: figures of %s UTC%s\n\n", one_line(s->name, name), s->now.us != 0 ? word_of_time(s->now.us, when) : "no time",
            s->now.refused > 0 ? ", some left out" : "");
    fprintf(out, "%20llu  hits heard here\n%20llu  incidents heard here\n", (unsigned long long)s->hits, (unsigned long long)s->incidents);
    for (size_t i = 0; i < s->now.count; i++) {
        board_rate(s, s->now.sample[i].name, 1, amount);
        fprintf(out, "%20.15g  %s", s->now.sample[i].value, one_line(s->now.sample[i].name, name));
        fprintf(out, strstr(name, "_total") != NULL && strcmp(amount, "-") != 0 ? "  (%s a second)\n" : "\n", amount);
    }
    fclose(out);
    return text;
}
