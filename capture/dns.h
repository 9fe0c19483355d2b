/* DNS wire format → struct dns_msg (RFC 1035 section 4; EDNS RFC 6891; SVCB RFC 9460). Names come out in lower case
 * presentation format without the last dot, bytes that are not visible ASCII as \DDD, a dot or backslash within a label
 * as \. and \\ (RFC 4343 section 2.1). The root is the empty name. */
#pragma once

#include "capture/addr.h"
#include "capture/cursor.h"

enum { DNS_RRS = 256, DNS_TEXT = 32768 };

enum { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28,
       DNS_SRV = 33, DNS_OPT = 41, DNS_SVCB = 64, DNS_HTTPS = 65 };

struct dns_question {
    struct slice name;
    uint16_t type, class;
};

struct dns_rr {
    struct slice name;
    uint16_t type, class;
    uint32_t ttl;
    struct slice rdata;     /* wire bytes */
    struct slice target;    /* the name in CNAME, NS, PTR, MX, SRV, SVCB, HTTPS; else empty */
    struct addr addr;       /* A and AAAA; a SVCB/HTTPS record's first hint */
    bool has_addr;
};

struct dns_msg {
    uint16_t id, flags;     /* as on the wire */
    uint8_t rcode;          /* with EDNS's upper bits where present (low byte) */
    bool answer;            /* QR */
    bool cut;               /* it ends, or stops making sense, before its last record: what came before is here */
    uint16_t questions;     /* as the header says; question holds the first (all zero where there is none) */
    struct dns_question question;
    uint16_t answers, authorities, additionals; /* how many of each are in rr, in this order */
    uint16_t left_out;      /* records beyond DNS_RRS or DNS_TEXT */
    struct dns_rr rr[DNS_RRS];
    size_t text_len;
    char text[DNS_TEXT];    /* the names */
};

/* False: not a DNS message. The slices borrow msg and wire; of rr and text only what is counted is written. */
bool dns_parse(struct dns_msg *, struct slice wire);

/* True for an ordinary query or answer about one visible name: sure enough to tell DNS on any port. */
bool dns_looks_like(struct slice wire);

/* The addresses that the question's name leads to, through CNAMEs; returns how many of at most `max`. */
size_t dns_addresses(const struct dns_msg *, struct addr *out, size_t max);

/* The name that the question's CNAMEs end in; empty where it has none. */
struct slice dns_alias(const struct dns_msg *);

/* Both at once. */
size_t dns_leads(const struct dns_msg *, struct addr *out, size_t max, struct slice *alias);
