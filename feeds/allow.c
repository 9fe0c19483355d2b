#include "feeds/allow.h"

#include <stdlib.h>

#include "classifiers/indicators.h"
#include "feeds/builtin.h"
#include "feeds/list.h"

/* An allowlist asks the same of its table as an indicator list does: the nearest name above that is listed. */
struct allow {
    struct indicators *names;
    size_t unreadable;
};

/* "name" or "rank,name": the second field counts only behind a number, so that another table is not half understood. */
static bool name_in(struct slice line, char name[static HIT_NAME])
{
    struct slice first = slice_until(line, ',');
    if (list_name(slice_trim(first), name))
        return true;
    for (size_t i = 0; i < first.len; i++)
        if (first.p[i] < '0' || first.p[i] > '9')
            return false;
    return list_name(slice_trim(slice_until(slice_from(line, first.len + 1), ',')), name);
}

static bool read_names(struct allow *allow, const char *source, struct slice text, char err[static ERRLEN])
{
    struct slice line;
    char name[HIT_NAME];
    size_t number = 0, taken = 0, first_bad = 0;
    text = list_without_mark(text);
    while (list_line(&text, &line, &number)) {
        const struct indicator row = {INDICATOR_DOMAIN, name, "", source, ""};
        if (!name_in(line, name)) {
            allow->unreadable++;
            first_bad = first_bad ? first_bad : number;
        } else if (!indicators_add(allow->names, &row)) {
            error_set(err, "%s: line %zu: no memory for more names", source, number);
            return false;
        } else
            taken++;
    }
    if (taken == 0 && first_bad > 0)
        error_set(err, "%s: line %zu: not a name, nor is any other line of this allowlist", source, first_bad);
    else if (taken == 0)
        error_set(err, "%s: an allowlist without a name; leave it out instead", source);
    return taken > 0;
}

static bool load(struct allow *allow, const char *path, char err[static ERRLEN])
{
    struct slice text;
    if (!list_file(path, &text, err))
        return false;
    bool read = read_names(allow, path, text, err);
    list_free(text);
    return read;
}

struct allow *allow_open(const char *const *paths, size_t count, bool builtin, uint64_t seed, char err[static ERRLEN])
{
    struct allow *allow = calloc(1, sizeof *allow);
    if (allow == NULL) {
        error_set(err, "no memory for the allowlist");
        return NULL;
    }
    allow->names = indicators_open(seed, err);
    bool well = allow->names != NULL;
    for (size_t i = 0; well && i < count; i++)
        well = load(allow, paths[i], err);
    if (well && builtin)
        well = read_names(allow, "built-in", builtin_lookalikes(), err);
    if (well && indicators_seal(allow->names, err))
        return allow;
    allow_close(allow);
    return NULL;
}

void allow_close(struct allow *allow)
{
    if (allow == NULL)
        return;
    indicators_close(allow->names);
    free(allow);
}

const char *allow_find(const struct allow *allow, struct slice name)
{
    struct indicator row;
    return allow != NULL && indicators_find_domain(allow->names, name, &row) ? row.value : NULL;
}

size_t allow_count(const struct allow *allow)
{
    return indicators_count(allow->names);
}

size_t allow_unreadable(const struct allow *allow)
{
    return allow->unreadable;
}
