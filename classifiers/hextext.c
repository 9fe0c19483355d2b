#include "classifiers/hextext.h"

int hextext_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool printable(int byte)
{
    return (byte >= 0x20 && byte <= 0x7e) || byte == '\r' || byte == '\n' || byte == '\t';
}

static bool is_break(uint8_t byte)
{
    return byte == '&' || byte == ';' || byte == '\r' || byte == '\n';
}

static bool name_byte(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '_' ||
           byte == '-' || byte == '.';
}

bool hextext_pair(struct slice *text, struct slice *name, struct slice *value)
{
    while (text->len > 0 && (is_break(text->p[0]) || text->p[0] == '/' || text->p[0] == '?'))
        *text = slice_from(*text, 1);
    size_t end = 0, equals = 0;
    bool named = false;
    for (; end < text->len && !is_break(text->p[end]); end++)
        if (text->p[end] == '=' && !named) {
            named = true;
            equals = end;
        }
    struct slice pair = slice_cut(text, end);
    *name = slice_head(pair, named ? equals : pair.len);
    *value = slice_from(pair, named ? equals + 1 : pair.len);
    return pair.len > 0;
}

/* Every part must have a name, and one at least a value that does not begin with "=": base64 in hex would otherwise pass
 * for a name with its padding behind it. Where the text was cut, its last part is not judged. */
static bool is_pairs(struct slice text, bool cut)
{
    struct slice name, value;
    bool valued = false;
    while (hextext_pair(&text, &name, &value) && !(cut && text.len == 0)) {
        if (name.len == 0 || name.len > 32 || value.p == name.p + name.len)
            return false;
        for (size_t i = 0; i < name.len; i++)
            if (!name_byte(name.p[i]))
                return false;
        valued |= value.len > 0 && value.p[0] != '=';
    }
    return valued;
}

bool hextext_decode(struct slice hex, char out[static HEXTEXT_MAX], struct slice *text)
{
    bool cut = hex.len >= 2 * HEXTEXT_MAX;
    hex = slice_head(hex, 2 * HEXTEXT_MAX);
    if (hex.len % 2 != 0 || hex.len < 2 * HEXTEXT_MIN)
        return false;
    for (size_t i = 0; i < hex.len; i += 2) {
        int high = hextext_digit(hex.p[i]), low = hextext_digit(hex.p[i + 1]);
        if (high < 0 || low < 0 || !printable(high * 16 + low))
            return false;
        out[i / 2] = (char)(high * 16 + low);
    }
    *text = slice_of(out, hex.len / 2);
    return is_pairs(*text, cut);
}
