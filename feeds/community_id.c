#include "feeds/community_id.h"

#include <openssl/evp.h>

enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58, SCTP = 132, SHA1_BYTES = 20, INPUT = 2 + 16 + 16 + 2 + 2 + 2 };

static uint8_t *put(uint8_t *at, const void *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

static uint8_t *put_u16(uint8_t *at, uint16_t value)
{
    return put(at, (uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

/* What is hashed: seed, the two addresses, protocol and a zero byte, the two ports; the smaller end first. */
static size_t input_of(uint8_t input[static INPUT], const struct tuple *tuple, uint16_t seed)
{
    int order = memcmp(&tuple->src, &tuple->dst, sizeof tuple->src);
    struct tuple t = order < 0 || (order == 0 && tuple->sport < tuple->dport) ? *tuple : tuple_reverse(tuple);
    bool v4 = addr_is_v4(&t.src) && addr_is_v4(&t.dst);
    size_t skip = v4 ? 12 : 0;
    uint8_t *at = put_u16(input, seed);
    at = put(at, t.src.b + skip, sizeof t.src.b - skip);
    at = put(at, t.dst.b + skip, sizeof t.dst.b - skip);
    at = put(at, (uint8_t[]){t.proto, 0}, 2);
    if (t.proto == TCP || t.proto == UDP || t.proto == SCTP)
        at = put_u16(put_u16(at, t.sport), t.dport);
    return (size_t)(at - input);
}

uint64_t community_id(char out[static COMMUNITY_ID], const struct tuple *tuple, uint16_t seed)
{
    uint8_t input[INPUT], digest[EVP_MAX_MD_SIZE] = {0};
    EVP_Digest(input, input_of(input, tuple, seed), digest, NULL, EVP_sha1(), NULL);
    out[0] = '\0';
    if (tuple->proto != ICMP && tuple->proto != ICMP6) {
        memcpy(out, "1:", 2);
        EVP_EncodeBlock((uint8_t *)out + 2, digest, SHA1_BYTES);
    }
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | digest[i];
    return number >> 13;
}
