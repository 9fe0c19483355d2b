/* Names that share addresses: who is united, who is not. */
#include <stdio.h>

#include "feeds/cluster.h"
#include "tests/check.h"
#include "tests/mmdb_maker.h"

static struct hit name_hit(enum hit_kind kind, const char *name, const char *family, const char *const *addresses)
{
    struct hit hit = {.kind = kind, .us = 1594602000000000, .bits = 9, .seen = SEEN_DNS, .answer = true};
    snprintf(hit.name, sizeof hit.name, "%s", name);
    snprintf(hit.subject, sizeof hit.subject, "%s", name);
    snprintf(hit.family, sizeof hit.family, "%s", family);
    if (kind == HIT_DOMAIN)
        snprintf(hit.domain.registered, sizeof hit.domain.registered, "%s", name);
    if (kind == HIT_INDICATOR)
        snprintf(hit.indicator.indicator, sizeof hit.indicator.indicator, "%s", name);
    while (*addresses != NULL && hit.addrs < HIT_ADDRS)
        addr_parse(&hit.addr[hit.addrs++], slice_str(*addresses++));
    return hit;
}

static struct clusters *fresh_with(size_t names, size_t addresses, struct geoip *geoip)
{
    char err[ERRLEN];
    struct cluster_settings settings = {3, names, addresses, geoip};
    return cluster_open(&settings, err);
}

static struct clusters *fresh(size_t names, size_t addresses)
{
    return fresh_with(names, addresses, NULL);
}

struct step {
    bool ordinary;
    const char *name, *family, *addresses[4];
    unsigned domains, ips, families; /* of the report; 0: none */
    bool merged;
    const char *reason;
};

/* The first four are Table 4 of Trend Micro 2020: ManageX and DealPly on two CloudFront addresses. */
static const struct step steps[] = {
    {false, "qamopo.com", "ManageX", {"13.32.230.240"}, 0, 0, 0, false, "one name is no cluster"},
    {false, "tuwoqol.com", "DealPly", {"13.32.230.240"}, 2, 1, 2, false, "two families on one address"},
    {false, "pacudoh.com", "ManageX", {"52.222.149.67"}, 0, 0, 0, false, "another address"},
    {false, "daqah.com", "DealPly", {"52.222.149.67"}, 2, 1, 2, false, "the second cross-family cluster"},
    {false, "tuwoqol.com", "DealPly", {"13.32.230.240"}, 0, 0, 0, false, "nothing new is not told"},
    {false, "tuwoqol.com", "DealPly", {"198.51.100.7"}, 2, 2, 2, false, "it grows by an address"},
    {false, "boqudo.com", "", {"52.222.149.67", "13.32.230.240"}, 5, 3, 2, true, "a name on both makes them one, and names the other"},
    {true, "a.example", "", {"192.0.2.1"}, 0, 0, 0, false, "an ordinary name"},
    {true, "b.example", "", {"192.0.2.1"}, 0, 0, 0, false, "and more of them"},
    {true, "c.example", "", {"192.0.2.1"}, 0, 0, 0, false, "on one address"},
    {true, "d.example", "", {"192.0.2.1"}, 0, 0, 0, false, "of a CDN"},
    {false, "bujot.com", "", {"192.0.2.1"}, 0, 0, 0, false, "one suspicious among them"},
    {false, "buluw.com", "", {"192.0.2.1"}, 0, 0, 0, false, "and a second: the ordinary are more, nobody is united"},
    {true, "e.example", "", {"192.0.2.2"}, 0, 0, 0, false, "a single ordinary name"},
    {false, "busucak.com", "", {"192.0.2.2"}, 0, 0, 0, false, "beside one suspicious"},
    {false, "cunakod.com", "", {"192.0.2.2"}, 2, 1, 0, false, "beside two: few ordinary names do not part them"},
};

static void ordinary(struct clusters *c, const struct hit *hit)
{
    struct sighting sighting;
    sighting_of(&sighting, hit);
    cluster_ordinary(c, &sighting);
}

static void follow_steps(void)
{
    struct clusters *c = fresh(64, 256);
    char older[REPORT_ID] = "", younger[REPORT_ID] = "";
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        const struct step *step = &steps[i];
        struct hit hit = name_hit(step->ordinary ? HIT_SIGHTING : HIT_DOMAIN, step->name, step->family, step->addresses);
        struct report report = {0};
        hit.us += i;
        bool told = false;
        if (step->ordinary)
            ordinary(c, &hit);
        else
            told = cluster_suspicious(c, &hit, &report);
        CHECK(told == (step->domains > 0), "%s: %s", step->name, step->reason);
        if (!told)
            continue;
        CHECK(report.cluster->domain_count == step->domains && report.cluster->ip_count == step->ips && report.cluster->family_count == step->families,
              "%s: %s: %s", step->name, step->reason, report.reason);
        if (i == 1)
            memcpy(older, report.cluster->id, sizeof older);
        if (i == 3)
            memcpy(younger, report.cluster->id, sizeof younger);
        if (step->merged)
            CHECK(strcmp(report.cluster->id, older) == 0 && strcmp(report.cluster->merged, younger) == 0, "the older id stays: %s", step->reason);
        else
            CHECK(report.cluster->merged[0] == '\0', "no merge: %s", step->reason);
    }
    cluster_close(c);
}

static void bounds(void)
{
    struct clusters *c = fresh(100, 64);
    struct report report = {0};
    for (unsigned i = 0; i < 3000; i++) {
        char name[32], address[32];
        snprintf(name, sizeof name, "n%u.com", i);
        snprintf(address, sizeof address, "10.%u.%u.1", i / 250, i % 250);
        struct hit hit = name_hit(i % 2 ? HIT_DOMAIN : HIT_SIGHTING, name, "", (const char *const[]){address, "10.0.0.1", NULL});
        if (i % 2)
            cluster_suspicious(c, &hit, &report);
        else
            ordinary(c, &hit);
    }
    struct cluster_stats stats;
    cluster_stats(c, &stats);
    CHECK(stats.names == 100 && stats.names_refused == 1400, "the table of names is bounded and counts: %zu, %llu refused", stats.names,
          (unsigned long long)stats.names_refused);
    CHECK(stats.addresses_forgotten > 1400, "so is that of addresses");
    cluster_close(c);
}

/* A CNAME's end unites like an address, by the same ratio: the names need not share one at the same time. */
static void aliases(void)
{
    static const struct {
        unsigned ordinary;
        bool united;
        const char *reason;
    } rows[] = {{0, true, "an alias that only suspicious names have"}, {1, true, "few ordinary ones"}, {12, false, "a content network's"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct clusters *c = fresh(64, 256);
        struct report report = {0};
        for (unsigned n = 0; n < rows[i].ordinary; n++) {
            char name[32];
            snprintf(name, sizeof name, "site-%u.example", n);
            struct hit hit = name_hit(HIT_SIGHTING, name, "", (const char *const[]){"192.0.2.9", NULL});
            hit.alias = 77;
            ordinary(c, &hit);
        }
        struct hit one = name_hit(HIT_DOMAIN, "bujot.com", "", (const char *const[]){"192.0.2.1", NULL});
        struct hit two = name_hit(HIT_DOMAIN, "buluw.com", "", (const char *const[]){"2001:db8::2", NULL});
        one.alias = two.alias = 77;
        CHECK(!cluster_suspicious(c, &one, &report), "%s: one is none", rows[i].reason);
        if (CHECK(cluster_suspicious(c, &two, &report) == rows[i].united, "%s", rows[i].reason) && rows[i].united)
            CHECK(report.cluster->domain_count == 2 && report.cluster->ip_count == 2, "%s: the addresses are the names' own", rows[i].reason);
        cluster_close(c);
    }
}

/* An address that turns out a content network's lets go whom it united, whatever came first; what others hold together
 * stays, with its id. */
static void parted(void)
{
    static const struct {
        unsigned ordinary, beside;
        unsigned names;     /* of the first's cluster afterwards; 0: it is in none */
        const char *reason;
    } rows[] = {
        {1, 0, 2, "an ordinary name beside two suspicious parts nobody"},
        {3, 0, 0, "three do part them"},
        {3, 1, 2, "but not those that another address unites"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct clusters *c = fresh(64, 256);
        struct report report = {0};
        struct hit one = name_hit(HIT_DOMAIN, "bujot.com", "", (const char *const[]){"192.0.2.1", rows[i].beside ? "192.0.2.2" : NULL, NULL});
        struct hit two = name_hit(HIT_DOMAIN, "buluw.com", "", (const char *const[]){"192.0.2.1", rows[i].beside ? "192.0.2.2" : NULL, NULL});
        cluster_suspicious(c, &one, &report);
        char id[REPORT_ID] = "";
        if (CHECK(cluster_suspicious(c, &two, &report), "%s: first they are one", rows[i].reason))
            memcpy(id, report.cluster->id, sizeof id);
        const struct cluster_place_news *news;
        for (unsigned n = 0; n < rows[i].ordinary; n++) {
            char name[32];
            snprintf(name, sizeof name, "site-%u.example", n);
            struct hit hit = name_hit(HIT_SIGHTING, name, "", (const char *const[]){"192.0.2.1", NULL});
            ordinary(c, &hit);
            CHECK(cluster_place_news(c, &news) == 1 && __builtin_popcountll(news->ordinary) == (int)n + 1, "others are told, all bits at once");
        }
        struct hit elsewhere = name_hit(HIT_SIGHTING, "site.example", "", (const char *const[]){"198.51.100.1", NULL});
        ordinary(c, &elsewhere);
        CHECK(cluster_place_news(c, &news) == 0, "of an address without suspicious names nobody is told");
        bool united = cluster_tell(c, "bujot.com", &report);
        CHECK(united == (rows[i].names > 0), "%s", rows[i].reason);
        if (united)
            CHECK(report.cluster->domain_count == rows[i].names && strcmp(report.cluster->id, id) == 0, "%s: the same cluster", rows[i].reason);
        cluster_close(c);
    }
}

/* 203.0.113.0/24 is one AS, whose addresses have `busy` ordinary names each; of what is outside no AS is known. */
static void busy_as(struct geoip *geoip)
{
    static const struct {
        unsigned addresses, busy;
        const char *family, *at;
        bool united;
        const char *reason;
    } rows[] = {
        {20, 3, "", "203.0.113.200", false, "two that look alike on a CDN's new address are there by chance"},
        {20, 3, "DealPly", "203.0.113.200", true, "two published ones are not"},
        {20, 3, "", "198.51.100.200", true, "elsewhere they are united"},
        {20, 1, "", "203.0.113.200", true, "an AS of single sites parts nobody"},
        {6, 3, "", "203.0.113.200", true, "of too few addresses nothing is said"},
        {20, 9, "DealPly", "203.0.113.200", true, "however busy the AS is"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct clusters *c = fresh_with(64, 4096, geoip);
        struct report report = {0};
        for (unsigned a = 1; a <= rows[i].addresses; a++)
            for (unsigned n = 0; n < rows[i].busy; n++) {
                char name[32], address[ADDR_TEXT];
                snprintf(name, sizeof name, "site-%u-%u.example", a, n);
                snprintf(address, sizeof address, "203.0.113.%u", a);
                struct hit hit = name_hit(HIT_SIGHTING, name, "", (const char *const[]){address, NULL});
                ordinary(c, &hit);
            }
        struct hit one = name_hit(HIT_INDICATOR, "bujot.com", rows[i].family, (const char *const[]){rows[i].at, NULL});
        struct hit two = name_hit(HIT_INDICATOR, "buluw.com", rows[i].family, (const char *const[]){rows[i].at, NULL});
        cluster_suspicious(c, &one, &report);
        CHECK(cluster_suspicious(c, &two, &report) == rows[i].united, "%s", rows[i].reason);
        cluster_close(c);
    }
}

static struct geoip *small_database(void)
{
    static struct out database;
    char err[ERRLEN] = "";
    make(&database, LITE_ASN, 6);
    const char *path = write_file(0, database.byte, database.n);
    struct geoip *geoip = geoip_open(&path, 1, err);
    CHECK(geoip != NULL, "the database: %s", err);
    unlink(path);
    return geoip;
}

int main(void)
{
    struct geoip *geoip = small_database();
    busy_as(geoip);
    geoip_close(geoip);
    follow_steps();
    aliases();
    parted();
    bounds();
    return check_report("test_cluster");
}
