/* The parts of a large table: of every size each place is in one, none beyond the end is asked for, and what was looked at is
 * there. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "capture/pages.h"
#include "tests/check.h"

static const struct {
    const char *why;
    size_t bytes;
} tables[] = {
    {"one byte", 1},
    {"a part, all but one byte", (64 << 10) - 1},
    {"a part", 64 << 10},
    {"a part and a byte", (64 << 10) + 1},
    {"as many parts as there are of the smallest", (size_t)PAGES_PARTS << 16},
    {"a byte less", ((size_t)PAGES_PARTS << 16) - 1},
    {"a byte more: parts are larger from here on", ((size_t)PAGES_PARTS << 16) + 1},
    {"what a table of addresses has", 17489920},
    {"larger than anybody's, and odd", ((size_t)1 << 30) + 4095},
};

/* Linux before 5.14 brings nothing in advance. */
static bool brings(void)
{
    struct utsname system;
    unsigned major = 0, minor = 0;
    uname(&system);
    return sscanf(system.release, "%u.%u", &major, &minor) == 2 && (major > 5 || (major == 5 && minor >= 14));
}

static bool is_there(const uint8_t *at)
{
    unsigned char there = 0;
    uintptr_t page = (uintptr_t)at & ~(uintptr_t)(getpagesize() - 1);
    return mincore((void *)page, 1, &there) == 0 && (there & 1);
}

static void look(size_t row, size_t at, uint8_t *table, struct pages_parts *parts)
{
    pages_look(parts, table + at);
    CHECK(!brings() || is_there(table + at), "%s: byte %zu is there", tables[row].why, at);
    table[at] = 1;
}

static void test_table(size_t row)
{
    struct pages_parts parts;
    size_t bytes = tables[row].bytes;
    uint8_t *table = pages_open(bytes);
    if (!CHECK(table != NULL, "%s", tables[row].why))
        return;
    pages_divide(&parts, table, bytes);
    CHECK((bytes - 1) >> parts.shift < PAGES_PARTS, "%s: the last byte is in one of the parts", tables[row].why);
    CHECK(!is_there(table + bytes - 1), "%s: nothing is there before", tables[row].why);
    look(row, bytes - 1, table, &parts);
    look(row, 0, table, &parts);
    for (size_t at = (size_t)1 << parts.shift; at < bytes && bytes < 64 << 20; at += (size_t)1 << parts.shift) {
        look(row, at - 1, table, &parts);
        look(row, at, table, &parts);
    }
    pages_close(table, bytes);
}

int main(void)
{
    for (size_t row = 0; row < sizeof tables / sizeof *tables; row++)
        test_table(row);
    return check_report("test_pages");
}
