#include "feeds/community_id.h"

enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58, SCTP = 132 };
enum { BLOCK = 64, INPUT = 2 + 16 + 16 + 2 + 2 + 2, DIGEST_WORDS = 5, DIGEST = 20 };

static uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static uint32_t mix(int round, uint32_t b, uint32_t c, uint32_t d)
{
    switch (round / 20) {
    case 0: return 0x5a827999 + ((b & c) | (~b & d));
    case 2: return 0x8f1bbcdc + ((b & c) | (b & d) | (c & d));
    }
    return (round < 40 ? 0x6ed9eba1 : 0xca62c1d6) + (b ^ c ^ d);
}

/* SHA-1 (FIPS 180-4) of what fits in one block, which the input always does: a few lines that need no library, no
 * context and no error. Nothing here depends on its strength. */
static void sha1_block(uint8_t digest[static DIGEST], const uint8_t block[static BLOCK])
{
    uint32_t w[80], h[DIGEST_WORDS] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t next = rotate(a, 5) + mix(i, b, c, d) + e + w[i];
        e = d, d = c, c = rotate(b, 30), b = a, a = next;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    for (int i = 0; i < DIGEST; i++)
        digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

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
    size_t skip = addr_is_v4(&t.src) && addr_is_v4(&t.dst) ? 12 : 0;
    uint8_t *at = put_u16(input, seed);
    at = put(at, t.src.b + skip, sizeof t.src.b - skip);
    at = put(at, t.dst.b + skip, sizeof t.dst.b - skip);
    at = put(at, (uint8_t[]){t.proto, 0}, 2);
    if (t.proto == TCP || t.proto == UDP || t.proto == SCTP)
        at = put_u16(put_u16(at, t.sport), t.dport);
    return (size_t)(at - input);
}

static void base64(char *out, const uint8_t digest[static DIGEST])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < DIGEST; i += 3) {
        uint32_t three = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 | (i + 2 < DIGEST ? digest[i + 2] : 0);
        for (int shift = 18; shift >= 0; shift -= 6)
            *out++ = letters[three >> shift & 63];
    }
    out[-1] = '='; /* 20 bytes are six threes and a two */
    out[0] = '\0';
}

uint64_t community_id(char out[static COMMUNITY_ID], const struct tuple *tuple, uint16_t seed)
{
    uint8_t block[BLOCK] = {0}, digest[DIGEST];
    size_t len = input_of(block, tuple, seed);
    block[len] = 0x80; /* the padding: a one, zeros, and the length in bits */
    block[BLOCK - 2] = (uint8_t)(len >> 5);
    block[BLOCK - 1] = (uint8_t)(len << 3);
    sha1_block(digest, block);
    out[0] = '\0';
    if (tuple->proto != ICMP && tuple->proto != ICMP6) {
        memcpy(out, "1:", 2);
        base64(out + 2, digest);
    }
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | digest[i];
    return number >> 13;
}
