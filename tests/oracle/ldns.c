/* libldns as an oracle: every DNS message of the captures given, read by it and by capture/dns.c, record by record.
 * usage: ldns CAPTURE...; a line "capture TAB messages TAB records" for each, after a line for each difference. */
#include <ldns/ldns.h>

#include "capture/dns.h"
#include "capture/dns_stream.h"
#include "tests/oracle/walk.h"

enum { HEADER = 12, NAME_ROOM = 255 * 4 + 1 };

static struct {
    const char *capture;
    const char *ends;
    unsigned radome, ldns; /* messages */
    unsigned records;      /* that both have read */
    unsigned further;      /* that radome read beyond a record libldns stumbled over */
} now;

static bool differ(const char *what, const char *ours, const char *theirs)
{
    printf("difference\t%s\t%s: %s: radome \"%s\", ldns \"%s\"\n", now.capture, now.ends, what, ours, theirs);
    return false;
}

static bool differ_number(const char *what, unsigned long ours, unsigned long theirs)
{
    char a[24], b[24];
    snprintf(a, sizeof a, "%lu", ours);
    snprintf(b, sizeof b, "%lu", theirs);
    return differ(what, a, b);
}

/* libldns's uncompressed name as capture/dns.h says that names are written. */
static void name_text(const ldns_rdf *name, char out[static NAME_ROOM])
{
    const uint8_t *p = ldns_rdf_data(name), *end = p + ldns_rdf_size(name);
    char *const start = out;
    while (p < end && *p != 0) {
        if (out != start)
            *out++ = '.';
        for (unsigned left = *p++; left > 0 && p < end; left--, p++) {
            int lower = *p >= 'A' && *p <= 'Z' ? *p + 32 : *p;
            if (lower == '.' || lower == '\\')
                out += sprintf(out, "\\%c", lower);
            else if (lower <= ' ' || lower >= 0x7f)
                out += sprintf(out, "\\%03d", lower);
            else
                *out++ = (char)lower;
        }
    }
    *out = '\0';
}

static bool same_name(const char *what, struct slice ours, const ldns_rdf *theirs)
{
    char mine[2048], text[NAME_ROOM];
    name_text(theirs, text);
    slice_text(ours, mine, sizeof mine);
    return strcmp(mine, text) == 0 || differ(what, mine, text);
}

/* The name or address in a record's data. */
static bool same_data(const struct dns_rr *rr, const ldns_rr *theirs)
{
    size_t fields = ldns_rr_rd_count(theirs);
    bool v4 = rr->type == DNS_A, v6 = rr->type == DNS_AAAA;
    if ((v4 || v6) && fields == 1) {
        const ldns_rdf *field = ldns_rr_rdf(theirs, 0);
        struct addr addr = v4 ? addr_v4(ldns_rdf_data(field)) : addr_v6(ldns_rdf_data(field));
        return (rr->has_addr && addr_eq(&addr, &rr->addr)) ||
               differ("address", rr->has_addr ? "another" : "none", "one");
    }
    for (size_t i = 0; i < fields && rr->type != DNS_SOA && rr->target.len > 0; i++)
        if (ldns_rdf_get_type(ldns_rr_rdf(theirs, i)) == LDNS_RDF_TYPE_DNAME)
            return same_name("target", rr->target, ldns_rr_rdf(theirs, i));
    return true;
}

static bool same_record(const struct dns_rr *rr, const ldns_rr *theirs)
{
    if (!same_name("owner", rr->name, ldns_rr_owner(theirs)))
        return false;
    if (rr->type != ldns_rr_get_type(theirs))
        return differ_number("type", rr->type, ldns_rr_get_type(theirs));
    if (rr->class != ldns_rr_get_class(theirs))
        return differ_number("class", rr->class, ldns_rr_get_class(theirs));
    if (rr->ttl != ldns_rr_ttl(theirs))
        return differ_number("ttl", rr->ttl, ldns_rr_ttl(theirs));
    return same_data(rr, theirs);
}

/* Both read on, until libldns stumbles or all is read. libldns has no opinion of the message as a whole here: it would
 * throw away what stands before the first fault. */
static bool same_records(const struct dns_msg *msg, struct slice wire, size_t at)
{
    unsigned ours = (unsigned)msg->answers + msg->authorities + msg->additionals, theirs = 0;
    unsigned promised = LDNS_ANCOUNT(wire.p) + LDNS_NSCOUNT(wire.p) + LDNS_ARCOUNT(wire.p);
    for (bool same = true; theirs < promised; theirs++) {
        ldns_rr *rr;
        if (ldns_wire2rr(&rr, wire.p, wire.len, &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
            break;
        if (theirs < ours)
            same = same_record(&msg->rr[theirs], rr);
        ldns_rr_free(rr);
        if (!same)
            return false;
    }
    now.records += theirs;
    if (ours < theirs && ours + msg->left_out < theirs)
        return differ_number("records", ours, theirs);
    now.further += ours > theirs ? ours - theirs : 0;
    return true;
}

static void compare(struct slice wire, const struct tuple *tuple, bool dns_port)
{
    static struct dns_msg msg;
    char ends[2 * ADDR_TEXT + 16];
    size_t at = HEADER;
    ldns_rr *question = NULL;
    bool ours = dns_parse(&msg, wire);
    bool theirs = wire.len >= HEADER;
    now.ends = walk_ends(tuple, ends);
    if (theirs && LDNS_QDCOUNT(wire.p) > 0)
        theirs = ldns_wire2rr(&question, wire.p, wire.len, &at, LDNS_SECTION_QUESTION) == LDNS_STATUS_OK;
    if (!ours && !dns_port) {
        ldns_rr_free(question);
        return;
    }
    now.radome += ours;
    now.ldns += theirs;
    if (ours != theirs)
        differ("is a message", ours ? "yes" : "no", theirs ? "yes" : "no");
    else if (ours && question != NULL && same_name("question", msg.question.name, ldns_rr_owner(question))) {
        if (msg.question.type != ldns_rr_get_type(question))
            differ_number("question's type", msg.question.type, ldns_rr_get_type(question));
    }
    if (ours && theirs && msg.questions <= 1)
        same_records(&msg, wire, at);
    ldns_rr_free(question);
}

static bool is_dns_port(uint16_t port)
{
    return port == 53 || port == 5353 || port == 5355;
}

static void compare_stream(const struct walk *w)
{
    static struct dns_stream_stats stats;
    struct flow *flow = w->flow;
    struct dns_stream **streams = (struct dns_stream **)&flow->session;
    struct slice message;
    if (flow->tuple.dport != 53)
        return;
    if (*streams == NULL) {
        *streams = calloc(2, sizeof **streams);
        dns_stream_start(&(*streams)[0]);
        dns_stream_start(&(*streams)[1]);
    }
    dns_stream_feed(&(*streams)[w->side], &w->piece, &stats);
    while (dns_stream_next(&(*streams)[w->side], &message, &stats))
        compare(message, &flow->tuple, true);
}

static bool walk_capture(const char *path)
{
    struct walk w;
    char err[ERRLEN];
    now.capture = path;
    now.radome = now.ldns = now.records = now.further = 0;
    if (!walk_open(&w, path, err)) {
        walk_close(&w);
        printf("unreadable\t%s\t%s\n", path, err);
        return false;
    }
    for (enum walk_kind kind; (kind = walk_next(&w)) != WALK_END;)
        switch (kind) {
        case WALK_DATAGRAM:
            compare(w.packet.payload, &w.packet.tuple,
                    is_dns_port(w.packet.tuple.sport) || is_dns_port(w.packet.tuple.dport));
            break;
        case WALK_PIECE: compare_stream(&w); break;
        case WALK_GONE: free(w.flow->session); break;
        case WALK_END: break;
        }
    walk_close(&w);
    printf("capture\t%s\t%u\t%u\t%u records alike, %u beyond\n", path, now.radome, now.ldns, now.records, now.further);
    return true;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        walk_capture(argv[i]);
    return 0;
}
