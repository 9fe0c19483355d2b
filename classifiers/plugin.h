/* A classifier in a file of its own, which the sensor loads with --plugin. The same source as one of this house (see
 * classifiers/classifier.h), with one line behind it:
 *
 *     const struct plugin radome_plugin = {PLUGIN_GUARD, &foo_classifier};
 *
 *     cc -std=c11 -D_GNU_SOURCE -fPIC -shared -I PREFIX/include/radome -o foo.so foo.c
 *
 * Every worker opens a state of its own; several may be at work at the same time. A plugin may call what the list
 * classifiers/plugin.list names. Its code runs with the sensor's rights: load what you trust. */
#pragma once

#include "capture/dns.h"
#include "capture/http.h"
#include "capture/tls.h"
#include "classifiers/classifier.h"

enum { PLUGIN_ABI = 1 }; /* goes up when a meaning changes; a change of shape shows in the sizes */

/* What it was compiled with: the sensor refuses other numbers than its own. */
struct plugin_guard {
    uint32_t abi, event, hit, dns, http, piece, tls, classifier, settings;
};

#define PLUGIN_GUARD \
    {PLUGIN_ABI, sizeof(struct event), sizeof(struct hit), sizeof(struct dns_msg), sizeof(struct http_transaction), \
     sizeof(struct http_piece), sizeof(struct tls_hello), sizeof(struct classifier), sizeof(struct classifier_settings)}

struct plugin {
    struct plugin_guard guard;
    const struct classifier *classifier;
};

extern const struct plugin radome_plugin;
