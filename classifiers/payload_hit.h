/* What is told of a hidden program or script: the contract's words, the weight of the evidence, the sentence. */
#pragma once

#include "classifiers/hidden.h"
#include "classifiers/hit.h"

/* The facts that the head has shown; `out` is zeroed. */
void payload_hit_describe(struct hit_payload *out, const struct hidden *);

/* Bits, family and techniques; of a response's body or a request's. */
void payload_hit_weigh(struct hit *, const struct hidden *, bool response);

/* The sentence, once size, complete and http are set; of a response's body or a request's. first: the target whose body
 * held the first part; NULL: one part. */
void payload_hit_explain(struct hit *, bool response, const char *first);
