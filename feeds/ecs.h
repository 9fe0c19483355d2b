/* Documents as the Elastic Common Schema 8.11 names things. */
#pragma once

#include "feeds/report.h"
#include "feeds/writer.h"

void ecs_report(struct writer *, const struct report *);
