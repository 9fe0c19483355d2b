/* Documents as Suricata's EVE log names things; without their radome object they are valid by its schema. */
#pragma once

#include "feeds/report.h"
#include "feeds/writer.h"

void eve_report(struct writer *, const struct report *);
