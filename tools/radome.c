/* radome: the sensor. Frames in from files or interfaces, hits out as JSON Lines and to Redis. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "capture/capture.h"
#include "capture/proto.h"
#include "capture/source.h"
#include "classifiers/indicator.h"
#include "classifiers/engine.h"
#include "feeds/allow.h"
#include "feeds/delivery.h"
#include "feeds/desk.h"
#include "feeds/figures.h"
#include "feeds/geoip.h"
#include "feeds/ioc.h"
#include "feeds/json.h"
#include "feeds/redis.h"
#include "feeds/settings.h"

enum { FLUSH_FRAMES = 4096 };       /* a busy interface is never idle: flush after so many */
enum { QUEUE_BYTES = 64 << 20 }; /* unsent hits held while Redis is away: about 50,000 */

enum { DONE = 0, INPUT_FAILED = 1, WRONG_USAGE = 2, NOT_DELIVERED = 3 };

struct options {
    struct setting_list paths, interfaces, ioc, allow, geoip;
    const char *filter, *config, *output, *redis, *redis_key, *redis_password_file, *log, *sensor;
    int redis_mode, format;
    uint64_t redis_wait, threshold, workers, memory, body_limit;
    bool no_builtin_ioc, no_builtin_allow, progress, check, version, help;
};

#define FIELD(name) offsetof(struct options, name)

static const struct setting table[] = {
    {"read", 'r', SETTING_LIST, FIELD(paths), "PATH", "replay a pcap or pcapng file (plain, .gz, .zst), a directory of them, or -"},
    {"interface", 'i', SETTING_LIST, FIELD(interfaces), "IFACE", "capture live on an interface"},
    {"filter", 'f', SETTING_TEXT, FIELD(filter), "EXPR", "a pcap filter expression"},
    {"config", 'c', SETTING_TEXT, FIELD(config), "FILE", "configuration file: key = value, keys as the long flags", .flag_only = true},
    {"output", 'o', SETTING_TEXT, FIELD(output), "FILE", "hits as JSON Lines; - is standard output, the default without --redis"},
    {"redis", 0, SETTING_TEXT, FIELD(redis), "URL", "push hits to Redis: redis://[[user]:password@]host[:port][/db] or unix:/path"},
    {"redis-password-file", 0, SETTING_TEXT, FIELD(redis_password_file), "FILE", "the password stands in this file"},
    {"redis-wait", 0, SETTING_NUMBER, FIELD(redis_wait), "SECONDS", "how long the end of a replay waits for Redis (30)", 0, 86400},
    {"redis-mode", 0, SETTING_WORD, FIELD(redis_mode), "list|stream|channel", "RPUSH (default), XADD or PUBLISH"},
    {"redis-key", 0, SETTING_TEXT, FIELD(redis_key), "NAME", "the list, stream or channel (radome:hits)"},
    {"log", 0, SETTING_TEXT, FIELD(log), "LIST", "also write protocol records: any of dns,http,tls"},
    {"format", 0, SETTING_WORD, FIELD(format), "eve|ecs", "document layout: Suricata EVE (default) or Elastic Common Schema"},
    {"threshold", 0, SETTING_NUMBER, FIELD(threshold), "N", "least risk score, 0 to 100, that is written (50)", 0, 100},
    {"ioc", 0, SETTING_LIST, FIELD(ioc), "FILE", "indicators: radome's CSV, a plain list, a hosts file or STIX 2.1"},
    {"no-builtin-ioc", 0, SETTING_FLAG, FIELD(no_builtin_ioc), NULL, "without the published indicators that come along"},
    {"allow", 0, SETTING_LIST, FIELD(allow), "FILE", "names never to flag, one a line or rank,name"},
    {"no-builtin-allow", 0, SETTING_FLAG, FIELD(no_builtin_allow), NULL, "without the honest look-alikes that come along"},
    {"geoip", 0, SETTING_LIST, FIELD(geoip), "FILE", "a MaxMind-format database (ASN, country or city)"},
    {"memory", 0, SETTING_SIZE, FIELD(memory), "SIZE", "the bound on flows, reassembly and fragments together (256M)", 8 << 20, 1ull << 40},
    {"body-limit", 0, SETTING_SIZE, FIELD(body_limit), "SIZE", "how much of one decoded body is followed (64M)", 16384, 1ull << 40},
    {"workers", 'j', SETTING_NUMBER, FIELD(workers), "N", "worker threads; this version has one", 1, 64},
    {"progress", 0, SETTING_FLAG, FIELD(progress), NULL, "a progress line during a replay; default when standard error is a terminal"},
    {"sensor", 0, SETTING_TEXT, FIELD(sensor), "NAME", "the sensor's name; default the host's"},
    {"check", 'T', SETTING_FLAG, FIELD(check), NULL, "check the settings and feeds, print them and exit", .flag_only = true},
    {"version", 'V', SETTING_FLAG, FIELD(version), NULL, "versions of radome and of what it is linked with", .flag_only = true},
    {"help", 'h', SETTING_FLAG, FIELD(help), NULL, "this help", .flag_only = true},
    {"eve", 0, SETTING_TEXT, 0, "SOURCE", NULL, .later = true},
    {"plugin", 0, SETTING_TEXT, 0, "FILE.so", NULL, .later = true},
    {"anonymise", 0, SETTING_TEXT, 0, "MODE", NULL, .later = true},
    {"anonymise-key", 0, SETTING_TEXT, 0, "FILE", NULL, .later = true},
    {"state", 0, SETTING_TEXT, 0, "DIR", NULL, .later = true},
    {"stats", 0, SETTING_TEXT, 0, "SECONDS", NULL, .later = true},
    {"metrics", 0, SETTING_TEXT, 0, "FILE", NULL, .later = true},
    {"self-test", 0, SETTING_FLAG, 0, NULL, NULL, .later = true},
};

/* Everything that is open, from the bottom of the house to the top. */
struct sensor {
    struct source *source;
    struct capture *capture;
    struct engine *engine;
    struct desk *desk;
    struct indicators *indicators;
    struct allow *allow;
    struct geoip *geoip;
    struct delivery *delivery;
    FILE *output;
    enum json_format format;
    const char *name;
    bool log[EVENT_KINDS];
    bool output_failed, progress;
    double began_s, told_s; /* the replay's beginning and the last progress line, by the monotonic clock */
    char document[JSON_MAX];
};

static volatile sig_atomic_t stop, tell, reload; /* set by signals, read by the loop */

static void on_signal(int number)
{
    if (number == SIGUSR1)
        tell = 1;
    else if (number == SIGHUP)
        reload = 1;
    else
        stop = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal}, again = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &again, NULL);
    sigaction(SIGHUP, &again, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

static int complain(int status, const char *message)
{
    fprintf(stderr, "radome: %s\n", message);
    return status;
}

/* Lines go out whole; a file that takes no more is told once and ends the run, because hits would be lost. */
static void write_document(struct sensor *s, size_t len)
{
    if (len == 0)
        return;
    if (s->delivery != NULL)
        delivery_put(s->delivery, slice_of(s->document, len - 1));
    if (s->output != NULL && !s->output_failed && fwrite(s->document, 1, len, s->output) != len)
        s->output_failed = true;
}

/* Now and then: what has been written goes out, and what happened to Redis is told. */
static void flush_output(struct sensor *s)
{
    char news[ERRLEN];
    if (s->delivery != NULL && delivery_news(s->delivery, news))
        complain(DONE, news);
    if (s->output != NULL && fflush(s->output) != 0)
        s->output_failed = true;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Twice a second one line that overwrites itself: how far, how fast, how long still (where the end is known). */
static void show_progress(struct sensor *s)
{
    struct source_stats in;
    double now = now_s(), spent = now - s->began_s;
    if (!s->progress || now - s->told_s < 0.5)
        return;
    s->told_s = now;
    source_stats(s->source, &in);
    fprintf(stderr, "\rradome: %.1f MB", (double)in.bytes_taken / 1e6);
    if (in.bytes_total > 0)
        fprintf(stderr, " of %.1f MB", (double)in.bytes_total / 1e6);
    fprintf(stderr, ", %.0f packets/s", (double)in.frames / spent);
    if (in.bytes_taken > 0 && in.bytes_total >= in.bytes_taken)
        fprintf(stderr, ", %.0f s left", spent / (double)in.bytes_taken * (double)(in.bytes_total - in.bytes_taken));
    fprintf(stderr, "\033[K");
}

static void take_event(struct sensor *s, const struct event *event)
{
    const struct hit *hit;
    const struct report *report;
    if (s->log[event->kind])
        write_document(s, json_record(s->document, event, s->name, s->format));
    engine_see(s->engine, event);
    if (event->kind == EVENT_BODY && !s->log[EVENT_HTTP] && !engine_follows(s->engine)) /* records tell how long it is */
        capture_dismiss(s->capture);
    while ((hit = engine_next(s->engine)) != NULL) {
        desk_put(s->desk, hit);
        while ((report = desk_next(s->desk)) != NULL)
            write_document(s, json_report(s->document, report, s->format));
    }
}

static void drain(struct sensor *s)
{
    struct event event;
    while (capture_next(s->capture, &event))
        take_event(s, &event);
}

/* A line a group: its first figure, and of the others those that are not zero. */
static void print_stats(struct sensor *s)
{
    struct figures_of of;
    struct stat_value values[FIGURES];
    source_stats(s->source, &of.source);
    capture_stats(s->capture, &of.capture);
    desk_stats(s->desk, &of.desk);
    size_t count = figures(values, &of);
    const char *group = NULL;
    for (size_t i = 0; i < count; i++) {
        bool first = group == NULL || strcmp(group, values[i].group) != 0;
        if (first)
            fprintf(stderr, "%sradome: %s:", group != NULL ? "\n" : "", values[i].group);
        if (first || values[i].value > 0)
            fprintf(stderr, "%s %s %llu", first ? "" : ",", values[i].name, (unsigned long long)values[i].value);
        group = values[i].group;
    }
    fprintf(stderr, "\n");
}

static void answer_signals(struct sensor *s)
{
    if (tell)
        print_stats(s);
    if (reload)
        complain(DONE, "SIGHUP: reloading is not built yet; the feeds and settings stay as they are");
    tell = reload = 0;
}

/* The loop: reads like the river. Returns the exit status so far. */
static int run(struct sensor *s)
{
    char err[ERRLEN];
    int status = DONE;
    struct frame frame;
    uint64_t frames = 0;
    for (bool more = true; more && !stop && !s->output_failed;) {
        switch (source_next(s->source, &frame, err)) {
        case SOURCE_FRAME:
            capture_feed(s->capture, &frame);
            drain(s);
            if (++frames % FLUSH_FRAMES == 0) {
                flush_output(s);
                show_progress(s);
            }
            break;
        case SOURCE_IDLE:
            flush_output(s);
            break;
        case SOURCE_WARNING:
            complain(DONE, err);
            break;
        case SOURCE_ERROR:
            status = complain(INPUT_FAILED, err);
            break;
        case SOURCE_END:
            more = false;
            break;
        }
        if (tell || reload)
            answer_signals(s);
    }
    capture_finish(s->capture);
    drain(s);
    return status;
}

/* The end: what is in flight goes out, and what could not is said. */
static int finish(struct sensor *s, int status)
{
    char err[ERRLEN];
    if (s->told_s > 0)
        fprintf(stderr, "\r\033[K");
    flush_output(s);
    print_stats(s);
    if (s->output_failed)
        status = complain(INPUT_FAILED, "the output takes no more data (disk full, or its reader is gone); what was written before is whole");
    if (s->delivery != NULL && !delivery_finish(s->delivery, err))
        status = complain(NOT_DELIVERED, err);
    return status;
}

static bool parse_log(struct sensor *s, const char *list, char err[static ERRLEN])
{
    static const struct {
        const char *word;
        enum event_kind kind;
    } kinds[] = {{"dns", EVENT_DNS}, {"http", EVENT_HTTP}, {"tls", EVENT_TLS}};
    for (const char *word = list; word != NULL && *word != '\0'; word += strcspn(word, ","), word += *word == ',') {
        size_t len = strcspn(word, ","), i = 0;
        while (i < 3 && !(strlen(kinds[i].word) == len && strncmp(kinds[i].word, word, len) == 0))
            i++;
        if (i == 3) {
            error_set(err, "--log takes any of dns,http,tls, not '%.*s'", (int)len, word);
            return false;
        }
        s->log[kinds[i].kind] = true;
    }
    return true;
}

static bool open_feeds(struct sensor *s, const struct options *o, uint64_t seed, char err[static ERRLEN])
{
    struct ioc_stats stats[SETTING_LIST_MAX + 1] = {{0}};
    s->indicators = ioc_open(o->ioc.value, o->ioc.count, !o->no_builtin_ioc, seed, stats, err);
    if (s->indicators == NULL)
        return false;
    for (unsigned i = 0; i < o->ioc.count; i++)
        if (stats[i].unreadable > 0)
            fprintf(stderr, "radome: %s: %zu rows taken; %zu not understood, the first at %zu\n", o->ioc.value[i], stats[i].rows,
                    stats[i].unreadable, stats[i].first_bad);
    s->allow = allow_open(o->allow.value, o->allow.count, !o->no_builtin_allow, seed, err);
    return s->allow != NULL && (s->geoip = geoip_open(o->geoip.value, o->geoip.count, err)) != NULL;
}

/* A replay's output begins empty: onto one of its own inputs it would destroy the capture. */
static bool is_input(const struct options *o, char err[static ERRLEN])
{
    struct stat output, input;
    for (unsigned i = 0; i < o->paths.count && stat(o->output, &output) == 0; i++)
        if (stat(o->paths.value[i], &input) == 0 && S_ISREG(input.st_mode) && input.st_dev == output.st_dev && input.st_ino == output.st_ino) {
            error_set(err, "%s: is an input; give -o another file", o->output);
            return true;
        }
    return false;
}

/* Where the documents go that are not pushed to Redis; none at all is fine when they are. */
static bool open_output(struct sensor *s, const struct options *o, char err[static ERRLEN])
{
    if (o->output == NULL && o->redis != NULL)
        return true;
    if (o->output == NULL || strcmp(o->output, "-") == 0)
        s->output = stdout;
    else if (is_input(o, err))
        return false;
    else if ((s->output = fopen(o->output, o->interfaces.count > 0 ? "ae" : "we")) == NULL) /* live hits never go twice */
        error_set(err, "%s: %s", o->output, strerror(errno));
    return s->output != NULL;
}

static struct redis *open_redis(const struct sensor *s, const struct options *o, char err[static ERRLEN])
{
    static const char *const formats[] = {"eve", "ecs"};
    struct redis_settings settings = {
        .url = o->redis,
        .password_file = o->redis_password_file,
        .password = getenv("RADOME_REDIS_PASSWORD"),
        .key = o->redis_key,
        .sensor = s->name,
        .field = formats[o->format],
        .mode = (enum redis_mode)o->redis_mode,
    };
    return redis_open(&settings, err);
}

static bool open_delivery(struct sensor *s, const struct options *o, char err[static ERRLEN])
{
    struct delivery_settings settings = {QUEUE_BYTES, o->redis_wait};
    struct redis *redis = o->redis != NULL ? open_redis(s, o, err) : NULL;
    return o->redis == NULL || (redis != NULL && (s->delivery = delivery_open(redis, &settings, err)) != NULL);
}

static bool open_river(struct sensor *s, const struct options *o, uint64_t seed, char err[static ERRLEN])
{
    struct capture_settings capture = {o->memory, o->body_limit, seed};
    struct classifier_settings engine = {s->indicators, seed};
    struct desk_settings desk = {s->name, (int)o->threshold, seed, s->allow, s->geoip};
    return (s->capture = capture_open(&capture, err)) != NULL && (s->engine = engine_open(&engine, err)) != NULL &&
           (s->desk = desk_open(&desk, err)) != NULL;
}

static void close_all(struct sensor *s)
{
    delivery_close(s->delivery);
    desk_close(s->desk);
    engine_close(s->engine);
    capture_close(s->capture);
    source_close(s->source);
    geoip_close(s->geoip);
    allow_close(s->allow);
    indicators_close(s->indicators);
    if (s->output != NULL && s->output != stdout)
        fclose(s->output);
}

/* -T: settings, feeds and inputs were fine to get here; is Redis? */
static int check(const struct sensor *s, const struct options *o, const struct settings *settings)
{
    char err[ERRLEN];
    settings_print(settings, stdout);
    if (o->redis == NULL)
        return DONE;
    struct redis *redis = open_redis(s, o, err);
    if (redis == NULL)
        return complain(WRONG_USAGE, err);
    int status = redis_check(redis, err) == REDIS_SENT ? DONE : complain(NOT_DELIVERED, err);
    redis_close(redis);
    return status;
}

/* Opens from the feeds down to the source, checks or runs, and says how it went. */
static int sense(struct sensor *s, const struct options *o, const struct settings *settings)
{
    char err[ERRLEN], host[65] = "radome";
    bool usage = false;
    uint64_t seed;
    struct source_settings source = {o->paths.value, o->interfaces.value, o->filter};
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        return complain(INPUT_FAILED, "no random numbers from the kernel");
    gethostname(host, sizeof host - 1);
    s->name = o->sensor != NULL ? o->sensor : host;
    s->format = (enum json_format)o->format;
    if (!parse_log(s, o->log, err) || !open_feeds(s, o, seed, err))
        return complain(WRONG_USAGE, err);
    bool any_input = o->paths.count + o->interfaces.count > 0;
    if ((any_input || !o->check) && (s->source = source_open(&source, &usage, err)) == NULL)
        return complain(usage ? WRONG_USAGE : INPUT_FAILED, err);
    if (o->check)
        return check(s, o, settings);
    if (!open_output(s, o, err) || !open_delivery(s, o, err) || !open_river(s, o, seed, err))
        return complain(WRONG_USAGE, err);
    catch_signals();
    s->progress = o->interfaces.count == 0 && (o->progress || isatty(STDERR_FILENO));
    s->began_s = now_s();
    return finish(s, run(s));
}

static void print_version(void)
{
    printf("radome %s\n%s\nnDPI %s\nhiredis %s\n", RADOME_VERSION, source_version(), proto_version(), redis_version());
}

static void print_help(const struct settings *settings)
{
    puts("usage: radome -r PATH ... | -i IFACE ...  [options]\n"
         "Finds the adware families DealPly, IsErIk and ManageX in captures and live traffic.\n");
    settings_help(settings, stdout);
}

static int start(struct options *o, struct settings *settings, int argc, char **argv)
{
    static struct sensor sensor; /* holds a document: too large for the stack */
    char err[ERRLEN];
    if (!settings_flags(settings, argc, argv, err) || (o->config != NULL && !settings_file(settings, o->config, err)))
        return complain(WRONG_USAGE, err);
    if (o->version)
        return print_version(), DONE;
    if (o->help)
        return print_help(settings), DONE;
    if (o->paths.count > 0 && o->interfaces.count > 0)
        return complain(WRONG_USAGE, "-r and -i exclude each other: replay files, or capture live");
    if (o->paths.count + o->interfaces.count == 0 && !o->check)
        return complain(WRONG_USAGE, "no input: -r PATH replays captures, -i IFACE captures live; -h tells the rest");
    if (o->workers > 1)
        return complain(WRONG_USAGE, "--workers over 1 is not built yet");
    int status = sense(&sensor, o, settings);
    close_all(&sensor);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {
        .redis_key = "radome:hits", .redis_wait = 30, .threshold = 50, .workers = 1, .memory = 256 << 20, .body_limit = 64 << 20,
    };
    struct settings settings = {.table = table, .count = sizeof table / sizeof *table, .values = &options};
    int status = start(&options, &settings, argc, argv);
    settings_free(&settings);
    return status;
}
