/* What a service manager is told: the datagrams of systemd's sd_notify(3), by the socket that NOTIFY_SOCKET names. Nothing here
 * ever waits: a manager that does not read is not told. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capture/error.h"

struct notify {
    int fd;                /* -1: there is no manager */
    uint64_t every_ms;     /* how often the watchdog is fed; 0: there is none */
    uint64_t fed_ms;       /* the last time, by the monotonic clock */
    bool ready, reloading;
};

/* Reads the environment. False: a sentence; whoever goes on tells nobody. */
bool notify_open(struct notify *, char err[static ERRLEN]);
void notify_close(struct notify *);

void notify_ready(struct notify *);      /* once, and once more after notify_reloading */
void notify_reloading(struct notify *);
void notify_stopping(struct notify *);
void notify_status(struct notify *, const char *line);

/* It is time to feed the watchdog. Fed, it is time again after a third of what it waits for. */
bool notify_due(const struct notify *);
void notify_feed(struct notify *);
