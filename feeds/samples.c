#include "feeds/samples.h"

#include <stdlib.h>

static void add(struct samples *s, struct slice name, double value)
{
    if (s->count == SAMPLES || name.len >= sizeof s->sample->name || value - value != 0) { /* neither infinite nor NaN */
        s->refused++;
        return;
    }
    slice_text(name, s->sample[s->count].name, sizeof s->sample->name);
    s->sample[s->count++].value = value;
}

/* "name{label="text"} 17 1700000000": a label's text may hold anything, and behind the last brace are the number and a time. */
static void add_line(struct samples *s, struct slice line)
{
    char number[64], *end;
    const uint8_t *brace = line.len > 0 ? memrchr(line.p, '}', line.len) : NULL;
    struct slice name = brace != NULL ? slice_head(line, (size_t)(brace - line.p) + 1) : slice_until(line, ' ');
    struct slice rest = slice_trim(slice_from(line, name.len));
    if (!slice_starts(name, S("radome_")) || rest.len == 0)
        return;
    slice_text(slice_until(rest, ' '), number, sizeof number);
    double value = strtod(number, &end);
    if (end != number && *end == '\0')
        add(s, name, value);
}

bool samples_of_text(struct samples *s, struct slice text)
{
    double written = 0;
    *s = (struct samples){0};
    while (text.len > 0) {
        struct slice line = slice_until(text, '\n');
        text = slice_from(text, line.len + 1);
        add_line(s, line);
    }
    if (samples_get(s, "radome_written_timestamp_seconds", &written) && written > 0 && written < 1e11)
        s->us = (uint64_t)(written * 1e6);
    return s->count > 0;
}

void samples_of_stats(struct samples *s, const struct tree *stats, uint64_t us)
{
    const char *group = NULL, *name;
    struct tree *members, *value;
    *s = (struct samples){.us = us};
    while (tree_next(stats, &group, &members))
        for (name = NULL; tree_next(members, &name, &value);) {
            char metric[METRICS_NAME];
            double number;
            if (tree_number(value, &number))
                add(s, slice_str(metrics_name(group, name, metric)), number);
        }
}

bool samples_get(const struct samples *s, const char *name, double *value)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->sample[i].name, name) == 0) {
            *value = s->sample[i].value;
            return true;
        }
    return false;
}

bool samples_labelled(const struct samples *s, const char *family, size_t *i, struct slice *label)
{
    size_t len = strlen(family);
    for (; *i < s->count; ++*i) {
        struct slice name = slice_str(s->sample[*i].name), rest = slice_from(name, len);
        if (!slice_starts(name, slice_of(family, len)) || !slice_starts(rest, S("{")) || slice_chr(rest, '"') < 0)
            continue;
        *label = slice_until(slice_from(rest, (size_t)slice_chr(rest, '"') + 1), '"');
        return true;
    }
    return false;
}

bool samples_added(const struct samples *now, const struct samples *before, const char *name, double *added)
{
    double is, was;
    if (!samples_get(now, name, &is) || !samples_get(before, name, &was) || is < was)
        return false;
    *added = is - was;
    return true;
}

bool samples_rate(const struct samples *now, const struct samples *before, const char *name, double *a_second)
{
    if (now->us <= before->us || before->us == 0 || !samples_added(now, before, name, a_second))
        return false;
    *a_second = *a_second * 1e6 / (double)(now->us - before->us);
    return true;
}
