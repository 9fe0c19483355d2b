/* The sensor's figures as a Prometheus text file, for node_exporter's textfile collector or anything that reads the format:
 * replaced whole and durably by a thread, so that who hands them over never waits for a disk. Names never come from the wire. */
#pragma once

#include "feeds/figures.h"

struct metrics;

/* Writes the file once, so that one that cannot be written is told at once. NULL: a sentence that names it. */
struct metrics *metrics_open(const char *path, char err[static ERRLEN]);

/* Every METRICS_S seconds, by the wall: true where it is time. False for NULL. */
enum { METRICS_S = 15 };
bool metrics_due(const struct metrics *);
void metrics_put(struct metrics *, const struct figures_of *);

/* True once where the file cannot be written any more, and once where it can again: a sentence for the log. */
bool metrics_news(struct metrics *, char message[static ERRLEN]);

/* Its thread has ended, though nobody told it to. */
bool metrics_dead(struct metrics *);

/* What was put last is written before it returns. */
void metrics_close(struct metrics *);

/* What the file calls a figure of the statistics, its labels included; returns out. */
enum { METRICS_NAME = 128 };
const char *metrics_name(const char *group, const char *name, char out[static METRICS_NAME]);

/* The places where something is lost, as the label of radome_drops_total has them, and what that means; false behind the
 * last. */
bool metrics_place(size_t i, const char **place, const char **meaning);

/* The text itself, of at most size bytes with its NUL; returns its length. */
size_t metrics_text(char *out, size_t size, const struct figures_of *);
