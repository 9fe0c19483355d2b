/* What somebody looks at of a board: which pane, which of its rows is marked, a filter, a page over all; and what each key does
 * to that. Knows sizes and keys, no terminal. Belongs to one thread. */
#pragma once

#include "feeds/board_rows.h"

enum view_pane { VIEW_SENSORS, VIEW_INCIDENTS, VIEW_HITS, VIEW_PANES };

/* A key is the byte that it types, or one of these. */
enum view_key {
    VIEW_ENTER = 256, VIEW_ESCAPE, VIEW_DELETE, VIEW_DOWN, VIEW_UP, VIEW_PAGE_DOWN, VIEW_PAGE_UP, VIEW_FIRST, VIEW_LAST, VIEW_BACK_TAB,
    VIEW_NO_KEY
};

struct view {
    struct board *board, *frozen;  /* frozen: what is shown while it stands still; else NULL */
    enum view_pane pane;
    int rows, columns;             /* of the screen */
    int heights[VIEW_PANES];       /* rows of each pane, its head not counted; -1: not shown */
    int each;                      /* rows of a sensor */
    uint64_t selected[VIEW_PANES]; /* the seq of the entry that is marked; 0: the first, whichever it is */
    size_t marked[VIEW_PANES], count[VIEW_PANES]; /* its place, of how many */
    bool by_time, typing, quit;
    char filter[64];
    char *text;                    /* over all; NULL: nothing */
    size_t text_row, text_rows;    /* its first row on the screen, of how many */
};

/* Lays the panes out on a screen of that size. The board that is shown is locked by the caller. */
void view_layout(struct view *, int rows, int columns);

/* The board that is shown. */
struct board *view_board(const struct view *);

/* The incidents or hits of the board that is shown, locked by the caller: returns the first that is on the screen, *shown how
 * many are. What is marked stays so while others come before it. */
size_t view_entries(struct view *, enum view_pane, const struct board_entry *out[static BOARD_HITS], size_t *shown);

/* The same for its sensors. */
size_t view_sensors(struct view *, size_t *shown);

/* The rows of the page over all, one after the other: false behind the last. *rest begins as slice_str(text). */
bool view_text_row(const struct view *, struct slice *rest, struct slice *row);

void view_press(struct view *, int key);
void view_close(struct view *);
