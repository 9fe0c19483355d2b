#include "classifiers/pe.h"

enum {
    COFF = 4,                /* after "PE\0\0": machine, sections, time, symbol table, symbols, optional size, flags */
    OPTIONAL = 24,
    SECTION = 40,
    SECTIONS_MAX = 96,       /* the Windows loader's own limit */
    OPTIONAL_MIN = 0x60, OPTIONAL_MAX = 0x200,
    MAGIC_PE32 = 0x10b, MAGIC_PE32_PLUS = 0x20b,
    FLAG_IMAGE = 0x0002, FLAG_DLL = 0x2000,
    DIRECTORY_SECURITY = 4
};

/* Every machine that Windows, UEFI or Wine has run on: the specification's list without the object-file-only ones. */
static const uint16_t machines[] = {
    0x014c, 0x0162, 0x0166, 0x0168, 0x0169, 0x0184, 0x01a2, 0x01a6, 0x01c0, 0x01c2, 0x01c4, 0x01f0, 0x0200, 0x0266,
    0x0284, 0x0ebc, 0x5032, 0x5064, 0x6232, 0x6264, 0x8664, 0xaa64, 0xa641, 0xa64e,
};

/* Little-endian reads; bytes past the end read as zero, which no field that decides anything may be. */
static uint32_t le(struct slice s, size_t at, unsigned bytes)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes && at + i < s.len; i++)
        value |= (uint32_t)s.p[at + i] << (8 * i);
    return value;
}

static bool machine_known(uint16_t machine)
{
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (machines[i] == machine)
            return true;
    return false;
}

bool pe_dos(struct slice head)
{
    if (head.len < PE_DOS || head.p[0] != 'M' || head.p[1] != 'Z')
        return false;
    uint32_t at = le(head, PE_E_LFANEW, 4);
    return at >= PE_DOS && at < PE_HEADER_MAX;
}

/* The file must reach to the end of its last section's raw data and of its signature (the one directory that holds a
 * file offset). What follows, as installers append it, no header promises. */
static uint64_t size_declared(struct slice head, const struct pe *pe, size_t optional)
{
    uint64_t end = pe->size_of_headers;
    for (unsigned i = 0; i < pe->sections; i++) {
        size_t at = pe->table_end - (size_t)(pe->sections - i) * SECTION;
        uint32_t size = le(head, at + 16, 4), start = le(head, at + 20, 4);
        if (start != 0 && (uint64_t)start + size > end)
            end = (uint64_t)start + size;
    }
    size_t directories = optional + (pe->plus ? 108 : 92);
    size_t security = directories + 4 + 8 * DIRECTORY_SECURITY;
    if (le(head, directories, 4) > DIRECTORY_SECURITY && security + 8 <= pe->table_end - pe->sections * (size_t)SECTION) {
        uint32_t start = le(head, security, 4), size = le(head, security + 4, 4);
        if (start != 0 && (uint64_t)start + size > end)
            end = (uint64_t)start + size;
    }
    return end;
}

bool pe_parse(struct pe *pe, struct slice head)
{
    if (!pe_dos(head))
        return false;
    uint32_t at = le(head, PE_E_LFANEW, 4);
    if (head.len < (size_t)at + OPTIONAL + 2 || !slice_starts(slice_from(head, at), S("PE\0\0")))
        return false;
    uint32_t optional_size = le(head, at + COFF + 16, 2), flags = le(head, at + COFF + 18, 2);
    uint32_t magic = le(head, at + OPTIONAL, 2);
    *pe = (struct pe){
        .header = at,
        .machine = (uint16_t)le(head, at + COFF, 2),
        .sections = (uint16_t)le(head, at + COFF + 2, 2),
        .timestamp = le(head, at + COFF + 4, 4),
        .plus = magic == MAGIC_PE32_PLUS,
        .dll = (flags & FLAG_DLL) != 0,
        .table_end = at + OPTIONAL + optional_size,
        .size_of_headers = le(head, (size_t)at + OPTIONAL + 60, 4),
    };
    if (!machine_known(pe->machine) || pe->sections == 0 || pe->sections > SECTIONS_MAX || (flags & FLAG_IMAGE) == 0 ||
        optional_size < OPTIONAL_MIN || optional_size > OPTIONAL_MAX || (magic != MAGIC_PE32 && magic != MAGIC_PE32_PLUS))
        return false;
    pe->table_end += pe->sections * (uint32_t)SECTION;
    if (pe->table_end <= head.len)
        pe->size_declared = size_declared(head, pe, (size_t)at + OPTIONAL);
    return true;
}
