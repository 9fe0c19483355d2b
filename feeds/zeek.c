/* Zeek's logs in JSON: dns.log, http.log and ssl.log, told apart by fields that no other has (Zeek's reference of DNS::Info,
 * HTTP::Info and SSL::Info). */
#include <math.h>

#include "capture/addr.h"
#include "capture/dns.h"
#include "feeds/foreign_record.h"

static const struct foreign_names names = {"id.orig_h", "id.resp_h", "id.orig_p", "id.resp_p", "proto"};

/* Seconds since 1970 as a number, or in words where LogAscii::json_timestamps asks for them. */
static bool read_time(const struct tree *value, uint64_t *us)
{
    double seconds;
    if (foreign_time(tree_text(value), us))
        return true;
    if (!tree_number(value, &seconds) || !(seconds >= 0 && seconds < 1e12))
        return false;
    *us = (uint64_t)llround(seconds * 1e6);
    return true;
}

/* Answers are bare texts in the order of the message, their owners left out: from the name asked for, each name leads on to
 * the next, and an address belongs to the last. */
static void put_answers(struct foreign_record *r, struct radome_dns *dns, const struct tree *log)
{
    const struct tree *answers = tree_get(log, "answers"), *ttls = tree_get(log, "TTLs");
    struct radome_bytes owner = dns->question;
    for (size_t i = 0; i < tree_count(answers); i++) {
        struct slice text = tree_text(tree_at(answers, i));
        struct addr addr;
        uint64_t ttl = 0;
        foreign_whole(tree_at(ttls, i), UINT32_MAX, &ttl);
        struct radome_bytes data = {text.p, text.len};
        if (text.p != NULL && addr_parse(&addr, text)) {
            foreign_answer(r, dns, owner, addr_is_v4(&addr) ? "A" : "AAAA", data, ttl);
        } else if (text.len > 0 && slice_chr(text, ' ') < 0 && dns->question_type != DNS_PTR) {
            foreign_answer(r, dns, owner, "CNAME", data, ttl);
            owner = data;
        }
    }
}

/* One line a look-up: the query at its time, and the answer a round trip later, where there was one. */
static enum foreign_result read_dns(const struct tree *log, struct radome_event *query, struct foreign_record *r)
{
    uint64_t id, type = 0, rcode = 0;
    double trip = 0;
    struct radome_dns *dns = r->dns;
    dns[0] = (struct radome_dns){.size = sizeof *dns, .question = foreign_bytes(tree_get(log, "query"))};
    if (dns[0].question.p == NULL)
        return FOREIGN_OTHER; /* the query itself was not seen */
    if (!foreign_whole(tree_get(log, "trans_id"), UINT16_MAX, &id))
        return FOREIGN_MALFORMED;
    foreign_whole(tree_get(log, "qtype"), UINT16_MAX, &type);
    dns[0].id = (uint16_t)id;
    dns[0].question_type = (uint16_t)type;
    query->dns = &dns[0];
    if (!foreign_whole(tree_get(log, "rcode"), UINT8_MAX, &rcode) && tree_get(log, "rcode_name") == NULL)
        return FOREIGN_TAKEN;
    dns[1] = dns[0];
    dns[1].answer = 1;
    dns[1].rcode = (uint8_t)rcode;
    put_answers(r, &dns[1], log);
    struct radome_event *answer = &r->event[r->events++];
    *answer = *query;
    answer->dns = &dns[1];
    if (tree_number(tree_get(log, "rtt"), &trip) && trip >= 0 && trip < 3600)
        answer->time_us += (uint64_t)llround(trip * 1e6);
    return FOREIGN_TAKEN;
}

static enum foreign_result read_http(const struct tree *log, struct radome_event *event, struct foreign_record *r)
{
    static const struct {
        const char *name, *member;
    } fields[] = {{"Host", "host"}, {"User-Agent", "user_agent"}, {"Referer", "referrer"}, {"Origin", "origin"}};
    struct radome_http *http = &r->http;
    uint64_t depth = 1, status = 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        foreign_field(r, 0, fields[i].name, foreign_bytes(tree_get(log, fields[i].member)));
    foreign_field(r, 1, "Content-Type", foreign_bytes(tree_at(tree_get(log, "resp_mime_types"), 0)));
    foreign_whole(tree_get(log, "trans_depth"), UINT32_MAX, &depth);
    foreign_whole(tree_get(log, "status_code"), 999, &status);
    *http = (struct radome_http){
        .size = sizeof *http, .method = foreign_bytes(tree_get(log, "method")),
        .target = foreign_bytes(tree_get(log, "uri")),
        .request_fields = r->field[0], .response_fields = r->field[1], .request_field_count = r->fields[0],
        .response_field_count = r->fields[1], .request_bytes = UINT64_MAX, .response_bytes = UINT64_MAX,
        .ordinal = (uint32_t)depth, .status = (uint16_t)status, .version = strcmp(tree_word(log, "version"), "1.0") == 0 ? 10 : 11, .fields_missing = 1,
    };
    foreign_whole(tree_get(log, "request_body_len"), UINT32_MAX, &http->request_bytes);
    foreign_whole(tree_get(log, "response_body_len"), UINT32_MAX, &http->response_bytes);
    r->lacks_fields = true;
    event->http = http;
    return http->method.len > 0 || status > 0 ? FOREIGN_TAKEN : FOREIGN_OTHER;
}

static enum foreign_result read_ssl(const struct tree *log, struct radome_event *event, struct foreign_record *r)
{
    r->tls = (struct radome_tls){.size = sizeof r->tls, .server_name = foreign_bytes(tree_get(log, "server_name")),
                                 .quic = event->protocol == 17};
    event->tls = &r->tls;
    return r->tls.server_name.len > 0 ? FOREIGN_TAKEN : FOREIGN_OTHER;
}

enum foreign_result zeek_read(const struct tree *log, struct foreign_record *r)
{
    bool dns = tree_get(log, "trans_id") != NULL, http = tree_get(log, "trans_depth") != NULL;
    bool ssl = tree_get(log, "server_name") != NULL && tree_get(log, "established") != NULL;
    if (!dns && !http && !ssl)
        return FOREIGN_OTHER;
    struct radome_event *event = foreign_event(r, log, &names);
    if (event == NULL || !read_time(tree_get(log, "ts"), &event->time_us))
        return FOREIGN_MALFORMED;
    return dns ? read_dns(log, event, r) : http ? read_http(log, event, r) : read_ssl(log, event, r);
}
