#include "feeds/list.h"

#include <errno.h>
#include <stdlib.h>

#include "classifiers/punycode.h"

enum { LABEL_MAX = 63, NAME_MAX_BYTES = 253 }; /* RFC 1035 section 2.3.4, in presentation format */

static const char mark[] = "\xef\xbb\xbf"; /* U+FEFF in UTF-8, which Windows puts before text */

struct slice list_without_mark(struct slice text)
{
    return slice_starts(text, slice_str(mark)) ? slice_from(text, sizeof mark - 1) : text;
}

static uint8_t *read_all(FILE *file, size_t *len)
{
    size_t room = 65536;
    uint8_t *bytes = malloc(room);
    *len = 0;
    for (size_t n; bytes != NULL && (n = fread(bytes + *len, 1, room - *len, file)) > 0;) {
        *len += n;
        if (*len < room)
            continue;
        uint8_t *more = realloc(bytes, room *= 2);
        if (more == NULL)
            free(bytes);
        bytes = more;
    }
    return bytes;
}

bool list_file(const char *path, struct slice *text, char err[static ERRLEN])
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        error_set(err, "%s: %s", path, strerror(errno));
        return false;
    }
    size_t len;
    errno = 0;
    uint8_t *bytes = read_all(file, &len);
    bool whole = bytes != NULL && !ferror(file);
    if (!whole)
        error_set(err, "%s: cannot be read: %s", path, bytes == NULL ? "no memory" : strerror(errno));
    fclose(file);
    *text = slice_of(bytes, len);
    if (!whole)
        free(bytes);
    return whole;
}

void list_free(struct slice text)
{
    free((void *)text.p);
}

static bool blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\v' || byte == '\f';
}

static struct slice without_comment(struct slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.p[i] == '#' && (i == 0 || blank(line.p[i - 1])))
            return slice_head(line, i);
    return line;
}

bool list_line(struct slice *text, struct slice *line, size_t *number)
{
    while (text->len > 0) {
        ptrdiff_t end = slice_chr(*text, '\n');
        *line = slice_cut(text, end < 0 ? text->len : (size_t)end);
        *text = slice_from(*text, 1);
        ++*number;
        *line = without_comment(*line);
        while (line->len > 0 && blank(line->p[0]))
            *line = slice_from(*line, 1);
        while (line->len > 0 && blank(line->p[line->len - 1]))
            line->len--;
        if (line->len > 0)
            return true;
    }
    return false;
}

bool list_word(struct slice *line, struct slice *word)
{
    while (line->len > 0 && blank(line->p[0]))
        *line = slice_from(*line, 1);
    size_t n = 0;
    while (n < line->len && !blank(line->p[n]))
        n++;
    *word = slice_cut(line, n);
    return n > 0;
}

void list_field(struct slice *text, char *out, size_t size, bool *last, size_t *number)
{
    size_t n = 0;
    bool quoted = false;
    *last = true;
    while (text->len > 0) {
        uint8_t byte = slice_cut(text, 1).p[0];
        *number += byte == '\n';
        if (byte == '"' && quoted && slice_starts(*text, S("\"")))
            *text = slice_from(*text, 1); /* "" within quotes is one quote */
        else if (byte == '"') {
            quoted = !quoted;
            continue;
        }
        if (!quoted && byte == '\n')
            break;
        if (!quoted && byte == ',') {
            *last = false;
            break;
        }
        if (n + 1 < size)
            out[n++] = (char)byte;
    }
    while (n > 0 && blank((uint8_t)out[n - 1]))
        n--;
    out[n] = '\0';
}

/* Letters, digits, hyphens, and the underscore that host names are not supposed to have and often do. */
static bool well_formed(struct slice name)
{
    size_t label = 0, labels = 1;
    bool letter = false; /* in the last label: without one it would be the end of an address */
    for (size_t i = 0; i < name.len; i++) {
        uint8_t byte = name.p[i];
        bool is_letter = byte >= 'a' && byte <= 'z';
        if (byte == '.') {
            if (label == 0 || label > LABEL_MAX)
                return false;
            label = 0;
            letter = false;
            labels++;
        } else if (is_letter || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_') {
            letter |= is_letter;
            label++;
        } else
            return false;
    }
    return label > 0 && label <= LABEL_MAX && labels >= 2 && letter && name.len <= NAME_MAX_BYTES;
}

bool list_name(struct slice word, char name[static HIT_NAME])
{
    if (slice_starts(word, S("*.")))
        word = slice_from(word, 2);
    else if (slice_starts(word, S(".")))
        word = slice_from(word, 1);
    if (slice_ends(word, S(".")))
        word.len--;
    bool plain = true;
    for (size_t i = 0; i < word.len; i++)
        plain &= word.p[i] < 0x80;
    if (!plain)
        return punycode_encode(word, name, HIT_NAME) && well_formed(slice_str(name));
    if (word.len >= HIT_NAME)
        return false;
    for (size_t i = 0; i < word.len; i++)
        name[i] = (char)(word.p[i] >= 'A' && word.p[i] <= 'Z' ? word.p[i] | 0x20 : word.p[i]);
    name[word.len] = '\0';
    return well_formed(slice_of(name, word.len));
}
