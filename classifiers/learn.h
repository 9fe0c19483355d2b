/* Word lists → struct name_model. Pure and deterministic: names are put in order before anything is counted, folds
 * go by a hash of the name, and the only random numbers come from a fixed seed. The sensor never calls it. */
#pragma once

#include "capture/error.h"
#include "classifiers/name.h"

enum { LEARN_FOLDS = 5, LEARN_ALL = -1 };

struct learn;

struct learn *learn_open(char err[static ERRLEN]);
void learn_close(struct learn *);

/* A registered name, and its rank in the popular list from 1 (0: not in it). False: too long, or no memory. */
bool learn_honest(struct learn *, struct slice name, uint32_t rank);

/* A published name of the family; false where it does not fit the grammar, and then it teaches nothing. */
bool learn_listed(struct learn *, struct slice name);

/* Which fold a name is in. */
int learn_fold(struct slice name);

/* The whole model, from all names but those of one fold, and all listed names but one (LEARN_ALL: from all). */
void learn_model(struct learn *, int fold, int listed, struct name_model *);

/* Only the generator's weights, the rest left alone. */
void learn_generator(const struct learn *, int listed, struct name_model *);

/* A label as the model's generator makes them; returns its length. */
size_t learn_draw(const struct name_model *, uint64_t *seed, char label[static NAME_LONGEST + 1]);

/* The popular names that fit the grammar, sorted, one by one from *at 0 on; NULL: no more. */
const char *learn_lookalike(struct learn *, size_t *at);

struct learn_stats {
    size_t names, popular;  /* different honest names; of which popular */
    size_t fitting;         /* popular names that fit the grammar */
    size_t listed;
};

void learn_stats(struct learn *, struct learn_stats *);
