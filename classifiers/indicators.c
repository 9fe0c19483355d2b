#include "classifiers/indicators.h"

#include "capture/name.h"

#define XXH_INLINE_ALL
#include <assert.h>
#include <stdlib.h>
#include <xxhash.h>

/* A million rows should cost little more than their text. So a row is 16 bytes that point into one arena; what rows of one
 * list have in common (family, provider, description) stands there once; and the table holds 4 bytes of hash beside each
 * row number, so that a lookup that finds nothing, which is nearly every lookup, touches one cache line. */

enum { END = 8, SHORT_END = 4, /* bytes of a name's end that are looked at first */
       END_BITS = 16,  /* as many bits number the ends */
       RECENT = 256,   /* origins remembered while adding, by hash */
       TOGETHER = 16 };

struct row {
    uint32_t text;   /* offset of the value, NUL-terminated */
    uint32_t origin; /* offset of family, provider and description, each NUL-terminated */
    uint32_t line;   /* of its list */
    uint16_t length; /* of the value */
    uint8_t type, list;
};

struct slot {
    uint32_t tag, row; /* row 0: free, else its number plus one */
};

struct indicators {
    uint64_t seed;
    char *arena;
    size_t arena_used, arena_room;
    struct row *row;
    size_t rows, rows_room;
    struct slot *slot;
    size_t mask;              /* slots minus one; slots are a power of two */
    size_t different, of_type[INDICATOR_TYPES];
    uint64_t shape[256];      /* of listed names: a bit for each length, by first byte */
    uint64_t end[(1 << END_BITS) / 64]; /* and for each end */
    bool any_end;             /* one is too short to have any */
    uint32_t recent[RECENT];  /* origin offset plus one */
    uint32_t list[INDICATOR_LISTS + 1]; /* offsets of their names; the first is of rows that belong to none */
    unsigned lists;           /* begun */
};

struct indicators *indicators_open(uint64_t seed, char err[static ERRLEN])
{
    struct indicators *set = calloc(1, sizeof *set);
    if (set == NULL)
        error_set(err, "no memory for a set of indicators");
    else
        set->seed = seed;
    return set;
}

void indicators_close(struct indicators *set)
{
    if (set == NULL)
        return;
    free(set->arena);
    free(set->row);
    free(set->slot);
    free(set);
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
}

static void put_lower(char *out, struct slice text)
{
    size_t at = 0;
    for (; at + 8 <= text.len; at += 8) {
        uint64_t word;
        memcpy(&word, text.p + at, 8);
        word = name_lower(word);
        memcpy(out + at, &word, 8);
    }
    for (; at < text.len; at++)
        out[at] = (char)lower(text.p[at]);
}

/* What is compared and hashed: of a URL the part behind "://", since the same page is listed now with http, now https. */
static struct slice key_of(enum indicator_type type, struct slice value)
{
    ptrdiff_t scheme = type == INDICATOR_URL ? slice_chr(slice_head(value, 8), ':') : -1;
    return scheme < 0 || !slice_starts(slice_from(value, (size_t)scheme), S("://")) ? value : slice_from(value, (size_t)scheme + 3);
}

/* The value in the form in which it is hashed. In a URL only scheme and host are without case; a fragment never leaves the
 * browser, and no path means "/" (RFC 3986 section 6.2.3). Returns the length, 0 where there is no room. */
static size_t fold(enum indicator_type type, struct slice value, char out[static INDICATOR_VALUE + 1])
{
    ptrdiff_t fragment = type == INDICATOR_URL ? slice_chr(value, '#') : -1;
    if (fragment >= 0)
        value = slice_head(value, (size_t)fragment);
    if (value.len >= INDICATOR_VALUE)
        return 0;
    size_t folded = value.len;
    bool has_path = true;
    if (type == INDICATOR_URL) {
        struct slice key = key_of(type, value);
        size_t host = 0;
        while (host < key.len && key.p[host] != '/' && key.p[host] != '?')
            host++;
        folded = value.len - key.len + host;
        has_path = host < key.len;
    }
    put_lower(out, slice_head(value, folded));
    if (folded < value.len)
        memcpy(out + folded, value.p + folded, value.len - folded);
    if (!has_path)
        out[value.len++] = '/';
    out[value.len] = '\0';
    return value.len;
}

static uint64_t hash_of(const struct indicators *set, enum indicator_type type, struct slice key)
{
    return XXH3_64bits_withSeed(key.p, key.len, set->seed + type);
}

/* Makes room for `more` elements of `size` bytes; the array keeps at least doubling, so adding stays linear. */
static bool grow(void **array, size_t *room, size_t used, size_t more, size_t size)
{
    if (*room - used >= more)
        return true;
    size_t wanted = *room < 1024 ? 1024 : *room * 2;
    while (wanted - used < more)
        wanted *= 2;
    void *grown = wanted > UINT32_MAX ? NULL : realloc(*array, wanted * size);
    if (grown == NULL)
        return false;
    *array = grown;
    *room = wanted;
    return true;
}

static void arena_put(struct indicators *set, const char *text, size_t length)
{
    memcpy(set->arena + set->arena_used, text, length);
    set->arena[set->arena_used + length] = '\0';
    set->arena_used += length + 1;
}

/* The three words at an offset, compared with a row's. */
static bool origin_is(const struct indicators *set, uint32_t at, const struct indicator *row)
{
    const char *family = set->arena + at, *provider = family + strlen(family) + 1;
    return strcmp(family, row->family) == 0 && strcmp(provider, row->provider) == 0 &&
           strcmp(provider + strlen(provider) + 1, row->description) == 0;
}

/* Room in the arena was made by the caller. A list whose every row has a description of its own merely costs their text. */
static uint32_t origin_put(struct indicators *set, const struct indicator *row)
{
    size_t family = strlen(row->family), provider = strlen(row->provider), description = strlen(row->description);
    uint64_t hash = XXH3_64bits_withSeed(row->family, family, set->seed) ^ XXH3_64bits_withSeed(row->provider, provider, 1) ^
                    XXH3_64bits_withSeed(row->description, description, 2);
    uint32_t *recent = &set->recent[hash % RECENT];
    if (*recent == 0 || !origin_is(set, *recent - 1, row)) {
        *recent = (uint32_t)set->arena_used + 1;
        arena_put(set, row->family, family);
        arena_put(set, row->provider, provider);
        arena_put(set, row->description, description);
    }
    return *recent - 1;
}

bool indicators_list(struct indicators *set, const char *list)
{
    size_t length = strlen(list);
    if (set->lists == INDICATOR_LISTS || !grow((void **)&set->arena, &set->arena_room, set->arena_used, length + 1, 1))
        return false;
    set->list[++set->lists] = (uint32_t)set->arena_used;
    arena_put(set, list, length);
    return true;
}

bool indicators_add(struct indicators *set, const struct indicator *row)
{
    assert(set->slot == NULL); /* sealed means sealed */
    char value[INDICATOR_VALUE + 1];
    size_t length = fold(row->type, slice_str(row->value), value);
    if (length == 0)
        return false;
    bool spelt = row->type == INDICATOR_FILE_NAME || row->type == INDICATOR_EXTENSION; /* WA_WrUp.dat is told as it is known */
    size_t text = length + strlen(row->family) + strlen(row->provider) + strlen(row->description) + 4;
    if (!grow((void **)&set->arena, &set->arena_room, set->arena_used, text, 1) ||
        !grow((void **)&set->row, &set->rows_room, set->rows, 1, sizeof *set->row))
        return false;
    struct row *added = &set->row[set->rows++];
    *added = (struct row){.text = (uint32_t)set->arena_used, .line = row->line, .length = (uint16_t)length,
                          .type = (uint8_t)row->type, .list = (uint8_t)set->lists};
    arena_put(set, spelt ? row->value : value, length);
    added->origin = origin_put(set, row);
    return true;
}

/* Folded text against a row's, which may be kept in its publisher's spelling. */
static bool same(const struct indicators *set, const struct row *row, struct slice key)
{
    struct slice kept = key_of(row->type, slice_of(set->arena + row->text, row->length));
    return row->type == INDICATOR_URL ? slice_eq(kept, key) : slice_ieq(kept, key);
}

/* The slot that holds the key, or the free one where it belongs. At most three quarters are in use, so there is one. */
static struct slot *slot_of(const struct indicators *set, enum indicator_type type, struct slice key, uint64_t hash)
{
    for (size_t at = hash & set->mask;; at = (at + 1) & set->mask) {
        struct slot *slot = &set->slot[at];
        if (slot->row == 0)
            return slot;
        const struct row *row = &set->row[slot->row - 1];
        if (slot->tag == hash >> 32 && row->type == type && same(set, row, key))
            return slot;
    }
}

/* Of each name, "com" and the whole host are looked for too, and every answer brings names: most of those are told from
 * every listed one by their first byte and length, before a hash is made. */
static uint64_t shape_bit(struct slice name)
{
    return UINT64_C(1) << (name.len & 63);
}

/* The bit of a name's last bytes. */
static uint32_t end_of(struct slice name, size_t bytes)
{
    uint64_t word = 0;
    memcpy(&word, name.p + name.len - bytes, bytes);
    return (uint32_t)(name_lower(word) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - END_BITS));
}

static void list_end(struct indicators *set, struct slice name)
{
    set->any_end |= name.len < SHORT_END;
    if (name.len >= SHORT_END) {
        uint32_t end = name.len >= END ? end_of(name, END) : end_of(name, SHORT_END);
        set->end[end / 64] |= UINT64_C(1) << end % 64;
    }
}

/* Of a short list nearly every name in the traffic is told by its last bytes, before its labels are walked. */
static bool may_end(const struct indicators *set, struct slice name)
{
    if (set->any_end || name.len < END)
        return true;
    uint32_t end = end_of(name, END), short_end = end_of(name, SHORT_END);
    return ((set->end[end / 64] >> end % 64 | set->end[short_end / 64] >> short_end % 64) & 1) != 0;
}

static struct slice folded_key(const struct indicators *set, uint32_t number, char folded[static INDICATOR_VALUE + 1])
{
    const struct row *row = &set->row[number];
    size_t length = fold(row->type, slice_of(set->arena + row->text, row->length), folded);
    return key_of(row->type, slice_of(folded, length));
}

static void insert(struct indicators *set, uint32_t number, uint64_t hash)
{
    const struct row *row = &set->row[number];
    char folded[INDICATOR_VALUE + 1];
    struct slice key = folded_key(set, number, folded);
    struct slot *slot = slot_of(set, row->type, key, hash);
    if (slot->row == 0) {
        set->different++;
        set->of_type[row->type]++;
        if (row->type == INDICATOR_DOMAIN) {
            set->shape[key.p[0]] |= shape_bit(key);
            list_end(set, key);
        }
    } else if (set->arena[set->row[slot->row - 1].origin] != '\0' || set->arena[row->origin] == '\0')
        return; /* the earlier row names its family, or neither does */
    *slot = (struct slot){(uint32_t)(hash >> 32), number + 1};
}

/* A large table lies far outside the processor's caches: the slots of some rows are fetched together, since one after the
 * other each would be waited for. */
static void insert_all(struct indicators *set)
{
    uint64_t hash[TOGETHER];
    char folded[INDICATOR_VALUE + 1];
    for (uint32_t first = 0, n; first < set->rows; first += n) {
        n = set->rows - first < TOGETHER ? (uint32_t)set->rows - first : TOGETHER;
        for (uint32_t i = 0; i < n; i++) {
            hash[i] = hash_of(set, set->row[first + i].type, folded_key(set, first + i, folded));
            __builtin_prefetch(&set->slot[hash[i] & set->mask], 1);
        }
        for (uint32_t i = 0; i < n; i++)
            insert(set, first + i, hash[i]);
    }
}

/* Gives back what doubling took too much; where that fails, nothing is lost. */
static void *shrink(void *array, size_t *room, size_t used, size_t size)
{
    void *exact = used == 0 ? NULL : realloc(array, used * size);
    if (exact == NULL)
        return array;
    *room = used;
    return exact;
}

bool indicators_seal(struct indicators *set, char err[static ERRLEN])
{
    size_t slots = 16;
    while (slots / 4 * 3 <= set->rows)
        slots *= 2;
    set->slot = calloc(slots, sizeof *set->slot);
    if (set->slot == NULL) {
        error_set(err, "no memory for a table of %zu indicators", set->rows);
        return false;
    }
    set->mask = slots - 1;
    set->arena = shrink(set->arena, &set->arena_room, set->arena_used, 1);
    set->row = shrink(set->row, &set->rows_room, set->rows, sizeof *set->row);
    insert_all(set);
    return true;
}

size_t indicators_count(const struct indicators *set)
{
    return set == NULL ? 0 : set->different;
}

size_t indicators_of_type(const struct indicators *set, enum indicator_type type)
{
    return set == NULL ? 0 : set->of_type[type];
}

size_t indicators_bytes(const struct indicators *set)
{
    return sizeof *set + set->arena_room + set->rows_room * sizeof *set->row + (set->mask + 1) * sizeof *set->slot;
}

bool indicators_have(const struct indicators *set, enum indicator_type type)
{
    return set != NULL && set->of_type[type] > 0;
}

static bool look_up(const struct indicators *set, enum indicator_type type, struct slice key, struct indicator *found)
{
    const struct slot *slot = slot_of(set, type, key, hash_of(set, type, key));
    if (slot->row == 0)
        return false;
    const struct row *row = &set->row[slot->row - 1];
    const char *family = set->arena + row->origin, *provider = family + strlen(family) + 1;
    *found = (struct indicator){type, set->arena + row->text, family, provider, provider + strlen(provider) + 1, row->line,
                                row->list > 0 ? set->arena + set->list[row->list] : ""};
    return true;
}

static bool find_as(const struct indicators *set, enum indicator_type type, struct slice value, struct indicator *found)
{
    char folded[INDICATOR_VALUE + 1];
    size_t length = fold(type, value, folded);
    return length > 0 && look_up(set, type, key_of(type, slice_of(folded, length)), found);
}

bool indicators_find(const struct indicators *set, enum indicator_type type, struct slice value, struct indicator *found)
{
    return indicators_have(set, type) && find_as(set, type, value, found);
}

bool indicators_find_domain(const struct indicators *set, struct slice name, struct indicator *found)
{
    if (!indicators_have(set, INDICATOR_DOMAIN) || name.len >= HIT_NAME)
        return false;
    if (slice_ends(name, S(".")))
        name.len--;
    if (!may_end(set, name))
        return false;
    while (name.len > 0) {
        if ((set->shape[lower(name.p[0])] & shape_bit(name)) != 0 && find_as(set, INDICATOR_DOMAIN, name, found))
            return true;
        const uint8_t *dot = memchr(name.p, '.', name.len);
        if (dot == NULL)
            return false;
        name = slice_of(dot + 1, name.len - (size_t)(dot + 1 - name.p));
    }
    return false;
}

static const char *const words[INDICATOR_TYPES] = {
    [INDICATOR_DOMAIN] = "domain-name", [INDICATOR_IPV4] = "ipv4-addr",      [INDICATOR_IPV6] = "ipv6-addr",
    [INDICATOR_URL] = "url",            [INDICATOR_FILE] = "file",           [INDICATOR_FILE_NAME] = "file-name",
    [INDICATOR_EXTENSION] = "x-extension-id",
};

const char *indicator_type_name(enum indicator_type type)
{
    return words[type];
}

bool indicator_type_of(struct slice word, enum indicator_type *type)
{
    for (size_t i = 0; i < INDICATOR_TYPES; i++)
        if (slice_ieq(word, slice_str(words[i]))) {
            *type = (enum indicator_type)i;
            return true;
        }
    return false;
}
