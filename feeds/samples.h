/* A sensor's figures as somebody else reads them: by the names of the Prometheus text file, whether they came from one or
 * from a statistics document. What is beyond the bounds is left out and counted. */
#pragma once

#include "feeds/metrics.h"
#include "feeds/tree.h"

enum { SAMPLES = 512 };

struct samples {
    uint64_t us;               /* when they were taken, by their own clock; 0: nobody said */
    size_t count, refused;
    struct {
        char name[METRICS_NAME]; /* labels included */
        double value;
    } sample[SAMPLES];
};

/* The text of --metrics; false: no figures of radome's are in it. */
bool samples_of_text(struct samples *, struct slice text);

/* The object radome.stats of a document. */
void samples_of_stats(struct samples *, const struct tree *stats, uint64_t us);

/* False: there is none of that name. */
bool samples_get(const struct samples *, const char *name, double *value);

/* The next sample of a family with one label, *i itself among those looked at: its place in *i, the label's text. False: none. */
bool samples_labelled(const struct samples *, const char *family, size_t *i, struct slice *label);

/* What was added since, and how much that is a second. False: not known, or the sensor began anew. */
bool samples_added(const struct samples *now, const struct samples *before, const char *name, double *added);
bool samples_rate(const struct samples *now, const struct samples *before, const char *name, double *a_second);
