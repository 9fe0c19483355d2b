#include "feeds/page_rows.h"

#include <stdlib.h>
#include <string.h>

#include "feeds/id.h"

struct kept {
    struct kept *next;     /* of its bucket */
    size_t at;             /* in the heap */
    uint64_t us;
    uint32_t len;
    uint8_t kind, score;
    char id[ROW_ID];
    char text[];
};

/* A heap, the least telling row on top. */
struct page_rows {
    uint64_t limit, bytes, seed;
    struct kept **heap, **bucket;
    size_t count, room, mask;
    struct page_rows_stats stats;
};

/* Every row costs at least this, so there are never more rows than some four to a bucket. */
enum { BYTES_PER_BUCKET = 1024 };

struct page_rows *page_rows_open(uint64_t limit, uint64_t seed, char err[static ERRLEN])
{
    struct page_rows *rows = calloc(1, sizeof *rows);
    size_t buckets = 1024;
    while (buckets < limit / BYTES_PER_BUCKET)
        buckets *= 2;
    if (rows != NULL)
        *rows = (struct page_rows){.limit = limit, .seed = seed, .mask = buckets - 1, .bucket = calloc(buckets, sizeof *rows->bucket)};
    if (rows == NULL || rows->bucket == NULL) {
        error_set(err, "no memory for the page");
        free(rows);
        return NULL;
    }
    return rows;
}

void page_rows_close(struct page_rows *rows)
{
    if (rows == NULL)
        return;
    for (size_t i = 0; i < rows->count; i++)
        free(rows->heap[i]);
    free(rows->heap);
    free(rows->bucket);
    free(rows);
}

/* Below 0: a goes before b. */
static int telling(const struct kept *a, const struct kept *b)
{
    if ((a->kind == ROW_HIT) != (b->kind == ROW_HIT))
        return a->kind == ROW_HIT ? -1 : 1;
    if (a->score != b->score)
        return (int)a->score - (int)b->score;
    if (a->us != b->us)
        return a->us < b->us ? -1 : 1;
    return strcmp(a->id, b->id);
}

static void swap(struct kept **heap, size_t a, size_t b)
{
    struct kept *row = heap[a];
    heap[a] = heap[b];
    heap[b] = row;
    heap[a]->at = a;
    heap[b]->at = b;
}

static void rise(struct kept **heap, size_t i)
{
    for (; i > 0 && telling(heap[i], heap[(i - 1) / 2]) < 0; i = (i - 1) / 2)
        swap(heap, i, (i - 1) / 2);
}

static void sink(struct kept **heap, size_t i, size_t count)
{
    for (size_t least = i;; i = least) {
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++)
            if (telling(heap[child], heap[least]) < 0)
                least = child;
        if (least == i)
            return;
        swap(heap, i, least);
    }
}

static struct kept **bucket_of(struct page_rows *rows, const char *id)
{
    return &rows->bucket[id_hash(id, strlen(id), rows->seed) & rows->mask];
}

static uint64_t cost(const struct kept *row)
{
    return sizeof *row + row->len + 2 * sizeof row; /* and its places in heap and bucket */
}

static void take_out(struct page_rows *rows, struct kept *row)
{
    struct kept **link = bucket_of(rows, row->id);
    size_t at = row->at;
    while (*link != row)
        link = &(*link)->next;
    *link = row->next;
    swap(rows->heap, at, --rows->count);
    if (at < rows->count) {
        rise(rows->heap, at);
        sink(rows->heap, at, rows->count);
    }
    rows->bytes -= cost(row);
    rows->stats.kept[row->kind]--;
    free(row);
}

static bool make_room(struct page_rows *rows)
{
    if (rows->count < rows->room)
        return true;
    size_t room = rows->room > 0 ? 2 * rows->room : 1024;
    struct kept **heap = realloc(rows->heap, room * sizeof *heap);
    if (heap == NULL)
        return false;
    rows->heap = heap;
    rows->room = room;
    return true;
}

/* Of two documents with one id that differ, whatever order they come in, the earlier counts. */
static bool goes_before(const struct row *row, const struct kept *kept)
{
    if (row->us != kept->us || row->text.len != kept->len)
        return row->us != kept->us ? row->us < kept->us : row->text.len < kept->len;
    return memcmp(row->text.p, kept->text, kept->len) < 0;
}

static bool is_repeat(struct page_rows *rows, const struct row *row)
{
    struct kept *kept = *bucket_of(rows, row->id);
    while (kept != NULL && strcmp(kept->id, row->id) != 0)
        kept = kept->next;
    if (kept == NULL)
        return false;
    rows->stats.repeats++;
    if (!goes_before(row, kept))
        return true;
    take_out(rows, kept);
    return false;
}

void page_rows_put(struct page_rows *rows, const struct row *row)
{
    if (is_repeat(rows, row))
        return;
    struct kept **bucket = bucket_of(rows, row->id), *kept = make_room(rows) ? malloc(sizeof *kept + row->text.len) : NULL;
    if (kept == NULL) {
        rows->stats.left_out[row->kind]++;
        return;
    }
    *kept = (struct kept){*bucket, rows->count, row->us, (uint32_t)row->text.len, (uint8_t)row->kind, (uint8_t)row->score, ""};
    memcpy(kept->id, row->id, sizeof kept->id);
    memcpy(kept->text, row->text.p, row->text.len);
    *bucket = kept;
    rows->heap[rows->count++] = kept;
    rise(rows->heap, rows->count - 1);
    rows->bytes += cost(kept);
    rows->stats.kept[kept->kind]++;
    while (rows->bytes > rows->limit) {
        rows->stats.left_out[rows->heap[0]->kind]++;
        take_out(rows, rows->heap[0]);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct kept *x = *(struct kept *const *)a, *y = *(struct kept *const *)b;
    if (x->kind != y->kind)
        return (int)x->kind - (int)y->kind;
    if (x->us != y->us)
        return x->us < y->us ? -1 : 1;
    return strcmp(x->id, y->id);
}

void page_rows_sort(struct page_rows *rows)
{
    if (rows->count > 0)
        qsort(rows->heap, rows->count, sizeof *rows->heap, by_time);
}

size_t page_rows_count(const struct page_rows *rows)
{
    return rows->count;
}

struct slice page_rows_text(const struct page_rows *rows, size_t i)
{
    return slice_of(rows->heap[i]->text, rows->heap[i]->len);
}

void page_rows_stats(const struct page_rows *rows, struct page_rows_stats *stats)
{
    *stats = rows->stats;
}
