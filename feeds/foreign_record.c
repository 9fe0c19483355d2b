#include "feeds/foreign_record.h"

#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "capture/addr.h"
#include "capture/dns.h"

static const struct {
    const char *word;
    uint16_t type;
} types[] = {{"A", DNS_A}, {"AAAA", DNS_AAAA}, {"CNAME", DNS_CNAME}, {"NS", DNS_NS}, {"PTR", DNS_PTR},
             {"MX", DNS_MX}, {"SRV", DNS_SRV}, {"TXT", DNS_TXT}, {"SOA", DNS_SOA}, {"HTTPS", DNS_HTTPS}, {"SVCB", DNS_SVCB}};

uint16_t foreign_type(const char *type)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i].word) == 0)
            return types[i].type;
    return 0;
}

struct radome_bytes foreign_bytes(const struct tree *string)
{
    struct slice text = tree_text(string);
    return (struct radome_bytes){text.p, text.len};
}

bool foreign_whole(const struct tree *value, uint64_t most, uint64_t *out)
{
    double number;
    if (!tree_number(value, &number) || !(number >= 0 && number <= (double)most))
        return false;
    *out = (uint64_t)number;
    return true;
}

static bool put_address(uint8_t out[static 16], const struct tree *value)
{
    struct addr addr;
    struct slice text = tree_text(value);
    if (text.p == NULL || !addr_parse(&addr, text))
        return false;
    memcpy(out, addr.b, sizeof addr.b);
    return true;
}

struct radome_event *foreign_event(struct foreign_record *r, const struct tree *record, const struct foreign_names *names)
{
    struct radome_event *event = &r->event[r->events];
    const char *protocol = tree_word(record, names->protocol);
    uint64_t client_port, server_port;
    *event = (struct radome_event){.size = sizeof *event};
    if (!put_address(event->client, tree_get(record, names->client)) ||
        !put_address(event->server, tree_get(record, names->server)) ||
        !foreign_whole(tree_get(record, names->client_port), UINT16_MAX, &client_port) ||
        !foreign_whole(tree_get(record, names->server_port), UINT16_MAX, &server_port))
        return NULL;
    event->client_port = (uint16_t)client_port;
    event->server_port = (uint16_t)server_port;
    event->protocol = strcasecmp(protocol, "UDP") == 0 ? 17 : 6; /* Zeek's http.log and ssl.log do not say TCP */
    r->events++;
    return event;
}

static bool digits(struct slice *text, unsigned count, int *out)
{
    struct slice part = slice_cut(text, count);
    *out = 0;
    for (size_t i = 0; i < part.len; i++) {
        if (part.p[i] < '0' || part.p[i] > '9')
            return false;
        *out = *out * 10 + part.p[i] - '0';
    }
    return part.len == count;
}

static bool sign(struct slice *text, const char *any, char *out)
{
    struct slice part = slice_cut(text, 1);
    *out = part.len == 1 ? (char)part.p[0] : '\0';
    return *out != '\0' && strchr(any, *out) != NULL;
}

/* Up to six digits behind the point; what is finer is left out. */
static bool fraction(struct slice *text, uint64_t *us)
{
    uint64_t unit = 100000, any = 0;
    *us = 0;
    if (!slice_starts(*text, S(".")))
        return true;
    *text = slice_from(*text, 1);
    for (; text->len > 0 && text->p[0] >= '0' && text->p[0] <= '9'; *text = slice_from(*text, 1), unit /= 10, any++)
        *us += unit * (uint64_t)(text->p[0] - '0');
    return any > 0;
}

static bool offset_of(struct slice *text, int *hours, int *minutes)
{
    if (!digits(text, 2, hours))
        return false;
    if (slice_starts(*text, S(":")))
        *text = slice_from(*text, 1);
    return digits(text, 2, minutes);
}

bool foreign_time(struct slice text, uint64_t *us)
{
    struct tm tm = {0};
    uint64_t part;
    char c;
    int hours = 0, minutes = 0;
    if (!digits(&text, 4, &tm.tm_year) || !sign(&text, "-", &c) || !digits(&text, 2, &tm.tm_mon) || !sign(&text, "-", &c) ||
        !digits(&text, 2, &tm.tm_mday) || !sign(&text, "Tt ", &c) || !digits(&text, 2, &tm.tm_hour) ||
        !sign(&text, ":", &c) || !digits(&text, 2, &tm.tm_min) || !sign(&text, ":", &c) || !digits(&text, 2, &tm.tm_sec) || !fraction(&text, &part) ||
        !sign(&text, "Zz+-", &c))
        return false;
    if ((c == '+' || c == '-') && !offset_of(&text, &hours, &minutes))
        return false;
    if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    int64_t offset = hours * 3600 + minutes * 60, seconds = timegm(&tm);
    seconds += c == '-' ? offset : -offset;
    *us = (uint64_t)seconds * 1000000 + part;
    return text.len == 0 && seconds >= 0;
}

void foreign_field(struct foreign_record *r, int side, const char *name, struct radome_bytes value)
{
    if (value.p != NULL && r->fields[side] < FOREIGN_FIELDS)
        r->field[side][r->fields[side]++] = (struct radome_field){{name, strlen(name)}, value};
}

void foreign_answer(struct foreign_record *r, struct radome_dns *dns, struct radome_bytes name, const char *type,
                    struct radome_bytes data, uint64_t ttl)
{
    struct addr addr;
    struct slice text = slice_of(data.p, data.len);
    size_t n = dns->record_count;
    uint16_t number = foreign_type(type);
    if (n == FOREIGN_RECORDS || number == 0)
        return;
    r->record[n] = (struct radome_record){.name = name, .type = number, .ttl = (uint32_t)ttl};
    if (number == DNS_A || number == DNS_AAAA) {
        if (data.p == NULL || !addr_parse(&addr, text))
            return;
        memcpy(r->address[n], addr.b, sizeof addr.b);
        r->record[n].address = (struct radome_bytes){r->address[n], sizeof addr.b};
    } else if (number == DNS_CNAME || number == DNS_NS || number == DNS_PTR) {
        r->record[n].target = data;
    }
    dns->records = r->record;
    dns->record_count++;
}
