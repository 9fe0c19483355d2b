/* The first 128 bytes that the linkers in use write: DOS header and stub program, up to where files begin to differ.
 * Windows' own, GNU, LLVM, Go and .NET linkers share the first; Delphi has the second. */
#pragma once

#include "classifiers/pe.h"

enum {
    STUBS = 2,
    STUB_BYTES = 128,
    STUB_ZEROS = 20   /* of the header's 32 zeros: installers write a mark of their own behind these */
};

extern const uint8_t stub_bytes[STUBS][STUB_BYTES];

/* True where every file with that stub must have that byte: the code, its text, the header's zeros and the upper half of
 * e_lfanew; its other words differ between makers. */
static inline bool stub_firm(const uint8_t *stub, size_t at)
{
    return at < 2 || at >= PE_E_LFANEW + 2 || (stub[at] == 0 && at < PE_ZEROS + STUB_ZEROS);
}

/* True where the byte is the same in every file with that stub: not e_lfanew. */
static inline bool stub_fixed(size_t at)
{
    return at < PE_E_LFANEW || at >= PE_E_LFANEW + 2;
}
