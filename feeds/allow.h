/* What is never to be flagged: names, clients, servers and autonomous systems, an entry a line:
 *
 *     kodak.com               the name and all below it, as do .kodak.com, *.kodak.com and the "7,kodak.com" of a ranking
 *     client 10.1.2.0/24      nothing of these clients: scanners, sandboxes, analysts. Beats even an indicator
 *     server 192.0.2.0/24     whoever goes to these servers; a bare 192.0.2.0/24 or 192.0.2.1 says the same
 *     as 64500                likewise every server of that autonomous system (AS64500), where --geoip knows it
 *
 * An indicator beats all but a client. */
#pragma once

#include "capture/addr.h"
#include "capture/error.h"

struct allow;
struct geoip;
struct hit;

struct allow_entry {               /* text lives until allow_close */
    const char *what, *list;       /* "kodak.com", "client 10.1.2.0/24"; where it stands */
    uint32_t line;
};

enum allow_kind { ALLOW_NAMES, ALLOW_CLIENTS, ALLOW_SERVERS, ALLOW_AS, ALLOW_KINDS };

struct allow_stats {
    size_t of_kind[ALLOW_KINDS];   /* taken, equal ones included */
    size_t entries, unreadable, first_bad; /* taken; lines that hold none; the first of those, from 1, or 0 */
    bool empty;                    /* read well, and nothing stands in it */
};

enum allowed { ALLOWED_NOT, ALLOWED_NAME, ALLOWED_SERVER, ALLOWED_CLIENT };

/* Reads the files, and the built-in list of honest look-alikes where wanted. stats has one place a file
 * and is given by those who judge empty lists themselves; else NULL, and an empty list is an error. NULL with a sentence
 * that names the file: unreadable, or nothing in it means anything. To reload, open anew and close the old one. */
struct allow *allow_open(const char *const *paths, size_t count, bool builtin, uint64_t seed, struct allow_stats *stats,
                         char err[static ERRLEN]);
void allow_close(struct allow *);

/* What the lists say of a hit. An answer that gives a name's addresses is allowed where all of them are; the resolver that
 * it comes from is not its server. */
enum allowed allow_hit(const struct allow *, const struct geoip *, const struct hit *);

/* The entry that decides: the nearest name above, the smallest network around; false: none. Those for an address look at
 * the server's networks and its AS, or at the client's. */
bool allow_name(const struct allow *, struct slice name, struct allow_entry *);
bool allow_server(const struct allow *, const struct geoip *, const struct addr *, struct allow_entry *);
bool allow_client(const struct allow *, const struct addr *, struct allow_entry *);

size_t allow_count(const struct allow *); /* different entries */
size_t allow_of_kind(const struct allow *, enum allow_kind); /* equal ones included */
const char *allow_kind_name(enum allow_kind);
bool allow_has_as(const struct allow *);  /* any entry that only a GeoIP database gives a meaning */
