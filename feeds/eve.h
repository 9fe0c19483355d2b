/* Documents as Suricata's EVE log names things; without their radome object they are valid by its schema. */
#pragma once

#include "feeds/record.h"
#include "feeds/writer.h"

void eve_report(struct writer *, const struct report *);
void eve_record(struct writer *, const struct record *);
void eve_stats(struct writer *, const struct stats_record *);
