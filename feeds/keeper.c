#include "feeds/keeper.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "feeds/clock.h"
#include "feeds/diary.h"
#include "feeds/share.h"
#include "feeds/store.h"
#include "feeds/words.h"

/* DESK is what is known; DONE what a replay knows at its end, while it may still be begun again. */
#define DESK "desk"
#define DONE "desk.done"

enum { VERSION = 1, SECTION = 1, MOST = 512 << 20, RETRY_MS = 60000,
       SNAPSHOT_MS = 300000, GATHER_MS = 500, DIARY_MOST = 64 << 20 };

/* What a snapshot's maker tells the sensor: a page that both see. */
struct made {
    uint64_t bytes;
    char err[ERRLEN];
};

struct keeper {
    struct keeper_settings settings;
    struct news *news;
    struct diary *diary;       /* live */
    struct made *made;
    pid_t maker;               /* 0: no snapshot is being made */
    uint64_t making;           /* the first diary entry that it does not have */
    uint64_t next;             /* until there is a diary: the number of its first entry */
    uint64_t last_ms;          /* the last snapshot */
    uint64_t try_ms;           /* the last attempt */
    bool changed;              /* since then */
    bool failing;
    struct keeper_stats stats;
};

struct keeper *keeper_open(const struct keeper_settings *settings, char err[static ERRLEN])
{
    struct keeper *k = calloc(1, sizeof *k);
    if (k != NULL) {
        k->settings = *settings;
        k->settings.snapshot_ms = settings->snapshot_ms > 0 ? settings->snapshot_ms : SNAPSHOT_MS;
        k->settings.gather_ms = settings->gather_ms > 0 ? settings->gather_ms : GATHER_MS;
        k->settings.diary_most = settings->diary_most > 0 ? settings->diary_most : DIARY_MOST;
        k->news = news_open();
        k->made = mmap(NULL, sizeof *k->made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    }
    if (k == NULL || k->news == NULL || k->made == MAP_FAILED) {
        error_set(err, "no memory to keep what is known");
        if (k != NULL)
            news_close(k->news);
        free(k);
        return NULL;
    }
    return k;
}

/* A snapshot of the desk, as bytes of the writer's. */
static struct slice bytes_of(struct store_writer *w, struct desk *desk, uint64_t next)
{
    store_open(w, MOST);
    store_section(w, "keeper", SECTION);
    store_put_uint(w, next);
    desk_save(desk, w);
    return store_end(w);
}

static bool write_snapshot(const struct keeper *k, struct desk *desk, const char *name, uint64_t next, struct made *made)
{
    struct store_writer w;
    struct slice bytes = bytes_of(&w, desk, next);
    bool written = bytes.len > 0 && state_write(k->settings.state, name, VERSION, bytes, made->err);
    if (bytes.len == 0)
        error_set(made->err, "no memory to save what is known");
    made->bytes = bytes.len;
    store_close(&w);
    return written;
}

static void note(struct keeper *k, bool written)
{
    k->try_ms = clock_ms();
    if (written) {
        k->stats.bytes = k->made->bytes;
        k->stats.snapshots++;
        k->last_ms = k->try_ms;
        if (k->failing)
            news_put(k->news, "%s: what is known is saved again", state_path(k->settings.state));
    } else {
        k->stats.failed++;
        if (!k->failing)
            news_put(k->news, "%s; what is known is not saved, the file from before stands", k->made->err);
    }
    k->failing = !written;
}

/* Here and now, with what the diary has. */
static bool snapshot(struct keeper *k, struct desk *desk, const char *name)
{
    uint64_t next = k->diary != NULL ? diary_turn(k->diary) : k->next;
    bool written = write_snapshot(k, desk, name, next, k->made);
    note(k, written);
    if (written && k->diary != NULL)
        diary_forget(k->diary, next);
    return written;
}

struct loading {
    struct keeper *keeper;
    struct desk *desk;
    struct share *share;
};

/* Documents of these are in the journal; whether others were told is not known. */
static void put_again(void *context, const struct diary_entry *entry)
{
    const struct loading *l = context;
    const struct told *told;
    switch (entry->kind) {
    case DIARY_HIT: desk_put(l->desk, &entry->hit); break;
    case DIARY_TOLD: desk_put_told(l->desk, &entry->told); break;
    }
    while (desk_next(l->desk) != NULL)
        continue;
    while (l->share != NULL && (told = desk_next_told(l->desk)) != NULL)
        share_put(l->share, told);
    l->keeper->changed = true;
}

static bool load_bytes(struct keeper *k, struct desk *desk, struct slice bytes)
{
    struct store_reader r;
    if (!store_read(&r, bytes) || store_find(&r, "keeper") != SECTION)
        return false;
    uint64_t next = store_get_uint(&r, UINT64_MAX);
    if (!store_done(&r) || !desk_load(desk, &r))
        return false;
    k->next = next;
    return true;
}

static bool load_snapshot(struct keeper *k, struct desk *desk)
{
    char err[ERRLEN] = "";
    struct slice bytes = {NULL, 0};
    enum state_found found = state_read(k->settings.state, DESK, VERSION, &bytes, err);
    bool loaded = found == STATE_FOUND && load_bytes(k, desk, bytes);
    if (found == STATE_FOUND && !loaded)
        state_set_aside(k->settings.state, DESK, err);
    if (err[0] != '\0')
        news_put(k->news, "%s", err);
    k->stats.bytes = loaded ? bytes.len : 0;
    free((uint8_t *)bytes.p);
    return loaded;
}

/* A repeat is no news: whoever replays a capture again should know why there are no documents. */
static void tell_loaded(struct keeper *k)
{
    struct stat status;
    char when[WORD_TIME];
    if (fstatat(state_directory(k->settings.state), DESK, &status, 0) == 0)
        news_put(k->news, "%s: goes on with what was known at %s; what was told then is not told again", state_path(k->settings.state),
                 word_of_time((uint64_t)status.st_mtim.tv_sec * 1000000, when));
}

static uint64_t forgotten(const struct desk *desk)
{
    struct desk_stats stats;
    desk_stats(desk, &stats);
    return stats.table.clients.evicted + stats.table.names.evicted + stats.table.addresses.evicted + stats.table.repeats.evicted +
           stats.table.series.evicted;
}

/* Of a replay that ended just before the process did, what it knew takes its place now. */
static void settle_done(struct keeper *k)
{
    char err[ERRLEN];
    if (faccessat(state_directory(k->settings.state), DONE, F_OK, 0) != 0)
        return;
    if (!(k->settings.again ? state_remove(k->settings.state, DONE, err) : state_rename(k->settings.state, DONE, DESK, err)))
        news_put(k->news, "%s", err);
}

void keeper_load(struct keeper *k, struct desk *desk, struct share *share)
{
    if (k == NULL)
        return;
    settle_done(k);
    if (load_snapshot(k, desk))
        tell_loaded(k);
    k->stats.forgotten = forgotten(desk);
    struct loading loading = {k, desk, share};
    struct diary_reading reading = {.from = k->next};
    if (!diary_read(k->settings.state, &reading, put_again, &loading))
        news_put(k->news, "no memory to read the diary");
    k->next = reading.from;
    k->stats.read_again = reading.entries;
    k->stats.damaged_bytes = reading.damaged;
}

/* A replay loads what it saves: one that begins again begins with the very same. */
static bool begin_replay(struct keeper *k, struct desk *desk, char err[static ERRLEN])
{
    if (!k->changed)
        return true;
    if (!snapshot(k, desk, DESK)) {
        error_set(err, "%s", k->made->err);
        return false;
    }
    diary_remove(k->settings.state);
    return load_snapshot(k, desk);
}

bool keeper_begin(struct keeper *k, struct desk *desk, char err[static ERRLEN])
{
    if (k == NULL || k->settings.again)
        return true;
    k->last_ms = k->try_ms = clock_ms();
    if (k->settings.replay)
        return begin_replay(k, desk, err);
    if (k->changed && snapshot(k, desk, DESK))
        diary_remove(k->settings.state);
    k->changed = k->failing;
    struct diary_settings diary = {k->settings.state, k->news, k->next, k->settings.gather_ms, k->settings.diary_most};
    return (k->diary = diary_open(&diary, err)) != NULL;
}

void keeper_hit(struct keeper *k, const struct hit *hit)
{
    if (k == NULL)
        return;
    k->changed = true;
    if (k->diary != NULL)
        diary_hit(k->diary, hit);
}

void keeper_told(struct keeper *k, const struct told *told)
{
    if (k == NULL)
        return;
    k->changed = true;
    if (k->diary != NULL)
        diary_told(k->diary, told);
}

/* A copy of the process has the desk as it is now, for as long as it takes; the packets go on in this one. Full tables take
 * a second and 25 MB; the copy is made within milliseconds. */
static void begin_snapshot(struct keeper *k, struct desk *desk)
{
    pid_t sensor = getpid();
    k->making = diary_turn(k->diary);
    k->changed = false;
    k->maker = fork();
    if (k->maker == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* it would hold the lock of the directory */
        _exit(getppid() != sensor || !write_snapshot(k, desk, DESK, k->making, k->made));
    }
    if (k->maker < 0) {
        error_set(k->made->err, "no process to save what is known: %s", strerror(errno));
        k->maker = 0;
        k->changed = true;
        note(k, false);
    }
}

/* wait: 0, or WNOHANG */
static void end_snapshot(struct keeper *k, int wait)
{
    int status = 0;
    pid_t ended = k->maker > 0 ? waitpid(k->maker, &status, wait) : 0;
    if (ended <= 0)
        return;
    bool written = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (WIFSIGNALED(status))
        error_set(k->made->err, "%s: the process that saves what is known was ended by signal %d", state_path(k->settings.state), WTERMSIG(status));
    k->maker = 0;
    k->changed = k->changed || !written;
    note(k, written);
    if (written)
        diary_forget(k->diary, k->making);
}

void keeper_look(struct keeper *k, struct desk *desk)
{
    if (k == NULL || k->diary == NULL)
        return;
    end_snapshot(k, WNOHANG);
    if (k->maker > 0 || !k->changed)
        return;
    uint64_t now = clock_ms(), retry_ms = k->settings.snapshot_ms < RETRY_MS ? k->settings.snapshot_ms : RETRY_MS;
    bool due = now >= k->last_ms + k->settings.snapshot_ms || diary_wants_snapshot(k->diary);
    if (due && (!k->failing || now >= k->try_ms + retry_ms))
        begin_snapshot(k, desk);
}

bool keeper_end(struct keeper *k, struct desk *desk, char err[static ERRLEN])
{
    if (k == NULL)
        return true;
    end_snapshot(k, 0);
    bool written = snapshot(k, desk, k->diary != NULL ? DESK : DONE);
    if (!written)
        error_set(err, "%s; what is known is not saved, the file from before stands", k->made->err);
    return written;
}

bool keeper_over(struct keeper *k, char err[static ERRLEN])
{
    return k == NULL || k->diary != NULL || faccessat(state_directory(k->settings.state), DONE, F_OK, 0) != 0 ||
           state_rename(k->settings.state, DONE, DESK, err);
}

void keeper_close(struct keeper *k)
{
    if (k == NULL)
        return;
    end_snapshot(k, 0);
    diary_close(k->diary);
    news_close(k->news);
    munmap(k->made, sizeof *k->made);
    free(k);
}

bool keeper_dead(struct keeper *k)
{
    return k != NULL && k->diary != NULL && diary_dead(k->diary);
}

bool keeper_news(struct keeper *k, char message[static ERRLEN])
{
    return k != NULL && news_take(k->news, message);
}

void keeper_stats(const struct keeper *k, struct keeper_stats *stats)
{
    struct diary_stats diary = {0};
    *stats = (struct keeper_stats){0};
    if (k == NULL)
        return;
    if (k->diary != NULL)
        diary_stats(k->diary, &diary);
    *stats = k->stats;
    stats->age_s = k->last_ms > 0 ? (clock_ms() - k->last_ms) / 1000 : 0;
    stats->diary_entries = diary.entries;
    stats->diary_bytes = diary.bytes;
    stats->diary_dropped = diary.dropped;
}
