#include "capture/http.h"
#include "classifiers/classifier.h"
#include "classifiers/digest.h"
#include "classifiers/hidden.h"
#include "classifiers/indicator.h"

#include <stdio.h>
#include <stdlib.h>

enum { TRACKS = 64 }; /* hidden programs on their way at once; each takes 5 kB */

/* The evidence of each way of hiding, log2 P(seen | infected) / P(seen | clean). The second half of each ratio is what
 * was counted: none of the hundreds of thousands of ordinary files hides a program under a cipher, so that what is left
 * is software that does so on purpose: game updates, antivirus quarantines. Programs as they are come to every machine. */
enum {
    BITS_PLAIN = 1,         /* installers and updates over plain HTTP are everyday */
    BITS_CODED = 6,         /* base64 or hex: mail gateways and build services do it, browsers do not ask for it */
    BITS_XOR = 14,          /* DealPly's answer (Trend Micro 2020); a few honest updaters are known to do the same */
    BITS_SUBSTITUTION = 16, /* published for DealPly's files only (Trend Micro 2020) */
    BITS_MIRRORED = 16      /* IsErIk's own alphabet: nobody else's, published (Trend Micro 2020) */
};

struct track {
    bool used, hole, hashed;
    uint64_t id, begun;     /* begun: a count, to find the oldest */
    uint32_t ordinal;       /* of its transaction */
    uint64_t next, size;    /* bytes of the body and of the program so far */
    struct hidden hidden;
    struct unwrap unwrap;
    struct hit hit;         /* as far as it was known when the body began */
};

struct payload {
    const struct indicators *indicators;
    struct digests *digests;
    unsigned used;
    uint64_t begun, evicted;
    struct unwrap_room room;
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
    p->digests = digests_open(TRACKS, err);
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

static void weigh(struct hit *hit, const struct hidden *h, bool response)
{
    static const float bits[] = {[CIPHER_NONE] = BITS_PLAIN, [CIPHER_XOR] = BITS_XOR, [CIPHER_SKIP_ZERO] = BITS_XOR,
                                 [CIPHER_ROLLING] = BITS_XOR, [CIPHER_SUBSTITUTION] = BITS_SUBSTITUTION};
    hit->bits = bits[h->cipher.kind];
    if (h->cipher.kind == CIPHER_NONE && h->layers > 0)
        hit->bits = BITS_CODED;
    for (unsigned i = 0; i < h->layers; i++)
        if (h->layer[i] == ARMOUR_MIRRORED) {
            hit->bits = BITS_MIRRORED;
            slice_text(S("IsErIk"), hit->family, sizeof hit->family);
            hit_technique(hit, "T1132.002");
        }
    if (h->script)
        hit_technique(hit, "T1059.007");
    if (h->cipher.kind != CIPHER_NONE) {
        hit_technique(hit, "T1027.013");
        hit_technique(hit, "T1573.001");
    }
    if (h->cipher.kind == CIPHER_SUBSTITUTION)
        slice_text(S("DealPly"), hit->family, sizeof hit->family);
    hit_technique(hit, response ? "T1105" : "T1041");
}

/* The contract's words. A mirrored alphabet next to the script is its cipher; further out it is one of the layers. */
static void describe(struct hit_payload *out, const struct hidden *h)
{
    static const char *const ciphers[] = {[CIPHER_NONE] = "none", [CIPHER_XOR] = "xor", [CIPHER_SKIP_ZERO] = "xor-skip-zero",
                                          [CIPHER_ROLLING] = "xor-rolling", [CIPHER_SUBSTITUTION] = "substitution"};
    const struct cipher *c = &h->cipher;
    unsigned layers = h->layers;
    const char *cipher = ciphers[c->kind];
    if (c->kind == CIPHER_NONE && layers > 0 && h->layer[layers - 1] == ARMOUR_MIRRORED) {
        cipher = armour_name(ARMOUR_MIRRORED);
        layers--;
    }
    slice_text(slice_str(cipher), out->cipher, sizeof out->cipher);
    for (unsigned i = 0; i < layers; i++)
        slice_text(slice_str(armour_name(h->layer[i])), out->layer[i], sizeof out->layer[i]);
    slice_text(slice_str(h->script ? "script" : c->pe.dll ? "dll" : "exe"), out->kind, sizeof out->kind);
    out->parts = 1;
    if (h->script)
        return;
    if (c->kind != CIPHER_SUBSTITUTION) {
        memcpy(out->key, c->key, c->key_length);
        out->key_length = c->key_length;
    }
    out->key_step = c->step;
    out->offset = c->offset;
    out->size_declared = c->pe.size_declared;
    out->pe_machine = c->pe.machine;
    out->pe_sections = c->pe.sections;
    out->pe_timestamp = c->pe.timestamp;
}

static void explain(struct hit *hit)
{
    const struct hit_payload *p = &hit->payload;
    char how[64] = "", size[96];
    if (strcmp(p->cipher, "none") != 0)
        snprintf(how, sizeof how, " under %s%s", p->cipher, p->layer[0][0] != '\0' ? " and a coding" : "");
    else if (p->layer[0][0] != '\0')
        snprintf(how, sizeof how, " in %s", p->layer[0]);
    snprintf(size, sizeof size, "%llu bytes%s", (unsigned long long)p->size, p->complete ? "" : ", incomplete");
    hit_why(hit, "a %s%s (%s) in the body of %s %s%.80s", p->kind, how, size, hit->http.method, hit->http.host, hit->http.target);
}

/* The oldest track makes room: its hit is told as far as it came, since there is no later time to tell it. */
static void finish(struct payload *, struct track *, const struct event *, struct hits *, bool ended);

static struct track *track_new(struct payload *p, const struct event *event, struct hits *hits)
{
    struct track *oldest = &p->track[0];
    for (unsigned i = 0; i < TRACKS; i++) {
        if (!p->track[i].used)
            return &p->track[i];
        if (p->track[i].begun < oldest->begun)
            oldest = &p->track[i];
    }
    finish(p, oldest, event, hits, false);
    p->evicted++;
    return oldest;
}

static void finish(struct payload *p, struct track *s, const struct event *event, struct hits *hits, bool ended)
{
    struct hit *hit = &s->hit;
    struct hit_payload *out = &hit->payload;
    struct digest_value value;
    s->used = false;
    p->used--;
    out->size = s->size;
    out->complete = ended && !s->hole && (s->hidden.script || (out->size_declared > 0 && s->size >= out->size_declared));
    out->has_hash = ended && !s->hole && s->hashed && digest_end(p->digests, (unsigned)(s - p->track), &value);
    char sha1[41] = "", sha256[65] = "";
    if (out->has_hash) {
        memcpy(out->sha1, value.sha1, sizeof out->sha1);
        memcpy(out->sha256, value.sha256, sizeof out->sha256);
        hex(sha1, value.sha1, sizeof value.sha1);
        hex(sha256, value.sha256, sizeof value.sha256);
        memcpy(hit->subject, sha256, sizeof sha256);
    } else {
        snprintf(hit->subject, sizeof hit->subject, "%.100s%.150s", hit->http.host, hit->http.target);
    }
    explain(hit);
    struct hit *told = hits_add(hits, event, HIT_PAYLOAD);
    if (told == NULL)
        return;
    hit->us = told->us;
    hit->kind = HIT_PAYLOAD;
    *told = *hit;
    if (out->has_hash && !indicator_hit(hits, event, p->indicators, INDICATOR_FILE, slice_str(sha256)))
        indicator_hit(hits, event, p->indicators, INDICATOR_FILE, slice_str(sha1));
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
    if (!body->last)
        return;
    hit_http_set(&s->hit, body->transaction);
    finish(p, s, event, hits, true);
}

static void begin(struct payload *p, const struct event *event, struct hits *hits)
{
    const struct http_piece *body = event->body;
    struct hidden hidden;
    if (!hidden_find(&hidden, body->data, body->last && body->data.len <= KEYS_HEAD))
        return;
    struct track *s = track_new(p, event, hits);
    memset(s, 0, offsetof(struct track, hidden));
    memset(&s->hit, 0, sizeof s->hit);
    s->used = true;
    p->used++;
    s->id = body->id;
    s->begun = p->begun++;
    s->ordinal = body->transaction->ordinal;
    s->hidden = hidden;
    s->hit.tuple = event->tuple;
    s->hashed = digest_start(p->digests, (unsigned)(s - p->track));
    hit_http_set(&s->hit, body->transaction);
    describe(&s->hit.payload, &hidden);
    weigh(&s->hit, &hidden, body->response);
    unwrap_start(&s->unwrap, &hidden);
    piece(p, s, event, hits);
}

static void see_body(void *state, const struct event *event, struct hits *hits)
{
    struct payload *p = state;
    const struct http_piece *body = event->body;
    if (body->offset == 0 && !body->hole) {
        begin(p, event, hits);
        return;
    }
    for (unsigned i = 0; p->used > 0 && i < TRACKS; i++)
        if (p->track[i].used && p->track[i].id == body->id) {
            piece(p, &p->track[i], event, hits);
            return;
        }
}

/* A transaction that ends while its body is still awaited lost its connection. */
static void see_http(void *state, const struct event *event, struct hits *hits)
{
    struct payload *p = state;
    for (unsigned i = 0; p->used > 0 && i < TRACKS; i++) {
        struct track *s = &p->track[i];
        if (!s->used || s->ordinal != event->http->ordinal || !tuple_eq(&s->hit.tuple, &event->tuple))
            continue;
        hit_http_set(&s->hit, event->http);
        finish(p, s, event, hits, false);
    }
}

const struct classifier payload_classifier = {
    .name = "payload",
    .open = payload_open,
    .close = payload_close,
    .see = {[EVENT_BODY] = see_body, [EVENT_HTTP] = see_http},
};
