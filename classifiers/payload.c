#include "capture/http.h"
#include "classifiers/classifier.h"
#include "classifiers/digest.h"
#include "classifiers/hidden.h"
#include "classifiers/indicator.h"
#include "classifiers/payload_hit.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TRACKS = 64, /* hidden programs on their way at once; each takes 7 kB */
    GZIPS = 4    /* of them, gzipped ones */
};

enum track_state {
    TRACK_FREE,
    TRACK_RUNNING,          /* its body is still coming */
    TRACK_HALF              /* told, and its headers promise more than came: a later body may be the rest */
};

struct track {
    enum track_state state;
    bool hole, hashed, response;
    uint64_t id, begun;     /* begun: a count, to find the oldest */
    uint32_t ordinal;       /* of its transaction */
    uint64_t next, size;    /* bytes of the body and of the program so far */
    const struct track *first; /* the half that this body continues */
    uint64_t first_begun;   /* and that it is still the same */
    struct hidden hidden;
    struct unwrap unwrap;
    struct hit hit;         /* as far as it was known when the body began */
};

struct payload {
    const struct indicators *indicators;
    struct digests *digests;
    unsigned running, halves;
    uint64_t begun, evicted;
    struct hidden_room room;
    const struct track *squeezed[GZIPS]; /* whose block it is */
    _Alignas(16) uint8_t block[GZIPS][CODER_BYTES];
    struct track track[TRACKS];
};

static void payload_close(void *state)
{
    struct payload *p = state;
    if (p != NULL)
        digests_close(p->digests);
    free(p);
}

static void *payload_open(const struct classifier_settings *settings, char err[static ERRLEN])
{
    struct payload *p = calloc(1, sizeof *p);
    if (p == NULL) {
        error_set(err, "no memory for the payload classifier");
        return NULL;
    }
    p->indicators = settings->indicators;
    p->digests = digests_open(TRACKS + 1, err) /* one to finish copies in: a half goes on later */;
    if (p->digests == NULL) {
        free(p);
        return NULL;
    }
    return p;
}

static void hex(char *out, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sprintf(out + 2 * i, "%02x", bytes[i]);
}

/* Lists name a file by any one of three hashes; one hit is enough. */
static void tell_indicator(const struct payload *p, const struct digest_value *value, const struct event *event, struct hits *hits)
{
    const struct {
        const uint8_t *bytes;
        size_t n;
    } hashes[] = {{value->sha256, sizeof value->sha256}, {value->sha1, sizeof value->sha1},
                  {value->md5, value->has_md5 ? sizeof value->md5 : 0}};
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        char text[65] = "";
        hex(text, hashes[i].bytes, hashes[i].n);
        if (hashes[i].n > 0 && indicator_hit(hits, event, p->indicators, INDICATOR_FILE, slice_str(text)))
            return;
    }
}

static void free_track(struct payload *p, struct track *s)
{
    p->running -= s->state == TRACK_RUNNING;
    p->halves -= s->state == TRACK_HALF;
    s->state = TRACK_FREE;
    for (unsigned i = 0; i < GZIPS; i++)
        if (p->squeezed[i] == s)
            p->squeezed[i] = NULL;
}

static void tell(struct payload *p, struct track *s, const struct event *event, struct hits *hits, bool ended)
{
    struct hit *hit = &s->hit;
    struct hit_payload *out = &hit->payload;
    struct digest_value value;
    bool whole = ended && !s->hole, promised = out->size_declared > 0 && s->size >= out->size_declared;
    out->size = s->size;
    out->parts = s->first != NULL ? 2 : 1;
    out->complete = whole && (s->hidden.script || promised || s->hidden.cipher.kind == CIPHER_SUBSTITUTION);
    struct digests *digests = p->digests;
    out->has_hash = whole && s->hashed && digest_copy(digests, TRACKS, (unsigned)(s - p->track)) && digest_end(digests, TRACKS, &value);
    if (out->has_hash) {
        memcpy(out->sha1, value.sha1, sizeof out->sha1);
        memcpy(out->sha256, value.sha256, sizeof out->sha256);
        hex(hit->subject, value.sha256, sizeof value.sha256);
    } else {
        snprintf(hit->subject, sizeof hit->subject, "%.100s%.150s", hit->http.host, hit->http.target);
    }
    payload_hit_explain(hit, s->response, s->first != NULL ? s->first->hit.http.target : NULL);
    struct hit *told = hits_add(hits, event, HIT_PAYLOAD);
    if (told == NULL)
        return;
    hit->us = told->us;
    hit->transaction = told->transaction;
    hit->kind = HIT_PAYLOAD;
    *told = *hit;
    if (out->has_hash)
        tell_indicator(p, &value, event, hits);
}

/* A free track; else the oldest half, which was told already; else the oldest of all makes room: its hit is told as far as
 * it came, since there is no later time to tell it. */
static struct track *track_new(struct payload *p, const struct event *event, struct hits *hits)
{
    struct track *oldest = &p->track[0];
    for (unsigned i = 0; i < TRACKS; i++) {
        struct track *s = &p->track[i];
        if (s->state == TRACK_FREE)
            return s;
        if (oldest->state != s->state ? s->state == TRACK_HALF : s->begun < oldest->begun)
            oldest = s;
    }
    if (oldest->state == TRACK_RUNNING && oldest->first == NULL)
        tell(p, oldest, event, hits, false);
    p->evicted++;
    free_track(p, oldest);
    return oldest;
}

/* A file that the server sent whole and whose headers promise more is kept in mind. A range of a file (RFC 9110 section
 * 15.3.7) was asked for in parts, which is how updaters fetch. */
static bool is_half(const struct track *s, const struct http_message *message)
{
    const struct hit_payload *out = &s->hit.payload;
    return !s->hole && s->hashed && !s->hidden.script && out->size_declared > s->size && message->status != 206 &&
           (message->flags & HTTP_WHOLE) != 0 && hidden_gzips(&s->hidden) == 0;
}

static void finish_second(struct payload *p, struct track *s, const struct event *event, struct hits *hits)
{
    struct track *first = &p->track[s->first - p->track];
    if (first->state == TRACK_HALF && first->begun == s->first_begun && s->size == s->hit.payload.size_declared) {
        tell(p, s, event, hits, true);
        free_track(p, first);
    }
    free_track(p, s);
}

static void finish(struct payload *p, struct track *s, const struct event *event, struct hits *hits)
{
    const struct http_transaction *t = event->body->transaction;
    const struct http_message *message = event->body->response ? &t->response : &t->request;
    if ((message->flags & (HTTP_HOLE | HTTP_BAD_CODING | HTTP_LIMIT)) != 0)
        s->hole = true;
    hit_http_set(&s->hit, t);
    if (s->first != NULL) {
        finish_second(p, s, event, hits);
        return;
    }
    bool reached = s->hit.payload.size_declared > 0 && s->size == s->hit.payload.size_declared;
    tell(p, s, event, hits, reached || (message->flags & HTTP_WHOLE) != 0);
    if (!is_half(s, message)) {
        free_track(p, s);
        return;
    }
    s->state = TRACK_HALF;
    p->running--;
    p->halves++;
}

static void take(struct payload *p, struct track *s, struct slice data)
{
    struct slice plain;
    struct hit_payload *out = &s->hit.payload;
    unwrap_feed(&s->unwrap, &p->room, data);
    while (unwrap_next(&s->unwrap, &p->room, &plain)) {
        if (s->hidden.script && s->size < sizeof out->preview - 1)
            slice_text(plain, out->preview + s->size, sizeof out->preview - (size_t)s->size);
        s->size += plain.len;
        s->hashed = s->hashed && digest_feed(p->digests, (unsigned)(s - p->track), plain);
    }
}

static void piece(struct payload *p, struct track *s, const struct event *event, struct hits *hits)
{
    const struct http_piece *body = event->body;
    if (body->hole || body->offset != s->next)
        s->hole = true;
    s->next = body->offset + body->data.len;
    take(p, s, body->data);
    s->hole = s->hole || unwrap_bad(&s->unwrap);
    if (body->last)
        finish(p, s, event, hits);
    else
        hits_follow(hits);
}

static void *block_for(struct payload *p, const struct track *s)
{
    for (unsigned i = 0; i < GZIPS; i++)
        if (p->squeezed[i] == NULL) {
            p->squeezed[i] = s;
            return p->block[i];
        }
    return NULL; /* no room: told from the head alone */
}

static struct track *track_begin(struct payload *p, const struct event *event, struct hits *hits, const struct hidden *hidden)
{
    const struct http_piece *body = event->body;
    struct track *s = track_new(p, event, hits);
    memset(s, 0, offsetof(struct track, hidden));
    memset(&s->hit, 0, sizeof s->hit);
    s->state = TRACK_RUNNING;
    p->running++;
    s->id = body->id;
    s->begun = p->begun++;
    s->ordinal = body->transaction->ordinal;
    s->response = body->response;
    s->hidden = *hidden;
    s->hit.tuple = event->tuple;
    hit_http_set(&s->hit, body->transaction);
    payload_hit_describe(&s->hit.payload, hidden);
    payload_hit_weigh(&s->hit, hidden, body->response);
    return s;
}

/* The length that the head announces; 0: none, or not that of the decoded body. */
static uint64_t announced(const struct http_message *message)
{
    struct slice length = http_header(message, S("Content-Length"));
    uint64_t value = 0;
    if (http_header(message, S("Content-Encoding")).p != NULL)
        return 0;
    for (size_t i = 0; i < length.len && i < 15; i++) {
        if (length.p[i] < '0' || length.p[i] > '9')
            return 0;
        value = value * 10 + length.p[i] - '0';
    }
    return value;
}

/* The half that this body may be the rest of, from the same server to the same client: where its length is known, to the
 * byte. */
static struct track *half_of(struct payload *p, const struct event *event)
{
    const struct http_piece *body = event->body;
    const struct http_message *message = body->response ? &body->transaction->response : &body->transaction->request;
    uint64_t length = body->last ? body->data.len : announced(message);
    for (unsigned i = 0; p->halves > 0 && i < TRACKS; i++) {
        struct track *s = &p->track[i];
        if (s->state != TRACK_HALF || s->response != body->response || message->status == 206 ||
            !addr_eq(&s->hit.tuple.src, &event->tuple.src) || !addr_eq(&s->hit.tuple.dst, &event->tuple.dst))
            continue;
        bool fits = s->hidden.layers > 0 ? armour_looks((enum armour)s->hidden.layer[0], body->data)
                                         : length == 0 || length == s->hit.payload.size_declared - s->size;
        if (fits)
            return s;
    }
    return NULL;
}

static unsigned zeros_in(struct payload *p, struct unwrap u, struct slice data)
{
    struct slice plain;
    unsigned zeros = 0;
    unwrap_feed(&u, &p->room, data);
    while (unwrap_next(&u, &p->room, &plain))
        for (size_t i = 0; i < plain.len; i++)
            zeros += plain.p[i] == 0;
    return zeros;
}

/* The file may have been cut before it was ciphered, or after: the key then begins anew, or goes on. Whichever gives more
 * zeros is right. */
static void begin_second(struct payload *p, const struct event *event, struct hits *hits, const struct track *half)
{
    const struct track first = *half;
    struct track *s = track_begin(p, event, hits, &first.hidden);
    if (half->state != TRACK_HALF || half->begun != first.begun) { /* it made room for this one */
        free_track(p, s);
        return;
    }
    s->first = half;
    s->first_begun = half->begun;
    s->size = half->size;
    s->hashed = digest_copy(p->digests, (unsigned)(s - p->track), (unsigned)(half - p->track));
    unwrap_start(&s->unwrap, &s->hidden, NULL);
    s->unwrap.skip = 0;
    struct unwrap on = s->unwrap;
    on.cipher = half->unwrap.cipher;
    if (zeros_in(p, on, event->body->data) >= zeros_in(p, s->unwrap, event->body->data))
        s->unwrap = on;
    piece(p, s, event, hits);
}

static void begin(struct payload *p, const struct event *event, struct hits *hits)
{
    const struct http_piece *body = event->body;
    struct hidden hidden;
    if (!hidden_find(&hidden, &p->room, body->data, body->last && body->data.len <= KEYS_HEAD)) {
        const struct track *half = half_of(p, event);
        if (half != NULL)
            begin_second(p, event, hits, half);
        return;
    }
    struct track *s = track_begin(p, event, hits, &hidden);
    s->hashed = hidden.cipher.kind != CIPHER_SUBSTITUTION && digest_start(p->digests, (unsigned)(s - p->track));
    unwrap_start(&s->unwrap, &hidden, hidden_gzips(&hidden) > 0 ? block_for(p, s) : NULL);
    piece(p, s, event, hits);
}

static void see_body(void *state, const struct event *event, struct hits *hits)
{
    struct payload *p = state;
    const struct http_piece *body = event->body;
    if (body->offset == 0 && !body->hole) {
        if (body->data.len > 0)
            begin(p, event, hits);
        return;
    }
    for (unsigned i = 0; p->running > 0 && i < TRACKS; i++)
        if (p->track[i].state == TRACK_RUNNING && p->track[i].id == body->id) {
            piece(p, &p->track[i], event, hits);
            return;
        }
}

/* A transaction that ends while its body is still awaited lost its connection. */
static void see_http(void *state, const struct event *event, struct hits *hits)
{
    struct payload *p = state;
    for (unsigned i = 0; p->running > 0 && i < TRACKS; i++) {
        struct track *s = &p->track[i];
        if (s->state != TRACK_RUNNING || s->ordinal != event->http->ordinal || !tuple_eq(&s->hit.tuple, &event->tuple))
            continue;
        hit_http_set(&s->hit, event->http);
        if (s->first == NULL)
            tell(p, s, event, hits, false);
        free_track(p, s);
    }
}

static void payload_relist(void *state, const struct indicators *indicators)
{
    ((struct payload *)state)->indicators = indicators;
}

const struct classifier payload_classifier = {
    .name = "payload",
    .open = payload_open,
    .close = payload_close,
    .see = {[EVENT_BODY] = see_body, [EVENT_HTTP] = see_http},
    .relist = payload_relist,
};
