/* A journal's file of records and anything else between them, as the input says: every record is found, all else is skipped. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "feeds/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { JOURNAL = 77 };

/* One piece of the file: an even first byte is a record, an odd one is what stands between; the second is its length. */
static size_t put_piece(uint8_t *out, struct slice *input, uint64_t position, bool *record)
{
    struct slice head = slice_cut(input, 2), body;
    *record = head.len == 2 && head.p[0] % 2 == 0;
    body = slice_cut(input, head.len == 2 ? head.p[1] : 0);
    *record = *record && body.len > 0;
    if (*record)
        return segment_put(out, JOURNAL, &(struct segment_record){position, head.p[0], body});
    if (body.len > 0)
        memcpy(out, body.p, body.len);
    return body.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[SEGMENT_HEAD + 65536 * 16];
    struct slice input = slice_of(data, size < 65536 ? size : 65536);
    struct segment_head head;
    struct segment_record record = {0, 0, input};
    size_t len = SEGMENT_HEAD;
    uint64_t put = 0, found = 0, between = 0;
    segment_parse_head(&head, input);
    while (segment_next(&record, &input, JOURNAL)) /* the input itself as a file: nothing is read beyond it */
        continue;
    input = slice_of(data, size < 65536 ? size : 65536);
    while (input.len > 0 && len < sizeof file - 512) {
        bool is_record;
        size_t n = put_piece(file + len, &input, put, &is_record);
        put += is_record;
        between += is_record ? 0 : n;
        len += n;
    }
    int fd = memfd_create("segment", 0);
    struct segment_reader reader;
    if (fd < 0 || write(fd, file, len) != (ssize_t)len || !segment_reader_open(&reader, fd, JOURNAL))
        abort();
    for (; segment_peek(&reader, len, &record); found++) {
        if (record.position != found)
            abort();
        segment_advance(&reader, &record);
    }
    if (found != put || reader.skipped != between || reader.at != len)
        abort();
    segment_reader_close(&reader);
    close(fd);
    return 0;
}
