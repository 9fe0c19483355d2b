/* The classifier that matches events against published indicators, and its way of telling one, for classifiers that come
 * upon something to look up themselves. */
#pragma once

#include "classifiers/classifier.h"
#include "classifiers/indicators.h"

/* Looks the value up and adds a hit for it; false where it is not listed or the queue is full. */
bool indicator_hit(struct hits *, const struct event *, const struct indicators *, enum indicator_type, struct slice value);
