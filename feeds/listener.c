#include "feeds/listener.h"

#include <stdlib.h>

#include "feeds/redis_lines.h"

enum { PAUSE_LINES = 1024 };  /* a busy log is never idle: a pause after so many */

struct listener {
    struct lines *lines;           /* or: */
    struct redis_lines *redis;
    uint64_t too_long;
    struct foreign *foreign;
    struct engine *engine;
    unsigned since_pause;
    bool ended;
};

static bool open_source(struct listener *l, const char *source, char err[static ERRLEN])
{
    if (redis_lines_wanted(source))
        return (l->redis = redis_lines_open(source, err)) != NULL;
    return (l->lines = lines_open(source, FOREIGN_LINE, err)) != NULL;
}

struct listener *listener_open(const char *source, const struct classifier_settings *settings, char err[static ERRLEN])
{
    struct listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        error_set(err, "no memory to listen to another sensor");
        return NULL;
    }
    if (!open_source(l, source, err) || (l->foreign = foreign_open(err)) == NULL ||
        (l->engine = engine_open(settings, err)) == NULL) {
        listener_close(l);
        return NULL;
    }
    return l;
}

void listener_close(struct listener *l)
{
    if (l == NULL)
        return;
    lines_close(l->lines);
    redis_lines_close(l->redis);
    foreign_close(l->foreign);
    engine_close(l->engine);
    free(l);
}

/* The hits of the event in hand, then of the line's next one. */
static const struct hit *next_hit(struct listener *l)
{
    const struct hit *hit;
    struct event event;
    while ((hit = engine_next(l->engine)) == NULL && foreign_next(l->foreign, &event))
        engine_see(l->engine, &event);
    return hit;
}

static void take(struct listener *l, struct slice line)
{
    if (line.len > FOREIGN_LINE)
        l->too_long++;
    else
        foreign_take(l->foreign, line);
}

enum listener_result listener_next(struct listener *l, const struct hit **hit, char err[static ERRLEN])
{
    for (struct slice line = {NULL, 0};;) {
        if ((*hit = next_hit(l)) != NULL)
            return LISTENER_HIT;
        if (foreign_news(l->foreign, err))
            return LISTENER_WARNING;
        if (++l->since_pause >= PAUSE_LINES) {
            l->since_pause = 0;
            return LISTENER_PAUSE;
        }
        switch (l->redis != NULL ? redis_lines_next(l->redis, &line, err) : lines_next(l->lines, &line, err)) {
        case LINES_LINE: take(l, line); break;
        case LINES_IDLE: return LISTENER_PAUSE;
        case LINES_WARNING: return LISTENER_WARNING;
        case LINES_ERROR: return LISTENER_ERROR;
        case LINES_END:
            if (l->ended)
                return LISTENER_END;
            l->ended = true;
            foreign_finish(l->foreign);
            break;
        }
    }
}

void listener_relist(struct listener *l, const struct indicators *indicators)
{
    engine_relist(l->engine, indicators);
}

void listener_stats(const struct listener *l, struct listener_stats *stats)
{
    stats->lines = (struct lines_stats){0};
    if (l->lines != NULL)
        lines_stats(l->lines, &stats->lines);
    stats->lines.too_long += l->too_long;
    foreign_stats(l->foreign, &stats->records);
    engine_stats(l->engine, &stats->engine);
}
