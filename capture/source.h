/* Where frames come from: capture files (plain, gzip or zstd; a directory of them in time order; standard input) or
 * live interfaces. A frame's bytes live until the next call. */
#pragma once

#include "capture/error.h"
#include "capture/slice.h"

struct frame {
    uint64_t us;        /* packet time, microseconds since 1970 UTC */
    int linktype;       /* LINKTYPE_ value as libpcap's DLT */
    uint32_t wirelen;   /* length on the wire; bytes.len of it were captured */
    struct slice bytes;
};

struct source_settings {
    const char *const *paths;      /* files, directories, "-"; NULL-terminated, or NULL */
    const char *const *interfaces; /* live; NULL-terminated, or NULL */
    const char *filter;            /* pcap filter expression, or NULL */
    size_t ring;                   /* live: bytes of an interface's kernel ring; 0: RING_DEFAULT */
    unsigned parts;                /* live: how many read side by side; 0 and 1: one */
};

struct source_stats {
    uint64_t frames, bytes;             /* handed out */
    uint64_t bytes_taken, bytes_total;  /* of the files, as they lie on the disk; total 0 for a pipe */
    uint64_t kernel_drops, interface_drops; /* live: libpcap's ps_drop, ps_ifdrop */
};

enum source_result {
    SOURCE_FRAME,   /* one frame */
    SOURCE_FULL,    /* the room is: see source_room */
    SOURCE_IDLE,    /* none at the moment; where a room was given, that is to be done again, and of a file the next call waits */
    SOURCE_WARNING, /* err has a sentence; no harm done: the newest file of a rotating capture is still being written */
    SOURCE_ERROR,   /* err has a sentence; this input ends here, the next one follows */
    SOURCE_END      /* nothing more will come */
};

enum { RING_DEFAULT = 64 << 20, SOURCE_WAIT_MS = 100, SOURCE_ROOM = 512 << 10 };

struct source;

/* Opens every input, so that a bad filter or a missing file is told before the first frame. *usage is set where the
 * error is a wrong filter (the user's), not a bad input. */
struct source *source_open(const struct source_settings *, bool *usage, char err[static ERRLEN]);

/* Live: the part to be read by thread `index`, the first one's being the source itself; between them packets are dealt by
 * address pair. Call source_begin when all are there: what came before is left out. */
struct source *source_part(struct source *, unsigned index);
void source_begin(struct source *);

enum source_result source_next(struct source *, struct frame *, char err[static ERRLEN]);

/* Reading it may wait for another process: a pipe is among its files, or it is live. */
bool source_waits(const struct source *);

/* Files: SOURCE_ROOM bytes where frames are read to from now on, if they can be: those that lie there live as long as the
 * room, others until the next call. After SOURCE_FULL another is to be given, or the same. */
void source_room(struct source *, uint8_t *room);

/* After SOURCE_IDLE: live it waits up to SOURCE_WAIT_MS for a frame. */
void source_wait(struct source *);

/* No more than what has arrived by now, then SOURCE_END; from any thread. */
void source_stop(struct source *);

/* The sum of all parts, which must not be read meanwhile. */
void source_stats(struct source *, struct source_stats *);
void source_close(struct source *);
const char *source_version(void);
