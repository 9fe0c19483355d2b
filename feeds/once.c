#include "feeds/once.h"

#include <assert.h>
#include <stdio.h>

#include "feeds/id.h"

/* Two sensors that each see enough at the same time would name the incident after different first evidence: so what counts
 * is the client and the stage, not the id. */
void once_of(char out[static ONCE], const struct report *report)
{
    out[0] = '\0';
    if (report->kind == REPORT_INCIDENT) {
        uint8_t who[sizeof report->tuple.src + 1];
        memcpy(who, &report->tuple.src, sizeof report->tuple.src);
        who[sizeof report->tuple.src] = (uint8_t)report->incident->stage;
        id_of(out, "once", who, sizeof who);
    } else if (report->kind == REPORT_CLUSTER) {
        snprintf(out, ONCE, "%s", report->id);
    }
}

/* A NUL parts the two: JSON holds none. */
size_t once_append(uint8_t *out, size_t size, struct slice document, const char *once)
{
    size_t more = strlen(once) + 1;
    assert(document.len <= size);
    memcpy(out, document.p, document.len);
    if (size - document.len < more)
        return document.len;
    out[document.len] = '\0';
    memcpy(out + document.len + 1, once, more - 1);
    return document.len + more;
}

struct slice once_cut(struct slice document, struct slice *once)
{
    struct slice text = slice_until(document, '\0');
    *once = text.len < document.len ? slice_from(document, text.len + 1) : slice_from(document, document.len);
    return text;
}
