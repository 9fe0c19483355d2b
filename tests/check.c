#include "tests/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned passed, failed;

bool check_that(bool holds, const char *file, int line, const char *condition, const char *reason, ...)
{
    if (holds) {
        passed++;
        return true;
    }
    if (failed++ < 40) { /* enough to see what is wrong */
        va_list args;
        va_start(args, reason);
        printf("%s:%d: not so: %s: ", file, line, condition);
        vprintf(reason, args);
        printf("\n");
        va_end(args);
    }
    return false;
}

int check_report(const char *name)
{
    printf("%s: %u passed, %u failed\n", name, passed, failed);
    return failed > 0 || passed == 0;
}

struct guarded {
    uint8_t *base;
    size_t bytes;
};

struct slice guard_copy(struct slice s, int slot)
{
    static struct guarded slots[4];
    struct guarded *g = &slots[slot];
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (s.len + page - 1) / page * page;
    if (g->base == NULL || g->bytes != room + page) {
        if (g->base != NULL)
            munmap(g->base, g->bytes);
        g->bytes = room + page;
        g->base = mmap(NULL, g->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (g->base == MAP_FAILED || mprotect(g->base + room, page, PROT_NONE) != 0) {
            perror("guard page");
            exit(1);
        }
    }
    uint8_t *at = g->base + room - s.len;
    if (s.len > 0)
        memcpy(at, s.p, s.len);
    return slice_of(at, s.len);
}

struct slice check_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    size_t len = 0, room = 65536;
    uint8_t *bytes = malloc(room);
    for (size_t n; (n = fread(bytes + len, 1, room - len, file)) > 0;) {
        len += n;
        if (len == room)
            bytes = realloc(bytes, room *= 2);
    }
    fclose(file);
    return slice_of(bytes, len);
}
