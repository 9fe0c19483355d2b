#include "feeds/printable.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <wchar.h>

enum { NO_CODE = 0xffffffff, ROW = 2048 };

void printable_locale(void)
{
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968") == 0) /* C or POSIX: nobody has said what the terminal speaks */
        setlocale(LC_CTYPE, "C.UTF-8");
}

/* The first code point (RFC 3629) and its length; NO_CODE and 1 for a byte that begins none. */
static size_t decode(struct slice s, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = s.p[0];
    size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    *code = length <= 1 ? first : first & (0x7fu >> length);
    for (size_t i = 1; i < length && length <= s.len; i++) {
        *code = *code << 6 | (s.p[i] & 0x3f);
        if ((s.p[i] & 0xc0) != 0x80)
            length = 0;
    }
    if (length == 0 || length > s.len || *code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000)) {
        *code = NO_CODE;
        return 1;
    }
    return length;
}

/* Beyond the first plane terminals and libraries disagree about widths, so nothing of it is taken as it is. */
static bool safe(uint32_t code)
{
    return code >= 0x20 && !(code >= 0x7f && code < 0xa0) && code != 0xad && code != 0x61c && !(code >= 0x200b && code <= 0x200f) &&
           !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2060 && code <= 0x206f) && !(code >= 0xfe00 && code <= 0xfe0f) &&
           !(code >= 0xe000 && code < 0xf900) && code != 0xfeff && code < 0xfff0;
}

/* One character as it is shown, and its columns. */
static size_t show(char out[static 16], uint32_t code, uint8_t byte, int *columns)
{
    if (code != NO_CODE && safe(code) && (*columns = wcwidth((wchar_t)code)) > 0) {
        mbstate_t state = {0};
        size_t n = wcrtomb(out, (wchar_t)code, &state);
        if (n != (size_t)-1)
            return n;
    }
    *columns = code == NO_CODE ? snprintf(out, 16, "\\x%02x", byte) : snprintf(out, 16, code > 0xffff ? "\\U%08x" : "\\u%04x", code);
    return (size_t)*columns;
}

size_t printable(char *out, size_t size, struct slice text, size_t columns, size_t *used)
{
    size_t taken = 0, put = 0, width = 0;
    while (taken < text.len) {
        uint32_t code;
        char one[16];
        int wide;
        size_t length = decode(slice_from(text, taken), &code), n = show(one, code, text.p[taken], &wide);
        if (put + n >= size || width + (size_t)wide > columns)
            break;
        memcpy(out + put, one, n);
        put += n;
        width += (size_t)wide;
        taken += length;
    }
    out[put] = '\0';
    if (used != NULL)
        *used = width;
    return taken;
}

size_t printable_row(struct slice text, size_t columns)
{
    char out[ROW];
    size_t taken = printable(out, sizeof out, text, columns, NULL), at = taken;
    uint32_t code;
    if (taken == 0 && text.len > 0)
        return decode(text, &code);
    while (taken < text.len && at > taken / 2 && text.p[at - 1] != ' ')
        at--;
    return at > taken / 2 ? at : taken;
}

void printable_cell(char *out, size_t size, struct slice text, size_t columns)
{
    size_t used, room = columns < size - 1 ? columns : size - 1, put;
    if (printable(out, size, text, room, &used) < text.len && room > 0) {
        printable(out, size - 1, text, room - 1, &used);
        strcat(out, "~");
        used++;
    }
    for (put = strlen(out); used < columns && put + 1 < size; used++)
        out[put++] = ' ';
    out[put] = '\0';
}
