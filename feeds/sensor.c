#include "feeds/sensor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "feeds/news.h"

enum { QUEUE_BYTES = 64 << 20 }; /* hits in memory that are neither on disk nor sent: about 50,000 */

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

/* What is left from before: a replay that was cut short gives its hash seed. */
static bool open_state(struct sensor *s, const struct options *o, char err[static ERRLEN])
{
    struct resume_of of = {s->settings, o->paths.value, s->name};
    if (o->state == NULL || o->check || o->self_test)
        return true;
    if ((s->state = state_open(o->state, err)) == NULL)
        return false;
    if (resume_find(&s->resume, s->state, &of, err))
        news_put(s->news, "%s", err);
    if (s->resume.again)
        s->seed = s->resume.seed;
    return true;
}

static bool open_lists(struct sensor *s, const struct options *o, char err[static ERRLEN])
{
    struct lists_settings settings = options_lists(o, s->seed);
    return (s->read = lists_open(&settings, NULL, err)) != NULL;
}

const struct lists *sensor_lists(const struct sensor *s)
{
    return s->read != NULL ? s->read : reloader_lists(s->lists);
}

bool sensor_open(struct sensor *s, const struct options *o, const struct settings *settings, char err[static ERRLEN])
{
    s->notify.fd = -1;
    if ((s->news = news_open()) == NULL || getrandom(&s->seed, sizeof s->seed, 0) != sizeof s->seed) {
        error_set(err, s->news == NULL ? "no memory for the log" : "no random numbers from the kernel");
        return false;
    }
    if (gethostname(s->host, sizeof s->host - 1) != 0)
        memcpy(s->host, "radome", sizeof "radome");
    s->name = o->sensor != NULL ? o->sensor : s->host;
    s->settings = settings;
    s->format = (enum json_format)o->format;
    s->replay = o->paths.count > 0;
    s->stats_s = o->stats;
    s->hides = o->anonymise != ANONYMISE_NONE ? &s->anonymise : NULL;
    return parse_log(s, o->log, err) && rules_read(&s->rules, &o->rules, err) && (s->plugins = plugins_open(o->plugins.value, o->plugins.count, err)) != NULL &&
           open_state(s, o, err) && open_lists(s, o, err) &&
           anonymise_key(&s->anonymise, (enum anonymise_mode)o->anonymise, o->anonymise_key, s->seed, err);
}

bool sensor_open_input(struct sensor *s, const struct options *o, bool *usage, char err[static ERRLEN])
{
    struct source_settings source = {o->paths.value, o->interfaces.value, o->filter, o->ring, (unsigned)(o->workers < SHARDS ? o->workers : SHARDS)};
    struct classifier_settings engine = {lists_indicators(sensor_lists(s)), s->seed, plugins_classifiers(s->plugins)};
    *usage = false;
    if (o->eve != NULL)
        return (s->listener = listener_open(o->eve, &engine, err)) != NULL;
    if (o->check && o->paths.count + o->interfaces.count == 0)
        return true;
    return (s->source = source_open(&source, usage, err)) != NULL;
}

struct redis_settings sensor_redis_settings(const struct sensor *s, const struct options *o)
{
    static const char *const formats[] = {"eve", "ecs"};
    return (struct redis_settings){
        .url = o->redis,
        .password_file = o->redis_password_file,
        .password = getenv("RADOME_REDIS_PASSWORD"),
        .key = o->redis_key,
        .sensor = s->name,
        .field = formats[o->format],
        .mode = (enum redis_mode)o->redis_mode,
    };
}

static bool is_live(const struct options *o)
{
    return o->interfaces.count > 0 || (o->eve != NULL && strcmp(o->eve, "-") != 0);
}

bool sensor_open_outputs(struct sensor *s, const struct options *o, char err[static ERRLEN])
{
    struct outputs_settings settings = {
        .path = o->output != NULL || o->redis != NULL ? o->output : "-", /* documents always go somewhere */
        .inputs = o->eve != NULL ? (const char *const[]){o->eve, NULL} : o->paths.value,
        .append = is_live(o), /* live hits never go twice */
    };
    if (!notify_open(&s->notify, err))
        news_put(s->news, "%s", err);
    struct redis_settings redis = sensor_redis_settings(s, o);
    s->redis = o->redis != NULL ? redis_open(&redis, err) : NULL;
    return (o->redis == NULL || s->redis != NULL) && (s->outputs = outputs_open(&settings, s->redis, err)) != NULL;
}

bool sensor_confine(struct sensor *s, const struct options *o, char err[static ERRLEN])
{
    char news[ERRLEN];
    bool confined = confine(&s->confined, o, news, err);
    if (news[0] != '\0')
        news_put(s->news, "%s", news);
    return confined;
}

static bool open_delivery(struct sensor *s, const struct options *o, char err[static ERRLEN])
{
    struct delivery_settings settings = {
        .spool = {s->state, o->journal_size, QUEUE_BYTES, s->resume.again ? s->resume.first : UINT64_MAX, is_live(o) ? 0 : o->redis_wait * 1000},
        .wait_s = o->redis_wait,
        .most_waiting = o->redis_max_queue,
        .sensor = s->name,
        .format = s->format,
    };
    return outputs_deliver(s->outputs, &settings, err);
}

/* Sensors on one Redis share what they know. */
static bool open_share(struct sensor *s, const struct options *o, char err[static ERRLEN])
{
    struct share_settings settings = {
        .login = {o->redis, o->redis_password_file, getenv("RADOME_REDIS_PASSWORD")},
        .key = o->redis_key,
        .sensor = s->name,
        .follow = o->paths.count == 0,
    };
    s->wait_ms = o->redis_wait * 1000;
    if (o->redis != NULL && o->anonymise == ANONYMISE_TRUNCATE) { /* what is left of a client's address joins with nothing */
        news_put(s->news, "--anonymise truncate: evidence is not shared with other sensors; hmac with one key for all can be");
        return true;
    }
    return o->redis == NULL || (s->share = share_open(&settings, err)) != NULL;
}

struct desk_settings sensor_desk(const struct sensor *s, const struct options *o, uint64_t seed)
{
    const struct lists *lists = sensor_lists(s);
    return (struct desk_settings){s->name, (int)o->threshold, seed, lists_allow(lists), lists_geoip(lists), s->hides, o->no_preview, &s->rules};
}

struct shard_settings sensor_shard(const struct sensor *s, const struct options *o)
{
    const struct lists *lists = sensor_lists(s);
    return (struct shard_settings){
        .capture = {o->memory, o->body_limit, s->seed},
        .parts = 1,
        .engine = {lists_indicators(lists), s->seed, plugins_classifiers(s->plugins)},
        .geoip = lists_geoip(lists),
        .format = s->format,
        .sensor = s->name,
        .anonymise = s->hides,
    };
}

static bool open_workers(struct sensor *s, const struct options *o, char err[static ERRLEN])
{
    struct workers_settings workers = {
        .count = (unsigned)o->workers,
        .due_us = s->replay ? s->stats_s * 1000000 : 0,
        .shard = sensor_shard(s, o),
    };
    /* What a table that is full forgets first must not change from one replay to the next. */
    struct desk_settings desk = sensor_desk(s, o, o->interfaces.count > 0 ? s->seed : 0);
    memcpy(workers.shard.log, s->log, sizeof s->log);
    if ((s->desk = desk_open(&desk, err)) == NULL)
        return false;
    return s->listener != NULL || (s->workers = workers_open(&workers, s->source, err)) != NULL;
}

static bool open_keeper(struct sensor *s, char err[static ERRLEN])
{
    struct keeper_settings settings = {s->state, s->resume.possible, s->resume.again};
    if (s->state == NULL)
        return true;
    if ((s->keeper = keeper_open(&settings, err)) == NULL)
        return false;
    keeper_load(s->keeper, s->desk, s->share);
    return true;
}

/* From here on lists are the reloader's. */
static bool open_reloader(struct sensor *s, char err[static ERRLEN])
{
    struct lists *lists = s->read;
    s->read = NULL;
    return (s->lists = reloader_open(lists, 0, err)) != NULL;
}

bool sensor_open_river(struct sensor *s, const struct options *o, char err[static ERRLEN])
{
    if (o->metrics != NULL && (s->metrics = metrics_open(o->metrics, err)) == NULL)
        return false;
    return open_reloader(s, err) && open_delivery(s, o, err) && open_share(s, o, err) && open_workers(s, o, err) && open_keeper(s, err);
}

bool sensor_begin(struct sensor *s, char err[static ERRLEN])
{
    if (!keeper_begin(s->keeper, s->desk, err))
        return false;
    return s->state == NULL || s->resume.again || resume_begin(&s->resume, s->seed, outputs_position(s->outputs), err);
}

bool sensor_news(struct sensor *s, char message[static ERRLEN])
{
    return (s->read != NULL && lists_warning(s->read, message)) || (s->news != NULL && news_take(s->news, message)) || (s->outputs != NULL && outputs_news(s->outputs, message)) ||
           (s->share != NULL && share_news(s->share, message)) || keeper_news(s->keeper, message) || metrics_news(s->metrics, message);
}

bool sensor_dead(struct sensor *s, char err[static ERRLEN])
{
    const char *who = s->lists != NULL && reloader_dead(s->lists) ? "reloads lists"
                      : s->outputs != NULL && outputs_dead(s->outputs) ? "delivers to Redis"
                      : s->share != NULL && share_dead(s->share) ? "shares evidence with other sensors"
                      : keeper_dead(s->keeper) ? "writes the diary"
                      : metrics_dead(s->metrics) ? "writes the metrics" : NULL;
    if (who != NULL)
        error_set(err, "the thread that %s has ended by itself; nothing more can be relied on", who);
    return who != NULL;
}

void sensor_figures(struct sensor *s, struct figures_of *of, bool by_packets)
{
    *of = (struct figures_of){.listening = s->listener != NULL, .delivering = s->redis != NULL, .sharing = s->share != NULL, .keeping = s->keeper != NULL,
                              .by_packets = by_packets, .confined = s->confined};
    if (of->listening)
        listener_stats(s->listener, &of->listener);
    else
        workers_stats(s->workers, &of->workers);
    desk_stats(s->desk, &of->desk);
    reloader_stats(s->lists, &of->lists);
    outputs_stats(s->outputs, &of->delivery);
    if (s->share != NULL)
        share_stats(s->share, &of->share);
    keeper_stats(s->keeper, &of->keeper);
}

/* A replay that ran to its end and could not deliver is gone on with by the same command; one that a signal or a full output
 * cut short ended for good: it has told of connections as if they had ended there. This is the very last that happens: killed
 * before it, the replay goes on; after it, it is over. */
static bool end_replay(struct sensor *s, char err[static ERRLEN])
{
    bool good = s->state == NULL || !s->ended || (resume_end(&s->resume, err) && keeper_over(s->keeper, err));
    keeper_close(s->keeper);
    state_close(s->state);
    return good;
}

bool sensor_close(struct sensor *s, char err[static ERRLEN])
{
    metrics_close(s->metrics);
    share_close(s->share);
    outputs_close(s->outputs);
    desk_close(s->desk);
    workers_close(s->workers);
    source_close(s->source);
    listener_close(s->listener);
    plugins_close(s->plugins);
    reloader_close(s->lists);
    lists_close(s->read, NULL);
    notify_close(&s->notify);
    news_close(s->news);
    return end_replay(s, err);
}
