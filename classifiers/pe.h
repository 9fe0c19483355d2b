/* PE/COFF headers ("Microsoft Portable Executable and Common Object File Format Specification") → the facts a hit
 * tells. A pure function of the file's first bytes. */
#pragma once

#include "capture/slice.h"

enum {
    PE_DOS = 64,          /* bytes of the DOS header */
    PE_E_LFANEW = 0x3c,   /* where it says at what offset "PE\0\0" stands */
    PE_ZEROS = 0x1c,      /* the DOS header's words that no linker sets: 32 bytes from here on */
    PE_ZEROS_LEN = 0x20,
    PE_HEADER_MAX = 4096  /* "PE\0\0" stands before this offset in any file met */
};

struct pe {
    bool dll, plus;         /* plus: 64 bit headers */
    uint16_t machine, sections;
    uint32_t timestamp;
    uint32_t header;        /* e_lfanew */
    uint32_t table_end;     /* offset after the section table */
    uint32_t size_of_headers;
    uint64_t size_declared; /* what sections and signature reach to; 0: the section table is not within the head */
};

/* False: not a PE image. `head` is as much of the file's beginning as there is; 26 bytes of the PE header suffice. */
bool pe_parse(struct pe *, struct slice head);

/* Cheap first question: "MZ", and an e_lfanew in range. Needs PE_DOS bytes. */
bool pe_dos(struct slice head);
