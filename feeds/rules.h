/* What becomes of what is found, by kind or by kind and word, as its alert is called: an alert; evidence, which counts for its
 * client and gives no document of its own; nothing at all. */
#pragma once

#include "capture/error.h"
#include "feeds/settings.h"
#include "feeds/signature.h"

enum rule_mode { RULE_ALERT, RULE_EVIDENCE, RULE_OFF };

struct rules {
    bool any;                         /* one that is no alert */
    uint8_t mode[SIGNATURES_MOST];    /* enum rule_mode, by signature_row */
};

/* "beacon:getblob=evidence", "cluster=off": later ones win. False: a sentence that says what there is. */
bool rules_read(struct rules *, const struct setting_list *, char err[static ERRLEN]);

/* NULL: everything alerts. */
enum rule_mode rules_of_report(const struct rules *, const struct report *);
enum rule_mode rules_of_hit(const struct rules *, const struct hit *);
