/* A hit as bytes, for those who keep one over a restart. */
#pragma once

#include "classifiers/hit.h"
#include "feeds/store.h"

void hit_save(const struct hit *, struct store_writer *);
void hit_load(struct hit *, struct store_reader *);
