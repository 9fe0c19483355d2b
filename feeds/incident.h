/* An incident in words: a client's evidence as the document that an analyst reads. */
#pragma once

#include "feeds/evidence_client.h"

/* Fills *incident with the timeline and the parts of *report that an incident has (kind, us, tuple, id, bits, risk_score,
 * reason, incident). The incident's id follows from the client and its first evidence, the document's from that and
 * the stage: told again after a replay, or by another sensor, they are the same. */
void incident_fill(struct incident_report *incident, const struct evidence_client *, float bits, bool aggregator, uint64_t us,
                   struct report *report);
