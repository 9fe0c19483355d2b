/* Names never to flag: what a list may look like, and which entry decides. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "feeds/allow.h"
#include "tests/check.h"

static const char *temporary(struct slice text)
{
    static char path[] = "/tmp/test_allow.XXXXXX";
    static bool made;
    int fd = made ? -1 : mkstemp(path);
    if (fd >= 0)
        close(fd);
    made = true;
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(text.p, 1, text.len, file) != text.len || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    return path;
}

static struct allow *open_text(struct slice text, bool builtin, char err[static ERRLEN])
{
    const char *path = temporary(text);
    err[0] = '\0';
    return allow_open(&path, 1, builtin, 7, err);
}

static const struct {
    const char *reason;
    struct slice list;
    const char *name, *decides; /* NULL: nothing does */
    size_t unreadable;
} rows[] = {
    {"the name itself", S("kodak.com\n"), "kodak.com", "kodak.com", 0},
    {"a name covers its subdomains", S("kodak.com\n"), "a.b.kodak.com", "kodak.com", 0},
    {"not what only ends alike", S("kodak.com\n"), "xkodak.com", NULL, 0},
    {"not the name above", S("www.kodak.com\n"), "kodak.com", NULL, 0},
    {"the nearest entry decides", S("kodak.com\nb.kodak.com\n"), "a.b.kodak.com", "b.kodak.com", 0},
    {"rank,name", S("1,google.com\n2,kodak.com\n"), "www.kodak.com", "kodak.com", 0},
    {"rank,name,more", S("1,kodak.com,99\n"), "kodak.com", "kodak.com", 0},
    {"a rank that is none", S("x y,kodak.com\nsonos.com"), "kodak.com", NULL, 1},
    {"CRLF", S("canon.com\r\nkodak.com\r\n"), "kodak.com", "kodak.com", 0},
    {"no line end at the end", S("kodak.com"), "kodak.com", "kodak.com", 0},
    {"byte order mark", S("\xef\xbb\xbfkodak.com\n"), "kodak.com", "kodak.com", 0},
    {"comments, whole lines and behind a name", S("# honest\n\nkodak.com # cameras\n"), "kodak.com", "kodak.com", 0},
    {"capitals in the list", S("KoDak.COM\n"), "kodak.com", "kodak.com", 0},
    {"capitals in the question", S("kodak.com\n"), "KODAK.com", "kodak.com", 0},
    {"the root's dot in the list", S("kodak.com.\n"), "kodak.com", "kodak.com", 0},
    {"the root's dot in the question", S("kodak.com\n"), "kodak.com.", "kodak.com", 0},
    {"a star in front", S("*.kodak.com\n"), "a.kodak.com", "kodak.com", 0},
    {"another script", S("m\xc3\xbcsli.com\n"), "xn--msli-0ra.com", "xn--msli-0ra.com", 0},
    {"the same in capitals", S("M\xc3\x9cSLI.com\n"), "xn--msli-0ra.com", "xn--msli-0ra.com", 0},
    {"bytes that are not UTF-8", S("m\xfcsli.com\nkodak.com\n"), "kodak.com", "kodak.com", 1},
    {"an address is no name", S("192.0.2.1\nkodak.com\n"), "kodak.com", "kodak.com", 1},
    {"a label of 64 bytes", S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com\nkodak.com"), "kodak.com",
     "kodak.com", 1},
    {"an empty question", S("kodak.com\n"), "", NULL, 0},
    {"a question of dots", S("kodak.com\n"), "...", NULL, 0},
};

static const struct {
    const char *reason;
    struct slice list;
    const char *says;
} refused[] = {
    {"empty", S(""), "without a name"},
    {"comments only", S("# nothing\n\n"), "without a name"},
    {"no name in any line", S("\n###\n<html>\n<body>\n"), "line 3"},
    {"bytes", S("\x00\x01\x02\xff\xfe\n\x00"), "line 1"},
};

static void test_rows(void)
{
    char err[ERRLEN];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct allow *allow = open_text(rows[i].list, false, err);
        if (!CHECK(allow != NULL, "%s: %s", rows[i].reason, err))
            continue;
        const char *entry = allow_find(allow, guard_copy(slice_str(rows[i].name), 0));
        CHECK((entry == NULL) == (rows[i].decides == NULL), "%s", rows[i].reason);
        CHECK(entry == NULL || rows[i].decides == NULL || strcmp(entry, rows[i].decides) == 0, "%s: %s", rows[i].reason, entry);
        CHECK(allow_unreadable(allow) == rows[i].unreadable, "%s: %zu", rows[i].reason, allow_unreadable(allow));
        allow_close(allow);
    }
}

static void test_refused(void)
{
    char err[ERRLEN];
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct allow *allow = open_text(refused[i].list, true, err);
        CHECK(allow == NULL && strstr(err, refused[i].says) != NULL, "%s: %s", refused[i].reason, err);
        allow_close(allow);
    }
    const char *nowhere = "/nowhere/allow.txt", *directory = "/tmp";
    CHECK(allow_open(&nowhere, 1, true, 7, err) == NULL && strstr(err, nowhere) != NULL, "no such file: %s", err);
    CHECK(allow_open(&directory, 1, true, 7, err) == NULL && strstr(err, directory) != NULL, "a directory: %s", err);
}

static void test_builtin(void)
{
    char err[ERRLEN];
    struct allow *allow = allow_open(NULL, 0, true, 7, err);
    CHECK(allow != NULL && allow_unreadable(allow) == 0, "every line of the built-in list is a name: %s", err);
    allow_close(allow);
    allow = allow_open(NULL, 0, false, 7, err);
    CHECK(allow != NULL && allow_count(allow) == 0 && allow_find(allow, S("kodak.com")) == NULL, "nothing is allowed");
    allow_close(allow);
    CHECK(allow_find(NULL, S("kodak.com")) == NULL, "no list at all");
    allow_close(NULL);
}

/* A list of Tranco's size. */
static void test_many(void)
{
    enum { NAMES = 200000 };
    char *text = malloc(NAMES * 32), err[ERRLEN];
    size_t n = 0;
    for (int i = 1; i <= NAMES; i++)
        n += (size_t)sprintf(text + n, "%d,name%d.example%d.org\r\n", i, i, i % 97);
    struct allow *allow = open_text(slice_of(text, n), false, err);
    CHECK(allow != NULL && allow_count(allow) == NAMES, "all of %d names: %s", NAMES, err);
    const char *entry = allow_find(allow, S("www.name199999.example82.org"));
    CHECK(entry != NULL && strcmp(entry, "name199999.example82.org") == 0, "one near the end");
    CHECK(allow_find(allow, S("name200001.example82.org")) == NULL, "one behind the end");
    allow_close(allow);
    free(text);
}

int main(void)
{
    test_rows();
    test_refused();
    test_builtin();
    test_many();
    unlink(temporary(S("")));
    return check_report("allow");
}
