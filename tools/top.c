/* radome-top: incidents, the newest hits and every sensor's figures in a terminal, live. Only looks: takes nothing out of Redis
 * and writes nothing. Threads fill a board (feeds/watch.c), this one draws it and listens to the keyboard. The only file
 * that names ncurses; every text goes through printable() on its way there. */
#include <curses.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "feeds/board_rows.h"
#include "feeds/printable.h"
#include "feeds/settings.h"
#include "feeds/watch.h"

enum { DONE = 0, WRONG_USAGE = 2 };
enum { TICK_MS = 250, LINE_BYTES = 2048, ESCAPE = 27, NO_INPUT_MOST = 8, FLAT = 12, HIGH = 20 };
enum pane { SENSORS, INCIDENTS, HITS, PANES };

struct options {
    const char *redis, *redis_password_file, *redis_key, *config;
    struct setting_list metrics;
    bool channel, version, help;
};

#define FIELD(name) offsetof(struct options, name)

static const struct setting flags[] = {
    {"redis", 0, SETTING_TEXT, FIELD(redis), "URL", "where hits go (redis://localhost, where no other source is named); as for radome"},
    {"redis-password-file", 0, SETTING_TEXT, FIELD(redis_password_file), "FILE", "the password stands in this file; or in RADOME_REDIS_PASSWORD"},
    {"redis-key", 0, SETTING_TEXT, FIELD(redis_key), "NAME", "the stream or list (radome:hits); which it is is seen"},
    {"redis-channel", 0, SETTING_FLAG, FIELD(channel), NULL, "the key is a channel's name: only what is published from now on"},
    {"metrics", 0, SETTING_LIST, FIELD(metrics), "FILE", "the file that radome --metrics writes, repeatable"},
    {"config", 'c', SETTING_TEXT, FIELD(config), "FILE", "configuration file: key = value, keys as the long flags", .flag_only = true},
    {"version", 'V', SETTING_FLAG, FIELD(version), NULL, "version", .flag_only = true},
    {"help", 'h', SETTING_FLAG, FIELD(help), NULL, "this help", .flag_only = true},
};

static const char usage[] =
    "usage: radome-top [options] [FILE ...]\n"
    "Shows radome's sensors, incidents and newest hits live in a terminal: out of Redis, of metrics files and of FILEs of JSON\n"
    "Lines, which are followed (-: standard input). Takes nothing out of Redis. Its key ? says which others there are, q quits.\n";

static const char keys[] =
    "Keys\n\n"
    "q             quit; over a page like this: back\n"
    "Tab           the next of sensors, incidents, hits\n"
    "j k, arrows   down, up; PgDn PgUp by the page, g G to the first and last\n"
    "Enter         all that is known of the one marked; Enter, Esc or q: back\n"
    "/             show only what holds a text: client, server, name, family, kind, sensor; Esc: all again\n"
    "s             incidents: the worst first, or the latest\n"
    "p             stand still, and go on; news are taken in meanwhile\n"
    "? h           this\n\n"
    "Incidents are the worst first: a client that received a program, one that called home, one that looked names up; last those\n"
    "of a resolver or proxy, marked with *. What was heard within the last minute is bright. Times are UTC, those of the packets.\n"
    "Rates are differences between two readings by their own times. Drops are counted since the sensor began; +N: since the\n"
    "reading before. A sensor that has said nothing for longer than it uses to is marked: it hangs, or is gone.\n";

struct view {
    struct board *board, *frozen;  /* frozen: what is shown while it stands still; else NULL */
    enum pane pane;
    uint64_t selected[PANES];      /* the seq of the entry that is marked; 0: the first, whichever it is */
    size_t marked[PANES], count[PANES], page[PANES]; /* as they were drawn: its place, of how many, those that fit */
    bool by_time, typing, quit;
    char filter[64];
    char *text;                    /* over all: what Enter or ? shows; NULL: nothing */
    size_t text_row, text_rows;    /* its first row on the screen, of how many */
};

static struct board *shown_board(const struct view *v)
{
    return v->frozen != NULL ? v->frozen : v->board;
}

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static int complain(const char *message)
{
    fprintf(stderr, "radome-top: %s\n", message);
    return WRONG_USAGE;
}

static attr_t look(enum board_style style)
{
    static const attr_t looks[STYLES] = {[STYLE_STRONG] = A_BOLD, [STYLE_FAINT] = A_DIM, [STYLE_WARNING] = A_BOLD, [STYLE_ALARM] = A_BOLD | A_UNDERLINE};
    bool coloured = has_colors() && (style == STYLE_ALARM || style == STYLE_WARNING);
    return coloured ? A_BOLD | COLOR_PAIR(style) : looks[style];
}

/* Cells side by side, a space between them; what does not fit is left out, what is left of the row is filled. */
static void draw_row(int y, const struct board_row *row, attr_t attributes)
{
    int x = 0;
    for (unsigned i = 0; i < row->cells && x < COLS && y >= 0 && y < LINES; i++) {
        char out[LINE_BYTES];
        int columns = row->cell[i].columns;
        columns = columns == 0 || columns > COLS - x ? COLS - x : columns;
        printable_cell(out, sizeof out, slice_str(row->cell[i].text), (size_t)columns);
        attrset(look(row->cell[i].style) | attributes);
        mvaddstr(y, x, out);
        x += columns;
        if (x < COLS)
            mvaddch(y, x++, ' ');
    }
}

static void draw_line(int y, enum board_style style, attr_t attributes, struct slice text)
{
    char out[LINE_BYTES];
    if (y < 0 || y >= LINES)
        return;
    printable_cell(out, sizeof out, text, (size_t)COLS);
    attrset(look(style) | attributes);
    mvaddstr(y, 0, out);
}

/* A pane's first row: what its columns hold. */
static attr_t bar(const struct view *v, enum pane pane)
{
    return v->pane == pane ? A_REVERSE | A_BOLD : A_UNDERLINE;
}

static attr_t mark(const struct view *v, enum pane pane, size_t place)
{
    return v->pane == pane && v->marked[pane] == place ? A_REVERSE : 0;
}

/* Where the marked one is just now among those shown: it stays marked while others come before it. Returns the first one
 * on the screen; *shown: how many of them. */
static size_t find_marked(struct view *v, enum pane pane, const struct board_entry *const *entries, size_t count, size_t *shown)
{
    size_t place = 0;
    if (v->selected[pane] != 0) {
        while (place < count && entries[place]->seq != v->selected[pane])
            place++;
        if (place == count) /* forgotten, or filtered out */
            place = v->marked[pane] < count ? v->marked[pane] : count > 0 ? count - 1 : 0;
        v->selected[pane] = count > 0 ? entries[place]->seq : 0;
    }
    v->count[pane] = count;
    v->marked[pane] = place;
    size_t first = place < v->page[pane] ? 0 : place + 1 - v->page[pane];
    *shown = count - first < v->page[pane] ? count - first : v->page[pane];
    return first;
}

/* Fills in what a pane of incidents or hits has, and which of it is on the screen. */
static size_t look_up(struct view *v, enum pane pane, const struct board *b, const struct board_entry *entries[static BOARD_HITS], size_t *shown)
{
    size_t count = pane == HITS ? board_hits(b, v->filter, entries) : board_incidents(b, v->filter, v->by_time, entries);
    return find_marked(v, pane, entries, count, shown);
}

static void draw_entries(struct view *v, enum pane pane, const struct board *b, struct board_table *table, int y)
{
    const struct board_entry *entries[BOARD_HITS];
    struct board_row row;
    size_t shown, first = look_up(v, pane, b, entries, &shown);
    if (pane == HITS)
        board_hit_head(&row, table, entries + first, shown, v->count[pane]);
    else
        board_incident_head(&row, table, entries + first, shown, v->count[pane], v->by_time);
    draw_row(y, &row, bar(v, pane));
    for (size_t i = 0; i < shown; i++) {
        (pane == HITS ? board_hit_row : board_incident_row)(&row, table, entries[first + i]);
        draw_row(y + 1 + (int)i, &row, mark(v, pane, first + i));
    }
}

/* each: rows of a sensor, 1 or 2. */
static void draw_sensors(struct view *v, const struct board *b, struct board_table *table, int y, int each)
{
    struct board_row row;
    size_t place = v->marked[SENSORS] < b->sensors ? v->marked[SENSORS] : b->sensors > 0 ? b->sensors - 1 : 0;
    size_t first = place < v->page[SENSORS] ? 0 : place + 1 - v->page[SENSORS];
    v->count[SENSORS] = b->sensors;
    v->marked[SENSORS] = place;
    board_sensor_head(&row, table, b->sensors);
    draw_row(y, &row, bar(v, SENSORS));
    for (size_t i = 0; i < v->page[SENSORS] && first + i < b->sensors; i++) {
        const struct board_sensor *s = &b->sensor[first + i];
        int line = y + 1 + (int)i * each;
        board_sensor_row(&row, table, s);
        draw_row(line, &row, mark(v, SENSORS, first + i));
        board_sensor_more(&row, s);
        if (each == 2)
            draw_row(line + 1, &row, 0);
    }
}

/* A flat screen has room for one pane only: the one that Tab chose. */
static void draw_panes(struct view *v, const struct board *b)
{
    struct board_table table = {.columns = COLS, .now_us = (uint64_t)time(NULL) * 1000000};
    int room = LINES - 2, each = LINES >= HIGH && b->sensors <= 3 ? 2 : 1, sensors = (int)b->sensors * each;
    if (room < FLAT) {
        v->page[v->pane] = room > 1 ? (size_t)room - 1 : 0;
        if (v->pane == SENSORS)
            draw_sensors(v, b, &table, 1, 1);
        else
            draw_entries(v, v->pane, b, &table, 1);
        return;
    }
    sensors = sensors > room / 3 ? room / 3 : sensors > 0 ? sensors : 1;
    room -= sensors + 3; /* a bar for each */
    int incidents = room / 2, needed = (int)b->incidents > 0 ? (int)b->incidents : 1, others = (int)b->hits;
    if (needed < incidents)
        incidents = needed;
    else if (others < room - incidents)
        incidents = needed < room - others - 1 ? needed : room - others - 1;
    v->page[SENSORS] = (size_t)(sensors / each);
    v->page[INCIDENTS] = (size_t)incidents;
    v->page[HITS] = (size_t)(room - incidents);
    draw_sensors(v, b, &table, 1, each);
    draw_entries(v, INCIDENTS, b, &table, 2 + sensors);
    draw_entries(v, HITS, b, &table, 3 + sensors + incidents);
}

static void draw_foot(const struct view *v, const struct board *b)
{
    char words[ERRLEN] = "q quit  Tab next pane  Enter all of it  / filter  s sort  p stand still  ? help";
    if (v->typing || v->filter[0] != '\0')
        snprintf(words, sizeof words, "/%s%s", v->filter, v->typing ? "_" : "   (Esc shows all again)");
    else if (v->frozen != NULL)
        snprintf(words, sizeof words, "STANDS STILL: p goes on");
    else if (b->stats.unreadable + b->stats.incidents_forgotten + b->stats.hits_forgotten + b->stats.sensors_refused > 0)
        snprintf(words, sizeof words, "q quit  ? help   no longer here: %llu incidents, %llu hits; too many: %llu sensors; not radome's: %llu documents",
                 (unsigned long long)b->stats.incidents_forgotten, (unsigned long long)b->stats.hits_forgotten,
                 (unsigned long long)b->stats.sensors_refused, (unsigned long long)b->stats.unreadable);
    draw_line(LINES - 1, v->typing || v->filter[0] != '\0' || v->frozen != NULL ? STYLE_WARNING : STYLE_FAINT, 0, slice_str(words));
}

static void draw_title(const struct board *b)
{
    struct board_row row = {.cells = 1};
    time_t now = time(NULL);
    struct tm utc;
    board_source_row(&row, b);
    row.cell[0].columns = COLS > 40 ? COLS - 14 : 0;
    strftime(row.cell[1].text, sizeof row.cell[1].text, "%H:%M:%S UTC", gmtime_r(&now, &utc));
    row.cell[1].columns = 0;
    row.cell[1].style = STYLE_PLAIN;
    row.cells = 2;
    draw_row(0, &row, 0);
}

/* The text over all, wrapped; its first line stands out. */
static void draw_text(struct view *v)
{
    struct slice text = slice_str(v->text);
    size_t row = 0, page = LINES > 1 ? (size_t)LINES - 1 : 1;
    for (enum board_style style = STYLE_STRONG; text.len > 0; style = STYLE_PLAIN, text = slice_from(text, 1)) {
        struct slice line = slice_until(text, '\n');
        text = slice_from(text, line.len);
        do {
            struct slice part = slice_cut(&line, printable_row(line, (size_t)COLS));
            if (row >= v->text_row && row < v->text_row + page)
                draw_line((int)(row - v->text_row), style, 0, part);
            row++;
        } while (line.len > 0);
    }
    v->text_rows = row;
    if (LINES > 1)
        draw_line(LINES - 1, STYLE_PLAIN, A_REVERSE, v->text_row + page < row ? S("more below: j k PgDn PgUp; Enter, Esc or q: back") : S("Enter, Esc or q: back"));
}

static void draw(struct view *v)
{
    struct board *b = shown_board(v);
    erase();
    if (v->text != NULL) {
        draw_text(v);
    } else {
        pthread_mutex_lock(&b->lock);
        draw_title(b);
        draw_panes(v, b);
        draw_foot(v, b);
        pthread_mutex_unlock(&b->lock);
    }
    refresh();
}

/* --- the keyboard --- */

static void close_text(struct view *v)
{
    free(v->text);
    v->text = NULL;
    v->text_row = 0;
}

/* All that is known of the one that is marked. */
static void open_text(struct view *v)
{
    struct board *b = shown_board(v);
    const struct board_entry *entries[BOARD_HITS];
    size_t shown;
    pthread_mutex_lock(&b->lock);
    if (v->pane == SENSORS && b->sensors > 0)
        v->text = board_sensor_page(&b->sensor[v->marked[SENSORS]]);
    else if (v->pane != SENSORS && (look_up(v, v->pane, b, entries, &shown), v->count[v->pane] > 0))
        v->text = strdup(entries[v->marked[v->pane]]->notice.detail);
    pthread_mutex_unlock(&b->lock);
}

/* Marks another one, so many places away. Who is at the first stays at the first, whichever comes. */
static void move_mark(struct view *v, long by)
{
    struct board *b = shown_board(v);
    const struct board_entry *entries[BOARD_HITS];
    enum pane pane = v->pane;
    size_t shown;
    pthread_mutex_lock(&b->lock);
    if (pane != SENSORS)
        look_up(v, pane, b, entries, &shown);
    long to = (long)v->marked[pane] + by, last = (long)v->count[pane] - 1;
    to = to > last ? last : to;
    v->marked[pane] = to > 0 ? (size_t)to : 0;
    v->selected[pane] = to > 0 && pane != SENSORS ? entries[to]->seq : 0;
    pthread_mutex_unlock(&b->lock);
}

static void scroll_text(struct view *v, long by)
{
    size_t page = LINES > 1 ? (size_t)LINES - 1 : 1, last = v->text_rows > page ? v->text_rows - page : 0;
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
    if (key == '\r' || key == KEY_ENTER || key == ESCAPE) {
        v->typing = false;
        if (key == ESCAPE)
            v->filter[0] = '\0';
    } else if (key == KEY_BACKSPACE || key == 127 || key == 8) {
        v->filter[len > 0 ? len - 1 : 0] = '\0';
    } else if (key >= ' ' && key < 256 && len + 1 < sizeof v->filter) {
        v->filter[len] = (char)key;
        v->filter[len + 1] = '\0';
    }
}

/* Up and down, over a text as over a pane. False: another key. */
static bool moved(struct view *v, int key)
{
    void (*go)(struct view *, long) = v->text != NULL ? scroll_text : move_mark;
    long page = v->text != NULL ? LINES - 1 : (long)v->page[v->pane];
    switch (key) {
    case 'j': case KEY_DOWN: go(v, 1); return true;
    case 'k': case KEY_UP: go(v, -1); return true;
    case ' ': case KEY_NPAGE: go(v, page); return true;
    case KEY_PPAGE: go(v, -page); return true;
    case 'g': case KEY_HOME: go(v, -1000000); return true;
    case 'G': case KEY_END: go(v, 1000000); return true;
    }
    return false;
}

static void press(struct view *v, int key)
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
    case 12: clearok(stdscr, TRUE); break; /* Ctrl-L */
    case '\r': case KEY_ENTER: case ESCAPE:
        if (v->text != NULL)
            close_text(v);
        else if (key == ESCAPE)
            v->filter[0] = '\0';
        else
            open_text(v);
        break;
    case '?': case 'h':
        close_text(v);
        v->text = strdup(keys);
        break;
    case '\t': v->pane = (v->pane + 1) % PANES; break;
    case KEY_BTAB: v->pane = (v->pane + PANES - 1) % PANES; break;
    case '/': v->typing = v->text == NULL; break;
    case 's': v->by_time = !v->by_time; break;
    case 'p': stand_still(v); break;
    }
}

/* Until somebody quits, a signal comes or the terminal is gone. */
static void run(struct view *v, int keyboard)
{
    unsigned nothing = 0;
    while (!v->quit && !stop && nothing < NO_INPUT_MOST) {
        struct pollfd wait = {.fd = keyboard, .events = POLLIN};
        draw(v);
        int ready = poll(&wait, 1, TICK_MS);
        if (ready > 0 && (wait.revents & (POLLHUP | POLLERR | POLLNVAL)))
            return;
        bool any = false;
        for (int key; !v->quit && (key = getch()) != ERR; any = true)
            press(v, key);
        nothing = ready > 0 && !any ? nothing + 1 : 0; /* readable, and nothing to read: its end */
    }
}

/* --- the terminal --- */

static void set_colours(void)
{
    if (!has_colors())
        return;
    start_color();
    use_default_colors();
    init_pair(STYLE_ALARM, COLOR_RED, -1);
    init_pair(STYLE_WARNING, COLOR_YELLOW, -1);
}

/* Documents may come from standard input: then keys are read from the terminal itself. */
static int show(struct view *v)
{
    FILE *keyboard = isatty(STDIN_FILENO) ? stdin : fopen("/dev/tty", "re");
    SCREEN *screen = keyboard != NULL ? newterm(NULL, stdout, keyboard) : NULL;
    if (screen == NULL)
        return complain(keyboard == NULL ? "there is no keyboard: standard input is no terminal, and /dev/tty cannot be opened"
                                         : "this terminal is not known: TERM must name its kind (xterm, linux, screen, ...)");
    set_colours();
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    run(v, fileno(keyboard));
    endwin();
    delscreen(screen);
    if (keyboard != stdin)
        fclose(keyboard);
    return DONE;
}

static void catch_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        sigaction(ends[i], &action, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

/* --- the sources --- */

struct sources {
    struct watch *watch[BOARD_SOURCES];
    size_t count;
};

static bool add(struct sources *s, struct watch *watch)
{
    if (watch != NULL && s->count < BOARD_SOURCES)
        s->watch[s->count++] = watch;
    return watch != NULL;
}

static bool open_sources(struct sources *s, struct board *board, const struct options *o, const struct settings *settings, char err[static ERRLEN])
{
    bool only = o->metrics.count == 0 && settings->operand_count == 0, good = true;
    struct redis_login login = {o->redis != NULL ? o->redis : "redis://localhost", o->redis_password_file, getenv("RADOME_REDIS_PASSWORD")};
    if (o->redis != NULL || only)
        good = add(s, watch_redis(board, &login, o->redis_key, o->channel, err));
    for (unsigned i = 0; good && i < o->metrics.count; i++)
        good = add(s, watch_metrics(board, o->metrics.value[i], err));
    for (unsigned i = 0; good && i < settings->operand_count; i++)
        good = add(s, watch_lines(board, settings->operands[i], err));
    return good;
}

/* Signals are this thread's: the others would be woken out of their waiting instead. */
static int watch(const struct options *o, const struct settings *settings)
{
    struct view view = {.pane = INCIDENTS};
    struct sources sources = {.count = 0};
    char err[ERRLEN];
    sigset_t all, before;
    if ((view.board = board_open()) == NULL)
        return complain("no memory for the board");
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool good = open_sources(&sources, view.board, o, settings, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    int status = good ? show(&view) : complain(err);
    bool ended = true;
    for (size_t i = 0; i < sources.count; i++)
        ended = watch_close(sources.watch[i]) && ended;
    close_text(&view);
    board_close(view.frozen);
    if (ended) /* a thread left behind may still write to it */
        board_close(view.board);
    return status;
}

static int start(struct options *o, struct settings *settings, int argc, char **argv)
{
    char err[ERRLEN];
    if (!settings_flags(settings, argc, argv, err) || (o->config != NULL && !settings_file(settings, o->config, err)))
        return complain(err);
    if (o->version)
        return puts("radome-top " RADOME_VERSION), DONE;
    if (o->help) {
        puts(usage);
        settings_help(settings, stdout);
        return DONE;
    }
    if (!isatty(STDOUT_FILENO))
        return complain("standard output is no terminal; radome-tail prints documents");
    printable_locale();
    catch_signals();
    return watch(o, settings);
}

int main(int argc, char **argv)
{
    struct options options = {.redis_key = "radome:hits"};
    struct settings settings = {.table = flags, .count = sizeof flags / sizeof *flags, .values = &options, .operand = "FILE"};
    int status = start(&options, &settings, argc, argv);
    settings_free(&settings);
    return status;
}
