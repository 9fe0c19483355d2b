/* What an EVE alert calls a document: one row a kind and shape. Ids are public and never change their meaning. */
#pragma once

#include "feeds/report.h"

enum { SIGNATURE_GID = 2840, SIGNATURE_REV = 1, SIGNATURES_MOST = 64 };

struct signature {
    enum report_kind kind;
    const char *word;     /* the shape, cipher, indicator type or stage; empty: any that has no row of its own */
    uint32_t id;
    const char *text;
};

const struct signature *signature_of(const struct report *);

/* The rows in their order, NULL behind the last; and the place of one of them. */
const struct signature *signature_at(size_t i);
size_t signature_row(const struct signature *);

/* The classification that readers of Suricata know. */
const char *signature_category(enum report_kind);
