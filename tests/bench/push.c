/* Numbered documents into Redis, batch by batch as the delivery sends them: how many a second, and, whatever happens to Redis
 * meanwhile, each once and in order. usage: push URL KEY list|stream|channel COUNT BYTES [MILLISECONDS between batches] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "feeds/redis.h"

enum { BATCH = 100, BYTES_MAX = 4096 };

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Documents n + 1 to n + count. */
static void make(char room[BATCH][BYTES_MAX], struct slice out[BATCH], unsigned long n, size_t count, int bytes)
{
    for (size_t i = 0; i < count; i++) {
        int head = snprintf(room[i], BYTES_MAX, "{\"n\":%lu,\"text\":\"", n + i + 1), fill = bytes - head - 2;
        int len = head + snprintf(room[i] + head, (size_t)(BYTES_MAX - head), "%0*d\"}", fill > 1 ? fill : 1, 0);
        out[i] = slice_of(room[i], (size_t)len);
    }
}

/* After a failure Redis itself says how far it has come. */
static unsigned long find_out(struct redis *redis)
{
    char cursor[REDIS_CURSOR], err[ERRLEN] = "";
    for (enum redis_result last = REDIS_SENT;;) {
        enum redis_result result = redis_cursor(redis, cursor, err);
        if (result == REDIS_SENT)
            return strtoul(cursor, NULL, 10);
        if (result != last)
            fprintf(stderr, "push: %s\n", err);
        last = result;
        usleep(100000);
    }
}

int main(int argc, char **argv)
{
    static char room[BATCH][BYTES_MAX];
    static const char *const modes[] = {"list", "stream", "channel"};
    char err[ERRLEN], cursor[REDIS_CURSOR];
    if (argc < 6)
        return fputs("usage: push URL KEY list|stream|channel COUNT BYTES [MILLISECONDS]\n", stderr), 2;
    struct redis_settings settings = {.url = argv[1], .key = argv[2], .sensor = "push", .field = "eve"};
    while (settings.mode < REDIS_CHANNEL && strcmp(modes[settings.mode], argv[3]) != 0)
        settings.mode++;
    unsigned long count = strtoul(argv[4], NULL, 10), pause_ms = argc > 6 ? strtoul(argv[6], NULL, 10) : 0;
    int bytes = atoi(argv[5]) < BYTES_MAX ? atoi(argv[5]) : BYTES_MAX - 1;
    struct redis *redis = redis_open(&settings, err);
    if (redis == NULL)
        return fprintf(stderr, "push: %s\n", err), 2;
    unsigned long n = find_out(redis), breaks = 0;
    double began = now_s();
    while (n < count) {
        struct slice documents[BATCH];
        size_t some = count - n < BATCH ? count - n : BATCH;
        make(room, documents, n, some, bytes);
        snprintf(cursor, sizeof cursor, "%lu", n + some);
        if (redis_send(redis, documents, some, cursor, err) == REDIS_SENT)
            n += some;
        else
            breaks++, n = find_out(redis);
        if (pause_ms > 0)
            usleep((useconds_t)pause_ms * 1000);
    }
    printf("%.0f documents a second, %lu breaks\n", (double)count / (now_s() - began), breaks);
    redis_close(redis);
    return 0;
}
