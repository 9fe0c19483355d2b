/* Small valid PE files of several makers' shapes, for tests: headers as each linker writes them, filler for code. And
 * ciphering as malware would do it, one byte after the other, written apart from the product's decoder. */
#pragma once

#include "capture/slice.h"

enum { PE_MADE = 1 << 17 };

struct pe_shape {
    const char *name;
    bool delphi;            /* the stub text of Delphi, else the usual one */
    bool plus, dll, net;    /* 64 bit; DLL; with a CLI header's directory */
    uint16_t header;        /* e_lfanew; 0x80 for GNU, more where a Rich header stands between, 0x100 for Delphi */
    uint16_t sections;
    uint32_t size;
};

enum way { WAY_XOR, WAY_SKIP_ZERO, WAY_ADD, WAY_INDEX, WAY_INDEX_SUM, WAY_CIPHER_FEEDBACK, WAY_PLAIN_FEEDBACK, WAY_SECOND_BYTE,
           WAY_TABLE, WAYS };

static const struct pe_shape pe_shapes[] = {
    {"gnu 32 exe", false, false, false, false, 0x80, 9, 20480},
    {"gnu 64 dll", false, true, true, false, 0x80, 12, 40960},
    {"msvc 32 dll", false, false, true, false, 0xf8, 5, 24576},
    {"msvc 64 exe", false, true, false, false, 0x110, 6, 32768},
    {".net", false, false, true, true, 0x80, 3, 12288},
    {"delphi exe", true, false, false, false, 0x100, 8, 65536},
    {"delphi dll", true, false, true, false, 0x100, 9, 30720},
};
static const size_t pe_shapes_count = sizeof pe_shapes / sizeof *pe_shapes;

/* A pseudo-random number (xorshift64*). */
static inline uint64_t pe_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

static inline void put(uint8_t *out, size_t at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        out[at + i] = (uint8_t)(value >> (8 * i));
}

static inline void dos(const struct pe_shape *shape, uint8_t *out)
{
    static const char usual[] = "\x0e\x1f\xba\x0e\0\xb4\x09\xcd\x21\xb8\x01\x4c\xcd\x21"
                                "This program cannot be run in DOS mode.\r\r\n$";
    static const char delphi[] = "\xba\x10\0\x0e\x1f\xb4\x09\xcd\x21\xb8\x01\x4c\xcd\x21\x90\x90"
                                 "This program must be run under Win32\r\n$7";
    static const uint16_t words[2][14] = {{0x5a4d, 0x90, 3, 0, 4, 0, 0xffff, 0, 0xb8, 0, 0, 0, 0x40, 0},
                                          {0x5a4d, 0x50, 2, 0, 4, 0xf, 0xffff, 0, 0xb8, 0, 0, 0, 0x40, 0x1a}};
    for (unsigned i = 0; i < 14; i++)
        put(out, 2 * i, words[shape->delphi][i], 2);
    put(out, 0x3c, shape->header, 4);
    memcpy(out + 64, shape->delphi ? delphi : usual, shape->delphi ? sizeof delphi - 1 : sizeof usual - 1);
}

static inline void optional(const struct pe_shape *shape, uint8_t *out, size_t at)
{
    put(out, at, shape->plus ? 0x20b : 0x10b, 2);
    put(out, at + 2, shape->delphi ? 0x1902 : 0x0e0e, 2);
    put(out, at + 4, 0x2400, 4);
    put(out, at + 16, 0x1420, 4);
    put(out, at + 20, 0x1000, 4);
    if (shape->plus)
        put(out, at + 24, 0x180000000, 8);
    else
        put(out, at + 28, shape->dll ? 0x10000000 : 0x400000, 4);
    put(out, at + 32, 0x1000, 4);
    put(out, at + 36, 0x200, 4);
    put(out, at + 40, 6, 2);
    put(out, at + 48, 6, 2);
    put(out, at + 56, 0x1000u * (shape->sections + 1u), 4);
    put(out, at + 60, 0x400, 4);
    put(out, at + 68, 3, 2);
    put(out, at + 70, 0x8160, 2);
    size_t word = shape->plus ? 8 : 4;
    put(out, at + 72, 0x100000, 4);
    put(out, at + 72 + word, 0x1000, 4);
    put(out, at + 72 + 2 * word, 0x100000, 4);
    put(out, at + 72 + 3 * word, 0x1000, 4);
    size_t directories = at + 76 + 4 * word;
    put(out, directories, 16, 4);
    put(out, directories + 4 + 8, 0x5000, 4); /* imports */
    put(out, directories + 4 + 12, 0x214, 4);
    if (shape->net)
        put(out, directories + 4 + 8 * 14, 0x2008, 4);
}

static inline void sections(const struct pe_shape *shape, uint8_t *out, size_t table)
{
    static const char names[12][8] = {".text", ".data", ".rdata", ".pdata", ".xdata", ".bss",
                                      ".edata", ".idata", ".CRT", ".tls", ".rsrc", ".reloc"};
    uint32_t body = shape->size - 0x400, each = body / shape->sections & ~0x1ffu, start = 0x400;
    for (unsigned i = 0; i < shape->sections; i++) {
        size_t at = table + 40u * i;
        uint32_t size = i + 1 == shape->sections ? shape->size - start : each;
        memcpy(out + at, names[i % 12], 8);
        put(out, at + 8, size - 0x11, 4);
        put(out, at + 12, 0x1000u * (i + 1), 4);
        put(out, at + 16, size, 4);
        put(out, at + 20, start, 4);
        put(out, at + 36, i == 0 ? 0x60000020 : 0x40000040, 4);
        start += size;
    }
}

/* Filler with the unevenness of code: zeros, a few frequent bytes, and the rest anything. */
static inline void filler(const struct pe_shape *shape, uint8_t *out)
{
    static const uint8_t frequent[8] = {0x8b, 0x48, 0xff, 0xe8, 0x24, 0x89, 0xcc, 0x45};
    uint64_t random = 0x9e3779b97f4a7c15u ^ shape->size ^ shape->header;
    for (uint32_t i = 0x400; i < shape->size; i++) {
        uint64_t r = pe_random(&random) >> 20;
        out[i] = (r & 3) == 0 ? 0 : (r & 4) != 0 ? frequent[r >> 3 & 7] : (uint8_t)(r >> 8);
    }
}

/* Writes the file, shape->size bytes. */
static inline struct slice pe_make(const struct pe_shape *shape, uint8_t out[static PE_MADE])
{
    memset(out, 0, PE_MADE);
    filler(shape, out);
    dos(shape, out);
    size_t at = shape->header;
    for (size_t i = 0x80; shape->header > 0x80 && !shape->delphi && i < at - 8; i++) /* where a Rich header stands */
        out[i] = (uint8_t)(i * 151 + (i >> 2) * 43);
    memcpy(out + at, "PE\0\0", 4);
    put(out, at + 4, shape->plus ? 0x8664 : 0x14c, 2);
    put(out, at + 6, shape->sections, 2);
    put(out, at + 8, 0x5e0be100u + shape->size, 4);
    put(out, at + 20, shape->plus ? 0xf0 : 0xe0, 2);
    put(out, at + 22, (shape->dll ? 0x2000 : 0) | (shape->plus ? 0x22 : 0x102), 2);
    optional(shape, out, at + 24);
    sections(shape, out, at + 24 + (shape->plus ? 0xf0 : 0xe0));
    return slice_of(out, shape->size);
}

static const char *const way_names[WAYS] = {"xor", "xor skip zero", "xor k+=c", "xor k^i", "xor k^=i", "xor previous ciphered",
                                     "xor previous plain", "xor every second byte", "substitution"};

static inline void permute(uint8_t table[static 256], const uint8_t *key, size_t key_length)
{
    uint64_t random = 1;
    for (size_t i = 0; i < key_length; i++)
        random = (random ^ key[i]) * 0x9e3779b97f4a7c15u + 1;
    for (unsigned i = 0; i < 256; i++)
        table[i] = (uint8_t)i;
    for (unsigned i = 255; i > 0; i--) {
        unsigned other = (unsigned)(pe_random(&random) >> 33) % (i + 1);
        uint8_t kept = table[i];
        table[i] = table[other];
        table[other] = kept;
    }
}

/* `step` is for WAY_ADD; for WAY_TABLE the key's bytes choose the permutation. Encrypts in place. */
static inline void way_encrypt(enum way way, uint8_t *bytes, size_t n, const uint8_t *key, size_t key_length, int step)
{
    uint8_t table[256], k = key[0];
    permute(table, key, key_length);
    for (size_t i = 0; i < n; i++) {
        uint8_t plain = bytes[i], repeating = key[i % key_length];
        switch (way) {
        case WAY_XOR: bytes[i] ^= repeating; break;
        case WAY_SKIP_ZERO: bytes[i] = plain == 0 || plain == repeating ? plain : plain ^ repeating; break;
        case WAY_ADD: bytes[i] ^= (uint8_t)(repeating + step * (int)(i / key_length)); break;
        case WAY_INDEX: bytes[i] ^= (uint8_t)(k ^ i); break;
        case WAY_INDEX_SUM: k ^= (uint8_t)i; bytes[i] ^= k; break;
        case WAY_CIPHER_FEEDBACK: bytes[i] ^= k; k = bytes[i]; break;
        case WAY_PLAIN_FEEDBACK: bytes[i] ^= k; k = plain; break;
        case WAY_SECOND_BYTE: bytes[i] ^= i % 2 == 0 ? key[i / 2 % key_length] : 0; break;
        case WAY_TABLE: bytes[i] = table[plain]; break;
        case WAYS: break;
        }
    }
}

/* Base64 without line ends (mirrored: IsErIk's alphabet); returns the length. */
static inline size_t text_encode(char *out, struct slice bytes, bool mirrored)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char mirror[] = "ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba9876543210+/";
    const char *alphabet = mirrored ? mirror : plain;
    size_t n = 0;
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)bytes.p[i] << 16 | (left > 1 ? (uint32_t)bytes.p[i + 1] << 8 : 0) | (left > 2 ? bytes.p[i + 2] : 0);
        for (unsigned j = 0; j < 4; j++)
            out[n++] = j <= left ? alphabet[group >> (18 - 6 * j) & 63] : '=';
    }
    return n;
}

static inline size_t hex_encode(char *out, struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.len; i++) {
        out[2 * i] = digits[bytes.p[i] >> 4];
        out[2 * i + 1] = digits[bytes.p[i] & 15];
    }
    return 2 * bytes.len;
}
