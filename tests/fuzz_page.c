/* Any lines at all as a page: its data is valid JSON within the bound, and no byte of it is markup. */
#include <stdio.h>
#include <stdlib.h>

#include "feeds/page.h"
#include "feeds/tree.h"
#include "tests/check.h"

enum { LIMIT = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t occurrences(struct slice text, struct slice word)
{
    size_t n = 0;
    for (ptrdiff_t at; (at = slice_find(text, word)) >= 0; n++)
        text = slice_from(text, (size_t)at + word.len);
    return n;
}

static void check_page(struct slice page)
{
    char err[ERRLEN];
    struct slice begin = S("<script type=\"application/json\" id=\"data\">");
    ptrdiff_t at = slice_find(page, begin);
    if (at < 0 || occurrences(page, S("<script")) != 2 || occurrences(page, S("</script")) != 2 || occurrences(page, S("<!--")) > 0)
        abort();
    struct slice json = slice_from(page, (size_t)at + begin.len);
    json = slice_head(json, (size_t)slice_find(json, S("</script")));
    struct tree *tree = tree_open(json, err);
    if (tree == NULL || slice_chr(json, '<') >= 0 || slice_chr(json, '>') >= 0 || slice_chr(json, '&') >= 0)
        abort();
    tree_close(tree);
}

static void read_lines(struct page_rows *rows, struct page_facts *facts, char *first, struct slice text)
{
    static char out[ROW_MAX];
    char err[ERRLEN];
    while (text.len > 0) {
        ptrdiff_t end = slice_chr(text, '\n');
        struct row row;
        page_row(&row, slice_cut(&text, end < 0 ? text.len : (size_t)end), out, err);
        slice_cut(&text, 1);
        facts->lines++;
        if (row.kind == ROW_UNREADABLE && facts->unreadable++ == 0)
            snprintf(first, ERRLEN, "%s", err);
        else if (row.kind <= ROW_HIT)
            page_rows_put(rows, &row);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char err[ERRLEN], first[ERRLEN] = "", title[64], *text = NULL;
    size_t len = 0, kept = 0;
    struct slice input = slice_of(data, size);
    struct page_rows *rows = page_rows_open(LIMIT, 7, err);
    FILE *out = open_memstream(&text, &len);
    slice_text(input, title, sizeof title);
    struct page_facts facts = {.title = title, .sources = (const char *const[]){title}, .source_count = 1, .first_unreadable = first};
    if (rows == NULL || out == NULL)
        abort();
    read_lines(rows, &facts, first, input);
    page_rows_sort(rows);
    for (size_t i = 0; i < page_rows_count(rows); i++)
        kept += page_rows_text(rows, i).len;
    if (kept > LIMIT || !page_write(out, &facts, rows, err))
        abort();
    fclose(out);
    check_page(slice_of(text, len));
    free(text);
    page_rows_close(rows);
    return 0;
}
