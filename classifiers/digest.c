#include "classifiers/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

enum { MD5, SHA1, SHA256, ALGORITHMS };

struct digests {
    EVP_MD *algorithm[ALGORITHMS];
    unsigned streams;
    EVP_MD_CTX *context[][ALGORITHMS];
};

/* Every context is initialised here once: later initialisations find the same algorithm and allocate nothing. */
struct digests *digests_open(unsigned streams, char err[static ERRLEN])
{
    static const char *const names[ALGORITHMS] = {"MD5", "SHA1", "SHA256"};
    struct digests *d = calloc(1, sizeof *d + streams * sizeof *d->context);
    if (d == NULL) {
        error_set(err, "no memory for %u hash contexts", streams);
        return NULL;
    }
    d->streams = streams;
    bool good = true;
    for (int i = 0; i < ALGORITHMS && good; i++) {
        d->algorithm[i] = EVP_MD_fetch(NULL, names[i], NULL);
        if (d->algorithm[i] == NULL && i == MD5)
            continue;
        good = d->algorithm[i] != NULL;
        for (unsigned s = 0; s < streams && good; s++)
            good = (d->context[s][i] = EVP_MD_CTX_new()) != NULL && EVP_DigestInit_ex2(d->context[s][i], d->algorithm[i], NULL);
    }
    if (good)
        return d;
    error_set(err, "OpenSSL offers no SHA-1 or SHA-256 here; check its configuration (openssl.cnf, providers)");
    digests_close(d);
    return NULL;
}

void digests_close(struct digests *d)
{
    for (unsigned s = 0; d != NULL && s < d->streams; s++)
        for (int i = 0; i < ALGORITHMS; i++)
            EVP_MD_CTX_free(d->context[s][i]);
    for (int i = 0; d != NULL && i < ALGORITHMS; i++)
        EVP_MD_free(d->algorithm[i]);
    free(d);
}

bool digest_start(struct digests *d, unsigned stream)
{
    bool good = true;
    for (int i = 0; i < ALGORITHMS; i++)
        if (d->algorithm[i] != NULL)
            good = EVP_DigestInit_ex2(d->context[stream][i], d->algorithm[i], NULL) && good;
    return good;
}

bool digest_feed(struct digests *d, unsigned stream, struct slice s)
{
    bool good = true;
    for (int i = 0; i < ALGORITHMS; i++)
        if (d->algorithm[i] != NULL)
            good = EVP_DigestUpdate(d->context[stream][i], s.p, s.len) && good;
    return good;
}

bool digest_copy(struct digests *d, unsigned to, unsigned from)
{
    bool good = true;
    for (int i = 0; i < ALGORITHMS; i++)
        if (d->algorithm[i] != NULL)
            good = EVP_MD_CTX_copy_ex(d->context[to][i], d->context[from][i]) && good;
    return good;
}

bool digest_end(struct digests *d, unsigned stream, struct digest_value *value)
{
    value->has_md5 = d->algorithm[MD5] != NULL && EVP_DigestFinal_ex(d->context[stream][MD5], value->md5, NULL);
    return EVP_DigestFinal_ex(d->context[stream][SHA1], value->sha1, NULL) &&
           EVP_DigestFinal_ex(d->context[stream][SHA256], value->sha256, NULL);
}
