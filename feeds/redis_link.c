#include "feeds/redis_link.h"

#include <hiredis/hiredis.h>
#if __has_include(<hiredis/hiredis_ssl.h>)
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#define WITH_TLS 1
#else
#define WITH_TLS 0
#endif

/* A struct redis_link is a redisContext, a struct answer a redisReply: this file is the only one that knows. */
static redisContext *context_of(struct redis_link *link)
{
    return (redisContext *)link;
}

static const redisReply *reply_of(const struct answer *answer)
{
    return (const redisReply *)answer;
}

#if WITH_TLS
/* What is looked for in the certificate: an address where the URL has one, else the name, which is also sent (SNI). */
static bool expect_host(SSL *ssl, const char *host)
{
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1)
        return true;
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

/* hiredis checks the chain at most, never the name: so the session is made here and only handed over to it. */
static bool start_tls(redisContext *context, const char *host, char err[static ERRLEN])
{
    SSL_CTX *store = SSL_CTX_new(TLS_client_method());
    SSL *ssl = NULL;
    if (store != NULL && SSL_CTX_set_default_verify_paths(store) == 1 && SSL_CTX_set_min_proto_version(store, TLS1_2_VERSION) == 1) {
        SSL_CTX_set_verify(store, SSL_VERIFY_PEER, NULL);
        ssl = SSL_new(store);
    }
    SSL_CTX_free(store);
    if (ssl == NULL || !expect_host(ssl, host)) {
        error_set(err, "TLS cannot be set up");
    } else if (redisInitiateSSL(context, ssl) == REDIS_OK) {
        return true;
    } else {
        long verdict = SSL_get_verify_result(ssl);
        error_set(err, "no TLS: %.300s", verdict != X509_V_OK ? X509_verify_cert_error_string(verdict) : context->errstr);
    }
    SSL_free(ssl);
    return false;
}
#else
static bool start_tls(redisContext *context, const char *host, char err[static ERRLEN])
{
    (void)context;
    error_set(err, "no TLS to %.200s: this build's hiredis has none", host);
    return false;
}
#endif

bool redis_link_has_tls(void)
{
    return WITH_TLS;
}

struct redis_link *redis_link_open(const struct redis_target *target, char err[static ERRLEN])
{
    struct timeval patience = {(time_t)(target->patience_ms / 1000), (suseconds_t)(target->patience_ms % 1000) * 1000};
    redisContext *context = target->path[0] != '\0' ? redisConnectUnixWithTimeout(target->path, patience)
                                                    : redisConnectWithTimeout(target->host, target->port, patience);
    if (context == NULL || context->err != 0)
        error_set(err, "%s", context != NULL ? context->errstr : "no memory");
    else if (redisSetTimeout(context, patience) != REDIS_OK)
        error_set(err, "no timeout can be set: %s", context->errstr);
    else if (!target->tls || start_tls(context, target->host, err))
        return (struct redis_link *)context;
    if (context != NULL)
        redisFree(context);
    return NULL;
}

void redis_link_close(struct redis_link *link)
{
    if (link != NULL)
        redisFree(context_of(link));
}

void redis_link_append(struct redis_link *link, int argc, const char **argv, const size_t *lengths)
{
    redisAppendCommandArgv(context_of(link), argc, argv, lengths);
}

struct answer *redis_link_read(struct redis_link *link, char err[static ERRLEN])
{
    void *reply = NULL;
    if (redisGetReply(context_of(link), &reply) == REDIS_OK && reply != NULL)
        return reply;
    const char *why = context_of(link)->errstr; /* a timeout reads as "Resource temporarily unavailable" */
    error_set(err, "%s", strstr(why, "temporarily unavailable") != NULL ? "no answer in time" : why);
    return NULL;
}

enum answer_kind answer_kind(const struct answer *answer)
{
    if (answer == NULL)
        return ANSWER_NONE;
    switch (reply_of(answer)->type) {
    case REDIS_REPLY_ERROR: return ANSWER_ERROR;
    case REDIS_REPLY_INTEGER: return ANSWER_NUMBER;
    case REDIS_REPLY_ARRAY: return ANSWER_LIST;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS: return ANSWER_TEXT;
    }
    return ANSWER_NONE;
}

struct slice answer_text(const struct answer *answer)
{
    const redisReply *reply = reply_of(answer);
    return reply != NULL && reply->str != NULL ? slice_of(reply->str, reply->len) : S("");
}

long long answer_number(const struct answer *answer)
{
    return answer_kind(answer) == ANSWER_NUMBER ? reply_of(answer)->integer : 0;
}

size_t answer_count(const struct answer *answer)
{
    return answer_kind(answer) == ANSWER_LIST ? reply_of(answer)->elements : 0;
}

const struct answer *answer_item(const struct answer *answer, size_t i)
{
    return i < answer_count(answer) ? (const struct answer *)reply_of(answer)->element[i] : NULL;
}

void answer_free(struct answer *answer)
{
    if (answer != NULL)
        freeReplyObject(answer);
}

const char *redis_link_version(void)
{
    static const char one[] = {'0' + HIREDIS_MAJOR, '.', '0' + HIREDIS_MINOR % 10, '.', '0' + HIREDIS_PATCH, 0};
    static const char two[] = {'0' + HIREDIS_MAJOR, '.', '0' + HIREDIS_MINOR / 10, '0' + HIREDIS_MINOR % 10, '.', '0' + HIREDIS_PATCH, 0};
    return HIREDIS_MINOR < 10 ? one : two;
}
