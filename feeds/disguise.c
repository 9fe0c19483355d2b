#include "feeds/disguise.h"

enum { PROGRAM = 4096, HALF = 2500 };

static void put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* Headers of a 32-bit program (PE/COFF) and filler. */
static void make_program(uint8_t out[static PROGRAM], bool dll)
{
    static const char stub[] = "\x0e\x1f\xba\x0e\0\xb4\x09\xcd\x21\xb8\x01\x4c\xcd\x21This program cannot be run in DOS mode.\r\r\n$";
    static const struct { uint16_t at; uint32_t value; } words[] = {
        {0, 0x00905a4d}, {4, 3}, {8, 4}, {12, 0xffff}, {16, 0xb8}, {24, 0x40}, {0x3c, 0x80}, {0x80, 0x4550}, {0x84, 0x0001014c},
        {0x94, 0x010200e0}, {0x98, 0x10b}, {0xa8, 0x1000}, {0xac, 0x1000}, {0xb4, 0x400000}, {0xb8, 0x1000}, {0xbc, 0x200}, {0xc0, 4},
        {0xc8, 4}, {0xd0, 0x2000}, {0xd4, 0x200}, {0xdc, 3}, {0xf4, 16}, {0x178, 0x7865742e}, {0x17c, 0x74}, {0x180, 0xe00},
        {0x184, 0x1000}, {0x188, 0xe00}, {0x18c, 0x200}, {0x19c, 0x60000020},
    };
    uint32_t noise = 7;
    memset(out, 0, PROGRAM);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        put32(out + words[i].at, words[i].value);
    out[0x97] |= dll ? 0x20 : 0;
    memcpy(out + 64, stub, sizeof stub - 1);
    for (size_t i = 0x200; i < 0xc00; i++)
        out[i] = (uint8_t)((noise = noise * 1664525 + 1013904223) >> 24);
}

/* What a key of four bytes, a rolling one or a table makes of it, in place. */
static void encipher(uint8_t *bytes, enum disguise disguise)
{
    static const uint8_t key[4] = {0x0b, 0x03, 0x0d, 0x07};
    for (size_t i = 0; i < PROGRAM; i++)
        switch (disguise) {
        case DISGUISE_SKIP_ZERO: bytes[i] ^= bytes[i] != 0 && bytes[i] != key[i % 4] ? key[i % 4] : 0; break;
        case DISGUISE_ROLLING: bytes[i] ^= (uint8_t)(0x5a + 3 * i); break;
        case DISGUISE_TABLE: bytes[i] = (uint8_t)((uint8_t)(bytes[i] << 3 | bytes[i] >> 5) * 167u + 13); break;
        case DISGUISE_XOR:
        case DISGUISE_BASE64:
        case DISGUISE_HEX:
        case DISGUISE_GZIP: bytes[i] ^= key[i % 4]; break;
        case DISGUISE_FIRST_HALF:
        case DISGUISE_SECOND_HALF: break;
        }
}

static size_t put_base64(uint8_t *out, const uint8_t *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;
    for (size_t i = 0; i < PROGRAM; i += 3) {
        size_t left = PROGRAM - i;
        uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
        for (unsigned j = 0; j < 4; j++)
            out[n++] = j <= left ? (uint8_t)digits[group >> (18 - 6 * j) & 63] : '=';
    }
    return n;
}

static size_t put_hex(uint8_t *out, const uint8_t *bytes)
{
    for (size_t i = 0; i < PROGRAM; i++) {
        out[2 * i] = (uint8_t)"0123456789abcdef"[bytes[i] >> 4];
        out[2 * i + 1] = (uint8_t)"0123456789abcdef"[bytes[i] & 15];
    }
    return 2 * PROGRAM;
}

/* One stored block (RFC 1951 section 3.2.4) in a gzip member (RFC 1952). */
static size_t put_gzip(uint8_t *out, const uint8_t *bytes)
{
    static const uint8_t head[15] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, PROGRAM & 0xff, PROGRAM >> 8, ~PROGRAM & 0xff, ~PROGRAM >> 8 & 0xff};
    uint32_t crc = ~0u;
    memcpy(out, head, sizeof head);
    memcpy(out + sizeof head, bytes, PROGRAM);
    for (size_t i = 0; i < PROGRAM; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
    put32(out + sizeof head + PROGRAM, ~crc);
    put32(out + sizeof head + PROGRAM + 4, PROGRAM);
    return sizeof head + PROGRAM + 8;
}

size_t disguise_make(uint8_t out[static DISGUISE_MOST], enum disguise disguise, bool dll)
{
    uint8_t program[PROGRAM];
    make_program(program, dll);
    encipher(program, disguise);
    switch (disguise) {
    case DISGUISE_XOR:
    case DISGUISE_SKIP_ZERO:
    case DISGUISE_ROLLING:
    case DISGUISE_TABLE: memcpy(out, program, PROGRAM); return PROGRAM;
    case DISGUISE_BASE64: return put_base64(out, program);
    case DISGUISE_HEX: return put_hex(out, program);
    case DISGUISE_GZIP: return put_gzip(out, program);
    case DISGUISE_FIRST_HALF: memcpy(out, program, HALF); return HALF;
    case DISGUISE_SECOND_HALF: memcpy(out, program + HALF, PROGRAM - HALF); return PROGRAM - HALF;
    }
    return 0;
}
