#include "capture/quic.h"

#include "capture/cursor.h"

#include <openssl/evp.h>
#include <stdlib.h>

enum {
    CONNECTION_ID = 20, /* bytes of the longest (RFC 9000 section 17.2) */
    SAMPLE = 16,        /* bytes of ciphertext that the header's mask is made of */
    TAG = 16,           /* of AES-GCM, behind the ciphertext */
    SECRET = 32,        /* of SHA-256 */
    DATAGRAM = 65535,
    DATAGRAMS = 16,     /* of one client, after which no ClientHello comes any more */
    PACKETS = 8         /* in one datagram that are tried */
};

/* What differs between versions: the salt, the labels, and the number of the packet type. Drafts are still spoken by
 * clients that nobody updates, by Facebook's under numbers of its own, and by Chrome's of 2020 (T050, T051). */
static const struct version {
    uint32_t first, last;
    uint8_t initial;
    const char *salt, *key, *iv, *mask;
} versions[] = {
    {0x00000001, 0x00000001, 0, "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a",
     "quic key", "quic iv", "quic hp"},
    {0x6b3343cf, 0x6b3343cf, 1, "\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9",
     "quicv2 key", "quicv2 iv", "quicv2 hp"},
    {0xff00001d, 0xff000020, 0, "\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99",
     "quic key", "quic iv", "quic hp"},
    {0xff000017, 0xff00001c, 0, "\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02",
     "quic key", "quic iv", "quic hp"},
    {0xfaceb002, 0xfaceb002, 0, "\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02",
     "quic key", "quic iv", "quic hp"},
    {0xff000015, 0xff000016, 0, "\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a",
     "quic key", "quic iv", "quic hp"},
    {0xfaceb001, 0xfaceb001, 0, "\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a",
     "quic key", "quic iv", "quic hp"},
    {0xfaceb00e, 0xfaceb00e, 0, "\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02",
     "quic key", "quic iv", "quic hp"},
    {0x54303530, 0x54303530, 0, "\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10",
     "quic key", "quic iv", "quic hp"},
    {0x54303531, 0x54303531, 0, "\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d",
     "quic key", "quic iv", "quic hp"},
};

enum { SALT = 20 };

struct quic {
    EVP_MD *sha256;
    EVP_MD_CTX *digest;
    EVP_CIPHER *gcm, *ecb;
    EVP_CIPHER_CTX *aead, *block;
    uint8_t plain[DATAGRAM];
};

struct quic *quic_open(char err[static ERRLEN])
{
    struct quic *q = calloc(1, sizeof *q);
    if (q != NULL && (q->digest = EVP_MD_CTX_new()) != NULL && (q->aead = EVP_CIPHER_CTX_new()) != NULL
        && (q->block = EVP_CIPHER_CTX_new()) != NULL && (q->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)) != NULL
        && (q->gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL)) != NULL
        && (q->ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL)) != NULL)
        return q;
    error_set(err, "no memory for QUIC, or OpenSSL lacks SHA-256, AES-128-GCM or AES-128-ECB; check its configuration");
    quic_close(q);
    return NULL;
}

void quic_close(struct quic *q)
{
    if (q == NULL)
        return;
    EVP_MD_CTX_free(q->digest);
    EVP_MD_free(q->sha256);
    EVP_CIPHER_CTX_free(q->aead);
    EVP_CIPHER_CTX_free(q->block);
    EVP_CIPHER_free(q->gcm);
    EVP_CIPHER_free(q->ecb);
    free(q);
}

static bool sha256_padded(struct quic *q, struct slice key, uint8_t pad, struct slice text, uint8_t out[static SECRET])
{
    uint8_t block[64];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < key.len; i++)
        block[i] ^= key.p[i];
    return EVP_DigestInit_ex2(q->digest, q->sha256, NULL) && EVP_DigestUpdate(q->digest, block, sizeof block)
           && EVP_DigestUpdate(q->digest, text.p, text.len) && EVP_DigestFinal_ex(q->digest, out, NULL);
}

/* HMAC (RFC 2104) for keys within a block; OpenSSL's own costs three times as much where every key is new. */
static bool hmac(struct quic *q, struct slice key, struct slice text, uint8_t out[static SECRET])
{
    uint8_t inner[SECRET];
    return sha256_padded(q, key, 0x36, text, inner) && sha256_padded(q, key, 0x5c, slice_of(inner, SECRET), out);
}

/* HKDF-Expand-Label (RFC 8446 section 7.1) with an empty context, for what one block of SHA-256 covers. */
static bool expand(struct quic *q, const uint8_t secret[static SECRET], const char *label, uint8_t *out, size_t size)
{
    uint8_t block[SECRET], info[64] = {0, (uint8_t)size, (uint8_t)(strlen("tls13 ") + strlen(label))};
    size_t len = 3 + (size_t)snprintf((char *)info + 3, sizeof info - 3, "tls13 %s", label);
    info[len + 1] = 1; /* behind the context's length, 0: the block's number */
    if (!hmac(q, slice_of(secret, SECRET), slice_of(info, len + 2), block))
        return false;
    memcpy(out, block, size);
    return true;
}

static bool derive(struct quic *q, const struct version *v, struct slice connection, struct quic_keys *keys)
{
    uint8_t initial[SECRET], client[SECRET];
    return hmac(q, slice_of(v->salt, SALT), connection, initial)
           && expand(q, initial, "client in", client, sizeof client)
           && expand(q, client, v->key, keys->key, sizeof keys->key)
           && expand(q, client, v->iv, keys->iv, sizeof keys->iv)
           && expand(q, client, v->mask, keys->mask, sizeof keys->mask);
}

enum packet_type { INITIAL, ZERO_RTT, HANDSHAKE, RETRY }; /* as version 1 numbers them */

/* A long-header packet in a datagram. */
struct packet_parts {
    const struct version *version;
    enum packet_type type;
    struct slice connection; /* the receiver's */
    struct slice header;     /* up to the packet number */
    struct slice rest;       /* packet number, ciphertext, tag */
};

/* RFC 9000 section 16: two bits say how many bytes follow. */
static uint64_t varint(struct cursor *c)
{
    uint8_t first = cursor_u8(c);
    uint64_t value = first & 0x3f;
    for (unsigned more = (1u << (first >> 6)) - 1; more > 0; more--)
        value = value << 8 | cursor_u8(c);
    return value;
}

static struct slice take_varlen(struct cursor *c)
{
    uint64_t len = varint(c);
    return cursor_take(c, len <= DATAGRAM ? (size_t)len : DATAGRAM + 1);
}

/* Numbers of the form 0x?a?a?a?a are there to be refused (RFC 9000 section 15). A client that wants to be told the
 * server's versions sends one, protected as in the last draft or in a way of its own, and goes on with a real one. */
static const struct version *version_of(uint32_t number)
{
    enum { REFUSED = 0x0a0a0a0a, LOW_HALVES = 0x0f0f0f0f };
    const uint32_t last_draft = 0xff000020;
    if ((number & LOW_HALVES) == REFUSED)
        number = last_draft;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (number >= versions[i].first && number <= versions[i].last)
            return &versions[i];
    return NULL;
}

/* The header up to what is protected (RFC 9000 section 17.2). False: no packet with a length follows, so nothing after
 * it could be found either. */
static bool take_packet(struct cursor *c, struct packet_parts *packet)
{
    const uint8_t *start = c->p;
    uint8_t first = cursor_u8(c);
    packet->version = version_of(cursor_u32(c));
    if (c->bad || (first & 0xc0) != 0xc0 || packet->version == NULL)
        return false;
    packet->type = (enum packet_type)(((first >> 4) - packet->version->initial) & 3u);
    packet->connection = cursor_take(c, cursor_u8(c));
    struct slice source = cursor_take(c, cursor_u8(c));
    if (packet->type == RETRY || packet->connection.len > CONNECTION_ID || source.len > CONNECTION_ID)
        return false;
    if (packet->type == INITIAL)
        (void)take_varlen(c); /* token */
    struct cursor length = *c;
    (void)varint(&length);
    packet->header = slice_of(start, (size_t)(length.p - start));
    packet->rest = take_varlen(c);
    return !c->bad;
}

/* A client that resumes a session may be seen with its 0-RTT data first, where the network changed the order. */
bool quic_looks_like(struct slice datagram)
{
    struct cursor c = cursor_of(datagram);
    struct packet_parts packet;
    return take_packet(&c, &packet) && (packet.type == INITIAL || packet.type == ZERO_RTT);
}

/* AES-GCM over the payload, the header with its protection undone as additional data (RFC 9001 section 5.3). */
static bool decrypt(struct quic *q, const struct quic_keys *keys, struct slice head[static 3], uint32_t number,
                    struct slice sealed, struct slice *plain)
{
    uint8_t nonce[sizeof keys->iv], tag[TAG];
    memcpy(nonce, keys->iv, sizeof nonce);
    for (unsigned i = 0; i < 4; i++)
        nonce[sizeof nonce - 1 - i] ^= (uint8_t)(number >> 8 * i);
    size_t len = sealed.len - TAG;
    memcpy(tag, sealed.p + len, TAG);
    int done;
    if (!EVP_DecryptInit_ex2(q->aead, q->gcm, keys->key, nonce, NULL))
        return false;
    for (int i = 0; i < 3; i++)
        if (!EVP_DecryptUpdate(q->aead, NULL, &done, head[i].p, (int)head[i].len))
            return false;
    *plain = slice_of(q->plain, len);
    return EVP_DecryptUpdate(q->aead, q->plain, &done, sealed.p, (int)len)
           && EVP_CIPHER_CTX_ctrl(q->aead, EVP_CTRL_AEAD_SET_TAG, TAG, tag)
           && EVP_DecryptFinal_ex(q->aead, q->plain + len, &done) > 0;
}

/* Header protection hides the packet number and its length behind a mask made of the ciphertext (RFC 9001 section
 * 5.4). A client's first packets have small numbers, so what is written of one is all of it. */
static bool open_packet(struct quic *q, const struct quic_keys *keys, const struct packet_parts *packet,
                        struct slice *plain)
{
    uint8_t mask[SAMPLE];
    int done;
    if (packet->rest.len < 4 + SAMPLE)
        return false;
    if (!EVP_EncryptInit_ex2(q->block, q->ecb, keys->mask, NULL, NULL)
        || !EVP_EncryptUpdate(q->block, mask, &done, packet->rest.p + 4, SAMPLE))
        return false;
    uint8_t first = packet->header.p[0] ^ (mask[0] & 0x0f), number[4];
    size_t size = (first & 3u) + 1;
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++) {
        number[i] = packet->rest.p[i] ^ mask[1 + i];
        value = value << 8 | number[i];
    }
    struct slice head[3] = {slice_of(&first, 1), slice_from(packet->header, 1), slice_of(number, size)};
    return decrypt(q, keys, head, value, slice_from(packet->rest, size), plain);
}

/* Bytes for up to 64 places that one word of `present` tells of. Of bytes that come twice the first copy counts. */
static void put_word(struct quic_stream *s, size_t at, struct slice data)
{
    uint64_t *present = &s->present[at / 64], bits = (data.len < 64 ? (UINT64_C(1) << data.len) - 1 : UINT64_MAX) << at % 64;
    for (size_t i = 0; i < data.len && (*present & bits) != 0; i++)
        if ((*present >> (at + i) % 64 & 1) == 0)
            s->buffer[at + i] = data.p[i];
    if ((*present & bits) == 0)
        memcpy(s->buffer + at, data.p, data.len);
    *present |= bits;
}

static void put(struct quic_stream *s, uint64_t offset, struct slice data)
{
    if (offset >= TLS_HELLO)
        return;
    data = slice_head(data, TLS_HELLO - (size_t)offset);
    for (size_t at = (size_t)offset; data.len > 0;) {
        struct slice part = slice_cut(&data, 64 - at % 64);
        put_word(s, at, part);
        at += part.len;
    }
    while (s->whole < TLS_HELLO && (s->present[s->whole / 64] >> s->whole % 64 & 1) != 0)
        s->whole += s->whole % 64 == 0 && s->present[s->whole / 64] == UINT64_MAX ? 64 : 1;
}

/* Most of a client's first datagram is padding (RFC 9000 section 14.1). */
static void skip_padding(struct cursor *c)
{
    uint64_t word = 0;
    while (cursor_left(c) >= sizeof word && (memcpy(&word, c->p, sizeof word), word) == 0)
        cursor_skip(c, sizeof word);
}

static void skip_ack(struct cursor *c, bool ecn)
{
    (void)varint(c); /* largest */
    (void)varint(c); /* delay */
    uint64_t ranges = varint(c);
    (void)varint(c); /* the first of them */
    for (uint64_t i = 0; i < 2 * ranges && !c->bad; i++)
        (void)varint(c);
    for (unsigned i = 0; i < 3 && ecn; i++)
        (void)varint(c);
}

/* The frames that an Initial may have (RFC 9000 section 12.4); at any other, CONNECTION_CLOSE too, the rest is left. */
static void take_frames(struct quic_stream *s, struct slice plain)
{
    enum { PADDING = 0, PING = 1, ACK = 2, ACK_ECN = 3, CRYPTO = 6, GOOGLE_CRYPTO = 8 };
    struct cursor c = cursor_of(plain);
    while (!c.bad && cursor_left(&c) > 0) {
        skip_padding(&c);
        if (cursor_left(&c) == 0)
            return;
        uint64_t type = varint(&c);
        if (type == CRYPTO || type == GOOGLE_CRYPTO) {
            uint64_t offset = varint(&c);
            put(s, offset, take_varlen(&c));
        } else if (type == ACK || type == ACK_ECN) {
            skip_ack(&c, type == ACK_ECN);
        } else if (type != PADDING && type != PING) {
            return;
        }
    }
}

/* Keys stay those of the connection id that the client chose first, although it soon writes to the one the server
 * chose; only after a Retry they are made anew (RFC 9001 section 5.2). Which it is the tag tells. */
static bool open_with_keys(struct quic *q, struct quic_stream *s, const struct packet_parts *packet,
                           struct slice *plain)
{
    if (s->keyed && open_packet(q, &s->keys, packet, plain))
        return true;
    struct quic_keys keys;
    if (!derive(q, packet->version, packet->connection, &keys) || !open_packet(q, &keys, packet, plain))
        return false;
    s->keys = keys;
    s->keyed = true;
    return true;
}

static enum tls_found hello_so_far(struct quic_stream *s, struct tls_hello *hello)
{
    struct slice message = slice_of(s->buffer, s->whole);
    size_t length = tls_hello_length(message);
    if (length > message.len)
        return s->datagrams < DATAGRAMS ? TLS_MORE : TLS_NONE;
    if (length == 0 || !tls_parse_hello(hello, slice_head(message, length)))
        return TLS_NONE;
    hello->quic = true;
    return TLS_FOUND;
}

void quic_start(struct quic_stream *s)
{
    memset(s, 0, offsetof(struct quic_stream, buffer));
}

enum tls_found quic_feed(struct quic *q, struct quic_stream *s, struct slice datagram, struct tls_hello *hello)
{
    if (s->done)
        return TLS_NONE;
    s->datagrams++;
    struct cursor c = cursor_of(datagram);
    struct packet_parts packet;
    struct slice plain;
    for (unsigned n = 0; n < PACKETS && cursor_left(&c) > 0 && take_packet(&c, &packet); n++)
        if (packet.type == INITIAL && open_with_keys(q, s, &packet, &plain))
            take_frames(s, plain);
    enum tls_found found = hello_so_far(s, hello);
    s->done = found != TLS_MORE;
    return found;
}
