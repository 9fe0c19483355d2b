/* The records of a classic capture file (draft-ietf-opsawg-pcap), read straight into the room that frames live in. libpcap
 * still reads the file's header and every other layout.
 *
 * This is the one place where we read what libpcap could: it takes two calls of fread and a copy for each packet, more
 * than is done with many a packet afterwards. A 200 MB mix of 819-byte packets costs it 50 ms, this 28, of which 24 are
 * the kernel's; mapping the file instead saves the kernel's copy and pays as much for pages and cold caches. */
#pragma once

#include "capture/error.h"
#include "capture/reader.h"
#include "capture/slice.h"

enum {
    SAVEFILE_HEAD = 24,            /* bytes of the file's header */
    SAVEFILE_LONGEST = 262144,     /* a longer record is a lie of the file: libpcap's MAXIMUM_SNAPLEN */
    SAVEFILE_FILL = 128 << 10,     /* bytes taken in before the first of them is used up: they stay in the cache meanwhile */
    SAVEFILE_ROOM = SAVEFILE_FILL + SAVEFILE_LONGEST + 16 /* what a room must have at least */
};

struct savefile {
    struct reader *reader;         /* borrowed */
    bool swapped, nanoseconds;
    uint32_t snaplen;              /* what is behind it of a record is passed over; to be set to what libpcap tells */
    uint8_t *room;
    size_t at, len;                /* of the room: handed out, filled */
    bool ended;
};

struct savefile_record {
    uint64_t us;
    uint32_t wirelen;
    struct slice bytes;            /* in the room */
};

enum savefile_result {
    SAVEFILE_RECORD,
    SAVEFILE_FULL,   /* the room is: give another one, or the same one again */
    SAVEFILE_DRY,    /* the same, and more is to be waited for */
    SAVEFILE_BROKEN, /* err has libpcap's sentence; errno is the reader's where that failed */
    SAVEFILE_END
};

/* Begins behind the header that the reader shows next; false: the file is for libpcap. Then a room is to be given. */
bool savefile_open(struct savefile *, struct reader *);

/* Of SAVEFILE_ROOM bytes: what comes from now on is put there. Records live as long as their room. */
void savefile_room(struct savefile *, uint8_t *room);
enum savefile_result savefile_next(struct savefile *, struct savefile_record *, char err[static ERRLEN]);

/* How far it has come, in bytes of what is in the file. */
uint64_t savefile_offset(const struct savefile *);
