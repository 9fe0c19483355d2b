#include "feeds/community_id.h"

enum { ICMP = 1, TCP = 6, UDP = 17, ICMP6 = 58, SCTP = 132 };
enum { BLOCK = 64, INPUT = 2 + 16 + 16 + 2 + 2 + 2, DIGEST = 20 };

struct words {
    uint32_t a, b, c, d, e;
};

static uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

/* One of the 80 steps: the five words passed on by one place. */
static struct words step(struct words v, uint32_t mixed, uint32_t word)
{
    return (struct words){rotate(v.a, 5) + mixed + v.e + word, v.a, rotate(v.b, 30), v.c, v.d};
}

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    return at + 4;
}

/* SHA-1 (FIPS 180-4) of what fits in one block, which the input always does: a few lines that need no library, no
 * context and no error. Nothing here depends on its strength. */
static void sha1_block(uint8_t digest[static DIGEST], const uint8_t block[static BLOCK])
{
    static const struct words start = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    struct words v = start;
    uint32_t w[80];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
               block[4 * i + 3];
    for (int i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 20; i++)
        v = step(v, 0x5a827999 + ((v.b & v.c) | (~v.b & v.d)), w[i]);
    for (int i = 20; i < 40; i++)
        v = step(v, 0x6ed9eba1 + (v.b ^ v.c ^ v.d), w[i]);
    for (int i = 40; i < 60; i++)
        v = step(v, 0x8f1bbcdc + ((v.b & v.c) | (v.b & v.d) | (v.c & v.d)), w[i]);
    for (int i = 60; i < 80; i++)
        v = step(v, 0xca62c1d6 + (v.b ^ v.c ^ v.d), w[i]);
    digest = put_u32(put_u32(put_u32(digest, start.a + v.a), start.b + v.b), start.c + v.c);
    put_u32(put_u32(digest, start.d + v.d), start.e + v.e);
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
        uint32_t three =
            (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 | (i + 2 < DIGEST ? digest[i + 2] : 0);
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
