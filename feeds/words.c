#include "feeds/words.h"

#include <time.h>

const char *word_of_kind(enum report_kind kind)
{
    static const char *const words[] = {
        [REPORT_DOMAIN] = "domain", [REPORT_BEACON] = "beacon",   [REPORT_PAYLOAD] = "payload",
        [REPORT_IOC] = "ioc",       [REPORT_CLUSTER] = "cluster", [REPORT_INCIDENT] = "incident",
    };
    return words[kind];
}

const char *word_of_seen(enum hit_seen seen)
{
    static const char *const words[] = {
        [SEEN_DNS] = "dns", [SEEN_HTTP] = "http", [SEEN_TLS] = "tls", [SEEN_QUIC] = "quic"};
    return words[seen];
}

const char *word_of_indicator(enum indicator_type type)
{
    static const char *const words[INDICATOR_TYPES] = {
        [INDICATOR_DOMAIN] = "domain-name", [INDICATOR_IPV4] = "ipv4-addr",
        [INDICATOR_IPV6] = "ipv6-addr",     [INDICATOR_URL] = "url",
        [INDICATOR_FILE] = "file",          [INDICATOR_FILE_NAME] = "file-name",
        [INDICATOR_EXTENSION] = "x-extension-id",
    };
    return words[type];
}

const char *word_of_stage(enum stage stage)
{
    static const char *const words[] = {
        [STAGE_LOOKUP] = "lookup", [STAGE_BEACON] = "beacon", [STAGE_PAYLOAD] = "payload"};
    return words[stage];
}

const char *word_of_transport(uint8_t proto)
{
    return proto == 6 ? "tcp" : proto == 17 ? "udp" : proto == 132 ? "sctp" : NULL;
}

/* Where a report keeps them: one row of texts of `width` bytes each, ended by `count` or by an empty one. */
static size_t collect(const char *texts, size_t width, size_t count, const char *out[], size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < count && n < most; i++)
        if (texts[i * width] != '\0')
            out[n++] = texts + i * width;
    return n;
}

size_t words_of_families(const struct report *report, const char *out[static 4])
{
    const struct cluster_report *cluster = report->cluster;
    const struct incident_report *incident = report->incident;
    if (cluster != NULL)
        return collect(cluster->families[0], sizeof *cluster->families, cluster->family_count, out, 4);
    if (incident != NULL)
        return collect(incident->families[0], sizeof *incident->families, incident->family_count, out, 4);
    return report->hit == NULL ? 0 : collect(report->hit->family, sizeof report->hit->family, 1, out, 4);
}

size_t words_of_techniques(const struct report *report, const char *out[static 16])
{
    const struct incident_report *incident = report->incident;
    if (incident != NULL)
        return collect(incident->techniques[0], sizeof *incident->techniques, incident->technique_count, out, 16);
    return report->hit == NULL ? 0 : collect(report->hit->technique[0], sizeof *report->hit->technique, 4, out, 16);
}

const char *word_of_time(uint64_t us, char out[static WORD_TIME])
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    strftime(out, WORD_TIME, "%Y-%m-%d %H:%M:%S", &utc);
    return out;
}
