/* Documents as the Elastic Common Schema 8.11 names things. */
#pragma once

#include "feeds/record.h"
#include "feeds/writer.h"

void ecs_report(struct writer *, const struct report *);
void ecs_record(struct writer *, const struct record *);
void ecs_stats(struct writer *, const struct stats_record *);
