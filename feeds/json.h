/* report → one line of JSON, as Suricata EVE or Elastic Common Schema. Every byte from the wire is escaped or replaced:
 * the line is valid UTF-8 JSON and safe in a terminal. */
#pragma once

#include "feeds/record.h"

enum json_format { JSON_EVE, JSON_ECS };

enum { JSON_MAX = 262144 };        /* bytes that any document fits in */

/* Writes the document and a newline, without a NUL; returns the bytes, 0 where it did not fit (a broken promise). */
size_t json_report(char out[static JSON_MAX], const struct report *, enum json_format);

/* A protocol record (--log): EVENT_DNS, EVENT_HTTP or EVENT_TLS; 0 for other kinds. */
size_t json_record(char out[static JSON_MAX], const struct event *, const char *sensor, enum json_format);

/* The same with what GeoIP knows of the server. */
size_t json_record_at(char out[static JSON_MAX], const struct event *, const struct geo *, const char *sensor, enum json_format);

/* A statistics record (--stats) of packet time us. */
size_t json_stats(char out[static JSON_MAX], uint64_t us, const char *sensor, const struct stat_value *, size_t count,
                  enum json_format);
