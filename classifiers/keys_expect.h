/* What stands where in a program's headers, as far as linkers write the same: from bytes of which most are right. */
#pragma once

#include "classifiers/keys.h"

struct expected {
    size_t len;
    uint8_t byte[KEYS_HEAD];
    uint8_t bits[KEYS_HEAD];    /* by which this byte is likelier than others there; 0: nothing is known */
};

/* `plain`: up to KEYS_HEAD bytes from the program's first on, under a key that is right in most places. */
void keys_expect(struct expected *, struct slice plain);

/* How many of the fixed bytes of the best stub are there; `letters`: of those that are not zero. */
unsigned keys_stub_matches(struct slice plain, unsigned *letters);
