#include "feeds/listener.h"

#include <stdlib.h>

enum { PAUSE_LINES = 1024 };  /* a busy log is never idle: a pause after so many */

struct listener {
    struct lines *lines;
    struct foreign *foreign;
    struct engine *engine;
    unsigned since_pause;
    bool ended;
};

struct listener *listener_open(const char *source, const struct classifier_settings *settings, char err[static ERRLEN])
{
    struct listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        error_set(err, "no memory to listen to another sensor");
        return NULL;
    }
    if ((l->lines = lines_open(source, FOREIGN_LINE, err)) == NULL || (l->foreign = foreign_open(err)) == NULL ||
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

enum listener_result listener_next(struct listener *l, const struct hit **hit, char err[static ERRLEN])
{
    for (struct slice line;;) {
        if ((*hit = next_hit(l)) != NULL)
            return LISTENER_HIT;
        if (foreign_news(l->foreign, err))
            return LISTENER_WARNING;
        if (++l->since_pause >= PAUSE_LINES) {
            l->since_pause = 0;
            return LISTENER_PAUSE;
        }
        switch (lines_next(l->lines, &line, err)) {
        case LINES_LINE: foreign_take(l->foreign, line); break;
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
    lines_stats(l->lines, &stats->lines);
    foreign_stats(l->foreign, &stats->records);
    engine_stats(l->engine, &stats->engine);
}
