/* radome: the sensor. Frames in from files or interfaces, hits out as JSON Lines and to Redis. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "capture/proto.h"
#include "feeds/checkup.h"
#include "feeds/once.h"
#include "feeds/selftest.h"
#include "feeds/sensor.h"

enum { DONE = 0, INPUT_FAILED = 1, WRONG_USAGE = 2, NOT_DELIVERED = 3 };

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
    sigaction(SIGXFSZ, &ignore, NULL); /* a file at its size limit is a full disk */
}

static int complain(int status, const char *message)
{
    fprintf(stderr, "radome: %s\n", message);
    return status;
}

static void tell_news(struct sensor *s)
{
    char news[ERRLEN];
    while (sensor_news(s, news))
        complain(DONE, news);
}

/* Now and then: what has been written goes out, and what happened to Redis is told. */
static void flush_outputs(struct sensor *s)
{
    outputs_flush(s->outputs);
    tell_news(s);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t wall_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void show_progress(struct sensor *s)
{
    struct workers_stats stats;
    if (!progress_due(&s->progress))
        return;
    workers_stats(s->workers, &stats);
    progress_tell(&s->progress, &stats.source);
}

/* What the desk makes of what was put: documents, and what is new to other sensors. */
static void put_reports(struct sensor *s)
{
    const struct report *report;
    const struct told *told;
    char once[ONCE];
    while ((report = desk_next(s->desk)) != NULL) {
        once_of(once, report);
        outputs_put(s->outputs, report->us, s->document, json_report(s->document, report, s->format), once);
    }
    while (s->share != NULL && (told = desk_next_told(s->desk)) != NULL)
        share_put(s->share, told);
}

/* What other sensors told: as it comes or, at the end, all that there is. */
static void hear_others(struct sensor *s, bool (*next)(struct share *, struct told *))
{
    struct told told;
    while (s->share != NULL && next(s->share, &told)) {
        desk_put_told(s->desk, &told);
        keeper_told(s->keeper, desk_heard(s->desk));
        put_reports(s);
    }
}

static void take_hit(struct sensor *s, const struct hit *hit)
{
    desk_put(s->desk, hit);
    if ((hit = desk_known(s->desk)) != NULL)
        keeper_hit(s->keeper, hit);
    put_reports(s);
}

/* A record goes out as it is; a hit goes to the desk, and what it has to report goes out. */
static void take(struct sensor *s, const struct output *output)
{
    if (output->hit != NULL)
        take_hit(s, output->hit);
    else
        outputs_put(s->outputs, output->us, output->document, output->len, "");
}

static void print_stats(struct sensor *s)
{
    struct figures_of of;
    sensor_figures(s, &of, false);
    figures_print(&of, stderr);
}

/* A statistics record of that time; 0: of the latest packet's. */
static void put_stats(struct sensor *s, uint64_t us)
{
    struct figures_of of;
    struct stat_value values[FIGURES];
    sensor_figures(s, &of, s->replay);
    us = us != 0 ? us : of.workers.last_us;
    outputs_put(s->outputs, us, s->document, json_stats(s->document, us, s->name, values, figures(values, &of), s->format), "");
}

static void put_metrics(struct sensor *s)
{
    struct figures_of of;
    sensor_figures(s, &of, false);
    metrics_put(s->metrics, &of);
}

/* Metrics, and statistics but for a replay's, which has its packets' clock: by the wall's, packets or not. */
static void tell_time(struct sensor *s)
{
    if (metrics_due(s->metrics))
        put_metrics(s);
    if (s->stats_s == 0 || s->replay || now_s() < s->stats_due_s)
        return;
    s->stats_due_s = now_s() + (double)s->stats_s;
    put_stats(s, wall_us());
}

/* How often lists were loaded, or refused. */
static uint64_t loads(const struct sensor *s)
{
    struct reloader_stats stats;
    reloader_stats(s->lists, &stats);
    return stats.generation + stats.refused;
}

/* SIGHUP: the settings are read again, and the lists beside the packets; Redis is gone to anew. */
static void ask_for_lists(struct sensor *s)
{
    struct options options;
    struct settings settings;
    char later[ERRLEN], err[ERRLEN];
    notify_reloading(&s->notify);
    s->loads = loads(s);
    if (options_again(s->settings, &options, &settings, later, err) && confine_reaches(&options, err)) {
        struct lists_settings lists = options_lists(&options, s->seed);
        reloader_ask(s->lists, &lists);
        if (s->redis != NULL && options.redis != NULL &&
            !redis_reopen(s->redis, options.redis, options.redis_password_file, getenv("RADOME_REDIS_PASSWORD"), err))
            complain(DONE, err);
        if (later[0] != '\0')
            complain(DONE, later);
    } else {
        reloader_failed(s->lists, err);
        notify_ready(&s->notify);
    }
    settings_free(&settings);
}

/* Between two frames: lists that were loaded meanwhile are put in force. */
static void take_lists(struct sensor *s)
{
    char news[ERRLEN];
    if (reloader_swap(s->lists)) {
        const struct lists *lists = reloader_lists(s->lists);
        if (s->listener != NULL)
            listener_relist(s->listener, lists_indicators(lists));
        else
            workers_relist(s->workers, lists_indicators(lists), lists_geoip(lists));
        desk_relist(s->desk, lists_allow(lists), lists_geoip(lists));
        reloader_release(s->lists);
    }
    while (reloader_news(s->lists, news))
        complain(DONE, news);
    if (s->notify.reloading && loads(s) != s->loads)
        notify_ready(&s->notify);
}

static void answer_signals(struct sensor *s)
{
    bool figures = tell, lists = reload;
    char err[ERRLEN];
    tell = reload = 0; /* before they are answered: one that comes meanwhile is another */
    if (figures)
        print_stats(s);
    if (lists) {
        ask_for_lists(s);
        outputs_retry(s->outputs);
        if (!outputs_reopen(s->outputs, err))
            complain(DONE, err);
    }
}

/* The service manager hears that we run, how far we are, and as long as every worker makes its rounds, that we live. */
static void tell_manager(struct sensor *s)
{
    char line[160];
    struct figures_of of;
    if (!s->notify.ready)
        notify_ready(&s->notify);
    if (notify_due(&s->notify) && (s->workers == NULL || workers_moved(s->workers)))
        notify_feed(&s->notify);
    if (s->notify.fd < 0 || now_s() < s->status_due_s)
        return;
    s->status_due_s = now_s() + METRICS_S;
    sensor_figures(s, &of, false);
    snprintf(line, sizeof line, "%llu %s, %llu dropped by the kernel, %llu documents",
             (unsigned long long)(of.listening ? of.listener.lines.lines : of.workers.source.frames), of.listening ? "lines" : "packets",
             (unsigned long long)of.workers.source.kernel_drops, (unsigned long long)of.desk.reports);
    notify_status(&s->notify, line);
}

/* A moment between packets for everything else. False: a thread has died, and the sensor ends with it. */
static bool look_after(struct sensor *s, int *status)
{
    char err[ERRLEN];
    hear_others(s, share_next);
    tell_time(s);
    tell_manager(s);
    flush_outputs(s);
    keeper_look(s->keeper, s->desk);
    s->dead = sensor_dead(s, err);
    if (!s->dead)
        return true;
    *status = complain(INPUT_FAILED, err);
    return false;
}

/* All that others know, at the beginning and at the end. */
static void catch_up(struct sensor *s, uint64_t wait_ms)
{
    if (s->share != NULL)
        share_catch_up(s->share, wait_ms);
    hear_others(s, share_rest);
}

/* The input has ended: what other sensors know is heard, and what was counted is told. */
static void settle(struct sensor *s)
{
    if (!s->notify.ready) /* an input that ended before there was a pause */
        notify_ready(&s->notify);
    notify_stopping(&s->notify);
    outputs_ends(s->outputs);
    catch_up(s, stop ? 0 : s->wait_ms);
    desk_finish(s->desk);
    put_reports(s);
    if (s->stats_s > 0)
        put_stats(s, s->replay ? 0 : wall_us());
}

/* The loop: reads like the river. Returns the exit status so far. */
static int run(struct sensor *s)
{
    char err[ERRLEN];
    int status = DONE;
    struct output output;
    for (bool more = true; more && !outputs_failed(s->outputs);) {
        switch (workers_next(s->workers, &output, err)) {
        case WORKERS_OUTPUT:
            take(s, &output);
            break;
        case WORKERS_NOTHING:
            break;
        case WORKERS_PAUSE:
            more = look_after(s, &status);
            show_progress(s);
            break;
        case WORKERS_DUE:
            put_stats(s, output.us);
            break;
        case WORKERS_WARNING:
            complain(DONE, err);
            break;
        case WORKERS_ERROR:
            status = complain(INPUT_FAILED, err);
            break;
        case WORKERS_DEAD:
            status = complain(INPUT_FAILED, err);
            s->dead = true;
            more = false;
            break;
        case WORKERS_END:
            more = false;
            break;
        }
        if (stop)
            workers_stop(s->workers);
        if (tell || reload)
            answer_signals(s);
        take_lists(s);
    }
    settle(s);
    return status;
}

/* The same loop over another sensor's records. */
static int listen(struct sensor *s)
{
    char err[ERRLEN];
    int status = DONE;
    const struct hit *hit;
    for (bool more = true; more && !stop && !outputs_failed(s->outputs);) {
        switch (listener_next(s->listener, &hit, err)) {
        case LISTENER_HIT:
            take_hit(s, hit);
            break;
        case LISTENER_PAUSE:
            more = look_after(s, &status);
            break;
        case LISTENER_WARNING:
            complain(DONE, err);
            break;
        case LISTENER_ERROR:
            status = complain(INPUT_FAILED, err);
            more = false;
            break;
        case LISTENER_END:
            more = false;
            break;
        }
        if (tell || reload)
            answer_signals(s);
        take_lists(s);
    }
    settle(s);
    return status;
}

/* The end: what is in flight goes out, and what could not is said. */
static int finish(struct sensor *s, int status)
{
    char err[ERRLEN];
    progress_end(&s->progress);
    flush_outputs(s);
    enum delivery_end end;
    while ((end = outputs_finish(s->outputs, 200, err)) == DELIVERY_GOES_ON) {
        flush_outputs(s);
        if (notify_due(&s->notify))
            notify_feed(&s->notify);
    }
    s->ended = (end == DELIVERY_DONE && !s->dead) || stop || outputs_failed(s->outputs);
    flush_outputs(s);
    if ((s->ended || !s->resume.possible) && !keeper_end(s->keeper, s->desk, err)) /* a replay that goes on remakes it */
        complain(DONE, err);
    print_stats(s);
    if (s->metrics != NULL)
        put_metrics(s);
    if (outputs_failed(s->outputs))
        status = complain(INPUT_FAILED, "the output takes no more data (disk full, or its reader is gone); what was written before is whole");
    if (end == DELIVERY_LEFT)
        status = complain(s->dead ? status : NOT_DELIVERED, err);
    return status;
}

/* -T: settings, lists, plugins and inputs were fine to get here; the rest is looked at. */
static int check(const struct sensor *s, const struct options *o, const struct settings *settings)
{
    static const int statuses[] = {[CHECKUP_GOOD] = DONE, [CHECKUP_WRONG] = WRONG_USAGE, [CHECKUP_AWAY] = NOT_DELIVERED};
    char err[ERRLEN];
    settings_print(settings, true, stdout);
    enum checkup result = checkup(s, o, stdout, err);
    return result == CHECKUP_GOOD ? DONE : complain(statuses[result], err);
}

/* --self-test: what is in force, on traffic of our own, and to nowhere. */
static int test_self(struct sensor *s, const struct options *o)
{
    char err[ERRLEN];
    char missing[SELFTEST_WHY];
    struct desk_settings desk = sensor_desk(s, o, 0);
    struct shard_settings shard = sensor_shard(s, o);
    struct selftest *test = NULL;
    if ((s->desk = desk_open(&desk, err)) == NULL || (test = selftest_run(&shard, s->desk, desk.allow, err)) == NULL)
        return complain(WRONG_USAGE, err);
    unsigned fired = selftest_fired(test), all = selftest_all(test);
    fprintf(stderr, "radome: %u of %u detections fired\n", fired, all);
    while (selftest_missing(test, missing))
        fprintf(stderr, "radome: did not fire: %s\n", missing);
    selftest_close(test);
    return fired == all ? DONE : INPUT_FAILED;
}

/* Opens from the feeds down to the source, checks or runs, and says how it went. */
static int sense(struct sensor *s, const struct options *o, const struct settings *settings)
{
    char err[ERRLEN];
    bool usage, opened;
    catch_signals(); /* lists may take their time to load, and one who asks meanwhile gets his answer after that */
    opened = sensor_open(s, o, settings, err);
    tell_news(s);
    if (!opened)
        return complain(WRONG_USAGE, err);
    if (o->self_test)
        return sensor_confine(s, o, err) ? test_self(s, o) : complain(WRONG_USAGE, err);
    if (!sensor_open_input(s, o, &usage, err))
        return complain(usage ? WRONG_USAGE : INPUT_FAILED, err);
    if (o->check)
        return check(s, o, settings);
    opened = sensor_open_outputs(s, o, err) && sensor_confine(s, o, err) && sensor_open_river(s, o, err);
    tell_news(s);
    if (!opened)
        return complain(WRONG_USAGE, err);
    if (!s->resume.again) /* one that goes on began with what was known then */
        catch_up(s, 0);
    if (!sensor_begin(s, err))
        return complain(WRONG_USAGE, err);
    progress_begin(&s->progress, o->interfaces.count == 0 && o->eve == NULL && (o->progress || isatty(STDERR_FILENO)));
    s->stats_due_s = now_s() + (double)s->stats_s;
    return finish(s, s->listener != NULL ? listen(s) : run(s));
}

static void print_version(void)
{
    char offers[CONFINE_OFFERS];
    confine_offers(offers);
    printf("radome %s\n%s\nnDPI %s\nhiredis %s\n%s", RADOME_VERSION, source_version(), proto_version(), redis_version(), offers);
}

static void print_help(const struct settings *settings)
{
    puts("usage: radome -r PATH ... | -i IFACE ... | --eve SOURCE  [options]\n"
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
    if (!options_agree(o, err))
        return complain(WRONG_USAGE, err);
    int status = sense(&sensor, o, settings);
    if (!sensor_close(&sensor, err))
        complain(DONE, err);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct settings settings;
    options_open(&options, &settings);
    int status = start(&options, &settings, argc, argv);
    settings_free(&settings);
    return status;
}
