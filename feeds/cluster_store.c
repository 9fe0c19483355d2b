#include <stdlib.h>

#include "feeds/cluster_table.h"
#include "feeds/rank.h"
#include "feeds/store.h"

#define NEWS(name) offsetof(struct cluster_news, name), sizeof ((struct cluster_news *)0)->name

static const struct store_field news_fields[] = {
    {STORE_UINT, NEWS(us)},
    {STORE_TEXT, NEWS(name)},
    {STORE_TEXT, NEWS(family)},
    {STORE_FLOAT, NEWS(bits)},
    {STORE_BYTES, NEWS(client)},
    {STORE_UINT, NEWS(addrs), HIT_ADDRS},
    {STORE_BYTES, NEWS(addr)},
    {STORE_UINT, NEWS(alias)},
    {STORE_TEXT, NEWS(id)},
    {STORE_UINT, NEWS(formed_us)},
};

#define PLACE_NEWS(name) offsetof(struct cluster_place_news, name), sizeof ((struct cluster_place_news *)0)->name

static const struct store_field place_news_fields[] = {
    {STORE_BYTES, PLACE_NEWS(addr)},
    {STORE_UINT, PLACE_NEWS(us)},
    {STORE_UINT, PLACE_NEWS(ordinary)},
};

#define NAME(member) offsetof(struct name, member), sizeof ((struct name *)0)->member

static const struct store_field name_fields[] = {
    {STORE_TEXT, NAME(text)},
    {STORE_TEXT, NAME(family)},
    {STORE_FLOAT, NAME(family_bits)},
    {STORE_FLOAT, NAME(bits)},
    {STORE_UINT, NAME(first_us)},
    {STORE_UINT, NAME(last_us)},
    {STORE_UINT, NAME(told_us)},
    {STORE_UINT, NAME(root), NAMES_MOST},
    {STORE_TEXT, NAME(id)},
    {STORE_UINT, NAME(formed_us)},
    {STORE_UINT, NAME(addrs), ADDRS_OF_NAME},
    {STORE_BYTES, NAME(addr[0]), .rows = ADDRS_OF_NAME},
    {STORE_UINT, NAME(aliases), ALIASES_OF_NAME},
    {STORE_BYTES, NAME(alias[0]), .rows = ALIASES_OF_NAME},
    {STORE_UINT, NAME(clients), CLIENTS_OF_NAME},
    {STORE_UINT, NAME(client[0]), .rows = CLIENTS_OF_NAME},
};

#define PLACE(name) offsetof(struct place, name), sizeof ((struct place *)0)->name

static const struct store_field place_fields[] = {
    {STORE_BYTES, PLACE(addr)},
    {STORE_UINT, PLACE(last_us)},
    {STORE_UINT, PLACE(ordinary)},
    {STORE_UINT, PLACE(suspicious), NAMES_ON_ADDRESS},
    {STORE_UINT, PLACE(name[0]), NAMES_MOST, NAMES_ON_ADDRESS},
};

enum {
    VERSION = 2,
    NEWS_FIELDS = sizeof news_fields / sizeof *news_fields,
    PLACE_NEWS_FIELDS = sizeof place_news_fields / sizeof *place_news_fields,
    NAME_FIELDS = sizeof name_fields / sizeof *name_fields,
    PLACE_FIELDS = sizeof place_fields / sizeof *place_fields
};

void cluster_news_save(const struct cluster_news *news, struct store_writer *w)
{
    store_put_fields(w, news, news_fields, NEWS_FIELDS);
}

void cluster_news_load(struct cluster_news *news, struct store_reader *r)
{
    store_get_fields(r, news, news_fields, NEWS_FIELDS);
}

void cluster_place_news_save(const struct cluster_place_news *news, struct store_writer *w)
{
    store_put_fields(w, news, place_news_fields, PLACE_NEWS_FIELDS);
}

void cluster_place_news_load(struct cluster_place_news *news, struct store_reader *r)
{
    store_get_fields(r, news, place_news_fields, PLACE_NEWS_FIELDS);
}

/* Each name with its index, which is how roots and places speak of it. */
void cluster_save(const struct clusters *c, struct store_writer *w)
{
    size_t places = 0;
    struct ranks ranks;
    store_section(w, "clusters", VERSION);
    if (!ranks_open(&ranks, c->stats.names)) {
        w->bad = true;
        return;
    }
    for (size_t i = 0; i < c->stats.names; i++)
        ranks_put(&ranks, &(struct rank){c->name[i].bits, (uint32_t)i, {(uint8_t)(i >> 8), (uint8_t)i}});
    ranks_sort(&ranks);
    store_put_uint(w, c->stats.names);
    for (size_t i = 0; i < c->stats.names; i++) {
        struct name name = c->name[ranks.rank[i].index];
        memcpy(name.id, c->name[name.root].id, sizeof name.id);
        name.formed_us = c->name[name.root].formed_us;
        store_put_uint(w, ranks.rank[i].index);
        store_put_fields(w, &name, name_fields, NAME_FIELDS);
    }
    ranks_close(&ranks);
    for (size_t i = 0; i < c->buckets * CLUSTER_WAYS; i++)
        places += c->place[i].last_us != 0;
    store_put_uint(w, places);
    for (size_t i = 0; i < c->buckets * CLUSTER_WAYS; i++)
        if (c->place[i].last_us != 0)
            store_put_fields(w, &c->place[i], place_fields, PLACE_FIELDS);
}

/* Indices of a table that was saved → indices here; NO_NAME: not taken. */
struct renumbered {
    uint16_t here[NAMES_MOST + 1];
};

/* The first loaded of a cluster's members keeps what is the cluster's; the others join it. */
static void load_name(struct clusters *c, const struct name *saved, uint16_t index, struct renumbered *names, struct renumbered *roots)
{
    uint16_t i = cluster_name(c, saved->text, saved->first_us);
    if (i == NO_NAME || names->here[index] != NO_NAME)
        return;
    struct name *name = &c->name[i];
    *name = *saved;
    name->root = name->next = i;
    name->members = 1;
    names->here[index] = i;
    uint16_t root = roots->here[saved->root];
    if (root == NO_NAME) {
        roots->here[saved->root] = i;
        return;
    }
    c->stats.clusters += !is_cluster(&c->name[root]);
    cluster_join(c, root, i);
}

static void load_place(struct clusters *c, struct place *place, const struct renumbered *names)
{
    unsigned count = 0;
    for (unsigned i = 0; i < place->suspicious; i++)
        if (names->here[place->name[i]] != NO_NAME)
            place->name[count++] = names->here[place->name[i]];
    place->suspicious = (uint16_t)count;
    struct place *here = cluster_place(c, &place->addr, place->last_us);
    cluster_as_count(c, here, place->ordinary & ~here->ordinary);
    place->asn = here->asn; /* of today's database */
    *here = *place;
}

bool cluster_load(struct clusters *c, struct store_reader *r)
{
    struct renumbered *names = malloc(2 * sizeof *names), *roots = names + 1;
    struct name name = {0};
    struct place place;
    if (names == NULL || store_find(r, "clusters") != VERSION) {
        free(names);
        return false;
    }
    memset(names, 0xff, 2 * sizeof *names);
    for (uint64_t count = store_get_uint(r, NAMES_MOST); count > 0 && !r->at.bad; count--) {
        uint16_t index = (uint16_t)store_get_uint(r, NAMES_MOST);
        store_get_fields(r, &name, name_fields, NAME_FIELDS);
        if (!r->at.bad)
            load_name(c, &name, index, names, roots);
    }
    for (uint64_t count = store_get_uint(r, UINT64_MAX); count > 0 && !r->at.bad; count--) {
        store_get_fields(r, &place, place_fields, PLACE_FIELDS);
        if (!r->at.bad)
            load_place(c, &place, names);
    }
    free(names);
    return store_done(r);
}
