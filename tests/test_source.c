/* Capture files as they come: both byte orders, microseconds and nanoseconds, compressed, in directories, cut short. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "capture/source.h"
#include "tests/check.h"

enum { PACKET = 60, PACKETS = 5, FILE_BYTES = 24 + PACKETS * (16 + PACKET) };

static char directory[] = "/tmp/radome-source-XXXXXX";

static void put32(uint8_t *to, uint32_t value, bool big)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (big ? 24 - 8 * i : 8 * i));
}

/* A classic capture of PACKETS Ethernet frames, a second apart from `second` on. */
static struct slice make(uint32_t magic, bool big, uint32_t second, uint32_t fraction)
{
    static uint8_t bytes[FILE_BYTES];
    memset(bytes, 0, sizeof bytes);
    put32(bytes, magic, big);
    bytes[big ? 5 : 4] = 2;
    bytes[big ? 7 : 6] = 4;
    put32(bytes + 16, 65535, big);
    put32(bytes + 20, 1, big);
    for (uint32_t i = 0; i < PACKETS; i++) {
        uint8_t *record = bytes + 24 + i * (16 + PACKET);
        put32(record, second + i, big);
        put32(record + 4, fraction, big);
        put32(record + 8, PACKET, big);
        put32(record + 12, PACKET, big);
        record[16 + 12] = 8;
        record[16 + 14] = (uint8_t)i;
    }
    return slice_of(bytes, sizeof bytes);
}

static const char *path_of(const char *name)
{
    static char path[4][128];
    static unsigned turn;
    char *place = path[turn++ % 4];
    snprintf(place, sizeof path[0], "%s/%s", directory, name);
    return place;
}

static void write_file(const char *name, struct slice bytes)
{
    FILE *file = fopen(path_of(name), "wb");
    fwrite(bytes.p, 1, bytes.len, file);
    fclose(file);
}

static void write_gzip(const char *name, struct slice first, struct slice second)
{
    gzFile file = gzopen(path_of(name), "wb");
    gzwrite(file, first.p, (unsigned)first.len);
    gzclose(file);
    file = gzopen(path_of(name), "ab"); /* a second member, as logrotate and pigz leave them */
    gzwrite(file, second.p, (unsigned)second.len);
    gzclose(file);
}

static void write_zstd(const char *name, struct slice bytes)
{
    static uint8_t out[FILE_BYTES * 2];
    size_t n = ZSTD_compress(out, sizeof out, bytes.p, bytes.len, 3);
    write_file(name, slice_of(out, n));
}

struct tally {
    unsigned frames, warnings, errors;
    uint64_t first_us, last_us;
    bool ordered, opened, usage;
    char said[ERRLEN];
};

static struct tally read_all(const char *const *paths, const char *filter)
{
    struct tally tally = {.ordered = true};
    struct source_settings settings = {.paths = paths, .filter = filter};
    struct source *source = source_open(&settings, &tally.usage, tally.said);
    struct frame frame;
    char err[ERRLEN];
    tally.opened = source != NULL;
    for (bool more = source != NULL; more;) {
        enum source_result result = source_next(source, &frame, err);
        more = result != SOURCE_END;
        if (result == SOURCE_FRAME) {
            tally.ordered = tally.ordered && frame.us >= tally.last_us;
            tally.first_us = tally.frames++ == 0 ? frame.us : tally.first_us;
            tally.last_us = frame.us;
        }
        tally.warnings += result == SOURCE_WARNING;
        tally.errors += result == SOURCE_ERROR;
        if (result == SOURCE_WARNING || result == SOURCE_ERROR)
            memcpy(tally.said, err, sizeof err);
    }
    source_close(source);
    return tally;
}

static struct tally read_one(const char *name)
{
    return read_all((const char *const[]){path_of(name), NULL}, NULL);
}

static void layouts(void)
{
    static const struct {
        uint32_t magic;
        bool big;
        uint32_t fraction;
        const char *reason;
    } rows[] = {
        {0xa1b2c3d4, false, 250000, "microseconds, little endian"},
        {0xa1b2c3d4, true, 250000, "microseconds, big endian"},
        {0xa1b23c4d, false, 250000999, "nanoseconds, little endian"},
        {0xa1b23c4d, true, 250000999, "nanoseconds, big endian"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        write_file("one.pcap", make(rows[i].magic, rows[i].big, 1594602000, rows[i].fraction));
        struct tally got = read_one("one.pcap");
        CHECK(got.frames == PACKETS && got.errors == 0 && got.first_us == 1594602000250000, "%s: %u frames, first at %llu", rows[i].reason,
              got.frames, (unsigned long long)got.first_us);
    }
}

static void compressed(void)
{
    struct slice whole = make(0xa1b2c3d4, false, 1594602000, 0);
    write_zstd("one.zst", whole);
    struct tally got = read_one("one.zst");
    CHECK(got.frames == PACKETS && got.errors == 0, "zstd: %s", got.said);
    write_gzip("two.gz", slice_head(whole, 100), slice_from(whole, 100));
    got = read_one("two.gz");
    CHECK(got.frames == PACKETS && got.errors == 0, "gzip in two members: %s", got.said);
    struct slice packed = check_file(path_of("one.zst"));
    for (size_t n = 0; n < packed.len; n++) { /* never a crash, never a frame too many, always a word about it */
        write_file("cut.zst", slice_head(packed, n));
        got = read_one("cut.zst");
        CHECK(got.frames <= PACKETS && (got.errors == 1 || !got.opened), "zstd cut after %zu bytes is told", n);
    }
    free((void *)packed.p);
}

/* Every truncation of a plain file: what came before is read, the rest is told with its offset. */
static void cut_short(void)
{
    struct slice whole = make(0xa1b2c3d4, false, 1594602000, 0);
    for (size_t n = 0; n < whole.len; n++) {
        unsigned complete = n < 24 ? 0 : (unsigned)((n - 24) / (16 + PACKET));
        bool at_border = n >= 24 && (n - 24) % (16 + PACKET) == 0;
        char offset[32];
        snprintf(offset, sizeof offset, "at byte %zu:", n);
        write_file("cut.pcap", slice_head(whole, n));
        struct tally got = read_one("cut.pcap");
        CHECK(got.opened == (n >= 24), "a header of %zu bytes", n);
        CHECK(got.frames == complete, "%zu bytes: %u frames", n, got.frames);
        if (n >= 24)
            CHECK(got.errors == !at_border && (at_border || strstr(got.said, offset) != NULL), "%zu bytes: '%s'", n, got.said);
    }
}

static void directories(void)
{
    CHECK(mkdir(path_of("rotating"), 0755) == 0, "a directory");
    write_file("rotating/b.pcap", make(0xa1b2c3d4, false, 1594602000, 0));
    write_zstd("rotating/z.pcap.zst", make(0xa1b2c3d4, false, 1594602010, 0));
    write_file("rotating/notes.txt", slice_str("not a capture"));
    write_file("rotating/.hidden.pcap", make(0xa1b2c3d4, false, 1594600000, 0));
    struct slice newest = make(0xa1b2c3d4, false, 1594602020, 0);
    write_file("rotating/a.pcap", slice_head(newest, newest.len - 1));
    struct tally got = read_one("rotating");
    CHECK(got.frames == 3 * PACKETS - 1 && got.ordered && got.first_us == 1594602000000000, "in time order, not by name: %u frames", got.frames);
    CHECK(got.warnings == 1 && got.errors == 0, "the newest may still be written: a warning, no error");
    struct slice oldest = make(0xa1b2c3d4, false, 1594602000, 0);
    write_file("rotating/b.pcap", slice_head(oldest, oldest.len - 1));
    got = read_one("rotating");
    CHECK(got.errors == 1 && got.frames == 3 * PACKETS - 2, "an older one cut short is an error, and the rest is read");
    got = read_all((const char *const[]){path_of("rotating"), path_of("one.pcap"), NULL}, NULL);
    CHECK(got.frames == 4 * PACKETS - 2, "a directory and a file");
    got = read_all((const char *const[]){path_of("one.pcap"), path_of("nosuch"), NULL}, NULL);
    CHECK(!got.opened && !got.usage, "a missing file is told before the first frame: %s", got.said);
}

static void filters(void)
{
    struct tally got = read_all((const char *const[]){path_of("one.pcap"), NULL}, "ether[14] = 2 or ether[14] = 3");
    CHECK(got.frames == 2, "a filter lets through what it says: %u", got.frames);
    got = read_all((const char *const[]){path_of("one.pcap"), NULL}, "tcp prot 80");
    CHECK(!got.opened && got.usage, "a wrong filter is the user's: %s", got.said);
}

int main(void)
{
    if (mkdtemp(directory) == NULL)
        return 1;
    layouts();
    compressed();
    cut_short();
    directories();
    filters();
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    CHECK(system(command) == 0, "cleaned up");
    return check_report("test_source");
}
