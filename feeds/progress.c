#include "feeds/progress.h"

#include <stdio.h>

#include "feeds/clock.h"

enum { EVERY_MS = 500 };

void progress_begin(struct progress *p, bool on)
{
    *p = (struct progress){.on = on, .began_ms = clock_ms()};
}

bool progress_due(const struct progress *p)
{
    return p->on && clock_ms() - p->told_ms >= EVERY_MS;
}

void progress_tell(struct progress *p, const struct source_stats *in)
{
    p->told_ms = clock_ms();
    double spent = (double)(p->told_ms - p->began_ms + 1) / 1e3;
    fprintf(stderr, "\rradome: %.1f MB", (double)in->bytes_taken / 1e6);
    if (in->bytes_total > 0)
        fprintf(stderr, " of %.1f MB", (double)in->bytes_total / 1e6);
    fprintf(stderr, ", %.0f packets/s", (double)in->frames / spent);
    if (in->bytes_taken > 0 && in->bytes_total >= in->bytes_taken)
        fprintf(stderr, ", %.0f s left", spent / (double)in->bytes_taken * (double)(in->bytes_total - in->bytes_taken));
    fprintf(stderr, "\033[K");
}

void progress_end(const struct progress *p)
{
    if (p->told_ms > 0)
        fprintf(stderr, "\r\033[K");
}
