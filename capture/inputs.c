#include "capture/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/reader.h"

static bool add(struct inputs *in, const char *path, uint64_t first_us, const struct stat *status)
{
    bool on_disk = S_ISREG(status->st_mode);
    in->bytes += on_disk ? (uint64_t)status->st_size : 0;
    in->waits = in->waits || !on_disk;
    struct input *grown = realloc(in->input, (in->count + 1) * sizeof *grown);
    if (grown == NULL)
        return false;
    in->input = grown;
    char *copy = strdup(path);
    if (copy != NULL)
        in->input[in->count++] = (struct input){copy, first_us, false};
    return copy != NULL;
}

static int by_time(const void *a, const void *b)
{
    const struct input *x = a, *y = b;
    if (x->first_us != y->first_us)
        return x->first_us < y->first_us ? -1 : 1;
    return strcmp(x->path, y->path);
}

/* The captures in a directory (not below it), an empty one last; other files are left alone. */
static bool add_directory(struct inputs *in, const char *path, uint64_t (*first_us)(const char *path), char err[static ERRLEN])
{
    size_t before = in->count;
    bool room = true;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        error_set(err, "%s: %s", path, strerror(errno));
        return false;
    }
    for (struct dirent *entry; room && (entry = readdir(directory)) != NULL;) {
        char inner[4096];
        struct stat status;
        if (entry->d_name[0] == '.' || snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) >= (int)sizeof inner)
            continue;
        if (stat(inner, &status) == 0 && S_ISREG(status.st_mode) && reader_is_capture(inner))
            room = add(in, inner, first_us(inner), &status);
    }
    closedir(directory);
    if (!room) {
        error_set(err, "%s: no memory for its list of files", path);
        return false;
    }
    if (in->count == before) {
        error_set(err, "%s: no capture file in this directory", path);
        return false;
    }
    qsort(in->input + before, in->count - before, sizeof *in->input, by_time);
    in->input[in->count - 1].growing = true;
    return true;
}

bool inputs_add(struct inputs *in, const char *path, uint64_t (*first_us)(const char *path), char err[static ERRLEN])
{
    struct stat status = {0};
    if (strcmp(path, "-") != 0) {
        if (stat(path, &status) != 0 || access(path, R_OK) != 0) {
            error_set(err, "%s: %s", path, strerror(errno));
            return false;
        }
        if (S_ISDIR(status.st_mode))
            return add_directory(in, path, first_us, err);
    }
    if (!add(in, path, 0, &status)) {
        error_set(err, "%s: no memory for the list of inputs", path);
        return false;
    }
    return true;
}

void inputs_free(struct inputs *in)
{
    for (size_t i = 0; i < in->count; i++)
        free(in->input[i].path);
    free(in->input);
}
