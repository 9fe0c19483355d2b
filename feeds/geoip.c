#include "feeds/geoip.h"

#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feeds/words.h"

struct geoip {
    size_t count;
    MMDB_s database[GEOIP_DATABASES];
};

/* Where databases keep what is asked for, the most common layout first: GeoLite2's nested maps, then those of publishers
 * that write one flat map. */
static const char *const country_paths[][4] = {
    {"country", "iso_code", NULL},
    {"registered_country", "iso_code", NULL},
    {"country_code", NULL},
    {"country", NULL},
    {NULL},
};

static const char *const asn_paths[][4] = {
    {"autonomous_system_number", NULL},
    {"asn", NULL},
    {"as_number", NULL},
    {"traits", "autonomous_system_number", NULL},
    {NULL},
};

static const char *const organization_paths[][4] = {
    {"autonomous_system_organization", NULL},
    {"as_org", NULL},
    {"as_name", NULL},
    {"organization", NULL},
    {"traits", "autonomous_system_organization", NULL},
    {NULL},
};

/* The first path that leads to text or a number. */
static bool value_at(MMDB_entry_s *entry, const char *const paths[][4], MMDB_entry_data_s *data)
{
    for (size_t i = 0; paths[i][0] != NULL; i++)
        if (MMDB_aget_value(entry, data, paths[i]) == MMDB_SUCCESS && data->has_data &&
            (data->type == MMDB_DATA_TYPE_UTF8_STRING || data->type == MMDB_DATA_TYPE_UINT32 ||
             data->type == MMDB_DATA_TYPE_UINT16 || data->type == MMDB_DATA_TYPE_UINT64))
            return true;
    return false;
}

static struct slice text_of(const MMDB_entry_data_s *data)
{
    return data->type == MMDB_DATA_TYPE_UTF8_STRING ? slice_of(data->utf8_string, data->data_size) : slice_of(NULL, 0);
}

/* 64500, "64500" or "AS64500"; 0 where it is none of them. */
static uint32_t asn_of(const MMDB_entry_data_s *data)
{
    uint64_t number = 0;
    if (data->type == MMDB_DATA_TYPE_UINT16)
        return data->uint16;
    if (data->type == MMDB_DATA_TYPE_UINT32)
        return data->uint32;
    if (data->type == MMDB_DATA_TYPE_UINT64)
        return data->uint64 <= UINT32_MAX ? (uint32_t)data->uint64 : 0;
    struct slice text = text_of(data);
    if (slice_ieq(slice_head(text, 2), S("AS")))
        text = slice_from(text, 2);
    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] < '0' || text.p[i] > '9' || number > UINT32_MAX / 10)
            return 0;
        number = number * 10 + (text.p[i] - '0');
    }
    return number <= UINT32_MAX ? (uint32_t)number : 0;
}

static bool is_country(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.p[i] < 'A' || text.p[i] > 'Z')
            return false;
    return text.len == 2; /* ISO 3166-1 alpha-2 */
}

static void fill(MMDB_entry_s *entry, struct geo *geo)
{
    MMDB_entry_data_s data;
    if (geo->country[0] == '\0' && value_at(entry, country_paths, &data) && is_country(text_of(&data)))
        slice_text(text_of(&data), geo->country, sizeof geo->country);
    if (geo->asn == 0 && value_at(entry, asn_paths, &data))
        geo->asn = asn_of(&data);
    if (geo->organization[0] == '\0' && value_at(entry, organization_paths, &data))
        slice_text(text_of(&data), geo->organization, sizeof geo->organization);
}

/* Databases keep IPv4 under ::/96, where libmaxminddb looks for an AF_INET address; a mapped one would be looked for under
 * ::ffff:0:0/96, which not every publisher fills. */
static MMDB_lookup_result_s look_up(const MMDB_s *database, const struct addr *addr, int *error)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    memcpy(&v4.sin_addr, addr->b + 12, 4);
    memcpy(&v6.sin6_addr, addr->b, 16);
    return MMDB_lookup_sockaddr(database, addr_is_v4(addr) ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6, error);
}

bool geoip_find(const struct geoip *geoip, const struct addr *addr, struct geo *geo)
{
    *geo = (struct geo){0};
    for (size_t i = 0; geoip != NULL && i < geoip->count; i++) {
        int error = MMDB_SUCCESS;
        MMDB_lookup_result_s result = look_up(&geoip->database[i], addr, &error);
        if (error == MMDB_SUCCESS && result.found_entry)
            fill(&result.entry, geo);
    }
    return geo->asn != 0 || geo->organization[0] != '\0' || geo->country[0] != '\0';
}

static void add_place(struct places *places, const struct geo *geo)
{
    size_t i = 0;
    while (i < places->as_count && places->as[i] != geo->asn)
        i++;
    if (geo->asn != 0 && i == places->as_count && i < sizeof places->as / sizeof *places->as)
        places->as[places->as_count++] = geo->asn;
    for (i = 0; i < places->country_count && strcmp(places->country[i], geo->country) != 0;)
        i++;
    if (geo->country[0] != '\0' && i == places->country_count && i < sizeof places->country / sizeof *places->country)
        memcpy(places->country[places->country_count++], geo->country, sizeof geo->country);
}

void geoip_places(const struct geoip *geoip, const struct addr *addr, size_t count, struct places *places)
{
    struct geo geo;
    *places = (struct places){0};
    for (size_t i = 0; i < count; i++)
        if (geoip_find(geoip, &addr[i], &geo))
            add_place(places, &geo);
}

static bool copy_bytes(int from, int to)
{
    char bytes[65536];
    for (;;) {
        ssize_t n = read(from, bytes, sizeof bytes);
        if (n <= 0)
            return n == 0;
        for (ssize_t put = 0, at = 0; at < n; at += put)
            if ((put = write(to, bytes + at, (size_t)(n - at))) <= 0)
                return false;
    }
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* libmaxminddb maps its file into memory, and whoever overwrites or cuts that file in place changes or kills what is
 * mapped. So it is given a copy that nobody else can name. Returns its descriptor, -1 with a sentence. */
static int private_copy(const char *path, char err[static ERRLEN])
{
    struct stat before, after;
    int copy = -1, file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &before) != 0 || (copy = memfd_create("geoip", MFD_CLOEXEC)) < 0 || !copy_bytes(file, copy) ||
        fstat(file, &after) != 0)
        error_set(err, "%s: cannot be read: %s", path, strerror(errno));
    else if (!same_file(&before, &after))
        error_set(err, "%s: changed while it was read; try again when whoever writes it is through", path);
    else {
        close(file);
        return copy;
    }
    if (file >= 0)
        close(file);
    if (copy >= 0)
        close(copy);
    return -1;
}

/* A damaged database may open well: one lookup of each kind shows the worst. */
static bool open_one(MMDB_s *database, const char *path, char err[static ERRLEN])
{
    static const struct addr probes[] = {{{[10] = 0xff, 0xff, 8, 8, 8, 8}}, {{0x20, 0x01}}};
    char name[32];
    int copy = private_copy(path, err);
    if (copy < 0)
        return false;
    snprintf(name, sizeof name, "/proc/self/fd/%d", copy);
    int status = MMDB_open(name, MMDB_MODE_MMAP, database), error = errno;
    close(copy); /* its mapping lasts */
    if (status != MMDB_SUCCESS) {
        error_set(err, "%s: not a MaxMind-format database that can be read: %s", path,
                  status == MMDB_FILE_OPEN_ERROR ? strerror(error) : MMDB_strerror(status));
        return false;
    }
    for (int i = 0; i < (database->metadata.ip_version == 6 ? 2 : 1); i++) {
        look_up(database, &probes[i], &status);
        if (status != MMDB_SUCCESS) {
            error_set(err, "%s: a damaged database: %s", path, MMDB_strerror(status));
            MMDB_close(database);
            return false;
        }
    }
    return true;
}

struct geoip *geoip_open(const char *const *paths, size_t count, char err[static ERRLEN])
{
    if (count > GEOIP_DATABASES) {
        error_set(err, "%s: one database more than the %d that are asked at once", paths[GEOIP_DATABASES], GEOIP_DATABASES);
        return NULL;
    }
    struct geoip *geoip = calloc(1, sizeof *geoip);
    if (geoip == NULL) {
        error_set(err, "no memory for databases of addresses");
        return NULL;
    }
    for (; geoip->count < count; geoip->count++)
        if (!open_one(&geoip->database[geoip->count], paths[geoip->count], err)) {
            geoip_close(geoip);
            return NULL;
        }
    return geoip;
}

const char *geoip_words(const struct geoip *geoip, size_t i, char out[static GEOIP_WORDS])
{
    const MMDB_metadata_s *is = &geoip->database[i].metadata;
    char built[WORD_TIME], type[64];
    size_t n = 0;
    for (const char *at = is->database_type; at != NULL && *at != '\0' && n + 1 < sizeof type; at++)
        type[n++] = *at > ' ' && *at < 0x7f ? *at : '?'; /* for a terminal */
    type[n] = '\0';
    word_of_time(is->build_epoch * 1000000, built);
    snprintf(out, GEOIP_WORDS, "%s, built %.10s", n > 0 ? type : "of no type", built);
    return out;
}

size_t geoip_nodes(const struct geoip *geoip, size_t i)
{
    return geoip->database[i].metadata.node_count;
}

void geoip_close(struct geoip *geoip)
{
    for (size_t i = 0; geoip != NULL && i < geoip->count; i++)
        MMDB_close(&geoip->database[i]);
    free(geoip);
}
