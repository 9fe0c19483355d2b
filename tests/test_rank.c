/* Ranks: the most certain first, equal ones in one order, whatever order they came in. */
#include <stdlib.h>
#include <string.h>

#include "feeds/rank.h"
#include "tests/check.h"

static int by_bits(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    return x->bits != y->bits ? (x->bits > y->bits ? -1 : 1) : memcmp(x->tie, y->tie, sizeof x->tie);
}

static void sorted(const char *reason, const float *bits, size_t count)
{
    struct ranks ranks;
    struct rank *other = calloc(count + 1, sizeof *other);
    CHECK(ranks_open(&ranks, count), "%s", reason);
    for (size_t i = 0; i < count; i++) {
        other[i] = (struct rank){bits[i], (uint32_t)i, {0}};
        memcpy(other[i].tie, &(uint32_t){(uint32_t)i * 2654435761u}, 4);
        ranks_put(&ranks, &other[i]);
    }
    ranks_sort(&ranks);
    qsort(other, count, sizeof *other, by_bits);
    CHECK(ranks.count == count && (count == 0 || memcmp(ranks.rank, other, count * sizeof *other) == 0), "%s: as the C library sorts", reason);
    ranks_close(&ranks);
    free(other);
}

int main(void)
{
    static const struct {
        const char *reason;
        size_t count;
        float bits[8];
    } rows[] = {
        {"nobody", 0, {0}},
        {"one", 1, {3}},
        {"two in order", 2, {3, 1}},
        {"two that change places", 2, {1, 3}},
        {"all alike: the tie alone decides", 8, {2, 2, 2, 2, 2, 2, 2, 2}},
        {"rising", 8, {1, 2, 3, 4, 5, 6, 7, 8}},
        {"falling", 8, {8, 7, 6, 5, 4, 3, 2, 1}},
        {"bits against it are the least", 5, {0, -3, 2.5F, -1, 0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        sorted(rows[i].reason, rows[i].bits, rows[i].count);
    unsigned state = 7;
    for (size_t count = 9; count < 3000; count += count / 3) {
        float bits[3000];
        for (size_t i = 0; i < count; i++)
            bits[i] = (float)((state = state * 1103515245 + 12345) >> 16 & 63);
        sorted("many, most of them equal to others", bits, count);
    }
    return check_report("test_rank");
}
