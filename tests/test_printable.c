/* Hostile text for a terminal: what it becomes, in which columns, in a locale of UTF-8 and in one without. */
#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

#include "feeds/printable.h"
#include "tests/check.h"

static const struct {
    struct slice text;
    const char *shown, *ascii; /* ascii: in a locale that has no more; NULL: the same */
    const char *reason;
} rows[] = {
    {S("wagng.com"), "wagng.com", NULL, "as it is"},
    {S(""), "", NULL, "nothing"},
    {S("\033[2J\033]0;x\007"), "\\u001b[2J\\u001b]0;x\\u0007", NULL, "escape sequences"},
    {S("a\r\n\tb\b\177"), "a\\u000d\\u000a\\u0009b\\u0008\\u007f", NULL, "controls and DEL"},
    {S("a\0b"), "a\\u0000b", NULL, "a NUL ends nothing"},
    {S("\xc2\x9b""31m"), "\\u009b31m", NULL, "C1 as UTF-8"},
    {S("\x9b""31m"), "\\x9b31m", NULL, "C1 as a byte, which some terminals obey"},
    {S("\xc3\xa9\xe6\xbc\xa2"), "\xc3\xa9\xe6\xbc\xa2", "\\u00e9\\u6f22", "letters, narrow and wide"},
    {S("\xe2\x80\xaegnp.exe"), "\\u202egnp.exe", NULL, "right to left"},
    {S("\xe2\x81\xa6x\xe2\x81\xa9\xd8\x9c"), "\\u2066x\\u2069\\u061c", NULL, "the other bidirectional controls"},
    {S("a\xcc\x81"), "a\\u0301", NULL, "a combining character has no column of its own"},
    {S("\xe1\x85\xa0"), "\\u1160", NULL, "nor has a Hangul vowel"},
    {S("\xe2\x80\x8b\xef\xbb\xbf\xc2\xad"), "\\u200b\\ufeff\\u00ad", NULL, "nor what is not seen"},
    {S("\xe2\x80\xa8\xe2\x80\xa9"), "\\u2028\\u2029", NULL, "separators of lines"},
    {S("\xf0\x9f\x98\x80"), "\\U0001f600", NULL, "beyond the first plane terminals disagree"},
    {S("\xf3\xa0\x81\x81"), "\\U000e0041", NULL, "a tag"},
    {S("\xee\x80\x80\xef\xbf\xbd"), "\\ue000\\ufffd", NULL, "private use, and the replacement"},
    {S("\xc0\xaf"), "\\xc0\\xaf", NULL, "overlong, in two"},
    {S("\xe0\x80\xaf"), "\\xe0\\x80\\xaf", NULL, "overlong, in three"},
    {S("\xf0\x80\x80\xaf"), "\\xf0\\x80\\x80\\xaf", NULL, "overlong, in four"},
    {S("\xed\xa0\x80"), "\\xed\\xa0\\x80", NULL, "a surrogate"},
    {S("\xf4\x90\x80\x80\xf5\xff"), "\\xf4\\x90\\x80\\x80\\xf5\\xff", NULL, "beyond Unicode"},
    {S("\xe6\xbc"), "\\xe6\\xbc", NULL, "cut in the middle"},
    {S("\xe6\xbcX"), "\\xe6\\xbcX", NULL, "cut by another"},
    {S("\\u001b"), "\\u001b", NULL, "a text that looks like one of ours is taken as it is"},
};

static const struct {
    struct slice text;
    size_t columns;
    const char *shown, *reason;
} cells[] = {
    {S("abc"), 5, "abc  ", "filled up"},
    {S("abcde"), 5, "abcde", "to the last column"},
    {S("abcdef"), 5, "abcd~", "cut and marked"},
    {S("abc"), 0, "", "no column"},
    {S("abc"), 1, "~", "one"},
    {S(""), 3, "   ", "empty"},
    {S("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2"), 6, "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", "wide ones fill it"},
    {S("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2"), 5, "\xe6\xbc\xa2\xe6\xbc\xa2~", "two and the mark"},
    {S("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2"), 4, "\xe6\xbc\xa2~ ", "half of one is none"},
    {S("ab\033"), 6, "ab~   ", "a code point is shown whole or not at all"},
    {S("ab\033"), 8, "ab\\u001b", "and counted as what it takes"},
};

static const struct {
    struct slice text;
    size_t columns, taken;
    const char *reason;
} wraps[] = {
    {S("one two three"), 20, 13, "all of it"},
    {S("one two three"), 8, 8, "up to the space"},
    {S("one two three"), 9, 8, "a word is not parted"},
    {S("abcdefghij"), 4, 4, "unless it must be"},
    {S("a bcdefghijkl"), 10, 10, "a space too near the beginning"},
    {S("\033\033"), 3, 1, "narrower than one character: on, all the same"},
    {S("\xe6\xbc\xa2x"), 1, 3, "nor is a character parted"},
    {S(""), 5, 0, "nothing"},
};

/* Nothing but what has as many columns as is said, whatever the bytes; each piece of a text behind the other is all of it. */
static void check_bytes(void)
{
    uint32_t random = 1;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[24];
        char out[256], cell[64];
        size_t used, len = (size_t)round % sizeof bytes, columns = (size_t)round % 17, taken = 0;
        for (size_t i = 0; i < len; i++) {
            random = random * 1664525 + 1013904223;
            bytes[i] = round % 3 == 0 ? (uint8_t)(random >> 24) : (uint8_t)"\xe2\x80\xae\xf0\x9f\xcc\x81\xc2\x9b\033a"[(random >> 24) % 12];
        }
        struct slice text = guard_copy(slice_of(bytes, len), 0);
        size_t all = printable(out, sizeof out, text, SIZE_MAX, &used);
        wchar_t wide[256];
        size_t n = mbstowcs(wide, out, 256);
        bool fine = all == len && n != (size_t)-1 && wcswidth(wide, n) == (int)used && strlen(out) < sizeof out;
        for (size_t i = 0; fine && i < n; i++)
            fine = wide[i] >= ' ' && wcwidth(wide[i]) > 0;
        printable_cell(cell, sizeof cell, text, columns);
        n = mbstowcs(wide, cell, 256);
        fine = fine && n != (size_t)-1 && wcswidth(wide, n) == (int)columns;
        while (taken < len && fine) {
            size_t step = printable_row(slice_from(text, taken), columns);
            fine = step > 0 && taken + step <= len;
            taken += step;
        }
        if (!fine) {
            CHECK(fine, "round %d", round);
            return;
        }
    }
    CHECK(true, "20000 texts");
}

static void check_texts(bool ascii)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[256];
        const char *expected = ascii && rows[i].ascii != NULL ? rows[i].ascii : rows[i].shown;
        size_t taken = printable(out, sizeof out, guard_copy(rows[i].text, 0), SIZE_MAX, NULL);
        CHECK(taken == rows[i].text.len && strcmp(out, expected) == 0, "%s%s: %s", rows[i].reason, ascii ? ", in ASCII" : "", out);
    }
}

int main(void)
{
    setenv("LC_ALL", "C", 1);
    printable_locale();
    check_texts(false);
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        char out[64];
        printable_cell(out, sizeof out, guard_copy(cells[i].text, 0), cells[i].columns);
        CHECK(strcmp(out, cells[i].shown) == 0, "%s: '%s'", cells[i].reason, out);
    }
    for (size_t i = 0; i < sizeof wraps / sizeof *wraps; i++) {
        size_t taken = printable_row(guard_copy(wraps[i].text, 0), wraps[i].columns);
        CHECK(taken == wraps[i].taken, "%s: %zu", wraps[i].reason, taken);
    }
    char small[6], one[1];
    CHECK(printable(small, sizeof small, S("abcdefgh"), SIZE_MAX, NULL) == 5 && strcmp(small, "abcde") == 0, "a small buffer");
    CHECK(printable(small, sizeof small, S("a\033b"), SIZE_MAX, NULL) == 1 && strcmp(small, "a") == 0, "a code point that it has no room for");
    CHECK(printable(one, sizeof one, S("abc"), SIZE_MAX, NULL) == 0 && one[0] == '\0', "room for the NUL alone");
    printable_cell(small, sizeof small, S("abcdefgh"), 8);
    CHECK(strcmp(small, "abcd~") == 0, "a cell wider than its buffer: %s", small);
    check_bytes();
    setlocale(LC_CTYPE, "C"); /* what a locale of another charset is to what it cannot write */
    check_texts(true);
    return check_report("printable");
}
