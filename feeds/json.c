#include "feeds/json.h"

#include "feeds/ecs.h"
#include "feeds/eve.h"

size_t json_report(char out[static JSON_MAX], const struct report *report, enum json_format format)
{
    struct writer w = writer_of(out, JSON_MAX);
    switch (format) {
    case JSON_EVE: eve_report(&w, report); break;
    case JSON_ECS: ecs_report(&w, report); break;
    }
    return writer_finish(&w);
}
