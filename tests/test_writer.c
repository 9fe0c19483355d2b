#include "tests/check.h"

#include <jansson.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "feeds/writer.h"

static const struct { const char *bytes; size_t len; const char *json, *reason; } texts[] = {
    {"plain", 5, "plain", "ASCII as it is"},
    {"a\"b\\c/d", 7, "a\\\"b\\\\c/d", "quote and backslash; a slash needs none"},
    {"\0\x01\n\t\x1b[2J", 8, "\\u0000\\u0001\\u000a\\u0009\\u001b[2J",
     "C0 controls, a terminal's clear-screen among them"},
    {"\x7f", 1, "\\u007f", "DEL"},
    {"\xc2\x9b" "31m", 5, "\\u009b31m", "C1: the one-character CSI"},
    {"\x9b" "31m", 4, "\xef\xbf\xbd" "31m", "the same as a bare byte is not UTF-8"},
    {"\xc2\xa0\xc3\xa9", 4, "\xc2\xa0\xc3\xa9", "the first characters after C1 stay"},
    {"\xe2\x80\xa8\xe2\x80\xa9", 6, "\\u2028\\u2029", "line separators end a line in JavaScript"},
    {"\xe2\x80\xae" "fdp.exe\xe2\x81\xa6", 13, "\\u202efdp.exe\\u2066", "right-to-left override and isolate"},
    {"\xe2\x80\x8b\xe2\x80\x8f\xd8\x9c\xef\xbb\xbf", 11, "\\u200b\\u200f\\u061c\\ufeff", "what cannot be seen"},
    {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80", "beyond the basic plane"},
    {"\xf4\x8f\xbf\xbf", 4, "\xf4\x8f\xbf\xbf", "the last code point"},
    {"\xf4\x90\x80\x80", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "beyond the last code point"},
    {"\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd", "overlong slash, two bytes"},
    {"\xe0\x80\xaf", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "overlong slash, three bytes"},
    {"\xf0\x80\x80\xaf", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "overlong slash, four bytes"},
    {"\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "a surrogate"},
    {"a\xe2\x82", 3, "a\xef\xbf\xbd\xef\xbf\xbd", "cut in the middle of a character"},
    {"\xe2\x28\xa1", 3, "\xef\xbf\xbd(\xef\xbf\xbd", "a continuation that is none; what follows is not swallowed"},
    {"\xe2\"", 2, "\xef\xbf\xbd\\\"", "a broken character does not eat the quote after it"},
    {"\xff\xfe", 2, "\xef\xbf\xbd\xef\xbf\xbd", "bytes that UTF-8 never has"},
};

static void check_texts(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char out[256], expected[256];
        struct writer w = writer_of(out, sizeof out);
        writer_bytes(&w, NULL, guard_copy(slice_of(texts[i].bytes, texts[i].len), 0));
        snprintf(expected, sizeof expected, "\"%s\"", texts[i].json);
        CHECK(slice_eq(slice_of(out, w.len), slice_str(expected)), "%s: %.*s", texts[i].reason, (int)w.len, out);
    }
}

static const struct { double value; const char *json, *reason; } numbers[] = {
    {0, "0.0", "one decimal at least: the type must not look like an integer's"},
    {12, "12.0", "a whole number"},
    {-3.25, "-3.25", "two decimals"},
    {0.1, "0.1", "no more digits than meant"},
    {1.0005, "1.001", "rounded to three"},
    {-0.0001, "0.0", "no minus before nothing"},
    {99.9996, "100.0", "a carry through the point"},
    {NAN, "0.0", "JSON has no NaN"},
    {INFINITY, "1000000000000.0", "nor infinity"},
    {-INFINITY, "-1000000000000.0", "on either side"},
    {1e300, "1000000000000.0", "bounded digits"},
};

static void check_numbers(void)
{
    setlocale(LC_ALL, "de_DE.UTF-8"); /* whose decimal point is a comma, where it is installed */
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char out[64];
        struct writer w = writer_of(out, sizeof out);
        writer_number(&w, NULL, numbers[i].value);
        CHECK(slice_eq(slice_of(out, w.len), slice_str(numbers[i].json)), "%s: %.*s", numbers[i].reason, (int)w.len,
              out);
    }
    char out[128];
    struct writer w = writer_of(out, sizeof out);
    writer_array(&w, NULL);
    writer_uint(&w, NULL, 0);
    writer_uint(&w, NULL, UINT64_MAX);
    writer_int(&w, NULL, INT64_MIN);
    writer_bool(&w, NULL, true);
    writer_end(&w);
    CHECK(slice_eq(slice_of(out, w.len), S("[0,9223372036854775807,-9223372036854775808,true]")), "limits: %.*s",
          (int)w.len, out);
}

static const struct { uint64_t us; const char *text, *reason; } times[] = {
    {0, "1970-01-01T00:00:00.000000Z", "the epoch"},
    {1582934399999999, "2020-02-28T23:59:59.999999Z", "the last microsecond before a leap day"},
    {1582934400000000, "2020-02-29T00:00:00.000000Z", "the leap day"},
    {4107542400000001, "2100-03-01T00:00:00.000001Z", "2100 is no leap year"},
    {UINT64_MAX, "9999-12-31T23:59:59.999999Z", "a year has four digits"},
};

static void check_times(void)
{
    setenv("TZ", "Asia/Tokyo", 1);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char out[64], expected[64];
        struct writer w = writer_of(out, sizeof out);
        writer_time(&w, NULL, times[i].us, "Z");
        snprintf(expected, sizeof expected, "\"%s\"", times[i].text);
        CHECK(slice_eq(slice_of(out, w.len), slice_str(expected)), "%s: %.*s", times[i].reason, (int)w.len, out);
    }
    char out[64];
    struct writer w = writer_of(out, sizeof out);
    writer_time(&w, NULL, 1700000000123456, "+0000");
    CHECK(w.len == 33, "31 characters within the quotes, as EVE's readers count: %.*s", (int)w.len, out);
}

static void write_nest(struct writer *w)
{
    writer_object(w, NULL);
    writer_object(w, "nothing");
    writer_array(w, "at");
    writer_text(w, NULL, "");
    writer_end(w);
    writer_object(w, "all");
    writer_end(w);
    writer_end(w);
    writer_text(w, "a", "x");
    writer_text(w, "unknown", "");
    writer_array(w, "b");
    writer_object(w, NULL);
    writer_uint(w, "c", 1);
    writer_end(w);
    writer_object(w, NULL);
    writer_end(w);
    writer_text(w, NULL, "{");
    writer_uint(w, NULL, 2);
    writer_end(w);
    writer_hex(w, "d", S("\x00\xff"));
    writer_end(w);
}

static void check_nesting(void)
{
    static const char expected[] = "{\"a\":\"x\",\"b\":[{\"c\":1},\"{\",2],\"d\":\"00ff\"}\n";
    char out[128];
    struct writer w = writer_of(out, sizeof out);
    write_nest(&w);
    size_t n = writer_finish(&w);
    CHECK(slice_eq(slice_of(out, n), slice_str(expected)), "empty things vanish with their keys and commas: %.*s",
          (int)n, out);
    for (size_t room = 0; room < sizeof expected - 1; room++) {
        w = writer_of((char *)guard_copy(slice_of(out, room), 0).p, room);
        write_nest(&w);
        CHECK(writer_finish(&w) == 0, "%zu bytes are too few, and none is written beyond them", room);
    }
}

/* Random bytes: always valid JSON, never a raw control byte, never more than six bytes for one. */
static void check_random(void)
{
    static const uint8_t lead[] = {'a',  '"',  '\\', 0x1b, 0x7f, 0x80, 0x9b, 0xc2,
                                   0xe2, 0x81, 0xef, 0xbf, 0xf0, 0xed, 0xff};
    uint64_t random = 7;
    for (int run = 0; run < 20000; run++) {
        uint8_t bytes[24];
        char out[256];
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            bytes[i] = random >> 60 < 12 ? lead[(random >> 40) % sizeof lead] : (uint8_t)(random >> 50);
        }
        struct writer w = writer_of(out, sizeof out);
        writer_bytes(&w, NULL, slice_of(bytes, 1 + random % sizeof bytes));
        bool raw = false;
        for (size_t i = 0; i < w.len; i++)
            raw |= (uint8_t)out[i] < 0x20 || out[i] == 0x7f;
        json_t *parsed = json_loadb(out, w.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        CHECK(parsed != NULL && !raw && w.len <= 2 + 6 * sizeof bytes, "run %d: %.*s", run, (int)w.len, out);
        json_decref(parsed);
    }
}

int main(void)
{
    check_texts();
    check_numbers();
    check_times();
    check_nesting();
    check_random();
    return check_report("writer");
}
