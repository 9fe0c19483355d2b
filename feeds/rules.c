#include "feeds/rules.h"

#include <stdio.h>

#include "capture/slice.h"
#include "feeds/words.h"

static bool mode_of(struct slice word, uint8_t *mode)
{
    static const char *const words[] = {[RULE_ALERT] = "alert", [RULE_EVIDENCE] = "evidence", [RULE_OFF] = "off"};
    for (uint8_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_eq(word, slice_str(words[i]))) {
            *mode = i;
            return true;
        }
    return false;
}

/* Every row of that kind, or the one with that word. */
static bool set(struct rules *rules, struct slice name, uint8_t mode)
{
    struct slice kind = slice_until(name, ':'), word = slice_from(name, kind.len + 1);
    const struct signature *row;
    bool found = false;
    for (size_t i = 0; (row = signature_at(i)) != NULL; i++) {
        bool fits = slice_eq(kind, slice_str(word_of_kind(row->kind))) &&
                    (kind.len == name.len || (word.len > 0 && slice_eq(word, slice_str(row->word))));
        rules->mode[i] = fits ? mode : rules->mode[i];
        found = found || fits;
    }
    return found;
}

/* "domain, beacon:pcrc-query, ...", cut to fit. */
static void list_names(char *out, size_t size)
{
    const struct signature *row;
    size_t used = 0;
    for (size_t i = 0; (row = signature_at(i)) != NULL && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s%s%s", used > 0 ? ", " : "", word_of_kind(row->kind),
                                 row->word[0] != '\0' ? ":" : "", row->word);
}

bool rules_read(struct rules *rules, const struct setting_list *list, char err[static ERRLEN])
{
    *rules = (struct rules){.any = false};
    for (unsigned i = 0; i < list->count; i++) {
        struct slice text = slice_str(list->value[i]), name = slice_until(text, '=');
        char names[400];
        uint8_t mode;
        list_names(names, sizeof names);
        if (!mode_of(slice_from(text, name.len + 1), &mode))
            error_set(err, "--rule takes NAME=alert, NAME=evidence or NAME=off, not '%.60s'", list->value[i]);
        else if (!set(rules, name, mode))
            error_set(err, "--rule '%.60s': there is no such rule; there are %s", list->value[i], names);
        else
            continue;
        return false;
    }
    for (size_t i = 0; i < SIGNATURES_MOST; i++)
        rules->any = rules->any || rules->mode[i] != RULE_ALERT;
    return true;
}

enum rule_mode rules_of_report(const struct rules *rules, const struct report *report)
{
    return rules == NULL || !rules->any ? RULE_ALERT : (enum rule_mode)rules->mode[signature_row(signature_of(report))];
}

enum rule_mode rules_of_hit(const struct rules *rules, const struct hit *hit)
{
    static const enum report_kind kinds[] = {
        [HIT_SIGHTING] = REPORT_DOMAIN, [HIT_DOMAIN] = REPORT_DOMAIN, [HIT_BEACON] = REPORT_BEACON, [HIT_PAYLOAD] = REPORT_PAYLOAD,
        [HIT_INDICATOR] = REPORT_IOC,
    };
    if (rules == NULL || !rules->any)
        return RULE_ALERT;
    struct report report = {.kind = kinds[hit->kind], .hit = hit};
    return rules_of_report(rules, &report);
}
