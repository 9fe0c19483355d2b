#include "feeds/view.h"

#include <stdlib.h>

#include "feeds/printable.h"

enum { FLAT = 14, HIGH = 20, FEW_SENSORS = 3, FAR = 1000000 };

static const char help[] =
    "Keys\n\n"
    "q             quit; over a page like this: back\n"
    "Tab           the next of sensors, incidents, hits\n"
    "j k, arrows   down, up; PgDn PgUp by the page, g G to the first and last\n"
    "Enter         all that is known of the one marked; Enter, Esc or q: back\n"
    "/             show only what holds a text: client, server, name, family, kind, sensor; Esc: all again\n"
    "s             incidents: the worst first, or the latest\n"
    "p             stand still, and go on; news are taken in meanwhile\n"
    "? h           this\n\n"
    "Incidents are the worst first: a client that received a program, one that called home, one that looked names up; last those "
    "of a resolver or proxy, marked with *. What was heard within the last minute is bright. Times are UTC, those of the packets.\n"
    "Rates are differences between two readings by their own times. Drops are counted since the sensor began; +N: since the "
    "reading before. A sensor that has said nothing for longer than it uses to is marked: it hangs, or is gone.\n";

struct board *view_board(const struct view *v)
{
    return v->frozen != NULL ? v->frozen : v->board;
}

/* A head for each pane, a row above and one below them. A flat screen has room for one pane only: the one that Tab chose. */
void view_layout(struct view *v, int rows, int columns)
{
    const struct board *b = view_board(v);
    int room = rows - 2 - VIEW_PANES;
    v->rows = rows;
    v->columns = columns;
    v->each = rows >= HIGH && b->sensors <= FEW_SENSORS ? 2 : 1;
    if (rows < FLAT) {
        v->each = 1;
        for (int pane = 0; pane < VIEW_PANES; pane++)
            v->heights[pane] = -1;
        v->heights[v->pane] = rows > 3 ? rows - 3 : 0;
        return;
    }
    int sensors = b->sensors > 0 ? (int)b->sensors * v->each : 1, incidents = b->incidents > 0 ? (int)b->incidents : 1, hits = (int)b->hits;
    sensors = sensors > room / 3 ? room / 3 : sensors;
    room -= sensors;
    if (incidents > room / 2) /* more than a half only where the hits do not need theirs */
        incidents = hits > room / 2 ? room / 2 : incidents < room - hits ? incidents : room - hits;
    v->heights[VIEW_SENSORS] = sensors;
    v->heights[VIEW_INCIDENTS] = incidents;
    v->heights[VIEW_HITS] = room - incidents;
}

/* The first on the screen, so that the marked one is. */
static size_t first_shown(const struct view *v, enum view_pane pane, size_t page, size_t *shown)
{
    size_t first = v->marked[pane] < page ? 0 : v->marked[pane] + 1 - page, left = v->count[pane] - first;
    *shown = v->count[pane] == 0 ? 0 : left < page ? left : page;
    return first;
}

size_t view_sensors(struct view *v, size_t *shown)
{
    size_t sensors = view_board(v)->sensors, *marked = &v->marked[VIEW_SENSORS];
    int rows = v->heights[VIEW_SENSORS];
    *marked = *marked < sensors ? *marked : sensors > 0 ? sensors - 1 : 0;
    v->count[VIEW_SENSORS] = sensors;
    return first_shown(v, VIEW_SENSORS, rows > 0 ? (size_t)(rows / v->each) : 0, shown);
}

size_t view_entries(struct view *v, enum view_pane pane, const struct board_entry *out[static BOARD_HITS], size_t *shown)
{
    const struct board *b = view_board(v);
    size_t place = 0, count = pane == VIEW_HITS ? board_hits(b, v->filter, out) : board_incidents(b, v->filter, v->by_time, out);
    if (v->selected[pane] != 0) {
        while (place < count && out[place]->seq != v->selected[pane])
            place++;
        if (place == count) /* forgotten, or filtered out */
            place = v->marked[pane] < count ? v->marked[pane] : count > 0 ? count - 1 : 0;
        v->selected[pane] = count > 0 ? out[place]->seq : 0;
    }
    v->count[pane] = count;
    v->marked[pane] = place;
    return first_shown(v, pane, v->heights[pane] > 0 ? (size_t)v->heights[pane] : 0, shown);
}

bool view_text_row(const struct view *v, struct slice *rest, struct slice *row)
{
    if (rest->len == 0)
        return false;
    struct slice line = slice_until(*rest, '\n');
    *row = slice_cut(rest, printable_row(line, (size_t)v->columns));
    if (row->len == line.len) /* and its end */
        *rest = slice_from(*rest, 1);
    return true;
}

static void close_text(struct view *v)
{
    free(v->text);
    v->text = NULL;
    v->text_row = 0;
}

/* All that is known of the one that is marked. */
static void open_text(struct view *v)
{
    struct board *b = view_board(v);
    const struct board_entry *entries[BOARD_HITS];
    size_t shown;
    pthread_mutex_lock(&b->lock);
    if (v->pane == VIEW_SENSORS)
        view_sensors(v, &shown);
    else
        view_entries(v, v->pane, entries, &shown);
    size_t place = v->marked[v->pane];
    if (v->count[v->pane] > 0)
        v->text = v->pane == VIEW_SENSORS ? board_sensor_page(&b->sensor[place]) : strdup(entries[place]->notice.detail);
    pthread_mutex_unlock(&b->lock);
}

/* Marks another one, so many places away. Who is at the first stays at the first, whichever comes. */
static void move_mark(struct view *v, long by)
{
    struct board *b = view_board(v);
    const struct board_entry *entries[BOARD_HITS];
    enum view_pane pane = v->pane;
    size_t shown;
    pthread_mutex_lock(&b->lock);
    if (pane != VIEW_SENSORS)
        view_entries(v, pane, entries, &shown);
    long to = (long)v->marked[pane] + by, last = (long)v->count[pane] - 1;
    to = to > last ? last : to;
    v->marked[pane] = to > 0 ? (size_t)to : 0;
    v->selected[pane] = to > 0 && pane != VIEW_SENSORS ? entries[to]->seq : 0;
    pthread_mutex_unlock(&b->lock);
}

static void scroll_text(struct view *v, long by)
{
    size_t page = v->rows > 1 ? (size_t)v->rows - 1 : 1, last = v->text_rows > page ? v->text_rows - page : 0;
    long to = (long)v->text_row + by;
    v->text_row = to < 0 ? 0 : (size_t)to > last ? last : (size_t)to;
}

static void stand_still(struct view *v)
{
    if (v->frozen == NULL) {
        v->frozen = board_copy(v->board);
    } else {
        board_close(v->frozen);
        v->frozen = NULL;
    }
}

static void type(struct view *v, int key)
{
    size_t len = strlen(v->filter);
    if (key == VIEW_ENTER || key == VIEW_ESCAPE) {
        v->typing = false;
        if (key == VIEW_ESCAPE)
            v->filter[0] = '\0';
    } else if (key == VIEW_DELETE) {
        v->filter[len > 0 ? len - 1 : 0] = '\0';
    } else if (key >= ' ' && key < 256 && len + 1 < sizeof v->filter) {
        v->filter[len] = (char)key;
        v->filter[len + 1] = '\0';
    }
}

/* Up and down, over a text as over a pane. False: another key. */
static bool moved(struct view *v, int key)
{
    void (*move)(struct view *, long) = v->text != NULL ? scroll_text : move_mark;
    long page = v->text != NULL ? v->rows - 1 : v->heights[v->pane] / (v->pane == VIEW_SENSORS ? v->each : 1);
    switch (key) {
    case 'j': case VIEW_DOWN: move(v, 1); return true;
    case 'k': case VIEW_UP: move(v, -1); return true;
    case ' ': case VIEW_PAGE_DOWN: move(v, page); return true;
    case VIEW_PAGE_UP: move(v, -page); return true;
    case 'g': case VIEW_FIRST: move(v, -FAR); return true;
    case 'G': case VIEW_LAST: move(v, FAR); return true;
    }
    return false;
}

void view_press(struct view *v, int key)
{
    if (v->typing) {
        type(v, key);
        return;
    }
    if (moved(v, key))
        return;
    switch (key) {
    case 'q':
        v->quit = v->text == NULL;
        close_text(v);
        break;
    case VIEW_ENTER: case VIEW_ESCAPE:
        if (v->text != NULL)
            close_text(v);
        else if (key == VIEW_ESCAPE)
            v->filter[0] = '\0';
        else
            open_text(v);
        break;
    case '?': case 'h':
        close_text(v);
        v->text = strdup(help);
        break;
    case '\t': v->pane = (v->pane + 1) % VIEW_PANES; break;
    case VIEW_BACK_TAB: v->pane = (v->pane + VIEW_PANES - 1) % VIEW_PANES; break;
    case '/': v->typing = v->text == NULL; break;
    case 's': v->by_time = !v->by_time; break;
    case 'p': stand_still(v); break;
    }
}

void view_close(struct view *v)
{
    close_text(v);
    board_close(v->frozen);
}
