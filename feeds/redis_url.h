/* redis://[[user]:password@]host[:port][/db] and unix:/path/to.sock, percent-encoding undone (RFC 3986 section 2.1). */
#pragma once

#include <stdbool.h>

#include "capture/error.h"

struct redis_url {
    char host[256], path[108]; /* host, or the path of a Unix socket: the other is empty */
    char user[128], password[256];
    int port;
    unsigned database;
};

bool redis_url_parse(struct redis_url *, const char *text, char err[static ERRLEN]);
