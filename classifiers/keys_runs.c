#include "classifiers/keys.h"
#include "classifiers/stub.h"

enum {
    PROBE = 16,            /* distance of the places that are looked at: no run worth finding fits between two */
    RUN_LEAST = STUB_ZEROS - 1,
    RUN_MOST = 44,         /* the header's zeros end at e_lfanew */
    BEFORE_LEAST = 0x16,   /* bytes of the header before the run: the one at 0x18 is seldom zero, 0x1a is Delphi's */
    BEFORE_MOST = 0x1d
};

static uint8_t step_at(const uint8_t *p)
{
    return (uint8_t)(p[1] - p[0]);
}

/* A program whose zeros lie in this run of equal steps begins a known distance before it. */
static bool before_run(struct cipher *c, struct slice head, size_t start)
{
    for (size_t before = BEFORE_LEAST; before <= BEFORE_MOST && before <= start; before++) {
        size_t at = start - before;
        if (at <= KEYS_JUNK && (keys_short(c, head, at) || keys_rolling(c, head, at) || keys_skip_zero(c, head, at) ||
                                keys_table(c, head, at)))
            return true;
    }
    return false;
}

/* One key byte, a table or feedback turn the header's zeros into a run of one value; a counter added to the key into a
 * run of one difference. Anything longer or shorter than the header's run is passed over at once, so that sparse and
 * constant files cost no more than others. */
bool keys_runs(struct cipher *c, struct slice head)
{
    size_t end = head.len < KEYS_JUNK + PE_DOS ? head.len : KEYS_JUNK + PE_DOS;
    for (size_t at = 0; at + PROBE / 2 < end; at += PROBE) {
        const uint8_t *p = head.p + at;
        uint8_t step = step_at(p);
        if (step_at(p + 1) != step || step_at(p + 2) != step || step_at(p + 3) != step)
            continue;
        size_t first = at, last = at + 4; /* the run's first and last byte */
        while (first > 0 && at - first < RUN_MOST && step_at(head.p + first - 1) == step)
            first--;
        while (last + 1 < head.len && step_at(head.p + last) == step)
            last++;
        if (last - first >= RUN_LEAST && last - first <= RUN_MOST && before_run(c, head, first))
            return true;
        at = last / PROBE * PROBE;
    }
    return false;
}
