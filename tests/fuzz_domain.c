/* Any bytes as a name: alone, in a DNS question, as a Host field and as a TLS server name. */
#include "capture/dns.h"
#include "capture/http.h"
#include "capture/tls.h"
#include "classifiers/name.h"
#include "classifiers/punycode.h"
#include "classifiers/engine.h"
#include "classifiers/suffix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void see(struct engine *radome, const struct event *event)
{
    engine_see(radome, event);
    for (const struct hit *hit; (hit = engine_next(radome)) != NULL;)
        if (hit->kind == HIT_DOMAIN &&
            !(hit->bits >= NAME_FLOOR_BITS && hit->bits <= NAME_CAP_BITS && hit->domain.grammar))
            __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct engine *radome;
    static struct dns_msg dns;
    static struct http_transaction http;
    static struct tls_hello tls;
    char err[ERRLEN], text[PUNYCODE_TEXT];
    struct classifier_settings settings = {.seed = 1};
    struct slice name = slice_of(data, size);
    struct name_score score;
    if (radome == NULL)
        radome = engine_open(&settings, err);

    struct slice registered = suffix_registered(name);
    if (registered.len > size)
        __builtin_trap();
    if (name_judge(&score, name) && (score.label.p < data || score.label.p + score.label.len > data + size))
        __builtin_trap();
    name_alternation(name);
    punycode_decode(name, text);

    dns.questions = 1;
    dns.question = (struct dns_question){name, DNS_A, 1};
    see(radome, &(struct event){.kind = EVENT_DNS, .tuple = {.dport = 53}, .dns = &dns});
    http.request =
        (struct http_message){.method = S("GET"), .target = S("/"), .headers = 1, .header = {{S("Host"), name}}};
    see(radome, &(struct event){.kind = EVENT_HTTP, .http = &http});
    slice_text(name, tls.server_name, sizeof tls.server_name);
    see(radome, &(struct event){.kind = EVENT_TLS, .tls = &tls});
    return 0;
}
