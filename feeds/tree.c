#include "feeds/tree.h"

#include <jansson.h>
#include <stdlib.h>

/* A tree is jansson's own value under a name that others may know. */
static const json_t *value_of(const struct tree *tree)
{
    return (const json_t *)tree;
}

struct tree *tree_open(struct slice text, char err[static ERRLEN])
{
    json_error_t error;
    json_t *root = json_loadb((const char *)text.p, text.len, JSON_ALLOW_NUL, &error);
    if (root == NULL)
        error_set(err, "line %d: %.120s", error.line, error.text);
    return (struct tree *)root;
}

void tree_close(struct tree *tree)
{
    json_decref((json_t *)tree);
}

struct tree *tree_get(const struct tree *object, const char *key)
{
    return (struct tree *)json_object_get(value_of(object), key);
}

bool tree_is_object(const struct tree *tree)
{
    return json_is_object(value_of(tree));
}

bool tree_is_array(const struct tree *tree)
{
    return json_is_array(value_of(tree));
}

bool tree_is_true(const struct tree *tree)
{
    return json_is_true(value_of(tree));
}

struct slice tree_text(const struct tree *tree)
{
    return slice_of(json_string_value(value_of(tree)), json_string_length(value_of(tree)));
}

const char *tree_word(const struct tree *object, const char *key)
{
    const char *text = json_string_value(json_object_get(value_of(object), key));
    return text == NULL ? "" : text;
}

bool tree_number(const struct tree *tree, double *out)
{
    const char *text = json_string_value(value_of(tree));
    char *end = NULL;
    if (text != NULL) {
        *out = strtod(text, &end);
        return end != text && *end == '\0' && *out - *out == 0; /* neither infinite nor NaN */
    }
    *out = json_number_value(value_of(tree));
    return json_is_number(value_of(tree));
}

size_t tree_count(const struct tree *tree)
{
    return json_array_size(value_of(tree));
}

struct tree *tree_at(const struct tree *tree, size_t i)
{
    return (struct tree *)json_array_get(value_of(tree), i);
}

bool tree_next(const struct tree *object, const char **key, struct tree **value)
{
    json_t *members = (json_t *)value_of(object);
    void *at = *key == NULL ? json_object_iter(members) : json_object_iter_next(members, json_object_iter_at(members, *key));
    if (at == NULL)
        return false;
    *key = json_object_iter_key(at);
    *value = (struct tree *)json_object_iter_value(at);
    return true;
}

struct tree *tree_map(void)
{
    return (struct tree *)json_object();
}

void tree_map_put(struct tree *map, const char *key, const char *value)
{
    json_object_set_new((json_t *)map, key, json_string(value));
}
