/* Suricata's EVE: DNS in the formats of its versions 1, 2 and 3, HTTP, TLS and QUIC, and alerts that carry an HTTP body (its
 * user guide, "Eve JSON Format"). */
#include "capture/dns.h"
#include "classifiers/armour.h"
#include "feeds/foreign_record.h"

static const struct foreign_names names = {"src_ip", "dest_ip", "src_port", "dest_port", "proto"};

static void turn_round(struct radome_event *event)
{
    uint8_t address[16];
    uint16_t port = event->client_port;
    memcpy(address, event->client, sizeof address);
    memcpy(event->client, event->server, sizeof address);
    memcpy(event->server, address, sizeof address);
    event->client_port = event->server_port;
    event->server_port = port;
}

/* The sender of an answer's packet, in some versions, is the server; in others the client stands first at all times. The
 * server is on DNS's port, and where neither is, on the lower one. */
static bool sent_by_server(const struct radome_event *event)
{
    return event->server_port != 53 && (event->client_port == 53 || event->client_port < event->server_port);
}

/* An alert names the packet's sender first, and the client in its flow, or the direction. */
static bool alerted_by_server(const struct tree *all)
{
    const struct tree *flow = tree_get(all, "flow"), *client = tree_get(flow, "src_ip");
    double port, alert_port;
    if (client == NULL || !tree_number(tree_get(flow, "src_port"), &port) ||
        !tree_number(tree_get(all, "src_port"), &alert_port))
        return strcmp(tree_word(all, "direction"), "to_client") == 0;
    return !slice_eq(tree_text(client), tree_text(tree_get(all, "src_ip"))) || port > alert_port || port < alert_port;
}

static uint8_t rcode_of(const char *word)
{
    static const char *const words[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
    for (uint8_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return word[0] == '\0' ? 0 : 2; /* any other is a failure all the same */
}

/* Each answer with its name; where only groups are logged, the name that was asked for leads to all of them. */
static void put_answers(struct foreign_record *r, struct radome_dns *dns, const struct tree *record)
{
    const struct tree *answers = tree_get(record, "answers"), *grouped = tree_get(record, "grouped");
    static const char *const groups[] = {"CNAME", "A", "AAAA"};
    uint64_t ttl = 0;
    for (size_t i = 0; i < tree_count(answers); i++) {
        const struct tree *answer = tree_at(answers, i);
        foreign_whole(tree_get(answer, "ttl"), UINT32_MAX, &ttl);
        foreign_answer(r, dns, foreign_bytes(tree_get(answer, "rrname")), tree_word(answer, "rrtype"),
                       foreign_bytes(tree_get(answer, "rdata")), ttl);
    }
    for (size_t g = 0; tree_count(answers) == 0 && g < sizeof groups / sizeof *groups; g++) {
        const struct tree *group = tree_get(grouped, groups[g]);
        for (size_t i = 0; i < tree_count(group); i++)
            foreign_answer(r, dns, dns->question, groups[g], foreign_bytes(tree_at(group, i)), 0);
    }
    if (tree_text(tree_get(record, "rdata")).p != NULL) /* version 1: a line an answer */
        foreign_answer(r, dns, dns->question, tree_word(record, "rrtype"), foreign_bytes(tree_get(record, "rdata")), 0);
}

static enum foreign_result read_dns(const struct tree *record, struct radome_event *event, struct foreign_record *r)
{
    struct radome_dns *dns = &r->dns[0];
    const char *type = tree_word(record, "type");
    const struct tree *query = tree_at(tree_get(record, "queries"), 0), *asked = query != NULL ? query : record;
    uint64_t id;
    bool answer = strcmp(type, "answer") == 0 || strcmp(type, "response") == 0;
    if (!answer && strcmp(type, "query") != 0 && strcmp(type, "request") != 0)
        return FOREIGN_MALFORMED;
    *dns = (struct radome_dns){.size = sizeof *dns, .question = foreign_bytes(tree_get(asked, "rrname")), .answer = answer};
    if (dns->question.p == NULL || !foreign_whole(tree_get(record, "id"), UINT16_MAX, &id))
        return FOREIGN_MALFORMED;
    dns->id = (uint16_t)id;
    dns->question_type = foreign_type(tree_word(asked, "rrtype"));
    if (answer) {
        dns->rcode = rcode_of(tree_word(record, "rcode"));
        put_answers(r, dns, record);
        if (sent_by_server(event))
            turn_round(event);
    }
    event->dns = dns;
    return FOREIGN_TAKEN;
}

static bool all_headers(struct foreign_record *r, int side, const struct tree *list)
{
    for (size_t i = 0; i < tree_count(list); i++) {
        const struct tree *header = tree_at(list, i);
        foreign_field(r, side, tree_word(header, "name"), foreign_bytes(tree_get(header, "value")));
    }
    return list != NULL;
}

/* Without the whole head the few fields that are always logged are known, and of all others nothing. */
static void put_heads(struct foreign_record *r, const struct tree *record)
{
    uint64_t port;
    struct slice host = tree_text(tree_get(record, "hostname"));
    r->lacks_fields = !all_headers(r, 0, tree_get(record, "request_headers"));
    if (r->lacks_fields) {
        struct radome_bytes whole = foreign_bytes(tree_get(record, "hostname"));
        if (host.p != NULL && foreign_whole(tree_get(record, "http_port"), UINT16_MAX, &port)) {
            struct slice name = slice_head(host, 256);
            int length = snprintf(r->text, sizeof r->text, "%.*s:%u", (int)name.len, name.p, (unsigned)port);
            whole = (struct radome_bytes){r->text, (size_t)length};
        }
        foreign_field(r, 0, "Host", whole);
        foreign_field(r, 0, "User-Agent", foreign_bytes(tree_get(record, "http_user_agent")));
        foreign_field(r, 0, "Referer", foreign_bytes(tree_get(record, "http_refer")));
    }
    if (!all_headers(r, 1, tree_get(record, "response_headers")))
        foreign_field(r, 1, "Content-Type", foreign_bytes(tree_get(record, "http_content_type")));
}

/* The length that the response's head announces, where it is that of the decoded body. */
static uint64_t announced(const struct foreign_record *r, int side)
{
    uint64_t length = UINT64_MAX;
    for (size_t i = 0; i < r->fields[side]; i++) {
        const struct radome_field *field = &r->field[side][i];
        struct slice name = slice_of(field->name.p, field->name.len), value = slice_of(field->value.p, field->value.len);
        if (slice_ieq(name, S("Content-Encoding")))
            return UINT64_MAX;
        if (!slice_ieq(name, S("Content-Length")) || value.len == 0 || value.len > 15)
            continue;
        length = 0;
        for (size_t k = 0; k < value.len; k++)
            length = length * 10 + (uint64_t)((value.p[k] - '0') & 15);
    }
    return length;
}

/* In base64 the bytes are whole; printed, whatever is no text was replaced. */
static struct radome_bytes put_body(struct foreign_record *r, int side, const struct tree *record, const char *bytes,
                                    const char *printable)
{
    struct slice coded = tree_text(tree_get(record, bytes)), text = tree_text(tree_get(record, printable));
    struct armour_stream stream;
    armour_start(&stream, ARMOUR_BASE64);
    size_t length = armour_decode(&stream, &coded, r->body[side], FOREIGN_BODY);
    if (length == 0 && text.p != NULL)
        return (struct radome_bytes){text.p, text.len < FOREIGN_BODY ? text.len : FOREIGN_BODY};
    return (struct radome_bytes){length > 0 ? r->body[side] : NULL, length};
}

/* The bodies may stand in an alert about the same transaction. */
static enum foreign_result read_http(const struct tree *all, const struct tree *bodies, struct radome_event *event,
                                     struct foreign_record *r)
{
    const struct tree *record = tree_get(all, "http");
    struct radome_http *http = &r->http;
    uint64_t ordinal = 0, status = 0;
    struct slice version = tree_text(tree_get(record, "protocol"));
    if (!tree_is_object(record))
        return FOREIGN_MALFORMED;
    foreign_whole(tree_get(all, "tx_id"), UINT32_MAX - 1, &ordinal);
    foreign_whole(tree_get(record, "status"), 999, &status);
    put_heads(r, record);
    *http = (struct radome_http){
        .size = sizeof *http, .method = foreign_bytes(tree_get(record, "http_method")),
        .target = foreign_bytes(tree_get(record, "url")),
        .request_fields = r->field[0], .response_fields = r->field[1], .request_field_count = r->fields[0],
        .response_field_count = r->fields[1], .ordinal = (uint32_t)ordinal + 1, .status = (uint16_t)status,
        .version = slice_ends(version, S("1.0")) ? 10 : 11, .fields_missing = r->lacks_fields,
    };
    http->request_body = put_body(r, 0, bodies, "http_request_body", "http_request_body_printable");
    http->response_body = put_body(r, 1, bodies, "http_response_body", "http_response_body_printable");
    if (http->response_body.p == NULL)
        http->response_body = put_body(r, 1, bodies, "http_body", "http_body_printable");
    r->has_body = http->request_body.p != NULL || http->response_body.p != NULL;
    http->request_bytes = announced(r, 0);
    http->response_bytes = announced(r, 1);
    event->http = http;
    return http->method.len > 0 || status > 0 ? FOREIGN_TAKEN : FOREIGN_OTHER;
}

static enum foreign_result read_hello(const struct tree *record, struct radome_event *event, struct foreign_record *r,
                                      bool quic)
{
    r->tls = (struct radome_tls){.size = sizeof r->tls, .server_name = foreign_bytes(tree_get(record, "sni")), .quic = quic};
    event->tls = &r->tls;
    if (!tree_is_object(record))
        return FOREIGN_MALFORMED;
    return r->tls.server_name.len > 0 ? FOREIGN_TAKEN : FOREIGN_OTHER;
}

bool suricata_key(const struct tree *all, struct held_key *key)
{
    return foreign_whole(tree_get(all, "flow_id"), UINT64_C(1) << 53, &key->flow) &&
           foreign_whole(tree_get(all, "tx_id"), UINT32_MAX, &key->transaction);
}

static bool has_body(const struct tree *http)
{
    static const char *const members[] = {"http_request_body", "http_request_body_printable", "http_response_body",
                                          "http_response_body_printable", "http_body", "http_body_printable"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (tree_text(tree_get(http, members[i])).len > 0)
            return true;
    return false;
}

enum foreign_result suricata_read(const struct tree *all, const struct tree *alert, struct foreign_record *r)
{
    struct held_key key;
    const char *type = tree_word(all, "event_type");
    const struct tree *http = tree_get(all, "http");
    bool dns = strcmp(type, "dns") == 0, tls = strcmp(type, "tls") == 0, quic = strcmp(type, "quic") == 0;
    bool is_alert = strcmp(type, "alert") == 0;
    if (!dns && !tls && !quic && strcmp(type, "http") != 0 && (!is_alert || !has_body(http)))
        return FOREIGN_OTHER; /* an alert without a body says no more than its transaction's own record */
    struct radome_event *event = foreign_event(r, all, &names);
    if (event == NULL || !foreign_time(tree_text(tree_get(all, "timestamp")), &event->time_us))
        return FOREIGN_MALFORMED;
    if (dns)
        return read_dns(tree_get(all, "dns"), event, r);
    if (tls || quic)
        return read_hello(tree_get(all, type), event, r, quic);
    if (is_alert && alert == NULL && suricata_key(all, &key))
        return FOREIGN_HOLD;
    if (is_alert && alerted_by_server(all))
        turn_round(event);
    return read_http(all, alert != NULL ? tree_get(alert, "http") : http, event, r);
}
