#include "feeds/allow.h"

#include <stdlib.h>

#include "classifiers/indicators.h"
#include "feeds/builtin.h"
#include "feeds/geoip.h"
#include "feeds/list.h"

/* An allowlist asks the same of its table as an indicator list does: the nearest name above that is listed. Networks and
 * autonomous systems stand in the same table as the words that a person would write for them, "client 10.1.2.0/24": only
 * what would be told is ever looked up here, so a word for each length of prefix in use costs nothing that counts. */

static const enum indicator_type word_type = INDICATOR_EXTENSION; /* folded like a name, and nothing else */

enum { WORD_BYTES = 64, BITS = 128, V4_BITS = 96 };

enum side { CLIENT, SERVER, SIDES };

static const char *const sides[SIDES] = {"client", "server"};

struct allow {
    struct indicators *entries;
    bool prefix[SIDES][BITS + 1]; /* lengths in use; of IPv4 behind the 96 bits of its mapping */
    bool as;
    size_t of_kind[ALLOW_KINDS];
};

struct line {
    enum allow_kind kind;
    enum indicator_type type;
    char text[HIT_NAME];
};

static void mask(struct addr *addr, unsigned bits)
{
    for (unsigned i = 0; i < sizeof addr->b; i++)
        addr->b[i] &= bits >= 8 * (i + 1) ? 0xff : bits <= 8 * i ? 0 : (uint8_t)(0xff00 >> bits % 8);
}

/* The word of the network of that many bits around the address. */
static struct slice network_word(char out[static WORD_BYTES], enum side side, const struct addr *addr, unsigned bits)
{
    char text[ADDR_TEXT];
    struct addr network = *addr;
    mask(&network, bits);
    int n = snprintf(out, WORD_BYTES, "%s %s/%u", sides[side], addr_format(&network, text),
                     addr_is_v4(addr) ? bits - V4_BITS : bits);
    return slice_of(out, (size_t)n);
}

static bool number_of(struct slice text, uint64_t most, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < '0' || text.p[i] > '9' || *number > most)
            return false;
        *number = *number * 10 + (text.p[i] - '0');
    }
    return text.len > 0 && *number <= most;
}

/* An address or network. One of no bits at all would allow everything: that is no list, that is switching off. */
static bool read_network(struct allow *allow, enum side side, struct slice text, struct line *line)
{
    struct addr addr;
    struct slice first = slice_until(text, '/');
    uint64_t bits = BITS;
    if (!addr_parse(&addr, first))
        return false;
    unsigned base = addr_is_v4(&addr) ? V4_BITS : 0;
    if (first.len < text.len) {
        if (!number_of(slice_from(text, first.len + 1), BITS - base, &bits) || bits == 0)
            return false;
        bits += base;
    }
    line->kind = side == CLIENT ? ALLOW_CLIENTS : ALLOW_SERVERS;
    line->type = word_type;
    network_word(line->text, side, &addr, (unsigned)bits);
    allow->prefix[side][bits] = true;
    return true;
}

static struct slice as_word(char out[static WORD_BYTES], uint64_t number)
{
    return slice_of(out, (size_t)snprintf(out, WORD_BYTES, "as %llu", (unsigned long long)number));
}

static bool read_as(struct allow *allow, struct slice text, struct line *line)
{
    uint64_t number;
    if (slice_ieq(slice_head(text, 2), S("as")))
        text = slice_from(text, 2);
    if (!number_of(text, UINT32_MAX, &number) || number == 0)
        return false;
    line->kind = ALLOW_AS;
    line->type = word_type;
    as_word(line->text, number);
    return allow->as = true;
}

/* "name" or "rank,name": the second field counts only behind a number, so that another table is not half understood. */
static bool read_name(struct slice text, struct line *line)
{
    struct slice first = slice_until(text, ',');
    uint64_t rank;
    line->kind = ALLOW_NAMES;
    line->type = INDICATOR_DOMAIN;
    if (list_name(slice_trim(first), line->text))
        return true;
    return number_of(first, UINT32_MAX, &rank) &&
           list_name(slice_trim(slice_until(slice_from(text, first.len + 1), ',')), line->text);
}

/* What a line means shows by its form, and no two forms overlap: a name has a dot and a letter behind it. */
static bool read_line(struct allow *allow, struct slice text, struct line *line)
{
    struct slice rest = text, word, more;
    list_word(&rest, &word);
    if (list_word(&rest, &more)) {
        struct slice beyond = slice_trim(rest);
        for (int side = 0; side < SIDES && beyond.len == 0; side++)
            if (slice_ieq(word, slice_str(sides[side])))
                return read_network(allow, (enum side)side, more, line);
        if (slice_ieq(word, S("as")) && beyond.len == 0)
            return read_as(allow, more, line);
    } else if (read_network(allow, SERVER, word, line))
        return true;
    else if (slice_ieq(slice_head(word, 2), S("as")) && slice_chr(word, '.') < 0)
        return read_as(allow, word, line);
    return read_name(text, line);
}

static bool read_text(struct allow *allow, const char *source, struct slice text, struct allow_stats *stats, char err[static ERRLEN])
{
    struct slice bytes;
    struct line line;
    size_t number = 0;
    bool room = indicators_list(allow->entries, source);
    *stats = (struct allow_stats){0};
    text = list_without_mark(text);
    while (room && list_line(&text, &bytes, &number)) {
        if (!read_line(allow, bytes, &line)) {
            stats->unreadable++;
            stats->first_bad = stats->first_bad ? stats->first_bad : number;
            continue;
        }
        const struct indicator row = {line.type, line.text, "", "", "", (uint32_t)number};
        room = indicators_add(allow->entries, &row);
        stats->entries += room;
        stats->of_kind[line.kind] += room;
        allow->of_kind[line.kind] += room;
    }
    if (!room)
        error_set(err, "%s: line %zu: no memory for more entries", source, number);
    else if (stats->entries == 0 && stats->first_bad > 0)
        error_set(err, "%s: line %zu: not a name, nor a network or AS, nor is any other line of this allowlist", source, stats->first_bad);
    else if (stats->entries == 0) {
        stats->empty = true;
        error_set(err, "%s: an allowlist without a name; leave it out instead", source);
    }
    return room && stats->entries > 0;
}

static bool load(struct allow *allow, const char *path, struct allow_stats *stats, char err[static ERRLEN])
{
    struct slice text;
    *stats = (struct allow_stats){0};
    if (!list_file(path, &text, err))
        return false;
    bool read = read_text(allow, path, text, stats, err);
    list_free(text);
    return read;
}

struct allow *allow_open(const char *const *paths, size_t count, bool builtin, uint64_t seed, struct allow_stats *stats,
                         char err[static ERRLEN])
{
    struct allow_stats unasked;
    struct allow *allow = calloc(1, sizeof *allow);
    if (allow == NULL) {
        error_set(err, "no memory for the allowlist");
        return NULL;
    }
    allow->entries = indicators_open(seed, err);
    bool well = allow->entries != NULL;
    for (size_t i = 0; well && i < count; i++)
        well = load(allow, paths[i], stats != NULL ? &stats[i] : &unasked, err) || (stats != NULL && stats[i].empty);
    if (well && builtin)
        well = read_text(allow, "built-in look-alikes", builtin_lookalikes(), &unasked, err);
    if (well && indicators_seal(allow->entries, err))
        return allow;
    allow_close(allow);
    return NULL;
}

void allow_close(struct allow *allow)
{
    if (allow == NULL)
        return;
    indicators_close(allow->entries);
    free(allow);
}

static void entry_of(const struct indicator *row, struct allow_entry *entry)
{
    *entry = (struct allow_entry){row->value, row->list, row->line};
}

bool allow_name(const struct allow *allow, struct slice name, struct allow_entry *entry)
{
    struct indicator row;
    if (allow == NULL || !indicators_find_domain(allow->entries, name, &row))
        return false;
    entry_of(&row, entry);
    return true;
}

static bool find_word(const struct allow *allow, struct slice word, struct allow_entry *entry)
{
    struct indicator row;
    if (!indicators_find(allow->entries, word_type, word, &row))
        return false;
    entry_of(&row, entry);
    return true;
}

static bool find_network(const struct allow *allow, enum side side, const struct addr *addr, struct allow_entry *entry)
{
    char word[WORD_BYTES];
    unsigned least = addr_is_v4(addr) ? V4_BITS : 0;
    for (unsigned bits = BITS; bits > least; bits--)
        if (allow->prefix[side][bits] && find_word(allow, network_word(word, side, addr, bits), entry))
            return true;
    return false;
}

bool allow_client(const struct allow *allow, const struct addr *addr, struct allow_entry *entry)
{
    return allow != NULL && find_network(allow, CLIENT, addr, entry);
}

bool allow_server(const struct allow *allow, const struct geoip *geoip, const struct addr *addr, struct allow_entry *entry)
{
    char word[WORD_BYTES];
    struct geo geo;
    if (allow == NULL)
        return false;
    if (find_network(allow, SERVER, addr, entry))
        return true;
    return allow->as && geoip_find(geoip, addr, &geo) && geo.asn != 0 && find_word(allow, as_word(word, geo.asn), entry);
}

/* Where the client goes: to the other end of its connection; by DNS, wherever the answer leads. */
static bool goes_to_allowed(const struct allow *allow, const struct geoip *geoip, const struct hit *hit)
{
    struct allow_entry entry;
    if (hit->seen != SEEN_DNS)
        return allow_server(allow, geoip, &hit->tuple.dst, &entry);
    for (unsigned i = 0; i < hit->addrs; i++)
        if (!allow_server(allow, geoip, &hit->addr[i], &entry))
            return false;
    return hit->addrs > 0;
}

/* Published request shapes and hidden programs are told from an allowed name too: half the world's names stand on a
 * ranking, and programs were hidden on the content networks among them. */
enum allowed allow_hit(const struct allow *allow, const struct geoip *geoip, const struct hit *hit)
{
    struct allow_entry entry;
    if (allow_client(allow, &hit->tuple.src, &entry))
        return ALLOWED_CLIENT;
    if (hit->kind == HIT_INDICATOR)
        return ALLOWED_NOT;
    if (hit->kind == HIT_DOMAIN && allow_name(allow, slice_str(hit->name), &entry))
        return ALLOWED_NAME;
    return goes_to_allowed(allow, geoip, hit) ? ALLOWED_SERVER : ALLOWED_NOT;
}

size_t allow_count(const struct allow *allow)
{
    return indicators_count(allow->entries);
}

size_t allow_of_kind(const struct allow *allow, enum allow_kind kind)
{
    return allow->of_kind[kind];
}

const char *allow_kind_name(enum allow_kind kind)
{
    static const char *const names[ALLOW_KINDS] = {"names", "clients", "servers", "as"};
    return names[kind];
}

bool allow_has_as(const struct allow *allow)
{
    return allow != NULL && allow->as;
}
