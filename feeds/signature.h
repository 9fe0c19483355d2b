/* What an EVE alert calls a document: one row a kind and shape. Ids are public and never change their meaning. */
#pragma once

#include "feeds/report.h"

enum { SIGNATURE_GID = 2840, SIGNATURE_REV = 1 };

struct signature {
    enum report_kind kind;
    const char *word;     /* the shape, cipher, indicator type or stage; empty: any that has no row of its own */
    uint32_t id;
    const char *text;
};

const struct signature *signature_of(const struct report *);

/* The classification that readers of Suricata know. */
const char *signature_category(enum report_kind);
