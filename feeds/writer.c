#include "feeds/writer.h"

#include <assert.h>
#include <math.h>
#include <time.h>

static const uint64_t LAST_US = 253402300799999999; /* 9999-12-31T23:59:59.999999Z */

struct writer writer_of(char *out, size_t room)
{
    return (struct writer){.out = out, .room = room};
}

static void append(struct writer *w, const void *bytes, size_t n)
{
    if (w->full || n > w->room - w->len) {
        w->full = true;
        return;
    }
    if (n > 0)
        memcpy(w->out + w->len, bytes, n);
    w->len += n;
}

/* A comma is due unless a container has just been opened. Every value ends in a quote, a digit, a letter or a closing
 * bracket, so the last byte written says which. */
static void begin(struct writer *w, const char *key)
{
    char last = w->len > 0 ? w->out[w->len - 1] : '{';
    size_t n = key == NULL ? 0 : strlen(key);
    if (w->full || w->room - w->len < n + sizeof ",\"\":" - 1) {
        w->full = true;
        return;
    }
    if (last != '{' && last != '[')
        w->out[w->len++] = ',';
    if (key == NULL)
        return;
    w->out[w->len++] = '"';
    memcpy(w->out + w->len, key, n);
    w->len += n;
    w->out[w->len++] = '"';
    w->out[w->len++] = ':';
}

static void open(struct writer *w, const char *key, char bracket)
{
    assert(w->depth < WRITER_DEPTH);
    w->start[w->depth] = w->len;
    begin(w, key);
    append(w, &bracket, 1);
    w->body[w->depth++] = w->len;
}

void writer_object(struct writer *w, const char *key)
{
    open(w, key, '{');
}

void writer_array(struct writer *w, const char *key)
{
    open(w, key, '[');
}

void writer_end(struct writer *w)
{
    assert(w->depth > 0);
    size_t start = w->start[--w->depth], body = w->body[w->depth];
    if (w->full)
        return;
    if (w->len == body)
        w->len = start;
    else
        append(w, w->out[body - 1] == '{' ? "}" : "]", 1);
}

size_t writer_point(struct slice text, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = text.p[0];
    size_t n = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (n == 0 || n > text.len)
        return 0;
    *point = n == 1 ? first : first & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        if ((text.p[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (text.p[i] & 0x3f);
    }
    bool surrogate = *point >= 0xd800 && *point <= 0xdfff;
    return *point < least[n] || *point > 0x10ffff || surrogate ? 0 : n;
}

/* Characters that a terminal acts upon or that reorder or hide what stands around them. */
static bool steers(uint32_t point)
{
    static const struct { uint32_t first, last; } ranges[] = {
        {0x00, 0x1f},     /* C0 controls */
        {0x7f, 0x9f},     /* DEL and C1 controls */
        {0x61c, 0x61c},   /* Arabic letter mark */
        {0x200b, 0x200f}, /* zero width space and joiners, direction marks */
        {0x2028, 0x202e}, /* line and paragraph separators, bidirectional embeddings and overrides */
        {0x2060, 0x206f}, /* word joiner, bidirectional isolates, shaping controls */
        {0xfeff, 0xfeff}, /* byte order mark */
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

/* Writes one character that is not plain ASCII; returns how many bytes of text it took. */
static size_t append_special(struct writer *w, struct slice text)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t point = 0;
    size_t n = writer_point(text, &point);
    if (n == 0) {
        append(w, "\xef\xbf\xbd", 3);
        return 1;
    }
    if (point == '"' || point == '\\') {
        append(w, "\\", 1);
        append(w, text.p, 1);
    } else if (steers(point)) {
        char escape[6] = {'\\', 'u'};
        for (int i = 0; i < 4; i++)
            escape[2 + i] = digits[point >> (12 - 4 * i) & 15];
        append(w, escape, sizeof escape);
    } else {
        append(w, text.p, n);
    }
    return n;
}

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* The same for eight bytes at once: each term sets the top bit of a byte that is below 0x20, a quote, a backslash, or
 * 0x7f and above. A borrow can make the bytes above such a one look special as well, never plain. */
static bool are_plain(const uint8_t *p)
{
    static const uint64_t ones = 0x0101010101010101;
    uint64_t v;
    memcpy(&v, p, sizeof v);
    uint64_t special = v | (v - ones * 0x20) | ((v ^ ones * '"') - ones) | ((v ^ ones * '\\') - ones) | (v + ones);
    return (special & ones * 0x80) == 0;
}

static size_t plain_run(struct slice text)
{
    size_t n = 0;
    while (text.len - n >= 8 && are_plain(text.p + n))
        n += 8;
    while (n < text.len && is_plain(text.p[n]))
        n++;
    return n;
}

void writer_bytes(struct writer *w, const char *key, struct slice text)
{
    if (text.len == 0)
        return;
    begin(w, key);
    append(w, "\"", 1);
    while (text.len > 0 && !w->full) {
        size_t run = plain_run(text);
        append(w, text.p, run);
        text = slice_from(text, run);
        if (text.len > 0)
            text = slice_from(text, append_special(w, text));
    }
    append(w, "\"", 1);
}

void writer_text(struct writer *w, const char *key, const char *text)
{
    if (text != NULL)
        writer_bytes(w, key, slice_str(text));
}

static void append_digits(struct writer *w, uint64_t value)
{
    char digits[20], *at = digits + sizeof digits;
    do
        *--at = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    append(w, at, (size_t)(digits + sizeof digits - at));
}

/* Readers keep integers in 64 signed bits, and drop a document whose number does not fit. */
void writer_uint(struct writer *w, const char *key, uint64_t value)
{
    begin(w, key);
    append_digits(w, value < INT64_MAX ? value : INT64_MAX);
}

void writer_int(struct writer *w, const char *key, int64_t value)
{
    begin(w, key);
    if (value < 0)
        append(w, "-", 1);
    append_digits(w, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* By hand and not by printf, whose decimal point depends on the locale. */
void writer_number(struct writer *w, const char *key, double value)
{
    double bounded = isnan(value) ? 0 : fmax(-1e12, fmin(1e12, value));
    uint64_t thousandths = (uint64_t)(fabs(bounded) * 1000 + 0.5), rest = thousandths % 1000;
    char decimals[3] = {(char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
    begin(w, key);
    if (bounded < 0 && thousandths > 0)
        append(w, "-", 1);
    append_digits(w, thousandths / 1000);
    append(w, ".", 1);
    append(w, decimals, rest % 100 == 0 ? 1 : rest % 10 == 0 ? 2 : 3);
}

void writer_bool(struct writer *w, const char *key, bool value)
{
    begin(w, key);
    append(w, value ? "true" : "false", value ? 4 : 5);
}

void writer_hex(struct writer *w, const char *key, struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    if (bytes.len == 0)
        return;
    begin(w, key);
    append(w, "\"", 1);
    for (size_t i = 0; i < bytes.len; i++) {
        char pair[2] = {digits[bytes.p[i] >> 4], digits[bytes.p[i] & 15]};
        append(w, pair, sizeof pair);
    }
    append(w, "\"", 1);
}

void writer_addr(struct writer *w, const char *key, const struct addr *addr)
{
    char text[ADDR_TEXT];
    writer_text(w, key, addr_format(addr, text));
}

void writer_texts(struct writer *w, const char *key, const char *const *texts, size_t count)
{
    writer_array(w, key);
    for (size_t i = 0; i < count; i++)
        writer_text(w, NULL, texts[i]);
    writer_end(w);
}

void writer_addrs(struct writer *w, const char *key, const struct addr *addrs, size_t count)
{
    writer_array(w, key);
    for (size_t i = 0; i < count; i++)
        writer_addr(w, NULL, &addrs[i]);
    writer_end(w);
}

static char *put_decimal(char *at, unsigned value, int digits)
{
    for (int i = digits; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + digits;
}

void writer_time(struct writer *w, const char *key, uint64_t us, const char *zone)
{
    static const char between[] = "--T::.";
    us = us < LAST_US ? us : LAST_US;
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    unsigned part[] = {(unsigned)tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday, (unsigned)tm.tm_hour,
                       (unsigned)tm.tm_min,         (unsigned)tm.tm_sec,     (unsigned)(us % 1000000)};
    char text[WRITER_TIME], *at = text;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        at = put_decimal(at, part[i], i == 0 ? 4 : i == 6 ? 6 : 2);
        if (i < sizeof between - 1)
            *at++ = between[i];
    }
    slice_text(slice_str(zone), at, (size_t)(text + sizeof text - at));
    writer_text(w, key, text);
}

size_t writer_finish(struct writer *w)
{
    assert(w->depth == 0);
    append(w, "\n", 1);
    return w->full ? 0 : w->len;
}
