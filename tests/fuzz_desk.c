/* What a desk is loaded from, behind any checksum: loaded or refused, never worse, and what was loaded can be saved, loaded and
 * gone on with. */
#include <stdlib.h>

#include "feeds/desk.h"
#include "feeds/store.h"
#include "tests/check.h"
#include "tests/hit_sequence.h"

enum { STATE_BYTES = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct desk *open_desk(uint64_t seed)
{
    char err[ERRLEN];
    struct desk_settings settings = {.sensor = "sensor", .threshold = 50, .seed = seed};
    return desk_open(&settings, err);
}

/* As store_read does it, for bytes whose checksum is right. */
static struct store_reader reader_of(const uint8_t *data, size_t size)
{
    return (struct store_reader){.sections = slice_of(data, size)};
}

static void go_on(struct desk *desk)
{
    static struct hit hit;
    struct hit_sequence s = {.state = 9, .us = 1594602000000000, .clients = 8, .names = 9};
    for (unsigned i = 0; i < 40; i++) {
        sequence_next(&s, &hit);
        desk_put(desk, &hit);
        while (desk_next(desk) != NULL || desk_next_told(desk) != NULL)
            continue;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct desk *desk = open_desk(1), *other;
    struct store_writer w;
    struct store_reader r = reader_of(data, size);
    if (!desk_load(desk, &r)) {
        desk_close(desk);
        return 0;
    }
    other = open_desk(2);
    store_open(&w, STATE_BYTES);
    desk_save(desk, &w);
    if (!store_read(&r, store_end(&w)) || !desk_load(other, &r))
        abort();
    go_on(desk);
    go_on(other);
    store_close(&w);
    desk_close(desk);
    desk_close(other);
    return 0;
}
