/* What the desk knows outlives the process, in the directory of --state. Live: a snapshot at the end and every few minutes,
 * made in a copy of the process (fork), and a diary of what came since. A SIGKILL takes at most the hits of the last
 * second, whose documents are out, and the ordinary names seen since the last snapshot; a power cut no more. Replay: at its
 * end; one that is cut short begins again with what was known at its start. A NULL keeper keeps nothing. */
#pragma once

#include "feeds/desk.h"
#include "feeds/state.h"

struct share; /* feeds/share.h */

struct keeper_settings {
    struct state *state;
    bool replay, again;        /* it can be repeated; it is repeated (feeds/resume.h) */
    unsigned snapshot_ms;      /* live: how often, where there is something new; 0: every five minutes */
    unsigned gather_ms;        /* see feeds/diary.h; 0: half a second */
    uint64_t diary_most;       /* bytes, as there; 0: 64 MB */
};

struct keeper_stats {
    uint64_t bytes, age_s;     /* of the last snapshot */
    uint64_t snapshots, failed;
    uint64_t diary_entries, diary_bytes, diary_dropped;
    uint64_t read_again;       /* diary entries at the start */
    uint64_t damaged_bytes;    /* of the diary, at the start */
    uint64_t forgotten;        /* known to the last process, for which there was no room at the start */
};

struct keeper;

struct keeper *keeper_open(const struct keeper_settings *, char err[static ERRLEN]);
void keeper_close(struct keeper *);

/* Into a desk that knows nothing; then the diary, whose reports are thrown away, while its news are told once more. Damage is
 * no error: what is damaged is set aside and told. */
void keeper_load(struct keeper *, struct desk *, struct share *);

/* Before the first frame, when others were heard: from here on nothing is lost. False: the disk does not take it. */
bool keeper_begin(struct keeper *, struct desk *, char err[static ERRLEN]);

/* What the desk is given, beside it. */
void keeper_hit(struct keeper *, const struct hit *);
void keeper_told(struct keeper *, const struct told *);

/* Now and then: begins a snapshot when it is time, and looks after the one that is made. */
void keeper_look(struct keeper *, struct desk *);

/* The input has ended. A replay's snapshot waits for keeper_over. */
bool keeper_end(struct keeper *, struct desk *, char err[static ERRLEN]);

/* The record of the replay is gone: it is not repeated any more. */
bool keeper_over(struct keeper *, char err[static ERRLEN]);

/* True once for each change of state: a sentence for the log. */
bool keeper_news(struct keeper *, char message[static ERRLEN]);

/* Its thread has ended, though nobody told it to. */
bool keeper_dead(struct keeper *);
void keeper_stats(const struct keeper *, struct keeper_stats *);
