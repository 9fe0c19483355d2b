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

void payload_hit_explain(struct hit *hit, const char *first)
{
    const struct hit_payload *p = &hit->payload;
    const bool bare = strcmp(p->cipher, "none") == 0, coded = p->layer[0][0] != '\0';
    char how[80], size[64], halves[128] = "";
    snprintf(how, sizeof how, "%s%s%s%s", bare ? "" : " under ", bare ? "" : p->cipher, coded ? " in " : "", p->layer[0]);
    snprintf(size, sizeof size, "%llu bytes%s", (unsigned long long)p->size, p->complete ? "" : ", incomplete");
    if (first != NULL) {
        snprintf(halves, sizeof halves, ", the second part of what %.90s began", first);
        hit->bits = hit->bits > BITS_HALVES ? hit->bits : BITS_HALVES;
        hit_technique(hit, "T1027");
    }
    hit_why(hit, "%s %s%s (%s) in the body of %s %.60s%.70s%s", p->kind[0] == 'e' ? "an" : "a", p->kind, how, size, hit->http.method,
            hit->http.host, hit->http.target, halves);
}
