/* DNS numbers and record data in words, as the IANA registry and RFC 3597 spell them. */
#pragma once

#include "capture/dns.h"

enum { DNS_WORD = 16, DNS_DATA = 2048 }; /* bytes that a word and a record's data fit in */

/* The word, or TYPE123, CLASS123, RCODE123 written to scratch. */
const char *dns_word_of_type(uint16_t type, char scratch[static DNS_WORD]);
const char *dns_word_of_class(uint16_t class, char scratch[static DNS_WORD]);
const char *dns_word_of_rcode(uint8_t rcode, char scratch[static DNS_WORD]);

/* The words of the header's bits that are set, AA first; returns how many. */
enum { DNS_FLAGS = 6 };
size_t dns_words_of_flags(uint16_t flags, const char *out[static DNS_FLAGS]);

struct dns_srv { /* RFC 2782 */
    uint16_t priority, weight, port;
    struct slice target;
};

bool dns_srv_of(struct dns_srv *, const struct dns_rr *);

/* An address, a name, or a TXT record's strings (RFC 1035 section 3.3.14), cut to fit; empty for types that have no
 * usual text. May borrow the record. */
struct slice dns_data_of(const struct dns_rr *, char scratch[static DNS_DATA]);
