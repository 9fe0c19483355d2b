#include "feeds/hit_store.h"

#define HIT(member) offsetof(struct hit, member), sizeof ((struct hit *)0)->member

static const struct store_field common[] = {
    {STORE_UINT, HIT(kind), HIT_INDICATOR},
    {STORE_UINT, HIT(seen), SEEN_QUIC},
    {STORE_UINT, HIT(us)},
    {STORE_BYTES, HIT(tuple.src)},
    {STORE_BYTES, HIT(tuple.dst)},
    {STORE_UINT, HIT(tuple.sport)},
    {STORE_UINT, HIT(tuple.dport)},
    {STORE_UINT, HIT(tuple.proto)},
    {STORE_UINT, HIT(transaction)},
    {STORE_TEXT, HIT(name)},
    {STORE_BYTES, HIT(addr[0]), .rows = HIT_ADDRS},
    {STORE_UINT, HIT(addrs), HIT_ADDRS},
    {STORE_UINT, HIT(alias)},
    {STORE_BOOL, HIT(answer)},
    {STORE_FLOAT, HIT(bits)},
    {STORE_TEXT, HIT(why)},
    {STORE_TEXT, HIT(family)},
    {STORE_TEXT, HIT(technique[0]), .rows = 4},
    {STORE_TEXT, HIT(subject)},
    {STORE_TEXT, HIT(http.method)},
    {STORE_TEXT, HIT(http.host)},
    {STORE_TEXT, HIT(http.target)},
    {STORE_TEXT, HIT(http.user_agent)},
    {STORE_TEXT, HIT(http.mime_type)},
    {STORE_UINT, HIT(http.status)},
    {STORE_UINT, HIT(http.request_bytes)},
    {STORE_UINT, HIT(http.response_bytes)},
};

static const struct store_field domain[] = {
    {STORE_TEXT, HIT(domain.label)},
    {STORE_TEXT, HIT(domain.registered)},
    {STORE_FLOAT, HIT(domain.alternation)},
    {STORE_FLOAT, HIT(domain.ngram_bits)},
    {STORE_BOOL, HIT(domain.grammar)},
};

static const struct store_field beacon[] = {
    {STORE_TEXT, HIT(beacon.shape)},
    {STORE_TEXT, HIT(beacon.parameter[0]), .rows = HIT_PARAMETERS},
    {STORE_UINT, HIT(beacon.parameters), HIT_PARAMETERS},
    {STORE_TEXT, HIT(beacon.decoded)},
};

static const struct store_field payload[] = {
    {STORE_TEXT, HIT(payload.kind)},
    {STORE_TEXT, HIT(payload.cipher)},
    {STORE_BYTES, HIT(payload.key)},
    {STORE_UINT, HIT(payload.key_length), HIT_KEY},
    {STORE_INT, HIT(payload.key_step)},
    {STORE_TEXT, HIT(payload.layer[0]), .rows = 4},
    {STORE_UINT, HIT(payload.offset)},
    {STORE_UINT, HIT(payload.size)},
    {STORE_UINT, HIT(payload.size_declared)},
    {STORE_BOOL, HIT(payload.complete)},
    {STORE_UINT, HIT(payload.parts)},
    {STORE_UINT, HIT(payload.pe_machine)},
    {STORE_UINT, HIT(payload.pe_sections)},
    {STORE_UINT, HIT(payload.pe_timestamp)},
    {STORE_BOOL, HIT(payload.has_hash)},
    {STORE_BYTES, HIT(payload.sha1)},
    {STORE_BYTES, HIT(payload.sha256)},
    {STORE_TEXT, HIT(payload.preview)},
};

static const struct store_field indicator[] = {
    {STORE_UINT, HIT(indicator.type), INDICATOR_TYPES - 1},
    {STORE_TEXT, HIT(indicator.indicator)},
    {STORE_TEXT, HIT(indicator.provider)},
    {STORE_TEXT, HIT(indicator.description)},
};

enum { COMMON = sizeof common / sizeof *common };

static const struct {
    const struct store_field *field;
    size_t fields;
} of_kind[] = {
    [HIT_SIGHTING] = {NULL, 0},
    [HIT_DOMAIN] = {domain, sizeof domain / sizeof *domain},
    [HIT_BEACON] = {beacon, sizeof beacon / sizeof *beacon},
    [HIT_PAYLOAD] = {payload, sizeof payload / sizeof *payload},
    [HIT_INDICATOR] = {indicator, sizeof indicator / sizeof *indicator},
};

void hit_save(const struct hit *hit, struct store_writer *w)
{
    store_put_fields(w, hit, common, COMMON);
    store_put_fields(w, hit, of_kind[hit->kind].field, of_kind[hit->kind].fields);
}

void hit_load(struct hit *hit, struct store_reader *r)
{
    *hit = (struct hit){0};
    store_get_fields(r, hit, common, COMMON);
    store_get_fields(r, hit, of_kind[hit->kind].field, of_kind[hit->kind].fields);
}
