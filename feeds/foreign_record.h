/* One line of another sensor's log on its way to the river: the scratch that feeds/suricata.c and feeds/zeek.c fill in.
 * What it points to belongs to the line's tree, or to its own buffers. */
#pragma once

#include "classifiers/radome.h"
#include "feeds/held.h"
#include "feeds/tree.h"

enum { FOREIGN_RECORDS = 128, FOREIGN_FIELDS = 96, FOREIGN_BODY = 131072, FOREIGN_TEXT = 512 };

enum foreign_result {
    FOREIGN_TAKEN,     /* one or two events */
    FOREIGN_HOLD,      /* another record of the same transaction is worth waiting for */
    FOREIGN_OTHER,     /* a record of something that is no event here: flows, statistics, files */
    FOREIGN_MALFORMED  /* a field that must be there is not, or is of another type */
};

struct foreign_record {
    struct radome_event event[2];  /* a Zeek line tells of a query and its answer */
    unsigned events;
    struct radome_dns dns[2];
    struct radome_http http;
    struct radome_tls tls;
    struct radome_record record[FOREIGN_RECORDS];
    uint8_t address[FOREIGN_RECORDS][16];
    struct radome_field field[2][FOREIGN_FIELDS]; /* of the request and of the response */
    size_t fields[2];
    char text[FOREIGN_TEXT];       /* a Host field put together */
    uint8_t body[2][FOREIGN_BODY];
    bool has_body, lacks_fields;   /* of an HTTP record: bodies are in it; header fields are not */
};

/* An event in the next place, its addresses, ports and protocol from the named members. False: one is none. */
struct foreign_names {
    const char *client, *server, *client_port, *server_port, *protocol;
};
struct radome_event *foreign_event(struct foreign_record *, const struct tree *, const struct foreign_names *);

/* "2020-07-13T09:02:11.021566+0000" (RFC 3339, the colon of the offset optional) → microseconds. */
bool foreign_time(struct slice text, uint64_t *us);
struct radome_bytes foreign_bytes(const struct tree *string);

/* A whole number between 0 and most; false: none there. */
bool foreign_whole(const struct tree *, uint64_t most, uint64_t *out);

/* Adds a header field; an absent one is left out. */
void foreign_field(struct foreign_record *, int side, const char *name, struct radome_bytes value);

/* A record of the answer: the type by its name ("A", "CNAME"); addresses are read as such. */
void foreign_answer(struct foreign_record *, struct radome_dns *, struct radome_bytes name, const char *type,
                    struct radome_bytes data, uint64_t ttl);
uint16_t foreign_type(const char *type); /* 0: none of those that matter here */

/* Suricata's EVE. `alert`: of the same transaction, where one was held; a held record that waits no longer is read with
 * itself. */
enum foreign_result suricata_read(const struct tree *, const struct tree *alert, struct foreign_record *);

/* What holds records together. False: this one has no such numbers. */
bool suricata_key(const struct tree *, struct held_key *);

/* Zeek's JSON logs. */
enum foreign_result zeek_read(const struct tree *, struct foreign_record *);
