/* An example of a classifier in a file of its own: tells each look-up and each TLS connection of one name. */
#include "classifiers/plugin.h"

#include <stdlib.h>

struct watch {
    uint64_t seen;             /* a worker's own count: no other thread has this state */
};

static void *watch_open(const struct classifier_settings *settings, char err[static ERRLEN])
{
    (void)settings;
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        error_set(err, "no memory for the watch");
    return watch;
}

static void tell(struct watch *watch, const struct event *event, struct hits *hits, struct slice name, enum hit_seen seen)
{
    struct hit *hit = slice_eq(name, S("duckduckgo.com")) ? hits_add(hits, event, HIT_INDICATOR) : NULL;
    if (hit == NULL)
        return;
    watch->seen++;
    hit->seen = seen;
    hit->bits = 11;
    hit->indicator.type = INDICATOR_DOMAIN;
    slice_text(name, hit->name, sizeof hit->name);
    slice_text(name, hit->indicator.indicator, sizeof hit->indicator.indicator);
    slice_text(S("watch.so"), hit->indicator.provider, sizeof hit->indicator.provider);
    slice_text(name, hit->subject, sizeof hit->subject);
    hit_technique(hit, "T1071.001");
    hit_why(hit, "%.100s is what watch.so watches for", hit->name);
}

static void see_dns(void *state, const struct event *event, struct hits *hits)
{
    if (event->dns->questions > 0)
        tell(state, event, hits, event->dns->question.name, SEEN_DNS);
}

static void see_tls(void *state, const struct event *event, struct hits *hits)
{
    tell(state, event, hits, slice_str(event->tls->server_name), event->tls->quic ? SEEN_QUIC : SEEN_TLS);
}

static const struct classifier watch_classifier = {
    .name = "watch", .open = watch_open, .close = free, .see = {[EVENT_DNS] = see_dns, [EVENT_TLS] = see_tls}};

const struct plugin radome_plugin = {PLUGIN_GUARD, &watch_classifier};
