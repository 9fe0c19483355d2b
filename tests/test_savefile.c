/* Classic capture files are read past libpcap, to the letter as libpcap reads them: every layout, every truncation, every
 * lie of a length, and captures with some of their bytes changed. */
#include <stdio.h>

#include "capture/savefile.h"
#include "tests/check.h"
#include "tests/reading.h"

enum { MOST = 3 << 20, RECORD = 16 };

static uint8_t bytes[MOST];
static struct reading pcap, source;

static void put32(uint8_t *to, uint32_t value, bool big)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (big ? 24 - 8 * i : 8 * i));
}

static size_t header(uint32_t magic, bool big, unsigned major, unsigned minor, uint32_t snaplen, uint32_t linktype)
{
    memset(bytes, 0, SAVEFILE_HEAD);
    put32(bytes, magic, big);
    bytes[big ? 5 : 4] = (uint8_t)major;
    bytes[big ? 4 : 5] = (uint8_t)(major >> 8);
    bytes[big ? 7 : 6] = (uint8_t)minor;
    put32(bytes + 16, snaplen, big);
    put32(bytes + 20, linktype, big);
    return SAVEFILE_HEAD;
}

static size_t record(size_t at, bool big, uint32_t us, uint32_t caplen, uint32_t wirelen, size_t there)
{
    put32(bytes + at, 1594602000, big);
    put32(bytes + at + 4, us, big);
    put32(bytes + at + 8, caplen, big);
    put32(bytes + at + 12, wirelen, big);
    for (size_t i = 0; i < there; i++)
        bytes[at + RECORD + i] = (uint8_t)(i * 7 + us);
    return at + RECORD + there;
}

static bool same(struct slice file, const char *filter, const char *what)
{
    reading_by_pcap(&pcap, file, filter);
    reading_by_source(&source, file, filter);
    const char *differs = reading_differs(&pcap, &source);
    return CHECK(differs == NULL, "%s: %s differs: '%s', '%s'", what, differs, pcap.why, source.why);
}

/* Each at every length it can be cut to. */
static void layouts(void)
{
    static const struct {
        uint32_t magic;
        bool big;
        unsigned major, minor;
        uint32_t snaplen, linktype;
        const char *what;
    } rows[] = {
        {0xa1b2c3d4, false, 2, 4, 65535, 1, "microseconds"},
        {0xa1b2c3d4, true, 2, 4, 65535, 1, "microseconds, big endian"},
        {0xa1b23c4d, false, 2, 4, 65535, 1, "nanoseconds"},
        {0xa1b23c4d, true, 2, 4, 65535, 1, "nanoseconds, big endian"},
        {0xa1b2c3d4, false, 2, 4, 0, 1, "no snaplen: any length"},
        {0xa1b2c3d4, false, 2, 4, 40, 1, "records longer than the snaplen are cut to it"},
        {0xa1b2c3d4, false, 2, 4, 0xffffffff, 1, "a snaplen beyond reason"},
        {0xa1b2c3d4, false, 2, 4, 65535, 101, "raw IP"},
        {0xa1b2c3d4, false, 2, 4, 65535, 0x24000001, "the length of the frame check sequence beside the link type"},
        {0xa1b2c3d4, false, 2, 3, 65535, 1, "version 2.3, whose lengths may be the other way round"},
        {0xa1b2c3d4, false, 2, 2, 65535, 1, "version 2.2, whose lengths are"},
        {0xa1b2c3d4, false, 543, 0, 65535, 1, "version 543.0"},
        {0xa1b2c3d4, false, 2, 5, 65535, 1, "a version to come"},
        {0xa1b2c3d4, false, 3, 0, 65535, 1, "another version to come"},
        {0xa1b2cd34, false, 2, 4, 65535, 1, "Kuznetzov's layout"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = header(rows[i].magic, rows[i].big, rows[i].major, rows[i].minor, rows[i].snaplen, rows[i].linktype);
        len = record(len, rows[i].big, 999999, 60, 1500, 60);
        len = record(len, rows[i].big, 5, 0, 0, 0);
        len = record(len, rows[i].big, 250000, 41, 41, 41);
        for (size_t n = 1; n <= len; n++)
            if (!same(slice_of(bytes, n), NULL, rows[i].what))
                break;
    }
}

static void lengths(void)
{
    static const struct {
        uint32_t snaplen, caplen, wirelen;
        size_t there;
        unsigned frames;
        const char *what;
    } rows[] = {
        {262144, 262144, 262144, 262144, 3, "the longest record"},
        {262144, 262145, 262145, 262145, 1, "one byte more ends the file"},
        {65535, 262145, 262145, 262145, 1, "one byte more, and a small snaplen"},
        {400000, 262145, 262145, 262145, 1, "one byte more, and a snaplen that would allow it"},
        {400000, 500000, 500000, 60, 1, "more than that snaplen"},
        {262144, 0xffffffff, 60, 60, 1, "no length"},
        {262144, 0x80000000, 60, 60, 1, "a negative one"},
        {262144, 60, 0, 60, 3, "nothing on the wire"},
        {262144, 60, 0xffffffff, 60, 3, "everything on the wire"},
        {262144, 262144, 262144, 262143, 1, "the longest, without its last byte"},
        {262144, 200000, 60, 200000, 3, "longer than on the wire"},
        {65535, 200000, 200000, 200000, 3, "longer than the snaplen"},
        {65535, 200000, 200000, 100000, 1, "the same, cut behind the snaplen"},
        {65535, 200000, 200000, 1000, 1, "the same, cut before it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = header(0xa1b2c3d4, false, 2, 4, rows[i].snaplen, 1);
        len = record(len, false, 1, 60, 60, 60);
        len = record(len, false, 2, rows[i].caplen, rows[i].wirelen, rows[i].there);
        len = rows[i].frames == 3 || rows[i].caplen > 262144 ? record(len, false, 3, 60, 60, 60) : len;
        same(slice_of(bytes, len), NULL, rows[i].what);
        CHECK(source.frames == rows[i].frames, "%s: %u frames", rows[i].what, source.frames);
    }
}

/* Records at every place around the end of what is taken in at once. */
static void borders(void)
{
    for (uint32_t first = SAVEFILE_FILL - SAVEFILE_HEAD - 3 * RECORD - 70; first < SAVEFILE_FILL + 20; first++) {
        size_t len = header(0xa1b2c3d4, false, 2, 4, 262144, 1);
        len = record(len, false, 1, first, first, first);
        len = record(len, false, 2, 61, 61, 61);
        len = record(len, false, 3, 9, 9, 9);
        if (!same(slice_of(bytes, len), first % 2 ? "len >= 60" : NULL, "a record across the border"))
            return;
    }
}

/* The captures of the project, whole, and with single bytes changed: mostly where records begin. */
static void changed(void)
{
    static const char *const paths[] = {"pcaps/dealply.pcap", "pcaps/managex.pcap", "pcaps/honest.pcap"};
    uint64_t random = 88172645463325252;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct slice file = check_file(paths[i]);
        if (file.len > MOST)
            file.len = MOST;
        same(file, NULL, paths[i]);
        same(file, "port 53", paths[i]);
        for (unsigned round = 0; round < 60; round++) {
            memcpy(bytes, file.p, file.len);
            size_t at = SAVEFILE_HEAD;
            for (unsigned n = round % 40; at + RECORD < file.len && n > 0; n--) {
                uint32_t caplen;
                memcpy(&caplen, bytes + at + 8, sizeof caplen);
                at += RECORD + caplen;
            }
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            at = round % 10 == 9 ? random % SAVEFILE_HEAD : at + 8 + random % 8;
            if (at < file.len)
                bytes[at] ^= (uint8_t)(1 << (random >> 32) % 8);
            same(slice_of(bytes, file.len), NULL, paths[i]);
        }
        free((void *)file.p);
    }
}

/* A room's last byte is the last before a page that must not be touched; two of them take turns. */
static void rooms(void)
{
    char path[32], err[ERRLEN];
    uint64_t taken = 0;
    size_t len = header(0xa1b2c3d4, false, 2, 4, 262144, 1);
    uint32_t records = 0;
    for (uint32_t n = 0; len + RECORD + SAVEFILE_LONGEST < MOST; n = (n * 5 + 977) % (SAVEFILE_LONGEST + 1), records++)
        len = record(len, false, records, n, n, n);
    int fd = memfd_create("capture", 0);
    CHECK(write(fd, bytes, len) == (ssize_t)len, "a file");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct reader *reader = reader_open(path, &taken, err);
    struct savefile file;
    static const uint8_t empty[SAVEFILE_ROOM];
    uint8_t *room[2];
    for (int i = 0; i < 2; i++)
        room[i] = (uint8_t *)guard_copy(slice_of(empty, sizeof empty), i).p;
    CHECK(reader != NULL && savefile_open(&file, reader), "it is a classic one");
    savefile_room(&file, room[0]);
    struct savefile_record got;
    unsigned turn = 0, seen = 0;
    bool right = true;
    for (enum savefile_result result; (result = savefile_next(&file, &got, err)) != SAVEFILE_END && result != SAVEFILE_BROKEN;) {
        if (result == SAVEFILE_FULL || result == SAVEFILE_DRY) {
            savefile_room(&file, room[++turn % 2]);
            continue;
        }
        right = right && got.us == UINT64_C(1594602000000000) + seen && got.bytes.len == got.wirelen;
        right = right && (got.bytes.len == 0 || got.bytes.p[got.bytes.len - 1] == (uint8_t)((got.bytes.len - 1) * 7 + seen));
        seen++;
    }
    CHECK(right && seen == records && turn > 10, "%u of %u records, in %u rooms", seen, records, turn);
    CHECK(savefile_offset(&file) == len && taken == len, "all of it");
    reader_close(reader);
    close(fd);
}

/* The file is cut while it is read, or grows: neither harms, and what came before is read. */
static void under_way(void)
{
    char path[] = "/tmp/radome-savefile-XXXXXX", err[ERRLEN];
    bool usage;
    struct frame frame;
    int fd = mkstemp(path);
    size_t len = header(0xa1b2c3d4, false, 2, 4, 262144, 1);
    for (uint32_t i = 0; i < 1000; i++)
        len = record(len, false, i, 1000, 1000, 1000);
    CHECK(write(fd, bytes, len) == (ssize_t)len, "a file");
    const char *paths[] = {path, NULL};
    struct source *open = source_open(&(struct source_settings){.paths = paths}, &usage, err);
    CHECK(open != NULL && source_next(open, &frame, err) == SOURCE_FRAME, "it is read");
    CHECK(ftruncate(fd, 500 * 1000) == 0, "and cut");
    unsigned frames = 1, errors = 0;
    for (enum source_result result; (result = source_next(open, &frame, err)) != SOURCE_END; errors += result == SOURCE_ERROR)
        frames += result == SOURCE_FRAME;
    CHECK(frames < 500 && errors == 1 && strstr(err, "truncated dump file") != NULL, "%u frames, then: %s", frames, err);
    source_close(open);
    unlink(path);
    close(fd);
}

int main(void)
{
    layouts();
    lengths();
    borders();
    changed();
    rooms();
    under_way();
    return check_report("test_savefile");
}
