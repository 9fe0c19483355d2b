#include "feeds/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "classifiers/digest.h"
#include "feeds/writer.h"

/* As in feeds/builtin.c. The script's files are one script in this order: what a file uses at once stands before it. */
__asm__(".pushsection .rodata\n"
        ".hidden page_html, page_css, page_js, page_end\n"
        ".globl page_html, page_css, page_js, page_end\n"
        "page_html: .incbin \"feeds/page/report.html\"\n"
        "page_css: .incbin \"feeds/page/report.css\"\n"
        "page_js:\n"
        ".incbin \"feeds/page/text.js\"\n"
        ".incbin \"feeds/page/data.js\"\n"
        ".incbin \"feeds/page/indicators.js\"\n"
        ".incbin \"feeds/page/timeline.js\"\n"
        ".incbin \"feeds/page/schedule.js\"\n"
        ".incbin \"feeds/page/graph.js\"\n"
        ".incbin \"feeds/page/explain.js\"\n"
        ".incbin \"feeds/page/incidents.js\"\n"
        ".incbin \"feeds/page/hits.js\"\n"
        ".incbin \"feeds/page/address.js\"\n"
        ".incbin \"feeds/page/controls.js\"\n"
        ".incbin \"feeds/page/page.js\"\n"
        "page_end: .byte 0\n"
        ".popsection\n");

extern const uint8_t page_html[] __attribute__((visibility("hidden")));
extern const uint8_t page_css[] __attribute__((visibility("hidden")));
extern const uint8_t page_js[] __attribute__((visibility("hidden")));
extern const uint8_t page_end[] __attribute__((visibility("hidden")));

enum { FACTS_MAX = 1 << 18, SOURCES_MAX = 64, SOURCE_MAX = 512, BASE64_SHA256 = 44 };

struct page {
    FILE *out;
    const struct page_facts *facts;
    const struct page_rows *rows;
    char style[BASE64_SHA256 + 1], script[BASE64_SHA256 + 1]; /* hashes */
};

static struct slice between(const uint8_t *from, const uint8_t *to)
{
    return slice_of(from, (size_t)(to - from));
}

static void put(FILE *out, struct slice text)
{
    if (text.len > 0)
        fwrite(text.p, 1, text.len, out);
}

/* Text as it may stand in HTML, within an element or a quoted attribute. */
static void put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        case '\'': fputs("&#39;", out); break;
        default: fputc(*text, out);
        }
}

/* JSON as it may stand in a script element. Outside of its strings JSON has none of these, and in them this is the same: no
 * end tag, no comment, no entity. The writer has escaped U+2028 and its like. */
static void put_json(FILE *out, struct slice json)
{
    static const char *const escape[256] = {['<'] = "\\u003c", ['>'] = "\\u003e", ['&'] = "\\u0026"};
    while (json.len > 0) {
        size_t plain = 0;
        while (plain < json.len && escape[json.p[plain]] == NULL)
            plain++;
        put(out, slice_cut(&json, plain));
        if (json.len > 0)
            fputs(escape[slice_cut(&json, 1).p[0]], out);
    }
}

static void put_title(const struct page *page)
{
    put_text(page->out, page->facts->title);
}

static void put_policy(const struct page *page)
{
    fprintf(page->out, "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; "
                       "require-trusted-types-for 'script'; trusted-types 'none'", page->script, page->style);
}

static void put_style(const struct page *page)
{
    put(page->out, between(page_css, page_js));
}

static void put_script(const struct page *page)
{
    put(page->out, between(page_js, page_end));
}

static struct slice facts_text(const struct page *page, char out[static FACTS_MAX])
{
    static const char *const kinds[] = {[ROW_INCIDENT] = "incidents", [ROW_CLUSTER] = "clusters", [ROW_HIT] = "hits"};
    struct writer w = writer_of(out, FACTS_MAX);
    const struct page_facts *facts = page->facts;
    struct page_rows_stats stats;
    page_rows_stats(page->rows, &stats);
    writer_object(&w, NULL);
    writer_bytes(&w, "title", slice_head(slice_str(facts->title), SOURCE_MAX));
    writer_text(&w, "version", RADOME_VERSION);
    writer_array(&w, "sources");
    for (size_t i = 0; i < facts->source_count && i < SOURCES_MAX; i++)
        writer_bytes(&w, NULL, slice_head(slice_str(facts->sources[i]), SOURCE_MAX));
    writer_end(&w);
    writer_uint(&w, "source_count", facts->source_count);
    writer_uint(&w, "lines", facts->lines);
    writer_uint(&w, "unreadable", facts->unreadable);
    writer_text(&w, "first_unreadable", facts->first_unreadable);
    writer_uint(&w, "repeats", stats.repeats);
    writer_uint(&w, "records", facts->records);
    writer_uint(&w, "lost", facts->lost);
    writer_object(&w, "left_out");
    for (int kind = 0; kind <= ROW_HIT; kind++)
        writer_uint(&w, kinds[kind], stats.left_out[kind]);
    writer_end(&w);
    writer_end(&w);
    return slice_of(out, writer_finish(&w));
}

static void put_data(const struct page *page)
{
    static char facts[FACTS_MAX];
    fputs("{\"facts\":", page->out);
    put_json(page->out, facts_text(page, facts));
    fputs(",\"rows\":[\n", page->out);
    for (size_t i = 0; i < page_rows_count(page->rows); i++) {
        if (i > 0)
            fputc(',', page->out);
        put_json(page->out, page_rows_text(page->rows, i));
    }
    fputs("]}", page->out);
}

static void base64(char out[static BASE64_SHA256 + 1], const uint8_t bytes[static 32])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < BASE64_SHA256; i++) {
        int bit = 6 * i, byte = bit / 8;
        unsigned pair = byte < 32 ? (unsigned)bytes[byte] << 8 | (byte < 31 ? bytes[byte + 1] : 0u) : 0u;
        out[i] = byte < 32 ? letters[pair >> (10 - bit % 8) & 63] : '=';
    }
    out[BASE64_SHA256] = '\0';
}

static bool hash(struct digests *digests, struct slice text, char out[static BASE64_SHA256 + 1])
{
    struct digest_value value;
    if (!digest_start(digests, 0) || !digest_feed(digests, 0, text) || !digest_end(digests, 0, &value))
        return false;
    base64(out, value.sha256);
    return true;
}

static bool hash_both(struct page *page, char err[static ERRLEN])
{
    struct digests *digests = digests_open(1, err);
    bool good = digests != NULL && hash(digests, between(page_css, page_js), page->style) && hash(digests, between(page_js, page_end), page->script);
    if (digests != NULL && !good)
        error_set(err, "the page's script cannot be hashed");
    digests_close(digests);
    return good;
}

/* report.html with what its {{marks}} stand for. */
static void put_page(const struct page *page)
{
    static const struct {
        struct slice mark;
        void (*put)(const struct page *);
    } marks[] = {
        {{(const uint8_t *)"{{title}}", 9}, put_title}, {{(const uint8_t *)"{{policy}}", 10}, put_policy}, {{(const uint8_t *)"{{style}}", 9}, put_style},
        {{(const uint8_t *)"{{data}}", 8}, put_data},   {{(const uint8_t *)"{{script}}", 10}, put_script},
    };
    struct slice html = between(page_html, page_css);
    while (html.len > 0) {
        ptrdiff_t at = slice_find(html, S("{{"));
        put(page->out, slice_cut(&html, at < 0 ? html.len : (size_t)at));
        size_t i = 0;
        while (i < sizeof marks / sizeof *marks && !slice_starts(html, marks[i].mark))
            i++;
        if (i < sizeof marks / sizeof *marks) {
            marks[i].put(page);
            slice_cut(&html, marks[i].mark.len);
        } else {
            put(page->out, slice_cut(&html, 1));
        }
    }
}

bool page_write(FILE *out, const struct page_facts *facts, const struct page_rows *rows, char err[static ERRLEN])
{
    struct page page = {.out = out, .facts = facts, .rows = rows};
    if (!hash_both(&page, err))
        return false;
    put_page(&page);
    if (fflush(out) == 0 && !ferror(out))
        return true;
    error_set(err, "cannot be written: %s", strerror(errno));
    return false;
}
