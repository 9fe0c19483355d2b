/* Two roads to the same parser: one message, and the input cut into pieces of a TCP connection by its first byte. */
#include "capture/dns.h"
#include "capture/dns_stream.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every slice stays within what it borrows from, and every name is safe to print. */
static void parse(struct dns_msg *msg, struct slice wire)
{
    struct addr out[8], walked[8];
    struct slice alias;
    if (!dns_parse(msg, wire)) {
        if (dns_looks_like(wire))
            abort();
        return;
    }
    size_t count = (size_t)msg->answers + msg->authorities + msg->additionals;
    if (count > DNS_RRS || msg->text_len > DNS_TEXT || dns_addresses(msg, out, 8) > 8)
        abort();
    size_t led = dns_leads(msg, walked, 8, &alias);
    if (led != dns_addresses(msg, out, 8) || (led > 0 && memcmp(walked, out, led * sizeof *out) != 0) || !slice_eq(alias, dns_alias(msg)))
        abort();
    for (size_t i = 0; i < msg->text_len; i++)
        if (msg->text[i] <= ' ' || msg->text[i] >= 0x7f)
            abort();
    for (size_t i = 0; i < count; i++) {
        const struct dns_rr *rr = &msg->rr[i];
        const uint8_t *text = (const uint8_t *)msg->text, *end = text + msg->text_len;
        if (rr->name.p < text || rr->name.p + rr->name.len > end || rr->target.p < text
            || rr->target.p + rr->target.len > end || rr->rdata.p < wire.p
            || rr->rdata.p + rr->rdata.len > wire.p + wire.len)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dns_msg msg;
    static struct dns_stream stream;
    struct dns_stream_stats stats = {0, 0};
    struct slice message, rest = slice_of(data, size);
    parse(&msg, rest);
    if (size == 0)
        return 0;
    dns_stream_start(&stream);
    for (size_t step = slice_cut(&rest, 1).p[0] + 1u; rest.len > 0;) {
        dns_stream_feed(&stream, &(struct piece){.kind = PIECE_DATA, .data = slice_cut(&rest, step)}, &stats);
        while (dns_stream_next(&stream, &message, &stats))
            parse(&msg, message);
    }
    return 0;
}
