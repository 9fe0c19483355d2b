/* Where a Redis is, percent-encoding undone (RFC 3986 section 2.1):
 *   redis://[[user]:password@]host[:port][,host[:port]...][/db]              several: nodes of a cluster, or a primary and replicas
 *   rediss://...                                                             the same over TLS
 *   redis+sentinel://[[user]:password@]host[:port][,...]/name[/db]           the primary that Sentinels know by this name
 *   unix:/path/to.sock */
#pragma once

#include <stdbool.h>

#include "capture/error.h"

enum { REDIS_HOSTS = 8 };

struct redis_host {
    char name[256];
    int port;
};

struct redis_url {
    struct redis_host host[REDIS_HOSTS];
    unsigned hosts;            /* 0: path is a Unix socket's */
    char path[108], user[128], password[256];
    char primary[64];          /* its name at the Sentinels, which the hosts are then; else "" */
    bool tls;
    unsigned database;
};

bool redis_url_parse(struct redis_url *, const char *text, char err[static ERRLEN]);
