/* Numbers into bytes, big-endian, as capture/cursor.h reads them; each returns the place behind. */
#pragma once

#include "capture/cursor.h"

static inline uint8_t *pack_u32(uint8_t *at, uint32_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        at[i] = (uint8_t)value;
    return at + 4;
}

static inline uint8_t *pack_u64(uint8_t *at, uint64_t value)
{
    return pack_u32(pack_u32(at, (uint32_t)(value >> 32)), (uint32_t)value);
}

static inline uint64_t unpack_u64(struct cursor *c)
{
    uint64_t high = cursor_u32(c);
    return high << 32 | cursor_u32(c);
}
