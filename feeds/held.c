#include "feeds/held.h"

#include <stdlib.h>

enum { PLACES = 256, BYTES = 8 << 20 };

struct place {
    struct held_key key;
    struct tree *tree;         /* NULL: free */
    size_t bytes;
    uint64_t us, turn;         /* turn: a count, to find the oldest */
};

struct held {
    size_t used, bytes;
    uint64_t turns;
    struct held_stats stats;
    struct place place[PLACES];
};

struct held *held_open(char err[static ERRLEN])
{
    struct held *h = calloc(1, sizeof *h);
    if (h == NULL)
        error_set(err, "no memory for records that wait");
    return h;
}

void held_close(struct held *h)
{
    for (size_t i = 0; h != NULL && i < PLACES; i++)
        tree_close(h->place[i].tree);
    free(h);
}

static struct tree *take(struct held *h, struct place *place)
{
    struct tree *tree = place->tree;
    place->tree = NULL;
    h->used--;
    h->bytes -= place->bytes;
    return tree;
}

static struct place *oldest(struct held *h)
{
    struct place *found = NULL;
    for (size_t i = 0; i < PLACES; i++)
        if (h->place[i].tree != NULL && (found == NULL || h->place[i].turn < found->turn))
            found = &h->place[i];
    return found;
}

static void make_room(struct held *h, size_t bytes)
{
    while (h->used == PLACES || (h->used > 0 && h->bytes + bytes > BYTES)) {
        tree_close(take(h, oldest(h)));
        h->stats.given_up++;
    }
}

void held_put(struct held *h, const struct held_key *key, struct tree *tree, size_t bytes, uint64_t us)
{
    struct tree *before = held_take(h, key);
    h->stats.joined -= before != NULL;
    tree_close(before); /* the later of two has more of the body */
    make_room(h, bytes);
    for (size_t i = 0; i < PLACES; i++)
        if (h->place[i].tree == NULL) {
            h->place[i] = (struct place){*key, tree, bytes, us, h->turns++};
            h->used++;
            h->bytes += bytes;
            h->stats.held++;
            return;
        }
}

struct tree *held_take(struct held *h, const struct held_key *key)
{
    for (size_t i = 0; h->used > 0 && i < PLACES; i++) {
        struct place *place = &h->place[i];
        if (place->tree != NULL && place->key.flow == key->flow && place->key.transaction == key->transaction) {
            h->stats.joined++;
            return take(h, place);
        }
    }
    return NULL;
}

struct tree *held_due(struct held *h, uint64_t us)
{
    if (h->used == 0)
        return NULL;
    struct place *place = oldest(h);
    return us == UINT64_MAX || us > place->us + HELD_S * 1000000ull ? take(h, place) : NULL;
}

void held_stats(const struct held *h, struct held_stats *stats)
{
    *stats = h->stats;
}
