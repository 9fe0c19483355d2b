#include "feeds/foreign.h"

#include <stdlib.h>

#include "classifiers/parsed.h"
#include "feeds/foreign_record.h"

enum news { NEWS_NONE, NEWS_DUE, NEWS_TOLD };

struct foreign {
    struct tree *tree;              /* of the line in hand */
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
    if ((f->parsed = parsed_open(err)) == NULL) {
        free(f);
        return NULL;
    }
    return f;
}

void foreign_close(struct foreign *f)
{
    if (f == NULL)
        return;
    tree_close(f->tree);
    parsed_close(f->parsed);
    free(f);
}

static enum foreign_result read_record(struct foreign *f)
{
    if (tree_text(tree_get(f->tree, "event_type")).p != NULL)
        return suricata_read(f->tree, &f->record);
    if (tree_get(f->tree, "id.orig_h") != NULL)
        return zeek_read(f->tree, &f->record);
    return tree_is_object(f->tree) ? FOREIGN_OTHER : FOREIGN_MALFORMED;
}

static void notice(struct foreign *f)
{
    const struct foreign_record *r = &f->record;
    if (r->event[0].http == NULL)
        return;
    if (f->bodies == NEWS_NONE && !r->has_body)
        f->bodies = NEWS_DUE;
    if (f->fields == NEWS_NONE && r->lacks_fields)
        f->fields = NEWS_DUE;
}

void foreign_take(struct foreign *f, struct slice line)
{
    char err[ERRLEN];
    struct foreign_record *r = &f->record;
    tree_close(f->tree);
    f->stats.lines++;
    f->next = r->events = 0;
    r->fields[0] = r->fields[1] = 0;
    r->has_body = r->lacks_fields = false;
    f->tree = tree_open(line, err);
    enum foreign_result result = f->tree == NULL ? FOREIGN_MALFORMED : read_record(f);
    f->stats.other += result == FOREIGN_OTHER;
    f->stats.malformed += result == FOREIGN_MALFORMED;
    if (result == FOREIGN_TAKEN)
        notice(f);
    else
        r->events = 0;
}

bool foreign_next(struct foreign *f, struct event *event)
{
    while (!parsed_next(f->parsed, event)) {
        if (f->next == f->record.events)
            return false;
        if (!parsed_set(f->parsed, &f->record.event[f->next++]))
            f->stats.refused++;
    }
    f->stats.events++;
    return true;
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
        error_set(message, "HTTP bodies are not in these records: no hidden programs, no beacons in bodies (Suricata's alerts have them "
                           "with http-body: yes)");
    else if (due(&f->fields))
        error_set(message, "not all header fields are in these records: beacons that are told by a missing one weigh less (Suricata "
                           "logs all with dump-all-headers: both)");
    else
        return false;
    return true;
}

void foreign_stats(const struct foreign *f, struct foreign_stats *stats)
{
    *stats = f->stats;
}
