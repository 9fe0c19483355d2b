#include "classifiers/punycode.h"

#include <idn2.h>

enum { LONGEST_NAME = 253 };

/* Whoever registered an odd name need not have kept to IDNA's rules, so a name that libidn2 refuses stays as it was. */
bool punycode_decode(struct slice name, char out[static PUNYCODE_TEXT])
{
    slice_text(name, out, PUNYCODE_TEXT);
    if (name.len > LONGEST_NAME || slice_find(name, S("xn--")) < 0)
        return false;
    char *text = NULL;
    bool decoded = idn2_to_unicode_8z8z(out, &text, 0) == IDN2_OK && strcmp(text, out) != 0 &&
                   strlen(text) < PUNYCODE_TEXT;
    if (decoded)
        strcpy(out, text);
    idn2_free(text);
    return decoded;
}

bool punycode_encode(struct slice name, char *out, size_t size)
{
    char utf8[PUNYCODE_TEXT], *ascii = NULL;
    if (name.len >= sizeof utf8 || slice_text(name, utf8, sizeof utf8) != strlen(utf8))
        return false;
    bool encoded = idn2_to_ascii_8z(utf8, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK && strlen(ascii) < size;
    if (encoded)
        strcpy(out, ascii);
    idn2_free(ascii);
    return encoded;
}
