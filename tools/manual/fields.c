/* For the build alone: every field that a JSON Schema of feeds/schema names, a line each: path, nothing, description and
 * values, parted by tabs. An object without a description of its own is left out. usage: fields SCHEMA.json */
#include <jansson.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 256, DEPTH_MAX = 16 };

static const char *directory;
static json_t *files, *told; /* schemas by name; paths that were printed */

static _Noreturn void fail(const char *what, const char *why)
{
    fprintf(stderr, "fields: %s: %s\n", what, why);
    exit(1);
}

static json_t *file_of(const char *name)
{
    char path[1024];
    json_error_t error;
    json_t *file = json_object_get(files, name);
    if (file != NULL)
        return file;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if ((file = json_load_file(path, JSON_REJECT_DUPLICATES, &error)) == NULL || json_object_set_new(files, name, file) != 0)
        fail(path, error.text);
    return file;
}

/* What "$ref" names: NAME.json#/$defs/NAME, either part alone too. *name is the file's in which it stands. */
static const json_t *target_of(const char *reference, const char **name)
{
    const char *hash = strchr(reference, '#'), *of = hash != NULL ? strrchr(hash, '/') : NULL;
    char file[64];
    snprintf(file, sizeof file, "%.*s", (int)(hash != NULL ? (size_t)(hash - reference) : strlen(reference)), reference);
    json_t *root = file_of(file[0] != '\0' ? file : *name);
    if (file[0] != '\0')
        *name = json_string_value(json_object_get(root, "$id"));
    const json_t *target = of == NULL ? root : json_object_get(json_object_get(root, "$defs"), of + 1);
    if (target == NULL)
        fail(reference, "names nothing");
    return target;
}

static void put_value(const json_t *value)
{
    if (json_is_string(value))
        fputs(json_string_value(value), stdout);
    else
        printf("%lld", (long long)json_integer_value(value));
}

/* What the schema says itself, or what it refers to says. *in, where wanted, becomes the file's in which it stands. */
static const json_t *find(const json_t *schema, const char *key, const char *name, const char **in)
{
    while (json_object_get(schema, key) == NULL && json_object_get(schema, "$ref") != NULL)
        schema = target_of(json_string_value(json_object_get(schema, "$ref")), &name);
    if (in != NULL)
        *in = name;
    return json_object_get(schema, key);
}

static void put_values(const json_t *schema, const char *name)
{
    const json_t *items = find(schema, "items", name, &name), *of = items != NULL ? items : schema;
    const json_t *words = find(of, "enum", name, NULL), *constant = find(of, "const", name, NULL), *type = find(of, "type", name, NULL);
    size_t i;
    json_t *word;
    if (items != NULL)
        fputs("any number of: ", stdout);
    json_array_foreach(words, i, word) {
        fputs(i > 0 ? ", " : "", stdout);
        put_value(word);
    }
    if (constant != NULL)
        put_value(constant);
    else if (words == NULL)
        fputs(type != NULL ? json_string_value(type) : "object", stdout);
}

static void walk(const json_t *schema, const char *name, const char *path, unsigned depth);

static void put_line(const char *path, const json_t *schema, const char *name)
{
    const json_t *description = find(schema, "description", name, NULL), *type = find(schema, "type", name, NULL);
    if (description == NULL && json_is_string(type) && strcmp(json_string_value(type), "object") == 0)
        return;
    printf("%s\t\t%s\t(", path, description != NULL ? json_string_value(description) : "");
    put_values(schema, name);
    puts(")");
}

static void put_field(const json_t *schema, const char *name, const char *path, unsigned depth)
{
    const char *in;
    const json_t *items = find(schema, "items", name, &in);
    if (json_object_get(told, path) == NULL) {
        json_object_set_new(told, path, json_true());
        put_line(path, schema, name);
    }
    walk(items != NULL ? items : schema, items != NULL ? in : name, path, depth + 1);
}

/* All properties, of the alternatives too. Conditions (allOf) repeat what stands in them. */
static void walk(const json_t *schema, const char *name, const char *path, unsigned depth)
{
    const json_t *reference = json_object_get(schema, "$ref"), *properties = json_object_get(schema, "properties");
    const char *key;
    json_t *inner;
    size_t i;
    if (depth > DEPTH_MAX)
        fail(path, "is too deep");
    if (reference != NULL) {
        const char *in = name;
        const json_t *target = target_of(json_string_value(reference), &in);
        walk(target, in, path, depth + 1);
    }
    json_object_foreach((json_t *)properties, key, inner) {
        char below[PATH_ROOM];
        snprintf(below, sizeof below, "%s%s%s", path, path[0] != '\0' ? "." : "", key);
        if (strcmp(name, "radome.json") == 0 || strcmp(key, "radome") != 0) /* which has a list of its own */
            put_field(inner, name, below, depth);
    }
    json_array_foreach(json_object_get(schema, "oneOf"), i, inner)
        walk(inner, name, path, depth + 1);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        fail("usage", "fields SCHEMA.json");
    char *path = strdup(argv[1]), *name = strdup(argv[1]);
    directory = dirname(path);
    files = json_object();
    told = json_object();
    const char *file = basename(name);
    walk(file_of(file), file, strcmp(file, "radome.json") == 0 ? "radome" : "", 0);
    json_decref(files);
    json_decref(told);
    free(path);
    free(name);
    return fflush(stdout) == 0 ? 0 : 1;
}
