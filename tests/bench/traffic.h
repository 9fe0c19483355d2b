/* What the generated captures say: names, requests, bodies, messages. Deterministic: the same seed, the same bytes. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "capture/slice.h"

enum { TRAFFIC_NAMES = 40000, TRAFFIC_BODIES = 8, TRAFFIC_BODY = 1 << 17 };

struct traffic_body {
    const char *type, *coding; /* coding NULL: as it is */
    uint8_t *bytes;
    uint32_t len;
};

/* xorshift64*: fast, and the same everywhere. */
static inline uint64_t traffic_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dULL;
}

static inline uint32_t traffic_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)((traffic_random(state) >> 32) * limit >> 32);
}

/* Few names are asked for often and many hardly ever. */
static inline uint32_t traffic_name(uint64_t *state)
{
    uint32_t limit = traffic_below(state, TRAFFIC_NAMES) + 1;
    return traffic_below(state, traffic_below(state, limit) + 1);
}

/* The host with that number: at most 80 bytes. */
void traffic_host(uint32_t number, char out[static 80]);

/* Fills the bodies that web servers answer with. */
void traffic_bodies(struct traffic_body body[static TRAFFIC_BODIES], uint64_t *state);

/* Messages; each returns its length, at most 1400. */
size_t traffic_request(uint8_t *out, uint32_t host, uint32_t number);
size_t traffic_response(uint8_t *out, const struct traffic_body *, uint32_t number);
size_t traffic_query(uint8_t *out, uint16_t id, uint32_t host, uint16_t type);
size_t traffic_answer(uint8_t *out, uint16_t id, uint32_t host, uint16_t type);
size_t traffic_hello(uint8_t *out, uint32_t host, bool quic, uint64_t *state); /* a ClientHello, without its record */
