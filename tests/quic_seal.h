/* Makes a client's QUIC Initial packet (RFC 9001 section 5): written apart from capture/quic.c, with OpenSSL's own
 * HKDF, so that the two check each other and both the RFCs' vectors. */
#pragma once

#include "capture/slice.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

struct initial {
    int version;             /* 1 or 2; from 3 on an older one: a row of quic_versions */
    struct slice keyed;      /* the connection id that the keys are made of */
    struct slice connection; /* the one in the header */
    struct slice token;
    uint32_t number;
    unsigned number_size; /* bytes of it that are written, 1 to 4 */
};

static inline void quic_hkdf(int mode, struct slice key, struct slice salt, struct slice info, uint8_t *out,
                             size_t size)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[6], *p = params;
    *p++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
    *p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char[]){"SHA256"}, 0);
    *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key.p, key.len);
    if (salt.len > 0)
        *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt.p, salt.len);
    if (info.len > 0)
        *p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info.p, info.len);
    *p = OSSL_PARAM_construct_end();
    int done = EVP_KDF_derive(ctx, out, size, params);
    assert(done > 0);
    (void)done;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

static inline void quic_expand(const uint8_t secret[static 32], struct slice label, uint8_t *out, size_t size)
{
    uint8_t info[64] = {0, (uint8_t)size, (uint8_t)label.len};
    memcpy(info + 3, label.p, label.len);
    quic_hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, slice_of(secret, 32), slice_of(NULL, 0), slice_of(info, label.len + 4),
              out, size);
}

static const struct {
    struct slice number, salt;
} quic_versions[] = {
    {S("\0\0\0\1"), S("\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a")},
    {S("\x6b\x33\x43\xcf"), S("\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9")},
    {S("\xff\0\0\x1d"), S("\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99")},
    {S("\xff\0\0\x1b"), S("\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02")},
    {S("\xff\0\0\x16"), S("\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a")},
    {S("\xfa\xce\xb0\x01"), S("\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a")},
    {S("\xfa\xce\xb0\x0e"), S("\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02")},
    {S("\x1a\x2a\xfa\x0a"), S("\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99")},
    {S("T050"), S("\x7f\xf5\x79\xe5\xac\xd0\x72\x91\x55\x80\x30\x4c\x43\xa2\x36\x7c\x60\x48\x83\x10")},
    {S("T051"), S("\x7a\x4e\xde\xf4\xe7\xcc\xee\x5f\xa4\x50\x6c\x19\x12\x4f\xc8\xcc\xda\x6e\x03\x3d")},
};

struct quic_secrets {
    uint8_t key[16], iv[12], mask[16];
};

static inline void quic_secrets_of(struct quic_secrets *secrets, const struct initial *i)
{
    static const struct slice labels[2][3] = {{S("tls13 quic key"), S("tls13 quic iv"), S("tls13 quic hp")},
                                              {S("tls13 quicv2 key"), S("tls13 quicv2 iv"), S("tls13 quicv2 hp")}};
    uint8_t initial[32], client[32];
    int row = i->version == 2;
    quic_hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, i->keyed, quic_versions[i->version - 1].salt, slice_of(NULL, 0), initial, sizeof initial);
    quic_expand(initial, S("tls13 client in"), client, sizeof client);
    quic_expand(client, labels[row][0], secrets->key, sizeof secrets->key);
    quic_expand(client, labels[row][1], secrets->iv, sizeof secrets->iv);
    quic_expand(client, labels[row][2], secrets->mask, sizeof secrets->mask);
}

static inline size_t quic_header(uint8_t *out, const struct initial *i, size_t payload)
{
    size_t at = 0, length = i->number_size + payload + 16;
    out[at++] = (uint8_t)(0xc0 | (i->version == 2) << 4 | (i->number_size - 1));
    memcpy(out + at, quic_versions[i->version - 1].number.p, 4);
    at += 4;
    out[at++] = (uint8_t)i->connection.len;
    if (i->connection.len > 0)
        memcpy(out + at, i->connection.p, i->connection.len);
    at += i->connection.len;
    out[at++] = 0;                     /* the client's own id is empty */
    out[at++] = (uint8_t)i->token.len; /* below 64 */
    if (i->token.len > 0)
        memcpy(out + at, i->token.p, i->token.len);
    at += i->token.len;
    out[at++] = (uint8_t)(0x40 | length >> 8);
    out[at++] = (uint8_t)length;
    for (unsigned n = i->number_size; n-- > 0;)
        out[at++] = (uint8_t)(i->number >> 8 * n);
    return at;
}

/* Writes the packet; frames is its payload, below 16000 bytes, at least 3. Returns its length. */
static inline size_t quic_seal(uint8_t *out, const struct initial *i, struct slice frames)
{
    struct quic_secrets s;
    quic_secrets_of(&s, i);
    size_t head = quic_header(out, i, frames.len);
    for (unsigned n = 0; n < 4; n++)
        s.iv[11 - n] ^= (uint8_t)(i->number >> 8 * n);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t mask[16];
    int done;
    EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, s.key, s.iv);
    EVP_EncryptUpdate(ctx, NULL, &done, out, (int)head);
    EVP_EncryptUpdate(ctx, out + head, &done, frames.p, (int)frames.len);
    EVP_EncryptFinal_ex(ctx, out + head + frames.len, &done);
    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + head + frames.len);
    EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, s.mask, NULL);
    EVP_EncryptUpdate(ctx, mask, &done, out + head - i->number_size + 4, 16);
    EVP_CIPHER_CTX_free(ctx);
    out[0] ^= mask[0] & 0x0f;
    for (unsigned n = 0; n < i->number_size; n++)
        out[head - i->number_size + n] ^= mask[1 + n];
    return head + frames.len + 16;
}
