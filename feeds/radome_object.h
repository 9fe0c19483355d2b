/* The `radome` object, the same in both formats: what radome alone knows, and what an envelope has no place for. It
 * holds no array of objects, because readers drop those. */
#pragma once

#include "feeds/record.h"
#include "feeds/writer.h"

enum { RADOME_SCHEMA = 1 };

void radome_object_of_report(struct writer *, const struct report *);
void radome_object_of_record(struct writer *, const struct record *);
void radome_object_of_stats(struct writer *, const struct stats_record *);

/* Into an open object: as and geo, as ECS nests them. */
void radome_object_geo(struct writer *, const struct geo *);
