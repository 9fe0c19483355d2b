#include "classifiers/armour.h"

enum { NOT = 255, LOOK = 256, LOOK_LEAST = 64 };

/* The value of a base64 character; the mirror exchanges A↔Z, a↔z and 0↔9, which turns each range around. */
static uint8_t sextet(uint8_t c, bool mirrored)
{
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(mirrored ? 'Z' - c : c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint8_t)(26 + (mirrored ? 'z' - c : c - 'a'));
    if (c >= '0' && c <= '9')
        return (uint8_t)(52 + (mirrored ? '9' - c : c - '0'));
    return c == '+' ? 62 : c == '/' ? 63 : NOT;
}

static uint8_t nibble(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (uint8_t)(c - 'a' + 10) : NOT;
}

static uint8_t value_of(enum armour kind, uint8_t c)
{
    return kind == ARMOUR_HEX ? nibble(c) : sextet(c, kind == ARMOUR_MIRRORED);
}

void armour_start(struct armour_stream *d, enum armour kind)
{
    *d = (struct armour_stream){.kind = kind};
}

size_t armour_decode(struct armour_stream *d, struct slice *in, uint8_t *out, size_t room)
{
    const unsigned width = d->kind == ARMOUR_HEX ? 4 : 6;
    size_t n = 0, used = 0;
    for (; used < in->len && n < room; used++) {
        uint8_t value = value_of(d->kind, in->p[used]);
        if (value == NOT) {
            if (in->p[used] == '=')
                d->have = 0;
            continue;
        }
        d->bits = d->bits << width | value;
        d->have += width;
        if (d->have >= 8) {
            d->have -= 8;
            out[n++] = (uint8_t)(d->bits >> d->have);
        }
    }
    *in = slice_from(*in, used);
    return n;
}

bool armour_looks(enum armour kind, struct slice text)
{
    size_t good = 0;
    for (size_t i = 0; i < text.len && i < LOOK; i++) {
        if (value_of(kind, text.p[i]) != NOT)
            good++;
        else if (text.p[i] != '\r' && text.p[i] != '\n' && (text.p[i] != '=' || good == 0))
            return false;
    }
    return good >= LOOK_LEAST;
}

const char *armour_name(enum armour kind)
{
    static const char *const names[ARMOURS] = {"base64", "atbash-base64", "hex"};
    return names[kind];
}

/* Length of the UTF-8 character that s begins with (RFC 3629 section 4), 0 where it is none. */
static size_t utf8_length(struct slice s)
{
    uint8_t c = s.p[0];
    size_t length = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (length > s.len)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((s.p[i] & 0xc0) != 0x80)
            return 0;
    if (length > 2 && ((c == 0xe0 && s.p[1] < 0xa0) || (c == 0xed && s.p[1] > 0x9f) || (c == 0xf0 && s.p[1] < 0x90) ||
                       (c == 0xf4 && s.p[1] > 0x8f)))
        return 0;
    return length;
}

bool armour_is_text(struct slice text, bool whole)
{
    while (text.len > 0) {
        uint8_t c = text.p[0];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f') || c == 0x7f)
            return false;
        size_t length = utf8_length(text);
        if (length == 0)
            return !whole && text.len < 4;
        text = slice_from(text, length);
    }
    return true;
}

/* Text under the wrong alphabet never passes for UTF-8, so the words only have to tell a script from a letter: two
 * different ones and the signs that no statement does without. */
bool armour_is_script(struct slice text, bool whole)
{
    static const struct slice words[] = {
        {(const uint8_t *)"var ", 4}, {(const uint8_t *)"function", 8}, {(const uint8_t *)"ActiveXObject", 13},
        {(const uint8_t *)"WScript", 7}, {(const uint8_t *)"eval(", 5}, {(const uint8_t *)"return", 6},
        {(const uint8_t *)"new ", 4}, {(const uint8_t *)"try", 3}, {(const uint8_t *)"catch", 5},
        {(const uint8_t *)"this.", 5}, {(const uint8_t *)"String.", 7}, {(const uint8_t *)"typeof ", 7},
        {(const uint8_t *)"if", 2}, {(const uint8_t *)"for", 3}, {(const uint8_t *)"while", 5},
        {(const uint8_t *)"null", 4}, {(const uint8_t *)".length", 7}, {(const uint8_t *)"Math.", 5},
        {(const uint8_t *)"parseInt(", 9}, {(const uint8_t *)".responseText", 13},
    };
    if (text.len < 8 || !armour_is_text(text, whole))
        return false;
    unsigned found = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        found += slice_find(text, words[i]) >= 0;
    bool calls = slice_chr(text, '(') >= 0, ends = slice_chr(text, ';') >= 0 || slice_chr(text, '}') >= 0;
    return found >= 2 && calls && ends;
}
