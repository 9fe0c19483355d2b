#include "feeds/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "feeds/clock.h"

/* WATCHDOG_USEC is for the process that WATCHDOG_PID names, where it names one. */
static uint64_t watchdog_ms(void)
{
    const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (us == NULL || (pid != NULL && strtoll(pid, NULL, 10) != getpid()))
        return 0;
    return strtoull(us, NULL, 10) / 1000;
}

/* A path, or @ and a name that is in no file system. */
bool notify_open(struct notify *n, char err[static ERRLEN])
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *n = (struct notify){.fd = -1};
    if (path == NULL || path[0] == '\0')
        return true;
    size_t len = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || len >= sizeof address.sun_path) {
        error_set(err, "NOTIFY_SOCKET: %.120s is no socket's address; the service manager is not told", path);
        return false;
    }
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (n->fd < 0 || connect(n->fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) != 0) {
        error_set(err, "NOTIFY_SOCKET: %.120s: %s; the service manager is not told", path, strerror(errno));
        notify_close(n);
        return false;
    }
    n->every_ms = (watchdog_ms() + 2) / 3;
    return true;
}

void notify_close(struct notify *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}

static void tell(struct notify *n, const char *text)
{
    if (n->fd >= 0 && send(n->fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        return; /* it is told the next thing */
}

void notify_ready(struct notify *n)
{
    if (!n->ready || n->reloading)
        tell(n, "READY=1");
    n->ready = true;
    n->reloading = false;
}

void notify_reloading(struct notify *n)
{
    char text[64];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    tell(n, text);
    n->reloading = true;
}

void notify_stopping(struct notify *n)
{
    tell(n, "STOPPING=1");
}

void notify_status(struct notify *n, const char *line)
{
    char text[256];
    snprintf(text, sizeof text, "STATUS=%s", line);
    tell(n, text);
}

bool notify_due(const struct notify *n)
{
    return n->fd >= 0 && n->every_ms > 0 && clock_ms() >= n->fed_ms + n->every_ms;
}

void notify_feed(struct notify *n)
{
    tell(n, "WATCHDOG=1");
    n->fed_ms = clock_ms();
}
