/* radome-tail: radome's documents out of Redis, as JSON Lines for whatever cannot read Redis itself. Each is acknowledged
 * after it has been written: a crash anywhere prints some again and loses none. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "feeds/consumer.h"
#include "feeds/settings.h"

enum { DONE = 0, OUTPUT_GONE = 1, WRONG_USAGE = 2, NOT_REACHED = 3 };
enum { BACKOFF_MIN_MS = 100, BACKOFF_MAX_MS = 5000 };

struct options {
    const char *config, *redis, *redis_password_file, *redis_key, *group, *consumer, *from;
    uint64_t count, claim;
    bool follow, version, help;
};

#define FIELD(name) offsetof(struct options, name)

static const struct setting table[] = {
    {"redis", 0, SETTING_TEXT, FIELD(redis), "URL", "redis://[[user]:password@]host[:port][,host...][/db] (redis://localhost), rediss://, redis+sentinel://, unix:"},
    {"redis-password-file", 0, SETTING_TEXT, FIELD(redis_password_file), "FILE", "the password stands in this file; or in RADOME_REDIS_PASSWORD"},
    {"redis-key", 0, SETTING_TEXT, FIELD(redis_key), "NAME", "the stream or list (radome:hits); which it is is seen"},
    {"group", 0, SETTING_TEXT, FIELD(group), "NAME", "consumer group of the stream (radome-tail)"},
    {"consumer", 0, SETTING_TEXT, FIELD(consumer), "NAME", "this reader's name, which resumes what it had (the host's); two at a time need two"},
    {"from", 0, SETTING_TEXT, FIELD(from), "first|new|ID", "where a new group begins in the stream (first)"},
    {"count", 'n', SETTING_NUMBER, FIELD(count), "N", "end after N documents", 1, UINT64_MAX},
    {"follow", 'f', SETTING_FLAG, FIELD(follow), NULL, "wait for more, and for a Redis that is away; else what is there now"},
    {"claim", 0, SETTING_NUMBER, FIELD(claim), "SECONDS", "take over what another reader has not acknowledged for so long (60)", 1, 86400},
    {"config", 'c', SETTING_TEXT, FIELD(config), "FILE", "configuration file: key = value, keys as the long flags", .flag_only = true},
    {"version", 'V', SETTING_FLAG, FIELD(version), NULL, "version", .flag_only = true},
    {"help", 'h', SETTING_FLAG, FIELD(help), NULL, "this help", .flag_only = true},
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void catch_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        sigaction(ends[i], &action, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

static int complain(int status, const char *message)
{
    fprintf(stderr, "radome-tail: %s\n", message);
    return status;
}

/* Doubles with each failure in a row, with jitter; a refusal is slow from the start. */
static void back_off(unsigned failures, enum redis_result result)
{
    struct timespec now, pause;
    long ms = result == REDIS_REFUSED || failures > 6 ? BACKOFF_MAX_MS : BACKOFF_MIN_MS << (failures - 1);
    clock_gettime(CLOCK_MONOTONIC, &now);
    ms = ms / 2 + ms * (now.tv_nsec / 1000 % 512) / 1024;
    pause = (struct timespec){ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL); /* a signal ends it */
}

/* Tells the first failure and the end of it. True: try again. */
static bool try_again(const struct options *o, enum redis_result result, unsigned *failures, const char *err)
{
    if (result == REDIS_SENT) {
        if (*failures > 0)
            complain(DONE, "Redis answers again");
        *failures = 0;
        return true;
    }
    if (!o->follow || stop) {
        complain(NOT_REACHED, err);
        return false;
    }
    if ((*failures)++ == 0)
        fprintf(stderr, "radome-tail: %.400s; trying on\n", err);
    back_off(*failures, result);
    return true;
}

/* A reader killed in the middle of a line left it open: the next document must not be glued to it. */
static void end_open_line(void)
{
    char last = '\n';
    struct stat out;
    int file = fstat(STDOUT_FILENO, &out) == 0 && S_ISREG(out.st_mode) ? open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0 && out.st_size > 0 && pread(file, &last, 1, out.st_size - 1) == 1 && last != '\n')
        putchar('\n');
    if (file >= 0)
        close(file);
}

static bool print(const struct consumer *consumer, size_t count)
{
    bool fine = true;
    for (size_t i = 0; i < count && fine; i++) {
        struct slice document = consumer_document(consumer, i);
        if (document.len > 0)
            fine = fwrite(document.p, 1, document.len, stdout) == document.len && putchar('\n') != EOF;
    }
    return fine && fflush(stdout) == 0;
}

/* Until they are acknowledged nothing else is done: they would be printed twice. */
static bool acknowledge(struct consumer *consumer, const struct options *o, unsigned *failures)
{
    char err[ERRLEN];
    for (;;) {
        enum redis_result result = consumer_acknowledge(consumer, err);
        if (!try_again(o, result, failures, err))
            return false;
        if (result == REDIS_SENT)
            return true;
    }
}

static int run(struct consumer *consumer, const struct options *o)
{
    char err[ERRLEN];
    unsigned failures = 0;
    uint64_t printed = 0, left = o->count > 0 ? o->count : UINT64_MAX;
    end_open_line();
    while (!stop && left > 0) {
        size_t count;
        enum redis_result result = consumer_take(consumer, left < CONSUMER_BATCH ? (size_t)left : CONSUMER_BATCH, &count, err);
        if (!try_again(o, result, &failures, err))
            return stop ? DONE : NOT_REACHED;
        if (result != REDIS_SENT)
            continue;
        if (count == 0 && !o->follow) {
            if (printed == 0)
                fprintf(stderr, "radome-tail: nothing new at %s\n", o->redis_key);
            break;
        }
        if (!print(consumer, count)) {
            snprintf(err, sizeof err, "standard output takes no more (%s): up to %zu documents stay unacknowledged and come again", strerror(errno), count);
            return complain(OUTPUT_GONE, err);
        }
        if (!acknowledge(consumer, o, &failures))
            return NOT_REACHED;
        left -= count;
        printed += count;
    }
    return DONE;
}

static int start(struct options *o, struct settings *settings, int argc, char **argv)
{
    char err[ERRLEN], host[65] = "radome-tail";
    if (!settings_flags(settings, argc, argv, err) || (o->config != NULL && !settings_file(settings, o->config, err)))
        return complain(WRONG_USAGE, err);
    if (o->version)
        return puts("radome-tail " RADOME_VERSION), DONE;
    if (o->help) {
        puts("usage: radome-tail [options]\nPrints radome's documents from a Redis stream or list as JSON Lines, each acknowledged after it is written.\n");
        settings_help(settings, stdout);
        return DONE;
    }
    gethostname(host, sizeof host - 1);
    struct consumer_settings consumer_settings = {
        .login = {o->redis, o->redis_password_file, getenv("RADOME_REDIS_PASSWORD")},
        .key = o->redis_key,
        .group = o->group,
        .consumer = o->consumer != NULL ? o->consumer : host,
        .from = o->from,
        .claim_ms = o->claim * 1000,
    };
    struct consumer *consumer = consumer_open(&consumer_settings, err);
    if (consumer == NULL)
        return complain(WRONG_USAGE, err);
    catch_signals();
    int status = run(consumer, o);
    consumer_close(consumer);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {
        .redis = "redis://localhost", .redis_key = "radome:hits", .group = "radome-tail", .from = "first", .claim = 60,
    };
    struct settings settings = {.table = table, .count = sizeof table / sizeof *table, .values = &options};
    int status = start(&options, &settings, argc, argv);
    settings_free(&settings);
    return status;
}
