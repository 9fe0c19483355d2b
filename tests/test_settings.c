/* One table of settings, read from flags and files: what is taken, what is refused and how it is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feeds/settings.h"
#include "tests/check.h"

struct values {
    bool flag;
    const char *text;
    int word;
    struct setting_list list;
    uint64_t number, size;
};

static const struct setting table[] = {
    {"flag", 'F', SETTING_FLAG, offsetof(struct values, flag), NULL, ""},
    {"text", 't', SETTING_TEXT, offsetof(struct values, text), "TEXT", ""},
    {"word", 0, SETTING_WORD, offsetof(struct values, word), "one|two|three", ""},
    {"list", 'l', SETTING_LIST, offsetof(struct values, list), "ITEM", ""},
    {"number", 'n', SETTING_NUMBER, offsetof(struct values, number), "N", "", 1, 100},
    {"size", 's', SETTING_SIZE, offsetof(struct values, size), "SIZE", "", 1, 1ull << 50},
    {"only", 0, SETTING_FLAG, offsetof(struct values, flag), NULL, "", .flag_only = true},
};

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

struct row {
    const char *argv[8];
    const char *file;      /* read after the flags; NULL: none */
    const char *error;     /* part of the sentence; NULL: fine */
    struct values expected;
    const char *reason;
};

static const struct row rows[] = {
    {{NULL}, NULL, NULL, {0}, "nothing given, nothing set"},
    {{"-F", "--text=a=b", "-n5", "--size", "2K"}, NULL, NULL, {true, "a=b", 0, {{0}}, 5, 2048}, "short and long, joined and apart"},
    {{"-t", "-x"}, NULL, NULL, {.text = "-x"}, "a value may look like a flag"},
    {{"--word", "three"}, NULL, NULL, {.word = 2}, "a word of the list"},
    {{"--word", "on"}, NULL, "one of one|two|three", {0}, "half a word is none"},
    {{"--word", ""}, NULL, "one of", {0}, "an empty word is none"},
    {{"-l", "a", "--list=b"}, NULL, NULL, {.list = {{"a", "b"}, 2}}, "a repeated list adds"},
    {{"-n", "0"}, NULL, "from 1 to 100", {0}, "below"},
    {{"-n", "101"}, NULL, "from 1 to 100", {0}, "above"},
    {{"-n", "-1"}, NULL, "from 1 to 100", {0}, "strtoull would take it"},
    {{"-n", " 5"}, NULL, "not ' 5'", {0}, "and this"},
    {{"-n", "5K"}, NULL, "takes a number", {0}, "no unit on a number"},
    {{"-n", "99999999999999999999"}, NULL, "takes a number", {0}, "over 64 bits"},
    {{"-s", "1G"}, NULL, NULL, {.size = 1 << 30}, "a unit"},
    {{"-s", "1Gb"}, NULL, "takes a size", {0}, "one letter is enough"},
    {{"-s", "17179869185G"}, NULL, "takes a size", {0}, "over 64 bits after the unit"},
    {{"--flag=yes"}, NULL, "takes no value", {0}, "a flag is there or not"},
    {{"--text"}, NULL, "--text needs a value", {0}, "the value is missing"},
    {{"--nosuch"}, NULL, "unknown argument '--nosuch'", {0}, "unknown"},
    {{"--tex", "a"}, NULL, "unknown argument '--tex'", {0}, "no abbreviations: they break when a flag is added"},
    {{"loose"}, NULL, "unknown argument 'loose'", {0}, "not an option"},
    {{"-"}, NULL, "unknown argument '-'", {0}, "nor this"},
    {{""}, NULL, "unknown argument ''", {0}, "nor an empty one"},
    {{NULL}, "# a comment\n\ntext = of the file\nflag = yes\nnumber=7\n", NULL, {true, "of the file", 0, {{0}}, 7, 0}, "a file"},
    {{"-t", "mine"}, "text = the file's\n", NULL, {.text = "mine"}, "flags win"},
    {{"-l", "mine"}, "list = a\nlist = b\n", NULL, {.list = {{"mine"}, 1}}, "flags win over a list as a whole"},
    {{NULL}, "list = a\nlist = b\n", NULL, {.list = {{"a", "b"}, 2}}, "a repeated key adds"},
    {{NULL}, "flag = no\n", NULL, {0}, "a flag may be off"},
    {{NULL}, "flag = perhaps\n", "line 1: flag is yes or no", {0}, "but not in between"},
    {{NULL}, "text = a\n\nnosuch = b\n", "line 3: unknown key 'nosuch'", {.text = "a"}, "unknown key with its line"},
    {{NULL}, "only = yes\n", "line 1: unknown key 'only'", {0}, "a flag that has no key"},
    {{NULL}, "[part]\ntext = a\n", "line 2: a section", {0}, "there are no sections"},
    {{NULL}, "text\n", "line 1: not a 'key = value' line", {0}, "no value"},
    {{NULL}, "text = \"" LONG LONG LONG LONG "\"\nnosuch = b\n", "line 1: longer than 198 characters", {0}, "a line that the reader would cut in two"},
    {{NULL}, "text = a\n# " LONG LONG "\n\n  # more\nnosuch = b\n", "line 5: unknown key", {0}, "comments and empty lines count"},
    {{NULL}, "text = a", NULL, {.text = "a"}, "no line's end at the end"},
    {{NULL}, "number = 1000\nnosuch = 1\n", "line 1: number takes", {0}, "the first error is told"},
};

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same(const struct values *a, const struct values *b)
{
    if (a->flag != b->flag || a->word != b->word || a->number != b->number || a->size != b->size || a->list.count != b->list.count)
        return false;
    for (unsigned i = 0; i < a->list.count; i++)
        if (!same_text(a->list.value[i], b->list.value[i]))
            return false;
    return same_text(a->text, b->text) && a->list.value[a->list.count] == NULL;
}

static void try_row(const struct row *row, const char *path)
{
    struct values values = {0};
    struct settings settings = {.table = table, .count = sizeof table / sizeof *table, .values = &values};
    char err[ERRLEN] = "", *argv[10] = {(char *)"program"};
    int argc = 1;
    while (argc < 8 && row->argv[argc - 1] != NULL) {
        argv[argc] = (char *)row->argv[argc - 1];
        argc++;
    }
    bool fine = settings_flags(&settings, argc, argv, err);
    if (fine && row->file != NULL) {
        FILE *file = fopen(path, "w");
        fputs(row->file, file);
        fclose(file);
        fine = settings_file(&settings, path, err);
    }
    CHECK(fine == (row->error == NULL), "%s: %s", row->reason, err);
    if (row->error != NULL)
        CHECK(strstr(err, row->error) != NULL && strchr(err, '\n') == NULL, "%s: says '%s'", row->reason, err);
    else
        CHECK(same(&values, &row->expected), "%s", row->reason);
    settings_free(&settings);
}

/* Each value with where it came from, a list's too. */
static void origins(const char *path)
{
    static const char expected[] = "flag                 = no  (default)\n"
                                   "text                 = x  (command line)\n"
                                   "word                 = two  (file %s:2)\n"
                                   "list                 = a  (file %s:1)\n"
                                   "list                 = b  (file %s:5)\n"
                                   "number               = 7  (file %s:4)\n"
                                   "size                 = 0  (default)\n";
    struct values values = {0};
    struct settings settings = {.table = table, .count = sizeof table / sizeof *table, .values = &values};
    char err[ERRLEN] = "", wanted[1024], *text = NULL, *argv[] = {(char *)"program", (char *)"-tx"};
    size_t len = 0;
    FILE *file = fopen(path, "w"), *out = open_memstream(&text, &len);
    fputs("list = a\nword = two\ntext = no\nnumber = 7\nlist = b\n", file);
    fclose(file);
    CHECK(settings_flags(&settings, 2, argv, err) && settings_file(&settings, path, err), "%s", err);
    settings_print(&settings, true, out);
    fclose(out);
    snprintf(wanted, sizeof wanted, expected, path, path, path, path);
    CHECK(strcmp(text, wanted) == 0, "not:\n%sbut:\n%s", wanted, text);
    free(text);
    settings_free(&settings);
}

/* Arguments that are no flags, where a program takes some: they keep their order, wherever they stand. */
static void operands(void)
{
    static const struct {
        const char *argv[8], *operands, *error, *reason;
    } tries[] = {
        {{NULL}, "", NULL, "none"},
        {{"a", "-F", "b", "-t", "x", "-"}, "a b - ", NULL, "between flags; - is one"},
        {{"-F", "--", "--flag", "-x", "--"}, "--flag -x -- ", NULL, "behind -- everything is one"},
        {{"a", "--nosuch"}, NULL, "unknown argument '--nosuch'", "what looks like a flag is none"},
        {{"-t", "--", "a"}, "a ", NULL, "a flag's value comes first"},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct values values = {0};
        struct settings settings = {.table = table, .count = sizeof table / sizeof *table, .values = &values, .operand = "FILE"};
        char err[ERRLEN] = "", text[64] = "", *argv[10] = {(char *)"program"};
        int argc = 1;
        for (; argc < 8 && tries[i].argv[argc - 1] != NULL; argc++)
            argv[argc] = (char *)tries[i].argv[argc - 1];
        bool fine = settings_flags(&settings, argc, argv, err);
        for (unsigned j = 0; fine && j < settings.operand_count; j++)
            strcat(strcat(text, settings.operands[j]), " ");
        CHECK(fine == (tries[i].error == NULL), "%s: %s", tries[i].reason, err);
        CHECK(fine ? strcmp(text, tries[i].operands) == 0 : strstr(err, tries[i].error) != NULL, "%s: '%s' %s", tries[i].reason, text, err);
    }
}

static void printed(void)
{
    struct values values = {.text = "redis://user:s3cret@host/1"};
    struct settings settings = {.table = table, .count = sizeof table / sizeof *table, .values = &values};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    settings_print(&settings, true, out);
    settings_help(&settings, out);
    fclose(out);
    CHECK(strstr(text, "redis://user:***@host/1") != NULL && strstr(text, "s3cret") == NULL, "a password is not printed: %s", text);
    free(text);
}

int main(void)
{
    char path[] = "/tmp/radome-settings-XXXXXX";
    close(mkstemp(path));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        try_row(&rows[i], path);
    origins(path);
    operands();
    printed();
    unlink(path);
    return check_report("test_settings");
}
