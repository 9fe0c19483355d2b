/* A document from anywhere on a board, and all that is shown of it: nothing that a terminal obeys. */
#include <stdlib.h>

#include "feeds/board_rows.h"
#include "feeds/printable.h"
#include "tests/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
        if ((*p < 0x20 && *p != '\n') || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
            abort();
}

static void check_row(const struct board_row *row)
{
    for (unsigned i = 0; i < row->cells; i++) {
        char out[1024];
        printable_cell(out, sizeof out, slice_str(row->cell[i].text), row->cell[i].columns > 0 ? (size_t)row->cell[i].columns : 80);
        check_text(out);
        if (strchr(out, '\n') != NULL)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board_scratch scratch;
    const struct board_entry *entries[BOARD_HITS];
    struct board_table table = {.columns = 80, .now_us = 1600000000000000};
    struct board_row row;
    static struct board *b; /* its memory is large: it is emptied, not made anew */
    if (b == NULL) {
        printable_locale();
        b = board_open();
    }
    b->hits = b->incidents = b->sensors = b->hits_at = 0;
    memset(b->sensor, 0, 2 * sizeof *b->sensor);
    board_take(b, &scratch, slice_of(data, size), 0);
    size_t count = board_hits(b, "", entries);
    board_hit_head(&row, &table, entries, count, count);
    if (count > 0) {
        board_hit_row(&row, &table, entries[0]);
        check_row(&row);
        check_text(entries[0]->notice.detail);
    }
    count = board_incidents(b, "", false, entries);
    board_incident_head(&row, &table, entries, count, count, false);
    if (count > 0) {
        board_incident_row(&row, &table, entries[0]);
        check_row(&row);
        check_text(entries[0]->notice.detail);
    }
    if (samples_of_text(&scratch.samples, slice_of(data, size)))
        board_figures(b, "file", &scratch.samples, 1);
    for (size_t i = 0; i < b->sensors; i++) {
        char *page = board_sensor_page(&b->sensor[i]);
        check_text(page);
        free(page);
        board_sensor_row(&row, &table, &b->sensor[i]);
        check_row(&row);
        board_sensor_more(&row, &b->sensor[i]);
        check_row(&row);
    }
    return 0;
}
