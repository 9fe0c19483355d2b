#include "feeds/anonymise.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAC = 32, PREFIX = 6 };

/* fd00::/8 is for networks of one's own (RFC 4193); the 40 bits behind it spell "radom". */
static const uint8_t pseudonym[PREFIX] = {0xfd, 0x72, 0x61, 0x64, 0x6f, 0x6d};

/* How a truncated address begins inside: a multicast prefix, which no client has. Then 4 or 6, its network, 64 bits of MAC. */
enum { INSIDE = 0xff, INSIDE_FAMILY = 1, INSIDE_NETWORK = 2, INSIDE_MAC = 8 };

struct anonymise {
    enum anonymise_mode mode;
    EVP_MAC *algorithm;
    EVP_MAC_CTX *context;
    struct addr last, last_inside; /* the packets of one client come in a row */
    bool has_last;
};

static size_t read_key(uint8_t key[static ANONYMISE_KEY_MOST + 1], const char *path, char err[static ERRLEN])
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        error_set(err, "%s: %s", path, strerror(errno));
        return 0;
    }
    errno = 0;
    size_t len = fread(key, 1, ANONYMISE_KEY_MOST + 1, file);
    bool unread = ferror(file) != 0;
    fclose(file);
    if (unread) {
        error_set(err, "%s: cannot be read: %s", path, strerror(errno));
        return 0;
    }
    bool too_long = len > ANONYMISE_KEY_MOST;
    while (len > 0 && (key[len - 1] == '\n' || key[len - 1] == '\r'))
        len--;
    if (too_long || len < ANONYMISE_KEY_LEAST) {
        error_set(err, "%s: a key has %d to %d bytes, this one has %s%zu; head -c 32 /dev/urandom | base64 > FILE makes one", path,
                  ANONYMISE_KEY_LEAST, ANONYMISE_KEY_MOST, too_long ? "more than " : "", too_long ? (size_t)ANONYMISE_KEY_MOST : len);
        return 0;
    }
    return len;
}

bool anonymise_key(struct anonymise_settings *s, enum anonymise_mode mode, const char *file, uint64_t seed, char err[static ERRLEN])
{
    uint8_t key[ANONYMISE_KEY_MOST + 1] = "radome: the clients of one run: ";
    size_t len = strlen((const char *)key);
    memcpy(key + len, &seed, sizeof seed);
    len += sizeof seed;
    *s = (struct anonymise_settings){.mode = mode};
    if (mode != ANONYMISE_NONE && file != NULL && (len = read_key(key, file, err)) == 0)
        return false;
    memcpy(s->key, key, len);
    s->key_length = len;
    return true;
}

struct anonymise *anonymise_open(const struct anonymise_settings *s, char err[static ERRLEN])
{
    struct anonymise *a = calloc(1, sizeof *a);
    OSSL_PARAM digest[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0), OSSL_PARAM_construct_end()};
    if (a == NULL) {
        error_set(err, "no memory to anonymise with");
        return NULL;
    }
    a->mode = s->mode;
    if (s->mode == ANONYMISE_NONE)
        return a;
    a->algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    a->context = a->algorithm != NULL ? EVP_MAC_CTX_new(a->algorithm) : NULL;
    if (a->context != NULL && EVP_MAC_init(a->context, s->key, s->key_length, digest))
        return a;
    error_set(err, "OpenSSL offers no HMAC with SHA-256 here; check its configuration (openssl.cnf, providers)");
    anonymise_close(a);
    return NULL;
}

void anonymise_close(struct anonymise *a)
{
    if (a == NULL)
        return;
    EVP_MAC_CTX_free(a->context);
    EVP_MAC_free(a->algorithm);
    free(a);
}

/* Should the library fail there is no address rather than the client's. */
static void mac_of(struct anonymise *a, const struct addr *client, uint8_t mac[static MAC])
{
    size_t len = 0;
    if (!EVP_MAC_init(a->context, NULL, 0, NULL) || !EVP_MAC_update(a->context, client->b, sizeof client->b) ||
        !EVP_MAC_final(a->context, mac, &len, MAC) || len != MAC)
        memset(mac, 0, MAC);
}

static struct addr inside(struct anonymise *a, const struct addr *client)
{
    uint8_t mac[MAC];
    struct addr out;
    mac_of(a, client, mac);
    if (a->mode == ANONYMISE_HMAC) {
        memcpy(out.b, pseudonym, PREFIX);
        memcpy(out.b + PREFIX, mac, sizeof out.b - PREFIX);
        return out;
    }
    bool v4 = addr_is_v4(client);
    out = (struct addr){{[0] = INSIDE, [INSIDE_FAMILY] = v4 ? 4 : 6}};
    memcpy(out.b + INSIDE_NETWORK, client->b + (v4 ? 12 : 0), v4 ? 3 : 6);
    memcpy(out.b + INSIDE_MAC, mac, sizeof out.b - INSIDE_MAC);
    return out;
}

static bool is_truncated(const struct addr *addr)
{
    return addr->b[0] == INSIDE && (addr->b[INSIDE_FAMILY] == 4 || addr->b[INSIDE_FAMILY] == 6);
}

static bool is_known(const struct anonymise *a, const struct addr *addr)
{
    return a->mode == ANONYMISE_HMAC ? memcmp(addr->b, pseudonym, PREFIX) == 0 : is_truncated(addr);
}

struct addr anonymise_client(struct anonymise *a, const struct addr *client)
{
    if (a == NULL || a->mode == ANONYMISE_NONE || is_known(a, client))
        return *client;
    if (!a->has_last || !addr_eq(client, &a->last)) {
        a->last_inside = inside(a, client);
        a->last = *client;
        a->has_last = true;
    }
    return a->last_inside;
}

struct addr anonymise_shown(const struct addr *addr)
{
    struct addr out = {{0}};
    const uint8_t *network = addr->b + INSIDE_NETWORK;
    if (!is_truncated(addr))
        return *addr;
    if (addr->b[INSIDE_FAMILY] == 4)
        return addr_v4((uint8_t[]){network[0], network[1], network[2], 0});
    memcpy(out.b, network, 6);
    return out;
}
