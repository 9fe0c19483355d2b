/* The words that documents use for what the lower floors number: the contract's, ECS's and EVE's. */
#pragma once

#include "feeds/report.h"

const char *word_of_kind(enum report_kind);
const char *word_of_seen(enum hit_seen);
const char *word_of_indicator(enum indicator_type);
const char *word_of_stage(enum stage);

enum { WORD_TIME = 32 };

/* "2020-07-13 09:14:05", UTC; returns out. */
const char *word_of_time(uint64_t us, char out[static WORD_TIME]);

/* tcp, udp, sctp; NULL for others. */
const char *word_of_transport(uint8_t proto);

/* The families and techniques that the report names, whatever its kind; return how many of at most 4 and 16. */
size_t words_of_families(const struct report *, const char *out[static 4]);
size_t words_of_techniques(const struct report *, const char *out[static 16]);
