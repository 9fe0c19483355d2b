/* One message body as it comes: framing off (RFC 9112 sections 6 and 7), then the codings, bounded. */
#pragma once

#include "capture/coding.h"
#include "capture/pool.h"

enum body_framing { BODY_NONE, BODY_LENGTH, BODY_CHUNKED, BODY_TO_END };

enum { BODY_CODINGS = 3 };      /* codings undone in one body */

struct body_plan {              /* what the head says */
    enum body_framing framing;
    uint64_t length;            /* BODY_LENGTH */
    enum coding coding[BODY_CODINGS]; /* in the order they are undone */
    uint8_t codings;
    bool unknown;               /* a coding that is not known here: the body comes as it is */
    bool broken;                /* the lengths contradict each other: it ends with the connection and is never whole */
};

struct body_memory {
    struct pool *coders, *brotli; /* blocks of CODER_BYTES; of brotli_bytes */
    size_t brotli_bytes;
    uint64_t limit;             /* decoded bytes followed of one body */
};

struct body_stage {
    struct coder *coder;
    struct slice waiting;       /* its input: in the piece, or what the stage before has put out */
    bool finished;
};

struct body {
    struct body_memory *memory;
    enum body_framing framing;
    uint64_t left;              /* BODY_LENGTH: of the body; BODY_CHUNKED: of the chunk */
    uint64_t wire, decoded;     /* bytes so far: before decoding, without chunk framing; and after */
    struct body_stage stage[BODY_CODINGS];
    enum coding coding[BODY_CODINGS];
    uint8_t stages;
    uint8_t chunk, kept;        /* where in a chunk; bytes of its size line so far */
    uint8_t size_line[32];
    bool framed;                /* the framing says that it is over, or nothing more can come */
    bool whole, hole, bad, broken;
    bool limited, stopped;      /* stopped: nothing is decoded any more, the rest is only counted */
    bool dismissed;             /* stopped because nobody wants the rest */
    bool no_room;               /* no block was left for a coding */
};

void body_open(struct body *, const struct body_plan *, struct body_memory *);

/* The next decoded bytes out of *in, living until the next call. Empty: *in is used up, or the body is over and *in is
 * what follows it. */
struct slice body_next(struct body *, struct slice *in);

/* True where body_next has nothing more to give, whatever comes. */
bool body_over(const struct body *);

/* `bytes` of the stream were lost (0: nobody knows how many). False: nothing tells any more where the body ends. */
bool body_gap(struct body *, uint64_t bytes);

/* The connection has ended. */
void body_end(struct body *);

void body_close(struct body *);
