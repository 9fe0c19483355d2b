#include "feeds/ioc.h"

#include <string.h>

#include "feeds/builtin.h"
#include "feeds/list.h"
#include "feeds/stix.h"

struct reading {
    struct indicators *set;
    const char *name;      /* the list, for errors */
    const char *provider;  /* of rows that name none: the list's file name */
    struct ioc_stats *stats;
    size_t number;         /* the line, or the object of a bundle, that is read */
    bool full;             /* no memory for more */
};

/* The values as they are looked up; false: the row says nothing that could ever match. */

static bool put_domain(struct slice word, char value[static INDICATOR_VALUE])
{
    return list_name(word, value);
}

static bool put_addr(struct slice word, char value[static INDICATOR_VALUE], bool v4)
{
    struct addr addr;
    if (!addr_parse(&addr, word) || addr_is_v4(&addr) != v4)
        return false;
    addr_format(&addr, value);
    return true;
}

static bool put_ipv4(struct slice word, char value[static INDICATOR_VALUE])
{
    return put_addr(word, value, true);
}

static bool put_ipv6(struct slice word, char value[static INDICATOR_VALUE])
{
    return put_addr(word, value, false);
}

static bool put_text(struct slice word, char value[static INDICATOR_VALUE])
{
    for (size_t i = 0; i < word.len; i++)
        if (word.p[i] < 0x20 || word.p[i] == 0x7f)
            return false;
    return word.len > 0 && word.len < INDICATOR_VALUE && slice_text(word, value, INDICATOR_VALUE) == word.len;
}

/* scheme://host[:port][/path], without a port that the scheme implies. A host in another script is looked up in punycode,
 * so its URL is as well. */
static bool put_url(struct slice word, char value[static INDICATOR_VALUE])
{
    char host[HIT_NAME];
    struct addr addr;
    ptrdiff_t scheme = slice_chr(slice_head(word, 8), ':');
    if (scheme <= 0 || !slice_starts(slice_from(word, (size_t)scheme), S("://")) || !put_text(word, value))
        return false;
    struct slice rest = slice_from(word, (size_t)scheme + 3);
    size_t n = 0;
    while (n < rest.len && rest.p[n] != ':' && rest.p[n] != '/' && rest.p[n] != '?' && rest.p[n] != '#')
        n++;
    if (addr_parse(&addr, slice_head(rest, n)) || slice_starts(rest, S("[")))
        return true;
    if (!list_name(slice_head(rest, n), host))
        return false;
    rest = slice_from(rest, n);
    struct slice usual = scheme == 4 ? S(":80") : S(":443");
    if (slice_starts(rest, usual) && (rest.len == usual.len || rest.p[usual.len] == '/'))
        rest = slice_from(rest, usual.len);
    size_t length = strlen(host), begun = (size_t)scheme + 3; /* the scheme stands in value already */
    if (begun + length + rest.len >= INDICATOR_VALUE)
        return false;
    memcpy(value + begun, host, length);
    slice_text(rest, value + begun + length, INDICATOR_VALUE - begun - length);
    return true;
}

/* MD5, SHA-1 or SHA-256. */
static bool put_hash(struct slice word, char value[static INDICATOR_VALUE])
{
    if (word.len != 32 && word.len != 40 && word.len != 64)
        return false;
    slice_text(word, value, INDICATOR_VALUE);
    return strspn(value, "0123456789abcdefABCDEF") == word.len;
}

static bool (*const put[INDICATOR_TYPES])(struct slice, char[static INDICATOR_VALUE]) = {
    [INDICATOR_DOMAIN] = put_domain, [INDICATOR_IPV4] = put_ipv4,      [INDICATOR_IPV6] = put_ipv6,
    [INDICATOR_URL] = put_url,       [INDICATOR_FILE] = put_hash,      [INDICATOR_FILE_NAME] = put_text,
    [INDICATOR_EXTENSION] = put_text,
};

static void unreadable(struct reading *r)
{
    if (r->stats->unreadable++ == 0)
        r->stats->first_bad = r->number;
}

/* False where the row cannot be taken; whether that is told is the caller's affair. */
static bool take(struct reading *r, const struct indicator *row)
{
    char value[INDICATOR_VALUE];
    if (!put[row->type](slice_trim(slice_str(row->value)), value))
        return false;
    struct indicator added = *row;
    added.value = value;
    added.line = (uint32_t)r->number;
    if (row->provider[0] == '\0')
        added.provider = r->provider;
    if (!indicators_add(r->set, &added))
        r->full = true;
    r->stats->rows++;
    r->stats->of_type[row->type]++;
    return true;
}

/* A single word of a plain list: what it is shows by its form. No two forms overlap: a name has a dot and a letter behind
 * it, an address parses, a hash has neither dot nor colon. */
static bool take_word(struct reading *r, struct slice word)
{
    static const enum indicator_type with_colon[] = {INDICATOR_IPV6, INDICATOR_URL, INDICATOR_TYPES},
                                     without[] = {INDICATOR_DOMAIN, INDICATOR_IPV4, INDICATOR_FILE, INDICATOR_TYPES};
    const enum indicator_type *type = slice_chr(word, ':') >= 0 ? with_colon : without;
    char text[INDICATOR_VALUE];
    if (word.len >= sizeof text || slice_text(word, text, sizeof text) != strlen(text))
        return false;
    for (; *type != INDICATOR_TYPES; type++)
        if (take(r, &(struct indicator){*type, text, "", "", ""}))
            return true;
    return false;
}

/* "address name name …": a hosts file says where names shall lead, so its names are listed and its addresses are not. The
 * machine's own names in it, localhost and the like, are no part of the list. */
static void take_hosts(struct reading *r, struct slice names)
{
    struct slice word;
    char name[HIT_NAME];
    while (list_word(&names, &word)) {
        bool own = slice_chr(word, '.') < 0 || slice_ieq(word, S("localhost.localdomain")) || slice_eq(word, S("0.0.0.0"));
        if (own)
            continue;
        if (!list_name(word, name) || !take(r, &(struct indicator){INDICATOR_DOMAIN, name, "", "", ""}))
            unreadable(r);
    }
}

static void read_plain(struct reading *r, struct slice text)
{
    struct slice line, word;
    struct addr addr;
    while (!r->full && list_line(&text, &line, &r->number)) {
        struct slice rest = line;
        list_word(&rest, &word);
        if (rest.len > 0 && addr_parse(&addr, word))
            take_hosts(r, rest);
        else if (rest.len > 0 || !take_word(r, word))
            unreadable(r);
    }
}

/* The five columns, wherever the header puts them. */
enum { TYPE, INDICATOR, FAMILY, PROVIDER, DESCRIPTION, COLUMNS };

static const char *const columns[COLUMNS] = {"type", "indicator", "family", "provider", "description"};

static bool read_header(struct slice *text, int column[static 16], size_t *number)
{
    char field[64];
    bool last = false, seen[COLUMNS] = {false};
    for (int i = 0; !last; i++) {
        list_field(text, field, sizeof field, &last, number);
        for (int c = 0; c < COLUMNS; c++)
            if (i < 16 && slice_ieq(slice_trim(slice_str(field)), slice_str(columns[c]))) {
                column[i] = c;
                seen[c] = true;
            }
    }
    return seen[TYPE] && seen[INDICATOR];
}

/* Blank lines and comments between records; false: nothing behind them. */
static bool skip_csv(struct slice *text, size_t *number)
{
    while (text->len > 0) {
        struct slice rest = *text, line;
        size_t passed = 0;
        ptrdiff_t end = slice_chr(rest, '\n');
        struct slice one = slice_cut(&rest, end < 0 ? rest.len : (size_t)end + 1);
        if (list_line(&one, &line, &passed))
            return true;
        ++*number;
        *text = rest;
    }
    return false;
}

/* False: the header lacks a column. */
static bool read_csv(struct reading *r, struct slice text, size_t *number)
{
    int column[16];
    char field[COLUMNS][INDICATOR_VALUE], other[64];
    for (int i = 0; i < 16; i++)
        column[i] = COLUMNS;
    skip_csv(&text, number);
    if (!read_header(&text, column, number))
        return false;
    while (!r->full && skip_csv(&text, number)) {
        r->number = *number + 1;
        bool last = false;
        for (int c = 0; c < COLUMNS; c++)
            field[c][0] = '\0';
        for (int i = 0; !last; i++) {
            int c = i < 16 ? column[i] : COLUMNS;
            list_field(&text, c < COLUMNS ? field[c] : other, c < COLUMNS ? sizeof *field : sizeof other, &last, number);
        }
        struct indicator row = {INDICATOR_DOMAIN, field[INDICATOR], field[FAMILY], field[PROVIDER], field[DESCRIPTION]};
        if (!indicator_type_of(slice_trim(slice_str(field[TYPE])), &row.type) || !take(r, &row))
            unreadable(r);
    }
    return true;
}

static bool read_stix(struct reading *r, struct slice text, char err[static ERRLEN])
{
    char why[ERRLEN];
    struct indicator row;
    struct stix *stix = stix_open(text, why);
    if (stix == NULL) {
        error_set(err, "%s: %.400s", r->name, why);
        return false;
    }
    size_t bad = 0;
    while (!r->full && stix_next(stix, &row)) {
        r->number = stix_place(stix);
        bad += !take(r, &row);
    }
    r->stats->unreadable += stix_unreadable(stix) + bad;
    r->stats->first_bad = stix_first_bad(stix);
    stix_close(stix);
    return true;
}

/* radome's CSV begins with a header that names its first two columns; a bundle with a brace; all else is lines. */
static bool is_csv(struct slice text)
{
    struct slice line;
    size_t number = 0;
    return list_line(&text, &line, &number) && slice_chr(line, ',') >= 0 &&
           (slice_ieq(slice_head(line, 4), S("type")) || slice_ieq(slice_head(line, 5), S("\"type")));
}

static bool is_json(struct slice text)
{
    while (text.len > 0 && strchr(" \t\r\n", text.p[0]) != NULL && text.p[0] != '\0')
        text = slice_from(text, 1);
    return slice_starts(text, S("{"));
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

bool ioc_read(struct indicators *set, const char *name, struct slice text, struct ioc_stats *stats, char err[static ERRLEN])
{
    struct reading r = {.set = set, .name = name, .provider = last_part(name), .stats = stats};
    size_t number = 0;
    *stats = (struct ioc_stats){0};
    text = list_without_mark(text);
    bool json = is_json(text);
    if (!indicators_list(set, name)) {
        error_set(err, "%s: one list more than there is room for", name);
        return false;
    }
    if (json) {
        if (!read_stix(&r, text, err))
            return false;
    } else if (!is_csv(text))
        read_plain(&r, text);
    else if (!read_csv(&r, text, &number)) {
        error_set(err, "%s: line %zu: the header must name the columns \"type\" and \"indicator\"", name, number);
        return false;
    }
    if (r.full)
        error_set(err, "%s: no memory for more than %zu indicators", name, stats->rows);
    else if (stats->rows == 0 && stats->unreadable > 0)
        error_set(err, "%s: %s %zu: not an indicator, nor is any other of this list", name, json ? "object" : "line",
                  stats->first_bad);
    else if (stats->rows == 0) {
        stats->empty = true;
        error_set(err, "%s: a list without an indicator; leave it out instead", name);
    }
    return !r.full && stats->rows > 0;
}

bool ioc_load(struct indicators *set, const char *path, struct ioc_stats *stats, char err[static ERRLEN])
{
    struct slice text;
    *stats = (struct ioc_stats){0};
    if (!list_file(path, &text, err))
        return false;
    bool read = ioc_read(set, path, text, stats, err);
    list_free(text);
    return read;
}

bool ioc_builtin(struct indicators *set, struct ioc_stats *stats, char err[static ERRLEN])
{
    return ioc_read(set, "built-in list", builtin_indicators(), stats, err);
}

struct indicators *ioc_open(const char *const *paths, size_t count, bool builtin, uint64_t seed, struct ioc_stats *stats,
                            char err[static ERRLEN])
{
    struct ioc_stats unasked;
    struct indicators *set = indicators_open(seed, err);
    bool well = set != NULL;
    for (size_t i = 0; well && i < count; i++)
        well = ioc_load(set, paths[i], stats != NULL ? &stats[i] : &unasked, err) || (stats != NULL && stats[i].empty);
    if (well && builtin)
        well = ioc_builtin(set, &unasked, err);
    if (well && indicators_seal(set, err))
        return set;
    indicators_close(set);
    return NULL;
}
