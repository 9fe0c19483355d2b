#include "feeds/evidence_table.h"
#include "feeds/rank.h"
#include "feeds/store.h"

#define ITEM(member) offsetof(struct evidence_item, member), sizeof ((struct evidence_item *)0)->member

static const struct store_field item_fields[] = {
    {STORE_UINT, ITEM(key)},
    {STORE_UINT, ITEM(first_us)},
    {STORE_UINT, ITEM(last_us)},
    {STORE_UINT, ITEM(us)},
    {STORE_FLOAT, ITEM(bits)},
    {STORE_UINT, ITEM(count)},
    {STORE_UINT, ITEM(kind), HIT_INDICATOR},
    {STORE_UINT, ITEM(stage), STAGE_PAYLOAD},
    {STORE_TEXT, ITEM(what)},
    {STORE_TEXT, ITEM(name)},
    {STORE_TEXT, ITEM(family)},
    {STORE_TEXT, ITEM(technique[0]), .rows = 4},
    {STORE_TEXT, ITEM(id)},
    {STORE_TEXT, ITEM(cluster_name)},
    {STORE_BYTES, ITEM(server)},
    {STORE_BOOL, ITEM(has_server)},
    {STORE_UINT, ITEM(told_us)},
};

#define CLIENT(member) offsetof(struct evidence_client, member), sizeof ((struct evidence_client *)0)->member

static const struct store_field client_fields[] = {
    {STORE_BYTES, CLIENT(addr)},
    {STORE_BOOL, CLIENT(reported)},
    {STORE_UINT, CLIENT(stage), STAGE_PAYLOAD},
    {STORE_TEXT, CLIENT(first_id)},
    {STORE_UINT, CLIENT(first_us)},
    {STORE_UINT, CLIENT(last_us)},
    {STORE_UINT, CLIENT(items), EVIDENCE_ITEMS},
};

enum { VERSION = 1, ITEM_FIELDS = sizeof item_fields / sizeof *item_fields, CLIENT_FIELDS = sizeof client_fields / sizeof *client_fields };

#define NEWS(member) offsetof(struct evidence_news, member), sizeof ((struct evidence_news *)0)->member

static const struct store_field news_fields[] = {{STORE_BYTES, NEWS(client)}, {STORE_TEXT, NEWS(first_id)}, {STORE_UINT, NEWS(first_us)},
                                                  {STORE_BOOL, NEWS(reported)}, {STORE_UINT, NEWS(stage), STAGE_PAYLOAD}};

enum { NEWS_FIELDS = sizeof news_fields / sizeof *news_fields };

void evidence_news_save(const struct evidence_news *news, struct store_writer *w)
{
    store_put_fields(w, news, news_fields, NEWS_FIELDS);
    store_put_fields(w, &news->item, item_fields, ITEM_FIELDS);
}

void evidence_news_load(struct evidence_news *news, struct store_reader *r)
{
    store_get_fields(r, news, news_fields, NEWS_FIELDS);
    store_get_fields(r, &news->item, item_fields, ITEM_FIELDS);
}

void evidence_save(const struct evidence *e, struct store_writer *w)
{
    struct ranks ranks;
    store_section(w, "evidence", VERSION);
    if (!ranks_open(&ranks, e->stats.clients)) {
        w->bad = true;
        return;
    }
    for (size_t i = 0; i < e->buckets * EVIDENCE_WAYS; i++) {
        const struct evidence_client *client = &e->client[i];
        struct rank rank = {client->used ? evidence_client_bits(e, client, e->last_us, 0) : 0, (uint32_t)i, {0}};
        memcpy(rank.tie, &client->addr, sizeof rank.tie);
        if (client->used)
            ranks_put(&ranks, &rank);
    }
    ranks_sort(&ranks);
    store_put_uint(w, e->last_us);
    store_put_uint(w, ranks.count);
    for (size_t i = 0; i < ranks.count; i++) {
        const struct evidence_client *client = &e->client[ranks.rank[i].index];
        store_put_fields(w, client, client_fields, CLIENT_FIELDS);
        for (unsigned k = 0; k < client->items; k++)
            store_put_fields(w, &client->item[k], item_fields, ITEM_FIELDS);
    }
    ranks_close(&ranks);
}

/* A free place of the bucket; NULL where more certain clients, which came first, have them all. */
static struct evidence_client *free_place(struct evidence *e, const struct addr *addr)
{
    struct evidence_client *bucket = evidence_bucket(e, addr);
    for (unsigned i = 0; i < EVIDENCE_WAYS; i++)
        if (!bucket[i].used)
            return &bucket[i];
    return NULL;
}

bool evidence_load(struct evidence *e, struct store_reader *r)
{
    struct evidence_client head;
    struct evidence_item item;
    if (store_find(r, "evidence") != VERSION)
        return false;
    e->last_us = store_get_uint(r, UINT64_MAX);
    for (uint64_t count = store_get_uint(r, UINT64_MAX); count > 0 && !r->at.bad; count--) {
        store_get_fields(r, &head, client_fields, CLIENT_FIELDS);
        struct evidence_client *client = r->at.bad ? NULL : free_place(e, &head.addr);
        head.used = true;
        e->stats.clients += client != NULL;
        e->stats.forgotten += client == NULL && !r->at.bad;
        if (client != NULL)
            memcpy(client, &head, offsetof(struct evidence_client, item));
        for (unsigned i = 0; i < head.items; i++) {
            store_get_fields(r, &item, item_fields, ITEM_FIELDS);
            if (client != NULL)
                client->item[i] = item;
        }
    }
    return store_done(r);
}
