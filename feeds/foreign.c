#include "feeds/foreign.h"

#include <stdlib.h>

#include "classifiers/parsed.h"
#include "feeds/foreign_record.h"

enum news { NEWS_NONE, NEWS_DUE, NEWS_TOLD };

struct foreign {
    struct tree *tree, *alert;      /* of the line in hand; the alert that goes with it */
    struct held *held;
    uint64_t now_us;                /* by the newest record; UINT64_MAX at the end */
    struct parsed *parsed;
    unsigned next;                  /* of the record's events */
    enum news bodies, fields;
    struct foreign_stats stats;
    struct foreign_record record;
};

struct foreign *foreign_open(char err[static ERRLEN])
{
    struct foreign *f = calloc(1, sizeof *f);
    if (f == NULL) {
        error_set(err, "no memory for the records of other sensors");
        return NULL;
    }
    if ((f->held = held_open(err)) == NULL || (f->parsed = parsed_open(err)) == NULL) {
        foreign_close(f);
        return NULL;
    }
    return f;
}

void foreign_close(struct foreign *f)
{
    if (f == NULL)
        return;
    tree_close(f->tree);
    tree_close(f->alert);
    held_close(f->held);
    parsed_close(f->parsed);
    free(f);
}

static enum foreign_result read_record(struct foreign *f)
{
    struct held_key key;
    if (tree_text(tree_get(f->tree, "event_type")).p != NULL) {
        if (strcmp(tree_word(f->tree, "event_type"), "http") == 0 && suricata_key(f->tree, &key))
            f->alert = held_take(f->held, &key);
        return suricata_read(f->tree, f->alert, &f->record);
    }
    if (tree_get(f->tree, "id.orig_h") != NULL)
        return zeek_read(f->tree, &f->record);
    return tree_is_object(f->tree) ? FOREIGN_OTHER : FOREIGN_MALFORMED;
}

static void notice(struct foreign *f)
{
    const struct foreign_record *r = &f->record;
    f->now_us = r->event[0].time_us;
    if (r->event[0].http == NULL)
        return;
    if (f->bodies == NEWS_NONE && !r->has_body)
        f->bodies = NEWS_DUE;
    if (f->fields == NEWS_NONE && r->lacks_fields)
        f->fields = NEWS_DUE;
}

static void start(struct foreign *f)
{
    struct foreign_record *r = &f->record;
    tree_close(f->tree);
    tree_close(f->alert);
    f->tree = f->alert = NULL;
    f->next = r->events = 0;
    r->fields[0] = r->fields[1] = 0;
    r->has_body = r->lacks_fields = false;
}

void foreign_take(struct foreign *f, struct slice line)
{
    char err[ERRLEN];
    struct held_key key;
    start(f);
    f->stats.lines++;
    f->tree = tree_open(line, err);
    enum foreign_result result = f->tree == NULL ? FOREIGN_MALFORMED : read_record(f);
    f->stats.other += result == FOREIGN_OTHER;
    f->stats.malformed += result == FOREIGN_MALFORMED;
    if (result == FOREIGN_TAKEN) {
        notice(f);
        return;
    }
    f->record.events = 0;
    if (result == FOREIGN_HOLD && suricata_key(f->tree, &key)) {
        held_put(f->held, &key, f->tree, line.len, f->record.event[0].time_us);
        f->tree = NULL;
    }
}

/* An alert whose transaction's own record does not come is a transaction by itself. */
static bool release(struct foreign *f)
{
    start(f);
    f->tree = held_due(f->held, f->now_us);
    if (f->tree == NULL)
        return false;
    if (suricata_read(f->tree, f->tree, &f->record) != FOREIGN_TAKEN)
        f->record.events = 0;
    return true;
}

bool foreign_next(struct foreign *f, struct event *event)
{
    while (!parsed_next(f->parsed, event)) {
        if (f->next < f->record.events)
            f->stats.refused += !parsed_set(f->parsed, &f->record.event[f->next++]);
        else if (!release(f))
            return false;
    }
    f->stats.events++;
    return true;
}

void foreign_finish(struct foreign *f)
{
    f->now_us = UINT64_MAX;
}

static bool due(enum news *news)
{
    bool now = *news == NEWS_DUE;
    if (now)
        *news = NEWS_TOLD;
    return now;
}

bool foreign_news(struct foreign *f, char message[static ERRLEN])
{
    if (due(&f->bodies))
        error_set(message, "HTTP bodies are not in these records: no hidden programs, no beacons in bodies (Suricata's "
                           "alerts have them with http-body: yes)");
    else if (due(&f->fields))
        error_set(message, "not all header fields are in these records: beacons that are told by a missing one weigh less "
                           "(Suricata logs all with dump-all-headers: both)");
    else
        return false;
    return true;
}

void foreign_stats(const struct foreign *f, struct foreign_stats *stats)
{
    struct held_stats held;
    held_stats(f->held, &held);
    *stats = f->stats;
    stats->joined = held.joined;
    stats->given_up = held.given_up;
}
