/* The inside of one connection: what each side is in the middle of, and the exchanges that are not complete. Not for
 * the world outside http*.c. */
#pragma once

#include "capture/http_exchange.h"

enum side_state {
    SIDE_START,  /* before a request or status line */
    SIDE_FIELDS, /* in a head */
    SIDE_BODY,
    SIDE_BLIND,  /* out of step: waits for a piece that begins like a head */
    SIDE_DONE    /* ended */
};

struct side {
    enum side_state state;
    struct slice in;            /* what is left of the piece */
    struct exchange *exchange;  /* of the message that is coming; NULL before one and in an interim response */
    uint64_t us;                /* packet time of the head's first byte */

    uint8_t *line;              /* a block, while a line comes in pieces */
    size_t line_len;            /* its bytes so far; those beyond HTTP_LINE_MAX are not in it */
    size_t taken;               /* bytes of `in` that the present line is, where it came in one piece */
    bool line_ready;
    enum http_field field;      /* of the line before, for folded ones */
    bool kept;                  /* that field's value stands last in the exchange's text */
    uint64_t head_bytes, junk;
    struct http_framing framing;

    struct body body;
    struct slice out;           /* decoded, not yet handed out */
    uint64_t id;
    bool gathering;             /* the first HTTP_BODY_HEAD bytes are not complete */
    bool flush;                 /* they never will be: hand out what is there */
    bool pieces, last;          /* a piece was handed out; the last was */
    bool hole;                  /* bytes were lost before the next piece */
    bool blind;                 /* after this message nobody knows what follows */
    bool missed;                /* whole messages may have been lost */
    bool ended;                 /* PIECE_END came */
};

struct http {
    struct http_memory *memory;
    struct side side[2];
    struct exchange *first, *last; /* outstanding, in the order of the requests */
    struct exchange *answering; /* the first whose response has not begun */
    struct exchange *lent;      /* handed out by the last call */
    struct http_piece piece;    /* so is this */
    unsigned outstanding;
    uint32_t ordinal;
    uint64_t us;
    enum http_state state;
    bool flush;                 /* nothing more will come: everything outstanding goes out */
};

/* The next message of a side: its exchange is NULL where nothing of it is kept. */
void http_message_begin(struct http *, int side, struct exchange *, uint8_t version);
void http_body_begin(struct http *, int side, const struct body_plan *);
void http_note_body(struct http *, int side); /* into the message, as far as it is known */
void http_message_over(struct http *, int side);

/* A new exchange at the end of the queue. NULL: no room yet; come again with the same line when events were pulled. */
struct exchange *http_exchange_begin(struct http *, uint64_t us);

/* The response that may have been captured just before the request that is seen, or would be, at `us`; or NULL. */
struct exchange *http_early(const struct http *, uint64_t us);

/* Ends what is coming on a side, where it is: a body still hands out its last piece. Then the side is out of step. */
void http_abandon(struct http *, int side);

/* Leaves the connection for good: nobody is fed any more, what is outstanding goes out. */
void http_leave(struct http *, enum http_state);
void http_lose(struct http *);

/* capture/http_reader.c: a side out of step looks whether this piece begins a head; reads on in a head, a line or as
 * far as it is here; forgets the line that is being read. */
void http_resync(struct http *, int side, struct slice data);
void http_read_head(struct http *, int side);
void http_line_drop(struct http *, struct side *);
