#include "feeds/stix.h"

#include <stdlib.h>

#include "feeds/tree.h"

/* A pattern such as [domain-name:value = 'a.com' OR url:value = 'http://a.com/x'] OR [ipv4-addr:value = '192.0.2.1'] is a
 * list of values, and that is all a lookup can answer. One with AND, FOLLOWEDBY, NOT, LIKE or a time in it means less than
 * each of its values alone, so it is left out as a whole rather than made to say more than its author did. */

struct stix {
    struct tree *root, *objects;
    struct tree *names;   /* id → what an identity or a piece of malware is called */
    struct tree *malware; /* indicator id → id of the malware that it indicates */
    size_t next;          /* the object to look at next */
    struct slice pattern; /* what is left of it */
    struct tree *object;
    size_t unreadable, first_bad;
    char value[INDICATOR_VALUE + 1];
};

static const struct {
    struct slice path;
    enum indicator_type type;
} paths[] = {
    {{(const uint8_t *)"domain-name:value", 17}, INDICATOR_DOMAIN},
    {{(const uint8_t *)"ipv4-addr:value", 15}, INDICATOR_IPV4},
    {{(const uint8_t *)"ipv6-addr:value", 15}, INDICATOR_IPV6},
    {{(const uint8_t *)"url:value", 9}, INDICATOR_URL},
    {{(const uint8_t *)"file:hashes.MD5", 15}, INDICATOR_FILE},
    {{(const uint8_t *)"file:hashes.'MD5'", 17}, INDICATOR_FILE},
    {{(const uint8_t *)"file:hashes.'SHA-1'", 19}, INDICATOR_FILE},
    {{(const uint8_t *)"file:hashes.'SHA-256'", 21}, INDICATOR_FILE},
    {{(const uint8_t *)"file:name", 9}, INDICATOR_FILE_NAME},
    {{(const uint8_t *)"x-extension-id:value", 20}, INDICATOR_EXTENSION},
};

static bool is(const struct tree *object, const char *key, const char *value)
{
    return strcmp(tree_word(object, key), value) == 0;
}

/* Who made an indicator and what it indicates stand in objects of their own, anywhere in the bundle. */
static void collect(struct stix *stix)
{
    for (size_t i = 0; i < tree_count(stix->objects); i++) {
        const struct tree *object = tree_at(stix->objects, i);
        if (is(object, "type", "identity") || is(object, "type", "malware") || is(object, "type", "tool"))
            tree_map_put(stix->names, tree_word(object, "id"), tree_word(object, "name"));
        else if (is(object, "type", "relationship") && is(object, "relationship_type", "indicates"))
            tree_map_put(stix->malware, tree_word(object, "source_ref"), tree_word(object, "target_ref"));
    }
}

struct stix *stix_open(struct slice text, char err[static ERRLEN])
{
    struct stix *stix = calloc(1, sizeof *stix);
    if (stix == NULL) {
        error_set(err, "no memory for a STIX bundle");
        return NULL;
    }
    char why[ERRLEN];
    stix->root = tree_open(text, why);
    stix->objects = tree_get(stix->root, "objects");
    stix->names = tree_map();
    stix->malware = tree_map();
    if (stix->root == NULL)
        error_set(err, "begins like a STIX bundle but is not JSON: %.200s", why);
    else if (!is(stix->root, "type", "bundle") || !tree_is_array(stix->objects))
        error_set(err, "line 1: JSON, but not a STIX bundle: \"type\" is not \"bundle\", or there is no array \"objects\"");
    else if (stix->names == NULL || stix->malware == NULL)
        error_set(err, "no memory for a STIX bundle");
    else {
        collect(stix);
        return stix;
    }
    stix_close(stix);
    return NULL;
}

void stix_close(struct stix *stix)
{
    if (stix == NULL)
        return;
    tree_close(stix->root);
    tree_close(stix->names);
    tree_close(stix->malware);
    free(stix);
}

static void skip(struct slice *pattern, const char *bytes)
{
    while (pattern->len > 0 && pattern->p[0] != '\0' && strchr(bytes, pattern->p[0]) != NULL)
        *pattern = slice_from(*pattern, 1);
}

/* An object path: to the first blank, "=" or bracket outside quotes. */
static struct slice cut_path(struct slice *pattern)
{
    size_t n = 0;
    bool quoted = false;
    for (; n < pattern->len && (quoted || strchr(" \t\r\n=[]()", pattern->p[n]) == NULL); n++)
        quoted ^= pattern->p[n] == '\'';
    return slice_cut(pattern, n);
}

/* 'text' with \' and \\ in it. False: no string, or one too long for any value. */
static bool cut_string(struct slice *pattern, char value[static INDICATOR_VALUE + 1])
{
    if (!slice_starts(*pattern, S("'")))
        return false;
    size_t n = 0;
    *pattern = slice_from(*pattern, 1);
    while (pattern->len > 0 && n < INDICATOR_VALUE) {
        uint8_t byte = slice_cut(pattern, 1).p[0];
        if (byte == '\'') {
            value[n] = '\0';
            return true;
        }
        if (byte == '\\' && pattern->len > 0)
            byte = slice_cut(pattern, 1).p[0];
        value[n++] = (char)byte;
    }
    return false;
}

/* One comparison and the OR behind it, if any, brackets passed over: joined by OR alone they change nothing. */
static bool cut_comparison(struct slice *pattern, struct slice *path, char value[static INDICATOR_VALUE + 1])
{
    skip(pattern, " \t\r\n[(");
    *path = cut_path(pattern);
    skip(pattern, " \t\r\n");
    if (!slice_starts(*pattern, S("=")))
        return false;
    *pattern = slice_from(*pattern, 1);
    skip(pattern, " \t\r\n=");
    if (!cut_string(pattern, value))
        return false;
    skip(pattern, " \t\r\n])");
    if (pattern->len == 0)
        return true;
    bool more = slice_starts(*pattern, S("OR")) && pattern->len > 2 && strchr(" \t\r\n[(", pattern->p[2]) != NULL;
    *pattern = slice_from(*pattern, 2);
    return more;
}

static bool readable(struct stix *stix, struct slice pattern)
{
    struct slice path;
    do
        if (!cut_comparison(&pattern, &path, stix->value))
            return false;
    while (pattern.len > 0);
    return true;
}

/* The next indicator whose pattern is a list of values. */
static bool next_object(struct stix *stix)
{
    while (stix->next < tree_count(stix->objects)) {
        stix->object = tree_at(stix->objects, stix->next++);
        if (!is(stix->object, "type", "indicator") || tree_is_true(tree_get(stix->object, "revoked")))
            continue;
        stix->pattern = slice_str(tree_word(stix->object, "pattern"));
        const char *language = tree_word(stix->object, "pattern_type");
        if ((language[0] == '\0' || strcmp(language, "stix") == 0) && readable(stix, stix->pattern))
            return true;
        stix->unreadable++;
        stix->first_bad = stix->first_bad ? stix->first_bad : stix->next;
        stix->pattern.len = 0;
    }
    return false;
}

static bool type_of(struct slice path, enum indicator_type *type)
{
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (slice_ieq(path, paths[i].path)) {
            *type = paths[i].type;
            return true;
        }
    return false;
}

bool stix_next(struct stix *stix, struct indicator *row)
{
    for (;;) {
        struct slice path;
        if (stix->pattern.len == 0 && !next_object(stix))
            return false;
        if (!cut_comparison(&stix->pattern, &path, stix->value))
            stix->pattern.len = 0; /* cannot be: the whole was read before */
        else if (type_of(path, &row->type))
            break;
        else {
            stix->unreadable++;
            stix->first_bad = stix->first_bad ? stix->first_bad : stix->next;
        }
    }
    const char *description = tree_word(stix->object, "description");
    row->value = stix->value;
    row->family = tree_word(stix->names, tree_word(stix->malware, tree_word(stix->object, "id")));
    row->provider = tree_word(stix->names, tree_word(stix->object, "created_by_ref"));
    row->description = description[0] != '\0' ? description : tree_word(stix->object, "name");
    return true;
}

size_t stix_place(const struct stix *stix)
{
    return stix->next;
}

size_t stix_unreadable(const struct stix *stix)
{
    return stix->unreadable;
}

size_t stix_first_bad(const struct stix *stix)
{
    return stix->first_bad;
}
