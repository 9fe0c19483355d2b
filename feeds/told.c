#include "feeds/told.h"

#include "feeds/store.h"

enum { VERSION = 2 };

size_t told_write(uint8_t out[static TOLD_BYTES], const struct told *told)
{
    struct store_writer w = store_message(out, TOLD_BYTES);
    store_put_uint(&w, VERSION);
    store_put_uint(&w, told->kind);
    switch (told->kind) {
    case TOLD_EVIDENCE: evidence_news_save(&told->evidence, &w); break;
    case TOLD_NAME: cluster_news_save(&told->name, &w); break;
    case TOLD_BEAT: schedule_beat_save(&told->beat, &w); break;
    case TOLD_PLACE: cluster_place_news_save(&told->place, &w); break;
    case TOLD_ASKED: asked_news_save(&told->asked, &w); break;
    }
    return store_message_len(&w);
}

bool told_read(struct told *told, struct slice bytes)
{
    struct store_reader r = store_message_read(bytes);
    if (store_get_uint(&r, VERSION) != VERSION)
        return false;
    told->kind = (enum told_kind)store_get_uint(&r, TOLD_ASKED);
    switch (told->kind) {
    case TOLD_EVIDENCE: evidence_news_load(&told->evidence, &r); break;
    case TOLD_NAME: cluster_news_load(&told->name, &r); break;
    case TOLD_BEAT: schedule_beat_load(&told->beat, &r); break;
    case TOLD_PLACE: cluster_place_news_load(&told->place, &r); break;
    case TOLD_ASKED: asked_news_load(&told->asked, &r); break;
    }
    return store_done(&r);
}
