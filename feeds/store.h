/* Values that outlive the process, as bytes: numbers as varints (LEB128), texts with their length, in sections that have a
 * name and a version; XXH3 over everything at the end. Bytes in, bytes out: whose they are and where they lie is not known
 * here. Errors are sticky on both sides: write or read straight through, ask once. */
#pragma once

#include "capture/cursor.h"

enum store_type { STORE_UINT, STORE_INT, STORE_FLOAT, STORE_BOOL, STORE_TEXT, STORE_BYTES };

struct store_field {           /* a member of a struct: what is written of it is what is read */
    enum store_type type;
    size_t at, size;           /* its offset and size, of one row */
    uint64_t most;             /* a UINT above is damage; 0: any that fits */
    size_t rows;               /* of an array; 0: not one */
};

struct store_writer {
    uint8_t *byte;
    size_t len, room, most;    /* most: never more bytes than this */
    size_t section;            /* where the length of the open one stands; 0: none */
    bool fixed;                /* byte is the caller's and does not grow */
    bool bad;                  /* no memory or no room */
};

/* Begins whole bytes of up to `most`; store_end closes them: a slice of the writer's, empty where it went bad. */
void store_open(struct store_writer *, size_t most);
void store_section(struct store_writer *, const char *name, unsigned version);
struct slice store_end(struct store_writer *);
void store_close(struct store_writer *);

void store_put_uint(struct store_writer *, uint64_t);
void store_put_bytes(struct store_writer *, const void *, size_t);
void store_put_fields(struct store_writer *, const void *from, const struct store_field *, size_t fields);

/* Values alone, without sections and checksum, into the caller's room: a message. The bytes written; 0: no room. */
struct store_writer store_message(uint8_t *room, size_t size);
size_t store_message_len(const struct store_writer *);

struct store_reader {
    struct slice sections;
    struct cursor at;          /* within the open section */
};

/* False: not such bytes, cut, or damaged (then nothing of them is to be believed). They are borrowed. */
bool store_read(struct store_reader *, struct slice);

/* Goes to that section, wherever it stands: its version, 0 where there is none. */
unsigned store_find(struct store_reader *, const char *name);

/* A value that does not fit where it goes is damage, and so is a number that is none. After damage all is zero. */
uint64_t store_get_uint(struct store_reader *, uint64_t most);
void store_get_bytes(struct store_reader *, void *, size_t);
void store_get_fields(struct store_reader *, void *to, const struct store_field *, size_t fields);
bool store_done(const struct store_reader *); /* the section was read to its end, without damage */
struct store_reader store_message_read(struct slice);
