/* Small MaxMind-format databases (format 2.0) for tests: 203.0.113.0/24 and 2001:db8::/32 lead to one record. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/slice.h"

enum { ROOM = 65536, NODES = 2048, EMPTY = -1 };

struct out {
    uint8_t byte[ROOM];
    size_t n;
};

struct tree {
    int child[NODES][2]; /* a node, EMPTY, or -2 minus an offset in the data */
    int nodes;
};

static void put(struct out *o, const void *bytes, size_t n)
{
    memcpy(o->byte + o->n, bytes, n);
    o->n += n;
}

static void put_number(struct out *o, uint64_t value, int bytes)
{
    while (bytes-- > 0)
        o->byte[o->n++] = (uint8_t)(value >> 8 * bytes);
}

/* A control byte: types above 7 take a second one. */
static void put_control(struct out *o, int type, size_t size)
{
    o->byte[o->n++] = (uint8_t)((type <= 7 ? type << 5 : 0) | (int)(size < 29 ? size : 29));
    if (type > 7)
        o->byte[o->n++] = (uint8_t)(type - 7);
    if (size >= 29)
        o->byte[o->n++] = (uint8_t)(size - 29);
}

enum { TEXT = 2, U16 = 5, U32 = 6, MAP = 7, U64 = 9, ARRAY = 11 };

static void put_text(struct out *o, const char *text)
{
    put_control(o, TEXT, strlen(text));
    put(o, text, strlen(text));
}

static void put_int(struct out *o, int type, uint64_t value)
{
    int bytes = type == U16 ? 2 : type == U32 ? 4 : 8;
    put_control(o, type, (size_t)bytes);
    put_number(o, value, bytes);
}

/* Puts the prefix of `bits` bits into the tree. */
static void insert(struct tree *t, const uint8_t *address, int bits, size_t offset)
{
    int at = 0;
    for (int i = 0; i < bits; i++) {
        int *child = &t->child[at][address[i / 8] >> (7 - i % 8) & 1];
        if (i == bits - 1)
            *child = -2 - (int)offset;
        else if (*child < 0) {
            *child = t->nodes;
            t->child[t->nodes][0] = t->child[t->nodes][1] = EMPTY;
            t->nodes++;
        }
        at = *child;
    }
}

static void put_tree(struct out *o, const struct tree *t)
{
    for (int i = 0; i < t->nodes; i++)
        for (int side = 0; side < 2; side++) {
            int child = t->child[i][side];
            put_number(o, (uint64_t)(child >= 0 ? child : child == EMPTY ? t->nodes : t->nodes + 16 - 2 - child), 3);
        }
    put(o, (const uint8_t[16]){0}, 16);
}

static void put_metadata(struct out *o, int nodes, int version)
{
    put(o, "\xab\xcd\xefMaxMind.com", 14);
    put_control(o, MAP, 9);
    put_text(o, "node_count"), put_int(o, U32, (uint64_t)nodes);
    put_text(o, "record_size"), put_int(o, U16, 24);
    put_text(o, "ip_version"), put_int(o, U16, (uint64_t)version);
    put_text(o, "database_type"), put_text(o, "Test");
    put_text(o, "languages"), put_control(o, ARRAY, 1), put_text(o, "en");
    put_text(o, "binary_format_major_version"), put_int(o, U16, 2);
    put_text(o, "binary_format_minor_version"), put_int(o, U16, 0);
    put_text(o, "build_epoch"), put_int(o, U64, 1600000000);
    put_text(o, "description"), put_control(o, MAP, 1), put_text(o, "en"), put_text(o, "Test");
}

enum layout { LITE_ASN, LITE_COUNTRY, FLAT, FLAT_TEXT, ODD, LAYOUTS };

static void put_record(struct out *o, enum layout layout)
{
    switch (layout) {
    case LITE_ASN:
        put_control(o, MAP, 2);
        put_text(o, "autonomous_system_number"), put_int(o, U32, 64500);
        put_text(o, "autonomous_system_organization"), put_text(o, "Example Networks");
        break;
    case LITE_COUNTRY:
        put_control(o, MAP, 1);
        put_text(o, "country"), put_control(o, MAP, 1), put_text(o, "iso_code"), put_text(o, "JP");
        break;
    case FLAT:
        put_control(o, MAP, 3);
        put_text(o, "country_code"), put_text(o, "DE");
        put_text(o, "asn"), put_int(o, U64, 64501);
        put_text(o, "organization"), put_text(o, "An organization whose name is longer than all the room that there is for "
                                              "such a name in a report, and therefore cut");
        break;
    case FLAT_TEXT:
        put_control(o, MAP, 3);
        put_text(o, "country"), put_text(o, "FR");
        put_text(o, "asn"), put_text(o, "AS64502");
        put_text(o, "as_org"), put_text(o, "Exemple");
        break;
    case ODD: /* right keys, wrong values */
        put_control(o, MAP, 3);
        put_text(o, "country_code"), put_text(o, "Germany");
        put_text(o, "asn"), put_text(o, "AS4294967296");
        put_text(o, "as_org"), put_control(o, ARRAY, 0);
        break;
    case LAYOUTS:
        break;
    }
}

/* 203.0.113.0/24 and, in a database of version 6, 2001:db8::/32 lead to one record. */
static void make(struct out *o, enum layout layout, int version)
{
    static const uint8_t net4[4] = {203, 0, 113}, net6[16] = {0x20, 0x01, 0x0d, 0xb8}, mapped[16] = {[12] = 203, 0, 113};
    struct tree *t = calloc(1, sizeof *t);
    t->child[0][0] = t->child[0][1] = EMPTY;
    t->nodes = 1;
    if (version == 4)
        insert(t, net4, 24, 0);
    else {
        insert(t, mapped, 120, 0);
        insert(t, net6, 32, 0);
    }
    o->n = 0;
    put_tree(o, t);
    put_record(o, layout);
    put_metadata(o, t->nodes, version);
    free(t);
}

static const char *file_of(int slot)
{
    static char path[4][32];
    if (path[slot][0] == '\0') {
        strcpy(path[slot], "/tmp/test_geoip.XXXXXX");
        close(mkstemp(path[slot]));
    }
    return path[slot];
}

/* A new file each time: the one before may still be mapped. */
static inline const char *write_file(int slot, const void *bytes, size_t n)
{
    const char *path = file_of(slot);
    unlink(path);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, n, file) != n || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    return path;
}
