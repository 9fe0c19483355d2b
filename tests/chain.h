/* The whole river for tests: frames in, documents in both formats out, each of them looked at. Who includes it says
 * what becomes of a document (chain_document). */
#pragma once

#include "capture/capture.h"
#include "classifiers/engine.h"
#include "feeds/allow.h"
#include "feeds/desk.h"
#include "feeds/ioc.h"
#include "feeds/json.h"

#include <stdlib.h>

struct chain {
    struct indicators *indicators;
    struct allow *allow;
    struct capture *capture;
    struct engine *engine;
    struct desk *desk;
    bool records;           /* of protocols are written as well */
    uint64_t reports;
    char out[JSON_MAX];
};

static void chain_document(struct chain *, const struct report *, size_t len);

static inline void chain_open(struct chain *c, size_t memory, bool records)
{
    char err[ERRLEN];
    *c = (struct chain){.indicators = ioc_open(NULL, 0, true, 7, NULL, err), .allow = allow_open(NULL, 0, true, 7, NULL, err),
                        .records = records};
    struct capture_settings capture = {memory, 1 << 20, 7};
    struct classifier_settings engine = {c->indicators, 7};
    struct desk_settings desk = {"sensor", 0, 7, c->allow, NULL};
    c->capture = capture_open(&capture, err);
    c->engine = engine_open(&engine, err);
    c->desk = desk_open(&desk, err);
    if (c->capture == NULL || c->engine == NULL || c->desk == NULL) {
        fprintf(stderr, "chain: %s\n", err);
        exit(1);
    }
}

static inline void chain_close(struct chain *c)
{
    desk_close(c->desk);
    engine_close(c->engine);
    capture_close(c->capture);
    allow_close(c->allow);
    indicators_close(c->indicators);
}

static inline void chain_report(struct chain *c, const struct report *report)
{
    c->reports++;
    for (int format = JSON_EVE; format <= JSON_ECS; format++)
        chain_document(c, report, json_report(c->out, report, (enum json_format)format));
}

static inline void chain_event(struct chain *c, const struct event *event)
{
    const struct hit *hit;
    const struct report *report;
    for (int format = JSON_EVE; format <= JSON_ECS && c->records && event->kind != EVENT_BODY; format++)
        chain_document(c, NULL, json_record(c->out, event, "sensor", (enum json_format)format));
    engine_see(c->engine, event);
    while ((hit = engine_next(c->engine)) != NULL) {
        desk_put(c->desk, hit);
        while ((report = desk_next(c->desk)) != NULL)
            chain_report(c, report);
    }
}

static inline void chain_pull(struct chain *c)
{
    struct event event;
    while (capture_next(c->capture, &event))
        chain_event(c, &event);
}

static inline void chain_feed(struct chain *c, const struct frame *frame)
{
    capture_feed(c->capture, frame);
    chain_pull(c);
}

/* No more frames: bytes of the capture's memory that are still lent afterwards. */
static inline size_t chain_finish(struct chain *c)
{
    struct capture_stats stats;
    capture_finish(c->capture);
    chain_pull(c);
    capture_stats(c->capture, &stats);
    return stats.memory.used;
}
