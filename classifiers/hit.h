/* A hit: what was seen, how many bits of evidence it is, why. A value without pointers: copy it, queue it, keep it.
 * Text in it is C strings cut to fit, bytes as they were on the wire: whoever prints escapes. */
#pragma once

#include "capture/addr.h"

enum hit_kind {
    HIT_SIGHTING,  /* 0 bits: an ordinary name and its addresses, for those who count them; only the fields above `why` are set */
    HIT_DOMAIN,    /* a name that looks like the family's */
    HIT_BEACON,    /* a request that has the family's shape */
    HIT_PAYLOAD,   /* a program or script hidden in a body */
    HIT_INDICATOR  /* something that a published indicator names */
};

enum hit_seen { SEEN_DNS, SEEN_HTTP, SEEN_TLS, SEEN_QUIC };

enum indicator_type {
    INDICATOR_DOMAIN, INDICATOR_IPV4, INDICATOR_IPV6, INDICATOR_URL, INDICATOR_FILE, INDICATOR_FILE_NAME, INDICATOR_EXTENSION,
    INDICATOR_TYPES
};

enum { HIT_NAME = 256, HIT_ADDRS = 8, HIT_TARGET = 1024, HIT_PARAMETERS = 8, HIT_KEY = 256 };

struct hit_http {              /* the transaction a hit was seen in; method empty where none */
    char method[16], host[HIT_NAME], target[HIT_TARGET], user_agent[256], mime_type[64];
    uint16_t status;           /* 0: no response seen */
    uint64_t request_bytes, response_bytes; /* decoded bodies as far as seen; HTTP_UNCOUNTED: nobody wanted their end */
};

struct hit_domain {
    char label[64];            /* the label that was judged: the registered domain's first */
    char registered[HIT_NAME];
    float alternation;         /* share of neighbouring letters that alternate, 0 to 1 */
    float ngram_bits;          /* the letter model's part of the bits */
    bool grammar;              /* fits the family's strict grammar */
};

struct hit_beacon {
    char shape[20];            /* the contract's word for it */
    char parameter[HIT_PARAMETERS][128]; /* name=value */
    uint8_t parameters;
    char decoded[512];         /* hex undone, where there was any */
};

struct hit_payload {
    char kind[8];              /* dll, exe, script */
    char cipher[16];           /* none, xor, xor-skip-zero, xor-rolling, substitution, atbash-base64 */
    uint8_t key[HIT_KEY];
    uint16_t key_length;       /* bytes of key; 0: none */
    int16_t key_step;          /* xor-rolling: added to the key at every byte */
    char layer[4][16];         /* codings around it, outermost first: base64, atbash-base64, hex, gzip */
    uint64_t offset;           /* in the decoded body */
    uint64_t size, size_declared;
    bool complete;             /* all that the headers promise was seen */
    uint8_t parts;
    uint16_t pe_machine, pe_sections;
    uint32_t pe_timestamp;
    bool has_hash;             /* the two below are set */
    uint8_t sha1[20], sha256[32];
    char preview[256];         /* of a script */
};

struct hit_indicator {
    enum indicator_type type;
    char indicator[HIT_NAME], provider[64], description[64];
};

struct hit {
    enum hit_kind kind;
    enum hit_seen seen;
    uint64_t us;
    struct tuple tuple;        /* client → server */
    uint32_t transaction;      /* HTTP: its ordinal in the connection, from 1; DNS: the message's id; else 0 */
    float bits;                /* log2 P(seen | infected) / P(seen | clean) */
    uint64_t alias;            /* DNS: hit_alias of the name that its CNAMEs end in; 0: none */
    bool answer;               /* SIGHTING, DOMAIN, INDICATOR by DNS: seen in an answer, not a query */
    uint8_t addrs;
    struct addr addr[HIT_ADDRS]; /* what it resolved to, where known */
    char name[HIT_NAME];       /* the server name concerned, lower case; empty where there is none */

    char why[256];             /* one sentence, no full stop: what an analyst should know */
    char family[16];           /* DealPly, IsErIk, ManageX …; empty where not known */
    char technique[4][12];     /* ATT&CK ids */
    char subject[HIT_NAME];    /* what makes it the same evidence again: a name, shape and URL, a hash */
    struct hit_http http;
    union {
        struct hit_domain domain;
        struct hit_beacon beacon;
        struct hit_payload payload;
        struct hit_indicator indicator;
    };
};

/* Bytes of it that mean anything: of a sighting, which comes with every DNS answer, no more than its name. */
static inline size_t hit_size(const struct hit *hit)
{
    return hit->kind == HIT_SIGHTING ? offsetof(struct hit, name) + strnlen(hit->name, HIT_NAME - 1) + 1 : sizeof *hit;
}

struct http_message;
struct http_transaction;

/* Fills http and name from the transaction, as far as it has come, and sets seen. The body is counted, never copied. */
void hit_http_set(struct hit *, const struct http_transaction *);

/* The request's host, port and user stripped, in lower case, empty where it names none; returns its length. The target's
 * own authority beats the Host field (RFC 9112 section 3.2.2). */
size_t hit_host(char host[static HIT_NAME], const struct http_message *request);

/* The request's target from its path on, whatever its form (RFC 9112 section 3.2); empty for CONNECT. */
struct slice hit_path(const struct http_message *request);

/* One sentence, no full stop, cut to fit. */
void hit_why(struct hit *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds an ATT&CK id once; a fifth has no room and is left out. */
void hit_technique(struct hit *, const char *id);
