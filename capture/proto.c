#include "capture/proto.h"

#include <stdlib.h>

#if WITH_NDPI

#include <ndpi_api.h>
#include <pthread.h>

#if NDPI_MAJOR * 100 + NDPI_MINOR != 402
#error "capture/proto.c is written for nDPI 4.2; build with WITH_NDPI=0, or add this version's calls here"
#endif

enum { PACKETS = 12 }; /* with payload: after so many nDPI says no more than it has said */

struct proto_flow {
    _Alignas(64) struct ndpi_flow_struct ndpi; /* blocks of the pool are so, and `flows` of them are to fit */
    unsigned packets;
};

struct proto_module {
    struct ndpi_detection_module_struct *ndpi; /* NULL until the first flow is asked about */
};

struct proto {
    struct proto_module *module, *own; /* own: NULL where it is borrowed */
    struct pool *flows;
};

/* nDPI opens and closes a module by way of variables of its own, which threads would share. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* What its names mean here. Multicast DNS and LLMNR are DNS on the wire; nDPI tells them by their ports alone. */
static const struct {
    uint16_t id;
    enum proto_answer answer;
} names[] = {
    {NDPI_PROTOCOL_DNS, PROTO_DNS},         {NDPI_PROTOCOL_MDNS, PROTO_DNS},
    {NDPI_PROTOCOL_LLMNR, PROTO_DNS},       {NDPI_PROTOCOL_HTTP, PROTO_HTTP},
    {NDPI_PROTOCOL_HTTP_PROXY, PROTO_HTTP}, {NDPI_PROTOCOL_HTTP_CONNECT, PROTO_HTTP},
    {NDPI_PROTOCOL_TLS, PROTO_TLS},         {NDPI_PROTOCOL_MAIL_IMAPS, PROTO_TLS},
    {NDPI_PROTOCOL_MAIL_POPS, PROTO_TLS},   {NDPI_PROTOCOL_MAIL_SMTPS, PROTO_TLS},
    {NDPI_PROTOCOL_QUIC, PROTO_QUIC},
};

/* Only the dissectors of those protocols are switched on: what is something else costs a sixth, and is then not known
 * rather than known by name, which nobody here asks for. */
static struct ndpi_detection_module_struct *ndpi_open(void)
{
    struct ndpi_detection_module_struct *module = ndpi_init_detection_module(ndpi_dont_load_tor_hosts);
    if (module == NULL)
        return NULL;
    NDPI_PROTOCOL_BITMASK wanted;
    NDPI_BITMASK_RESET(wanted);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        NDPI_BITMASK_ADD(wanted, names[i].id);
    ndpi_set_protocol_detection_bitmask2(module, &wanted);
    ndpi_finalize_initialization(module);
    return module;
}

struct proto_module *proto_module_open(char err[static ERRLEN])
{
    if (ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(struct ndpi_flow_struct)) {
        error_set(err, "the nDPI that is loaded (%s) is not the one radome was built with; build it again",
                  ndpi_revision());
        return NULL;
    }
    struct proto_module *module = calloc(1, sizeof *module);
    if (module == NULL)
        error_set(err, "no memory for nDPI");
    return module;
}

void proto_module_close(struct proto_module *module)
{
    if (module == NULL)
        return;
    pthread_mutex_lock(&opening);
    if (module->ndpi != NULL)
        ndpi_exit_detection_module(module->ndpi);
    pthread_mutex_unlock(&opening);
    free(module);
}

struct proto *proto_open(size_t flows, struct proto_module *module, char err[static ERRLEN])
{
    struct proto *p = calloc(1, sizeof *p);
    if (p == NULL) {
        error_set(err, "no memory for nDPI");
        return NULL;
    }
    p->module = module != NULL ? module : (p->own = proto_module_open(err));
    if (p->module == NULL || (p->flows = pool_open(sizeof(struct proto_flow), flows * sizeof(struct proto_flow), err)) == NULL) {
        proto_close(p);
        return NULL;
    }
    return p;
}

void proto_close(struct proto *p)
{
    if (p == NULL)
        return;
    proto_module_close(p->own);
    pool_close(p->flows);
    free(p);
}

/* A module fills tables of networks and names, which takes longer than reading a small capture, and few networks have
 * a flow that is worth the question: so the first such flow opens it. */
static bool module_ready(struct proto_module *module)
{
    if (module->ndpi == NULL) {
        pthread_mutex_lock(&opening);
        module->ndpi = ndpi_open();
        pthread_mutex_unlock(&opening);
    }
    return module->ndpi != NULL;
}

struct proto_flow *proto_take(struct proto *p)
{
    struct proto_flow *flow = module_ready(p->module) ? pool_take(p->flows) : NULL;
    if (flow != NULL)
        memset(flow, 0, sizeof *flow);
    return flow;
}

void proto_give(struct proto *p, struct proto_flow *flow)
{
    if (flow == NULL)
        return;
    ndpi_free_flow_data(&flow->ndpi);
    pool_give(p->flows, flow);
}

void proto_memory(const struct proto *p, struct pool_sum *sum)
{
    struct pool_stats stats;
    pool_stats(p->flows, &stats);
    sum->bytes += stats.blocks * PROTO_FLOW_BYTES;
    sum->used += stats.used * PROTO_FLOW_BYTES;
    sum->refused += stats.refused;
}

static enum proto_answer opinion(const struct ndpi_flow_struct *flow)
{
    for (int level = 0; level < 2; level++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (flow->detected_protocol_stack[level] == names[i].id)
                return names[i].answer;
    return flow->detected_protocol_stack[0] == NDPI_PROTOCOL_UNKNOWN ? PROTO_ASKING : PROTO_OTHER;
}

enum proto_answer proto_ask(struct proto *p, struct proto_flow *flow, struct slice ip, uint64_t us)
{
    if (ip.len > UINT16_MAX)
        ip.len = UINT16_MAX;
    ndpi_detection_process_packet(p->module->ndpi, &flow->ndpi, ip.p, (unsigned short)ip.len, us / 1000);
    enum proto_answer answer = opinion(&flow->ndpi);
    return answer == PROTO_ASKING && ++flow->packets >= PACKETS ? PROTO_UNKNOWN : answer;
}

const char *proto_version(void)
{
    return ndpi_revision();
}

#else

struct proto_flow {
    char nothing;
};

struct proto_module {
    char nothing;
};

struct proto {
    size_t flows, lent;
    struct proto_flow nobody; /* never looked into */
};

struct proto_module *proto_module_open(char err[static ERRLEN])
{
    struct proto_module *module = calloc(1, sizeof *module);
    if (module == NULL)
        error_set(err, "no memory for what takes nDPI's place");
    return module;
}

void proto_module_close(struct proto_module *module)
{
    free(module);
}

struct proto *proto_open(size_t flows, struct proto_module *module, char err[static ERRLEN])
{
    (void)module;
    struct proto *p = calloc(1, sizeof *p);
    if (p == NULL)
        error_set(err, "no memory for %zu flows", flows);
    else
        p->flows = flows;
    return p;
}

void proto_close(struct proto *p)
{
    free(p);
}

struct proto_flow *proto_take(struct proto *p)
{
    return p->lent < p->flows ? p->lent++, &p->nobody : NULL;
}

void proto_give(struct proto *p, struct proto_flow *flow)
{
    if (flow != NULL)
        p->lent--;
}

void proto_memory(const struct proto *p, struct pool_sum *sum)
{
    sum->used += p->lent;
}

enum proto_answer proto_ask(struct proto *p, struct proto_flow *flow, struct slice ip, uint64_t us)
{
    (void)p, (void)flow, (void)ip, (void)us;
    return PROTO_UNKNOWN;
}

const char *proto_version(void)
{
    return "none";
}

#endif
