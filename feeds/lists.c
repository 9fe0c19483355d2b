#include "feeds/lists.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "feeds/ioc.h"

struct file {
    enum lists_part part;
    char *path;
    struct stat tried, seen;       /* as it was when it was last opened, or tried to; at the last look */
    time_t written;                /* what was read of it */
    size_t entries, unreadable, first_bad;
    size_t of[INDICATOR_TYPES];    /* entries by type, or by kind of an allowlist */
};

_Static_assert((int)ALLOW_KINDS <= (int)INDICATOR_TYPES, "of has room for either");

struct lists {
    struct lists_settings settings; /* but for the paths, which stand below */
    struct indicators *indicators;
    struct allow *allow;
    struct geoip *geoip;
    struct file file[LISTS_FILES];      /* part by part, in the settings' order */
    unsigned files, told;          /* files whose warning was given */
    bool told_as;
    time_t loaded;
};

static bool changed(const struct stat *a, const struct stat *b)
{
    return a->st_dev != b->st_dev || a->st_ino != b->st_ino || a->st_size != b->st_size ||
           a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

static bool add_file(struct lists *l, enum lists_part part, const char *path)
{
    struct file *file = &l->file[l->files];
    *file = (struct file){.part = part, .path = strdup(path)};
    if (stat(path, &file->tried) != 0)
        file->tried = (struct stat){0}; /* whoever opens it says why */
    file->seen = file->tried;
    file->written = file->tried.st_mtime;
    l->files += file->path != NULL;
    return file->path != NULL;
}

/* The files of a part: how many, the first of them, their paths. */
static unsigned files_of(struct lists *l, enum lists_part part, struct file **first, const char *path[static SETTING_LIST_MAX + 1])
{
    unsigned count = 0;
    for (unsigned i = 0; i < l->files; i++)
        if (l->file[i].part == part) {
            *first = &l->file[i - count];
            path[count++] = l->file[i].path;
        }
    path[count] = NULL;
    return count;
}

static bool open_indicators(struct lists *l, char err[static ERRLEN])
{
    struct ioc_stats stats[SETTING_LIST_MAX] = {0};
    const char *path[SETTING_LIST_MAX + 1];
    struct file *file = NULL;
    unsigned count = files_of(l, LISTS_IOC, &file, path);
    l->indicators = ioc_open(path, count, l->settings.builtin_ioc, l->settings.seed, stats, err);
    for (unsigned i = 0; i < count; i++) {
        file[i].entries = stats[i].rows;
        file[i].unreadable = stats[i].unreadable;
        file[i].first_bad = stats[i].first_bad;
        memcpy(file[i].of, stats[i].of_type, sizeof stats[i].of_type);
    }
    return l->indicators != NULL;
}

static bool open_allow(struct lists *l, char err[static ERRLEN])
{
    struct allow_stats stats[SETTING_LIST_MAX] = {0};
    const char *path[SETTING_LIST_MAX + 1];
    struct file *file = NULL;
    unsigned count = files_of(l, LISTS_ALLOW, &file, path);
    l->allow = allow_open(path, count, l->settings.builtin_allow, l->settings.seed, stats, err);
    for (unsigned i = 0; i < count; i++) {
        file[i].entries = stats[i].entries;
        file[i].unreadable = stats[i].unreadable;
        file[i].first_bad = stats[i].first_bad;
        memcpy(file[i].of, stats[i].of_kind, sizeof stats[i].of_kind);
    }
    return l->allow != NULL;
}

static bool open_geoip(struct lists *l, char err[static ERRLEN])
{
    const char *path[SETTING_LIST_MAX + 1];
    struct file *file = NULL;
    unsigned count = files_of(l, LISTS_GEOIP, &file, path);
    l->geoip = geoip_open(path, count, err);
    for (unsigned i = 0; l->geoip != NULL && i < count; i++)
        file[i].entries = geoip_nodes(l->geoip, i);
    return l->geoip != NULL;
}

/* A download that broke off, a feed whose server answered with a page of excuses: what has lost half of its entries since
 * the time before is more likely that than the world become better. */
static bool well_sized(const struct lists *l, const struct file *file, const struct lists *before, char err[static ERRLEN])
{
    static const char unless[] = "if that is meant, say --lists-may-shrink";
    if (l->settings.may_shrink)
        return true;
    if (file->entries == 0) {
        error_set(err, "%s: an empty list; leave it out instead, or %s", file->path, unless);
        return false;
    }
    for (unsigned i = 0; before != NULL && i < before->files; i++) {
        const struct file *was = &before->file[i];
        if (was->part == file->part && strcmp(was->path, file->path) == 0 && file->entries <= was->entries / 2) {
            error_set(err, "%s: %zu entries where %zu were, half or fewer; %s", file->path, file->entries, was->entries, unless);
            return false;
        }
    }
    return true;
}

static bool all_well_sized(const struct lists *l, const struct lists *before, char err[static ERRLEN])
{
    for (unsigned i = 0; i < l->files; i++)
        if (!well_sized(l, &l->file[i], before, err))
            return false;
    return true;
}

static struct lists *begin(const struct lists_settings *settings, char err[static ERRLEN])
{
    struct lists *l = calloc(1, sizeof *l);
    if (l == NULL) {
        error_set(err, "no memory for the lists");
        return NULL;
    }
    l->settings = *settings;
    l->loaded = time(NULL);
    return l;
}

static bool add_files(struct lists *l, char err[static ERRLEN])
{
    const struct setting_list *part[LISTS_PARTS] = {l->settings.ioc, l->settings.allow, l->settings.geoip};
    for (int p = 0; p < LISTS_PARTS; p++)
        for (unsigned i = 0; i < part[p]->count; i++)
            if (!add_file(l, (enum lists_part)p, part[p]->value[i])) {
                error_set(err, "no memory for the lists");
                return false;
            }
    l->settings.ioc = l->settings.allow = l->settings.geoip = NULL;
    return true;
}

struct lists *lists_open(const struct lists_settings *settings, const struct lists *before, char err[static ERRLEN])
{
    struct lists *l = begin(settings, err);
    if (l == NULL)
        return NULL;
    if (add_files(l, err) && open_indicators(l, err) && open_allow(l, err) && open_geoip(l, err) && all_well_sized(l, before, err))
        return l;
    lists_close(l, NULL);
    return NULL;
}

struct lists *lists_open_geoip(const struct lists *before, char err[static ERRLEN])
{
    struct lists *l = begin(&before->settings, err);
    bool well = l != NULL;
    for (unsigned i = 0; well && i < before->files; i++) {
        const struct file *file = &before->file[i];
        if ((well = add_file(l, file->part, file->path)) && file->part != LISTS_GEOIP) {
            char *path = l->file[i].path;
            l->file[i] = *file;
            l->file[i].path = path;
        }
    }
    if (l != NULL) {
        l->told = l->files; /* all was said when they were read */
        l->told_as = true;
        l->loaded = before->loaded;
        l->indicators = before->indicators;
        l->allow = before->allow;
        if (!well)
            error_set(err, "no memory for the lists");
        else if (open_geoip(l, err) && all_well_sized(l, before, err))
            return l;
    }
    lists_close(l, before);
    return NULL;
}

void lists_close(struct lists *l, const struct lists *heir)
{
    if (l == NULL)
        return;
    if (heir == NULL || heir->geoip != l->geoip)
        geoip_close(l->geoip);
    if (heir == NULL || heir->allow != l->allow)
        allow_close(l->allow);
    if (heir == NULL || heir->indicators != l->indicators)
        indicators_close(l->indicators);
    for (unsigned i = 0; i < l->files; i++)
        free(l->file[i].path);
    free(l);
}

bool lists_warning(struct lists *l, char message[static ERRLEN])
{
    while (l->told < l->files) {
        const struct file *file = &l->file[l->told++];
        if (file->entries == 0)
            error_set(message, "%s: an empty list, as --lists-may-shrink allows", file->path);
        else if (file->unreadable > 0)
            error_set(message, "%s: %zu rows taken; %zu not understood, the first at %zu", file->path, file->entries,
                      file->unreadable, file->first_bad);
        else
            continue;
        return true;
    }
    if (l->told_as || !allow_has_as(l->allow) || (l->files > 0 && l->file[l->files - 1].part == LISTS_GEOIP))
        return false;
    error_set(message, "allowlists name an AS, but no --geoip database says which addresses are its");
    return l->told_as = true;
}

bool lists_geoip_replaced(struct lists *l)
{
    bool replaced = false;
    for (unsigned i = 0; i < l->files; i++) {
        struct file *file = &l->file[i];
        struct stat now;
        if (file->part != LISTS_GEOIP || stat(file->path, &now) != 0)
            continue;
        if (changed(&now, &file->tried) && !changed(&now, &file->seen)) {
            replaced = true;
            file->tried = now; /* once, whatever comes of it */
        }
        file->seen = now;
    }
    return replaced;
}

const struct indicators *lists_indicators(const struct lists *l)
{
    return l->indicators;
}

const struct allow *lists_allow(const struct lists *l)
{
    return l->allow;
}

struct geoip *lists_geoip(const struct lists *l)
{
    return l->geoip;
}

void lists_stats(const struct lists *l, struct lists_stats *stats)
{
    time_t now = time(NULL), oldest = now;
    *stats = (struct lists_stats){
        .files = l->files,
        .indicators = indicators_count(l->indicators),
        .indicator_bytes = indicators_bytes(l->indicators),
        .allowed = allow_count(l->allow),
        .loaded_s = (uint64_t)l->loaded,
        .age_s = now > l->loaded ? (uint64_t)(now - l->loaded) : 0,
    };
    for (int type = 0; type < INDICATOR_TYPES; type++)
        stats->of_type[type] = indicators_of_type(l->indicators, (enum indicator_type)type);
    for (int kind = 0; kind < ALLOW_KINDS; kind++)
        stats->of_kind[kind] = allow_of_kind(l->allow, (enum allow_kind)kind);
    for (unsigned i = 0, number = 0; i < l->files; i++) {
        const struct file *file = &l->file[i];
        number = i > 0 && file->part == file[-1].part ? number + 1 : 1;
        stats->file[i] = (struct lists_file){file->part, number, file->entries, (uint64_t)file->written};
        stats->unreadable += file->unreadable;
        oldest = file->written < oldest ? file->written : oldest;
    }
    stats->oldest_s = (uint64_t)(now - oldest);
}

struct sentence {
    char *text;
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct sentence *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(s->text + s->used, ERRLEN - s->used, format, args);
    va_end(args);
    s->used += (size_t)n < ERRLEN - s->used ? (size_t)n : ERRLEN - 1 - s->used;
}

static void add_age(struct sentence *s, double seconds)
{
    static const struct {
        double seconds;
        const char *word;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {0, "s"}};
    size_t i = 0;
    while (seconds < 2 * units[i].seconds)
        i++;
    add(s, "%.0f %s old", seconds / (units[i].seconds > 0 ? units[i].seconds : 1), units[i].word);
}

/* "(feed.csv 1000, 3 h old; more.txt 20, 5 d old)" */
static void add_files_of(struct sentence *s, const struct lists *l, enum lists_part part)
{
    const char *before = " (";
    for (unsigned i = 0; i < l->files; i++) {
        const struct file *file = &l->file[i];
        const char *slash = strrchr(file->path, '/');
        if (file->part != part)
            continue;
        add(s, "%s%.60s ", before, slash != NULL ? slash + 1 : file->path);
        if (part != LISTS_GEOIP)
            add(s, "%zu, ", file->entries);
        add_age(s, difftime(time(NULL), file->written));
        before = "; ";
    }
    add(s, "%s", before[0] == ';' ? ")" : "");
}

void lists_describe(const struct lists *l, char message[static ERRLEN])
{
    struct sentence s = {message, 0};
    add(&s, "%zu indicators", indicators_count(l->indicators));
    add_files_of(&s, l, LISTS_IOC);
    add(&s, ", %zu allowed", allow_count(l->allow));
    add_files_of(&s, l, LISTS_ALLOW);
    if (l->files > 0 && l->file[l->files - 1].part == LISTS_GEOIP) {
        add(&s, ", GeoIP");
        add_files_of(&s, l, LISTS_GEOIP);
    }
}

const char *lists_part_name(enum lists_part part)
{
    static const char *const names[LISTS_PARTS] = {"ioc", "allow", "geoip"};
    return names[part];
}

/* " (domain-name 88, file 6)"; nothing of nothing. */
static void add_kinds(struct sentence *s, const size_t *of, enum lists_part part)
{
    const char *before = " (";
    for (int kind = 0; kind < (part == LISTS_IOC ? INDICATOR_TYPES : ALLOW_KINDS); kind++) {
        if (of[kind] == 0)
            continue;
        add(s, "%s%s %zu", before,
            part == LISTS_IOC ? indicator_type_name((enum indicator_type)kind) : allow_kind_name((enum allow_kind)kind), of[kind]);
        before = ", ";
    }
    add(s, "%s", before[0] == ',' ? ")" : "");
}

static void add_all(struct sentence *s, const struct lists *l, enum lists_part part)
{
    size_t of[INDICATOR_TYPES] = {0};
    for (int kind = 0; kind < (part == LISTS_IOC ? INDICATOR_TYPES : ALLOW_KINDS); kind++)
        of[kind] = part == LISTS_IOC ? indicators_of_type(l->indicators, (enum indicator_type)kind)
                                     : allow_of_kind(l->allow, (enum allow_kind)kind);
    bool built_in = part == LISTS_IOC ? l->settings.builtin_ioc : l->settings.builtin_allow;
    add(s, "%s in force: %zu", part == LISTS_IOC ? "indicators" : "allowed",
        part == LISTS_IOC ? indicators_count(l->indicators) : allow_count(l->allow));
    add_kinds(s, of, part);
    add(s, "%s", built_in ? ", with the built-in list" : ", without the built-in list");
}

bool lists_line(const struct lists *l, unsigned index, char line[static ERRLEN])
{
    struct sentence s = {line, 0};
    if (index < 2) {
        add_all(&s, l, index == 0 ? LISTS_IOC : LISTS_ALLOW);
        return true;
    }
    if (index - 2 >= l->files)
        return false;
    const struct file *file = &l->file[index - 2];
    char words[GEOIP_WORDS];
    unsigned before = 0;
    while (before < l->files && l->file[before].part != LISTS_GEOIP)
        before++;
    add(&s, "%s %.200s: ", lists_part_name(file->part), file->path);
    if (file->part == LISTS_GEOIP)
        add(&s, "%s, %zu nodes", geoip_words(l->geoip, index - 2 - before, words), file->entries);
    else
        add(&s, "%zu %s", file->entries, file->entries == 1 ? "entry" : "entries");
    if (file->part != LISTS_GEOIP)
        add_kinds(&s, file->of, file->part);
    add(&s, ", ");
    add_age(&s, difftime(time(NULL), file->written));
    if (file->unreadable > 0)
        add(&s, "; %zu not understood, the first at %zu", file->unreadable, file->first_bad);
    return true;
}
