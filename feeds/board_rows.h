/* A board as rows of a table: cells of text with a width and a style, for whoever puts them on a screen. The texts are as
 * they came over the network. */
#pragma once

#include "feeds/board_words.h"

enum board_style { STYLE_PLAIN, STYLE_STRONG, STYLE_FAINT, STYLE_WARNING, STYLE_ALARM, STYLES };

struct board_row {
    unsigned cells;
    struct {
        int columns;           /* 0: all that are left */
        enum board_style style;
        char text[BOARD_WORDS];
    } cell[8];
};

/* What the rows of one table have in common. */
struct board_table {
    int columns;               /* of the screen */
    uint64_t now_us;           /* by the wall clock */
    int time, client, other;   /* columns of a time, a client, and of the families or the server */
};

/* The first row of a table, with what its columns hold; then the others. The entries are those that are shown. */
void board_incident_head(struct board_row *, struct board_table *, const struct board_entry *const *entries, size_t shown,
                         size_t count, bool by_time);
void board_incident_row(struct board_row *, const struct board_table *, const struct board_entry *);
void board_hit_head(struct board_row *, struct board_table *, const struct board_entry *const *entries, size_t shown, size_t count);
void board_hit_row(struct board_row *, const struct board_table *, const struct board_entry *);
void board_sensor_head(struct board_row *, const struct board_table *, size_t count);
void board_sensor_row(struct board_row *, const struct board_table *, const struct board_sensor *);

/* A sensor's second row: what it lost just now, else how full it is. */
void board_sensor_more(struct board_row *, const struct board_sensor *);

/* Where news come from, or what is wrong with one of the places. */
void board_source_row(struct board_row *, const struct board *);

/* All figures of a sensor in lines of text; to be freed. NULL: no memory. */
char *board_sensor_page(const struct board_sensor *);
