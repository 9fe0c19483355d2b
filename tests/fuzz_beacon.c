/* A request from anywhere: head lines, an empty line, the body, which is the answer as well. */
#include <stdlib.h>

#include "tests/check.h"
#include "tests/hits.h"
#include "tests/make_http.h"

extern const struct classifier beacon_classifier, indicator_classifier;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void see(const struct classifier *classifier, const struct event *event, struct hits *hits)
{
    char err[ERRLEN];
    void *state = classifier->open == NULL ? NULL : classifier->open(&(struct classifier_settings){0}, err);
    hits->count = 0;
    classifier->see[EVENT_HTTP](state, event, hits);
    if (classifier->close != NULL)
        classifier->close(state);
}

/* Head and body end at their allocations' ends, so that a byte too far is seen. */
static struct slice copy_of(struct slice s)
{
    uint8_t *copy = malloc(s.len ? s.len : 1);
    if (s.len > 0)
        memcpy(copy, s.p, s.len);
    return slice_of(copy, s.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hits hits;
    struct slice rest = slice_of(data, size);
    ptrdiff_t blank = slice_find(rest, S("\n\n"));
    struct slice head = copy_of(blank < 0 ? rest : slice_head(rest, (size_t)blank));
    struct slice body = copy_of(blank < 0 ? slice_of(data, 0) : slice_from(rest, (size_t)blank + 2));
    struct http_transaction transaction = {.request = make_request(head, body), .response = make_response(S("200"), body)};
    struct event event = {.kind = EVENT_HTTP, .us = 1, .http = &transaction};
    see(&beacon_classifier, &event, &hits);
    for (unsigned i = 0; i < hits.count; i++)
        if (hits.hit[i].bits < 1 || hits.hit[i].beacon.parameters > HIT_PARAMETERS || hits.hit[i].subject[0] == '\0')
            abort();
    see(&indicator_classifier, &event, &hits);
    free((void *)head.p);
    free((void *)body.p);
    return 0;
}
