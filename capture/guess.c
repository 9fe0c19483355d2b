#include "capture/guess.h"

#include "capture/dns.h"
#include "capture/http.h"
#include "capture/tls.h"

enum { TLS_START = 6 }; /* bytes of a record with a ClientHello that tell it from everything else */

/* Ports where a protocol is at home: there, the first bytes decide alone. */
static const struct {
    uint16_t port;
    enum speaks speaks;
} homes[] = {
    {80, SPEAKS_HTTP},   {8080, SPEAKS_HTTP}, {3128, SPEAKS_HTTP}, {8000, SPEAKS_HTTP}, {8008, SPEAKS_HTTP}, {8888, SPEAKS_HTTP},
    {443, SPEAKS_TLS},   {8443, SPEAKS_TLS},  {853, SPEAKS_TLS},   {465, SPEAKS_TLS},   {993, SPEAKS_TLS},   {995, SPEAKS_TLS},
    {53, SPEAKS_DNS},
};

int guess_home(const struct tuple *tuple)
{
    for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
        if (tuple->dport == homes[i].port)
            return (int)homes[i].speaks;
    return -1;
}

struct slice guess_without_proxy(struct slice first)
{
    ptrdiff_t line = slice_starts(first, S("PROXY ")) ? slice_find(first, S("\r\n")) : -1;
    if (line >= 0)
        return slice_from(first, (size_t)line + 2);
    if (first.len < 16 || !slice_starts(first, S("\r\n\r\n\0\r\nQUIT\n")))
        return first;
    return slice_from(first, 16 + ((size_t)first.p[14] << 8 | first.p[15]));
}

/* DNS on a port that is not its own has to look like it, its first message coming in one piece. */
static bool dns_stream_looks_like(struct slice first)
{
    size_t len = first.len > 2 ? (size_t)first.p[0] << 8 | first.p[1] : 0;
    return len > 0 && len <= first.len - 2 && dns_looks_like(slice_of(first.p + 2, len));
}

int guess_first(const struct tuple *tuple, struct slice first, int side)
{
    int home = guess_home(tuple);
    if (home == SPEAKS_DNS)
        return home;
    if (side == 0 && tls_looks_like(first))
        return SPEAKS_TLS;
    if (http_looks_like(first, side) || home == SPEAKS_HTTP)
        return SPEAKS_HTTP;
    return side == 0 && dns_stream_looks_like(first) ? SPEAKS_DNS : -1;
}

bool guess_socks(struct slice first)
{
    return first.len >= 3 && (first.p[0] == 4 || first.p[0] == 5);
}

int guess_again(struct slice bytes, int side, bool socks)
{
    if (side == 0 && bytes.len >= TLS_START && tls_looks_like(bytes))
        return SPEAKS_TLS;
    bool http = socks && side == 0 && slice_find(bytes, S(" HTTP/1.")) > 0 && http_looks_like(bytes, 0);
    return http ? SPEAKS_HTTP : -1;
}
