#include "classifiers/payload_hit.h"

#include <stdio.h>

/* The evidence of each way of hiding, log2 P(seen | infected) / P(seen | clean). The second half of each ratio is what
 * was counted: none of the hundreds of thousands of ordinary files hides a program under a cipher, so that what is left
 * is software that does so on purpose: game updates, antivirus quarantines. Programs as they are come to every machine. */
enum {
    BITS_PLAIN = 1,         /* installers and updates over plain HTTP are everyday */
    BITS_HALVES = 12,       /* a program in two files, to the byte: DealPly's (Trend Micro 2020), and no browser's way to fetch */
    BITS_CODED = 6,         /* base64 or hex: mail gateways and build services do it, browsers do not ask for it */
    BITS_XOR = 14,          /* DealPly's answer (Trend Micro 2020); a few honest updaters are known to do the same */
    BITS_SUBSTITUTION = 16, /* published for DealPly's files only (Trend Micro 2020) */
    BITS_MIRRORED = 16      /* IsErIk's own alphabet: nobody else's, published (Trend Micro 2020) */
};

void payload_hit_weigh(struct hit *hit, const struct hidden *h, bool response)
{
    static const float bits[] = {[CIPHER_NONE] = BITS_PLAIN, [CIPHER_XOR] = BITS_XOR, [CIPHER_SKIP_ZERO] = BITS_XOR,
                                 [CIPHER_ROLLING] = BITS_XOR, [CIPHER_SUBSTITUTION] = BITS_SUBSTITUTION};
    hit->bits = bits[h->cipher.kind];
    for (unsigned i = 0; i < h->layers; i++) {
        if (h->cipher.kind == CIPHER_NONE && h->layer[i] != LAYER_GZIP && hit->bits < BITS_CODED)
            hit->bits = BITS_CODED;
        if (h->layer[i] == ARMOUR_MIRRORED) {
            hit->bits = BITS_MIRRORED;
            slice_text(S("IsErIk"), hit->family, sizeof hit->family);
            hit_technique(hit, "T1132.002");
        }
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
void payload_hit_describe(struct hit_payload *out, const struct hidden *h)
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
        slice_text(slice_str(hidden_layer_name(h->layer[i])), out->layer[i], sizeof out->layer[i]);
    if (h->squeezed)
        slice_text(slice_str(hidden_layer_name(LAYER_GZIP)), out->layer[layers], sizeof out->layer[layers]);
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

/* As it is read aloud: an 8-byte, 11-byte, 80-byte key, but a 4-byte, 110-byte one. */
static const char *article(unsigned number)
{
    return number == 8 || number == 11 || number == 18 || number / 10 == 8 ? "an" : "a";
}

/* "hidden by XOR with a 4-byte key in base64", "in mirrored base64", "in the clear". */
static void say_how(char *out, size_t size, const struct hit_payload *p)
{
    const bool rolling = strcmp(p->cipher, "xor-rolling") == 0;
    bool more = strcmp(p->cipher, armour_name(ARMOUR_MIRRORED)) == 0; /* a coding is named already */
    size_t n = 0;
    if (p->key_length > 0)
        n = (size_t)snprintf(out, size, " hidden by XOR with %s%s %u-byte key%s", rolling ? "a" : article(p->key_length),
                             rolling ? " rolling" : "", p->key_length,
                             strcmp(p->cipher, "xor-skip-zero") == 0 ? " that leaves zeros alone" : "");
    else if (strcmp(p->cipher, "substitution") == 0)
        n = (size_t)snprintf(out, size, " hidden by a substitution table");
    else if (more)
        n = (size_t)snprintf(out, size, " in mirrored base64");
    for (unsigned i = 0; i < sizeof p->layer / sizeof *p->layer && p->layer[i][0] != '\0'; i++, more = true) {
        const char *name = strcmp(p->layer[i], armour_name(ARMOUR_MIRRORED)) == 0 ? "mirrored base64" : p->layer[i];
        n += (size_t)snprintf(out + n, size - n, "%s%s", more ? " and " : " in ", name);
    }
    if (n == 0)
        snprintf(out, size, " in the clear");
}

static void say_size(char *out, size_t size, const struct hit_payload *p)
{
    size_t n = (size_t)snprintf(out, size, "%llu", (unsigned long long)p->size);
    if (p->size_declared > p->size)
        n += (size_t)snprintf(out + n, size - n, " of %llu", (unsigned long long)p->size_declared);
    n += (size_t)snprintf(out + n, size - n, " bytes%s", p->parts > 1 ? " in two parts" : "");
    if (p->offset > 0)
        n += (size_t)snprintf(out + n, size - n, " after %llu of junk", (unsigned long long)p->offset);
    snprintf(out + n, size - n, "%s", p->complete || p->size_declared > p->size ? "" : ", incomplete");
}

/* Targets come last: where the sentence is too long, it is their ends that are cut. */
void payload_hit_explain(struct hit *hit, bool response, const char *first)
{
    const struct hit_payload *p = &hit->payload;
    const char *kind = p->kind[0] == 's' ? "a script" : p->kind[0] == 'd' ? "a DLL" : "an EXE";
    const char *method = hit->http.method[0] != '\0' ? hit->http.method : "a request not seen,";
    const char *where = response ? "in the answer to" : "in the body sent with";
    char how[160], size[128];
    say_how(how, sizeof how, p);
    say_size(size, sizeof size, p);
    if (first == NULL) {
        hit_why(hit, "%s%s (%s) %s %s %.60s%s", kind, how, size, where, method, hit->http.host, hit->http.target);
        return;
    }
    hit->bits = hit->bits > BITS_HALVES ? hit->bits : BITS_HALVES;
    hit_technique(hit, "T1027");
    hit_why(hit, "%s%s (%s) %s %s %.60s%.40s and %.40s", kind, how, size, where, method, hit->http.host, first,
            hit->http.target);
}
