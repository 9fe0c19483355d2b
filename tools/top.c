/* radome-top: incidents, the newest hits and every sensor's figures in a terminal, live. Only looks: takes nothing out of Redis
 * and writes nothing. Threads fill a board (feeds/watch.c), this one draws it and listens to the keyboard. The only file
 * that names ncurses; every text goes through printable() on its way there. */
#include <curses.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "feeds/printable.h"
#include "feeds/settings.h"
#include "feeds/view.h"
#include "feeds/watch.h"

enum { DONE = 0, WRONG_USAGE = 2 };
enum { TICK_MS = 250, LINE_BYTES = 2048, NO_INPUT_MOST = 8 };
enum { REDRAW = 12, ESCAPE = 27 }; /* Ctrl-L */

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
    static const attr_t looks[STYLES] = {
        [STYLE_STRONG] = A_BOLD, [STYLE_FAINT] = A_DIM, [STYLE_WARNING] = A_BOLD, [STYLE_ALARM] = A_BOLD | A_UNDERLINE};
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

/* A pane's first row says what its columns hold; that of the pane which the keys move in stands out, and so does what is marked. */
static attr_t head(const struct view *v, enum view_pane pane)
{
    return v->pane == pane ? A_REVERSE | A_BOLD : A_UNDERLINE;
}

static attr_t mark(const struct view *v, enum view_pane pane, size_t place)
{
    return v->pane == pane && v->marked[pane] == place ? A_REVERSE : 0;
}

static void draw_entries(struct view *v, enum view_pane pane, struct board_table *table, int y)
{
    const struct board_entry *entries[BOARD_HITS];
    struct board_row row;
    size_t shown, first = view_entries(v, pane, entries, &shown);
    if (pane == VIEW_HITS)
        board_hit_head(&row, table, entries + first, shown, v->count[pane]);
    else
        board_incident_head(&row, table, entries + first, shown, v->count[pane], v->by_time);
    draw_row(y, &row, head(v, pane));
    for (size_t i = 0; i < shown; i++) {
        (pane == VIEW_HITS ? board_hit_row : board_incident_row)(&row, table, entries[first + i]);
        draw_row(y + 1 + (int)i, &row, mark(v, pane, first + i));
    }
}

static void draw_sensors(struct view *v, const struct board *b, struct board_table *table, int y)
{
    struct board_row row;
    size_t shown, first = view_sensors(v, &shown);
    board_sensor_head(&row, table, b->sensors);
    draw_row(y, &row, head(v, VIEW_SENSORS));
    for (size_t i = 0; i < shown; i++) {
        const struct board_sensor *s = &b->sensor[first + i];
        int line = y + 1 + (int)i * v->each;
        board_sensor_row(&row, table, s);
        draw_row(line, &row, mark(v, VIEW_SENSORS, first + i));
        board_sensor_more(&row, s);
        if (v->each == 2)
            draw_row(line + 1, &row, 0);
    }
}

static void draw_panes(struct view *v, const struct board *b)
{
    struct board_table table = {.columns = COLS, .now_us = (uint64_t)time(NULL) * 1000000};
    view_layout(v, LINES, COLS);
    for (int pane = 0, y = 1; pane < VIEW_PANES; y += v->heights[pane++] + 1)
        if (pane == VIEW_SENSORS && v->heights[pane] >= 0)
            draw_sensors(v, b, &table, y);
        else if (v->heights[pane] >= 0)
            draw_entries(v, (enum view_pane)pane, &table, y);
}

static void draw_foot(const struct view *v, const struct board *b)
{
    char words[ERRLEN] = "q quit  Tab next pane  Enter all of it  / filter  s sort  p stand still  ? help";
    if (v->typing || v->filter[0] != '\0')
        snprintf(words, sizeof words, "/%s%s", v->filter, v->typing ? "_" : "   (Esc shows all again)");
    else if (v->frozen != NULL)
        snprintf(words, sizeof words, "STANDS STILL: p goes on");
    else if (b->stats.unreadable + b->stats.incidents_forgotten + b->stats.hits_forgotten + b->stats.sensors_refused > 0)
        snprintf(words, sizeof words,
                 "q quit  ? help   no longer here: %llu incidents, %llu hits; too many: %llu sensors; not radome's: %llu documents",
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

/* The page over all; its first row stands out. */
static void draw_text(struct view *v)
{
    struct slice rest = slice_str(v->text), part;
    size_t row = 0, page = LINES > 1 ? (size_t)LINES - 1 : 1;
    v->rows = LINES;
    v->columns = COLS;
    for (; view_text_row(v, &rest, &part); row++)
        if (row >= v->text_row && row < v->text_row + page)
            draw_line((int)(row - v->text_row), row == 0 ? STYLE_STRONG : STYLE_PLAIN, 0, part);
    v->text_rows = row;
    if (LINES > 1)
        draw_line(LINES - 1, STYLE_PLAIN, A_REVERSE,
                  v->text_row + page < row ? S("more below: j k PgDn PgUp; Enter, Esc or q: back") : S("Enter, Esc or q: back"));
}

static void draw(struct view *v)
{
    struct board *b = view_board(v);
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

static int key_of(int key)
{
    static const struct {
        int curses, key;
    } keys[] = {{'\r', VIEW_ENTER}, {KEY_ENTER, VIEW_ENTER}, {ESCAPE, VIEW_ESCAPE}, {KEY_BACKSPACE, VIEW_DELETE}, {127, VIEW_DELETE},
                {8, VIEW_DELETE}, {KEY_DOWN, VIEW_DOWN}, {KEY_UP, VIEW_UP}, {KEY_NPAGE, VIEW_PAGE_DOWN}, {KEY_PPAGE, VIEW_PAGE_UP}, {KEY_HOME, VIEW_FIRST},
                {KEY_END, VIEW_LAST}, {KEY_BTAB, VIEW_BACK_TAB}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].curses == key)
            return keys[i].key;
    return key < 256 ? key : VIEW_NO_KEY;
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
            if (key == REDRAW)
                clearok(stdscr, TRUE);
            else
                view_press(v, key_of(key));
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

static bool open_sources(struct sources *s, struct board *board, const struct options *o, const struct settings *settings,
                         char err[static ERRLEN])
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

static int watch(const struct options *o, const struct settings *settings)
{
    struct view view = {.pane = VIEW_INCIDENTS};
    struct sources sources = {.count = 0};
    char err[ERRLEN];
    if ((view.board = board_open()) == NULL)
        return complain("no memory for the board");
    int status = open_sources(&sources, view.board, o, settings, err) ? show(&view) : complain(err);
    bool ended = true;
    for (size_t i = 0; i < sources.count; i++)
        ended = watch_close(sources.watch[i]) && ended;
    view_close(&view);
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
