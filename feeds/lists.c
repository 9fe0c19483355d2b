#include "feeds/lists.h"

#include <stdlib.h>

#include "feeds/ioc.h"

struct lists {
    struct lists_settings settings;
    struct indicators *indicators;
    struct allow *allow;
    struct geoip *geoip;
    struct ioc_stats ioc[SETTING_LIST_MAX + 1];
    unsigned told; /* indicator lists whose warning was given */
};

struct lists *lists_open(const struct lists_settings *settings, char err[static ERRLEN])
{
    struct lists *l = calloc(1, sizeof *l);
    if (l == NULL) {
        error_set(err, "no memory for the lists");
        return NULL;
    }
    l->settings = *settings;
    l->indicators = ioc_open(settings->ioc->value, settings->ioc->count, settings->builtin_ioc, settings->seed, l->ioc, err);
    if (l->indicators != NULL)
        l->allow = allow_open(settings->allow->value, settings->allow->count, settings->builtin_allow, settings->seed, NULL, err);
    if (l->allow != NULL)
        l->geoip = geoip_open(settings->geoip->value, settings->geoip->count, err);
    if (l->geoip == NULL) {
        lists_close(l);
        return NULL;
    }
    return l;
}

void lists_close(struct lists *l)
{
    if (l == NULL)
        return;
    geoip_close(l->geoip);
    allow_close(l->allow);
    indicators_close(l->indicators);
    free(l);
}

bool lists_warning(struct lists *l, char message[static ERRLEN])
{
    while (l->told < l->settings.ioc->count) {
        const struct ioc_stats *stats = &l->ioc[l->told];
        const char *path = l->settings.ioc->value[l->told++];
        if (stats->unreadable > 0) {
            error_set(message, "%s: %zu rows taken; %zu not understood, the first at %zu", path, stats->rows, stats->unreadable, stats->first_bad);
            return true;
        }
    }
    return false;
}

const struct indicators *lists_indicators(const struct lists *l)
{
    return l->indicators;
}

const struct allow *lists_allow(const struct lists *l)
{
    return l->allow;
}

struct geoip *lists_geoip(const struct lists *l)
{
    return l->geoip;
}
