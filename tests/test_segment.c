/* The journal's records as bytes: written and read, at every cut, with every bit flipped, with anything in between. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "feeds/segment.h"
#include "tests/check.h"

enum { JOURNAL = 0x1234567 };

static uint8_t room[4 * (SEGMENT_RECORD + SEGMENT_DOCUMENT)];

static void heads(void)
{
    uint8_t bytes[SEGMENT_HEAD];
    struct segment_head head = {JOURNAL, 99}, back;
    segment_put_head(bytes, &head);
    CHECK(segment_parse_head(&back, guard_copy(slice_of(bytes, sizeof bytes), 0)), "whole");
    CHECK(back.journal == JOURNAL && back.base == 99, "what was written");
    for (size_t len = 0; len < sizeof bytes; len++)
        CHECK(!segment_parse_head(&back, guard_copy(slice_of(bytes, len), 0)), "cut to %zu bytes", len);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(!segment_parse_head(&back, slice_of(bytes, sizeof bytes)), "bit %zu flipped", bit);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static struct slice document_of(size_t len)
{
    static uint8_t bytes[SEGMENT_DOCUMENT + 1];
    memset(bytes, 'd', sizeof bytes);
    return slice_of(bytes, len);
}

static void records(void)
{
    static const struct {
        size_t len;
        bool fits;
        const char *reason;
    } rows[] = {
        {1, true, "the shortest"}, {333, true, "an ordinary one"}, {SEGMENT_DOCUMENT, true, "the longest"},
        {SEGMENT_DOCUMENT + 1, false, "longer than any is"}, {0, false, "none: what a hole in a file looks like"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct segment_record record = {7, 1600000000000000, document_of(rows[i].len)}, back;
        struct slice bytes = slice_of(room, segment_put(room, JOURNAL, &record)), rest = bytes;
        CHECK(segment_next(&back, &rest, JOURNAL) == rows[i].fits, "%s", rows[i].reason);
        if (!rows[i].fits)
            continue;
        CHECK(rest.len == 0 && back.position == 7 && back.us == record.us && slice_eq(back.document, record.document), "%s", rows[i].reason);
        rest = bytes;
        CHECK(!segment_next(&back, &rest, JOURNAL + 1), "another journal's: %s", rows[i].reason);
    }
}

static void damage(void)
{
    struct segment_record record = {UINT64_MAX - 1, 1, S("{\"event_type\":\"alert\"}")}, back;
    struct slice bytes = slice_of(room, segment_put(room, JOURNAL, &record)), rest;
    for (size_t len = 0; len < bytes.len; len++) {
        rest = guard_copy(slice_of(room, len), 0);
        CHECK(!segment_next(&back, &rest, JOURNAL), "cut to %zu bytes", len);
    }
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        room[bit / 8] ^= (uint8_t)(1 << bit % 8);
        rest = guard_copy(bytes, 0);
        CHECK(!segment_next(&back, &rest, JOURNAL), "bit %zu flipped", bit);
        room[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

/* Three records, and before each of them and behind the last so many bytes of something else. */
static size_t read_three(const uint8_t *junk, const size_t before[4])
{
    struct segment_record record = {0, 0, document_of(500)};
    size_t len = SEGMENT_HEAD, found = 0;
    uint64_t last = 0;
    for (int i = 0; i < 4; i++) {
        memcpy(room + len, junk, before[i]);
        len += before[i];
        record.position = (uint64_t)i + 1;
        len += i < 3 ? segment_put(room + len, JOURNAL, &record) : 0;
    }
    FILE *file = tmpfile();
    struct segment_reader reader;
    if (file == NULL || fwrite(room, 1, len, file) != len || fflush(file) != 0 || !segment_reader_open(&reader, fileno(file), JOURNAL)) {
        perror("temporary file");
        exit(1);
    }
    while (segment_peek(&reader, len, &record)) {
        CHECK(record.position > last && slice_eq(record.document, document_of(500)), "in order and whole");
        last = record.position;
        segment_advance(&reader, &record);
        found++;
    }
    CHECK(reader.skipped == before[0] + before[1] + before[2] + before[3], "every other byte is counted: %llu", (unsigned long long)reader.skipped);
    segment_reader_close(&reader);
    fclose(file);
    return found;
}

static void junk_between(void)
{
    static uint8_t zeros[SEGMENT_DOCUMENT + 4096], other[600], texts[600], half[600];
    struct segment_record record = {2, 0, document_of(500)};
    segment_put(other, JOURNAL + 1, &record);
    memset(texts, '"', sizeof texts);
    segment_put(half, JOURNAL, &record);
    half[100] ^= 1;
    struct {
        const uint8_t *junk;
        size_t before[4];
        const char *reason;
    } rows[] = {
        {zeros, {0, 0, 0, 0}, "nothing between"},
        {zeros, {0, 0, 0, 4096}, "a torn end of zeros"},
        {zeros, {1, 27, 28, 29}, "a few bytes everywhere"},
        {zeros, {0, sizeof zeros, 0, 0}, "more than a window"},
        {other, {528, 528, 528, 528}, "another journal's record"},
        {texts, {5, 600, 17, 600}, "text"},
        {half, {528, 528, 528, 100}, "damaged records, and a torn one"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK(read_three(rows[i].junk, rows[i].before) == 3, "%s", rows[i].reason);
}

int main(void)
{
    heads();
    records();
    damage();
    junk_between();
    return check_report("test_segment");
}
