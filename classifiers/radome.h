/* libradome: finds the adware families DealPly, IsErIk and ManageX for any program that has packets, or that has parsed DNS,
 * HTTP and TLS itself. One handle a thread, nothing shared between two. The library prints nothing, ends nothing, catches no
 * signal, starts no thread, opens no file; its memory is bounded by its settings and taken when a handle is opened.
 *
 * Set `size` to sizeof the struct: a program built with an older header goes on working with a newer library. What is zero
 * means "as usual" or "not known", so that `= {0}` is a good beginning. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum { RADOME_ABI = 1 };            /* of this header; a program may compare it with radome_abi() */

struct radome;                      /* a handle */

struct radome_bytes {               /* borrowed for the call; text needs no NUL. Never grows */
    const void *p;
    size_t len;
};

/* A hit, valid during the callback. Texts are never NULL; what does not apply is empty. Bytes in them are as they were on
 * the wire: whoever prints escapes. Fields are only ever added at the end. */
struct radome_hit {
    uint64_t time_us;               /* of the packet or event, microseconds since 1970 UTC */
    const char *id;                 /* 32 hex digits: the same for the same evidence in the same traffic */
    const char *kind;               /* domain, beacon, payload, ioc; sighting where RADOME_SIGHTINGS is set */
    double bits;                    /* weight of evidence, log2 P(seen | infected) / P(seen | clean); adds up per client */
    const char *why;                /* one sentence, no full stop */
    const char *family;             /* DealPly, IsErIk, ManageX, or empty */
    const char *technique[4];       /* MITRE ATT&CK */
    const char *seen_in;            /* dns, http, tls, quic */
    const char *client, *server;    /* addresses in their usual notation */
    uint16_t client_port, server_port;
    uint8_t protocol;               /* 6 TCP, 17 UDP */
    const char *name;               /* the server name concerned */
    const char *subject;            /* what makes it the same evidence again */
    const char *const *addresses;   /* what the name resolved to, where known */
    size_t address_count;
    const char *method, *host, *target; /* the HTTP transaction, where there is one */
    unsigned status;
    const char *shape;              /* beacon: pcrc-query, hex-body … */
    const char *program, *cipher, *sha256; /* payload: dll, exe or script; how it was hidden; of the decoded file */
    uint64_t program_bytes;
    const char *type, *indicator, *provider, *description; /* ioc */
};

struct radome_indicator {           /* never grows */
    const char *type;               /* domain-name, ipv4-addr, ipv6-addr, url, file, file-name, x-extension-id */
    const char *indicator;          /* names in lower case and punycode; files by MD5, SHA-1 or SHA-256 in hex */
    const char *family, *provider, *description; /* NULL: not known */
};

enum { RADOME_SIGHTINGS = 1,        /* ordinary names and their addresses, too: hits of zero bits */
       RADOME_NO_INDICATORS = 2 };  /* without the published indicators that come along */

struct radome_settings {
    void (*hit)(void *context, const struct radome_hit *); /* called from within radome_packet, _event and _finish */
    void *context;
    uint64_t memory;                /* bytes for flows and reassembly, 8 MiB or more; 0: 64 MiB */
    uint64_t body_limit;            /* decoded bytes of one body that are followed; 0: 64 MiB */
    uint64_t seed;                  /* of hash tables, so that nobody outside can choose collisions; 0: from the kernel */
    uint64_t flags;                 /* RADOME_SIGHTINGS … */
    const struct radome_indicator *indicators; /* of the host's own; copied */
    size_t indicator_count;
};

/* What a host has parsed itself: exactly one of dns, http and tls. */
struct radome_event {
    size_t size;
    uint64_t time_us;
    uint8_t client[16], server[16]; /* IPv4 as ::ffff:a.b.c.d; radome_address fills them in */
    uint16_t client_port, server_port;
    uint8_t protocol;               /* 6 TCP, 17 UDP */
    const struct radome_dns *dns;
    const struct radome_http *http;
    const struct radome_tls *tls;
};

struct radome_record {              /* of a DNS answer. Never grows */
    struct radome_bytes name;       /* dotted text, as the next */
    struct radome_bytes target;     /* of CNAME, HTTPS and the like */
    struct radome_bytes address;    /* of A and AAAA: 4 or 16 bytes */
    uint32_t ttl;
    uint16_t type;
};

struct radome_dns {                 /* one message: in wire form, or in the fields below it */
    size_t size;
    struct radome_bytes wire;
    struct radome_bytes question;   /* dotted text */
    const struct radome_record *records; /* of the answer section */
    size_t record_count;
    uint16_t id, question_type;
    uint8_t answer, rcode;          /* answer: 1, query: 0 */
};

struct radome_field {               /* of an HTTP head. Never grows */
    struct radome_bytes name, value;
};

struct radome_http {                /* one transaction, when it is complete */
    size_t size;
    struct radome_bytes method, target;
    const struct radome_field *request_fields, *response_fields; /* in the order they came; Host is one of them */
    size_t request_field_count, response_field_count;
    struct radome_bytes request_body, response_body; /* decoded, from their first byte, as far as kept */
    uint64_t request_bytes, response_bytes;          /* of the whole decoded bodies; UINT64_MAX: not known */
    uint32_t ordinal;               /* in its connection, from 1 */
    uint16_t status;                /* 0: no response */
    uint8_t version;                /* 10 or 11 */
    uint8_t fields_missing;         /* not every request field is here: what is absent proves nothing */
};

struct radome_tls {
    size_t size;
    struct radome_bytes server_name;
    uint8_t quic;
};

struct radome_stats {
    uint64_t packets, events, hits, hits_dropped;
    uint64_t malformed;             /* packets, and events that were refused */
    uint64_t memory_limit, memory_held, memory_refused;
};

int radome_abi(void);               /* of the library that is loaded */
const char *radome_version(void);

/* NULL: a sentence in err, which may be NULL where err_size is 0. */
struct radome *radome_open(const struct radome_settings *, size_t size, char *err, size_t err_size);
void radome_close(struct radome *); /* NULL is fine */

/* A frame as it was captured: LINKTYPE_ value, `captured` of `wire` bytes. */
void radome_packet(struct radome *, int linktype, uint64_t time_us, const void *bytes, size_t captured, size_t wire);

/* 0, or -1 where the event makes no sense and was counted as malformed. */
int radome_event(struct radome *, const struct radome_event *);

/* No more packets: tells what unfinished connections held. A packet after it begins anew. */
void radome_finish(struct radome *);
void radome_stats(const struct radome *, struct radome_stats *, size_t size);

/* "192.0.2.1" or "2001:db8::1" → the bytes of an event; 0, or -1 where it is no address. */
int radome_address(uint8_t out[16], const char *text);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
