#include "feeds/options.h"

#include <sched.h>
#include <stddef.h>

#include "feeds/anonymise.h"
#include "feeds/redis.h"

#define FIELD(name) offsetof(struct options, name)

static const struct setting table[] = {
    {"read", 'r', SETTING_LIST, FIELD(paths), "PATH", "replay a pcap or pcapng file (plain, .gz, .zst), a directory of them, or -"},
    {"interface", 'i', SETTING_LIST, FIELD(interfaces), "IFACE", "capture live on an interface"},
    {"eve", 0, SETTING_TEXT, FIELD(eve), "SOURCE", "read what Suricata (EVE) or Zeek (JSON) logs: a file that is followed, -, or a Redis URL?list=KEY"},
    {"filter", 'f', SETTING_TEXT, FIELD(filter), "EXPR", "a pcap filter expression"},
    {"config", 'c', SETTING_TEXT, FIELD(config), "FILE", "configuration file: key = value, keys as the long flags", .flag_only = true},
    {"output", 'o', SETTING_TEXT, FIELD(output), "FILE", "hits as JSON Lines; - is standard output, the default without --redis"},
    {"redis", 0, SETTING_TEXT, FIELD(redis), "URL", "push hits to Redis: redis://[[user]:password@]host[:port][,host...][/db], rediss://, redis+sentinel://, unix:/path", .live = true},
    {"redis-password-file", 0, SETTING_TEXT, FIELD(redis_password_file), "FILE", "the password stands in this file", .live = true},
    {"redis-wait", 0, SETTING_NUMBER, FIELD(redis_wait), "SECONDS", "how long the end of a replay waits for Redis (30)", 0, 86400},
    {"redis-max-queue", 0, SETTING_NUMBER, FIELD(redis_max_queue), "N", "unread documents in the list, at most; the rest waits here (no bound)", 0, 1ull << 40},
    {"redis-mode", 0, SETTING_WORD, FIELD(redis_mode), "list|stream|channel", "RPUSH (default), XADD or PUBLISH"},
    {"redis-key", 0, SETTING_TEXT, FIELD(redis_key), "NAME", "the list, stream or channel (radome:hits)"},
    {"state", 0, SETTING_TEXT, FIELD(state), "DIR", "what outlives a restart: what is known of clients, unsent hits, a replay cut short"},
    {"journal-size", 0, SETTING_SIZE, FIELD(journal_size), "SIZE", "of unsent hits under --state, at most; beyond, the oldest go (512M)", 1 << 20, 1ull << 40},
    {"log", 0, SETTING_TEXT, FIELD(log), "LIST", "also write protocol records: any of dns,http,tls"},
    {"format", 0, SETTING_WORD, FIELD(format), "eve|ecs", "document layout: Suricata EVE (default) or Elastic Common Schema"},
    {"threshold", 0, SETTING_NUMBER, FIELD(threshold), "N", "least risk score, 0 to 100, that is written (50)", 0, 100},
    {"ioc", 0, SETTING_LIST, FIELD(ioc), "FILE", "indicators: radome's CSV, a plain list, a hosts file or STIX 2.1", .live = true},
    {"no-builtin-ioc", 0, SETTING_FLAG, FIELD(no_builtin_ioc), NULL, "without the published indicators that come along", .live = true},
    {"allow", 0, SETTING_LIST, FIELD(allow), "FILE", "never to flag: names (or rank,name), client NET, server NET, as NUMBER, one a line", .live = true},
    {"no-builtin-allow", 0, SETTING_FLAG, FIELD(no_builtin_allow), NULL, "without the honest look-alikes that come along", .live = true},
    {"rule", 0, SETTING_LIST, FIELD(rules), "NAME=MODE", "alert, evidence (counts for its client, no document) or off, of domain, beacon:SHAPE, payload:CIPHER, ioc:TYPE, cluster, incident"},
    {"geoip", 0, SETTING_LIST, FIELD(geoip), "FILE", "a MaxMind-format database (ASN, country or city)", .live = true},
    {"lists-may-shrink", 0, SETTING_FLAG, FIELD(lists_may_shrink), NULL, "take lists that are empty or lost half of their entries since the last load", .live = true},
    {"plugin", 0, SETTING_LIST, FIELD(plugins), "FILE.so", "load a classifier"},
    {"anonymise", 0, SETTING_WORD, FIELD(anonymise), "none|truncate|hmac", "client addresses in all that is written: as they are (default), their /24 or /48, or a pseudonym"},
    {"anonymise-key", 0, SETTING_TEXT, FIELD(anonymise_key), "FILE", "the key of the pseudonyms, 16 bytes or more; the same key gives the same on every sensor"},
    {"no-preview", 0, SETTING_FLAG, FIELD(no_preview), NULL, "without what was decoded of a body: a script's beginning, a beacon's parameters"},
    {"memory", 0, SETTING_SIZE, FIELD(memory), "SIZE", "the bound on flows, reassembly and fragments together (256M)", 8 << 20, 1ull << 40},
    {"body-limit", 0, SETTING_SIZE, FIELD(body_limit), "SIZE", "how much of one decoded body is followed (64M)", 16384, 1ull << 40},
    {"workers", 'j', SETTING_NUMBER, FIELD(workers), "N", "worker threads; default one per core, at most 8", 1, 64},
    {"ring", 0, SETTING_SIZE, FIELD(ring), "SIZE", "live: an interface's ring in the kernel, shared by the workers (64M)", 1 << 20, 2047 << 20},
    {"stats", 0, SETTING_NUMBER, FIELD(stats), "SECONDS", "write a statistics record this often: in a replay by packet time (0: none)", 0, 1ull << 31},
    {"metrics", 0, SETTING_TEXT, FIELD(metrics), "FILE", "the sensor's figures as a Prometheus text file, replaced every 15 s and at the end"},
    {"confine", 0, SETTING_WORD, FIELD(confine), "kill|log|off", "once all is open: no rights, only the files and system calls that are needed; any other ends it (default) or is logged"},
    {"progress", 0, SETTING_FLAG, FIELD(progress), NULL, "a progress line during a replay; default when standard error is a terminal"},
    {"sensor", 0, SETTING_TEXT, FIELD(sensor), "NAME", "the sensor's name; default the host's"},
    {"check", 'T', SETTING_FLAG, FIELD(check), NULL, "check settings, lists, plugins, inputs, outputs, state and Redis, say where each setting came from, and exit", .flag_only = true},
    {"self-test", 0, SETTING_FLAG, FIELD(self_test), NULL, "send built-in traffic of each kind through the whole chain; writes nowhere", .flag_only = true},
    {"version", 'V', SETTING_FLAG, FIELD(version), NULL, "versions of radome and of what it is linked with", .flag_only = true},
    {"help", 'h', SETTING_FLAG, FIELD(help), NULL, "this help", .flag_only = true},
};

/* One per core that this process may use, at most 8. */
static uint64_t default_workers(void)
{
    cpu_set_t cores;
    int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
    return count < 8 ? (uint64_t)count : 8;
}

void options_open(struct options *o, struct settings *settings)
{
    *o = (struct options){
        .redis_key = "radome:hits", .redis_wait = 30, .journal_size = 512 << 20, .threshold = 50, .workers = default_workers(), .ring = 64 << 20, .memory = 256 << 20, .body_limit = 64 << 20,
    };
    *settings = (struct settings){.table = table, .count = sizeof table / sizeof *table, .values = o};
}

bool options_again(const struct settings *in_force, struct options *o, struct settings *settings, char later[static ERRLEN],
                   char err[static ERRLEN])
{
    char why[ERRLEN], names[ERRLEN];
    options_open(o, settings);
    later[0] = '\0';
    if (!settings_flags(settings, in_force->argc, in_force->argv, why) ||
        (o->config != NULL && !settings_file(settings, o->config, why)) || !options_agree(o, why)) {
        error_set(err, "%.400s", why);
        return false;
    }
    if (settings_differ(in_force, settings, names))
        error_set(later, "%s: changed in %.100s, but what was set when the sensor started counts until it is started again", names,
                  o->config);
    return true;
}

struct lists_settings options_lists(const struct options *o, uint64_t seed)
{
    return (struct lists_settings){
        .ioc = &o->ioc, .allow = &o->allow, .geoip = &o->geoip,
        .builtin_ioc = !o->no_builtin_ioc, .builtin_allow = !o->no_builtin_allow, .may_shrink = o->lists_may_shrink, .seed = seed,
    };
}

bool options_agree(const struct options *o, char err[static ERRLEN])
{
    if (o->paths.count > 0 && o->interfaces.count > 0)
        error_set(err, "-r and -i exclude each other: replay files, or capture live");
    else if (o->eve != NULL && o->paths.count + o->interfaces.count > 0)
        error_set(err, "--eve excludes -r and -i: read another sensor's records, or packets");
    else if (o->eve != NULL && (o->log != NULL || o->filter != NULL))
        error_set(err, "%s is for packets; with --eve the records are there already", o->log != NULL ? "--log" : "-f");
    else if (o->eve == NULL && o->paths.count + o->interfaces.count == 0 && !o->check && !o->self_test)
        error_set(err, "no input: -r PATH replays captures, -i IFACE captures live, --eve SOURCE reads another sensor's records");
    else if (o->redis_max_queue > 0 && o->redis_mode != REDIS_LIST)
        error_set(err, "--redis-max-queue counts what stands unread in a list; it goes with --redis-mode list");
    else if (o->anonymise == ANONYMISE_HMAC && o->anonymise_key == NULL)
        error_set(err, "--anonymise hmac needs --anonymise-key FILE");
    else if (o->anonymise == ANONYMISE_NONE && o->anonymise_key != NULL)
        error_set(err, "--anonymise-key goes with --anonymise hmac or truncate");
    else
        return true;
    return false;
}
